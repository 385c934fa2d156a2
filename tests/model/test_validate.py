from dataclasses import replace

import pytest

from sigmapath.errors import ModelError
from sigmapath.expr.nodes import ONE, apply, symbol
from sigmapath.model.builder import ModelBuilder
from sigmapath.model.components import (
    AssignmentRule,
    Compartment,
    Event,
    EventAssignment,
    FunctionDefinition,
    InitialAssignment,
    KineticLaw,
    LocalParameter,
    Parameter,
    RateRule,
    Reaction,
    Species,
    SpeciesReference,
    Trigger,
)
from sigmapath.model.network import ReactionNetwork
from sigmapath.model.validate import check_network, describe_totals, require_valid

A = symbol("A")
BASE = ReactionNetwork(
    id="base",
    where="base.xml",
    compartments=(Compartment(id="cell", size=1.0),),
    species=(
        Species(id="A", compartment="cell", initial_concentration=1.0),
        Species(id="B", compartment="cell", initial_concentration=0.0),
    ),
    parameters=(
        Parameter(id="k", value=1.0),
        Parameter(id="x", value=1.0, constant=False),
    ),
    reactions=(
        Reaction(
            id="r",
            reactants=(SpeciesReference(species="A"),),
            products=(SpeciesReference(species="B"),),
            kinetic_law=KineticLaw(math=symbol("k") * A),
            reversible=False,
        ),
    ),
)
SETS = EventAssignment(variable="x", math=ONE)


def event(*assignments):
    return Event(id="e", trigger=Trigger(math=ONE), assignments=assignments)


def law(math, *local):
    (reaction,) = BASE.reactions
    return (replace(reaction, kinetic_law=KineticLaw(math=math, local_parameters=local)),)


def species(**changes):
    return (replace(BASE.species[0], **changes), BASE.species[1])


def test_the_base_model_is_sound():
    assert [i.severity for i in check_network(BASE)] == ["info"]  # no units
    require_valid(BASE)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("duplicate_id", {"parameters": (*BASE.parameters, Parameter(id="A", value=1.0))}),
        ("bad_id", {"parameters": (*BASE.parameters, Parameter(id="__import__('os')", value=1.0))}),
        ("unknown_symbol", {"reactions": law(symbol("kk") * A)}),
        ("unknown_symbol", {"reactions": law(symbol("[A]"))}),
        ("unknown_function", {"reactions": law(apply("call", "A", name="f"))}),
        (
            "wrong_arguments",
            {
                "function_definitions": (FunctionDefinition(id="f", arguments=(), body=ONE),),
                "reactions": law(apply("call", "A", name="f")),
            },
        ),
        (
            "unknown_symbol",
            {"function_definitions": (FunctionDefinition(id="f", arguments=("u",), body=A),)},
        ),
        ("duplicate_id", {"reactions": law(A, LocalParameter(id="k"), LocalParameter(id="k"))}),
        ("unknown_compartment", {"species": species(compartment="sell")}),
        ("unknown_parameter", {"species": species(conversion_factor="cell")}),
        ("constant_changed", {"species": species(constant=True)}),
        ("reaction_and_rule", {"rate_rules": (RateRule(variable="A", math=ONE),)}),
        ("constant_changed", {"rate_rules": (RateRule(variable="k", math=ONE),)}),
        ("unknown_symbol", {"rate_rules": (RateRule(variable="q", math=ONE),)}),
        ("unknown_symbol", {"rate_rules": (RateRule(variable="r", math=ONE),)}),
        (
            "two_rules",
            {
                "rate_rules": (RateRule(variable="x", math=ONE),),
                "assignment_rules": (AssignmentRule(variable="x", math=ONE),),
            },
        ),
        (
            "two_rules",
            {
                "initial_assignments": (InitialAssignment(symbol="x", math=ONE),),
                "assignment_rules": (AssignmentRule(variable="x", math=ONE),),
            },
        ),
        ("two_rules", {"initial_assignments": (InitialAssignment(symbol="x", math=ONE),) * 2}),
        (
            "two_rules",
            {
                "events": (event(SETS),),
                "assignment_rules": (AssignmentRule(variable="x", math=ONE),),
            },
        ),
        ("two_rules", {"events": (event(SETS, SETS),)}),
        ("constant_changed", {"events": (event(EventAssignment(variable="k", math=ONE)),)}),
    ],
)
def test_errors(code, change):
    network = replace(BASE, **change)
    errors = [i for i in check_network(network) if i.severity == "error"]
    assert code in {i.code for i in errors}
    with pytest.raises(ModelError) as caught:
        require_valid(network)
    assert str(caught.value).startswith("base.xml: ")
    assert caught.value.issues == tuple(errors)


def test_a_boundary_species_may_have_a_rule():
    network = replace(
        BASE,
        species=species(boundary_condition=True),
        rate_rules=(RateRule(variable="A", math=ONE),),
    )
    require_valid(network)


def test_an_initial_assignment_may_set_a_constant():
    require_valid(replace(BASE, initial_assignments=(InitialAssignment(symbol="k", math=ONE),)))


def test_local_parameters_shadow():
    require_valid(replace(BASE, reactions=law(symbol("q") * A, LocalParameter(id="q", value=1.0))))


