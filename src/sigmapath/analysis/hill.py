"""The shape of a dose-response curve: the four-parameter Hill curve, or what it is instead.

Enters: doses and responses of one readout, without noise (a simulation has none). Leaves: a
:class:`CurveShape` with a kind, and the Hill parameters only where the kind allows them.
"""

from __future__ import annotations

from math import nan
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sigmapath.errors import PlanError
from sigmapath.record import record

__all__ = ["CurveKind", "CurveShape", "describe_curve", "hill_curve"]

FloatArray = NDArray[np.float64]

CurveKind = Literal[
    "sigmoid", "falling", "flat", "not saturating", "starts high", "bell", "irregular", "failed"
]

# A curve that moves by less than this share of its level is flat: no assay of the field would
# resolve it (coefficients of variation of 5-10 % are usual for immunoblots and imaging).
FLAT_SHARE = 0.01
# Shares of the curve's span: how much it must turn back to be a bell, how much it may still change
# over the last half decade to count as saturated, how far its lowest dose may lie from vehicle,
# and how far the fit may miss a point.
BELL_SHARE = 0.05
OPEN_SHARE = 0.05
MISFIT_SHARE = 0.05
HALF_DECADE = 10.0**0.5


@record
class CurveShape:
    """What a dose-response curve is.

    Parameters
    ----------
    kind : str
        "sigmoid" (rises along a Hill curve), "falling" (falls along one), or why there is no fit:
        "flat", "not saturating", "starts high", "bell", "irregular", "failed".
    ec50 : float
        Dose of the half-way response [dose unit]; NaN unless kind is "sigmoid" or "falling".
    hill : float
        Hill slope, negative for a falling curve; NaN as above.
    bottom, top : float
        Lower and upper plateau of the fit [response unit]; lowest and highest response found where
        there is no fit.
    vehicle : float
        Response without ligand [response unit], NaN if not given.
    misfit : float
        Largest distance of a point from the fit, as a share of the span; NaN without a fit.
    turning_dose : float
        Dose of the extreme of a bell; NaN otherwise.
    """

    kind: CurveKind
    ec50: float = nan
    hill: float = nan
    bottom: float = nan
    top: float = nan
    vehicle: float = nan
    misfit: float = nan
    turning_dose: float = nan

    @property
    def has_fit(self) -> bool:
        """Whether EC50 and Hill slope mean something."""
        return self.kind in ("sigmoid", "falling")

    def predict(self, doses: ArrayLike) -> FloatArray:
        """Fitted response at ``doses``; NaN everywhere without a fit."""
        x = np.asarray(doses, dtype=float)
        if not self.has_fit:
            return np.full(x.shape, nan)
        return hill_curve(x, ec50=self.ec50, hill=self.hill, bottom=self.bottom, top=self.top)

    def effective_dose(self, percent: float) -> float:
        """Dose that gives ``percent`` of the effect: EC50 (F / (100 - F))**(1 / |h|).

        Raises
        ------
        PlanError
            If ``percent`` is not between 0 and 100.
        """
        if not 0.0 < percent < 100.0:
            raise PlanError(
                "an effective dose needs a percentage between 0 and 100", found=f"{percent:g}"
            )
        return float(self.ec50 * (percent / (100.0 - percent)) ** (1.0 / abs(self.hill)))


def hill_curve(
    doses: ArrayLike, *, ec50: float, hill: float, bottom: float, top: float
) -> FloatArray:
    """Four-parameter Hill curve.

    ``bottom + (top - bottom) / (1 + (ec50 / x)**hill)``; at dose 0 the limit: ``bottom`` for a
    rising curve (hill > 0), ``top`` for a falling one (hill < 0).

    Parameters
    ----------
    doses : array_like
        Doses, zero or positive [unit of ec50].
    ec50, hill, bottom, top : float
        Half-way dose, slope, and the two plateaus.

    References
    ----------
    Hill AV (1910) J Physiol 40, iv-vii; DeLean A, Munson PJ, Rodbard D (1978) Am J Physiol 235,
    E97-E102, equation 1, doi:10.1152/ajpendo.1978.235.2.E97.
    """
    x = np.asarray(doses, dtype=float)
    with np.errstate(divide="ignore", over="ignore"):
        share = 1.0 / (1.0 + np.exp(hill * (np.log(ec50) - np.log(x))))
    response: FloatArray = bottom + (top - bottom) * share
    return response


