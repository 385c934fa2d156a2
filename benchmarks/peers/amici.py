"""AMICI at its best: C++ generated from the SBML file and compiled, CVODES with KLU.

What costs time and is not asked for is left out: observables (all states come with every result),
the simplification of formulas (solves take the same time without it, and a model of many rules is
not finished for minutes), and the list of parameters to which sensitivities are wanted, all of them
by default: even where none are computed, a state is kept per parameter and output point, which
takes nine tenths of the time on a model of 100 states. States are read through AMICI's own view of
its memory, 300 times faster than its fields are. What its documentation shows is measured in a row
of its own, by :mod:`benchmarks.peers.amici_documented`.

AMICI tells the CPU time of its integrator, which is compared in a row of its own. Sweeps are its
own ``run_simulations``, which shares the runs among threads, or one process per core, whichever is
faster on the case.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks.cases import N_POINTS, Case
from benchmarks.peers.amici_models import compiled, positions
from benchmarks.peers.base import FloatArray, Sweep
from benchmarks.peers.workers import FastestSweep, ProcessSweep, Runner

__all__ = ["MOST_STEPS", "Amici"]

MOST_STEPS = 1_000_000
# Runs handed over at a time hold at most this many bytes of results.
_LARGEST_BATCH = 200e6

# The small model is only translated: with that, what its compiler needs of Python is loaded.
_READY = """
import logging, os, sys, tempfile, time, warnings
import numpy as np
os.environ.setdefault("AMICI_PARALLEL_COMPILE", "")  # all cores
import amici
import amici.sim.sundials as sundials
warnings.simplefilter("ignore")
warm, path, end = sys.argv[1], sys.argv[2], float(sys.argv[3])
options = dict(
    observation_model=[], generate_sensitivity_code=False, simplify=None, verbose=logging.CRITICAL
)
with tempfile.TemporaryDirectory() as folder:
    amici.SbmlImporter(warm).sbml2amici("warm_up", folder + "/warm", compile=False, **options)
    start = time.perf_counter()
    amici.SbmlImporter(path).sbml2amici("the_model", folder + "/model", **options)
    model = amici.import_model_module("the_model", folder + "/model").get_model()
    print(time.perf_counter() - start, flush=True)
    model.set_timepoints(np.linspace(0.0, end, 101))
    solver = model.create_solver()
    solver.set_relative_tolerance(1e-6)
    solver.set_absolute_tolerance(1e-9)
    model.set_parameter_list([])
    sundials.run_simulation(model, solver).x
    first = time.perf_counter()
    sundials.run_simulation(model, solver).x
    print(first - start, time.perf_counter() - first)
