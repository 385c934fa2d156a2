"""What every method asks before and after a step: how far to go, and whether it went below zero.

Enters: a worker's arrays. Leaves: a step size; row Y_NEW without small negatives. Called by
:mod:`.advance` and :mod:`.bdf`.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.options import UNDERSHOOT

__all__ = ["STRETCH", "step_to_try", "undershoots"]

N, T_END = at.N, at.T_END
MAX_STEP, FIXED_STEP, H_NEXT = at.MAX_STEP, at.FIXED_STEP, at.H_NEXT
METHOD, DENSE_IS_FRESH, TSIT5 = at.METHOD, at.DENSE_IS_FRESH, at.TSIT5
ATOL, CLAMP, Y, Y_NEW = at.ATOL, at.CLAMP, at.Y, at.Y_NEW

# The step before a breakpoint is stretched by this share rather than leaving a sliver.
STRETCH = 1.01
# Observables of a model without states are functions of time alone, so that no error estimate
# limits the step: the run is then cut into this many.
_STEPS_WITHOUT_STATES = 256


@compiled
def undershoots(work: Any) -> bool:
    """Project small negatives of promised non-negative states to zero; True if one is large."""
    vec = work.vec
    # Nearly always none: to count them takes no branch per state.
    n_below = 0
    for i in range(work.size[N]):
        n_below += (vec[CLAMP, i] != 0.0) & (vec[Y_NEW, i] < 0.0)
    if n_below == 0:
        return False
    for i in range(work.size[N]):
        if vec[CLAMP, i] != 0.0 and vec[Y_NEW, i] < 0.0:
            if vec[Y_NEW, i] < -UNDERSHOOT * vec[ATOL, i] and vec[Y, i] >= 0.0:
                return True
            vec[Y_NEW, i] = 0.0
            if work.flag[METHOD] == TSIT5:
                work.flag[DENSE_IS_FRESH] = -1
    return False


@inlined
def step_to_try(work: Any, t: Any, t_stop: Any) -> Any:
    """Cut the proposed step at the breakpoint; avoid leaving a sliver before it."""
    h = min(work.clock[H_NEXT], work.tune[MAX_STEP])
    left = t_stop - t
    if work.size[N] == 0:
        return min(left, work.clock[T_END] / _STEPS_WITHOUT_STATES)
    if h * STRETCH >= left:
        return left
    if work.tune[FIXED_STEP] > 0.0:
        return h
    return 0.5 * left if 2.0 * h > left > h else h
