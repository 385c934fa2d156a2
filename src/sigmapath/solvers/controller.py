"""Step sizes: the first one, the next one, and the smallest the clock can resolve.

Enters: error norms, states and rates at a start. Leaves: step sizes. Called by the drive loop
and by the integration fallback of the steady state.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.rates import rates

__all__ = [
    "EXPLICIT_BETA",
    "GROW",
    "SAFETY",
    "SHRINK",
    "accepted_factor",
    "initial_step",
    "rejected_factor",
    "smallest_step",
]

N, RTOL, MASKED, MAX_STEP = at.N, at.RTOL, at.MASKED, at.MAX_STEP
(
    ATOL,
    MASK,
    Y,
    RATE,
    STAGE,
    RIGHT,
    MASS,
) = (
    at.ATOL,
    at.MASK,
    at.Y,
    at.RATE,
    at.STAGE,
    at.RIGHT,
    at.MASS,
)

# 1.2 times the bits of 1.0, read as a whole number; 0.045 of the spacing of exponents centres the
# error of the guess that rests on it.
_MIDDLE = 1.2 * (1023.0 - 0.045) * 2.0**52
# Both methods carry an error estimate of order four: it scales with h^5.
_POWER = 1.0 / 5.0
# 0.9 and 8 took 2 to 8 % more steps to the same error on the benchmark models.
SAFETY, SHRINK, GROW = 0.85, 0.2, 20.0
# Proportional part for the explicit method, which otherwise bounces off its stability limit.
EXPLICIT_BETA = 0.04


@inlined
def _inverse_fifth_root(x: Any) -> Any:
    """``x ** (-1/5)`` of numbers from 1e-10 to 1e10, to 2e-5: half the time of a power.

    A guess y from the exponent bits, within 4%, then y times the first terms of the series of
    (1 - d)^(-1/5) for d = 1 - x y^5.
    """
    bits = np.float64(np.float64(x).view(np.int64))
    y = np.int64(_MIDDLE - 0.2 * bits).view(np.float64)
    square = y * y
    d = 1.0 - (x * y) * (square * square)
    return y + y * d * (0.2 + d * (0.12 + d * (0.088 + d * 0.0704)))


@inlined
def accepted_factor(error: Any, last_error: Any, beta: Any = 0.0) -> Any:
    """Factor on h after an accepted step: a PI controller, plain integral with beta = 0.

    References
    ----------
    Hairer, Wanner (1996), Solving Ordinary Differential Equations II, section IV.2, "Stabilized
    step size control": exponents 1/k - 0.75 beta and beta; 0.04 in DOPRI5, none in RODAS. The
    exponents 0.7/k and 0.4/k of Gustafsson (1991), doi:10.1145/210232.210242, hold the step back
    where it should grow steadily, as in every relaxation: half as many steps again.
    """
    if error < 1e-10:
        return GROW
    if beta > 0.0:
        factor = error ** (0.75 * beta - _POWER) * max(last_error, 1e-4) ** beta
    else:
        factor = _inverse_fifth_root(error)
    factor *= SAFETY
    return min(GROW, max(SHRINK, factor))


@inlined
def rejected_factor(error: Any) -> Any:
    """Factor on h after a rejected step; a fixed cut where the error is not finite."""
    if not np.isfinite(error):
        return SHRINK
    return min(0.9, max(SHRINK, SAFETY * error ** (-_POWER)))


@inlined
def smallest_step(t: Any) -> Any:
    """Return the step below which t + h no longer differs reliably from t."""
    return 4.0 * 2.220446049250313e-16 * abs(t) + 1e-290


@compiled
def initial_step(work: Any, t: Any, span: Any) -> Any:
    """Guess a first step from the sizes of y, y' and the change of y' over a trial Euler step.

    Row RATE must hold f(t, y). Uses rows STAGE and RIGHT. Never more than ``span``.

    References
    ----------
    Hairer, Norsett, Wanner (1993), Solving Ordinary Differential Equations I, section II.4,
    "Starting step size".
    """
    vec = work.vec
    n = work.size[N]
    rtol = work.tune[RTOL]
    limit = min(span, work.tune[MAX_STEP])
    if n == 0:
        return limit
    size, slope = 0.0, 0.0
    for i in range(n):
        if work.flag[MASKED] != 0 and vec[MASK, i] != 0.0:
            continue
        scale = vec[ATOL, i] + rtol * abs(vec[Y, i])
        size += (vec[Y, i] / scale) ** 2
        slope += (vec[RATE, i] / scale) ** 2 * vec[MASS, i]
    size, slope = np.sqrt(size / n), np.sqrt(slope / n)
    # Nothing moves and nothing is there: the error estimate may judge a bold first step.
    if slope * limit < 1e-5:
        return limit
    trial = 1e-6 * limit if size < 1e-5 else 0.01 * size / slope
    trial = min(trial, limit)
    for i in range(n):
        vec[STAGE, i] = vec[Y, i] + trial * vec[RATE, i] * vec[MASS, i]
    rates(work, t + trial, vec[STAGE], vec[RIGHT])
    bend = 0.0
    for i in range(n):
        if work.flag[MASKED] != 0 and vec[MASK, i] != 0.0:
            continue
        scale = vec[ATOL, i] + rtol * abs(vec[Y, i])
        bend += ((vec[RIGHT, i] - vec[RATE, i]) / scale) ** 2 * vec[MASS, i]
    bend = np.sqrt(bend / n) / trial
    largest = max(slope, bend)
    if not np.isfinite(largest):
        return 1e-3 * trial
    step = max(1e-6 * limit, 1e-3 * trial) if largest <= 1e-15 else (0.01 / largest) ** _POWER
    return min(100.0 * trial, step, limit)
