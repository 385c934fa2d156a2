"""How much of parameter space a claim holds in, and which parameters decide it.

Enters: a judgement over the members of an ensemble. Leaves: a :class:`Share`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sigmapath.evidence.judging import Judgement
from sigmapath.evidence.measures import FloatArray
from sigmapath.record import record

__all__ = ["Share", "share_of_space", "wilson_interval"]

# Normal quantile of a two-sided 95 % interval.
_Z95 = 1.959963984540054
_MOST_DECIDERS = 4
_FEWEST_DRAWS = 20
# Rank correlation of what is measured with passing above which one edge decides.
_ONE_SIDED = 0.3


@record
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
        Parameters that decide, by rank correlation with the weakest comparison of the claim (the
        one that fails in most draws); + means more of it helps.
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
        deciders=_deciders(
            _margin(judgement, ran), {k: column[1:][ran] for k, column in draws.items()}
        ),
    )


def _margin(judgement: Judgement, ran: NDArray[np.bool_]) -> FloatArray:
    """What the weakest comparison measured, turned so that more of it is nearer to passing.

    A number says more than a verdict. Where passing needs neither more nor less of it, but a value
    between two edges, the verdict itself is returned.
    """
    if not ran.any():
        return np.zeros(0)
    weakest = min(judgement.findings, key=lambda finding: float(finding.passed[1:][ran].mean()))
    passed = weakest.passed[1:][ran].astype(float)
    measured = _ranks(weakest.measured[1:][ran])
    outcome = passed - passed.mean()
    size = math.sqrt(float((measured @ measured) * (outcome @ outcome)))
    rho = float(measured @ outcome) / size if size else 0.0
    return math.copysign(1.0, rho) * measured if abs(rho) > _ONE_SIDED else outcome


def _ranks(column: FloatArray) -> FloatArray:
    """Ranks about their mean; NaN counts as the smallest."""
    order = np.argsort(np.argsort(np.nan_to_num(column, nan=-np.inf), kind="stable"), kind="stable")
    ranks: FloatArray = order - order.mean()
    return ranks


def _deciders(margin: FloatArray, draws: Mapping[str, FloatArray]) -> tuple[tuple[str, float], ...]:
    """Parameters by rank correlation with the margin, beyond what chance gives."""
    n = len(margin)
    if n < _FEWEST_DRAWS or not margin.any():
        return ()
    found = []
    for name, column in draws.items():
        ranks = _ranks(column)
        size = math.sqrt(float((ranks @ ranks) * (margin @ margin)))
        rho = float(ranks @ margin) / size if size else 0.0
        # Three standard errors of a rank correlation: one in 370 parameters gets here by chance.
        if abs(rho) > 3.0 / math.sqrt(n):
            found.append((name, rho))
    return tuple(sorted(found, key=lambda entry: -abs(entry[1]))[:_MOST_DECIDERS])
