"""Backward differentiation formulas of orders 1 to 5, for large models.

Enters: a worker's arrays with the polynomial of the last step, see :mod:`.nordsieck`. Leaves: an
accepted step to T_RIGHT, size and order of the next, or a status code. Called by :mod:`.advance`.

Fixed leading coefficient and modified Newton iteration, as in CVODE. What differs:

* The first steps after a breakpoint are Rodas5P's, taken by :mod:`.advance` as long as they keep
  growing. The quartic of the last of them starts the formulas at order 3: no crawl from order 1.
* Here errors add up over many more and smaller steps than there, so each is held to a share of the
  tolerance asked for, which keeps the error reached below ten times rtol.
* J costs little more than f, so that new factors always rest on a new J.

References
----------
Cohen, Hindmarsh (1996), CVODE, a stiff/nonstiff ODE solver in C, doi:10.1063/1.4822377. Hindmarsh
et al. (2005), SUNDIALS, doi:10.1145/1089014.1089020. Gear (1980), Runge-Kutta starters for
multistep methods, doi:10.1145/355900.355901.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled, inlined, summed
from sigmapath.solvers.controller import smallest_step
from sigmapath.solvers.nordsieck import (
    advance_polynomial,
    correct_polynomial,
    lower_order,
    raise_order,
    rescale,
    set_coefficients,
    step_back,
)
from sigmapath.solvers.rates import jacobian, rates
from sigmapath.solvers.steps import step_to_try, undershoots
from sigmapath.solvers.work import call_part
from sigmapath.status import Status

__all__ = ["RESUME", "bdf_advance"]

OK, TOO_MANY_STEPS = int(Status.OK), int(Status.TOO_MANY_STEPS)
N, HAS_CLAMP, MAX_ORDER = at.N, at.HAS_CLAMP, at.MAX_ORDER
RTOL, MAX_STEPS, FIXED_STEP = at.RTOL, at.MAX_STEPS, at.FIXED_STEP
T_LEFT, T_RIGHT, H_NEXT = at.T_LEFT, at.T_RIGHT, at.H_NEXT
ATOL, MASS, MASK, MASKED = at.ATOL, at.MASS, at.MASK, at.MASKED
Y, Y_NEW, RIGHT = at.Y, at.Y_NEW, at.RIGHT
DELTA, DENSE_1, DENSE_2, DENSE_3 = at.DELTA, at.DENSE_1, at.DENSE_2, at.DENSE_3
BDF_H, BDF_L, BDF_PAST, SCALE = at.BDF_H, at.BDF_L, at.BDF_PAST, at.BDF_SCALE
TEST, TEST_LOWER, TEST_HIGHER = at.BDF_TEST, at.BDF_TEST_LOWER, at.BDF_TEST_HIGHER
SHIFT, RATE, SCALE_BEFORE = at.BDF_SHIFT, at.BDF_RATE, at.BDF_SCALE_BEFORE
ORDER, NEXT_ORDER, WAIT, AGE = at.BDF_ORDER, at.BDF_NEXT_ORDER, at.BDF_WAIT, at.BDF_AGE
MOST_ORDER, STARTED = at.BDF_MOST_ORDER, at.BDF_STARTED
PART_FACTOR, PART_SOLVE = at.PART_FACTOR, at.PART_SOLVE
S_STEPS, S_REJECTED, S_FACTOR, S_SOLVE = at.S_STEPS, at.S_REJECTED, at.S_FACTOR, at.S_SOLVE

# Row of the correction to the prediction, of the last change of it (the eighth solution), and of
# one over the error tolerated.
CORRECTION, CHANGE, WEIGHT = at.K + 6, at.K + 7, at.RATE_NEW
Z = at.K
_SOLUTION = 7.0

# Returned where the history is of no use any more: a one-step method is to start again.
RESUME = -1.0
_NEWTON_FAILED = -1.0

# Share of the tolerance to which a step is held at rtol 1e-6 and above. Below it falls with the
# fifth root: steps of order 5 become more numerous, and the error reached is their sum.
_STRICT, _STRICT_AT, _STRICT_POWER = 0.03, 1e-6, 0.2
# Share of that to which Newton's method goes: a looser one costs more rejected steps than it saves
# iterations.
_NEWTON_SHARE = 0.05
_MOST_ITERATIONS, _MOST_ITERATIONS_FIXED, _DIVERGING = 3, 12, 2.0
# The memory of the rate of convergence fades by this factor per iteration.
_RATE_MEMORY = 0.3
# Factors serve until the shift has moved by this share, or for this many steps.
_SHIFT_SHARE, _MOST_AGE = 0.25, 25
# Step sizes: every change costs factors, so small gains are left alone.
_LEAST_GROWTH, _MOST_GROWTH, _MOST_SHRINK, _SHRINK_NEWTON, _SHRINK_AGAIN = 1.5, 10.0, 0.1, 0.25, 0.2
_BIAS, _BIAS_HIGHER, _FLOOR = 6.0, 10.0, 1e-6
_UNDERSHOT = 30.0
_MOST_FAILURES = 4
_FIRST_ORDER, _FIRST_ORDER_FIXED = 3, 4


@summed
def _norm(work: Any, row: Any) -> Any:
    """Weighted root mean square of a row; states that stand still weigh nothing."""
    total, n = 0.0, work.size[N]
    for i in range(n):
        ratio = work.vec[row, i] * work.vec[WEIGHT, i]
        total += ratio * ratio
    return np.sqrt(total / n)


@inlined
def _growth(error: Any, bias: Any, power: Any) -> Any:
    """Factor on h at which an error of order ``power`` in h becomes 1 / bias."""
    return 1.0 / ((bias * error) ** (1.0 / power) + _FLOOR)


@compiled
def _set_weights(work: Any) -> None:
    """Write 1 / (error tolerated) of each state, at the left end of the step."""
    vec, rtol = work.vec, work.tune[RTOL]
    strict = _STRICT * min(1.0, (rtol / _STRICT_AT) ** _STRICT_POWER)
    for i in range(work.size[N]):
        vec[WEIGHT, i] = 1.0 / (strict * (vec[ATOL, i] + rtol * abs(vec[Y, i])))
    if work.flag[MASKED] != 0:
        for i in range(work.size[N]):
            if vec[MASK, i] != 0.0:
                vec[WEIGHT, i] = 0.0


@compiled
def _begin(work: Any) -> None:
    """Turn the quartic of the last one-step step, rows DELTA .. DENSE_3, into the polynomial."""
    vec, clock, flag = work.vec, work.clock, work.flag
    for i in range(work.size[N]):
        # y(theta) in powers of theta, then of theta - 1.
        a1 = vec[DELTA, i] + vec[DENSE_1, i]
        a2 = vec[DENSE_2, i] - vec[DENSE_1, i]
        a3 = vec[DENSE_3, i] - vec[DENSE_2, i]
        a4 = -vec[DENSE_3, i]
        is_still = flag[MASKED] != 0 and vec[MASK, i] != 0.0
        vec[Z, i] = vec[Y, i]
        vec[Z + 1, i] = 0.0 if is_still else a1 + 2.0 * a2 + 3.0 * a3 + 4.0 * a4
        vec[Z + 2, i] = 0.0 if is_still else a2 + 3.0 * a3 + 6.0 * a4
        vec[Z + 3, i] = 0.0 if is_still else a3 + 4.0 * a4
        vec[Z + 4, i] = 0.0 if is_still else a4
    h = clock[T_RIGHT] - clock[T_LEFT]
    clock[BDF_H], clock[SHIFT] = h, 0.0
    for j in range(1, MOST_ORDER + 2):
        clock[BDF_PAST + j] = h
    is_fixed = work.tune[FIXED_STEP] > 0.0
    q = min(_FIRST_ORDER_FIXED if is_fixed else _FIRST_ORDER, work.size[MAX_ORDER])
    flag[ORDER], flag[NEXT_ORDER], flag[WAIT] = q, q, q + 1
    if not is_fixed:
        # The error of order q is h^(q + 1) y^(q + 1) / (q + 1), that is q! times row q + 1.
        error = _norm(work, Z + q + 1)
        for j in range(2, q + 1):
            error *= j
        clock[H_NEXT] = h * min(_MOST_GROWTH, _growth(error, _BIAS, q + 1))


@compiled
def _factored(work: Any, t: Any, shift: Any) -> bool:
    """Evaluate J at the prediction and factor W = shift M - J; False when singular."""
    for i in range(work.size[N]):
        work.vec[Y_NEW, i] = work.vec[Z, i]
    jacobian(work, t, work.vec[Y_NEW])
    work.stat[S_FACTOR] += 1
    work.clock[SHIFT], work.clock[RATE] = shift, 1.0
    work.flag[AGE] = 0
    return bool(call_part(work.part[PART_FACTOR], work, shift, 0.0) != 0.0)


@inlined
def _take_slope(work: Any, per_h: Any, shift: Any) -> None:
    """Subtract M y' of the polynomial from the rates in row RIGHT; a shift of 0: uncorrected."""
    vec, n = work.vec, work.size[N]
    right, mass, z1, correction = vec[RIGHT], vec[MASS], vec[Z + 1], vec[CORRECTION]
    if shift == 0.0:
        for i in range(n):
            right[i] -= mass[i] * (per_h * z1[i])
    else:
        for i in range(n):
            right[i] -= mass[i] * (per_h * z1[i] + shift * correction[i])


