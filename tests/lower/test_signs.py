"""Promises of non-negativity: given where the form proves them, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.models import enzyme, parameters, reaction, species

from sigmapath.expr.parse import parse
from sigmapath.lower.pipeline import lower
from sigmapath.model.components import Event, EventAssignment, Parameter, RateRule, Trigger


def promised(network):
    return {state.id: state.non_negative for state in lower(network).states}


def with_law(equation, law):
    return replace(enzyme(), reactions=(reaction("R", equation, law),))


@pytest.mark.parametrize(
    ("law", "kept"),
    [
        ("k1*S", True),
        ("k1*S^2/(km1 + S)", True),
        ("k1*(S - P/k2)", True),
        ("k1*S*exp(-time)", True),
        ("piecewise(k1*S, time > 2, 0)", True),
        ("ln(2)*S", True),
        ("k1", False),
        ("k1*S - k2*E", True),
        ("k1*S + k2*E", False),
        ("k1*(E - S)", False),
        ("k1*S^0.5", True),
        ("k1*cos(S)", False),
    ],
)
def test_a_reactant_is_promised_where_the_law_vanishes_or_turns(law, kept):
    assert promised(with_law("S -> P", law))["S"] is kept


def test_what_depends_on_a_broken_promise_is_broken_too():
    network = replace(
        enzyme(),
        reactions=(reaction("drain", "S -> ", "k1"), reaction("make", " -> P", "k1*S")),
    )
    assert promised(network) == {"S": False, "P": False}


def test_negative_start_or_parameter_or_event_gives_no_promise():
    network = with_law("S -> P", "k1*S")
    assert promised(network)["P"]
    negative = replace(network, parameters=parameters(k1=-0.5, km1=0.1, k2=0.3))
    assert not promised(negative)["P"]
    below = replace(network, species=(species("S", -1.0), *network.species[1:]))
    assert not promised(below)["S"]
    event = Event(
        trigger=Trigger(math=parse("time > 1")),
        assignments=(EventAssignment(variable="S", math=parse("S - 1")),),
    )
    assert not promised(replace(network, events=(event,)))["S"]
    dose = replace(event, assignments=(EventAssignment(variable="S", math=parse("S + 1")),))
    assert promised(replace(network, events=(dose,)))["S"]


def test_gating_variable_under_a_rate_rule():
    network = replace(
        enzyme(),
        parameters=(
            *enzyme().parameters,
            Parameter(id="m", value=0.1),
            Parameter(id="V", value=-60.0),
        ),
        rate_rules=(
            RateRule(variable="m", math=parse("(1/(1 + exp(-V)) - m)/k1")),
            RateRule(variable="V", math=parse("-k2*V")),
        ),
    )
    found = promised(network)
    assert found["m"]
    assert not found["V"]
