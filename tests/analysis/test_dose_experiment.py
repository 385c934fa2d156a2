"""The dose experiment on s1r_mam, against receptor theory."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.analysis.dose_input import given_doses
from sigmapath.analysis.dose_table import experiment_csv, summary_rows
from sigmapath.errors import PlanError, UnitError, UnknownNameError


@pytest.fixture(scope="module")
def model():
    return sp.load("s1r_mam")


def test_a_competitor_shifts_the_curve_as_gaddum_and_schild_say(model):
    # Gaddum 1937, Schild 1947: dose ratio = 1 + [B] / K_B for a neutral competitor.
    competitor = sp.ligands()["NE-100"]
    found = model.dose_experiment(
        "(+)-pentazocine", companions={"NE-100": "1 uM"}, readouts=["S1R_released"]
    )
    alone, shifted = (series.curve.shape for series in found.arms[0].series)
    assert alone.kind == shifted.kind == "sigmoid"
    assert shifted.ec50 / alone.ec50 == pytest.approx(1 + 1.0 / competitor.Ki_uM, rel=0.03)
    assert shifted.top == pytest.approx(alone.top, rel=0.01)
    assert not found.status.any()
    header, rows = summary_rows(found)
    assert [row[1] for row in rows] == ["alone", "+ NE-100 1 uM"]
    assert "shifted" in rows[1][-1]
    records = list(csv.DictReader(io.StringIO(experiment_csv(found))))
    assert len(records) == 2 * 42
    assert {record["curve"] for record in records} == {"alone", "+ NE-100 1 uM"}


def test_an_antagonist_is_flat_alone_and_inhibits_as_cheng_and_prusoff_say(model):
    # Leff, Dougall 1993 (functional Cheng-Prusoff), slope 1: IC50 = K_B (1 + [A] / EC50).
    antagonist = sp.ligands()["haloperidol"]
    found = model.dose_experiment("haloperidol", readouts=["S1R_released"])
    assert found.is_antagonist
    alone, inhibition = found.arms[0].series
    assert alone.curve.shape.kind == "flat"
    assert inhibition.curve.shape.kind == "falling"
    agonist = inhibition.companions["(+)-pentazocine"]
    ec50 = model.dose_experiment("(+)-pentazocine", readouts=["S1R_released"]).arms[0].alone
    expected = antagonist.Ki_uM * (1 + agonist / ec50.curve.shape.ec50)
    assert inhibition.curve.shape.ec50 == pytest.approx(expected, rel=0.1)


def test_draws_are_counted(model):
    found = model.dose_experiment(
        "(+)-pentazocine", doses=["1 pM", "1 nM", 0.1, "10 uM"], readouts=["S1R_released"],
        ensemble=3, seed=1,
    )  # fmt: skip
    curve = found.arms[0].alone.curve
    assert curve.members.shape == (3, 4)
    assert len(curve.member_shapes) == 3
    assert len(found.status) == 4 * 5 + 3
    assert "of 3 draws" in summary_rows(found)[1][0][-1]


def test_doses_as_typed():
    np.testing.assert_allclose(
        given_doses(["1 uM", 0.1, "10 nM", "1 nM"]), [0.001, 0.01, 0.1, 1.0], rtol=1e-12
    )
    with pytest.raises(PlanError, match="four"):
        given_doses([1.0, 1.0, 2.0, 3.0])
    with pytest.raises(PlanError, match="above 0"):
        given_doses([-1.0, 1.0, 2.0, 3.0])
    with pytest.raises(UnitError, match="mass"):
        given_doses(["1 kg", 1.0, 2.0, 3.0])


def test_what_cannot_be_planned_is_refused_before_anything_runs(model):
    told = []
    for wrong, error in (
        ({"companions": {"NE-10": 1.0}}, UnknownNameError),
        ({"companions": {"PTZ": 1.0}}, PlanError),
        ({"readouts": ["peak(nothing)"]}, UnknownNameError),
        ({"condition": "nothing"}, UnknownNameError),
    ):
        with pytest.raises(error):
            model.dose_experiment(
                "(+)-pentazocine", progress=lambda *what: told.append(what), **wrong
            )
    assert told == []
