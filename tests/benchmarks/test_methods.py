"""The verdicts on methods, against outcomes written by hand."""

import math

import pytest
from benchmarks.methods import Outcome, verdicts, write_outcomes


def outcome(method, seconds, error, rtol=1e-6, case="a"):
    counters = dict.fromkeys(("n_steps", "n_rejected", "n_rhs", "n_factor", "n_solve"), 1)
    return Outcome(
        case=case,
        method=method,
        rtol=rtol,
        seconds=seconds,
        error=error,
        least_error=1e-9,
        counters=counters,
    )


def test_both_promises_are_judged():
    kept = [
        outcome("bdf", 2.0, 9e-6),
        outcome("auto", 2.8, 1e-7),
        outcome("tsit5", math.nan, math.nan),
    ]
    assert verdicts(kept) == [
        "every error is below ten times rtol",
        "auto takes at most 1.40 times the best (a at rtol 1e-06)",
    ]
    broken = [outcome("bdf", 1.0, 2e-5), outcome("auto", 2.0, 1e-7)]
    assert verdicts(broken) == [
        "above ten times rtol: a, bdf at rtol 1e-06: error 20.0 x rtol",
        "auto takes at most 2.00 times the best (a at rtol 1e-06)",
        "that is more than 1.5 times",
    ]


def test_nothing_below_what_the_reference_can_tell_is_held_against_a_method():
    assert outcome("bdf", 1.0, 9e-10, rtol=1e-11).is_accurate
    assert not outcome("bdf", 1.0, 2e-9, rtol=1e-11).is_accurate
    assert not outcome("bdf", 1.0, math.nan).is_accurate


def test_without_times_only_errors_are_judged(tmp_path):
    found = [outcome("auto", math.nan, 1e-7)]
    assert verdicts(found) == ["every error is below ten times rtol"]
    write_outcomes(tmp_path / "out.csv", found)
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith("a,auto,1e-06,nan,1e-07")


@pytest.mark.parametrize("seconds", [1.0, 3.0])
def test_cases_and_tolerances_are_compared_among_themselves(seconds):
    found = [
        outcome("bdf", 2.0, 1e-7),
        outcome("auto", 2.0, 1e-7),
        outcome("bdf", 0.1, 1e-5, rtol=1e-4),
        outcome("auto", 0.1 * seconds, 1e-5, rtol=1e-4),
    ]
    assert f"{seconds:.2f} times" in verdicts(found)[1]
