"""AMICI as its getting-started text has it: a model with all defaults, and the fields of results.

The model is imported with the observables and the sensitivity code that nobody asked it to leave
out, and keeps all its parameters on the list of sensitivities although none are computed. The order
of sensitivities (none), the linear solver (KLU) and what is reported (everything) are AMICI's
defaults. Only tolerances, times and the largest number of steps are set. Sweeps are a list of
conditions given to ``run_simulations`` on all cores, as the text on experimental conditions has it.

It is what a user meets first, and not what AMICI can do: that is :mod:`benchmarks.peers.amici`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.cases import N_POINTS, Case
from benchmarks.peers.amici import MOST_STEPS, Amici
from benchmarks.peers.amici_models import compiled, positions
from benchmarks.peers.base import FloatArray

__all__ = ["AmiciDocumented"]

# Runs handed over at a time hold at most this many bytes of results.
_LARGEST_BATCH = 1e9


class AmiciDocumented:
    """CVODES on generated C++, all else as it comes."""

    name = "AMICI, as documented"
    how_to_install = Amici.how_to_install

    def version(self) -> str:
        return Amici().version()

    def prepare(self, case: Case) -> _Prepared:
        return _Prepared(case)

    def cold_command(self, case: Case, out: str) -> None:
        """None: as with AMICI at its best."""

    def ready_script(self) -> None:
        """None: what takes time there, code generation and compilation, is measured at its best."""


class _Prepared:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.module = compiled(case.path, is_lean=False)
        self.columns = positions(case.species, self.module.get_model().get_state_ids(), "states")

    def solve(self, rtol: float) -> _Solve:
        return _Solve(self, rtol)

    def sweep(self, rtol: float, n_cores: int) -> _Sweep:
        return _Sweep(self, rtol, n_cores)

    def pair(self, rtol: float) -> tuple[Any, Any]:
        """A model and a solver of its own."""
        model = self.module.get_model()
        model.set_timepoints(self.case.times)
        solver = model.create_solver()
        solver.set_relative_tolerance(rtol)
        solver.set_absolute_tolerance(1e-3 * rtol)
        solver.set_max_steps(MOST_STEPS)
        return model, solver

    def states(self, result: Any) -> FloatArray:
        """Species of one result, shape (n_time, n_species); NaN where it failed."""
        if result.status != 0:
            return np.full((N_POINTS, len(self.columns)), np.nan)
        return np.asarray(result.x)[:, self.columns]


class _Solve:
    """One warm solve; ``integrating`` is the CPU time of the last one's integrator [s]."""

    def __init__(self, prepared: _Prepared, rtol: float) -> None:
        self.prepared = prepared
        self.model, self.solver = prepared.pair(rtol)
        self.integrating = np.nan

    def __call__(self) -> FloatArray:
        result = self.model.simulate(solver=self.solver)
        self.integrating = 1e-3 * result.cpu_time
        return self.prepared.states(result)


class _Sweep:
    least = 1

    def __init__(self, prepared: _Prepared, rtol: float, n_cores: int) -> None:
        self.prepared, self.n_cores = prepared, n_cores
        self.model, self.solver = prepared.pair(rtol)
        ids = self.model.get_free_parameter_ids()
        self.where = positions(prepared.case.swept, ids, "parameters")
        self.nominal = np.array(self.model.get_free_parameters())
        # A state per parameter and time is kept beside the states and expressions at every time.
        numbers = N_POINTS * (self.model.nx_rdata * (1 + len(ids)) + self.model.nw)
        self.batch = max(2 * n_cores, int(_LARGEST_BATCH / (8.0 * numbers)))

    def run(self, values: FloatArray) -> FloatArray:
        import amici.sim.sundials as sundials

        found = np.empty((len(values), N_POINTS, len(self.prepared.columns)))
        for first in range(0, len(values), self.batch):
            conditions = []
            for row in values[first : first + self.batch]:
                condition = sundials.ExpData(self.model.get())
                parameters = self.nominal.copy()
                parameters[self.where] = row
                condition.free_parameters = parameters
                conditions.append(condition)
            results = sundials.run_simulations(
                self.model, self.solver, conditions, failfast=False, num_threads=self.n_cores
            )
            for i, result in enumerate(results):
                found[first + i] = self.prepared.states(result)
        return found

    def close(self) -> None:
        """Nothing was started."""
