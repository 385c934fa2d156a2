import pytest

from sigmapath.model.builder import ModelBuilder
from sigmapath.model.components import Parameter, UnitDefinition
from sigmapath.model.network import ReactionNetwork
from sigmapath.model.unit_definitions import NetworkUnits, definition_from_text
from sigmapath.model.units import check_units
from sigmapath.quantity import parse_unit


def builder():
    m = ModelBuilder("m", substance="amol", time="s", volume="pL")
    m.compartment("cell", 2.0)
    m.species("A", "cell", concentration=1.0)
    m.species("N", "cell", amount=1.0, counts_amount=True)
    m.parameter("k", 1.0, units="1/s")
    m.parameter("K", 1.0, units="uM")
    m.parameter("K_nM", 1.0, units="nM")
    m.parameter("n", 2.5, units="dimensionless")
    m.parameter("tau", 1.0, units="s")
    m.parameter("bare", 1.0)
    m.parameter("y", 1.0, units="uM")
    return m


def problems(m):
    return [(i.severity, i.code, i.where) for i in check_units(m.build())]


@pytest.mark.parametrize(
    "law",
    [
        "cell * k * A",
        "2 * cell * k * A^n * K / (A^n + K^n)",
        "cell * k * K * (A/K)^n / (1 + (A/K)^n)",
        "k * N",
        "cell * A / tau",
        "cell * k * sqrt(A * K)",
        "cell * k * max(A, 0)",
        "cell * k * A * exp(-time / tau)",
        "cell * k * piecewise(A, time > tau, K)",
        "cell * k * K_nM^0 * A",
        "cell * K * k * ln(A / K)",
        "cell * k * A * tanh(n) * abs(-1)",
    ],
)
def test_sound_laws(law):
    m = builder()
    m.reaction("A ->", law, id="r")
    assert problems(m) == []


@pytest.mark.parametrize(
    ("law", "code"),
    [
        ("k * A", "unit_dimension"),
        ("cell * A", "unit_dimension"),
        ("k * A * A * cell", "unit_dimension"),
        ("cell * k * (A + k)", "unit_dimension"),
        ("cell * k * A / (1 + A)", "unit_literal"),
        ("cell * k * A * exp(A)", "unit_dimension"),
        ("cell * k * A * n^A", "unit_dimension"),
        ("cell * k * (A + K_nM)", "unit_scale"),
        ("cell * k * K_nM", "unit_scale"),
        ("cell * k * piecewise(A, A > tau, K)", "unit_dimension"),
        ("cell * k * min(A, N)", "unit_dimension"),
    ],
)
def test_unsound_laws(law, code):
    m = builder()
    m.reaction("A ->", law, id="r")
    found = problems(m)
    assert ("warning", code, "kinetic law of reaction r") in found


def test_both_units_stand_in_the_message():
    m = builder()
    m.reaction("A ->", "k * A", id="r")
    (issue,) = check_units(m.build())
    assert "uM/s" in issue.what
    assert "amol/s" in issue.what
    assert "concentration per time" in issue.what


def test_scale_is_named_as_a_factor():
    m = builder()
    m.reaction("A ->", "cell * k * K_nM", id="r")
    (issue,) = check_units(m.build())
    assert "factor of 1000" in issue.what


def test_an_undeclared_unit_is_info_once():
    m = builder()
    m.reaction("A ->", "cell * bare * A", id="r1")
    m.reaction("A ->", "cell * bare * A * A", id="r2")
    assert problems(m) == [("info", "unit_undeclared", "parameter bare")]


def test_rules_starts_and_events():
    m = builder()
    m.rate_rule("y", "k * y")
    m.initial_assignment("A", "K")
    m.event("time > tau", {"K": "K * 2"}, delay="tau", id="e")
    assert problems(m) == []
    bad = builder()
    bad.rate_rule("y", "y")
    bad.initial_assignment("A", "k")
    bad.event("time > K", {"K": "tau"}, delay="K", id="e")
    assert [where for _, _, where in problems(bad)] == [
        "initial assignment of A",
        "rate rule of y",
        "trigger of event e",
        "delay of event e",
        "assignment of K in event e",
    ]


def test_functions_are_followed():
    m = builder()
    m.function("saturation", ["s", "half", "order"], "s^order / (half^order + s^order)")
    m.reaction("A ->", "cell * k * K * saturation(A, K, n)", id="good")
    m.reaction("A ->", "cell * k * K * saturation(A, tau, n)", id="bad")
    assert {where for _, _, where in problems(m)} == {"kinetic law of reaction bad"}


def test_a_model_without_units_gets_one_info():
    m = ModelBuilder("m")
    m.compartment("c", 1.0)
    m.species("A", "c", concentration=1.0)
    m.reaction("A ->", "A")
    assert problems(m) == [("info", "unit_undeclared", "model")]


def test_an_empty_definition_is_no_unit():
    network = ReactionNetwork(
        id="m",
        unit_definitions=(UnitDefinition(id="s", units=()),),
        parameters=(Parameter(id="p", value=1.0, units="s"), Parameter(id="q", units="w")),
    )
    assert NetworkUnits(network).by_id("s") is None
    found = [(i.code, i.where) for i in check_units(network)]
    assert found == [("unit_unknown", "unit s"), ("unit_unknown", "parameter q")]


def test_level_2_has_predefined_units():
    network = ReactionNetwork(id="m", level=2, version=4)
    units = NetworkUnits(network)
    assert units.rate == parse_unit("mol/s")
    assert units.by_id("volume") == parse_unit("L")
    assert NetworkUnits(ReactionNetwork(id="m")).rate is None


@pytest.mark.parametrize(
    "text",
    ["uM", "1/(uM s)", "amol", "pL", "1/h", "ug/mL", "mV", "um^2", "%", "1", "item", "pS", "1/d",
     "uM^0.5", "um^3/s", "kcal/mol", "nS/pF"],
)  # fmt: skip
def test_definitions_keep_the_unit(text):
    definition = definition_from_text(text)
    network = ReactionNetwork(id="m", unit_definitions=(definition,))
    kept, meant = NetworkUnits(network).by_id(definition.id), parse_unit(text)
    assert kept.fits(meant)
    assert float(kept.scale / meant.scale) == pytest.approx(1.0, rel=1e-14)


def test_libsbml_agrees_with_the_definitions():
    """An independent reader sees the same SI factor and dimensions."""
    import libsbml

    for text in ("uM", "1/(uM s)", "ug/mL", "mV", "1/h"):
        definition = definition_from_text(text)
        document = libsbml.SBMLDocument(3, 2)
        theirs = document.createModel().createUnitDefinition()
        for unit in definition.units:
            part = theirs.createUnit()
            part.setKind(libsbml.UnitKind_forName(unit.kind))
            part.setExponent(unit.exponent)
            part.setScale(unit.scale)
            part.setMultiplier(unit.multiplier)
        si = libsbml.UnitDefinition.convertToSI(theirs)
        factor = 1.0
        for i in range(si.getNumUnits()):
            unit = si.getUnit(i)
            base = unit.getMultiplier() * 10.0 ** unit.getScale()
            factor *= base ** unit.getExponentAsDouble()
        assert factor == pytest.approx(parse_unit(text).factor, rel=1e-9)
