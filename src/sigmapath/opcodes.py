"""Codes that a run plan hands to the compiled loop: jumps and readouts as numbers.

They stand below both sides, so that experiments and solvers need not know each other.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Distribution", "JumpOp", "ReducerOp"]


class JumpOp(IntEnum):
    """What happens to a run at a breakpoint; ``value``, ``index`` and ``scale`` come with it."""

    SET_PARAMETER = 0  # p[index] = value
    ADD_PARAMETER = 1  # p[index] += value (divided by p[scale] if scale >= 0)
    SET_STATE = 2  # y[index] = value
    ADD_STATE = 3  # y[index] += value (divided by p[scale] if scale >= 0): a bolus
    ADD_RATE = 4  # infusion[index] += value (divided by p[scale] if scale >= 0), until taken back
    HOLD = 5  # value 1: clamp y[index]; value 0: let it go


class ReducerOp(IntEnum):
    """What the loop computes of one observable over the window [after, until]."""

    FINAL = 0
    PEAK = 1
    TIME_TO_PEAK = 2
    TROUGH = 3
    TIME_TO_TROUGH = 4
    AUC = 5
    MEAN = 6
    AT = 7
    THRESHOLD_TIME = 8
    START = 9


class Distribution(IntEnum):
    """What a random draw is drawn from; names as in ``sigmapath.expr.distributions``."""

    UNIFORM = 0
    NORMAL = 1
    BERNOULLI = 2
    BINOMIAL = 3
    CAUCHY = 4
    CHISQUARE = 5
    EXPONENTIAL = 6
    GAMMA = 7
    LAPLACE = 8
    LOGNORMAL = 9
    POISSON = 10
    RAYLEIGH = 11
