"""A study: its arms, what each is given, and what makes no sense."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import sigmapath as sp
from sigmapath.assays import Arm, Study, fret
from sigmapath.errors import PlanError

STUDY = Study(until="1 h", n=4)


def test_doses_are_a_treatment_against_vehicle() -> None:
    assert [arm.name for arm in STUDY.treatments] == ["vehicle"]
    vehicle, treated = replace(STUDY, doses={"NE-100": "1 uM", "IP3": 2.0}).treatments
    assert (vehicle.name, treated.name) == ("vehicle", "NE-100 1\u00a0uM + IP3 2")
    assert (vehicle.doses, treated.doses) == ({}, {"NE-100": "1 uM", "IP3": 2.0})


def test_an_arm_wins_over_the_study_and_the_study_over_the_assay() -> None:
    study = replace(STUDY, parameters={"a": 1.0, "b": 1.0}, condition="rgc")
    settings = {"a": 0.0, "b": 0.0, "c": 0.0}
    plain = study.given(Arm(name="x"), settings)
    assert plain == {"doses": {}, "parameters": {"a": 1.0, "b": 1.0, "c": 0.0}, "condition": "rgc"}
    own = study.given(Arm(name="y", parameters={"b": 2.0}, condition="hek293"), settings)
    assert own["parameters"] == {"a": 1.0, "b": 2.0, "c": 0.0}
    assert own["condition"] == "hek293"


def test_rest_is_asked_for_or_left_out() -> None:
    (rest,) = STUDY.start({"g": 0.0})
    assert rest.is_equilibration
    assert rest.parameters == {"g": 0.0}
    assert replace(STUDY, rest=False).start() == []


def test_a_dataset_knows_the_whole_study() -> None:
    model = sp.from_antimony("model m(); k = 1; share := 0.5 * k; S = 1; S -> ; 0.1 * S; end")
    study = Study(until=2.0, n=3, seed=7, rest=False, parameters={"k": 0.5})
    data = fret(model, study, fraction="share")
    told = json.loads(data.attrs["protocol"])
    assert (data.attrs["n"], data.attrs["seed"]) == (3, 7)
    assert (told["until"], told["rest"], told["parameters"]) == (2.0, False, {"k": 0.5})
    assert [arm["name"] for arm in told["arms"]] == ["vehicle"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"n": 1}, {"n": 0}, {"n": 2.5}, {"n": True}, {"seed": -1}, {"seed": 0.5}, {"arms": []},
        {"doses": {"drug": 1}, "arms": [Arm(name="x")]}, {"arms": [Arm(name="x"), Arm(name="x")]},
    ],
)  # fmt: skip
def test_studies_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        replace(STUDY, **wrong)
