"""Cases of the suite written as SBML Level 3 and as Antimony: nothing changes, or it is refused."""

from __future__ import annotations

import pytest
from tests.conformance.conftest import suite_folder

from sigmapath.conformance.suite import find_cases, read_case
from sigmapath.errors import UnsupportedFeatureError
from sigmapath.io.antimony_write import network_to_antimony
from sigmapath.io.load import load_network, network_from_antimony, network_from_sbml
from sigmapath.io.sbml.compare import differences
from sigmapath.io.sbml.write import network_to_sbml


def networks(step: int):
    folder = suite_folder()
    if folder is None:
        pytest.skip("no SBML Test Suite here")
    for path in find_cases(folder)[::step]:
        yield path.name, load_network(read_case(path).model)


def check_sbml(step: int) -> None:
    for number, network in networks(step):
        back = network_from_sbml(network_to_sbml(network))
        assert not differences(network, back), number
        # Version 1 only for what Version 2 cannot say: fast reactions, hidden species.
        assert back.level == 3, number


def test_sbml_keeps_the_mathematics_of_every_tenth_case():
    check_sbml(10)


@pytest.mark.slow
def test_sbml_keeps_the_mathematics_of_every_case():
    check_sbml(1)


def test_antimony_keeps_the_mathematics_or_says_what_it_cannot_write():
    written = 0
    for number, network in networks(20):
        try:
            text = network_to_antimony(network)
        except UnsupportedFeatureError:
            continue
        written += 1
        assert not differences(network, network_from_antimony(text)), number
    assert written
