"""Claims in, verdicts out, on a model whose numbers are known by heart."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from small_claims import EXPERIMENTS, engine_of, write_folder

from sigmapath.errors import ParseError, PlanError, UnknownNameError
from sigmapath.evidence.evidence import gather
from sigmapath.evidence.judging import spearman
from sigmapath.evidence.measures import count_spikes, half_effect_dose, half_time, time_above
from sigmapath.evidence.mutation import cut_links
from sigmapath.evidence.report import claim_rows, html_report, junit_report
from sigmapath.evidence.uncertainty import wilson_interval
from sigmapath.experiment.ensemble import ensemble


def test_verdicts(tmp_path: Path) -> None:
    """exp(-ln 10) is a tenth; twice the rate leaves a tenth of that; A + B does not change."""
    found = gather(engine_of, folder=write_folder(tmp_path))
    verdicts = {j.claim.id: j.verdict for j in found.judgements}
    assert verdicts == {"A-01": "holds", "A-02": "holds", "A-03": "context only"}
    ratio = found.judgements[1].findings[0]
    assert ratio.measured[0] == pytest.approx(0.1, rel=1e-4)


def test_failure_says_why(tmp_path: Path) -> None:
    text = EXPERIMENTS.replace("k = 2", "k = 1.1").replace(
        "runs.fast", 'fails_because = "too slow"\nruns.fast'
    )
    found = gather(engine_of, folder=write_folder(tmp_path, experiments=text), claims=["A-02"])
    (judgement,) = found.judgements
    assert judgement.verdict == "fails"
    assert "fast / plain = 0.79" in judgement.reason
    assert "too slow" in judgement.reason


def test_a_failing_control_fails_the_claim(tmp_path: Path) -> None:
    text = EXPERIMENTS.replace("value = 0.59784", "value = 0.7")
    found = gather(engine_of, folder=write_folder(tmp_path, experiments=text), claims=["A-02"])
    assert found.judgements[0].verdict == "fails"
    assert found.judgements[0].reason.startswith("control:")


def test_by_construction_and_not_testable(tmp_path: Path) -> None:
    text = EXPERIMENTS.replace("[A-01]", '[A-01]\nby_construction = "an input"')
    start = text.index("[A-03]")
    text = text[:start] + '[A-03]\nnot_testable = "no such thing"\n'
    found = gather(engine_of, folder=write_folder(tmp_path, experiments=text))
    assert [j.verdict for j in found.judgements] == ["by construction", "holds", "not testable"]


def test_members_are_judged_one_by_one(tmp_path: Path) -> None:
    members = ensemble(members={"k": [1.0, 3.0]})
    found = gather(
        engine_of, folder=write_folder(tmp_path), claims=["A-01"], ensemble=members, courses=False
    )
    assert found.judgements[0].passed.tolist() == [True, True, False]


def test_cutting_the_link_takes_its_claims_down(tmp_path: Path) -> None:
    table = cut_links(engine_of, folder=write_folder(tmp_path))
    assert table.contradictions == ()
    assert table.passes == {
        "A-01": {"push": False},
        "A-02": {"push": False},
        "A-03": {"push": True},
    }


def test_a_false_requirement_is_found(tmp_path: Path) -> None:
    text = EXPERIMENTS.replace("requires = []", 'requires = ["push"]')
    (wrong,) = cut_links(engine_of, folder=write_folder(tmp_path, experiments=text)).contradictions
    assert (wrong.claim, wrong.link, wrong.expected) == ("A-03", "push", "fails")


def test_reports(tmp_path: Path) -> None:
    found = gather(engine_of, folder=write_folder(tmp_path))
    page = html_report(found)
    for text in ("A decays to a tenth in ln 10.", "<svg", "context only", "seed guides 000"):
        assert text in page
    suites = ElementTree.fromstring(junit_report(found))
    assert suites.get("tests") == "3"
    assert suites.get("failures") == "0"
    header, rows = claim_rows(found)
    assert [row[0] for row in rows] == ["A-01", "A-02", "A-03"]
    assert len(header) == len(rows[0])


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ('run = "fast"', 'run = "fastest"', UnknownNameError),
        ('requires = ["push"]', 'requires = ["pull"]', UnknownNameError),
        ("[A-03]", "[A-04]", UnknownNameError),
        ("until = 1\n", "unitl = 1\n", UnknownNameError),
        ('{ of = "A + B", run = "plain" }', '{ run = "plain" }', ParseError),
        ('{ of = "A + B", run = "plain" }', '{ of = "A + B" }', ParseError),
        ('op = "value"', 'op = "equals"', ParseError),
        ('"final(A)", run = "plain"', '"last(A)", run = "plain"', UnknownNameError),
        ('"final(A)", run = "plain"', '"final(Q)", run = "plain"', PlanError),
        ("k = 2", "q = 2", PlanError),
    ],
)
def test_bad_experiments_are_refused(
    tmp_path: Path, old: str, new: str, error: type[Exception]
) -> None:
    assert old in EXPERIMENTS
    text = EXPERIMENTS.replace(old, new)
    with pytest.raises(error):
        gather(engine_of, folder=write_folder(tmp_path, experiments=text))


def test_missing_experiment_is_refused(tmp_path: Path) -> None:
    text = EXPERIMENTS[: EXPERIMENTS.index("[A-03]")]
    with pytest.raises(ParseError, match="A-03"):
        gather(engine_of, folder=write_folder(tmp_path, experiments=text))


def test_half_time_and_time_above() -> None:
    """A triangle 0-1-0 over 0..2 reaches half at 0.5 and is above half for 1."""
    times = np.linspace(0.0, 2.0, 201)
    course = (1.0 - np.abs(times - 1.0))[None, :]
    assert half_time(times, course)[0] == pytest.approx(0.5)
    assert time_above(times, course, np.array([0.5]))[0] == pytest.approx(1.0)
    assert np.isnan(half_time(times, np.ones((1, 201)))[0])


def test_half_effect_dose_of_a_hyperbola() -> None:
    doses = np.concatenate([[0.0], np.geomspace(1e-3, 1e6, 400)])
    for sign in (1.0, -1.0):
        curve = 5.0 + sign * doses / (2.0 + doses)
        assert half_effect_dose(doses, curve[None, :])[0] == pytest.approx(2.0, rel=1e-3)
    assert np.isnan(half_effect_dose(doses, np.ones((1, 401)))[0])


def test_spikes_and_ranks() -> None:
    wave = -50.0 * np.cos(np.linspace(0.0, 6.0 * np.pi, 500))[None, :]
    assert count_spikes(wave)[0] == 3.0
    table = np.array([[1.0, 3.0], [2.0, 2.0], [5.0, 1.0]])
    assert spearman(table, np.array([0.1, 0.2, 0.3])) == pytest.approx([1.0, -1.0])


def test_wilson_interval() -> None:
    """Values of Brown, Cai and DasGupta 2001, doi:10.1214/ss/1009213286: 0 of 10 is 0 to 0.278."""
    assert wilson_interval(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-3)
    assert wilson_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-3)


def test_a_factor_without_draws_or_below_one_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    for wrong in ({"factor": 2.0}, {"factor": 1.0, "ensemble": 5}):
        with pytest.raises(PlanError, match="draws go|above 1"):
            gather(engine_of, folder=folder, **wrong)
