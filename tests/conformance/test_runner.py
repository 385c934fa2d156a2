"""The runner itself: reading cases, the criterion, isolation of processes, tables, manifest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.conformance.tasks import misbehave

from sigmapath.conformance.__main__ import main
from sigmapath.conformance.crew import run_cases
from sigmapath.conformance.judge import Outcome, judge, worst_deviation
from sigmapath.conformance.manifest import (
    differences,
    manifest_line,
    read_manifest,
    write_manifest,
)
from sigmapath.conformance.suite import find_cases, read_case
from sigmapath.conformance.table import pass_table, summary, write_csv
from sigmapath.errors import ParseError, UnknownNameError

_SETTINGS = """start: 0
duration: 2
steps: 4
variables: S, k
absolute: 1e-6
relative: 1e-4
amount: S
concentration:
"""
_DESCRIPTION = """(*
componentTags: Species, Reaction
testTags:      Amount
*)
"""
_MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">
  <model>
    <listOfCompartments><compartment id="C" size="2" spatialDimensions="3" constant="true"/>
    </listOfCompartments>
    <listOfSpecies>
      <species id="S" compartment="C" initialAmount="3" hasOnlySubstanceUnits="false"
        boundaryCondition="false" constant="false"/>
    </listOfSpecies>
    <listOfParameters><parameter id="k" value="0.5" constant="true"/></listOfParameters>
    <listOfReactions>
      <reaction id="J" reversible="false">
        <listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/>
        </listOfReactants>
        <kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML">
          <apply><times/><ci>k</ci><ci>S</ci><ci>C</ci></apply></math></kineticLaw>
      </reaction>
    </listOfReactions>
  </model>
</sbml>
"""


def write_case(root: Path, number: str, *, model: str = _MODEL, rate: float = 0.5) -> Path:
    folder = root / "semantic" / number
    folder.mkdir(parents=True)
    (folder / f"{number}-settings.txt").write_text(_SETTINGS)
    (folder / f"{number}-model.m").write_text(_DESCRIPTION)
    (folder / f"{number}-sbml-l3v2.xml").write_text(model)
    (folder / f"{number}-sbml-l2v4.xml").write_text("not looked at: a higher level is there")
    times = np.linspace(0.0, 2.0, 5)
    rows = [f"{t},{3.0 * np.exp(-rate * t)},0.5" for t in times]
    (folder / f"{number}-results.csv").write_text("\n".join(["time,S,k", *rows]) + "\n")
    return folder


def test_a_case_is_read_as_the_suite_writes_it(tmp_path):
    case = read_case(write_case(tmp_path, "00007"))
    assert (case.number, case.level, case.variables) == ("00007", "l3v2", ("S", "k"))
    assert case.times.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert (case.amount, case.concentration) == (frozenset({"S"}), frozenset())
    assert (case.absolute, case.relative) == (1e-6, 1e-4)
    assert case.tags == ("Species", "Reaction", "Amount")


def test_cases_are_found_by_number_with_or_without_zeros(tmp_path):
    write_case(tmp_path, "00002")
    write_case(tmp_path, "00001")
    assert [p.name for p in find_cases(tmp_path)] == ["00001", "00002"]
    assert [p.name for p in find_cases(tmp_path / "semantic", ["2"])] == ["00002"]
    with pytest.raises(UnknownNameError, match="00003"):
        find_cases(tmp_path, ["3"])
    with pytest.raises(ParseError, match="no cases"):
        find_cases(tmp_path / "nowhere")


def test_the_criterion_is_absolute_plus_relative_of_the_reference():
    reference = np.array([1.0, 0.0, np.nan, np.inf])
    same = np.array([1.0 + 1.0e-3, 1.0e-2, np.nan, np.inf])
    worst, size = worst_deviation(same, reference, 1e-2, 1e-3)
    assert (worst, size) == (1, pytest.approx(1.0))
    for other in (np.nan, -np.inf, 5.0):
        changed = same.copy()
        changed[3] = other
        assert worst_deviation(changed, reference, 1e-2, 1e-3) == (3, np.inf)


