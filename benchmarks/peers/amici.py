"""AMICI: C++ generated from the SBML file and compiled, CVODES with KLU, no sensitivities.

A model is compiled once per process; with the environment variable ``AMICI_MODELS_ROOT``, where
AMICI itself looks for models, it is kept there for the next one. What costs time and is not asked
for is left out: observables (all states come with every result), the simplification of formulas
(solves take the same time without it, and a model of many rules is not finished for minutes), and
the list of parameters to which sensitivities are wanted, all of them by default: even where none
are computed, a state is kept per parameter and output point, which takes nine tenths of the time
on a model of 100 states.
States are read through AMICI's own view of its memory, 300 times faster than its fields are.

AMICI tells the CPU time of its integrator, which is compared in a row of its own. Sweeps are its
own ``run_simulations``, which shares the runs among threads.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cases import N_POINTS, Case
from benchmarks.peers.base import FloatArray, Unsupported

__all__ = ["Amici"]

_MOST_STEPS = 1_000_000
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
    ready = time.perf_counter()
    model.set_timepoints(np.linspace(0.0, end, 101))
    solver = model.create_solver()
    solver.set_relative_tolerance(1e-6)
    solver.set_absolute_tolerance(1e-9)
    model.set_parameter_list([])
    sundials.run_simulation(model, solver).x
    print(ready - start, time.perf_counter() - start)
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
        text = case.path.read_bytes()
        self.module = _compiled(case.path, hashlib.sha256(text).hexdigest()[:16])
        model = self.module.get_model()
        self.columns = _positions(case.species, model.get_state_ids(), "states")

    def solve(self, rtol: float) -> _Solve:
        return _Solve(self, rtol)

    def sweep(self, rtol: float, n_cores: int) -> _Sweep:
        return _Sweep(self, rtol, n_cores)

    def pair(self, rtol: float) -> tuple[Any, Any]:
        """A model and a solver of its own."""
        import amici.sim.sundials as sundials

        model = self.module.get_model()
        model.set_timepoints(self.case.times)
        model.set_parameter_list([])
        solver = model.create_solver()
        solver.set_relative_tolerance(rtol)
        solver.set_absolute_tolerance(1e-3 * rtol)
        solver.set_max_steps(_MOST_STEPS)
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


class _Sweep:
    least = 1

    def __init__(self, prepared: _Prepared, rtol: float, n_cores: int) -> None:
        self.prepared, self.n_cores = prepared, n_cores
        self.model, self.solver = prepared.pair(rtol)
        ids = self.model.get_free_parameter_ids()
        self.where = _positions(prepared.case.swept, ids, "parameters")
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


def _positions(wanted: Sequence[str], given: Sequence[str], what: str) -> list[int]:
    """Where the ids stand; raises Unsupported if one does not."""
    places = {name: i for i, name in enumerate(given)}
    absent = [name for name in wanted if name not in places]
    if absent:
        raise Unsupported(f"its {what} lack {', '.join(absent[:3])}")
    return [places[name] for name in wanted]


@cache
def _compiled(path: Path, digest: str) -> Any:
    """Module of a model; ``digest`` is that of the file, so that what is loaded is what it says."""
    import amici.sim.sundials  # without it, what was compiled cannot be loaded

    name = f"{path.stem}_{digest}"
    folder = amici.get_model_dir(name) if "AMICI_MODELS_ROOT" in os.environ else _scratch() / name
    if not (folder / "finished").exists():
        os.environ.setdefault("AMICI_PARALLEL_COMPILE", "")  # all cores
        amici.SbmlImporter(str(path)).sbml2amici(
            name, folder, observation_model=[], generate_sensitivity_code=False, simplify=None
        )
        (folder / "finished").touch()
    return amici.import_model_module(name, folder)


@cache
def _scratch() -> Path:
    """A folder for this process, removed at its end."""
    folder = tempfile.mkdtemp(prefix="benchmarks-amici-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
