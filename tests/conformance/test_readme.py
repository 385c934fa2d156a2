"""The table of constructs in the README is that of the manifests."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.conformance.conftest import MANIFEST, suite_folder

from sigmapath.conformance.__main__ import main
from sigmapath.conformance.constructs import GROUPS, constructs_table
from sigmapath.conformance.manifest import read_manifest
from sigmapath.conformance.suite import find_cases, read_case

README = Path(__file__).parents[2] / "README.md"
STOCHASTIC = MANIFEST.with_name("manifest_stochastic.txt")
_HEAD = "| construct | semantic cases |"


def table_in_the_readme() -> str:
    lines = README.read_text(encoding="utf-8").splitlines()
    first = next(k for k, line in enumerate(lines) if line.startswith(_HEAD))
    rest = [k for k, line in enumerate(lines) if k > first and not line.startswith("|")]
    return "\n".join(lines[first : rest[0]])


def test_the_totals_of_the_readme_are_those_of_the_manifests():
    cells = []
    for path in (MANIFEST, STOCHASTIC):
        fates = Counter(read_manifest(path).values())
        cells.append(f"{fates['pass']} of {fates.total()}")
    last = table_in_the_readme().splitlines()[-1]
    assert last == f"| all cases | {cells[0]} | {cells[1]} |"


def test_the_readme_holds_the_table_that_the_command_prints(capsys):
    folder = suite_folder()
    if folder is None:
        pytest.skip("no SBML Test Suite here")
    assert main([str(folder), "--constructs", "--known", str(MANIFEST.parent)]) == 0
    assert table_in_the_readme() == capsys.readouterr().out.strip()


def test_every_tag_of_the_suite_stands_in_the_table():
    folder = suite_folder()
    if folder is None:
        pytest.skip("no SBML Test Suite here")
    tags = {tag for path in find_cases(folder) for tag in read_case(path).tags}
    listed = {tag for wanted in GROUPS.values() for tag in wanted}
    # What is compared, and how models are written, is no construct.
    assert tags - listed <= {
        "Amount", "Concentration", "DefaultValue", "InitialValueReassigned", "MultiCompartment",
        "NonConstantParameter", "NonUnityCompartment", "NonUnityStoichiometry", "Parameter",
        "Species", "comp:SubmodelOutput",
    }  # fmt: skip


def test_cases_with_any_tag_of_a_group_count_once():
    fates = {"00001": "pass", "00002": "wrong", "00003": "pass"}
    tags = {"00001": ("FastReaction", "MultipleFastReactions"), "00002": ("FastReaction",)}
    table = constructs_table(fates, tags | {"00003": ()}, {"00004": "excursions"}, {"00004": ()})
    lines = table.splitlines()
    assert "| fast reactions | 1 of 2 |  |" in lines
    assert lines[-1] == "| all cases | 2 of 3 | 1 of 1 |"