def test_near_names_are_offered():
    with pytest.raises(ModelError, match="did you mean cell"):
        require_valid(replace(BASE, species=species(compartment="sell")))


def test_every_error_is_listed_up_to_a_bound():
    rules = tuple(RateRule(variable=f"q{i}", math=ONE) for i in range(60))
    with pytest.raises(ModelError, match="60 errors") as caught:
        require_valid(replace(BASE, rate_rules=rules))
    assert len(caught.value.issues) == 60
    assert "and 40 more" in caught.value.what


def codes(network, severity="warning"):
    return [(i.code, i.where) for i in check_network(network) if i.severity == severity]


def test_missing_values_are_reported():
    parameters = (Parameter(id="k"), BASE.parameters[1])
    assert codes(replace(BASE, parameters=parameters)) == [("no_value", "parameter k")]
    assert ("no_value", "species A") in codes(
        replace(BASE, species=species(initial_concentration=None))
    )


def test_reserved_names_are_mentioned():
    network = replace(BASE, parameters=(*BASE.parameters, Parameter(id="time", value=1.0)))
    assert ("reserved_name", "parameter time") in codes(network, "info")


def test_dead_by_rate_constant():
    network = replace(BASE, parameters=(Parameter(id="k", value=0.0), BASE.parameters[1]))
    assert codes(network) == [("dead_reaction", "reaction r")]


def chain(start):
    m = ModelBuilder("chain")
    m.compartment("c", 1.0)
    m.parameter("k", 1.0)
    # Defined from its end, so that one pass in order would not be enough.
    for i in range(20, 0, -1):
        m.species(f"S{i}", "c", concentration=start if i == 1 else 0.0)
    for i in range(19, 0, -1):
        m.reaction(f"S{i} -> S{i + 1}", f"k * S{i}", id=f"step{i}")
    return m.build()


def test_species_that_reactions_produce_are_alive():
    assert codes(chain(1.0)) == []
    assert len(codes(chain(0.0))) == 19


def test_an_input_is_not_dead():
    m = ModelBuilder("m")
    m.compartment("c", 1.0)
    m.species("A", "c", concentration=1.0)
    m.parameter("L", 0.0, units="uM", notes="Dose. source: set ; grade: input ; range: 0 to 9")
    m.reaction("A -> ", "L * A")
    assert [code for code, _ in codes(m.build())] == []


@pytest.mark.parametrize(
    ("scheme", "rate", "expected"),
    [
        ("A -> B", "k * (A - B)", "negative_rate"),
        ("A -> B", "-k * B", "negative_rate"),
        ("A -> B", "k", "consumes_nothing"),
        ("A -> B", "k * B", "consumes_nothing"),
        ("A <-> B", "k * (A - B)", None),
        ("A -> B", "k * A / (1 + A)", None),
        ("A -> B", "k * share", None),
        ("A -> B", "k * max(A - 0.5, 0)", None),
        ("-> B", "k", None),
        ("A -> B", "k * A * exp(-B)", None),
    ],
)
def test_signs_of_rates(scheme, rate, expected):
    m = ModelBuilder("m")
    m.compartment("c", 1.0)
    m.species("A", "c", concentration=1.0)
    m.species("B", "c", concentration=1.0)
    m.parameter("k", 1.0)
    m.parameter("inner")
    m.parameter("share")
    m.assignment_rule("share", "inner / (1 + inner)")
    m.assignment_rule("inner", "A * 2")
    m.reaction(scheme, rate, id="r")
    found = [code for code, _ in codes(m.build())]
    assert (expected in found) if expected else found == []


def test_evidence_is_asked_of_models_that_state_it():
    m = ModelBuilder("m")
    m.parameter("a", 1.0, units="uM", notes="A. source: s ; grade: assumed ; range: 0.1 to 10")
    m.parameter("b", 1.0, units="uM", notes="B. source: s ; grade: guess ; range: 0.1 to 10")
    m.parameter("c", 1.0, notes="C. source: s ; grade: assumed")
    m.parameter("d", 99.0, units="uM", notes="D. source: s ; grade: assumed ; range: 1 to 2")
    issues = check_network(m.build())
    found = {(i.code, i.where) for i in issues}
    assert found == {
        ("unknown_grade", "parameter b"),
        ("missing_evidence", "parameter c"),
        ("outside_range", "parameter d"),
        ("narrow_range", "parameter d"),
    }
    missing = next(i for i in issues if i.code == "missing_evidence")
    assert missing.what == "has no unit, range"


def test_totals_are_described():
    (issue,) = describe_totals([("S", [(1.0, "A"), (2.0, "B")])])
    assert issue.what == "stays constant: A + 2 B"


def test_a_large_model_is_checked_in_linear_time():
    import time

    def seconds(size):
        m = ModelBuilder("big")
        m.compartment("c", 1.0)
        m.parameter("k", 1.0)
        for i in range(size):
            m.species(f"S{i}", "c", concentration=float(i == 0))
        for i in range(size - 1):
            m.reaction(f"S{i} <-> S{i + 1}", f"k * S{i} - k * S{i + 1}")
        network = m._network()
        start = time.perf_counter()
        check_network(network)
        return time.perf_counter() - start

    seconds(50)
    assert seconds(4000) < 40 * max(seconds(400), 0.01)
