"""Consistent states: algebraic states that satisfy their equations, fast reactions at rest.

Enters: a worker's arrays at a time t with the state in row Y. Leaves: row Y made consistent at the
same t. Called by the drive loop and the events wherever a run starts anew, only for models with
algebraic states or fast reactions; others never come here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.rates import jacobian, rates
from sigmapath.solvers.work import call_part
from sigmapath.status import Status

__all__ = ["make_consistent"]

OK, SINGULAR, NO_CONVERGENCE, NOT_FINITE = (
    int(Status.OK),
    int(Status.SINGULAR),
    int(Status.NO_CONVERGENCE),
    int(Status.NOT_FINITE),
)
N, RTOL, HAS_ALGEBRAIC, HAS_FAST, SLOW_SHARE = (
    at.N,
    at.RTOL,
    at.HAS_ALGEBRAIC,
    at.HAS_FAST,
    at.SLOW_SHARE,
)
MASKED, JAC_IS_FRESH, HELD = at.MASKED, at.JAC_IS_FRESH, at.HELD
ATOL, MASS, CLAMP, Y, STAGE, RIGHT, K = (
    at.ATOL,
    at.MASS,
    at.CLAMP,
    at.Y,
    at.STAGE,
    at.RIGHT,
    at.K,
)
PART_FACTOR, PART_SOLVE = at.PART_FACTOR, at.PART_SOLVE

# So large that differential rows of shift M - J stand still.
_STILL = 1e120
_MOST_ITERATIONS = 60
_MOST_HALVINGS = 12

# L-stable two-stage Rosenbrock method, gamma = 1 - 1/sqrt(2): Verwer, Spee, Blom, Hundsdorfer
# (1999), SIAM J. Sci. Comput. 20:1456, doi:10.1137/S1064827597326651, ROS2 with its first-order
# companion. Of the way to rest only the end counts, which is exact, and on which side of an
# unstable point it goes.
_GAMMA = 1.0 - 1.0 / np.sqrt(2.0)
_PATH_RTOL, _PATH_ATOL = 1e-4, 1e-9
_MOST_STEPS = 5000
# Rest: time has grown by this factor since the first step, or nothing moves any more.
_LONG = 1e14
_UNMOVED = 1e-15


@compiled
def _residual_norm(work: Any, t: Any, y: Any) -> Any:
    """Euclidean norm of the residuals at row y; leaves them in row RIGHT, other rows zero."""
    right = work.vec[RIGHT]
    rates(work, t, y, right)
    total = 0.0
    for i in range(work.size[N]):
        if work.vec[MASS, i] != 0.0 or work.vec[HELD, i] != 0.0:
            right[i] = 0.0
        total += right[i] * right[i]
    return np.sqrt(total)


@compiled
def _nudge(work: Any) -> None:
    """Move algebraic states off a point at which their equations do not determine them."""
    for i in range(work.size[N]):
        if work.vec[MASS, i] == 0.0:
            work.vec[Y, i] += 0.1 * (1.0 + abs(work.vec[Y, i]))


@compiled
def _solve_algebraic(work: Any, t: Any) -> Any:
    """Newton's method on the algebraic rows, the differential states held; damped."""
    vec = work.vec
    n = work.size[N]
    y, trial, step = vec[Y], vec[STAGE], vec[K]
    norm = _residual_norm(work, t, y)
    for _ in range(_MOST_ITERATIONS):
        if norm == 0.0:
            return OK
        jacobian(work, t, y)
        if not np.isfinite(norm) or call_part(work.part[PART_FACTOR], work, _STILL, 0.0) == 0.0:
            _nudge(work)
            norm = _residual_norm(work, t, y)
            continue
        call_part(work.part[PART_SOLVE], work, 0.0, 0.0)
        size = 0.0
        for i in range(n):
            if vec[MASS, i] != 0.0 or vec[HELD, i] != 0.0:
                step[i] = 0.0
            size = max(size, abs(step[i]) / (vec[ATOL, i] + work.tune[RTOL] * abs(y[i])))
        share = 1.0
        for _ in range(_MOST_HALVINGS):
            for i in range(n):
                trial[i] = y[i] + share * step[i]
            new_norm = _residual_norm(work, t, trial)
            if new_norm <= norm:
                break
            share *= 0.5
        # A step far below the tolerance that no longer lowers the residual: rounding is left.
        if new_norm > norm and size > 1e-3:
            return NO_CONVERGENCE
        for i in range(n):
            y[i] = trial[i]
        norm = new_norm
        if share == 1.0 and size <= 1e-6:
            return OK
    return NO_CONVERGENCE


