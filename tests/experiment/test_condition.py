from __future__ import annotations

import pytest

from sigmapath.errors import ParseError, PlanError, UnknownNameError
from sigmapath.experiment.condition import (
    Condition,
    OwnConditions,
    merged_condition,
    read_conditions,
)

KO = Condition(name="ko", parameters={"S1R_expression": 0})
OE = Condition(name="oe", parameters={"S1R_expression": 3})
LOAD = Condition(name="load", parameters={"misfolding": 2}, initial={"ROS": "1 uM"})
KNOWN = {c.name: c for c in (KO, OE, LOAD)}


def test_conditions_are_read_from_toml(tmp_path):
    file = tmp_path / "conditions.toml"
    file.write_text(
        '[conditions.rgc]\ndescription = "retinal ganglion cell"\n'
        'parameters = { S1R_expression = 0.5, k = "2 1/s" }\ninitial = { ROS = 0.1 }\n'
    )
    (rgc,) = read_conditions(file).values()
    assert rgc.name == "rgc"
    assert rgc.description == "retinal ganglion cell"
    assert rgc.parameters == {"S1R_expression": 0.5, "k": "2 1/s"}
    assert rgc.initial == {"ROS": 0.1}


@pytest.mark.parametrize(
    "text",
    [
        "[conditions.a\n",
        "[conditions.a]\nparameter = {k = 1}\n",
        "[conditions.a]\nparameters = {k = true}\n",
        "[conditions.a]\nparameters = 3\n",
        "[conditions]\na = 3\n",
        "conditions = 3\n",
    ],
)
def test_files_that_hold_something_else_are_refused(tmp_path, text):
    file = tmp_path / "conditions.toml"
    file.write_text(text)
    with pytest.raises(ParseError) as caught:
        read_conditions(file)
    assert "conditions.toml" in caught.value.where


def test_a_missing_file_is_a_typed_error(tmp_path):
    with pytest.raises(ParseError, match="cannot be read"):
        read_conditions(tmp_path / "none.toml")


def test_conditions_join_unless_they_conflict():
    joined = merged_condition(["ko", LOAD], KNOWN)
    assert joined.parameters == {"S1R_expression": 0, "misfolding": 2}
    assert joined.initial == {"ROS": "1 uM"}
    assert joined.name == "ko + load"
    assert merged_condition(None, KNOWN).parameters == {}
    with pytest.raises(PlanError, match="conflicting overrides of S1R_expression"):
        merged_condition(["ko", "oe"], KNOWN)


def test_an_unknown_condition_names_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        merged_condition("laod", KNOWN)
    assert caught.value.suggestions[0] == "load"


def test_source_and_ranges_of_a_condition(tmp_path):
    file = tmp_path / "conditions.toml"
    file.write_text(
        '[conditions.load]\nparameters = { a = 1 }\nsource = "assumed"\nranges = { a = [0.3, 3] }\n'
    )
    (load,) = read_conditions(file).values()
    assert (load.source, load.ranges) == ("assumed", {"a": (0.3, 3.0)})
    for wrong in ("{ a = 3 }", "{ a = [1] }", '{ a = ["1", 2] }', "{ b = [1, 2] }"):
        file.write_text(f"[conditions.load]\nparameters = {{ a = 1 }}\nranges = {wrong}\n")
        with pytest.raises(ParseError):
            read_conditions(file)


def test_conditions_of_other_models_are_refused_by_what_they_set():
    own = OwnConditions(KNOWN, {"S1R_expression"}, model="s1r")
    assert list(own) == ["ko", "oe"]
    assert merged_condition("ko", own).parameters == KO.parameters
    with pytest.raises(PlanError) as caught:
        merged_condition("load", own)
    assert "does not belong to the model s1r" in str(caught.value)
    assert "ROS, misfolding" in str(caught.value)
    with pytest.raises(UnknownNameError):
        merged_condition("lode", own)
