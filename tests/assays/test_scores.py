"""Scores against the normal distribution and the formula of %PPI."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from statistics import NormalDist

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.assays import Arm, Study, neurite_outgrowth, prepulse_inhibition
from sigmapath.assays.scores import bearing, gate
from sigmapath.errors import PlanError

TOY = """
model toy()
  compartment cell = 1; species S in cell; S = 1; decay: S -> ; cell * 0.1 * S;
  factor = 1; outgrowth := 2 * factor; drive := factor;
end
"""
SHORT = Study(until=1.0, n=6, rest=False)


@cache
def toy() -> sp.Model:
    return sp.from_antimony(TOY)


def test_share_of_bearing_cells_is_a_tail_of_the_normal_distribution() -> None:
    mean, cv, criterion = 12.0, 0.6, 20.0
    s = math.sqrt(math.log(1 + cv**2))
    normal = NormalDist(math.log(mean) - s**2 / 2, s)
    assert bearing(mean, cv, criterion) == pytest.approx(1 - normal.cdf(math.log(criterion)))


def test_counts_agree_with_the_share() -> None:
    arms = [Arm(name="vehicle"), Arm(name="longer", parameters={"factor": 3.0})]
    found = neurite_outgrowth(
        toy(), replace(SHORT, arms=arms, n=20), length_um=20.0, cells=2000, cv_culture=0.0
    )
    assert found["bearing_mean"].values == pytest.approx(found["bearing_expected"].values, abs=1.0)
    assert found["length_mean"].values == pytest.approx([20.0, 60.0], rel=0.02)
    # Binomial spread between cultures.
    p = found["bearing_expected"].values / 100
    assert found["bearing_sd"].values == pytest.approx(100 * np.sqrt(p * (1 - p) / 2000), rel=0.6)
    assert found.attrs["proxy"]


def test_ppi_is_the_formula_without_spread() -> None:
    arms = [Arm(name="rest"), Arm(name="half", parameters={"factor": 0.5})]
    found = prepulse_inhibition(
        toy(), replace(SHORT, arms=arms), drive="drive", inhibition=0.6, half_drive=1.0,
        cv_trial=0.0, cv_animal=0.2,
    )  # fmt: skip
    # 0.6 x 2 x 0.5 / 1.5 = 0.4
    assert found["ppi"].sel(arm="rest").values == pytest.approx(60.0)
    assert found["ppi"].sel(arm="half").values == pytest.approx(40.0)
    assert gate(1.0, 0.7, 5.0) == pytest.approx(0.7)
    assert gate(1e9, 0.9, 5.0) == 1.0


def test_seeds() -> None:
    runs = [neurite_outgrowth(toy(), replace(SHORT, seed=s)) for s in (1, 1, 2)]
    assert runs[0].identical(runs[1])
    assert not runs[0].equals(runs[2])


def test_a_deficit_and_what_an_agonist_gives_back() -> None:
    study = Study(until="24 h", n=20, doses={"PRE-084": "1 uM"})
    found = prepulse_inhibition(sp.load("s1r_cell"), study)
    vehicle, deficit, treated = found["ppi_expected"].values
    assert deficit < treated < vehicle
    assert "proxy" in sp.plot.assay(found).get_xlabel()


@pytest.mark.parametrize(
    "wrong", [{"cells": 0}, {"criterion_um": 0.0}, {"length_um": -1.0}, {"cv_cells": 0.0},
              {"index": "outgrowth - 2"}]
)  # fmt: skip
def test_outgrowth_that_makes_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        neurite_outgrowth(toy(), SHORT, **wrong)


@pytest.mark.parametrize(
    "wrong", [{"trials": 0}, {"inhibition": 1.0}, {"half_drive": 0.0}, {"cv_trial": -1.0}]
)
def test_ppi_that_makes_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        prepulse_inhibition(toy(), SHORT, drive="drive", deficit={"factor": 0.5}, **wrong)
