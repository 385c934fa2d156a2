"""libRoadRunner, with its lowest-overhead calls: loaded once, reset and simulate, few selections.

Sweeps run in one process per core, each with the model loaded before the clock starts; parameters
are set by index in one call, as its documentation recommends for speed.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from benchmarks.cases import N_POINTS, Case
from benchmarks.peers.base import FloatArray, Solve, Sweep
from benchmarks.peers.workers import ProcessSweep, Runner

__all__ = ["LibRoadRunner"]

# Enough for every tolerance here; its default of 20,000 per output point stops tight runs.
_MOST_STEPS = 1_000_000

_COLD = """
import sys
import roadrunner
path, end, points, out = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
model = roadrunner.RoadRunner(path)
model.integrator.relative_tolerance = 1e-6
model.integrator.absolute_tolerance = 1e-9
result = model.simulate(0, end, points)
import numpy
numpy.savetxt(out, result, delimiter=",", header=",".join(result.colnames), comments="")
"""

_READY = """
import sys, time
import roadrunner
warm, path, end = sys.argv[1], sys.argv[2], float(sys.argv[3])
roadrunner.RoadRunner(warm).simulate(0, 1, 3)
start = time.perf_counter()
model = roadrunner.RoadRunner(path)
model.integrator.relative_tolerance = 1e-6
model.integrator.absolute_tolerance = 1e-9
print(time.perf_counter() - start, flush=True)
model.simulate(0, end, 101)
first = time.perf_counter()
model.reset()
model.simulate(0, end, 101)
print(first - start, time.perf_counter() - first)
"""


class LibRoadRunner:
    """The reference among the peers."""

    name = "libRoadRunner"
    how_to_install = "pip install libroadrunner"

    def version(self) -> str:
        import roadrunner

        return str(roadrunner.__version__)

    def prepare(self, case: Case) -> _Prepared:
        return _Prepared(case)

    def cold_command(self, case: Case, out: str) -> list[str]:
        end = f"{case.end_time:.17g}"
        return [sys.executable, "-c", _COLD, str(case.path), end, str(N_POINTS), out]

    def ready_script(self) -> str:
        return _READY


def _loaded(case: Case, rtol: float) -> Any:
    import roadrunner

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_CRITICAL)
    runner = roadrunner.RoadRunner(str(case.path))
    # A plain id is an amount here, whatever the model says.
    runner.timeCourseSelections = [
        name if size else f"[{name}]" for name, size in zip(case.species, case.sizes, strict=True)
    ]
    runner.integrator.relative_tolerance = rtol
    runner.integrator.absolute_tolerance = 1e-3 * rtol
    runner.integrator.maximum_num_steps = _MOST_STEPS
    return runner


class _Prepared:
    def __init__(self, case: Case) -> None:
        self.case = case

    def solve(self, rtol: float) -> Solve:
        runner = _loaded(self.case, rtol)
        end = self.case.end_time
        n_species = len(self.case.species)

        def solve() -> FloatArray:
            runner.reset()
            try:
                return np.asarray(runner.simulate(0, end, N_POINTS))
            except RuntimeError:
                return np.full((N_POINTS, n_species), np.nan)

        return solve

    def sweep(self, rtol: float, n_cores: int) -> Sweep:
        return ProcessSweep(_runner, self.case, rtol, n_cores)


def _runner(case: Case, rtol: float) -> Runner:
    """A loaded model that runs batches."""
    runner = _loaded(case, rtol)
    ids = list(runner.model.getGlobalParameterIds())
    where = [ids.index(name) for name in case.swept]

    def run(values: FloatArray) -> FloatArray:
        found = np.full((len(values), N_POINTS, len(case.species)), np.nan)
        for i, row in enumerate(values):
            runner.model.setGlobalParameterValues(where, row)
            runner.reset()
            try:
                found[i] = runner.simulate(0, case.end_time, N_POINTS)
            except RuntimeError:
                continue
        return found

    return run
