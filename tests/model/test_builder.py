import pytest

from sigmapath.errors import ModelError, UnknownNameError
from sigmapath.expr.nodes import free_symbols
from sigmapath.model.builder import ModelBuilder
from sigmapath.model.evidence import Evidence
from sigmapath.model.rate_laws import mass_action, michaelis_menten
from sigmapath.model.unit_definitions import NetworkUnits
from sigmapath.model.validate import check_network
from sigmapath.quantity import parse_unit


def full_builder():
    m = ModelBuilder("full", substance="amol", time="s", volume="pL", notes="A small model")
    cell = m.compartment("cell", 2.0)
    m.compartment("membrane", 1.5, dimensions=2.0, units="um^2")
    a = m.species("A", cell, concentration=10.0)
    m.species("B", cell, amount=1.0)
    m.species("C", cell, concentration=0.0)
    enzyme = m.species("E", cell, concentration=1.0, boundary=True)
    k = m.parameter("k", 0.1, units="1/(uM s)", evidence=Evidence(meaning="On-rate", source="x"))
    m.parameter("Km", 2.0, units="uM")
    kcat = m.parameter("kcat", 3.0, units="1/s")
    m.parameter("total", units="uM")
    m.parameter("x", 1.0, units="uM")
    m.reaction("A + 2 B -> C", k * a * "B" * cell, id="join")
    m.reaction("C -> A", michaelis_menten(kcat * enzyme, "Km", "C", volume="cell"))
    m.reaction("<-> B", "cell * k1 * B", local={"k1": 0.5})
    m.assignment_rule("total", "A + B + C")
    m.rate_rule("x", "-kcat * x")
    m.initial_assignment("C", "0.5 * A")
    m.function("half", ["u"], "u / 2")
    m.event("time >= 5", {"x": "half(x)"}, id="cut")
    return m


def test_the_network_says_what_was_built():
    network = full_builder().build()
    assert [s.id for s in network.species] == ["A", "B", "C", "E"]
    join, back, source = network.reactions
    assert [(r.species, r.stoichiometry) for r in join.reactants] == [("A", 1.0), ("B", 2.0)]
    assert back.id == "R2"
    assert back.modifiers == ("E",)
    assert not join.reversible
    assert source.reversible
    assert source.reactants == ()
    assert network.species[1].initial_amount == 1.0
    assert network.parameters[0].meta.notes == "On-rate. source: x"


def test_what_changes_is_not_constant():
    parameters = {p.id: p.constant for p in full_builder().build().parameters}
    assert parameters == {"k": True, "Km": True, "kcat": True, "total": False, "x": False}


def test_units_are_defined_once_and_mean_what_they_say():
    network = full_builder().build()
    ids = [d.id for d in network.unit_definitions]
    assert len(ids) == len(set(ids))
    units = NetworkUnits(network)
    by_parameter = {p.id: units.by_id(p.units) for p in network.parameters}
    assert by_parameter["k"] == parse_unit("1/(uM s)")
    assert by_parameter["Km"] == parse_unit("uM")
    assert units.rate == parse_unit("amol/s")
    assert units.species(network.species[0]) == parse_unit("uM")
    assert units.size(network.compartments[1]) == parse_unit("um^2")


def test_build_is_repeatable_and_the_network_is_frozen():
    builder = full_builder()
    assert builder.build() == builder.build()
    with pytest.raises(AttributeError):
        builder.build().species = ()


def test_constructors_take_symbols_and_ids():
    m = ModelBuilder("m")
    cell = m.compartment("cell", 1.0)
    a = m.species("A", "cell", concentration=1.0)
    k = m.parameter("k", 1.0)
    m.reaction("A ->", mass_action(k, a, volume=cell))
    law = m.build().reactions[0].kinetic_law
    assert free_symbols(law.math) == {"cell", "k", "A"}


def test_all_mistakes_come_together():
    m = ModelBuilder("bad", time="sekond")
    m.compartment("cell", 1.0)
    m.species("A", "cel", concentration=1.0, amount=2.0)
    m.reaction("A + -> B", "k * A")
    m.reaction("A -> ", "k * A * (", id="broken")
    m.reaction("A -> ", "k * Aa", id="unknown")
    m.parameter("p", 1.0, units="uMM")
    with pytest.raises(ModelError) as caught:
        m.build()
    codes = {issue.code for issue in caught.value.issues}
    assert {
        "bad_unit", "two_initial_values", "bad_scheme", "bad_formula", "unknown_symbol",
        "unknown_compartment",
    } <= codes  # fmt: skip
    text = str(caught.value)
    assert "did you mean cell" in text
    assert "reaction broken" in text


@pytest.mark.parametrize(
    "scheme",
    ["A", "A -> B -> C", "A + + B -> C", "2 -> B", "A - B -> C", "", "A! -> B", "A B -> C"],
)
def test_bad_schemes(scheme):
    m = ModelBuilder("m")
    m.reaction(scheme, 1.0)
    with pytest.raises(ModelError, match="R1"):
        m.build()


@pytest.mark.parametrize("scheme", ["2A -> B", "2 A->B", "2*A => B", "2.0 A   ->   B"])
def test_ways_to_write_a_stoichiometry(scheme):
    m = ModelBuilder("m")
    m.compartment("c", 1.0)
    for name in "AB":
        m.species(name, "c", concentration=1.0)
    m.reaction(scheme, "A")
    reactant = m.build().reactions[0].reactants[0]
    assert (reactant.species, reactant.stoichiometry) == ("A", 2.0)


def test_an_empty_model_is_fine():
    network = ModelBuilder("empty").build()
    assert check_network(network) == []


def test_unknown_names_are_typed():
    from sigmapath.model.describe import species_table

    table = species_table(full_builder().build())
    with pytest.raises(UnknownNameError, match="did you mean"):
        table["a"]
    assert "a" not in table
    assert table.get("a") is None
