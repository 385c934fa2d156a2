"""Apply the scheduled changes of one instant: doses, infusions, phases, held states.

Enters: the jump table and one run's values. Leaves: changed p, y, infusions, holds. Called by
the drive loop at breakpoints.
"""

from __future__ import annotations

from typing import Any

from sigmapath.opcodes import JumpOp
from sigmapath.solvers import layout as at
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.work import call_part

__all__ = ["apply_jump", "derive", "settle", "settled"]

SET_PARAMETER, ADD_PARAMETER = int(JumpOp.SET_PARAMETER), int(JumpOp.ADD_PARAMETER)
SET_STATE, ADD_STATE = int(JumpOp.SET_STATE), int(JumpOp.ADD_STATE)
ADD_RATE, HOLD = int(JumpOp.ADD_RATE), int(JumpOp.HOLD)
N, NOW, A_DERIVE = at.N, at.NOW, at.A_DERIVE
(
    Y,
    FORCING,
    HELD,
    MASK,
    RATE,
) = (
    at.Y,
    at.FORCING,
    at.HELD,
    at.MASK,
    at.RATE,
)
FORCED, HAS_HELD, MASKED = at.FORCED, at.HAS_HELD, at.MASKED
PART_CONSISTENT = at.PART_CONSISTENT


@inlined
def derive(work: Any, t: Any) -> None:
    """Refill the derived tail of p after settable quantities changed."""
    if work.address[A_DERIVE] != 0:
        work.clock[NOW] = t
        call_kernel(work.address[A_DERIVE], work.clock, work.vec[Y], work.p, work.p)


@compiled
def apply_jump(work: Any, op: Any, index: Any, scale: Any, value: Any) -> None:
    """Apply one row of the jump table; see :class:`sigmapath.opcodes.JumpOp`."""
    vec = work.vec
    amount = value / work.p[scale] if scale >= 0 else value
    if op == SET_PARAMETER:
        work.p[index] = value
    elif op == ADD_PARAMETER:
        work.p[index] += amount
    elif op == SET_STATE:
        vec[Y, index] = value
    elif op == ADD_STATE:
        vec[Y, index] += amount
    elif op == ADD_RATE:
        vec[FORCING, index] += amount
        work.flag[FORCED] = 1
    elif op == HOLD:
        vec[HELD, index] = 1.0 if value != 0.0 else 0.0
        work.flag[HAS_HELD] = 1


@compiled
def settled(work: Any, t: Any) -> Any:
    """Make row Y consistent where the model asks for it; return a status code."""
    return int(call_part(work.part[PART_CONSISTENT], work, t, 0.0))


@compiled
def settle(work: Any) -> bool:
    """Decide which states stand still from here on; False if the start is not usable.

    Row RATE must hold f(t, y) without a mask. Held states are masked. So is a state that is NaN
    or infinite but whose rate is zero: a quantity without a value that nothing uses must not
    spoil a run. Any other state or rate that is not finite makes the start unusable.
    """
    vec = work.vec
    work.flag[MASKED] = 0
    for i in range(work.size[N]):
        is_held = vec[HELD, i] != 0.0
        value, rate = vec[Y, i], vec[RATE, i]
        # x - x is zero for finite x only.
        is_lost = value - value != 0.0
        if rate - rate != 0.0 and not is_held:
            return False
        if is_lost and not is_held and rate != 0.0:
            return False
        vec[MASK, i] = 1.0 if is_held or is_lost else 0.0
        if vec[MASK, i] != 0.0:
            work.flag[MASKED] = 1
            vec[RATE, i] = 0.0
    return True
