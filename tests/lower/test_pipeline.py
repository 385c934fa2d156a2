"""lower(): the right-hand side against equations worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.lower.reference import dense_jacobian, environment, observe, rhs, start
from tests.models import (
    enzyme,
    growing,
    parameters,
    reaction,
    species,
    two_compartments,
    with_rules,
)

from sigmapath.errors import (
    CyclicAssignmentError,
    DuplicateIdError,
    ModelError,
    UnknownNameError,
    UnsupportedFeatureError,
)
from sigmapath.expr.evaluate import evaluate
from sigmapath.expr.parse import parse
from sigmapath.lower.observables import resolve
from sigmapath.lower.pipeline import lower
from sigmapath.model.components import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    Event,
    EventAssignment,
    FunctionDefinition,
    InitialAssignment,
    Parameter,
    RateRule,
    Reaction,
    SpeciesReference,
    Trigger,
)
from sigmapath.model.network import ReactionNetwork


def ids(items):
    return [item.id for item in items]


def test_rates_in_amounts_divide_by_the_volume():
    system = lower(enzyme(volume=2.0))
    p, y = start(system)
    y = np.array([7.0, 0.8, 0.2, 3.0])
    bind, turn = 0.5 * 7.0 * 0.8 - 0.1 * 0.2, 0.3 * 0.2
    assert ids(system.states) == ["S", "E", "SE", "P"]
    np.testing.assert_allclose(
        rhs(system, p, y), [-bind, turn - bind, bind - turn, turn], rtol=1e-14
    )
    assert observe(system, "bind", p, y) == pytest.approx(2.0 * bind, rel=1e-14)
    assert observe(system, "amount(S)", p, y) == 14.0
    assert system.time_derivative is None
    assert all(state.non_negative for state in system.states)


def test_amount_species_boundary_species_and_stoichiometry_two():
    system = lower(two_compartments())
    p, y = start(system)
    np.testing.assert_array_equal(y, [6.0, 2.0])  # A in amount, B = 1 amount / 0.5
    rate = 0.25 * 6.0 * 4.0
    np.testing.assert_allclose(rhs(system, p, y), [-rate, 2.0 * rate / 0.5], rtol=1e-15)
    assert ids(system.parameters) == ["k", "pool", "vesicle", "W"]
    assert observe(system, "[A]", p, y) == 2.0
    assert observe(system, "amount(B)", p, y) == 1.0


def test_a_changed_volume_changes_a_concentration_given_as_an_amount():
    system = lower(two_compartments())
    _, y = start(system, vesicle=4.0)
    assert y[1] == 0.25
    _, y = start(system, vesicle=4.0, B=9.0)
    assert y[1] == 9.0


def test_growing_compartment_dilutes():
    system = lower(growing("rate"))
    p, y = start(system)
    assert ids(system.states) == ["A", "B", "V"]
    assert [s.state_is_amount for s in system.states] == [True, True, False]
    np.testing.assert_array_equal(y, [6.0, 0.0, 2.0])
    y = np.array([5.0, 1.0, 4.0])
    rate = 0.7 * (5.0 / 4.0) * 4.0
    np.testing.assert_allclose(rhs(system, p, y), [-rate, rate, 2.0], rtol=1e-15)
    assert observe(system, "A", p, y) == 1.25
    assert observe(system, "amount(A)", p, y) == 5.0


def test_compartment_under_an_assignment_rule():
    system = lower(growing("assignment"))
    p, y = start(system)
    np.testing.assert_array_equal(y, [3.0, 0.0])  # V(0) = 1
    rate = 0.7 * y[0]
    np.testing.assert_allclose(rhs(system, p, y, 3.0), [-rate, rate], rtol=1e-15)
    assert observe(system, "A", p, y, 3.0) == 0.75


def test_concentration_assigned_together_with_its_volume_means_the_volume_before():
    # All assignments of an event use the values from before it (L3V2 section 4.12.5), the volume
    # that turns the concentration into the amount included: suite case 01779.
    system = lower(growing("event"))
    p, y = start(system)
    values = [evaluate(new, environment(system, p, y)) for new in system.assignments]
    assert values == [4.0, 7.0, 2.0]
    assert system.events.factor.tolist() == [-1, 2]
    assert system.events.target_is_state.tolist() == [0, 1]
    assert system.parameters[int(system.events.target[0])].id == "V"
    assert len(system.roots) == 1
    assert evaluate(system.roots[0], environment(system, p, y, 5.0), 5.0) in (3.0, -3.0)


def test_rate_rule_on_a_concentration_in_a_growing_compartment():
    network = growing("rate")
    network = replace(
        network,
        species=(*network.species, species("C", 2.0, "V", boundary_condition=True)),
        rate_rules=(*network.rate_rules, RateRule(variable="C", math=parse("0.3*C"))),
    )
    system = lower(network)
    p, y = start(system)
    i = ids(system.states).index("C")
    volume, amount = 2.0, 4.0
    # n = c V: dn/dt = V dc/dt + c dV/dt
    expected = volume * 0.3 * (amount / volume) + (amount / volume) * 0.5 * volume
    assert rhs(system, p, y)[i] == pytest.approx(expected, rel=1e-15)


def test_rules_are_ordered_and_local_parameters_hide_global_ones():
    system = lower(with_rules())
    p, y = start(system)
    a = 3.0 * (2 * 0.2 + 2.0)
    half = (a + 2.0) / 2
    rate = 0.9 * a / (1 + half)
    assert ids(system.definitions).index("total") < ids(system.definitions).index("half")
    np.testing.assert_allclose(y, [a, 2.0, 1.0], rtol=1e-15)
    np.testing.assert_allclose(rhs(system, p, y), [-rate, rate, half - 1.5 * rate], rtol=1e-14)
    assert "R.k" in ids(system.parameters)
    assert p["k"] == 0.2


def test_initial_assignments_follow_what_the_user_sets():
    system = lower(with_rules())
    assert start(system, k=1.0)[1][0] == 3.0 * 4.0
    assert start(system, scale=1.0)[1][0] == 3.0
    assert start(system, A=5.0)[1][0] == 5.0


def test_conversion_factors_of_species_and_model():
    network = enzyme()
    network = replace(
        network,
        conversion_factor="cf",
        parameters=(*network.parameters, *parameters(cf=1000.0, own=10.0)),
        species=tuple(
            replace(item, conversion_factor="own") if item.id == "P" else item
            for item in network.species
        ),
    )
    system, plain = lower(network), lower(enzyme())
    y = np.array([7.0, 0.8, 0.2, 3.0])
    expected = rhs(plain, start(plain)[0], y) * [1000.0, 1000.0, 1000.0, 10.0]
    np.testing.assert_allclose(rhs(system, start(system)[0], y), expected, rtol=1e-14)
    totals = [
        sum(
            evaluate(w, start(system)[0]) * expected[i]
            for w, i in zip(moiety.weights, moiety.states, strict=True)
        )
        for moiety in system.moieties
    ]
    np.testing.assert_allclose(totals, 0.0, atol=1e-12)


def test_functions_are_inlined_through_other_functions():
    network = replace(
        enzyme(),
        function_definitions=(
            FunctionDefinition(id="twice", arguments=("x",), body=parse("x + x")),
            FunctionDefinition(id="law", arguments=("x", "k"), body=parse("k*twice(x)")),
        ),
        reactions=(reaction("R", "S -> P", "cell*law(S, k2)"),),
    )
    system = lower(network)
    p, y = start(system)
    assert rhs(system, p, y)[0] == pytest.approx(-0.3 * 20.0)


def test_stoichiometry_that_a_rule_changes():
    network = enzyme(volume=1.0)
    turn = network.reactions[1]
    products = (SpeciesReference(species="P", id="n", constant=False, stoichiometry=None),)
    network = replace(
        network,
        reactions=(network.reactions[0], replace(turn, products=(*turn.products[:1], *products))),
        assignment_rules=(AssignmentRule(variable="n", math=parse("1 + time")),),
    )
    system = lower(network)
    p, y = start(system)
    y[2] = 2.0
    assert rhs(system, p, y, 4.0)[3] == pytest.approx(5 * 0.3 * 2.0)
    assert all("P" not in moiety.name for moiety in system.moieties)


def test_rate_of_a_species_is_its_derivative():
    network = replace(
        growing("rate"), parameters=(*parameters(k=0.7), Parameter(id="dA", constant=False))
    )
    network = replace(
        network, assignment_rules=(AssignmentRule(variable="dA", math=parse("rateOf(A) + time")),)
    )
    system = lower(network)
    p, _ = start(system)
    y = np.array([5.0, 1.0, 4.0])
    concentration_rate = (-0.7 * 5.0 - (5.0 / 4.0) * 2.0) / 4.0
    assert observe(system, "dA", p, y, 3.0) == pytest.approx(concentration_rate + 3.0)


def test_relations_of_laws_and_triggers_become_roots_once():
    network = enzyme()
    network = replace(
        network,
        reactions=(
            *network.reactions,
            reaction("leak", "P -> ", "cell*piecewise(k1, P > 2 && k1 < 3, 0)"),
        ),
        events=(
            Event(
                trigger=Trigger(math=parse("P < 2 || S == time")),
                assignments=(EventAssignment(variable="k1", math=parse("2*k1")),),
            ),
        ),
    )
    system = lower(network)
    values = environment(system, *start(system))
    assert sorted(abs(evaluate(r, values)) for r in system.roots) == [2.0, 10.0]
    assert system.event_ids == ("event_1",)


def test_time_in_a_rate_gives_a_time_derivative():
    network = replace(enzyme(), reactions=(reaction("R", "S -> P", "cell*k1*S*exp(-time)"),))
    system = lower(network)
    p, y = start(system)
    assert system.time_derivative is not None
    values = environment(system, p, y, 0.5)
    assert evaluate(system.time_derivative[0], values, 0.5) == pytest.approx(
        0.5 * 10.0 * np.exp(-0.5)
    )


@pytest.mark.parametrize("model", [enzyme, two_compartments, growing, with_rules])
def test_jacobian_is_that_of_central_differences(model):
    system = lower(model())
    p, y = start(system)
    y = y + 0.3
    n = len(y)
    differences = np.empty((n, n))
    for j in range(n):
        step = np.zeros(n)
        step[j] = 1e-5 * max(1.0, abs(y[j]))
        change = rhs(system, p, y + step) - rhs(system, p, y - step)
        differences[:, j] = change / (2 * step[j])
    np.testing.assert_allclose(dense_jacobian(system, p, y), differences, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("model", [enzyme, two_compartments, growing, with_rules])
def test_pattern_holds_the_diagonal_in_ascending_columns(model):
    pattern = lower(model()).pattern
    for i in range(len(pattern.row_start) - 1):
        row = pattern.column[pattern.row_start[i] : pattern.row_start[i + 1]].tolist()
        assert i in row
        assert row == sorted(set(row))


def test_order_of_reactions_changes_nothing_but_order():
    network = enzyme()
    turned = replace(network, reactions=network.reactions[::-1])
    y = np.array([7.0, 0.8, 0.2, 3.0])
    one, other = lower(network), lower(turned)
    p, _ = start(one)
    np.testing.assert_allclose(rhs(one, p, y), rhs(other, p, y), rtol=1e-14)
    np.testing.assert_allclose(dense_jacobian(one, p, y), dense_jacobian(other, p, y), rtol=1e-14)
    assert [m.name for m in one.moieties] == [m.name for m in other.moieties]


def test_a_reaction_of_rate_zero_changes_nothing():
    network = enzyme()
    more = replace(network, reactions=(*network.reactions, reaction("idle", "S -> P", "0*S")))
    y = np.array([7.0, 0.8, 0.2, 3.0])
    one, other = lower(network), lower(more)
    p, _ = start(one)
    np.testing.assert_array_equal(rhs(one, p, y), rhs(other, p, y))


def test_empty_model():
    system = lower(ReactionNetwork(id="empty"))
    assert system.states == ()
    assert system.pattern.nnz == 0


def test_a_formula_over_observables_is_resolved_in_user_terms():
    system = lower(growing("rate"))
    p, _ = start(system)
    y = np.array([5.0, 1.0, 4.0])
    shown = resolve(parse("A / (A + amount(B)) + time"), system.observables)
    expected = 1.25 / (1.25 + 1.0) + 2.0
    assert evaluate(shown, environment(system, p, y, 2.0), 2.0) == pytest.approx(expected)
    with pytest.raises(UnknownNameError) as caught:
        resolve(parse("AA / B"), system.observables)
    assert caught.value.suggestions == ("A",)
    with pytest.raises(UnknownNameError):
        resolve(parse("f(A)"), system.observables)
    with pytest.raises(UnsupportedFeatureError):
        resolve(parse("rateOf(A)"), system.observables)


def broken(**changes):
    return replace(with_rules(), **changes)


@pytest.mark.parametrize(
    ("network", "error", "words"),
    [
        (
            broken(
                assignment_rules=(
                    AssignmentRule(variable="half", math=parse("total")),
                    AssignmentRule(variable="total", math=parse("2*half")),
                )
            ),
            CyclicAssignmentError,
            ["half > total > half"],
        ),
        (
            broken(
                initial_assignments=(
                    InitialAssignment(symbol="A", math=parse("scale")),
                    InitialAssignment(symbol="scale", math=parse("A")),
                )
            ),
            CyclicAssignmentError,
            ["scale > A > scale"],
        ),
        (
            broken(reactions=(reaction("R", "A -> B", "k*AB"),)),
            UnknownNameError,
            ["reaction R", "AB"],
        ),
        (
            broken(
                reactions=(Reaction(id="R"), reaction("Q", "A -> B", "k*A")),
                rate_rules=(RateRule(variable="x", math=parse("R")),),
            ),
            ModelError,
            ["reaction R", "no kinetic law"],
        ),
        (
            broken(algebraic_rules=(AlgebraicRule(math=parse("A - B")),)),
            ModelError,
            ["algebraic rule 1"],
        ),
        (
            broken(rate_rules=(RateRule(variable="total", math=parse("1")),)),
            DuplicateIdError,
            ["total"],
        ),
        (
            broken(rate_rules=(RateRule(variable="A", math=parse("1")),)),
            ModelError,
            ["species A", "reactions"],
        ),
        (
            broken(reactions=(reaction("R", "A -> B", "g(A)"),)),
            UnknownNameError,
            ["function", "'g'", "reaction R"],
        ),
        (
            broken(species=(species("A", 1.0, "nowhere"), species("B", 1.0))),
            UnknownNameError,
            ["compartment", "nowhere", "species A"],
        ),
        (
            broken(
                events=(
                    Event(
                        id="e",
                        trigger=Trigger(math=parse("time > 1")),
                        assignments=(EventAssignment(variable="half", math=parse("1")),),
                    ),
                )
            ),
            ModelError,
            ["event e", "half"],
        ),
        (
            broken(
                function_definitions=(
                    FunctionDefinition(id="f", arguments=("x",), body=parse("g(x)")),
                    FunctionDefinition(id="g", arguments=("x",), body=parse("f(x)")),
                )
            ),
            CyclicAssignmentError,
            ["f > g > f"],
        ),
    ],
)
def test_contradictions_are_named_with_their_place(network, error, words):
    with pytest.raises(error) as caught:
        lower(network)
    for word in words:
        assert word in str(caught.value)


def test_start_values_may_be_missing():
    network = replace(enzyme(), compartments=(Compartment(id="cell"),))
    p, _ = start(lower(network))
    assert np.isnan(p["cell"])
