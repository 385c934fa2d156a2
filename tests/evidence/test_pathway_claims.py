"""The shipped claims on the shipped models: what fails says why, and links are what claims say."""

from __future__ import annotations

from functools import cache

import pytest

import sigmapath as sp
from sigmapath.cli.app import run
from sigmapath.evidence.evidence import Evidence, gather
from sigmapath.evidence.mutation import cut_links


@cache
def engine_of(name: str) -> object:
    return sp.load(name)._engine


@cache
def nominal() -> Evidence:
    return gather(engine_of, courses=False)


@pytest.mark.slow
def test_what_fails_is_explained_by_the_mechanism() -> None:
    for judgement in nominal().judgements:
        if judgement.verdict == "fails":
            assert judgement.experiment.fails_because, judgement.reason
        else:
            assert not judgement.experiment.fails_because, judgement.claim.id


@pytest.mark.slow
def test_every_run_comes_to_its_end() -> None:
    for judgement in nominal().judgements:
        assert judgement.verdict == "not testable" or judgement.ran[0], judgement.claim.id


@pytest.mark.slow
def test_cutting_links_takes_down_what_requires_them_and_nothing_else() -> None:
    table = cut_links(engine_of)
    assert table.contradictions == ()


def test_command_line_prints_and_writes(
    tmp_path,
    capsys: pytest.CaptureFixture[str],  # noqa: ANN001
) -> None:
    out = tmp_path / "report"
    assert run(["evidence", "--claim", "S1R-02", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "S1R-02" in printed
    assert "holds" in printed
    assert {path.name for path in out.iterdir()} == {"evidence.html", "evidence.xml"}


def test_command_line_refuses_unknown_names(
    tmp_path,
    capsys: pytest.CaptureFixture[str],  # noqa: ANN001
) -> None:
    out = tmp_path / "report"
    for arguments in (["--claim", "S1R-99"], ["--module", "LIGS"]):
        assert run(["evidence", *arguments, "--out", str(out)]) == 2
        assert "unknown" in capsys.readouterr().err
    assert not out.exists()
