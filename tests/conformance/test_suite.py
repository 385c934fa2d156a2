"""Every case of the SBML Test Suite meets the fate that the manifest gives it, and no other."""

from __future__ import annotations

from collections import Counter

from tests.conformance.conftest import MANIFEST

from sigmapath.conformance.manifest import differences, read_manifest


def test_every_case_does_what_the_manifest_says(outcomes):
    assert not differences(read_manifest(MANIFEST), outcomes)


def test_every_case_of_the_manifest_ran(outcomes):
    assert {o.number for o in outcomes} == set(read_manifest(MANIFEST))


def test_no_case_is_wrong_crashes_or_hangs(outcomes):
    verdicts = Counter(o.verdict for o in outcomes)
    assert set(verdicts) <= {"pass", "unsupported"}
    assert max(o.seconds for o in outcomes) < 60.0


def test_the_manifest_holds_passes_and_refusals_only():
    fates = read_manifest(MANIFEST).values()
    assert all(fate == "pass" or fate.startswith("unsupported: ") for fate in fates)