@compiled
def _largest(row: Any, n: Any) -> Any:
    """Largest absolute value of a row; NaN and infinity come through."""
    largest = 0.0
    for i in range(n):
        size = abs(row[i])
        if not size <= largest:
            largest = size
    return largest


@compiled
def _relax_step(work: Any, t: Any, h: Any, scale: Any) -> Any:
    """One ROS2 step of the fast part into row STAGE; return its error, negative when singular."""
    vec = work.vec
    n = work.size[N]
    y, x, right, first, second = vec[Y], vec[STAGE], vec[RIGHT], vec[K], vec[K + 1]
    jacobian(work, t, y)
    if call_part(work.part[PART_FACTOR], work, 1.0 / (_GAMMA * h), 0.0) == 0.0:
        return -1.0
    rates(work, t, y, right)
    call_part(work.part[PART_SOLVE], work, 0.0, 0.0)
    for i in range(n):
        x[i] = y[i] + first[i] / _GAMMA
    rates(work, t, x, right)
    for i in range(n):
        right[i] -= 2.0 * vec[MASS, i] * first[i] / (_GAMMA * h)
    call_part(work.part[PART_SOLVE], work, 1.0, 0.0)
    error = 0.0
    for i in range(n):
        x[i] = y[i] + (1.5 * first[i] + 0.5 * second[i]) / _GAMMA
        tolerated = _PATH_RTOL * max(abs(y[i]), abs(x[i])) + _PATH_ATOL * scale
        ratio = 0.5 * abs(first[i] + second[i]) / (_GAMMA * tolerated)
        if not ratio <= error:
            error = ratio
    return error


@compiled
def _relax(work: Any, t: Any) -> Any:
    """Integrate the fast part alone, the time standing still, until it is at rest."""
    vec = work.vec
    n = work.size[N]
    y, x = vec[Y], vec[STAGE]
    rates(work, t, y, vec[RIGHT])
    speed = _largest(vec[RIGHT], n)
    if speed == 0.0:
        return OK
    scale = _largest(y, n)
    if not np.isfinite(speed) or not np.isfinite(scale):
        return NOT_FINITE
    first_step = 1e-4 * max(scale, 1e-6 * speed) / speed
    h = first_step
    for _ in range(_MOST_STEPS):
        error = _relax_step(work, t, h, scale)
        if not 0.0 <= error <= 1.0:
            is_known = 0.0 <= error < np.inf
            h *= max(0.1, 0.8 / np.sqrt(error)) if is_known else 0.1
            if h < 1e-6 * first_step:
                return NO_CONVERGENCE
            continue
        moved = 0.0
        for i in range(n):
            moved = max(moved, abs(x[i] - y[i]))
            y[i] = x[i]
        scale = max(scale, _largest(y, n))
        if h > _LONG * first_step or (moved <= _UNMOVED * scale and h > 1e4 * first_step):
            return OK if moved <= 1e-6 * scale else NO_CONVERGENCE
        h *= min(8.0, 0.8 / np.sqrt(max(error, 1e-4)))
    return NO_CONVERGENCE


@compiled
def make_consistent(work: Any, t: Any) -> Any:
    """Bring row Y to rest and onto its algebraic equations at time t; return a status code.

    Uses rows STAGE, RIGHT, K, K + 1 and the Jacobian.
    """
    status = OK
    work.flag[MASKED] = 0
    if work.size[HAS_ALGEBRAIC] != 0:
        status = _solve_algebraic(work, t)
    if status == OK and work.size[HAS_FAST] != 0:
        work.p[work.size[SLOW_SHARE]] = 0.0
        status = _relax(work, t)
        work.p[work.size[SLOW_SHARE]] = 1.0
        for i in range(work.size[N]):
            if work.vec[CLAMP, i] != 0.0 and work.vec[Y, i] < 0.0:
                work.vec[Y, i] = 0.0
        if status == OK and work.size[HAS_ALGEBRAIC] != 0:
            status = _solve_algebraic(work, t)
    work.flag[JAC_IS_FRESH] = 0
    return status
