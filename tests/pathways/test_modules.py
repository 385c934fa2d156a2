"""Every module stands alone; together they make s1r_mam; every number says where it is from."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache

import libsbml
import pytest
from sbml_maths import MODELS, MODULES, Equations, flat_sbml

NOTE = re.compile(
    r"^(?P<meaning>.+?)\. source: (?P<source>.+?) ; grade: (?P<grade>\w+)"
    r" ; range: (?P<range>.+?)\s*$"
)
SPECIES = """
    Ca_cyt Ca_mam Ca_er Ca_mito IP3 IP3R3 S1R_BiP S1R_free S1R_total S1R_released BiP_free misfolded
    IRE1_active PERK_active ATF6_cleaved XBP1s CHOP NRF2_nuc SOD1 NQO1 HMOX1 ROS ATP_cyt
"""
INPUTS = """
    thapsigargin tunicamycin DTT H2O2 IP3_stimulus GPCR_stimulus S1R_expression NRF2_expression
    IP3R3_expression MCU_expression Kd_L1 kon_L4 alpha_L2 k_el_L1
"""
GRADES = {"measured", "published_model", "derived", "fitted", "assumed", "input"}


@cache
def equations(name: str) -> Equations:
    """Return the equations of a model file."""
    return Equations(flat_sbml(name))


@cache
def kinds(name: str) -> dict[str, str]:
    """Return the kind of every id of a model."""
    model = equations(name).model
    lists = {
        "compartment": model.compartments,
        "species": model.species,
        "parameter": model.parameters,
        "reaction": model.reactions,
    }
    return {x.getId(): kind for kind, items in lists.items() for x in items}


def note(element: object) -> str:
    """Return the text of the notes of an element."""
    return re.sub(r"<[^>]+>|\s+", " ", element.getNotesString()).strip()


@pytest.mark.parametrize("name", [*MODULES, "s1r_mam"])
def test_loads_alone(name: str) -> None:
    """Every file is read by libAntimony by itself and gives SBML that libSBML finds valid."""
    document = equations(name).document
    assert document.getNumErrors(libsbml.LIBSBML_SEV_ERROR) == 0
    assert len(kinds(name)) > 30


@pytest.mark.parametrize("name", [*MODULES, "s1r_mam"])
def test_units_are_consistent(name: str) -> None:
    """Every formula has the units of what it stands for, literals being pure numbers."""
    document = equations(name).document.clone()
    model = document.getModel()

    def pure(node: object) -> None:
        if node.isNumber() and not node.getUnits():
            node.setUnits("dimensionless")
        for i in range(node.getNumChildren()):
            pure(node.getChild(i))

    laws = [r.getKineticLaw() for r in model.reactions]
    for element in [*model.rules, *model.getListOfInitialAssignments(), *laws]:
        node = element.getMath().deepCopy()
        pure(node)
        element.setMath(node)
    document.getErrorLog().clearLog()
    for category in range(libsbml.LIBSBML_CAT_SBML, libsbml.LIBSBML_CAT_MODELING_PRACTICE + 1):
        document.setConsistencyChecks(category, False)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, True)
    document.checkConsistency()
    log = [document.getError(i).getMessage() for i in range(document.getNumErrors())]
    assert log == []


def test_ids_are_shared_or_unique() -> None:
    """An id of two modules is synchronised in s1r_mam, so that no prefix survives there."""
    count = Counter(i for m in MODULES for i in kinds(m))
    shared = {i for i, n in count.items() if n > 1}
    text = (MODELS / "s1r_mam.ant").read_text()
    joined = set(re.findall(r"\.(\w+) is \1;", text))
    assert shared <= joined
    assert joined - shared <= {"substance", "volume", "extent"} | set(
        re.findall(r"unit (\w+)", text)
    )
    assert set(kinds("s1r_mam")) == set(count)


def test_shared_ids_are_of_one_kind() -> None:
    """A species is a species in every module that knows it."""
    for name in {i for m in MODULES for i in kinds(m)}:
        assert len({kinds(m)[name] for m in MODULES if name in kinds(m)}) == 1, name


def test_stand_in_values_agree() -> None:
    """What a module assumes of another one is what the other one has at rest (1 %)."""
    whole = equations("s1r_mam").at_start()
    for module in MODULES:
        alone = equations(module).at_start()
        for name in kinds(module):
            if kinds(module)[name] != "reaction":
                assert alone[name] == pytest.approx(whole[name], rel=0.01, abs=1e-12), (
                    module,
                    name,
                )


@pytest.mark.parametrize("name", [*MODULES, "s1r_mam"])
def test_every_constant_has_unit_source_grade_and_range(name: str) -> None:
    """The notes follow one grammar; the value lies in its range; an assumed range is wide."""
    eq = equations(name)
    values = eq.at_start()
    ruled = {r.getVariable() for r in eq.model.rules if r.isAssignment()}
    for parameter in eq.model.parameters:
        assert parameter.getUnits(), parameter.getId()
        if parameter.getId() in ruled:
            assert note(parameter), parameter.getId()
            continue
        match = NOTE.match(note(parameter))
        assert match, (parameter.getId(), note(parameter))
        check_range(parameter.getId(), parameter.getUnits(), values[parameter.getId()], match)


def check_range(name: str, unit: str, value: float, match: re.Match[str]) -> None:
    """Check grade and range of one value."""
    grade, span = match["grade"], match["range"]
    assert grade in GRADES, name
    assert "unverified" not in match["source"] or grade in {"assumed", "fitted"}, name
    if grade == "derived":
        assert span == "derived", name
        return
    low, high = (float(x) for x in span.split(" to "))
    assert low <= value <= high, name
    additive = unit == "mV" or re.match(r"n_|K_SOCE$|f_|eps_|E_", name)
    bounded = {"Ca_mam_rest", "ATP_cyt_rest", "NADH_rest", "adenine_total", "d_inh_mam"}
    if grade in {"assumed", "fitted"} and not additive and name not in bounded:
        assert high >= 8 * low, name


@pytest.mark.parametrize("name", [*MODULES, "s1r_mam"])
def test_species_and_compartments_have_notes(name: str) -> None:
    """Every species says what it is."""
    model = equations(name).model
    for element in [*model.species, *model.compartments]:
        assert note(element), element.getId()


def test_contract_names() -> None:
    """The names users rely on exist in s1r_mam."""
    names = kinds("s1r_mam")
    assert {names.get(i) for i in [*SPECIES.split(), "L1", "L2", "L3", "L4"]} == {"species"}
    assert {names.get(i) for i in INPUTS.split()} == {"parameter"}
    start = equations("s1r_mam").at_start()
    for name in [*INPUTS.split()[:6], "L1", "L2", "L3", "L4"]:
        assert start[name] == 0, name


def test_index_and_conditions_name_what_exists() -> None:
    """Every packaged model has its line; arms use ids of s1r_mam, conditions of any module."""
    index = tomllib.loads((MODELS / "index.toml").read_text())["models"]
    assert set(index) >= {p.stem for p in MODELS.glob("*.ant")}
    known = kinds("s1r_mam")
    arms = index["s1r_mam"]["dose_arms"]
    assert [a["id"] for a in arms] == ["S1R_released", "Ca_mito_peak", "XBP1s_auc", "NRF2_nuc_peak"]
    for arm in arms:
        used = [arm["observable"], *arm["inputs"], *(p["target"] for p in arm.get("pulses", []))]
        assert set(used) <= set(known)
    anywhere = {name for path in MODELS.glob("*.ant") for name in kinds(path.stem)}
    conditions = tomllib.loads((MODELS / "conditions.toml").read_text())["conditions"]
    for condition in conditions.values():
        assert condition["description"]
        assert set(condition["parameters"]) <= anywhere
