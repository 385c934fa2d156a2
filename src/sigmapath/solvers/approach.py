"""Follow a trajectory until a root of f lies next to it; test whether a root attracts.

Enters: a worker's ``Work`` with the start in row Y, and ``Rest`` after ``prepare_totals``. Leaves:
the root in row POINT of ``Rest``. Called by :mod:`.rest_search`.

Newton's method finds roots, not resting states: it may land on an unstable root, or on the other
branch of a switch. So a root counts only if the trajectory comes within a small distance of it,
and the integration stops as soon as that happens instead of creeping along the slowest mode.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers import rest as slot
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.controller import accepted_factor, rejected_factor
from sigmapath.solvers.newton import distance, scales
from sigmapath.solvers.rates import rates
from sigmapath.solvers.rest import Landing
from sigmapath.solvers.rest_outcome import Reason
from sigmapath.solvers.totals import copy_row, forget_null_rows, prepare_totals, total_of
from sigmapath.solvers.work import call_part

__all__ = ["approach", "is_attracting"]

N, MASKED, JAC_IS_FRESH = at.N, at.MASKED, at.JAC_IS_FRESH
ATOL, MASS, CLAMP, MASK = at.ATOL, at.MASS, at.CLAMP, at.MASK
Y, Y_NEW, RATE, RATE_NEW = at.Y, at.Y_NEW, at.RATE, at.RATE_NEW
S_STEPS, S_REJECTED = at.S_STEPS, at.S_REJECTED
FLOOR, WEIGHT, GROSS, POINT = slot.FLOOR, slot.WEIGHT, slot.GROSS, slot.POINT
ROOT_AT, LAST, HEADING = slot.ROOT_AT, slot.LAST, slot.HEADING
MAX_REST_STEPS = slot.MAX_REST_STEPS
R_STEPS, R_TIME = slot.R_STEPS, slot.R_TIME
FIND_ROOT_AT, APPROACH_AT, RODAS5P = slot.FIND_ROOT_AT, slot.APPROACH_AT, at.RODAS5P

_ROOT = int(Landing.ROOT)
_NONE, _NOT_FINITE = int(Reason.NONE), int(Reason.NOT_FINITE)
_STEP_TOO_SMALL, _STILL_MOVING = int(Reason.STEP_TOO_SMALL), int(Reason.STILL_MOVING)
_OSCILLATING, _GROWING = int(Reason.OSCILLATING), int(Reason.GROWING)
_UNSTABLE = int(Reason.UNSTABLE)

# Steps in units of the fastest time constant: W loses its digits to conserved totals when
# 1/(h gamma) falls below rounding of J, so h stops growing well before.
_FIRST_STEP, _FIRST_CHECK, _LARGEST_STEP, _SMALLEST_STEP = 1e-3, 1.0, 1e13, 1e-14
# Clear overshoots below zero cost the step; undershoots of so many atol are rounding.
_UNDERSHOOT = 100.0
# A monotone approach hardly ever turns around; a state this many times the start has run away.
_MANY_TURNS, _MUCH_LARGER = 20, 1e4
# Relative size of the disturbance of a root, how far it must shrink, how far it may grow first,
# and how far along a neutral direction it may come to rest.
_DISTURBANCE, _RETURNED, _LOST, _NEIGHBOUR = 1e-3, 1e-6, 0.5, 0.05
# Newton's method is tried where the trajectory has moved by less than this since it was looked at
# last, relatively; and on a leash, where a root is known already, by less than so many times the
# reach. Each try costs a dense factorisation, some five steps; a trajectory that moves more has
# either not come to rest or will have stopped when it is looked at next, a step or two later.
_SLOW, _SLOW_ON_LEASH = 0.05, 10.0


@compiled
def _fastest_rate(work: Any, rest: Any) -> Any:
    """Largest turnover per time of any state, for the first step; 0 where nothing moves."""
    fastest = 0.0
    for i in range(work.size[N]):
        if work.vec[MASS, i] != 0.0:
            turnover = max(rest.vec[GROSS, i], abs(rest.vec[slot.RATES, i]))
            fastest = max(fastest, turnover / rest.vec[WEIGHT, i])
    return fastest


@compiled
def _is_acceptable(work: Any) -> bool:
    """Clip undershoots of Y_NEW at zero; False if a promised state fell clearly below."""
    vec = work.vec
    for i in range(work.size[N]):
        if not np.isfinite(vec[Y_NEW, i]) and vec[MASK, i] == 0.0:
            return False
        if vec[CLAMP, i] != 0.0 and vec[Y_NEW, i] < 0.0 <= vec[Y, i]:
            if vec[Y_NEW, i] < -_UNDERSHOOT * vec[ATOL, i]:
                return False
            vec[Y_NEW, i] = 0.0
    return True


@compiled
def _restore_totals(work: Any, rest: Any, y: Any) -> None:
    """Undo the rounding drift of the conserved totals, where a small correction can."""
    for j in range(work.size[N]):
        r = rest.moiety_of[j]
        if r >= 0:
            defect = rest.totals[r] - total_of(rest.reduced[r], y)
            if abs(defect) <= 1e-3 * abs(y[j]):
                y[j] += defect


@compiled
def _accept(work: Any, rest: Any, t: Any) -> bool:
    """Move to Y_NEW; tell whether the motion has turned by more than a right angle."""
    vec = work.vec
    _restore_totals(work, rest, vec[Y_NEW])
    copy_row(vec[Y_NEW], vec[Y])
    rates(work, t, vec[Y], vec[RATE_NEW])
    work.flag[JAC_IS_FRESH] = 0
    along = 0.0
    for i in range(work.size[N]):
        if vec[MASK, i] == 0.0 or work.flag[MASKED] == 0:
            scale = abs(vec[Y, i]) + rest.vec[FLOOR, i]
            along += rest.vec[HEADING, i] * vec[RATE_NEW, i] / (scale * scale)
    copy_row(vec[RATE_NEW], vec[RATE])
    if along < 0.0:
        copy_row(vec[RATE], rest.vec[HEADING])
    return along < 0.0


@compiled
def _largest(y: Any) -> Any:
    largest = 0.0
    for value in y:
        if np.isfinite(value):
            largest = max(largest, abs(value))
    return largest


@compiled
def _why_moving(work: Any, largest_at_start: Any, n_turns: Any) -> Any:
    if _largest(work.vec[Y]) > _MUCH_LARGER * largest_at_start:
        return _GROWING
    return _OSCILLATING if n_turns >= _MANY_TURNS else _STILL_MOVING


@compiled
def approach(work: Any, rest: Any, reach: Any, leash: Any) -> Any:
    """Integrate from row Y with Rodas5P until a root lies within reach of the trajectory.

    At times 1, 2, 4, ... of the fastest time constant, and beyond with every step, Newton's
    method starts from the trajectory where that has become slow, and gives up as soon as it strays.

    Parameters
    ----------
    work : Work
        Row Y holds the start; holds the end of the trajectory on return.
    rest : Rest
        After ``prepare_totals``; row POINT holds the root on return.
    reach : float
        Relative distance between trajectory and root at which the root is accepted.
    leash : float
        Give up once the trajectory is farther than this from row ROOT_AT; inf for never.

    Returns
    -------
    reason : int
        A :class:`Reason`; NONE on success. ``rest.result`` is that of the last Newton search.
    """
    vec, result, native = work.vec, rest.result, rest.native
    if np.isnan(scales(work, rest, vec[Y])):
        return _NOT_FINITE
    fastest = _fastest_rate(work, rest)
    # Nothing moves at all: any step will do.
    unit = 1.0 / fastest if fastest > 0.0 else 1.0
    largest_at_start = max(_largest(vec[Y]), _largest(rest.vec[FLOOR]))
    rates(work, 0.0, vec[Y], vec[RATE])
    work.flag[JAC_IS_FRESH] = 0
    copy_row(vec[Y], rest.vec[LAST])
    copy_row(vec[RATE], rest.vec[HEADING])
    slow = _SLOW if np.isinf(leash) else _SLOW_ON_LEASH * reach
    t, h, check, last_error, n_turns = 0.0, _FIRST_STEP * unit, _FIRST_CHECK * unit, 1e-4, 0
    for _ in range(int(rest.limit[MAX_REST_STEPS])):
        error = call_part(work.part[RODAS5P], work, t, h)
        work.stat[S_STEPS] += 1
        if not 0.0 <= error <= 1.0 or not _is_acceptable(work):
            work.stat[S_REJECTED] += 1
            h *= rejected_factor(error) if error > 1.0 else 0.25
            if h < _SMALLEST_STEP * unit:
                return _STEP_TOO_SMALL
            continue
        t += h
        n_turns += 1 if _accept(work, rest, t) else 0
        result[R_STEPS] += 1.0
        h = min(h * accepted_factor(error, last_error), _LARGEST_STEP * unit)
        last_error = error
        if t < check:
            continue
        check = 2.0 * t
        result[R_TIME] = t
        if distance(rest, vec[Y], rest.vec[ROOT_AT]) > leash:
            return _UNSTABLE
        is_slow = distance(rest, vec[Y], rest.vec[LAST]) <= slow
        copy_row(vec[Y], rest.vec[LAST])
        if is_slow:
            copy_row(vec[Y], rest.vec[POINT])
            landing = call_part(native[FIND_ROOT_AT], rest, reach, 0.0)
            forget_null_rows(rest)
            if landing == _ROOT:
                return _NONE
    return _why_moving(work, largest_at_start, n_turns)


@compiled
def is_attracting(work: Any, rest: Any) -> bool:
    """Tell whether a slightly disturbed state returns to the root in row POINT.

    Every state is changed by a thousandth of itself, up and down in a fixed irregular order, with
    the totals kept. Absent states stay absent: a root is not called unstable because of a species
    that nobody added. Along directions in which nothing drives the system (a knock-out leaves
    such) it may come to rest beside the root. Keeps row POINT; overwrites row Y.
    """
    vec = rest.vec
    copy_row(vec[POINT], vec[ROOT_AT])
    prepare_totals(work, rest, vec[ROOT_AT])
    copy_row(vec[ROOT_AT], work.vec[Y])
    pattern = 1
    for i in range(work.size[N]):
        # A small linear congruential generator: signs without period in i, the same every time.
        pattern = (1103515245 * pattern + 12345) % 2147483648
        is_free = work.vec[MASK, i] == 0.0 and work.vec[MASS, i] != 0.0 and rest.moiety_of[i] < 0
        if is_free:
            sign = 1.0 if pattern >= 1073741824 else -1.0
            work.vec[Y, i] *= 1.0 + sign * _DISTURBANCE
    for j in range(work.size[N]):
        r = rest.moiety_of[j]
        if r >= 0:
            work.vec[Y, j] += rest.totals[r] - total_of(rest.reduced[r], work.vec[Y])
    reason = call_part(rest.native[APPROACH_AT], rest, _RETURNED, _LOST)
    returned: bool = reason == _NONE and distance(rest, vec[POINT], vec[ROOT_AT]) <= _NEIGHBOUR
    copy_row(vec[ROOT_AT], vec[POINT])
    return returned