def test_a_right_case_passes_and_a_wrong_one_says_where(tmp_path):
    assert judge(write_case(tmp_path, "00001")).verdict == "pass"
    outcome = judge(write_case(tmp_path, "00002", rate=0.6))
    assert outcome.verdict == "wrong"
    assert outcome.reason.startswith("S(2) = 1.1036")


def test_what_is_refused_by_name_is_told_from_what_is_broken(tmp_path):
    package = (
        'level="3" version="2" xmlns:x="http://www.sbml.org/sbml/level3/version1/x/version1" '
        'x:required="true"'
    )
    model = _MODEL.replace('level="3" version="2"', package, 1)
    outcome = judge(write_case(tmp_path, "00001", model=model))
    assert outcome.verdict == "unsupported"
    assert "'x'" in outcome.reason
    assert judge(write_case(tmp_path, "00002", model="<sbml")).verdict == "refused"


def test_a_worker_that_dies_or_hangs_costs_its_own_case_only(tmp_path, monkeypatch):
    monkeypatch.setattr("sigmapath.conformance.crew._FIRST", 2.0)
    folders = [tmp_path / f"0000{k}" for k in range(1, 6)]
    outcomes = run_cases(folders, jobs=2, limit=1.0, task=misbehave)
    assert [o.verdict for o in outcomes] == ["pass", "crash", "timeout", "pass", "pass"]
    assert outcomes[1].reason == "exit code 3"


_OUTCOMES = (
    Outcome(number="00001", verdict="pass", seconds=0.1),
    Outcome(number="00002", verdict="unsupported", reason="a thing is not supported"),
    Outcome(number="00003", verdict="wrong", reason="S(1) = 2, reference 3", seconds=0.3),
)
_TAGS = {"00001": ("A", "B"), "00002": ("A",), "00003": ("B",)}


def test_tables_count_by_tag(tmp_path):
    lines = pass_table(_OUTCOMES, _TAGS).splitlines()
    assert lines[0].split() == ["tag", "cases", "pass", "unsupported", "wrong"]
    assert lines[1].split() == ["A", "2", "1", "1"]
    assert lines[2].split() == ["B", "2", "1", "1"]
    assert summary(_OUTCOMES).startswith("1 of 3 cases pass; 1 unsupported, 1 wrong; median 100 ms")
    write_csv(tmp_path / "out.csv", _OUTCOMES, _TAGS)
    assert (tmp_path / "out.csv").read_text().splitlines()[1] == "00001,pass,,0.100,A B"


def test_the_manifest_notices_changes_in_either_direction(tmp_path):
    path = tmp_path / "manifest.txt"
    write_manifest(path, _OUTCOMES)
    expected = read_manifest(path)
    assert expected == {o.number: manifest_line(o) for o in _OUTCOMES}
    assert differences(expected, _OUTCOMES) == []
    better = Outcome(number="00002", verdict="pass")
    other = Outcome(number="00002", verdict="unsupported", reason="another thing")
    for changed in (better, other):
        assert len(differences(expected, [changed])) == 1
    path.write_text("00001 pass\n00001 pass\n")
    with pytest.raises(ParseError, match="not an entry"):
        read_manifest(path)


def test_the_command_prints_the_table_and_tells_bad_input(tmp_path, capsys):
    assert main([str(tmp_path / "nowhere")]) == 2
    assert "no cases" in capsys.readouterr().err
    write_case(tmp_path, "00001")
    assert main([str(tmp_path), "--jobs", "1", "--manifest", str(tmp_path / "m.txt")]) == 0
    assert "1 of 1 cases pass" in capsys.readouterr().out
    assert (tmp_path / "m.txt").read_text() == "00001 pass\n"