@summed
def _correct(work: Any, blend: Any, is_first: Any) -> Any:
    """Add the change to the correction and set Y_NEW; return the norm of the change."""
    vec, n, total = work.vec, work.size[N], 0.0
    y, z0, weight = vec[Y_NEW], vec[Z], vec[WEIGHT]
    correction, change = vec[CORRECTION], vec[CHANGE]
    if is_first:
        for i in range(n):
            correction[i] = blend * change[i]
            y[i] = z0[i] + correction[i]
            ratio = change[i] * weight[i]
            total += ratio * ratio
    else:
        for i in range(n):
            correction[i] += blend * change[i]
            y[i] = z0[i] + correction[i]
            ratio = change[i] * weight[i]
            total += ratio * ratio
    return np.sqrt(total / n)


@compiled
def _newton(work: Any, t: Any, h: Any, shift: Any) -> Any:
    """Find row CORRECTION and Y_NEW = Z + CORRECTION with M y' = f at t + h.

    Returns the norm of the correction, or a negative number if the iteration does not converge.
    """
    vec, clock = work.vec, work.clock
    per_h = 1.0 / h
    # Makes up for factors of another shift: exact for the fast and half right for the slow modes.
    blend = 2.0 / (1.0 + clock[SHIFT] / shift)
    most = _MOST_ITERATIONS if work.tune[FIXED_STEP] == 0.0 else _MOST_ITERATIONS_FIXED
    before = 0.0
    for iteration in range(most):
        rates(work, t + h, vec[Z] if iteration == 0 else vec[Y_NEW], vec[RIGHT])
        _take_slope(work, per_h, 0.0 if iteration == 0 else shift)
        work.stat[S_SOLVE] += 1
        call_part(work.part[PART_SOLVE], work, _SOLUTION, 0.0)
        size = blend * _correct(work, blend, iteration == 0)
        if not np.isfinite(size):
            return _NEWTON_FAILED
        if iteration > 0:
            clock[RATE] = max(_RATE_MEMORY * clock[RATE], size / before)
        if size * min(1.0, clock[RATE]) * clock[TEST] <= _NEWTON_SHARE:
            return size if iteration == 0 else _norm(work, CORRECTION)
        if iteration > 0 and size > _DIVERGING * before:
            return _NEWTON_FAILED
        before = size
    return _NEWTON_FAILED


