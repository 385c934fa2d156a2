"""One-site fits of binding data and what is worked out from them.

Enters: concentrations and bound label. Leaves: IC50, Ki, Kd, Bmax. No model is run here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["cheng_prusoff", "fit_competition", "fit_saturation"]

FloatArray = NDArray[np.float64]
# The search for a half-way concentration ends at this step of its logarithm.
_STEP = 1e-9
_GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


def fit_competition(concentration: FloatArray, bound: FloatArray) -> tuple[float, float, float]:
    """Least-squares fit of ``bottom + (top - bottom) / (1 + c / IC50)``.

    Parameters
    ----------
    concentration : ndarray, shape (n,)
        Of the competitor, above 0, in any unit.
    bound : ndarray, shape (n,)

    Returns
    -------
    tuple of float
        IC50 (unit of ``concentration``), top, bottom; NaN if the data are not finite.
    """
    if not np.isfinite(bound).all():
        return np.nan, np.nan, np.nan

    def free_share(log_c50: float) -> FloatArray:
        found: FloatArray = 1.0 / (1.0 + concentration / np.exp(log_c50))
        return found

    log_c50, bottom, span = _search(free_share, concentration, bound)
    return float(np.exp(log_c50)), bottom + span, bottom


def fit_saturation(free: FloatArray, bound: FloatArray) -> tuple[float, float]:
    """Least-squares fit of ``Bmax L / (Kd + L)``.

    Parameters
    ----------
    free : ndarray, shape (n,)
        Free label.
    bound : ndarray, shape (n,)
        Specifically bound label.

    Returns
    -------
    tuple of float
        Kd (unit of ``free``), Bmax (unit of ``bound``); NaN if the data are not finite.
    """
    if not (np.isfinite(bound).all() and np.isfinite(free).all()):
        return np.nan, np.nan

    def occupied(log_kd: float) -> FloatArray:
        found: FloatArray = free / (np.exp(log_kd) + free)
        return found

    log_kd, _, span = _search(occupied, free, bound, with_offset=False)
    return float(np.exp(log_kd)), span


def _search(
    shape: Callable[[float], FloatArray],
    x: FloatArray,
    y: FloatArray,
    *,
    with_offset: bool = True,
) -> tuple[float, float, float]:
    """Best log half-way concentration by golden section; offset and span are linear in between."""

    def solve(log_c50: float) -> tuple[float, float, float]:
        s = shape(log_c50)
        if with_offset:
            sd = s - s.mean()
            span = float(sd @ y / max(float(sd @ sd), 1e-300))
            offset = float(y.mean() - span * s.mean())
        else:
            span, offset = float(s @ y / max(float(s @ s), 1e-300)), 0.0
        residual = y - offset - span * s
        return float(residual @ residual), offset, span

    grid = np.linspace(np.log(x.min()) - 2.0, np.log(x.max()) + 2.0, 60)
    best = int(np.argmin([solve(float(g))[0] for g in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    while high - low > _STEP:
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if solve(left)[0] < solve(right)[0]:
            high = right
        else:
            low = left
    middle = 0.5 * (low + high)
    _, offset, span = solve(middle)
    return middle, offset, span


def cheng_prusoff(ic50: float, label: float, kd: float) -> float:
    """Ki of a competitor from its IC50: ``IC50 / (1 + [L] / Kd)``.

    All in one unit. Cheng and Prusoff 1973, doi:10.1016/0006-2952(73)90196-2; holds for a simple
    competitor at equilibrium, without depletion.
    """
    return ic50 / (1.0 + label / kd)
