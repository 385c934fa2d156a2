"""The claims that are shipped are the claims that were given: ids, tiers, expected values."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigmapath.errors import ParseError, UnknownNameError
from sigmapath.evidence.claims import choose_claims, claims_folder, read_claims
from sigmapath.evidence.specs import read_experiments, read_links

FOLDER = claims_folder()
GIVEN = Path(__file__).parents[3] / "shared" / "science" / "claims.yaml"
CLAIMS = read_claims(FOLDER / "claims.toml")


def test_every_claim_is_there_with_an_experiment() -> None:
    assert len(CLAIMS) == 120
    assert list(read_experiments(FOLDER, CLAIMS)) == list(CLAIMS)


@pytest.mark.skipif(not GIVEN.is_file(), reason="the list of claims as given is not here")
def test_claims_are_as_given() -> None:
    yaml = pytest.importorskip("yaml", reason="pyyaml is not installed")
    given = yaml.safe_load(GIVEN.read_text(encoding="utf-8"))["claims"]
    assert [row["id"] for row in given] == list(CLAIMS)
    for row in given:
        claim = CLAIMS[row["id"]]
        assert (claim.module, claim.tier, claim.statement) == (
            row["module"], row["tier"], row["statement"],
        )  # fmt: skip
        assert dict(claim.expected) == row["expected"]
        assert list(claim.seeds) == [name[:3] for name in row["seed_files"]]


def test_checks_do_not_weaken_the_claim() -> None:
    """A check that carries its own comparison belongs to a claim without a plain number."""
    prose = ("and", "chain", "gt", "order", "ratio_le", "value", "ratio_ge")
    for name, experiment in read_experiments(FOLDER, CLAIMS).items():
        expected = CLAIMS[name].expected
        for check in experiment.checks:
            own = check.op != expected["op"]
            if own:
                assert expected["op"] in prose, name
                said = experiment.adapted or expected["op"] in ("and", "chain", "gt")
                assert said or check.share_of or check.more_than, name


def test_every_link_is_required_by_a_claim() -> None:
    required = {link for e in read_experiments(FOLDER, CLAIMS).values() for link in e.requires}
    assert set(read_links(FOLDER)) - required <= {"S1R_clearance", "S1R_PERK", "S1R_KEAP1"}


def test_choosing() -> None:
    assert [claim.id for claim in choose_claims(CLAIMS, ["s1r-02"], [])] == ["S1R-02"]
    assert len(choose_claims(CLAIMS, [], ["LIG"])) == 18
    with pytest.raises(UnknownNameError) as caught:
        choose_claims(CLAIMS, ["S1R-2"], [])
    assert "S1R-02" in caught.value.suggestions
    with pytest.raises(UnknownNameError):
        choose_claims(CLAIMS, [], ["S1X"])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('[[claims]]\nid = "A"', "has no module"),
        (
            '[[claims]]\nid="A"\nmodule="M"\nstatement=""\ntier="sure"\nreadout=""\nseeds=[]\n'
            'expected={op="ge"}',
            "unknown tier",
        ),
        (
            '[[claims]]\nid="A"\nmodule="M"\nstatement=""\ntier="core"\nreadout=""\nseeds=[]\n'
            'expected={op="bigger"}',
            "unknown comparison",
        ),
        ("[[claims]\n", "cannot be read"),
    ],
)
def test_bad_claims_are_refused(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParseError, match=what):
        read_claims(path)
