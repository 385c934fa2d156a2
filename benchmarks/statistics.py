"""The few statistics that every measurement here uses: pure functions, tested on their own.

Enters: samples of time, pairs of (error, time). Leaves: medians, spreads, ratios.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Bracket",
    "Spread",
    "bracket_error",
    "power_law",
    "ratios",
    "scaled_rms_error",
    "spread",
    "time_at_error",
]

# States below this do not count by their relative error: it is atol / rtol of every solve here.
ERROR_FLOOR = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median and quartiles of n samples."""

    median: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.median:.3g} [{self.low:.3g}, {self.high:.3g}]"


def spread(samples: Sequence[float]) -> Spread:
    """Median and quartiles; NaN throughout if there are no samples."""
    if len(samples) == 0:
        return Spread(median=np.nan, low=np.nan, high=np.nan, n=0)
    low, median, high = np.percentile(samples, [25, 50, 75])
    return Spread(median=float(median), low=float(low), high=float(high), n=len(samples))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Spread of theirs / ours over rounds: each pair was measured back to back.

    The median of ratios, not the ratio of medians: what slows a whole round down cancels.
    """
    if len(ours) != len(theirs):
        raise ValueError("ratios are taken round by round")
    return spread([b / a for a, b in zip(ours, theirs, strict=True)])


def scaled_rms_error(values: ArrayLike, reference: ArrayLike) -> float:
    """Root mean square of |y - ref| / (|ref| + 1e-3) over all times and states.

    Parameters
    ----------
    values, reference : array, shape (n_time, n_state)
        In the same units. NaN in ``values`` gives NaN: a failed run has no error.
    """
    y, ref = np.asarray(values, dtype=float), np.asarray(reference, dtype=float)
    if y.shape != ref.shape:
        raise ValueError(f"shapes differ: {y.shape} and {ref.shape}")
    return float(np.sqrt(np.mean(((y - ref) / (np.abs(ref) + ERROR_FLOOR)) ** 2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Two neighbours on a work-precision curve, and where between them an error lies.

    ``loose`` and ``tight`` are positions on the curve; ``share`` is 0 at the loose end and 1 at the
    tight one. ``inside`` is False where the curve does not reach the error: the nearest end stands
    in for it.
    """

    loose: int
    tight: int
    share: float
    inside: bool


def bracket_error(errors: Sequence[float], wanted: float) -> Bracket:
    """Find the error ``wanted`` on a curve that runs from loose to tight tolerances.

    The tight neighbour is the loosest tolerance that reaches the error, so a curve with bumps is
    never credited with luck further down.
    """
    if len(errors) == 0 or not np.isfinite(wanted) or wanted <= 0.0:
        raise ValueError("a curve and a positive error are needed")
    reached = [i for i, error in enumerate(errors) if error <= wanted]
    if not reached:
        last = len(errors) - 1
        return Bracket(loose=last, tight=last, share=1.0, inside=False)
    tight = reached[0]
    if tight == 0:
        return Bracket(loose=0, tight=0, share=0.0, inside=errors[0] == wanted)
    loose = tight - 1
    if errors[tight] <= 0.0:
        return Bracket(loose=loose, tight=tight, share=1.0, inside=True)
    share = np.log(errors[loose] / wanted) / np.log(errors[loose] / errors[tight])
    return Bracket(loose=loose, tight=tight, share=float(share), inside=True)


def time_at_error(loose: float, tight: float, share: float) -> float:
    """Time between two points of the curve, interpolated in log time over log error."""
    return float(np.exp((1.0 - share) * np.log(loose) + share * np.log(tight)))


def power_law(sizes: ArrayLike, times: ArrayLike) -> float:
    """Exponent k of the least-squares fit time = c * size^k."""
    x, y = np.log(np.asarray(sizes, dtype=float)), np.log(np.asarray(times, dtype=float))
    if x.size < 2 or np.ptp(x) == 0.0:
        raise ValueError("an exponent needs two sizes or more")
    centred: NDArray[np.float64] = x - x.mean()
    return float(centred @ (y - y.mean()) / (centred @ centred))
