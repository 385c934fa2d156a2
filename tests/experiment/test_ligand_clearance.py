"""A scheduled ligand that is cleared follows the superposition of exponentials."""

from __future__ import annotations

import numpy as np
import pytest

import sigmapath as sp


def test_repeated_doses_of_a_cleared_ligand_superpose():
    rate = np.log(2.0) / 3600.0
    times = np.linspace(0.0, 8 * 3600.0, 97)
    data = sp.load("s1r").simulate(
        times,
        doses=[sp.dose("PRE-084", "100 nM", time="1 h", ii="2 h", addl=2)],
        parameters={"k_el_L1": rate},
        observables=["L1"],
        rtol=1e-9,
    )
    given = [3600.0, 3 * 3600.0, 5 * 3600.0]
    expected = sum(0.1 * np.exp(-rate * (times - t)) * (times >= t) for t in given)
    assert data["L1"].values == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_an_input_may_be_given_among_the_parameters_too():
    model = sp.load("s1r")
    held = model.simulate("1 h", doses={"L1": 0.1}, observables=["S1R_released"], rtol=1e-9)
    given = model.simulate("1 h", parameters={"L1": 0.1}, observables=["S1R_released"], rtol=1e-9)
    assert given["S1R_released"].values == pytest.approx(held["S1R_released"].values, rel=1e-7)


def test_a_ligand_is_washed_away_with_its_phase():
    protocol = [sp.phase("1 h", doses={"PRE-084": "1 uM"}), sp.washout("1 h")]
    data = sp.load("s1r").simulate([1800.0, 3600.0, 5400.0], protocol=protocol, observables=["L1"])
    assert data["L1"].values.tolist() == [1.0, 0.0, 0.0]


def test_a_ligand_goes_back_to_the_level_held_all_along():
    data = sp.load("s1r").simulate(
        [1800.0, 5400.0],
        doses={"PRE-084": "10 nM"},
        protocol=[sp.phase("1 h", doses={"PRE-084": "1 uM"}), sp.washout("1 h")],
        observables=["L1"],
    )
    assert data["L1"].values == pytest.approx([1.0, 0.01], rel=1e-12)