@compiled
def _corrected(work: Any, t: Any, h: Any) -> Any:
    """Newton's method, with new factors where those at hand do not serve; see :func:`_newton`."""
    shift, old = work.clock[BDF_L + 1] / h, work.clock[SHIFT]
    if old > 0.0 and work.flag[AGE] < _MOST_AGE and abs(old / shift - 1.0) <= _SHIFT_SHARE:
        size = _newton(work, t, h, shift)
        if size >= 0.0:
            return size
    if not _factored(work, t + h, shift):
        work.clock[SHIFT] = 0.0
        return _NEWTON_FAILED
    return _newton(work, t, h, shift)


@summed
def _distance(work: Any, share: Any) -> Any:
    """Norm of the correction less a share of the one before."""
    vec, n, total = work.vec, work.size[N], 0.0
    for i in range(n):
        change = vec[CORRECTION, i] - share * vec[Z + MOST_ORDER, i]
        ratio = change * vec[WEIGHT, i]
        total += ratio * ratio
    return np.sqrt(total / n)


@compiled
def _growth_higher(work: Any, h: Any) -> Any:
    """Growth that the next order would allow: the correction's change tells y^(q + 2)."""
    clock, q = work.clock, work.flag[ORDER]
    share = clock[SCALE] / clock[SCALE_BEFORE] * (h / clock[BDF_PAST + 2]) ** (q + 1)
    size = _distance(work, share)
    return _growth(clock[TEST_HIGHER] * size, _BIAS_HIGHER, q + 2)


