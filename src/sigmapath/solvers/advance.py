"""Take one accepted step with the method of the run: try, judge, shrink, try again.

Enters: a worker's arrays at the left end. Leaves: an accepted step to T_RIGHT and the size of
the next, or a status code. Called by the drive loop.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.controller import (
    EXPLICIT_BETA,
    accepted_factor,
    initial_step,
    rejected_factor,
    smallest_step,
)
from sigmapath.solvers.jumps import settle
from sigmapath.solvers.options import UNDERSHOOT
from sigmapath.solvers.rates import rates
from sigmapath.solvers.work import call_part
from sigmapath.status import Status

__all__ = ["STRETCH", "advance", "commit", "restart", "settle_start"]

OK, STEP_TOO_SMALL, TOO_MANY_STEPS = (
    int(Status.OK),
    int(Status.STEP_TOO_SMALL),
    int(Status.TOO_MANY_STEPS),
)
NOT_FINITE, SINGULAR, BAD_START = (
    int(Status.NOT_FINITE),
    int(Status.SINGULAR),
    int(Status.BAD_START),
)
N, HAS_CLAMP, REQUESTED_METHOD = at.N, at.HAS_CLAMP, at.REQUESTED_METHOD
MAX_STEP, FIRST_STEP, MAX_STEPS, FIXED_STEP = (
    at.MAX_STEP,
    at.FIRST_STEP,
    at.MAX_STEPS,
    at.FIXED_STEP,
)
T_LEFT, T_RIGHT, H_NEXT, ERROR_LAST = at.T_LEFT, at.T_RIGHT, at.H_NEXT, at.ERROR_LAST
T_END = at.T_END
METHOD, MASKED, JAC_IS_FRESH, DENSE_IS_FRESH = (
    at.METHOD,
    at.MASKED,
    at.JAC_IS_FRESH,
    at.DENSE_IS_FRESH,
)
USED_METHOD, STIFF_HITS = at.USED_METHOD, at.STIFF_HITS
(
    ATOL,
    CLAMP,
    Y,
    Y_NEW,
    RATE,
    RATE_NEW,
) = (
    at.ATOL,
    at.CLAMP,
    at.Y,
    at.Y_NEW,
    at.RATE,
    at.RATE_NEW,
)
S_STEPS, S_REJECTED = at.S_STEPS, at.S_REJECTED
RODAS5P, TSIT5, AUTO = at.RODAS5P, at.TSIT5, at.AUTO

# The step before a breakpoint is stretched by this share rather than leaving a sliver.
STRETCH = 1.01
# Observables of a model without states are functions of time alone, so that no error estimate
# limits the step: the run is then cut into this many.
_STEPS_WITHOUT_STATES = 256
# An explicit run that needs this many steps costs more than the stiff method would.
_MANY_EXPLICIT_STEPS = 2000
_STIFF_HITS = 15


@compiled
def settle_start(work: Any, t: Any) -> bool:
    """Evaluate rates at (t, row Y) and mask what stands still; False if not usable."""
    work.flag[MASKED] = 0
    work.flag[JAC_IS_FRESH] = 0
    work.flag[DENSE_IS_FRESH] = 0
    rates(work, t, work.vec[Y], work.vec[RATE])
    return settle(work)


@compiled
def restart(work: Any, t: Any, span: Any) -> Any:
    """Begin anew at (t, row Y) after a change of p or y: rates, held states, a first step.

    Returns a status code: BAD_START where a rate or a state in use is not finite.
    """
    if not settle_start(work, t):
        return BAD_START
    work.clock[ERROR_LAST] = 1.0
    if work.tune[FIXED_STEP] > 0.0:
        work.clock[H_NEXT] = work.tune[FIXED_STEP]
    elif t == 0.0 and work.tune[FIRST_STEP] > 0.0:
        work.clock[H_NEXT] = min(work.tune[FIRST_STEP], span)
    else:
        work.clock[H_NEXT] = initial_step(work, t, span)
    return OK


@compiled
def _undershoots(work: Any) -> bool:
    """Project small negatives of promised non-negative states to zero; True if one is large."""
    vec = work.vec
    for i in range(work.size[N]):
        if vec[CLAMP, i] != 0.0 and vec[Y_NEW, i] < 0.0:
            if vec[Y_NEW, i] < -UNDERSHOOT * vec[ATOL, i] and vec[Y, i] >= 0.0:
                return True
            vec[Y_NEW, i] = 0.0
            if work.flag[METHOD] == TSIT5:
                work.flag[DENSE_IS_FRESH] = -1
    return False


@inlined
def _step_to_try(work: Any, t: Any, t_stop: Any) -> Any:
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


@compiled
def advance(work: Any, t: Any, t_stop: Any) -> Any:
    """Take one accepted step from (t, row Y) towards t_stop; return a status code.

    Leaves the right end in row Y_NEW and clock[T_RIGHT], equal to t_stop if it was reached.
    """
    is_fixed = work.tune[FIXED_STEP] > 0.0
    failure = STEP_TOO_SMALL
    was_rejected = False
    while True:
        if work.stat[S_STEPS] + work.stat[S_REJECTED] >= work.tune[MAX_STEPS]:
            return TOO_MANY_STEPS
        h = _step_to_try(work, t, t_stop)
        if h < smallest_step(t) and h < t_stop - t:
            return failure
        work.flag[DENSE_IS_FRESH] = 0
        error = call_part(work.part[work.flag[METHOD]], work, t, h)
        if error < 0.0:
            failure = SINGULAR
            error = np.inf
        elif not np.isfinite(error):
            failure = NOT_FINITE
        elif error <= 1.0 or is_fixed:
            if not (work.size[HAS_CLAMP] != 0 and not is_fixed and _undershoots(work)):
                break
            failure = STEP_TOO_SMALL
            error = 32.0
        else:
            failure = STEP_TOO_SMALL
        if is_fixed:
            return failure
        work.stat[S_REJECTED] += 1
        was_rejected = True
        work.clock[H_NEXT] = h * rejected_factor(error)
    work.stat[S_STEPS] += 1
    work.clock[T_LEFT] = t
    work.clock[T_RIGHT] = t_stop if h == t_stop - t else t + h
    if not is_fixed:
        beta = EXPLICIT_BETA if work.flag[METHOD] == TSIT5 else 0.0
        factor = accepted_factor(error, work.clock[ERROR_LAST], beta)
        if was_rejected:
            factor = min(factor, 1.0)
        work.clock[H_NEXT] = h * factor
        work.clock[ERROR_LAST] = error
    return OK


@compiled
def commit(work: Any) -> None:
    """Make row Y_NEW the left end of the next step, with its rate, after an uncut step."""
    vec = work.vec
    n = work.size[N]
    is_projected = work.flag[DENSE_IS_FRESH] < 0
    for i in range(n):
        vec[Y, i] = vec[Y_NEW, i]
    work.flag[JAC_IS_FRESH] = 0
    if work.flag[METHOD] == TSIT5 and not is_projected:
        for i in range(n):
            vec[RATE, i] = vec[RATE_NEW, i]
    else:
        rates(work, work.clock[T_RIGHT], vec[Y], vec[RATE])
    if work.flag[METHOD] == TSIT5 and work.size[REQUESTED_METHOD] == AUTO:
        is_long = work.stat[S_STEPS] + work.stat[S_REJECTED] >= _MANY_EXPLICIT_STEPS
        if work.flag[STIFF_HITS] >= _STIFF_HITS or is_long:
            work.flag[METHOD] = RODAS5P
            work.flag[USED_METHOD] = AUTO
