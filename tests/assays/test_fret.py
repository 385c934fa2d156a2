"""FRET: bleed-through recovered exactly without noise, efficiencies by enumeration."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.assays import FretOptics, FretPair, Study, fret
from sigmapath.assays.fret import apparent_efficiency, channels, transfer_efficiency
from sigmapath.errors import PlanError

TOY = """
model toy()
  compartment cell = 1; species S in cell; S = 1; decay: S -> ; cell * 0.1 * S;
  drug = 0; paired := 0.8 / (1 + drug);
end
"""
SHORT = Study(until=1.0, n=20, rest=False)


@cache
def toy() -> sp.Model:
    return sp.from_antimony(TOY)


def test_half_transfer_at_the_foerster_distance() -> None:
    assert transfer_efficiency(4.9, 4.9) == pytest.approx(0.5)
    assert transfer_efficiency(2 * 4.9, 4.9) == pytest.approx(1 / 65)


def test_several_partners_by_enumeration() -> None:
    """Every labelling of three partners, with its probability; rates of acceptors add."""
    q, rate = 0.4, (4.9 / 6.0) ** 6
    total = 0.0
    for labels in product([0, 1], repeat=3):
        chance = np.prod([q if label else 1 - q for label in labels])
        total += chance * (1 - 1 / (1 + rate * sum(labels)))
    found = transfer_efficiency(6.0, 4.9, partners=3, acceptor_share=q)
    assert found == pytest.approx(total)


def test_three_channels_give_back_the_efficiency() -> None:
    donor, acceptor = np.array([100.0, 30.0, 900.0]), np.array([5.0, 2000.0, 40.0])
    truth = np.array([0.0, 0.37, 0.93])
    images = channels(donor, acceptor, truth, 0.6, 0.2, 3.0)
    assert apparent_efficiency(*images, 0.6, 0.2, 3.0) == pytest.approx(truth, abs=1e-12)
    # By hand, for the second cell: 0.6 x 30 x 0.63 + 0.2 x 2000 + 3 x 30 x 0.37.
    assert images[2][1] == pytest.approx(11.34 + 400.0 + 33.3)


def test_without_noise_every_cell_shows_the_truth() -> None:
    pair = FretPair(distance_nm=4.9, R0_nm=4.9, acceptor_share=1.0)
    found = fret(
        toy(), replace(SHORT, doses={"drug": 3.0}), fraction="paired", pair=pair,
        optics=FretOptics(photons=float("inf")), cv_fraction=0.0,
    )  # fmt: skip
    assert found["arm"].values.tolist() == ["unlinked pair", "vehicle", "drug 3"]
    for arm, expected in zip(found["arm"].values, (0.0, 40.0, 10.0), strict=True):
        assert found["efficiency"].sel(arm=arm).values == pytest.approx(expected, abs=1e-9)
    assert (found["d"].item(), found["a"].item()) == pytest.approx((0.5, 0.15))


def test_shot_noise_averages_out_and_has_a_seed() -> None:
    one, same, other = (
        fret(toy(), replace(SHORT, n=400, seed=s), fraction="paired") for s in (1, 1, 2)
    )
    assert one.identical(same)
    assert not one.equals(other)
    off = one["efficiency_mean"] - one["efficiency_true"]
    assert (np.abs(off) < 5 * one["efficiency_sem"] + 0.1).all()
    assert one["efficiency_sem"].values * 20.0 == pytest.approx(one["efficiency_sd"].values)


def test_an_agonist_lowers_the_oligomer_type_share() -> None:
    found = fret(sp.load("s1r_mam"), Study(until="1 h", n=20, doses={"(+)-pentazocine": "1 uM"}))
    control, vehicle, agonist = found["efficiency_mean"].values
    assert control < 1.0 < agonist < vehicle
    assert "FRET" in sp.plot.assay(found).get_ylabel()


@pytest.mark.parametrize("wrong", [{"cv_fraction": -1.0}, {"fraction": "10 * paired"}])
def test_protocols_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        fret(toy(), SHORT, **{"fraction": "paired", **wrong})


@pytest.mark.parametrize(
    "wrong", [{"distance_nm": 0.0}, {"R0_nm": -1.0}, {"partners": 0}, {"acceptor_share": 0.0}]
)
def test_pairs_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        FretPair(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [{"donor_bleed_through": -0.1}, {"G": 0.0}, {"photons": 0.0}, {"photons": float("nan")}],
)
def test_optics_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(PlanError):
        FretOptics(**wrong)
