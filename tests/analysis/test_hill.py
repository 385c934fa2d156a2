"""The shape of curves made from closed formulas, so that the truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from sigmapath.analysis.hill import CurveShape, describe_curve, hill_curve
from sigmapath.errors import PlanError

DOSES = np.geomspace(1e-4, 1e2, 41)


@pytest.mark.parametrize("ec50", [3e-3, 0.05, 0.4])
@pytest.mark.parametrize("hill", [0.8, 1.0, 2.5])
@pytest.mark.parametrize(("bottom", "top"), [(0.0, 1.0), (-3.0, 2.0), (1e6, 1.2e6), (1e-9, 5e-9)])
def test_an_exact_hill_curve_is_recovered(ec50, hill, bottom, top):
    doses = np.geomspace(1e-6, 1e4, 61)
    y = bottom + (top - bottom) * doses**hill / (doses**hill + ec50**hill)
    shape = describe_curve(doses, y, vehicle=bottom)
    assert shape.kind == "sigmoid"
    assert shape.ec50 == pytest.approx(ec50, rel=1e-5)
    assert shape.hill == pytest.approx(hill, rel=1e-5)
    assert (shape.bottom, shape.top) == pytest.approx((bottom, top), rel=1e-5, abs=1e-6 * top)
    assert shape.misfit < 1e-6


def test_a_falling_curve_has_a_negative_slope():
    y = 5.0 - 2.0 * DOSES / (DOSES + 0.02)
    shape = describe_curve(DOSES, y, vehicle=5.0)
    assert shape.kind == "falling"
    assert shape.ec50 == pytest.approx(0.02, rel=1e-5)
    assert shape.hill == pytest.approx(-1.0, rel=1e-5)
    assert (shape.bottom, shape.top) == pytest.approx((3.0, 5.0), rel=1e-5)
    assert shape.predict([0.0])[0] == pytest.approx(5.0, rel=1e-5)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (lambda x: 3.0 + 1e-4 * x / (x + 0.1), "flat"),
        (lambda x: np.full_like(x, 0.0), "flat"),
        (lambda x: 1.0 + x / (x + 50.0), "not saturating"),
        (lambda x: 1.0 + x**0.3, "not saturating"),
        (lambda x: x / (x + 0.01) * 1.0 / (1.0 + x / 1.0), "bell"),
        (lambda x: 2.0 - x / (x + 0.01) * 1.0 / (1.0 + x / 1.0), "bell"),
        (lambda x: 0.5 * (x / (x + 1e-3)) + 0.5 * (x**4 / (x**4 + 1.0)), "irregular"),
        (lambda x: np.where(x > 1.0, np.nan, 1.0), "failed"),
    ],
)
def test_no_parameters_are_claimed_where_there_is_no_hill_curve(response, kind):
    y = response(DOSES)
    shape = describe_curve(DOSES, y, vehicle=float(response(np.array([1e-12]))[0]))
    assert shape.kind == kind
    assert not shape.has_fit
    assert np.isnan(shape.ec50)
    assert np.isnan(shape.hill)
    assert np.all(np.isnan(shape.predict(DOSES)))


def test_a_curve_that_starts_above_vehicle_says_so():
    y = 1.0 + DOSES / (DOSES + 1e-4)
    assert describe_curve(DOSES, y, vehicle=1.0).kind == "starts high"


def test_the_extreme_of_a_bell_is_named():
    y = (DOSES / (DOSES + 0.01)) / (1.0 + DOSES / 1.0)
    shape = describe_curve(DOSES, y, vehicle=0.0)
    # d/dx of x / ((x + a)(1 + x)) vanishes at x = sqrt(a)
    assert shape.turning_dose == pytest.approx(0.1, rel=0.5)


def test_effective_doses_follow_from_the_formula():
    shape = CurveShape(kind="sigmoid", ec50=2.0, hill=1.0, bottom=0.0, top=1.0)
    assert shape.effective_dose(80.0) == pytest.approx(8.0)
    assert hill_curve(8.0, ec50=2.0, hill=1.0, bottom=0.0, top=1.0) == pytest.approx(0.8)
    with pytest.raises(PlanError):
        shape.effective_dose(100.0)


@pytest.mark.parametrize(
    ("doses", "responses"),
    [([1, 2, 3], [1, 2, 3]), ([0, 1, 2, 3], [0] * 4), ([2, 1, 3, 4], [0] * 4), ([1, 2, 3, 4], [1])],
)
def test_senseless_doses_are_refused(doses, responses):
    with pytest.raises(PlanError):
        describe_curve(doses, responses)
