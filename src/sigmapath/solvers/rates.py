"""Evaluate the model's right-hand side, Jacobian and df/dt as one run sees them.

Enters: a worker's arrays, a time, a row of states. Leaves: rows of rates, with infusions added
and held states stopped. Called by the step functions and the drive loop.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers import layout as at
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled, inlined

__all__ = ["jacobian", "rates", "time_rates"]

A_RHS, A_JAC, A_DFDT = at.A_RHS, at.A_JAC, at.A_DFDT
(
    N,
    NOW,
    FORCED,
    MASKED,
    FORCING,
    MASK,
) = (
    at.N,
    at.NOW,
    at.FORCED,
    at.MASKED,
    at.FORCING,
    at.MASK,
)
S_RHS, S_JAC = at.S_RHS, at.S_JAC


@inlined
def rates(work: Any, t: Any, y: Any, out: Any) -> None:
    """Write f(t, y) + infusions into ``out``, zero for held states; both (n_state,)."""
    work.clock[NOW] = t
    if work.address[A_RHS] != 0:
        call_kernel(work.address[A_RHS], work.clock, y, work.p, out)
    work.stat[S_RHS] += 1
    if work.flag[FORCED] != 0:
        for i in range(work.size[N]):
            out[i] += work.vec[FORCING, i]
    if work.flag[MASKED] != 0:
        for i in range(work.size[N]):
            if work.vec[MASK, i] != 0.0:
                out[i] = 0.0


@compiled
def jacobian(work: Any, t: Any, y: Any) -> None:
    """Write the values of df/dy into ``work.jac``; held rows are dealt with at assembly."""
    work.clock[NOW] = t
    if work.address[A_JAC] != 0:
        call_kernel(work.address[A_JAC], work.clock, y, work.p, work.jac)
    work.stat[S_JAC] += 1


@compiled
def time_rates(work: Any, t: Any, y: Any, out: Any) -> None:
    """Write df/dt at fixed y into ``out``; only for models that have it."""
    work.clock[NOW] = t
    call_kernel(work.address[A_DFDT], work.clock, y, work.p, out)
    if work.flag[MASKED] != 0:
        for i in range(work.size[N]):
            if work.vec[MASK, i] != 0.0:
                out[i] = 0.0
