"""Where the cases of the SBML Test Suite are, and how many of them this test run has run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sigmapath.conformance.crew import run_cases
from sigmapath.conformance.manifest import read_manifest
from sigmapath.conformance.suite import find_cases

MANIFEST = Path(__file__).with_name("manifest.txt")
_ROOT = Path(__file__).parents[2]
_COUNT = pytest.StashKey[int]()


def suite_folder() -> Path | None:
    """The cases beside the project, or where SIGMAPATH_SBML_TEST_SUITE says."""
    named = os.environ.get("SIGMAPATH_SBML_TEST_SUITE")
    places = [Path(named)] if named else []
    places += [root / "shared" / "sbml-test-suite" for root in (_ROOT, _ROOT.parent)]
    return next((place for place in places if place.is_dir()), None)


@pytest.fixture(scope="session")
def outcomes(pytestconfig):
    """Outcomes of all cases of the manifest, run once."""
    folder = suite_folder()
    if folder is None:
        pytest.skip(f"0 of {len(read_manifest(MANIFEST))} cases ran: no SBML Test Suite here")
    found = run_cases(find_cases(folder), jobs=2)
    pytestconfig.stash[_COUNT] = len(found)
    return found


def pytest_terminal_summary(terminalreporter, config):
    total = len(read_manifest(MANIFEST))
    count = config.stash.get(_COUNT, 0)
    line = f"SBML Test Suite: {count} of {total} cases ran"
    if count < total:
        line += "; put the cases into shared/sbml-test-suite or set SIGMAPATH_SBML_TEST_SUITE"
    terminalreporter.section("conformance", red=count < total)
    terminalreporter.write_line(line, red=count < total, green=count == total)
