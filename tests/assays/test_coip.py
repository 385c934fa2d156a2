"""Co-immunoprecipitation against first-order dissociation and the limit of the IgG lane."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.assays import Arm, co_immunoprecipitation
from sigmapath.errors import PlanError, UnknownNameError

# A bait that a drug pulls off its prey: complex = 4 / (1 + drug), prey 5.
TOY = """
model toy()
  compartment cell = 1; species bound in cell, prey in cell;
  drug = 0; bound := 4 / (1 + drug); prey := 5;
  species S in cell; S = 1; decay: S -> ; cell * 0.1 * S;
end
"""
QUIET = {"cv_blot": 0.0, "cv_culture": 0.0, "rest": False, "until": 10.0, "prey": "prey"}


@cache
def toy() -> sp.Model:
    return sp.from_antimony(TOY)


def test_bands_are_first_order_dissociation_over_igg() -> None:
    found = co_immunoprecipitation(
        toy(), "bound", doses={"drug": 3.0}, efficiency=0.5, koff=2e-4, washes=3, wash_minutes=10.0,
        background=0.01, carry_over=0.5, input_share=0.1, **QUIET,
    )  # fmt: skip
    igg = 0.01 * 0.5**3 * 5.0
    left = 0.5 * math.exp(-2e-4 * 3 * 600)
    expected = [[0.5, igg, left * 4.0 + igg], [0.5, igg, left * 1.0 + igg]]
    assert found["band_mean"].values == pytest.approx(np.array(expected))
    assert found["percent_mean"].values == pytest.approx([100.0, 25.0])
    assert found["percent_sem"].values == pytest.approx([0.0, 0.0])


def test_without_complex_the_ip_lane_is_the_igg_lane() -> None:
    arms = [Arm(name="vehicle"), Arm(name="none", doses={"drug": 1e12})]
    found = co_immunoprecipitation(toy(), "bound", arms=arms, **QUIET)
    assert found["enrichment"].sel(arm="none").item() == pytest.approx(1.0)
    assert found["percent_mean"].sel(arm="none").item() == pytest.approx(0.0, abs=1e-6)


def test_noise_has_a_seed_and_the_size_asked_for() -> None:
    options = {"rest": False, "until": 10.0, "prey": "prey", "n": 4000, "background": 0.0}
    one, same, other = (
        co_immunoprecipitation(toy(), "bound", seed=seed, cv_blot=0.2, cv_culture=0.1, **options)
        for seed in (3, 3, 4)
    )
    assert one.identical(same)
    assert not one.equals(other)
    # Two independent log-normal factors: (1 + cv^2) multiplies.
    cv = math.sqrt((1 + 0.2**2) * (1 + 0.1**2) - 1)
    assert one["percent_sd"].item() == pytest.approx(100.0 * cv, rel=0.05)
    assert one["percent_sem"].item() == pytest.approx(100.0 * cv / math.sqrt(4000), rel=0.05)


def test_an_agonist_takes_s1r_off_bip() -> None:
    found = co_immunoprecipitation(sp.load("s1r_mam"), doses={"(+)-pentazocine": "1 uM"})
    vehicle, agonist = found["percent_mean"].values
    assert vehicle == pytest.approx(100.0)
    assert agonist < 50.0
    assert sp.plot.assay(found).get_ylabel().startswith("% of vehicle")


@pytest.mark.parametrize(
    "wrong",
    [
        {"efficiency": 0.0}, {"efficiency": float("nan")}, {"koff": -1.0}, {"washes": -1},
        {"washes": 1.5}, {"background": 1.0}, {"carry_over": 2.0}, {"n": 1}, {"n": 2.5},
        {"seed": -1}, {"cv_blot": -0.1}, {"doses": {"drug": 1}, "arms": [Arm(name="x")]},
        {"arms": []},
    ],
)  # fmt: skip
def test_protocols_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        co_immunoprecipitation(toy(), "bound", **{"rest": False, "until": 1.0, **wrong})


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError):
        co_immunoprecipitation(toy(), "nothing", until=1.0)
    with pytest.raises(UnknownNameError):
        co_immunoprecipitation(toy(), "bound", until=1.0, condition="nowhere")
    with pytest.raises(PlanError, match="runs on a model"):
        co_immunoprecipitation("s1r_mam")
