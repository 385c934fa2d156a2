"""Find where root functions change sign inside a step, to the resolution of the clock.

Enters: an accepted step with its dense output. Leaves: the first time at which a sign differs
from that at the left end. Called by the drive loop for models with events or with conditions
in their equations.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers import layout as at
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.interpolate import look_inside
from sigmapath.solvers.rates import see_delayed

__all__ = ["first_root", "remember_roots", "vertex"]

(
    N_ROOT,
    NOW,
    Y,
    Y_AT,
    Y_NEW,
    A_ROOTS,
) = (
    at.N_ROOT,
    at.NOW,
    at.Y,
    at.Y_AT,
    at.Y_NEW,
    at.A_ROOTS,
)
N_LAG = at.N_LAG
T_LEFT, T_RIGHT, CHATTER = at.T_LEFT, at.T_RIGHT, at.CHATTER
ROOT_LEFT, ROOT_AT = at.ROOT_LEFT, at.ROOT_AT

# Interior points at which signs are looked at, so that a double crossing within a step shows.
_N_SAMPLE = 4
# A function that keeps changing sign within rounding of one point is left alone for one step.
_CHATTER_LIMIT = 4
_CHATTER_WIDTH = 1e-12


@compiled
def remember_roots(work: Any, t: Any) -> None:
    """Store the root functions at the state in row Y, the left end of the next step."""
    if work.size[N_ROOT] > 0:
        if work.size[N_LAG] != 0:
            see_delayed(work, t, work.vec[Y])
        work.clock[NOW] = t
        call_kernel(work.address[A_ROOTS], work.clock, work.vec[Y], work.p, work.root[ROOT_LEFT])


@compiled
def _has_changed(work: Any, t: Any) -> bool:
    """Whether any function's sign (-1, 0, 1) at t differs from that at the left end."""
    if t == work.clock[T_RIGHT]:
        y = work.vec[Y_NEW]
    else:
        look_inside(work, t)
        y = work.vec[Y_AT]
    if work.size[N_LAG] != 0:
        see_delayed(work, t, y)
    work.clock[NOW] = t
    call_kernel(work.address[A_ROOTS], work.clock, y, work.p, work.root[ROOT_AT])
    for k in range(work.size[N_ROOT]):
        left, here = work.root[ROOT_LEFT, k], work.root[ROOT_AT, k]
        if (left > 0.0) != (here > 0.0) or (left < 0.0) != (here < 0.0):
            return True
    return False


@compiled
def _touch(work: Any) -> Any:
    """Time within the step at which a function may dip through zero and back, -1.0 for none.

    Three neighbouring samples of one sign make a parabola; where its vertex lies between them, and
    on the far side of zero or nearly there, the signs are looked at in that place as well.
    """
    left, quarter = work.clock[T_LEFT], 0.25 * (work.clock[T_RIGHT] - work.clock[T_LEFT])
    for k in range(work.size[N_ROOT]):
        for i in range(_N_SAMPLE - 1):
            place = vertex(work.root[i, k], work.root[i + 1, k], work.root[i + 2, k])
            if place >= 0.0:
                t = left + quarter * (i + place)
                if _has_changed(work, t):
                    return t
    return -1.0


@inlined
def vertex(a: Any, b: Any, c: Any) -> Any:
    """Place, counted in samples from a, of a vertex beyond zero or nearly there; -1.0 for none."""
    bend, slope = 0.5 * (a - 2.0 * b + c), 0.5 * (c - a)
    if not b * bend > 0.0 or not abs(slope) <= 2.0 * abs(bend):
        return -1.0
    shift = -0.5 * slope / bend
    if (b + 0.5 * slope * shift) / b > at.NEAR_ROOT:
        return -1.0
    return 1.0 + shift


@compiled
def first_root(work: Any) -> Any:
    """Return the first time of a sign change in (T_LEFT, T_RIGHT], or -1.0 if there is none.

    Bisection on "has any sign changed": the time returned lies on the far side of the root, at
    most two spacings of the clock beyond it, so that triggers evaluated there have switched.
    """
    left, right = work.clock[T_LEFT], work.clock[T_RIGHT]
    before, after = left, -1.0
    for sample in range(1, _N_SAMPLE + 1):
        t = right if sample == _N_SAMPLE else left + (right - left) * (sample / _N_SAMPLE)
        if _has_changed(work, t):
            after = t
            break
        before = t
        for k in range(work.size[N_ROOT]):
            work.root[sample, k] = work.root[ROOT_AT, k]
    if after < 0.0:
        before, after = left, _touch(work)
    if after < 0.0:
        work.flag[CHATTER] = 0
        return -1.0
    # Near t = 0 floats are dense without end: relative to the step they need not be resolved.
    while after - before > max(2.3e-16 * abs(after), 1e-20 * (right - left)):
        middle = 0.5 * (before + after)
        if middle <= before or middle >= after:
            break
        if _has_changed(work, middle):
            after = middle
        else:
            before = middle
    if after - left <= _CHATTER_WIDTH * max(abs(left), right - left):
        work.flag[CHATTER] += 1
        if work.flag[CHATTER] > _CHATTER_LIMIT:
            work.flag[CHATTER] = 0
            return -1.0
    else:
        work.flag[CHATTER] = 0
    return after
