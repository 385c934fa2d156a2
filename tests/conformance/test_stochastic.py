"""Stochastic cases of the SBML Test Suite by the suite's criterion.

1,000 runs of each case by default; the 10,000 that the suite asks for with ``-m slow``.
"""

import re

import numpy as np
import pytest
from tests.conformance.conftest import suite_folder

from sigmapath.conformance.stochastic import judge_stochastic, read_stochastic_case

GOOD = {"pass", "excursions"}


def cases():
    folder = suite_folder()
    root = None if folder is None else folder / "stochastic"
    if root is None or not root.is_dir():
        pytest.skip("0 of 65 stochastic cases ran: no SBML Test Suite here")
    return sorted(path for path in root.iterdir() if re.fullmatch(r"\d{5}", path.name))


def check(outcomes):
    bad = {o.number: f"{o.verdict}: {o.reason}" for o in outcomes if o.verdict not in GOOD}
    assert not bad
    # Of the points of a correct simulator about 0.3% lie outside, those of heavy tails more often.
    outside = sum(o.n_outside for o in outcomes)
    assert outside < 0.015 * sum(o.n_points for o in outcomes)


def test_all_cases_with_a_thousand_runs():
    # Case 00005 fires 10^5 times a run: fewer runs, the same criterion.
    check([judge_stochastic(c, runs=100 if c.name == "00005" else 1000) for c in cases()])


@pytest.mark.slow
def test_all_cases_with_ten_thousand_runs(pytestconfig):
    if pytestconfig.getoption("markexpr") != "slow":
        pytest.skip("five minutes; run with -m slow")
    check([judge_stochastic(case) for case in cases()])


def test_the_judge_sees_a_wrong_rate(tmp_path):
    """A death rate 3% too high is found by a thousand runs."""
    source = next(case for case in cases() if case.name == "00001")
    folder = tmp_path / "00001"
    folder.mkdir()
    for file in source.iterdir():
        (folder / file.name).write_text(file.read_text().replace('value="0.11"', 'value="0.1133"'))
    assert judge_stochastic(folder, runs=1000).verdict == "wrong"


def test_settings_are_read():
    case = read_stochastic_case(next(case for case in cases() if case.name == "00001"))
    assert case.variables == ("X",)
    assert case.mean_range == (-3.0, 3.0)
    assert case.sd_range == (-5.0, 5.0)
    np.testing.assert_array_equal(case.times, np.arange(51.0))
