"""What is written as SBML reads back as the same records."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.expr.nodes import ARITY, TIME, apply, number, symbol
from sigmapath.io.load import load_network, network_from_sbml
from sigmapath.io.sbml.check import check_sbml
from sigmapath.io.sbml.level3 import in_level_3
from sigmapath.io.sbml.write import network_to_sbml
from sigmapath.model.components import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    Constraint,
    Event,
    EventAssignment,
    FunctionDefinition,
    InitialAssignment,
    KineticLaw,
    LocalParameter,
    Meta,
    Parameter,
    RateRule,
    Reaction,
    Species,
    SpeciesReference,
    Trigger,
    Unit,
    UnitDefinition,
)
from sigmapath.model.network import ModelUnits, ReactionNetwork

SUITE = Path(__file__).parents[4] / "shared" / "sbml-test-suite" / "semantic"
RDF = (
    '<annotation>\n  <x:note xmlns:x="http://example.org/x" x:kind="a &amp; b">text</x:note>\n'
    "</annotation>"
)


def every_construct() -> ReactionNetwork:
    """A network that uses every record and every field."""
    a, k = symbol("A"), symbol("k")
    return ReactionNetwork(
        id="everything",
        name='A "name" with <signs> & letters: σ µ',
        units=ModelUnits(
            substance="amol", time="second", volume="pL", area="m2", length="metre", extent="amol"
        ),
        conversion_factor="cf",
        unit_definitions=(
            UnitDefinition(id="amol", units=(Unit(kind="mole", scale=-18),), name="attomole"),
            UnitDefinition(id="pL", units=(Unit(kind="litre", scale=-12),)),
            UnitDefinition(id="m2", units=(Unit(kind="metre", exponent=2.0),)),
            UnitDefinition(
                id="per_day", units=(Unit(kind="second", exponent=-1.0, multiplier=86400.0),)
            ),
        ),
        function_definitions=(
            FunctionDefinition(
                id="hill", arguments=("x", "n"), body=symbol("x") ** symbol("n"), name="power"
            ),
        ),
        compartments=(
            Compartment(id="c", name="cell", size=0.1 + 0.2, units="pL"),
            Compartment(id="membrane", size=None, spatial_dimensions=2.0, constant=False),
            Compartment(id="nowhere", size=1.0, spatial_dimensions=None),
        ),
        species=(
            Species(
                id="A",
                name="agonist",
                compartment="c",
                initial_concentration=1e-300,
                meta=Meta(
                    notes="first line\nsecond & last <line>",
                    annotation=RDF,
                    sbo_term=247,
                    metaid="m_A",
                ),
            ),
            Species(
                id="B",
                compartment="c",
                initial_amount=2.2250738585072014e-308,
                has_only_substance_units=True,
            ),
            Species(id="C", compartment="c", boundary_condition=True, substance_units="mole"),
            Species(id="D", compartment="c", initial_amount=0.0, conversion_factor="cf"),
            Species(id="E", compartment="membrane", initial_amount=1.0, constant=True),
        ),
        parameters=(
            Parameter(id="k", value=1 / 3, units="per_day"),
            Parameter(id="cf", value=2.0),
            Parameter(id="pi", value=math.nan, constant=False),
            Parameter(id="time", value=math.inf, constant=False),
            Parameter(id="inf", value=-math.inf, constant=False),
            Parameter(id="avogadro", value=-0.0, constant=False),
            Parameter(id="unset", constant=False, meta=Meta(notes="  spaces \n\n\tkept\r")),
            Parameter(id="alg", constant=False),
        ),
        initial_assignments=(InitialAssignment(symbol="C", math=number(3.0) * a),),
        assignment_rules=(
            AssignmentRule(variable="pi", math=apply("add", "time", TIME, math.pi)),
            AssignmentRule(variable="membrane", math=number(1.5)),
        ),
        rate_rules=(RateRule(variable="inf", math=-symbol("inf") * number(1.25e-7)),),
        algebraic_rules=(AlgebraicRule(math=symbol("alg") + (-k)),),
        constraints=(
            Constraint(math=apply("lt", 0.0, a), message="A is positive", meta=Meta(metaid="con")),
        ),
        reactions=(
            Reaction(
                id="R1",
                name="binding",
                reactants=(
                    SpeciesReference(species="A"),
                    SpeciesReference(species="B", stoichiometry=2.5, name="two and a half"),
                ),
                products=(
                    SpeciesReference(species="D", stoichiometry=None, id="sD", constant=False),
                ),
                modifiers=("C", "E"),
                kinetic_law=KineticLaw(
                    math=symbol("kf") * a,
                    local_parameters=(
                        LocalParameter(id="kf", value=0.7, units="per_day", name="forward"),
                        LocalParameter(id="unset"),
                    ),
                    meta=Meta(sbo_term=1),
                ),
                reversible=False,
                compartment="c",
            ),
            Reaction(id="R2", products=(SpeciesReference(species="A"),)),
        ),
        events=(
            Event(
                trigger=Trigger(math=apply("ge", TIME, 2.0), initial_value=False, persistent=False),
                assignments=(EventAssignment(variable="A", math=a * 2.0),),
                delay=number(1.0),
                priority=k,
                use_values_from_trigger_time=False,
                id="E1",
                name="dose",
            ),
            Event(trigger=Trigger(math=apply("gt", a, 1.0))),
        ),
        meta=Meta(notes="A model.", metaid="meta_model"),
    )


def same(a: ReactionNetwork, b: ReactionNetwork) -> bool:
    # repr: NaN equals itself there, and 0.0 is not -0.0.
    return repr(a) == repr(b)


def test_every_construct_reads_back():
    network = every_construct()
    assert same(network_from_sbml(network_to_sbml(network)), network)


def test_every_construct_is_valid_sbml():
    errors = [i for i in check_sbml(network_to_sbml(every_construct())) if i.severity == "error"]
    # "unset" has no value on purpose, and nothing says that the model is complete.
    assert errors == []


def test_writing_is_deterministic():
    assert network_to_sbml(every_construct()) == network_to_sbml(every_construct())


def test_fast_reactions_are_written_as_version_1():
    network = every_construct()
    fast = replace(network, reactions=(replace(network.reactions[0], fast=True),), version=1)
    text = network_to_sbml(fast)
    assert "level3/version1/core" in text
    assert same(network_from_sbml(text), fast)


def test_fast_reactions_with_new_operators_are_refused():
    network = every_construct()
    law = KineticLaw(math=apply("max", symbol("A"), 1.0))
    fast = replace(network, reactions=(Reaction(id="R", fast=True, kinetic_law=law),))
    with pytest.raises(UnsupportedFeatureError, match="'max'"):
        network_to_sbml(fast)


def test_characters_that_xml_has_not_are_refused():
    with pytest.raises(UnsupportedFeatureError, match="character"):
        network_to_sbml(replace(every_construct(), name="a\x01b"))


def test_numbers_that_libsbml_cannot_read_are_refused():
    network = replace(every_construct(), parameters=(Parameter(id="p", value=5e-324),))
    with pytest.raises(UnsupportedFeatureError, match="5e-324"):
        network_to_sbml(network)


def test_shared_subexpressions_do_not_explode():
    x = symbol("A")
    for _ in range(60):
        x = x * x
    network = replace(every_construct(), algebraic_rules=(AlgebraicRule(math=x),))
    with pytest.raises(UnsupportedFeatureError, match="operations"):
        network_to_sbml(network)


_LEAVES = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(number),
    st.sampled_from(["A", "k", "time", "pi", "inf"]).map(symbol),
    st.just(TIME),
)
_PLAIN = sorted(
    op
    for op in ARITY
    if op not in {"num", "sym", "time", "call", "add", "mul", "neg", "piecewise"}
    # These need more than operands: a variable, or the name of a distribution.
    and op not in {"delay", "rateof", "draw"}
)


def _applied(children):
    def fixed(op):
        fewest, most = ARITY[op]
        sizes = st.lists(children, min_size=max(fewest, 1), max_size=most or 4)
        return sizes.map(lambda args: apply(op, *args))

    # The reader's shapes: sums and products hold no sum or product as their first argument, and
    # minus infinity is a number.
    def flat(op):
        return st.lists(children, min_size=2, max_size=4).map(
            lambda args: apply(op, *(args if args[0].op != op else [symbol("k"), *args]))
        )

    return st.one_of(
        st.sampled_from(_PLAIN).flatmap(fixed),
        flat("add"),
        flat("mul"),
        children.filter(lambda e: e is not number(math.inf)).map(lambda e: apply("neg", e)),
        st.lists(children, min_size=1, max_size=5).map(lambda args: apply("piecewise", *args)),
        st.tuples(children, children).map(lambda args: apply("delay", *args)),
        st.sampled_from(["A", "k"]).map(lambda name: apply("rateof", name)),
    )


@settings(max_examples=150, deadline=None)
@given(st.recursive(_LEAVES, _applied, max_leaves=12))
def test_any_formula_reads_back(formula):
    network = ReactionNetwork(
        id="m",
        parameters=(Parameter(id="p", constant=False), Parameter(id="A"), Parameter(id="k")),
        assignment_rules=(AssignmentRule(variable="p", math=formula),),
    )
    back = network_from_sbml(network_to_sbml(network))
    assert back.assignment_rules[0].math is formula


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=60))
def test_any_text_reads_back_as_notes_and_name(text):
    network = ReactionNetwork(
        id="m", parameters=(Parameter(id="p", name=text, meta=Meta(notes=text)),)
    )
    back = network_from_sbml(network_to_sbml(network)).parameters[0]
    assert (back.name, back.meta.notes) == (text, text)


def test_suite_files_read_back():
    if not SUITE.is_dir():
        pytest.skip("0 files read: the SBML test suite is not beside the repository")
    files = sorted(SUITE.glob("*/*-sbml-*.xml"))[::8]
    assert len(files) > 140
    different = []
    for file in files:
        network = replace(in_level_3(load_network(file)), where="text")
        if not same(network_from_sbml(network_to_sbml(network)), network):
            different.append(file.name)
    assert different == []
