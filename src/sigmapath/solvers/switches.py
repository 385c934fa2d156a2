"""Conditions on time alone: when they switch is known, so steps end there and never look across.

Enters: a worker's arrays after a start, a jump, an event or a switch. Leaves: the next time at
which a root function that time alone moves (``Kernels.n_timed``) has another sign. Called by the
drive loops.

A step up to a switch ends a few floats short of it, so that every evaluation sees the equations of
before, and is then said to have reached it: the state moves by less than its rounding in between.
Behind the switch the run starts anew. A function that is zero at the float c has two switches, c
and the next float: ``time >= c`` turns at the first, ``time > c`` at the second. From one to the
other no step is taken.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled, inlined

__all__ = ["note_switch", "reach"]

N_ROOT, N_TIMED, A_ROOTS = at.N_ROOT, at.N_TIMED, at.A_ROOTS
NOW, T_END, T_SWITCH, Y, ROOT_AT = at.NOW, at.T_END, at.T_SWITCH, at.Y, at.ROOT_AT

# Rows of ``work.root`` that are free between steps.
_BEFORE, _AFTER = 1, 2
# Near t = 0 floats are dense without end: as a share of the run they need not be resolved.
_FINEST = 1e-30
# Nearly one spacing of floats, as a share.
_SPACING = 2.3e-16
# Two to four spacings short of a switch: t + (t_stop - t) may miss t_stop by one.
_SHORT = 1.0 - 2.0**-51


@inlined
def _evaluate(work: Any, t: Any, row: Any) -> None:
    work.clock[NOW] = t
    call_kernel(work.address[A_ROOTS], work.clock, work.vec[Y], work.p, work.root[row])


@inlined
def _differ(a: Any, b: Any) -> bool:
    """Whether two numbers differ in sign, which is -1, 0 or 1."""
    return bool((a > 0.0) != (b > 0.0) or (a < 0.0) != (b < 0.0))


@compiled
def _has_switched(work: Any, t: Any) -> bool:
    """Whether any timed function's sign at t differs from that in row _BEFORE."""
    _evaluate(work, t, ROOT_AT)
    first = work.size[N_ROOT]
    for k in range(first, first + work.size[N_TIMED]):
        if _differ(work.root[_BEFORE, k], work.root[ROOT_AT, k]):
            return True
    return False


@compiled
def _first_switched(work: Any, low: Any, high: Any, guess: Any) -> Any:
    """First float in (low, high] at which a sign has changed, which it has at high.

    What has switched does not switch back, so that brackets around the guess and bisection find it.
    """
    finest = _FINEST * work.clock[T_END]
    width = max(_SPACING * abs(guess), finest)
    if guess > low and (guess >= high or _has_switched(work, guess)):
        high = min(guess, high)
        while high - width > low:
            trial = high - width
            if not _has_switched(work, trial):
                low = trial
                break
            high = trial
            width *= 4.0
    else:
        low = max(low, guess)
        while low + width < high:
            trial = low + width
            if _has_switched(work, trial):
                high = trial
                break
            low = trial
            width *= 4.0
    while high - low > finest:
        middle = low + 0.5 * (high - low)
        if middle <= low or middle >= high:
            break
        if _has_switched(work, middle):
            high = middle
        else:
            low = middle
    return high


@compiled
def note_switch(work: Any, t: Any) -> None:
    """Write the first time after t, up to the end of the run, at which a timed function switches.

    It goes to clock[T_SWITCH] and holds until then, or until p changes; infinity if there is none.
    """
    work.clock[T_SWITCH] = np.inf
    end, first = work.clock[T_END], work.size[N_ROOT]
    if work.size[N_TIMED] == 0 or not t < end:
        return
    _evaluate(work, t, _BEFORE)
    _evaluate(work, end, _AFTER)
    guess = np.inf
    for k in range(first, first + work.size[N_TIMED]):
        before, after = work.root[_BEFORE, k], work.root[_AFTER, k]
        if _differ(before, after):
            place = t + (end - t) * (before / (before - after))
            # Not a number where a side is not finite: any guess will do.
            guess = min(guess, place if place >= t else t)
    if guess < np.inf:
        work.clock[T_SWITCH] = _first_switched(work, t, end, guess)


@inlined
def reach(work: Any, t_stop: Any) -> Any:
    """How far to integrate in order to reach t_stop; not beyond t if nothing lies between."""
    return min(t_stop, _SHORT * work.clock[T_SWITCH] - 4.0 * _FINEST * work.clock[T_END])
