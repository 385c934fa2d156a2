"""Calcium imaging: the dye against the binding quadratic worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.assays import FLUO4, Camera, Chelator, DyeLoad, Film, Study, calcium_imaging
from sigmapath.assays.calcium_imaging import calcium_from_fluorescence, fluorescence
from sigmapath.assays.chelator import with_chelator
from sigmapath.errors import DuplicateIdError, PlanError, UnknownNameError

# A closed cell at rest; a stimulus lets calcium in at a constant rate, and nothing takes it out.
TOY = """
model toy()
  compartment cyt = 2; species Ca in cyt; Ca = 0.1; stimulus = 0;
  entry: -> Ca; cyt * 0.05 * stimulus;
end
"""
DYE = Chelator(name="dye", Kd_uM=0.4, kon_per_uM_s=500.0)
STUDY = Study(until=5.0, n=2)
LOAD = DyeLoad(calcium="Ca", dye=DYE, dye_uM=20.0, cv_dye=0.0, contrast=50.0)
FILM = Film(
    stimulus={"stimulus": 1.0}, stimulus_time=60.0, baseline=10.0, recording=100.0,
    camera=Camera(photons=math.inf),
)  # fmt: skip


@cache
def toy() -> sp.Model:
    return sp.from_antimony(TOY)


def test_dye_binds_by_mass_action() -> None:
    """After the entry of 3 uM, free calcium solves the quadratic of one binding site."""
    loaded = sp.from_network(with_chelator(toy().network, DYE, 20.0, calcium="Ca"))
    names = ["Ca", "dye_Ca", "dye_free"]
    end = loaded.simulate([0.0, 100.0], parameters={"stimulus": 0.6}, observables=names, rtol=1e-9)
    start = 20.0 * 0.1 / (0.4 + 0.1)
    assert end["dye_Ca"].values[0] == pytest.approx(start)
    total = 0.1 + start + 0.05 * 0.6 * 100.0
    b = 20.0 + 0.4 - total
    free = 0.5 * (-b + math.sqrt(b * b + 4 * 0.4 * total))
    # Entry goes on to the end, so the dye lags a little behind.
    assert end["Ca"].values[1] == pytest.approx(free, rel=2e-3)
    assert end["Ca"].values[1] + end["dye_Ca"].values[1] == pytest.approx(total)
    assert end["dye_free"].values[1] + end["dye_Ca"].values[1] == pytest.approx(20.0)


def rested(model: sp.Model) -> sp.Model:
    """The toy has no unique rest: a weak pump and leak give it one, without touching the rest."""
    text = TOY.replace("end", "  turnover: -> Ca; cyt * 1e-5 * (0.1 - Ca);\nend")
    return sp.from_antimony(text)


def test_dff_without_noise_is_the_formula() -> None:
    film = calcium_imaging(rested(toy()), STUDY, film=FILM, load=LOAD, spread={})
    assert film["dff_sd"].values == pytest.approx(0.0, abs=1e-12)
    before = film["time"].values < 0
    assert film["dff_mean"].values[0, before] == pytest.approx(0.0, abs=1e-9)
    # At the end all is still: theta is Ca / (Ca + Kd).
    ca = film["calcium"].values[0]
    theta, theta0 = ca[-1] / (ca[-1] + 0.4), 0.2
    expected = 49.0 * (theta - theta0) / (1 + 49.0 * theta0)
    assert film["dff_mean"].values[0, -1] == pytest.approx(expected, rel=1e-3)
    assert ca.max() < film["calcium_no_dye"].values.max()
    # Without dye: 0.1 + 0.05 * 60.
    assert film["calcium_no_dye"].values.max() == pytest.approx(3.1, rel=1e-3)


def test_little_dye_disturbs_little() -> None:
    trace = replace(LOAD, dye_uM=1e-6)
    film = calcium_imaging(rested(toy()), STUDY, film=FILM, load=trace, spread={})
    assert film["calcium"].values == pytest.approx(film["calcium_no_dye"].values, rel=1e-5)


def test_calcium_is_read_back_from_fluorescence() -> None:
    ca = np.array([0.05, 0.345, 7.0])
    bound = 10.0 * ca / (ca + 0.345)
    back = calcium_from_fluorescence(fluorescence(10.0, bound, 100.0), 10.0, 1000.0, 0.345)
    assert back == pytest.approx(ca)


def test_camera_noise_is_poisson_and_read_noise() -> None:
    camera = Camera(photons=1000.0, read_noise=40.0, rate_hz=20.0)
    study, seen = replace(STUDY, n=20), replace(FILM, camera=camera)
    film = calcium_imaging(rested(toy()), study, film=seen, load=LOAD, spread={})
    before = film["time"].values < 0
    sd = film["dff"].values[0][:, before].std()
    assert sd == pytest.approx(math.sqrt(1000.0 + 40.0**2) / 1000.0, rel=0.05)


def test_seeds_and_the_buffering_of_a_cell() -> None:
    model = sp.load("calcium")
    films = [calcium_imaging(model, Study(until="12 h", n=3, seed=s)) for s in (1, 1, 2)]
    assert films[0].identical(films[1])
    assert not films[0].equals(films[2])
    assert films[0]["calcium"].max() < films[0]["calcium_no_dye"].max()
    assert films[0]["peak_sem"].item() > 0.0
    assert FLUO4.source
    assert "Δ" in sp.plot.assay(films[0]).get_ylabel()


@pytest.mark.parametrize("until", [0.0, "5 uM"])
def test_incubations_that_make_no_sense(until: object) -> None:
    with pytest.raises(sp.SigmapathError):
        calcium_imaging(rested(toy()), replace(STUDY, until=until), film=FILM, load=LOAD)


@pytest.mark.parametrize("wrong", [{"baseline": 0.0}, {"stimulus_time": -1.0}, {"recording": 5.0}])
def test_films_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        calcium_imaging(rested(toy()), STUDY, film=replace(FILM, **wrong), load=LOAD)


@pytest.mark.parametrize(
    "wrong", [{"dye_uM": 0.0}, {"dye_uM": -3.0}, {"contrast": 1.0}, {"cv_dye": -1.0}]
)
def test_loads_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(PlanError):
        DyeLoad(**wrong)


def test_what_cannot_be_filmed() -> None:
    with pytest.raises(UnknownNameError):
        calcium_imaging(toy(), STUDY, film=FILM, load=replace(LOAD, calcium="Cu"))
    with pytest.raises(UnknownNameError):
        calcium_imaging(toy(), STUDY, film=FILM, load=LOAD, spread={"nothing": 0.1})
    with pytest.raises(PlanError, match="buffer"):
        calcium_imaging(sp.load("membrane"))
    with pytest.raises(PlanError):
        Camera(rate_hz=0.0)
    with pytest.raises(PlanError):
        Chelator(name="x", Kd_uM=-1.0, kon_per_uM_s=1.0)
    twice = with_chelator(toy().network, DYE, 1.0, calcium="Ca")
    with pytest.raises(DuplicateIdError):
        with_chelator(twice, DYE, 1.0, calcium="Ca")
