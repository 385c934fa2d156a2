"""How much of parameter space a claim holds in, and which parameters decide it.

Enters: a judgement over the members of an ensemble. Leaves: a :class:`Share`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sigmapath.evidence.judging import Judgement
from sigmapath.evidence.measures import FloatArray

__all__ = ["Share", "share_of_space", "wilson_interval"]

# Normal quantile of a two-sided 95 % interval.
_Z95 = 1.959963984540054
_MOST_DECIDERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Share of the draws in which a claim holds.

    Parameters
    ----------
    n_draw, n_ran, n_pass : int
        Draws; those whose runs all came to their end (a resting state was found); those that pass.
    share, low, high : float
        Of the draws that ran, with its 95 % interval; NaN if none ran.
    share_of_all, all_low, all_high : float
        The same with draws that did not run counted as not holding.
    deciders : tuple of (id, float)
        Parameters that decide, by rank correlation with passing; + means more of it helps.
    """

    n_draw: int
    n_ran: int
    n_pass: int
    share: float
    low: float
    high: float
    share_of_all: float
    all_low: float
    all_high: float
    deciders: tuple[tuple[str, float], ...]


def wilson_interval(successes: int, n: int) -> tuple[float, float]:
    """95 % confidence interval of a proportion (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Examples
    --------
    >>> [round(edge, 3) for edge in wilson_interval(9, 10)]
    [0.596, 0.982]
    """
    if n == 0:
        return math.nan, math.nan
    p, z2 = successes / n, _Z95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def share_of_space(judgement: Judgement, draws: Mapping[str, FloatArray]) -> Share:
    """Return in which share of the draws a claim holds; the nominal member is left out."""
    passed, ran = judgement.passed[1:], judgement.ran[1:]
    n_draw, n_ran, n_pass = len(passed), int(ran.sum()), int(passed.sum())
    low, high = wilson_interval(n_pass, n_ran)
    all_low, all_high = wilson_interval(n_pass, n_draw)
    return Share(
        n_draw=n_draw,
        n_ran=n_ran,
        n_pass=n_pass,
        share=n_pass / n_ran if n_ran else math.nan,
        low=low,
        high=high,
        share_of_all=n_pass / n_draw if n_draw else math.nan,
        all_low=all_low,
        all_high=all_high,
        deciders=_deciders(passed[ran], {k: column[1:][ran] for k, column in draws.items()}),
    )


def _deciders(
    passed: NDArray[np.bool_], draws: Mapping[str, FloatArray]
) -> tuple[tuple[str, float], ...]:
    """Parameters by rank correlation with passing, beyond what chance gives."""
    n = len(passed)
    if n < 20 or passed.all() or not passed.any():
        return ()
    outcome = passed - passed.mean()
    found = []
    for name, column in draws.items():
        ranks = np.argsort(np.argsort(column)).astype(float)
        ranks -= ranks.mean()
        rho = float(ranks @ outcome / math.sqrt((ranks @ ranks) * (outcome @ outcome)))
        # Three standard errors of a rank correlation: one in 370 parameters gets here by chance.
        if abs(rho) > 3.0 / math.sqrt(n):
            found.append((name, rho))
    return tuple(sorted(found, key=lambda entry: -abs(entry[1]))[:_MOST_DECIDERS])