"""


class Amici:
    """CVODES on generated C++."""

    name = "AMICI"
    how_to_install = "pip install amici (needs a C++ compiler, CMake and SWIG; Python from 3.11 on)"

    def version(self) -> str:
        import amici.sim.sundials

        if not amici.sim.sundials.has_clibs:
            raise ImportError("this AMICI was installed without its compiled part")
        return str(amici.__version__)

    def prepare(self, case: Case) -> _Prepared:
        return _Prepared(case)

    def cold_command(self, case: Case, out: str) -> None:
        """None: a process that compiles its model first is measured as load to first result."""

    def ready_script(self) -> str:
        return _READY


class _Prepared:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.module = compiled(case.path, is_lean=True)
        model = self.module.get_model()
        self.columns = positions(case.species, model.get_state_ids(), "states")

    def solve(self, rtol: float) -> _Solve:
        return _Solve(self, rtol)

    def sweep(self, rtol: float, n_cores: int) -> FastestSweep:
        ways: dict[str, Sweep] = {
            "its threads": _ThreadSweep(self, rtol, n_cores),
            "processes": ProcessSweep(_runner, self.case, rtol, n_cores),
        }
        return FastestSweep(ways, self.case)

    def pair(self, rtol: float) -> tuple[Any, Any]:
        """A model and a solver of its own."""
        import amici.sim.sundials as sundials

        model = self.module.get_model()
        model.set_timepoints(self.case.times)
        model.set_parameter_list([])
        solver = model.create_solver()
        solver.set_relative_tolerance(rtol)
        solver.set_absolute_tolerance(1e-3 * rtol)
        solver.set_max_steps(MOST_STEPS)
        solver.set_sensitivity_order(sundials.SensitivityOrder.none)
        solver.set_linear_solver(sundials.LinearSolver.KLU)
        return model, solver

    def states(self, result: Any) -> FloatArray:
        """Species of one result, shape (n_time, n_species); NaN where it failed."""
        import amici.sim.sundials as sundials

        inner = result.ptr
        if inner.status != 0:
            return np.full((N_POINTS, len(self.columns)), np.nan)
        # A view of memory that goes with the result: the choice of columns copies it.
        view: FloatArray = sundials.stdVec2ndarray(inner.x, N_POINTS, inner.nx_rdata)
        return view[:, self.columns]


class _Solve:
    """One warm solve; ``integrating`` is the CPU time of the last one's integrator [s]."""

    def __init__(self, prepared: _Prepared, rtol: float) -> None:
        import amici.sim.sundials as sundials

        self.prepared, self.run = prepared, sundials.run_simulation
        self.model, self.solver = prepared.pair(rtol)
        self.integrating = np.nan

    def __call__(self) -> FloatArray:
        result = self.run(self.model, self.solver)
        self.integrating = 1e-3 * result.ptr.cpu_time
        return self.prepared.states(result)


class _ThreadSweep:
    least = 1

    def __init__(self, prepared: _Prepared, rtol: float, n_cores: int) -> None:
        self.prepared, self.n_cores = prepared, n_cores
        self.model, self.solver = prepared.pair(rtol)
        ids = self.model.get_free_parameter_ids()
        self.where = positions(prepared.case.swept, ids, "parameters")
        self.nominal = np.array(self.model.get_free_parameters())
        # States and expressions at every time, and the last Jacobian, which is dense.
        numbers = N_POINTS * (self.model.nx_rdata + self.model.nw) + self.model.nx_solver**2
        self.batch = max(4 * n_cores, int(_LARGEST_BATCH / (8.0 * numbers)))

    def run(self, values: FloatArray) -> FloatArray:
        import amici.sim.sundials as sundials

        found = np.empty((len(values), N_POINTS, len(self.prepared.columns)))
        for first in range(0, len(values), self.batch):
            part = values[first : first + self.batch]
            results = sundials.run_simulations(
                self.model,
                self.solver,
                list(self._conditions(part)),
                failfast=False,
                num_threads=self.n_cores,
            )
            for i, result in enumerate(results):
                found[first + i] = self.prepared.states(result)
        return found

    def _conditions(self, values: FloatArray) -> Iterator[Any]:
        import amici.sim.sundials as sundials

        for row in values:
            condition = sundials.ExpData(self.model.get())
            parameters = self.nominal.copy()
            parameters[self.where] = row
            condition.free_parameters = parameters
            yield condition

    def close(self) -> None:
        """Nothing was started."""


def _runner(case: Case, rtol: float) -> Runner:
    """A compiled model that runs batches, one run after another."""
    import amici.sim.sundials as sundials

    prepared = _Prepared(case)
    model, solver = prepared.pair(rtol)
    where = positions(case.swept, model.get_free_parameter_ids(), "parameters")
    parameters = np.array(model.get_free_parameters())

    def run(values: FloatArray) -> FloatArray:
        found = np.empty((len(values), N_POINTS, len(case.species)))
        for i, row in enumerate(values):
            parameters[where] = row
            model.set_free_parameters(parameters)
            found[i] = prepared.states(sundials.run_simulation(model, solver))
        return found

    return run
