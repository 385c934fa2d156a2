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
from sigmapath.solvers.erk import STABILITY
from sigmapath.solvers.interpolate import prepare_dense
from sigmapath.solvers.jumps import settle
from sigmapath.solvers.rates import rates
from sigmapath.solvers.start import is_stiff
from sigmapath.solvers.steps import step_to_try, undershoots
from sigmapath.solvers.work import call_part
from sigmapath.status import Status

__all__ = ["advance", "commit", "restart", "settle_start"]

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
FIRST_STEP, MAX_STEPS, FIXED_STEP = at.FIRST_STEP, at.MAX_STEPS, at.FIXED_STEP
T_LEFT, T_RIGHT, H_NEXT, ERROR_LAST = at.T_LEFT, at.T_RIGHT, at.H_NEXT, at.ERROR_LAST
T_END = at.T_END
METHOD, MASKED, JAC_IS_FRESH, DENSE_IS_FRESH = (
    at.METHOD,
    at.MASKED,
    at.JAC_IS_FRESH,
    at.DENSE_IS_FRESH,
)
USED_METHOD, STIFF_HITS = at.USED_METHOD, at.STIFF_HITS
Y, Y_NEW, RATE, RATE_NEW = at.Y, at.Y_NEW, at.RATE, at.RATE_NEW
S_STEPS, S_REJECTED = at.S_STEPS, at.S_REJECTED
RODAS5P, TSIT5, BDF, AUTO = at.RODAS5P, at.TSIT5, at.BDF, at.AUTO
PART_BDF, BDF_ORDER, STARTING = at.PART_BDF, at.BDF_ORDER, at.BDF_STARTING
STARTED, STIFF_METHOD = at.BDF_STARTED, at.STIFF_METHOD
EXPLICIT_REACH = at.EXPLICIT_REACH

# A run that began explicit is looked at again after so many attempts, and each time their number
# has doubled; it leaves the explicit method where what is left of it is stiff.
_FIRST_LOOK = 8
_STIFF_HITS = 15
# What lies within this share of the run from its start is its start: conditions ``time > 0`` are
# passed by stops a few floats behind zero, see :mod:`.switches`.
_AT_START = 1e-27
# The one-step method that starts the multistep one hands over when its steps grow by less.
_STILL_GROWING = 2.0


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
    work.flag[BDF_ORDER] = STARTING
    if work.tune[FIXED_STEP] > 0.0:
        work.clock[H_NEXT] = work.tune[FIXED_STEP]
    elif t <= _AT_START * work.clock[T_END] and work.tune[FIRST_STEP] > 0.0:
        work.clock[H_NEXT] = min(work.tune[FIRST_STEP], span)
    else:
        work.clock[H_NEXT] = initial_step(work, t, span)
    return OK


@compiled
def advance(work: Any, t: Any, t_stop: Any) -> Any:
    """Take one accepted step from (t, row Y) towards t_stop; return a status code.

    Leaves the right end in row Y_NEW and clock[T_RIGHT], equal to t_stop if it was reached.
    """
    method = work.flag[METHOD]
    if method == BDF:
        if work.flag[BDF_ORDER] != STARTING:
            status = call_part(work.part[PART_BDF], work, t, t_stop)
            if status >= 0.0:
                return int(status)
            work.flag[BDF_ORDER] = STARTING
            work.flag[JAC_IS_FRESH] = 0
            rates(work, t, work.vec[Y], work.vec[RATE])
        method = RODAS5P
    is_fixed = work.tune[FIXED_STEP] > 0.0
    failure = STEP_TOO_SMALL
    was_rejected = False
    while True:
        if work.stat[S_STEPS] + work.stat[S_REJECTED] >= work.tune[MAX_STEPS]:
            return TOO_MANY_STEPS
        h = step_to_try(work, t, t_stop)
        if h < smallest_step(t) and h < t_stop - t:
            return failure
        work.flag[DENSE_IS_FRESH] = 0
        error = call_part(work.part[method], work, t, h)
        if error < 0.0:
            failure = SINGULAR
            error = np.inf
        elif not np.isfinite(error):
            failure = NOT_FINITE
        elif error <= 1.0 or is_fixed:
            if not (work.size[HAS_CLAMP] != 0 and not is_fixed and undershoots(work)):
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
    factor = 1.0
    if not is_fixed:
        beta = EXPLICIT_BETA if work.flag[METHOD] == TSIT5 else 0.0
        factor = accepted_factor(error, work.clock[ERROR_LAST], beta)
        if was_rejected:
            factor = min(factor, 1.0)
        work.clock[H_NEXT] = h * factor
        work.clock[ERROR_LAST] = error
    if work.flag[METHOD] == BDF and factor < _STILL_GROWING and work.size[N] > 0:
        prepare_dense(work)
        work.flag[BDF_ORDER] = STARTED
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
    elif work.flag[METHOD] != BDF or work.flag[BDF_ORDER] == STARTING:
        rates(work, work.clock[T_RIGHT], vec[Y], vec[RATE])
    if work.flag[METHOD] == TSIT5 and work.size[REQUESTED_METHOD] == AUTO:
        _leave_if_stiff(work)


@inlined
def _leave_if_stiff(work: Any) -> None:
    """Go over from the explicit method where steps are short for stability's sake alone."""
    n_tried = work.stat[S_STEPS] + work.stat[S_REJECTED]
    is_time_to_look = n_tried >= _FIRST_LOOK and n_tried & (n_tried - 1) == 0
    t = work.clock[T_RIGHT]
    left = work.clock[T_END] - t
    # At the limit of stability a step is STABILITY over the spectral radius long.
    is_long = STABILITY * left >= work.tune[EXPLICIT_REACH] * work.clock[H_NEXT]
    is_at_limit = work.flag[STIFF_HITS] >= _STIFF_HITS and is_long
    if is_at_limit or (is_time_to_look and is_stiff(work, t, left)):
        work.flag[METHOD] = work.size[STIFF_METHOD]
        work.flag[USED_METHOD] = AUTO
