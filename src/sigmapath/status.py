"""How a run ended: the status codes that kernels return and the counters of a solve.

Kernels cannot raise; they return one of these codes. Results carry them as the variable
``status`` (int8, CF ``flag_values`` / ``flag_meanings``), messages quote :attr:`Status.message`.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["STAT_NAMES", "Status"]


class Status(IntEnum):
    """Outcome of one run; 0 is success, everything else leaves NaN in the results."""

    OK = 0
    STEP_TOO_SMALL = 1
    TOO_MANY_STEPS = 2
    NOT_FINITE = 3
    SINGULAR = 4
    NO_CONVERGENCE = 5
    EVENT_STORM = 6
    NO_STEADY_STATE = 7
    BAD_START = 8
    INTERRUPTED = 9
    NOT_RUN = 10
    NEGATIVE_RATE = 11
    NEGATIVE_AMOUNT = 12

    @property
    def meaning(self) -> str:
        """One word for the CF attribute ``flag_meanings``."""
        return self.name.lower()

    @property
    def message(self) -> str:
        """What happened and what a user can do about it."""
        return _MESSAGES[self]


_MESSAGES = {
    Status.OK: "done",
    Status.STEP_TOO_SMALL: "the step size fell below what the clock resolves: the solution blows "
    "up or jumps; check rate constants and loosen rtol",
    Status.TOO_MANY_STEPS: "the step limit was reached before the end; raise max_steps or loosen "
    "rtol",
    Status.NOT_FINITE: "a rate or a concentration is NaN or infinite; check for division by zero, "
    "powers or logarithms of negative values",
    Status.SINGULAR: "the linear system of the implicit method stayed singular",
    Status.NO_CONVERGENCE: "the Newton iteration did not converge",
    Status.EVENT_STORM: "events fire each other without end at one instant",
    Status.NO_STEADY_STATE: "no steady state was found before the run, so it was not started",
    Status.BAD_START: "the initial values are not finite",
    Status.INTERRUPTED: "interrupted by the user",
    Status.NOT_RUN: "not run",
    Status.NEGATIVE_RATE: "the rate of a reaction turned negative, which no probability can be: "
    "split a reversible reaction into its two directions",
    Status.NEGATIVE_AMOUNT: "a reaction took more of a species than there was: make its kinetic "
    "law zero where the reactants do not suffice, and start from whole amounts",
}

# The int64 counters that every solve returns, in this order.
STAT_NAMES = (
    "n_steps",
    "n_rejected",
    "n_rhs",
    "n_jac",
    "n_factor",
    "n_solve",
    "n_events",
)
