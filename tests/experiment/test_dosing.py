from __future__ import annotations

import math

import pytest

from sigmapath.errors import PlanError
from sigmapath.experiment.dosing import dose, split_doses


def test_a_dose_keeps_what_was_typed():
    given = dose("PRE-084", "100 nM", time="1 h", ii="8 h", addl=2)
    assert (given.target, given.amt, given.time, given.ii, given.addl) == (
        "PRE-084", "100 nM", "1 h", "8 h", 2,
    )  # fmt: skip
    assert not given.is_infusion
    assert dose("X", 1.0, dur=2).is_infusion


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"amt": -1.0}, "amount"),
        ({"amt": math.nan}, "amount"),
        ({"amt": math.inf}, "amount"),
        ({"amt": None}, "number"),
        ({"amt": True}, "number"),
        ({"amt": 1.0, "time": -1.0}, "time"),
        ({"amt": 1.0, "addl": 3}, "interval"),
        ({"amt": 1.0, "addl": -1, "ii": 1.0}, "addl"),
        ({"amt": 1.0, "addl": 1.5, "ii": 1.0}, "addl"),
        ({"amt": 1.0, "ii": 0.0, "addl": 2}, "ii"),
        ({"amt": 1.0, "ii": -2.0, "addl": 2}, "ii"),
        ({"amt": 1.0, "rate": 1.0, "dur": 1.0}, "not both"),
        ({"amt": 1.0, "rate": 0.0}, "rate"),
        ({"amt": 1.0, "dur": -1.0}, "dur"),
    ],
)
def test_doses_that_make_no_sense_are_refused(arguments, word):
    with pytest.raises(PlanError, match=word) as caught:
        dose("X", **arguments)
    assert caught.value.where == "dose of X"


def test_a_dose_needs_a_name():
    with pytest.raises(PlanError, match="name"):
        dose("  ", 1.0)


def test_levels_and_administrations_may_be_mixed():
    one = dose("A", 1.0)
    held, given = split_doses([{"B": "1 uM"}, one, {"C": 2.0}])
    assert held == {"B": "1 uM", "C": 2.0}
    assert given == [one]
    assert split_doses(one) == ({}, [one])
    assert split_doses(None) == ({}, [])


@pytest.mark.parametrize("bad", [[1.0], "haloperidol", 3, [("A", 1.0)], {"A": -1}, {"A": math.nan}])
def test_what_is_no_dose_is_refused(bad):
    with pytest.raises(PlanError):
        split_doses(bad)


def test_one_name_at_two_levels_is_refused():
    with pytest.raises(PlanError, match="two levels"):
        split_doses([{"A": 1.0}, {"A": 2.0}])
