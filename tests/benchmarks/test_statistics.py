"""Statistics of the benchmarks, against values worked out by hand."""

import math

import numpy as np
import pytest
from benchmarks.statistics import (
    bracket_error,
    power_law,
    ratios,
    scaled_rms_error,
    spread,
    time_at_error,
)
from benchmarks.timing import interleaved


def test_spread_is_median_and_quartiles():
    found = spread([5.0, 1.0, 3.0, 2.0, 4.0])
    assert (found.median, found.low, found.high, found.n) == (3.0, 2.0, 4.0, 5)
    assert math.isnan(spread([]).median)


def test_ratios_cancel_what_slows_a_whole_round():
    ours, theirs = [1.0, 10.0, 3.0], [2.0, 20.0, 6.0]
    found = ratios(ours, theirs)
    assert (found.median, found.low, found.high) == (2.0, 2.0, 2.0)
    with pytest.raises(ValueError, match="round by round"):
        ratios([1.0], [1.0, 2.0])


def test_error_counts_small_states_absolutely():
    # One state of 1 off by 1e-3 and one of 0 off by 1e-6: 1e-3 / 1.001 and 1e-6 / 1e-3.
    error = scaled_rms_error([[1.001, 1e-6]], [[1.0, 0.0]])
    assert error == pytest.approx(math.sqrt(((1e-3 / 1.001) ** 2 + 1e-3**2) / 2), rel=1e-9)
    assert math.isnan(scaled_rms_error([[np.nan]], [[1.0]]))
    with pytest.raises(ValueError, match="shapes differ"):
        scaled_rms_error([[1.0]], [[1.0, 2.0]])


def test_bracket_interpolates_in_the_logarithm():
    found = bracket_error([1e-2, 1e-4, 1e-6], 1e-5)
    assert (found.loose, found.tight, found.inside) == (1, 2, True)
    assert found.share == pytest.approx(0.5)
    assert time_at_error(1.0, 4.0, found.share) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("wanted", "position", "inside"), [(1.0, 0, False), (1e-2, 0, True), (1e-9, 2, False)]
)
def test_bracket_stays_on_the_curve(wanted, position, inside):
    found = bracket_error([1e-2, 1e-4, 1e-6], wanted)
    assert found.loose == found.tight == position
    assert found.inside is inside


def test_bracket_takes_the_loosest_tolerance_that_reaches_the_error():
    assert bracket_error([1e-2, 1e-5, 1e-3, 1e-6], 1e-4).tight == 1


def test_bracket_refuses_what_is_no_error():
    with pytest.raises(ValueError, match="positive error"):
        bracket_error([1e-3], 0.0)


def test_power_law_finds_the_exponent():
    sizes = np.array([10.0, 20.0, 40.0])
    assert power_law(sizes, 3.0 * sizes**1.5) == pytest.approx(1.5)
    with pytest.raises(ValueError, match="two sizes"):
        power_law([1.0], [1.0])


def test_interleaved_rounds_alternate():
    order = []
    calls = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    samples = interleaved(calls, rounds=3)
    assert {name: len(values) for name, values in samples.items()} == {"a": 3, "b": 3}
    changes = [x for x, y in zip(order, [None, *order[:-1]], strict=True) if x != y]
    assert changes[-6:] == ["a", "b", "a", "b", "a", "b"]
