"""Delayed values: what they were, remembered step by step, and written into p before each use.

Enters: a worker's arrays, accepted steps with their dense output. Leaves: delayed values in p.
Called, through a part of its own, wherever a kernel is called, only for models with delays.

A stretch of time is remembered as the values of every delayed quantity at five equidistant points,
which a quartic joins. A stretch on which the quartic misses is halved, so that a jump inside a step
(one that is itself delayed) is fenced in. Stretches stand in a ring; what has dropped out of it is
NaN, so that a run that asks for it fails and does not go on with something else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.interpolate import interpolate

__all__ = ["longest_step", "mark", "remember_step", "write_delayed"]

N, N_LAG, N_PARAM = at.N, at.N_LAG, at.N_PARAM
A_LAGS, A_LAGGED, A_PAST = at.A_LAGS, at.A_LAGGED, at.A_PAST
NOW, T_LEFT, T_MARK, T_END = at.NOW, at.T_LEFT, at.T_MARK, at.T_END
RTOL, N_STRETCH = at.RTOL, at.N_STRETCH
ATOL, LAG_Y, Y_AT = at.ATOL, at.LAG_Y, at.Y_AT
LAG_NOW, LAG_VALUE, LAG_PAST, LAG_MARK, LAG_TRIAL, LAG_BEFORE = (
    at.LAG_NOW,
    at.LAG_VALUE,
    at.LAG_PAST,
    at.LAG_MARK,
    at.LAG_TRIAL,
    at.LAG_BEFORE,
)

# Columns of a stretch: its ends, then five values of each delayed quantity.
_LEFT, _RIGHT, _VALUES = 0, 1, 2
_NODES = 5
# Lags shorter than this share of the run do not shorten the steps: inside a step a delayed value
# is taken from the line between the left end and the moment itself.
_SHORTEST = 1e-3
# So many echoes of the start are sharper than the methods' order, and what counts as reached.
_ECHOES, _HAIR = 5.0, 1e-12
# Halvings of a step in search of a stretch that the quartic fits.
_FINEST = 2.0**-24


@compiled
def _quartic(row: Any, k: Any, theta: Any) -> Any:
    """Value of quantity k at theta in [0, 1] of a stretch, by Newton's divided differences."""
    first = _VALUES + _NODES * k
    x = 4.0 * theta
    d0, d1, d2, d3, d4 = row[first], row[first + 1], row[first + 2], row[first + 3], row[first + 4]
    d4, d3, d2, d1 = d4 - d3, d3 - d2, d2 - d1, d1 - d0
    d4, d3, d2 = d4 - d3, d3 - d2, d2 - d1
    d4, d3 = d4 - d3, d3 - d2
    d4 -= d3
    inner = d3 / 6.0 + (x - 3.0) * d4 / 24.0
    inner = 0.5 * d2 + (x - 2.0) * inner
    return d0 + x * (d1 + (x - 1.0) * inner)


@compiled
def _call(work: Any, which: Any, t: Any, row: Any) -> None:
    work.clock[NOW] = t
    call_kernel(work.address[which], work.clock, work.vec[LAG_Y], work.p, work.lag[row])


@compiled
def _within_step(work: Any, k: Any, s: Any, t: Any) -> Any:
    """Quantity k at s in the step under way, whose state at t stands in row LAG_Y."""
    _call(work, A_LAGGED, t, LAG_VALUE)
    value, start = work.lag[LAG_VALUE, k], work.clock[T_MARK]
    if s >= t or t <= start:
        return value
    left = work.lag[LAG_MARK, k]
    return left + (s - start) / (t - start) * (value - left)


@compiled
def _look_up(work: Any, k: Any, s: Any, t: Any) -> Any:
    """Quantity k at the time s <= t."""
    if not s >= 0.0:
        work.clock[NOW] = s
        call_kernel(work.address[A_PAST], work.clock, work.q, work.p, work.lag[LAG_PAST])
        return work.lag[LAG_PAST, k]
    count, size = work.flag[N_STRETCH], work.history.shape[0]
    if count == 0 or s >= t or s > work.history[(count - 1) % size, _RIGHT]:
        return _within_step(work, k, s, t)
    low, high = max(0, count - size), count - 1
    if s < work.history[low % size, _LEFT]:
        return np.nan
    while low < high:
        middle = (low + high + 1) // 2
        if work.history[middle % size, _LEFT] <= s:
            low = middle
        else:
            high = middle - 1
    row = work.history[low % size]
    return _quartic(row, k, (s - row[_LEFT]) / (row[_RIGHT] - row[_LEFT]))


