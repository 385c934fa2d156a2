"""Every system of the seed guides has a page, and a page says all that the model file says."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from sigmapath.cli.app import run
from sigmapath.docs.excerpt import Excerpt, excerpt
from sigmapath.docs.page import parameter_rows
from sigmapath.docs.site import packaged_systems, write_site
from sigmapath.docs.systems import read_systems
from sigmapath.docs.verdicts import Verdict, verdicts_of_file
from sigmapath.errors import ParseError, PlanError, UnknownNameError
from sigmapath.evidence.claims import claims_folder, read_claims
from sigmapath.io.load import load_network
from sigmapath.model.network import ReactionNetwork
from sigmapath.pathways.registry import model_path, models_folder

SYSTEMS = packaged_systems()
CLAIMS = read_claims(claims_folder() / "claims.toml")
MODULES = (
    "s1r", "calcium", "mitochondria", "upr", "nrf2", "membrane", "nmdar", "neurotrophin",
    "microdomain", "death",
)  # fmt: skip
# The systems that the seed guides describe, in their order, by a word of the page's title.
OF_THE_SEEDS = (
    "release by agonist", "oligomers", "Ligand panel", "Translocation", "Cholesterol", "IP3R3",
    "GPCR", "PLC", "SERCA", "MCU", "NCLX", "PMCA", "SOCE", "ATP", "oxygen", "Misfolded", "IRE1",
    "ERAD", "PERK", "CHOP", "ATF6", "death", "KEAP1", "SOD1", "NQO1", "HO-1", "L-type", "N-type",
    "SK", "GluN1", "GluN2A", "PSD-95", "retinal ganglion", "PI-PLC", "PKC", "Kv1.2", "Kv1.3",
    "Kv1.4", "Kv1.5", "Nav1.2", "Nav1.5", "persistent", "ASIC1a", "hERG", "TRPV1", "BDNF", "TrkB",
    "ERK", "AKT", "opioid", "D1", "Disease",
)  # fmt: skip


@cache
def network(name: str) -> ReactionNetwork:
    return load_network(model_path(name))


@cache
def part(system: str) -> Excerpt:
    return excerpt(network(SYSTEMS[system].model), SYSTEMS[system])


@cache
def site(folder: Path) -> dict[str, str]:
    seen = {"S1R-02": Verdict(verdict="holds", seen=("a < b",))}
    return {path.name: path.read_text(encoding="utf-8") for path in write_site(folder, seen)}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return site(tmp_path_factory.mktemp("pages"))


@pytest.mark.parametrize("word", OF_THE_SEEDS)
def test_every_system_of_the_seeds_has_a_page(word: str) -> None:
    assert [name for name, system in SYSTEMS.items() if word in system.title]


def test_every_claim_is_on_a_page() -> None:
    assert set(CLAIMS) == {claim for system in SYSTEMS.values() for claim in system.claims}


@pytest.mark.parametrize("module", MODULES)
def test_everything_of_a_module_is_on_a_page(module: str) -> None:
    """Reactions and rules are shown, or said to repeat what is shown."""
    model = network(module)
    wanted = {r.id for r in model.reactions} | {r.variable for r in model.rate_rules}
    wanted |= {r.variable for r in model.assignment_rules}
    found: set[str] = set()
    for name, system in SYSTEMS.items():
        if system.model == module:
            taken = part(name)
            found |= taken.shown | taken.dropped | {r.variable for r in taken.definitions}
    assert wanted <= found, sorted(wanted - found)


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_parameter_lacks_unit_source_or_grade(name: str) -> None:
    rows = parameter_rows(part(name))
    assert rows
    for row in rows:
        assert row.unit, row.id
        assert row.meaning, row.id
        assert row.source, row.id
        assert row.grade, row.id
        assert row.grade == "derived" or row.low is not None, row.id


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_page_shows_all_its_parts(name: str, pages: dict[str, str]) -> None:
    page = pages[f"{name}.html"]
    for heading in ("Scheme", "Equations", "Parameters", "Claims and verdicts", "What is assumed"):
        assert f"<h2>{heading}</h2>" in page, heading
    assert f"src='{name}.svg'" in page
    assert pages[f"{name}.svg"].count("<path") > 10
    for claim in SYSTEMS[name].claims:
        assert f"<td>{claim}</td>" in page
    for row in parameter_rows(part(name)):
        assert f"<td>{row.id}</td>" in page, row.id
    assert f"href='{name}.html'" in pages["index.html"]


def test_verdicts_stand_on_the_pages_and_text_is_escaped(pages: dict[str, str]) -> None:
    assert "<td class='holds'>holds</td><td>a &lt; b</td>" in pages["s1r_release.html"]
    assert "1 holds" in pages["index.html"]


def test_the_index_keeps_targets_and_tests_apart(pages: dict[str, str]) -> None:
    assert "UPR-04, UPR-06, UPR-07, UPR-09, UPR-10" in pages["index.html"]
    assert "huntington_like" in pages["disease.html"]
    assert "misfolding_load: 0.2 to 2" in pages["disease.html"]


def test_pages_are_the_same_every_time(tmp_path: Path, pages: dict[str, str]) -> None:
    assert site(tmp_path) == pages
    assert not re.search(r"\b20[0-9]{2}-[0-9]{2}-[0-9]{2}\b", "".join(pages.values()))


def test_verdicts_of_a_results_file(tmp_path: Path) -> None:
    path = tmp_path / "evidence.xml"
    path.write_text(
        '<testsuites><testsuite><testcase name="S1R-02 Agonist releases">'
        "<system-out>holds; core. ratio = 1.5 (wanted &gt;= 1.1)\ncontrol</system-out></testcase>"
        '<testcase name="S1R-03 x"><skipped message="no data"/>'
        "<system-out>not testable; core. </system-out></testcase></testsuite></testsuites>"
    )
    found = verdicts_of_file(path)
    assert found["S1R-02"].verdict == "holds"
    assert found["S1R-02"].seen == ("ratio = 1.5 (wanted >= 1.1)", "control")
    assert found["S1R-03"] == Verdict(verdict="not testable", seen=("no data",))
    for text in ("<testsuites/>", "no xml", "<testsuites>"):
        path.write_text(text)
        with pytest.raises(ParseError):
            verdicts_of_file(path)


def test_command_refuses_bad_results_before_it_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "pages"
    assert run(["docs", "--out", str(out), "--evidence", str(tmp_path / "missing.xml")]) == 2
    assert "missing.xml" in capsys.readouterr().err
    assert not out.exists()


ROW = 'title = "t"\nmodel = "upr"\nfocus = ["ATF6"]\nclaims = ["UPR-01"]\nabout = "a"\n'


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[systems.a]\n" + ROW.replace('about = "a"\n', ""), ParseError),
        ("[systems.a]\nfoot = 1\n" + ROW, UnknownNameError),
        ("[systems.a]\n" + ROW.replace("upr", "uppr"), UnknownNameError),
        ("[systems.a]\n" + ROW.replace("UPR-01", "UPR-99"), UnknownNameError),
        ("[systems.a", ParseError),
    ],
)
def test_bad_lists_of_systems_are_refused(tmp_path: Path, text: str, error: type) -> None:
    path = tmp_path / "systems.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error):
        read_systems(path, models=("upr",), claims=CLAIMS)


def test_a_pattern_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "systems.toml"
    path.write_text("[systems.a]\n" + ROW.replace('"ATF6"', '"ATF7*"'), encoding="utf-8")
    system = read_systems(path, models=("upr",), claims=CLAIMS)["a"]
    with pytest.raises(PlanError, match=r"ATF7\*"):
        excerpt(network("upr"), system)


def test_the_list_of_systems_is_packaged() -> None:
    assert (models_folder() / "systems.toml").is_file()
