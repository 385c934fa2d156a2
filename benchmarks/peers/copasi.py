"""COPASI through its Python bindings: the trajectory task, set up once and processed again.

Results stay in COPASI's own time series and are read after the clock has stopped: its bindings hand
numbers over one by one, which would take a quarter of the time on small models. Its deterministic
method (LSODA) and its compiled expressions are used as they come.

Sweeps run in one process per core. Every run records all its species at all times, and only the
last ones are handed over. Start values are worked out by the call that compiles nothing: the one
that its examples show, which is given what has changed, takes as long as a small solve.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from benchmarks.cases import N_POINTS, Case
from benchmarks.peers.base import FloatArray, Solve, Unsupported
from benchmarks.peers.workers import ProcessSweep, Runner

__all__ = ["Copasi"]

_COLD = """
import sys
import basico
path, end, points, out = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
basico.load_model(path)
course = basico.run_time_course(
    start_time=0, duration=end, intervals=points - 1, r_tol=1e-6, a_tol=1e-9, use_sbml_id=True
)
course.to_csv(out)
"""

_READY = """
import sys, time
import COPASI
def loaded(path, end):
    model = COPASI.CRootContainer.addDatamodel()
    model.importSBML(path)
    task = model.getTask("Time-Course")
    problem, method = task.getProblem(), task.getMethod()
    problem.setAutomaticStepSize(False)
    problem.setDuration(end)
    problem.setStepNumber(100)
    problem.setTimeSeriesRequested(True)
    method.getParameter("Relative Tolerance").setDblValue(1e-6)
    method.getParameter("Absolute Tolerance").setDblValue(1e-9)
    method.getParameter("Max Internal Steps").setIntValue(1_000_000)
    task.initialize(COPASI.CCopasiTask.ONLY_TIME_SERIES)
    return task
warm, path, end = sys.argv[1], sys.argv[2], float(sys.argv[3])
loaded(warm, 1.0).process(True)
start = time.perf_counter()
task = loaded(path, end)
print(time.perf_counter() - start, flush=True)
task.process(True)
first = time.perf_counter()
task.process(True)
print(first - start, time.perf_counter() - first)
"""


class Copasi:
    """COPASI's LSODA."""

    name = "COPASI"
    how_to_install = "pip install copasi-basico"

    def version(self) -> str:
        import COPASI

        return str(COPASI.__version__)

    def prepare(self, case: Case) -> _Prepared:
        return _Prepared(case)

    def cold_command(self, case: Case, out: str) -> list[str]:
        end = f"{case.end_time:.17g}"
        return [sys.executable, "-c", _COLD, str(case.path), end, str(N_POINTS), out]

    def ready_script(self) -> str:
        return _READY


class _Prepared:
    def __init__(self, case: Case) -> None:
        self.case = case

    def solve(self, rtol: float) -> Solve:
        _, task, series, columns = _loaded(self.case, rtol)

        def solve() -> tuple[Any, list[int]] | None:
            task.restore()
            return (series, columns) if task.process(True) else None

        return solve

    def observe(self, found: tuple[Any, list[int]] | None) -> FloatArray:
        """Read the values of the species, shape (n_time, n_species)."""
        if found is None:
            return np.full((N_POINTS, len(self.case.species)), np.nan)
        return _table(*found) * _factors(self.case)

    def sweep(self, rtol: float, n_cores: int) -> ProcessSweep:
        return ProcessSweep(_runner, self.case, rtol, n_cores)


def _runner(case: Case, rtol: float) -> Runner:
    """A loaded model that runs batches; of every run the last output point, shape (n, 1, m)."""
    import COPASI

    data_model, task, series, columns = _loaded(case, rtol)
    model = data_model.getModel()
    by_id = {one.getSBMLId(): one for one in model.getModelValues()}
    swept = [by_id[name].setInitialValue for name in case.swept]
    factors = _factors(case)
    # What is given as a concentration stays one; True would list all values once more.
    framework, with_list = COPASI.CCore.Framework_Concentration, False

    def run(values: FloatArray) -> FloatArray:
        found = np.full((len(values), 1, len(columns)), np.nan)
        for i, row in enumerate(values.tolist()):
            for put, value in zip(swept, row, strict=True):
                put(value)
            model.updateInitialValues(framework, with_list)
            if task.process(True) and series.getRecordedSteps() == N_POINTS:
                found[i, 0] = [series.getConcentrationData(N_POINTS - 1, k) for k in columns]
        return found * factors

    return run


def _loaded(case: Case, rtol: float) -> tuple[Any, Any, Any, list[int]]:
    """A model, its task, the task's time series, and where the species stand in that."""
    import COPASI

    model = COPASI.CRootContainer.addDatamodel()
    if not model.importSBML(str(case.path)):
        raise Unsupported(f"COPASI cannot read {case.name}")
    task = _task(model, case.end_time, rtol)
    if not task.initialize(COPASI.CCopasiTask.ONLY_TIME_SERIES):
        raise Unsupported(f"COPASI cannot prepare {case.name}")
    series = task.getTimeSeries()
    names = {series.getSBMLId(i, model): i for i in range(series.getNumVariables())}
    absent = [name for name in case.species if name not in names]
    if absent:
        raise Unsupported(f"its time series lacks {', '.join(absent[:3])}")
    return model, task, series, [names[name] for name in case.species]


def _factors(case: Case) -> FloatArray:
    """By which concentrations are multiplied: species that count as amounts by their size."""
    return np.array([size or 1.0 for size in case.sizes])


def _task(model: Any, end: float, rtol: float) -> Any:
    task = model.getTask("Time-Course")
    problem = task.getProblem()
    problem.setAutomaticStepSize(False)
    problem.setDuration(end)
    problem.setStepNumber(N_POINTS - 1)
    problem.setTimeSeriesRequested(True)
    method = task.getMethod()
    method.getParameter("Relative Tolerance").setDblValue(rtol)
    method.getParameter("Absolute Tolerance").setDblValue(1e-3 * rtol)
    method.getParameter("Max Internal Steps").setIntValue(1_000_000)
    return task


def _table(series: Any, columns: list[int]) -> FloatArray:
    return np.array(
        [[series.getConcentrationData(row, i) for i in columns] for row in range(N_POINTS)]
    )