@compiled
def write_delayed(work: Any, t: Any) -> None:
    """Write the delayed values at t, the state in row LAG_Y, into p.

    A lag or a value may rest on another delayed value, so the pass is repeated until nothing
    changes: at most once per delay, and once for one.
    """
    n, first = work.size[N_LAG], work.size[N_PARAM]
    for _ in range(n):
        is_same = True
        for k in range(n):
            _call(work, A_LAGS, t, LAG_NOW)
            lag = work.lag[LAG_NOW, k]
            # A negative lag asks for the future (section 3.4.6 has none).
            value = np.nan if lag < 0.0 else _look_up(work, k, t - lag, t)
            old = work.p[first + k]
            if value != old and (value == value or old == old):
                is_same = False
            work.p[first + k] = value
        if is_same or n == 1:
            return


@compiled
def _values_at(work: Any, t: Any, row: Any) -> None:
    """Delayed quantities at a time within the last step, into a row of ``lag``."""
    interpolate(work, t, work.vec[LAG_Y])
    write_delayed(work, t)
    _call(work, A_LAGGED, t, row)


@compiled
def _misses(work: Any, row: Any, left: Any, right: Any) -> bool:
    """Whether the quartic misses a value between its points by more than the tolerances."""
    floor = work.vec[ATOL, 0] if work.size[N] > 0 else 1e-3 * work.tune[RTOL]
    for theta in (0.125, 0.625, 0.9):
        _values_at(work, left + theta * (right - left), LAG_TRIAL)
        for k in range(work.size[N_LAG]):
            value = work.lag[LAG_TRIAL, k]
            error = abs(_quartic(row, k, theta) - value)
            if error > floor + 10.0 * work.tune[RTOL] * abs(value):
                return True
    return False


@compiled
def remember_step(work: Any, t: Any) -> None:
    """Remember the last step up to t; must be called before row Y moves on."""
    left, size = work.clock[T_LEFT], work.history.shape[0]
    finest = _FINEST * (t - left)
    while left < t:
        right = t
        row = work.history[work.flag[N_STRETCH] % size]
        while True:
            for i in range(_NODES):
                s = right if i == _NODES - 1 else left + (right - left) * (0.25 * i)
                _values_at(work, s, LAG_TRIAL)
                for k in range(work.size[N_LAG]):
                    row[_VALUES + _NODES * k + i] = work.lag[LAG_TRIAL, k]
            if right - left <= finest or not _misses(work, row, left, right):
                break
            right = left + 0.5 * (right - left)
        row[_LEFT], row[_RIGHT] = left, right
        work.flag[N_STRETCH] += 1
        left = right


@compiled
def mark(work: Any, t: Any) -> None:
    """Note the delayed quantities at (t, row Y), the left end of the next step."""
    for i in range(work.size[N]):
        work.vec[LAG_Y, i] = work.vec[at.Y, i]
    work.clock[T_MARK] = t
    write_delayed(work, t)
    _call(work, A_LAGGED, t, LAG_MARK)


@compiled
def longest_step(work: Any) -> Any:
    """Length of the next step within which all delayed values are known; call after ``mark``.

    The start of the run is a kink: before it values stand still, behind it they move. After one lag
    it comes back, after two weaker, and so on; steps end there, for an error estimate that looks
    across the first such echo need not see it. Lags that change have no such times: an echo that
    always lies a little ahead would cut every step.
    """
    longest, t = work.clock[T_END], work.clock[T_MARK]
    shortest = _SHORTEST * longest
    for k in range(work.size[N_LAG]):
        lag = work.lag[LAG_NOW, k]
        if lag > 0.0:
            longest = min(longest, max(lag, shortest))
        is_steady = t > 0.0 and lag == work.lag[LAG_BEFORE, k]
        work.lag[LAG_BEFORE, k] = lag
        if is_steady and lag > shortest:
            # An echo that rounding puts a hair before or behind t has been reached.
            echo = np.floor(t / lag * (1.0 + _HAIR) + _HAIR) + 1.0
            if echo <= _ECHOES:
                longest = min(longest, echo * lag - t)
    return longest
