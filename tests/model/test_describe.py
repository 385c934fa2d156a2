import pytest

from sigmapath.expr.nodes import symbol
from sigmapath.model.builder import ModelBuilder
from sigmapath.model.describe import (
    compartments_table,
    observables_table,
    parameters_table,
    reactions_table,
    species_table,
    totals_table,
)
from sigmapath.model.equations import equations


@pytest.fixture
def network():
    m = ModelBuilder("m", substance="amol", time="s", volume="pL")
    m.compartment("cell", 2.0)
    m.species(
        "A", "cell", amount=3.0, notes="Substrate. source: s ; grade: measured ; range: 1 to 2"
    )
    m.species("B", "cell", concentration=1.0, counts_amount=True)
    m.species("C", "cell", concentration=0.0)
    m.parameter(
        "k", 0.25, units="1/s", notes="Rate <b>. source: x ; grade: assumed ; range: 0.1 to 3"
    )
    m.parameter("sum", units="uM")
    m.reaction("2 A -> C", "cell * kl * A", id="r1", local={"kl": 2.0})
    m.reaction("C <-> A", "cell * k * C", id="r2")
    m.assignment_rule("sum", "A + C")
    m.initial_assignment("C", "A / 2")
    m.event("time > 3", {"C": "0"}, id="wash")
    return m.build()


def test_values_are_in_the_terms_of_formulas(network):
    table = species_table(network)
    assert table["A"].value == 1.5
    assert table["A"].unit == "uM"
    assert table["B"].value == 2.0
    assert (table["B"].unit, table["B"].measure) == ("amol", "amount")
    assert table["C"].value is None
    assert table["C"].formula == "start A / 2"


def test_evidence_is_in_the_records(network):
    k = parameters_table(network)["k"]
    assert (k.value, k.unit, k.source, k.grade, k.low, k.high) == (
        0.25, "1/s", "x", "assumed", 0.1, 3.0,
    )  # fmt: skip


def test_rules_and_local_parameters(network):
    table = parameters_table(network)
    assert list(table) == ["k", "sum", "r1.kl"]
    assert (table["sum"].role, table["sum"].formula) == ("assignment rule", "A + C")
    assert table["r1.kl"].value == 2.0


def test_reactions(network):
    table = reactions_table(network)
    assert table["r1"].scheme == "2 A -> C"
    assert table["r2"].scheme == "C <-> A"
    assert table["r1"].unit == "amol/s"


def test_frames_have_one_row_per_record(network):
    frame = parameters_table(network).to_pandas()
    assert list(frame.index) == ["k", "sum", "r1.kl"]
    assert frame.loc["k", "value"] == 0.25
    assert reactions_table(ModelBuilder("e").build()).to_pandas().empty


def test_text_shows_value_with_unit_and_html_is_escaped(network):
    text = repr(parameters_table(network))
    assert "0.25" in text
    assert "1/s" in text
    html = parameters_table(network)._repr_html_()
    assert "Rate &lt;b&gt;" in html
    assert "<b>" not in html


def test_empty_and_long_tables():
    m = ModelBuilder("m")
    assert "0 parameters" in repr(parameters_table(m.build()))
    for i in range(100):
        m.parameter(f"p{i}", 1.0)
    assert "... and 60 more" in repr(parameters_table(m.build()))


def test_compartments_observables_and_totals(network):
    assert compartments_table(network)["cell"].unit == "pL"
    observables = observables_table({"[A]": symbol("A")}, {"[A]": "uM"})
    assert (observables["[A]"].formula, observables["[A]"].unit) == ("A", "uM")
    total = totals_table([("T", [(1.0, "A"), (2.0, "C")])])["T"]
    assert (total.terms, total.species) == ("A + 2 C", ("A", "C"))


def test_equations_balance_amounts(network):
    text = equations(network)
    assert "r1: 2 A -> C; " in text
    assert "d amount(A)/dt = -2 r1 + r2" in text
    assert "d amount(C)/dt = r1 - r2" in text
    assert "amount(B)" not in text
    assert "C(0) = A / 2" in text
    assert "wash: at time > 3: C = 0" in text


def test_equations_of_an_empty_model():
    assert "no equations" in equations(ModelBuilder("e").build())
