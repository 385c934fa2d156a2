"""The binding assay against the law of mass action."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.assays import Incubation, competition, saturation
from sigmapath.assays.one_site import cheng_prusoff, fit_competition, fit_saturation
from sigmapath.errors import PlanError, UnknownNameError

# Receptors so few that no label is used up: mass action is then a formula.
FEW = {"receptor_total": 1e-7, "f_nonspecific": 0.0}


@cache
def model() -> sp.Model:
    return sp.load("binding_assay")


def test_saturation_gives_back_affinity_and_density() -> None:
    found = saturation(model(), incubation=Incubation(minutes=600.0, parameters=FEW))
    # 10 uM haloperidol leaves 1.3 % of the sites to 30 Kd of label: that counts as background.
    assert found.kd == pytest.approx(3.8, rel=0.02)
    assert found.bmax == pytest.approx(1e-4, rel=0.02)


@pytest.mark.parametrize("ligand", ["fluvoxamine", "NE-100", "progesterone", "DMT"])
def test_competition_at_equilibrium_is_cheng_prusoff(ligand: str) -> None:
    """IC50 = Ki (1 + L/Kd) whatever the efficacy, because the forms are one macroscopic site."""
    ki = 1000.0 * sp.ligands()[ligand].ki
    found = competition(model(), ligand, incubation=Incubation(minutes=3000.0, parameters=FEW))
    assert found.ic50 == pytest.approx(ki * (1 + 4.0 / 3.8), rel=0.01)
    assert found.ki == pytest.approx(ki, rel=0.01)


def test_depletion_shifts_the_curve_to_the_right() -> None:
    many = competition(
        model(), "NE-100", incubation=Incubation(parameters={"receptor_total": 0.02})
    )
    assert many.depletion > 0.1
    assert many.ic50 > 1.5 * competition(model(), "NE-100").ic50


def test_short_and_cold_incubations_bind_less() -> None:
    full, short, cold = (
        saturation(model(), incubation=Incubation(minutes=minutes, celsius=celsius))
        for minutes, celsius in ((90.0, 37.0), (5.0, 37.0), (90.0, 4.0))
    )
    assert np.all(short.specific < full.specific)
    assert np.all(cold.specific < full.specific)


def test_noise_has_a_seed_and_error_bars() -> None:
    one, same, other = (
        competition(model(), "haloperidol", incubation=Incubation(noise=0.1, n=4, seed=seed))
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one.percent, same.percent)
    assert not np.array_equal(one.percent, other.percent)
    assert np.all(one.sem > 0.0)
    assert one.ki == pytest.approx(4.2, rel=0.5)
    assert one.plot().get_xscale() == "log"


@pytest.mark.parametrize(
    "wrong",
    [
        {"label_concentration": 0.0},
        {"concentrations": ["1 nM", "2 nM"]},
    ],
)
def test_concentrations_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        competition(model(), "NE-100", **wrong)


def test_unknown_ligand_and_wrong_model() -> None:
    with pytest.raises(UnknownNameError):
        competition(model(), "pentazosin")
    with pytest.raises(PlanError, match="binding_assay"):
        competition(sp.load("upr"), "NE-100")


def test_fits_of_exact_data() -> None:
    c = np.geomspace(0.1, 1e4, 12)
    ic50, top, bottom = fit_competition(c, 2.0 + 8.0 / (1.0 + c / 37.0))
    assert (ic50, top, bottom) == pytest.approx((37.0, 10.0, 2.0), rel=1e-6)
    kd, bmax = fit_saturation(c, 5.0 * c / (c + 12.0))
    assert (kd, bmax) == pytest.approx((12.0, 5.0), rel=1e-6)
    assert cheng_prusoff(30.0, 4.0, 2.0) == pytest.approx(10.0)


@pytest.mark.parametrize(
    "wrong",
    [{"minutes": 0.0}, {"celsius": 95.0}, {"n": 0}, {"n": 1, "noise": 0.1}, {"noise": -1.0}],
)
def test_incubations_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(PlanError):
        Incubation(**wrong)
