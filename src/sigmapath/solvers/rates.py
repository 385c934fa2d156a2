"""Evaluate the model's right-hand side, Jacobian and df/dt as one run sees them.

Enters: a worker's arrays, a time, a row of states. Leaves: rows of rates, with infusions added
and held states stopped. Called by the step functions and the drive loop.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers import layout as at
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.work import call_part

__all__ = ["jacobian", "rates", "see_delayed", "time_rates"]

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
N_LAG, LAG_Y, PART_DELAYS, WRITE_DELAYED = at.N_LAG, at.LAG_Y, at.PART_DELAYS, at.WRITE_DELAYED


@compiled
def see_delayed(work: Any, t: Any, y: Any) -> None:
    """Write the delayed values as they are at (t, y) into p; only for models with delays."""
    for i in range(work.size[N]):
        work.vec[LAG_Y, i] = y[i]
    call_part(work.part[PART_DELAYS], work, t, WRITE_DELAYED)


@inlined
def rates(work: Any, t: Any, y: Any, out: Any) -> None:
    """Write f(t, y) + infusions into ``out``, zero for held states; both (n_state,)."""
    if work.size[N_LAG] != 0:
        see_delayed(work, t, y)
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
    if work.size[N_LAG] != 0:
        see_delayed(work, t, y)
    work.clock[NOW] = t
    if work.address[A_JAC] != 0:
        call_kernel(work.address[A_JAC], work.clock, y, work.p, work.jac)
    work.stat[S_JAC] += 1


@compiled
def time_rates(work: Any, t: Any, y: Any, out: Any) -> None:
    """Write df/dt at fixed y into ``out``; only for models that have it."""
    if work.size[N_LAG] != 0:
        see_delayed(work, t, y)
    work.clock[NOW] = t
    call_kernel(work.address[A_DFDT], work.clock, y, work.p, out)
    if work.flag[MASKED] != 0:
        for i in range(work.size[N]):
            if work.vec[MASK, i] != 0.0:
                out[i] = 0.0
