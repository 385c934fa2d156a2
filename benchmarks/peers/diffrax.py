"""diffrax on JAX: Kvaerno5 with a PID step control, in float64, compiled by XLA.

The step control is proportional-integral, with coefficients in the range that its documentation
gives for stiff problems. Formulas are sigmapath's, see :mod:`benchmarks.peers.jax_model`;
observables are worked out inside the compiled function. A sweep is a vmap over fixed numbers of
runs in one process per core: two threads that call the same compiled function have been seen to
wait for each other for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.cases import N_POINTS, Case
from benchmarks.peers.base import FloatArray, Solve, Sweep
from benchmarks.peers.jax_model import JaxModel
from benchmarks.peers.workers import ProcessSweep, Runner

__all__ = ["Diffrax"]

_MOST_STEPS = 1_000_000
# Runs of one call: more of them wait for the slowest, fewer leave the vector units idle.
_RUNS_AT_A_TIME = 128


class Diffrax:
    """Kvaerno5 of diffrax."""

    name = "diffrax Kvaerno5"
    how_to_install = "pip install diffrax"

    def version(self) -> str:
        import diffrax

        return str(diffrax.__version__)

    def prepare(self, case: Case) -> _Prepared:
        return _Prepared(case)

    def cold_command(self, case: Case, out: str) -> None:
        """None: it reads no model files."""

    def ready_script(self) -> None:
        """None: it reads no model files."""


class _Prepared:
    def __init__(self, case: Case) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        self.case, self.model = case, JaxModel(case)

    def solve(self, rtol: float) -> Solve:
        import jax

        solved = jax.jit(_one_run(self.model, self.case, rtol))

        def solve() -> FloatArray:
            return np.asarray(solved(self.model.start))

        return solve

    def sweep(self, rtol: float, n_cores: int) -> Sweep:
        return ProcessSweep(_runner, self.case, rtol, n_cores, _RUNS_AT_A_TIME)


def _one_run(model: JaxModel, case: Case, rtol: float) -> Callable[[Any], Any]:
    """Start values to species at the output times; infinite or NaN where the run failed."""
    import diffrax
    import jax
    import jax.numpy as jnp

    control = diffrax.PIDController(pcoeff=0.3, icoeff=0.4, rtol=rtol, atol=1e-3 * rtol)
    times = jnp.asarray(case.times)

    def run(start: Any) -> Any:
        y, p = model.initial(start)
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(model.rhs),
            diffrax.Kvaerno5(),
            0.0,
            case.end_time,
            None,
            y,
            args=p,
            saveat=diffrax.SaveAt(ts=times),
            stepsize_controller=control,
            max_steps=_MOST_STEPS,
            throw=False,
        )
        return jax.vmap(model.outputs, in_axes=(0, 0, None))(times, found.ys, p)

    return run


def _runner(case: Case, rtol: float) -> Runner:
    """A compiled sweep that runs batches of any length, a fixed number at a time."""
    import jax
    import jax.numpy as jnp

    prepared = _Prepared(case)
    model, one = prepared.model, _one_run(prepared.model, case, rtol)
    start, swept = jnp.asarray(model.start), jnp.asarray(model.swept)
    many = jax.jit(jax.vmap(lambda row: one(start.at[swept].set(row))))

    def run(values: FloatArray) -> FloatArray:
        found = np.empty((len(values), N_POINTS, len(case.species)))
        for first in range(0, len(values), _RUNS_AT_A_TIME):
            part = values[first : first + _RUNS_AT_A_TIME]
            # The last part is filled up with its own runs: another length would be compiled anew.
            filled = np.resize(part, (_RUNS_AT_A_TIME, values.shape[1]))
            found[first : first + len(part)] = np.asarray(many(filled))[: len(part)]
        found[~np.isfinite(found).all(axis=(1, 2))] = np.nan
        return found

    run(case.draws(1, 0))
    return run
