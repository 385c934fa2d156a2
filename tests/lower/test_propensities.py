"""Which way a network is run, and what its firings change."""

import numpy as np
import pytest

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.io.load import network_from_antimony
from sigmapath.lower.propensities import jump_process

HEAD = "model m; compartment c = 2; substanceOnly species A in c, B in c; A = 5; B = 0; k = 1;"


def process(body):
    return jump_process(network_from_antimony(f"{HEAD} {body} end"))


@pytest.mark.parametrize(
    ("body", "mode"),
    [
        ("R: A -> B; k * A;", "direct"),
        ("R: A -> B; k * A; y := A + sin(time);", "direct"),
        ("R: A -> B; k * A; at (time > 3): k = 2;", "direct"),
        ("R: A -> B; k * A; at (2 * time - A > 3): k = 2;", "direct"),
        ("R: A -> B; k * A; at (sin(time) > 0.5): k = 2;", "hazard"),
        ("R: A -> B; k * A * time;", "hazard"),
        ("y := 1 + time; R: A -> B; k * A * y;", "hazard"),
        ("R: A -> B; piecewise(k, time < 3, 2) * A;", "hazard"),
        ("R: A -> B; k * A; k' = -k;", "hazard"),
    ],
)
def test_the_way_is_chosen_by_what_moves_between_firings(body, mode):
    assert process(body).mode == mode


def test_changes_are_net_amounts_of_what_reactions_change():
    found = jump_process(
        network_from_antimony(
            """model m; compartment c = 2; species A in c, $B in c, C in c; A = 5; B = 1; C = 2
            R1: 2 A + B -> 3 C + A; 1
            R2: C => C + C; C
            end"""
        )
    )
    assert found.reactions == ("R1", "R2")
    names = [state.id for state in found.system.states]
    entries = [
        (names[i], float(change.value))
        for i, change in zip(found.state, found.changes, strict=True)
    ]
    assert list(found.first) == [0, 2, 3]
    assert entries == [("A", -1.0), ("C", 3.0), ("C", 1.0)]
    sizes = [found.system.parameters[j].id for j in found.volume]
    assert sizes == ["c"] * len(names)


def test_roots_that_depend_on_time_are_known():
    found = process("R: A -> B; k * A; at (time > 3): k = 2; at (A < 2): k = 3;")
    assert len(found.system.roots) == 2
    assert len(found.timed_roots) == 1
    np.testing.assert_array_equal(found.volume, [-1, -1])


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("R: A -> B; k * A; y := rateOf(A);", "rateOf"),
        ("R: A -> B; k * delay(A, 1);", "delay"),
    ],
)
def test_what_has_no_meaning_for_jumps_is_refused(body, what):
    with pytest.raises(UnsupportedFeatureError, match=what):
        process(body)
