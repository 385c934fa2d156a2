"""Begin a run: p and y from its start values, or from where equilibration left it.

Enters: one run's start values. Leaves: a worker without memory of the run before. Called by the
drive loop and by the equilibration.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers import layout as at
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.events import reset_events
from sigmapath.solvers.jumps import apply_jump, derive, settled
from sigmapath.status import Status

__all__ = ["apply_all", "begin_consistent", "begin_run", "resume_run"]

OK, NO_CONVERGENCE = int(Status.OK), int(Status.NO_CONVERGENCE)

N, NOW, A_INITIAL = at.N, at.NOW, at.A_INITIAL
T_MARK, N_LAG, N_PARAM = at.T_MARK, at.N_LAG, at.N_PARAM
MASS = at.MASS
HAS_FAST, SLOW_SHARE = at.HAS_FAST, at.SLOW_SHARE
(
    Y,
    FORCING,
    HELD,
    FORCED,
    HAS_HELD,
) = (
    at.Y,
    at.FORCING,
    at.HELD,
    at.FORCED,
    at.HAS_HELD,
)

# Rounds between start values and algebraic states, and how nearly they have to agree.
_MOST_ROUNDS = 200
_SAME = 1e-13


@compiled
def begin_run(work: Any, start: Any) -> None:
    """Reset a worker and work out p and y from start values q, shape (n_start,)."""
    for k in range(len(work.stat)):
        work.stat[k] = 0
    for k in range(len(work.flag)):
        work.flag[k] = 0
    for i in range(work.size[N]):
        work.vec[FORCING, i] = 0.0
        work.vec[HELD, i] = 0.0
    for j in range(len(start)):
        work.q[j] = start[j]
    work.clock[NOW] = 0.0
    work.clock[T_MARK] = 0.0
    for k in range(work.size[N_LAG]):
        work.p[work.size[N_PARAM] + k] = 0.0
        work.lag[at.LAG_MARK, k] = 0.0
    if work.size[HAS_FAST] != 0:
        work.p[work.size[SLOW_SHARE]] = 1.0
    call_kernel(work.address[A_INITIAL], work.clock, work.q, work.p, work.vec[Y])
    derive(work, 0.0)
    reset_events(work)


@compiled
def begin_consistent(work: Any) -> Any:
    """Bring the start onto the algebraic equations; return a status code.

    Start values may rest on algebraic states (an initial assignment, the volume of a given
    concentration), and these on the start values: both are worked out in turn until they agree.
    """
    first = work.size[N_PARAM]
    for _ in range(_MOST_ROUNDS):
        status = settled(work, 0.0)
        if status != OK:
            return status
        is_same = True
        for i in range(work.size[N]):
            if work.vec[MASS, i] == 0.0:
                value = work.vec[Y, i]
                known = work.q[first + i]
                is_same = is_same and abs(value - known) <= _SAME * abs(value)
                work.q[first + i] = value
        if is_same:
            return OK
        work.clock[NOW] = 0.0
        call_kernel(work.address[A_INITIAL], work.clock, work.q, work.p, work.vec[Y])
        derive(work, 0.0)
    return NO_CONVERGENCE


@compiled
def resume_run(work: Any, state: Any, parameters: Any) -> None:
    """Put in place what equilibration left: rows y, infusions, holds; and p."""
    for i in range(work.size[N]):
        work.vec[Y, i] = state[0, i]
        work.vec[FORCING, i] = state[1, i]
        work.vec[HELD, i] = state[2, i]
        if state[1, i] != 0.0:
            work.flag[FORCED] = 1
        if state[2, i] != 0.0:
            work.flag[HAS_HELD] = 1
    for j in range(len(parameters)):
        work.p[j] = parameters[j]


@compiled
def apply_all(work: Any, table: Any, values: Any) -> None:
    """Apply every row of a jump table (op, index, scale), whatever its time."""
    for k in range(table.shape[0]):
        apply_jump(work, table[k, 0], table[k, 1], table[k, 2], values[k])
    derive(work, 0.0)
