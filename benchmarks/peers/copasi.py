"""COPASI through its Python bindings: the trajectory task, set up once and processed again.

Results stay in COPASI's own time series and are read after the clock has stopped: its bindings hand
numbers over one by one, which would take a quarter of the time on small models. Its deterministic
method (LSODA) and its compiled expressions are used as they come.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from benchmarks.cases import N_POINTS, Case
from benchmarks.peers.base import FloatArray, Solve, Sweep, Unsupported

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

    def ready_script(self) -> None:
        return None


class _Prepared:
    def __init__(self, case: Case) -> None:
        self.case = case

    def solve(self, rtol: float) -> Solve:
        import COPASI

        model = COPASI.CRootContainer.addDatamodel()
        if not model.importSBML(str(self.case.path)):
            raise Unsupported(f"COPASI cannot read {self.case.name}")
        task = _task(model, self.case.end_time, rtol)
        if not task.initialize(COPASI.CCopasiTask.ONLY_TIME_SERIES):
            raise Unsupported(f"COPASI cannot prepare {self.case.name}")
        series = task.getTimeSeries()
        task.process(True)
        names = {series.getSBMLId(i, model): i for i in range(series.getNumVariables())}
        absent = [name for name in self.case.species if name not in names]
        if absent:
            raise Unsupported(f"its time series lacks {', '.join(absent[:3])}")
        columns = [names[name] for name in self.case.species]

        def solve() -> tuple[Any, list[int]] | None:
            task.restore()
            return (series, columns) if task.process(True) else None

        return solve

    def observe(self, found: tuple[Any, list[int]] | None) -> FloatArray:
        """Read the values of the species, shape (n_time, n_species)."""
        if found is None:
            return np.full((N_POINTS, len(self.case.species)), np.nan)
        factors = np.array([size or 1.0 for size in self.case.sizes])
        return _table(*found) * factors

    def sweep(self, rtol: float, n_cores: int) -> Sweep:
        raise Unsupported("no adapter for sweeps with COPASI")


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