def describe_curve(
    doses: ArrayLike, responses: ArrayLike, *, vehicle: float | None = None
) -> CurveShape:
    """Decide what a noise-free dose-response curve is and fit it if it is a sigmoid.

    Parameters
    ----------
    doses : array_like, shape (n,)
        Ascending positive doses, at least four.
    responses : array_like, shape (n,)
        Responses at these doses.
    vehicle : float, optional
        Response at dose zero.

    Returns
    -------
    CurveShape

    Raises
    ------
    PlanError
        If there are fewer than four doses, or they are not positive and ascending.

    Notes
    -----
    In this order: any response not finite: "failed"; span below 1 % of the level: "flat"; the
    curve turns back by more than 5 % of its span: "bell"; it still moves by more than 5 % of its
    span over the last half decade of dose: "not saturating"; its lowest dose is more than 5 % of
    the span away from vehicle: "starts high"; the best Hill curve misses a point by more than 5 %
    of the span: "irregular". Only what is left carries an EC50.
    """
    x = np.asarray(doses, dtype=float)
    y = np.asarray(responses, dtype=float)
    _require_doses(x, y)
    zero = nan if vehicle is None else float(vehicle)
    known = y if np.isnan(zero) else np.append(y, zero)
    low, high = float(np.min(known)), float(np.max(known))
    plain = {"bottom": low, "top": high, "vehicle": zero}
    span = high - low
    if not np.all(np.isfinite(known)):
        return CurveShape(kind="failed", vehicle=zero)
    if span <= FLAT_SHARE * max(abs(low), abs(high)):
        return CurveShape(kind="flat", **plain)
    turning = _turning_dose(x, y, known[-1] if vehicle is not None else y[0], span)
    if not np.isnan(turning):
        return CurveShape(kind="bell", turning_dose=turning, **plain)
    late = float(np.interp(np.log(x[-1] / HALF_DECADE), np.log(x), y))
    if abs(y[-1] - late) > OPEN_SHARE * span:
        return CurveShape(kind="not saturating", **plain)
    if not np.isnan(zero) and abs(y[0] - zero) > OPEN_SHARE * span:
        return CurveShape(kind="starts high", **plain)
    fit = _fit(x, y, rising=bool(y[-1] > y[0]), vehicle=zero)
    misfit = float(np.max(np.abs(fit.predict(x) - y))) / span
    if misfit > MISFIT_SHARE:
        return CurveShape(kind="irregular", misfit=misfit, **plain)
    return CurveShape(
        kind=fit.kind,
        ec50=fit.ec50,
        hill=fit.hill,
        bottom=fit.bottom,
        top=fit.top,
        vehicle=zero,
        misfit=misfit,
    )


def _require_doses(x: FloatArray, y: FloatArray) -> None:
    if x.ndim != 1 or x.shape != y.shape or len(x) < 4:
        raise PlanError(
            "a dose-response curve needs at least four doses with one response each",
            found=f"{x.size} doses, {y.size} responses",
        )
    if not (np.all(np.isfinite(x)) and x[0] > 0.0 and np.all(np.diff(x) > 0.0)):
        raise PlanError(
            "doses of a curve must be positive and ascending",
            fix="give the response at dose zero as vehicle, and sort the doses",
        )


def _turning_dose(x: FloatArray, y: FloatArray, start: float, span: float) -> float:
    """Dose of the extreme from which the curve turns back by more than BELL_SHARE, else NaN."""
    for sign in (1.0, -1.0):
        extreme = int(np.argmax(sign * y))
        rise = sign * (y[extreme] - start)
        fall = sign * (y[extreme] - y[-1])
        if min(rise, fall) > BELL_SHARE * span:
            return float(x[extreme])
    return nan


def _fit(x: FloatArray, y: FloatArray, *, rising: bool, vehicle: float) -> CurveShape:
    """Least-squares Hill curve; the plateaus are eliminated (variable projection).

    Golub GH, Pereyra V (1973) SIAM J Numer Anal 10, 413-432, doi:10.1137/0710036.
    """
    from scipy.optimize import least_squares

    weights = np.ones(len(x) + (0 if np.isnan(vehicle) else 1))
    target = y if np.isnan(vehicle) else np.append(y, vehicle)

    def shares(parameters: FloatArray) -> FloatArray:
        log_ec50, log_slope = parameters
        inside = 1.0 / (1.0 + np.exp(np.exp(log_slope) * (log_ec50 - np.log(x))))
        return inside if np.isnan(vehicle) else np.append(inside, 0.0)

    def plateaus(parameters: FloatArray) -> FloatArray:
        share = shares(parameters)
        design = np.column_stack((1.0 - share, share)) * weights[:, None]
        return np.linalg.lstsq(design, target * weights, rcond=None)[0].astype(np.float64)

    def residuals(parameters: FloatArray) -> FloatArray:
        first, last = plateaus(parameters)
        share = shares(parameters)
        misses: FloatArray = (first * (1.0 - share) + last * share - target) / np.ptp(target)
        return misses

    middle = 0.5 * (y[0] + y[-1])
    order = np.argsort(y)
    guess = float(np.interp(middle, y[order], np.log(x)[order]))
    bounds = ([np.log(x[0]) - 5.0, np.log(0.1)], [np.log(x[-1]) + 5.0, np.log(20.0)])
    found = least_squares(residuals, [guess, 0.0], bounds=bounds, xtol=1e-12, ftol=1e-12)
    first, last = plateaus(found.x)
    slope = float(np.exp(found.x[1]))
    return CurveShape(
        kind="sigmoid" if rising else "falling",
        ec50=float(np.exp(found.x[0])),
        hill=slope if rising else -slope,
        bottom=float(min(first, last)),
        top=float(max(first, last)),
    )
