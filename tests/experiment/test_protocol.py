from __future__ import annotations

import pytest

from sigmapath.errors import PlanError
from sigmapath.experiment.protocol import equilibrate, phase, split_protocol, washout


def test_the_equilibration_is_told_from_the_timed_phases():
    rest, one, two = equilibrate(), phase("1 h", doses={"A": 1.0}), washout()
    assert split_protocol([rest, one, two]) == (rest, (one, two))
    assert split_protocol(one) == (None, (one,))
    assert split_protocol(None) == (None, ())
    assert split_protocol([rest]) == (rest, ())


@pytest.mark.parametrize(
    ("protocol", "word"),
    [
        ([phase(1.0), equilibrate()], "before time 0"),
        ([equilibrate(), equilibrate()], "before time 0"),
        ([phase(None), phase(1.0)], "duration"),
        (["1 h"], "not a phase"),
    ],
)
def test_protocols_out_of_order_are_refused(protocol, word):
    with pytest.raises(PlanError, match=word):
        split_protocol(protocol)


@pytest.mark.parametrize("duration", [0.0, -1.0, float("nan"), float("inf")])
def test_a_phase_lasts_a_positive_time(duration):
    with pytest.raises(PlanError, match="duration"):
        phase(duration)
