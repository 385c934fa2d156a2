"""Ranges from which ensembles are drawn: what nobody measured is uncertain by ten-fold or more.

Issue 5: "Ranges are as graded (assumed: at least ten-fold)". Exponents, potentials and pH are
scales already: a range of additive width stands for a factor there.
"""

from __future__ import annotations

import math

import pytest

import sigmapath as sp
from sigmapath.experiment.ensemble import ParameterRange
from sigmapath.pathways.ligands import ligand_table

# Ranges are written with two or three digits.
TENFOLD = 9.7


def width(entry: ParameterRange) -> float:
    """High over low; of shares that of their odds."""
    low, high = entry.low, entry.high
    if entry.is_share and low > 0.0 and high < 1.0:
        low, high = low / (1.0 - low), high / (1.0 - high)
    return high / low if low > 0.0 else math.inf


def is_scale(entry: ParameterRange) -> bool:
    """Potentials, exponents and pH."""
    return entry.is_potential or entry.id.startswith("n_") or entry.id.startswith("pH_")


def test_assumed_constants_are_uncertain_by_ten_fold() -> None:
    ranges = sp.load("s1r_cell")._engine.ranges
    assumed = [entry for entry in ranges if entry.grade == "assumed" and not is_scale(entry)]
    assert len(assumed) > 200
    narrow = {entry.id: (entry.low, entry.high) for entry in assumed if width(entry) < TENFOLD}
    assert narrow == {}


def test_every_range_holds_the_nominal_value() -> None:
    for entry in sp.load("s1r_cell")._engine.ranges:
        assert entry.low <= entry.nominal <= entry.high, entry.id


@pytest.mark.parametrize("name", ["SKF10047", "DHEA", "DHEA-S", "DMT"])
def test_assigned_affinities_are_uncertain_by_ten_fold(name: str) -> None:
    ligand = ligand_table()[name]
    assert ligand.grade == "assumed"
    assert ligand.Ki_high_uM / ligand.Ki_low_uM >= TENFOLD
