"""Which conditions are on time alone, so that a run can know in advance when they switch."""

import pytest

from sigmapath.expr.evaluate import evaluate
from sigmapath.io.load import network_from_antimony
from sigmapath.lower.pipeline import lower

HEAD = """model m
  x = 1; x' = -k * x; k = 0.1; c = 5; y = 0; u := time - c; v := 2 * c;
"""


def lowered(condition, more=""):
    return lower(network_from_antimony(f"{HEAD} y' = piecewise(1, {condition}, 0); {more} end"))


@pytest.mark.parametrize(
    "condition",
    [
        "time > c",
        "c <= time",
        "time == 3",
        "2 * time / k + c >= v",
        "k * time < 1",
        "u > 0",
        "0 < u",
        "time - 3 > c + u / 2",
    ],
)
def test_conditions_on_time_alone(condition):
    system = lowered(condition)
    assert (len(system.roots), system.n_timed) == (1, 1)


@pytest.mark.parametrize(
    "condition",
    [
        "x > 0.5",
        "time > x",
        "time + x - x > c",
        "sin(time) > 0",
        "time^2 > c",
        "time * time > c",
        "k^time < 0.1",
        "floor(time) > 2",
        "1 / time < k",
        "time > delay(x, 1)",
        "delay(time, 1) > 3",
        "rateOf(x) + time > 3",
    ],
)
def test_conditions_on_what_moves_in_ways_of_its_own(condition):
    system = lowered(condition)
    assert (len(system.roots), system.n_timed) == (1, 0)


def test_what_an_event_assigns_stands_still_between_events():
    system = lowered("time > c", "at (time >= c): c = c + 2;")
    assert (len(system.roots), system.n_timed) == (1, 1)


def test_timed_functions_come_last_and_once():
    system = lowered(
        "time > c && x > 0.5 && c < time", "at (time >= 7): y = 0; at (7 > time): y = 1;"
    )
    assert (len(system.roots), system.n_timed) == (3, 2)
    values = {"x": 0.5, "c": 5.0, "time": 0.0}
    watched = system.roots[0]
    assert evaluate(watched, values) == 0.0
    assert all(evaluate(root, {"c": 5.0}, 7.0) in (0.0, 2.0) for root in system.roots[1:])


def test_the_sign_of_a_timed_function_is_the_relation():
    # Gathered as time - 0.1 - 0.2 the difference would be above zero where the sides are equal.
    system = lowered("time > 0.1 + 0.2")
    (root,) = system.roots
    assert evaluate(root, {}, 0.1 + 0.2) == 0.0
    assert evaluate(root, {}, 0.3) < 0.0
