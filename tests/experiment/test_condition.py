from __future__ import annotations

import pytest

from sigmapath.errors import ParseError, PlanError, UnknownNameError
from sigmapath.experiment.condition import Condition, merged_condition, read_conditions

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
