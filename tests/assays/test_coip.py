"""Co-immunoprecipitation against first-order dissociation and the limit of the IgG lane."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.assays import Arm, PullDown, Study, co_immunoprecipitation
from sigmapath.errors import PlanError, UnknownNameError

# A bait that a drug pulls off its prey: complex = 4 / (1 + drug), prey 5.
TOY = """
model toy()
  compartment cell = 1; species bound in cell, prey in cell;
  drug = 0; bound := 4 / (1 + drug); prey := 5;
  species S in cell; S = 1; decay: S -> ; cell * 0.1 * S;
end
"""
SHORT = Study(until=10.0, n=4, rest=False)
BOUND = {"complex": "bound", "prey": "prey"}
QUIET = {"cv_blot": 0.0, "cv_culture": 0.0, **BOUND}


@cache
def toy() -> sp.Model:
    return sp.from_antimony(TOY)


def test_bands_are_first_order_dissociation_over_igg() -> None:
    washed = PullDown(
        efficiency=0.5, koff=2e-4, washes=3, wash_minutes=10.0, background=0.01, carry_over=0.5,
        input_share=0.1,
    )  # fmt: skip
    found = co_immunoprecipitation(
        toy(), replace(SHORT, doses={"drug": 3.0}), pull_down=washed, **QUIET
    )
    igg = 0.01 * 0.5**3 * 5.0
    left = 0.5 * math.exp(-2e-4 * 3 * 600)
    expected = [[0.5, igg, left * 4.0 + igg], [0.5, igg, left * 1.0 + igg]]
    assert found["band_mean"].values == pytest.approx(np.array(expected))
    assert found["percent_mean"].values == pytest.approx([100.0, 25.0])
    assert found["percent_sem"].values == pytest.approx([0.0, 0.0])


def test_without_complex_the_ip_lane_is_the_igg_lane() -> None:
    arms = [Arm(name="vehicle"), Arm(name="none", doses={"drug": 1e12})]
    found = co_immunoprecipitation(toy(), replace(SHORT, arms=arms), **QUIET)
    assert found["enrichment"].sel(arm="none").item() == pytest.approx(1.0)
    assert found["percent_mean"].sel(arm="none").item() == pytest.approx(0.0, abs=1e-6)


def test_noise_has_a_seed_and_the_size_asked_for() -> None:
    options = {**BOUND, "pull_down": PullDown(background=0.0), "cv_blot": 0.2, "cv_culture": 0.1}
    one, same, other = (
        co_immunoprecipitation(toy(), replace(SHORT, n=4000, seed=seed), **options)
        for seed in (3, 3, 4)
    )
    assert one.identical(same)
    assert not one.equals(other)
    # Two independent log-normal factors: (1 + cv^2) multiplies.
    cv = math.sqrt((1 + 0.2**2) * (1 + 0.1**2) - 1)
    assert one["percent_sd"].item() == pytest.approx(100.0 * cv, rel=0.05)
    assert one["percent_sem"].item() == pytest.approx(100.0 * cv / math.sqrt(4000), rel=0.05)


def test_an_agonist_takes_s1r_off_bip() -> None:
    study = Study(until="24 h", n=4, doses={"(+)-pentazocine": "1 uM"})
    found = co_immunoprecipitation(sp.load("s1r_mam"), study)
    vehicle, agonist = found["percent_mean"].values
    assert vehicle == pytest.approx(100.0)
    assert agonist < 50.0
    assert sp.plot.assay(found).get_ylabel().startswith("% of vehicle")


@pytest.mark.parametrize(
    "wrong",
    [
        {"efficiency": 0.0}, {"efficiency": float("nan")}, {"koff": -1.0}, {"washes": -1},
        {"washes": 1.5}, {"background": 1.0}, {"carry_over": 2.0},
    ],
)  # fmt: skip
def test_pull_downs_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        PullDown(**wrong)


def test_noise_that_makes_no_sense() -> None:
    with pytest.raises(PlanError):
        co_immunoprecipitation(toy(), SHORT, complex="bound", cv_blot=-0.1)


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError):
        co_immunoprecipitation(toy(), SHORT, complex="nothing")
    with pytest.raises(UnknownNameError):
        co_immunoprecipitation(toy(), replace(SHORT, condition="nowhere"), complex="bound")
    with pytest.raises(PlanError, match="runs on a model"):
        co_immunoprecipitation("s1r_mam")