@compiled
def _plan(work: Any, h: Any, error: Any, is_clean: bool) -> None:
    """Choose order and size of the next step after an accepted one.

    q + 1 steps after a change of either, orders q - 1 and q + 1 are looked at too. After a rejected
    attempt the step stays as it is.
    """
    clock, flag = work.clock, work.flag
    q = flag[ORDER]
    flag[NEXT_ORDER] = q
    flag[WAIT] -= 1
    growth = _growth(error, _BIAS, q + 1) if is_clean else 1.0
    if flag[WAIT] <= 0:
        flag[WAIT] = 2
        if is_clean and q > 1:
            lower = _growth(clock[TEST_LOWER] * _norm(work, Z + q), _BIAS, q)
            if lower > growth:
                growth = lower
                flag[NEXT_ORDER] = q - 1
        if is_clean and q < work.size[MAX_ORDER]:
            higher = _growth_higher(work, h)
            if higher > growth:
                growth = higher
                flag[NEXT_ORDER] = q + 1
    if growth < _LEAST_GROWTH:
        growth = 1.0
        flag[NEXT_ORDER] = q
    if flag[WAIT] == 1 and q < MOST_ORDER:
        for i in range(work.size[N]):
            work.vec[Z + MOST_ORDER, i] = work.vec[CORRECTION, i]
        clock[SCALE_BEFORE] = clock[SCALE]
    clock[H_NEXT] = h * min(growth, _MOST_GROWTH)


@inlined
def _plan_fixed(work: Any) -> None:
    """Raise the order as soon as there is enough history; for tests of order."""
    flag = work.flag
    flag[NEXT_ORDER] = flag[ORDER]
    flag[WAIT] -= 1
    if flag[WAIT] <= 0 and flag[ORDER] < work.size[MAX_ORDER]:
        flag[NEXT_ORDER] = flag[ORDER] + 1
        flag[WAIT] = flag[ORDER] + 2


@compiled
def _try_step(work: Any, t: Any, h: Any) -> Any:
    """Change order and step as planned, predict, correct; return the norm of the correction."""
    flag = work.flag
    if flag[NEXT_ORDER] > flag[ORDER]:
        raise_order(work)
    elif flag[NEXT_ORDER] < flag[ORDER]:
        lower_order(work)
    if h != work.clock[BDF_H]:
        rescale(work, h)
        flag[WAIT] = flag[ORDER] + 1
    set_coefficients(work, h)
    advance_polynomial(work)
    return _corrected(work, t, h)


@inlined
def _shrunk(work: Any, error: Any, n_failed: Any) -> Any:
    """Factor on h after a rejected attempt; ``error`` is negative if Newton's method failed."""
    if error < 0.0:
        work.clock[SHIFT] = 0.0
        return _SHRINK_NEWTON
    factor = min(0.9, max(_MOST_SHRINK, _growth(error, _BIAS, work.flag[ORDER] + 1)))
    return factor if n_failed == 1 else min(factor, _SHRINK_AGAIN)


@compiled
def bdf_advance(work: Any, t: Any, t_stop: Any) -> Any:
    """Take one accepted step from (t, row Y) towards t_stop; return a status code or RESUME."""
    clock, flag, stat = work.clock, work.flag, work.stat
    _set_weights(work)
    if flag[ORDER] == STARTED:
        _begin(work)
    is_fixed = work.tune[FIXED_STEP] > 0.0
    n_failed = 0
    while True:
        if stat[S_STEPS] + stat[S_REJECTED] >= work.tune[MAX_STEPS]:
            return float(TOO_MANY_STEPS)
        h = step_to_try(work, t, t_stop)
        if h < smallest_step(t) and h < t_stop - t:
            return RESUME
        size = _try_step(work, t, h)
        error = size * clock[TEST]
        if error >= 0.0 and (error <= 1.0 or is_fixed):
            if is_fixed or work.size[HAS_CLAMP] == 0 or not undershoots(work):
                break
            error = _UNDERSHOT
        step_back(work)
        stat[S_REJECTED] += 1
        n_failed += 1
        clock[H_NEXT] = h * _shrunk(work, error, n_failed)
        if n_failed == _MOST_FAILURES or is_fixed:
            return RESUME
    correct_polynomial(work)
    for j in range(MOST_ORDER + 1, 1, -1):
        clock[BDF_PAST + j] = clock[BDF_PAST + j - 1]
    clock[BDF_PAST + 1] = h
    flag[AGE] += 1
    stat[S_STEPS] += 1
    clock[T_LEFT] = t
    clock[T_RIGHT] = t_stop if h == t_stop - t else t + h
    if is_fixed:
        _plan_fixed(work)
    else:
        _plan(work, h, error, n_failed == 0)
    return float(OK)
