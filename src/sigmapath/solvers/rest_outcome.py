"""How a search for a steady state ended: by which method, or why not.

Enters: nothing. Leaves: two codes with their messages. Written by :mod:`.rest_search` and
:mod:`.approach`, read by :mod:`.steady_state`.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Reason", "RestMethod"]


class RestMethod(IntEnum):
    """Which method found the steady state."""

    NONE = 0
    NEWTON = 1
    INTEGRATION = 2


class Reason(IntEnum):
    """Why a state at rest was not found; NONE when it was."""

    NONE = 0
    TIME_DEPENDENT = 1
    NOT_FINITE = 2
    STEP_TOO_SMALL = 3
    STILL_MOVING = 4
    OSCILLATING = 5
    GROWING = 6
    UNSTABLE = 7
    EVENT = 8

    @property
    def message(self) -> str:
        """What happened and what a user can do about it."""
        return _MESSAGES[self]


_MESSAGES = {
    Reason.NONE: "at rest",
    Reason.TIME_DEPENDENT: "the model depends on time explicitly, so it has no steady state; "
    "set what depends on time to a constant",
    Reason.NOT_FINITE: "a rate or a concentration is NaN or infinite; check for division by zero, "
    "powers or logarithms of negative values",
    Reason.STEP_TOO_SMALL: "the integration towards rest stalled: the solution blows up or jumps",
    Reason.STILL_MOVING: "the system still moves when the step limit is reached; raise max_steps",
    Reason.OSCILLATING: "the system keeps oscillating; simulate it for a given time instead",
    Reason.GROWING: "a state grows without bound: something is produced and never removed",
    Reason.UNSTABLE: "the start is an unstable steady state: the smallest disturbance leaves it; "
    "start elsewhere to reach a stable one",
    Reason.EVENT: "an event fires on the way to rest; simulate the approach instead",
}
