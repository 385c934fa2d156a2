"""Conserved moieties: they are conserved, they are all, and they read well."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.lower.reference import rhs, start
from tests.models import enzyme, growing, parameters, reaction, species, two_compartments

from sigmapath.expr.evaluate import evaluate
from sigmapath.expr.parse import parse
from sigmapath.lower.conservation import left_null_space
from sigmapath.lower.pipeline import lower
from sigmapath.model.components import Event, EventAssignment, Trigger
from sigmapath.model.network import ReactionNetwork


def drift(system, y):
    p, _ = start(system)
    dydt = rhs(system, p, y)
    return [
        sum(evaluate(w, p) * dydt[i] for w, i in zip(m.weights, m.states, strict=True))
        for m in system.moieties
    ]


def test_enzyme_has_two_readable_moieties():
    system = lower(enzyme())
    assert [m.name for m in system.moieties] == ["S + SE + P", "E + SE"]
    np.testing.assert_allclose(drift(system, np.array([7.0, 0.8, 0.2, 3.0])), 0.0, atol=1e-15)


def test_volumes_weigh_concentrations_but_not_amounts():
    system = lower(two_compartments())
    (moiety,) = system.moieties
    assert moiety.name == "2 A + B"
    assert [repr(w) for w in moiety.weights] == ["2.0", "vesicle"]
    assert drift(system, np.array([5.0, 3.0])) == pytest.approx([0.0])


def test_amounts_are_conserved_while_the_volume_grows():
    system = lower(growing("rate"))
    assert [m.name for m in system.moieties] == ["A + B"]
    assert drift(system, np.array([5.0, 1.0, 4.0])) == [0.0]


def test_what_an_event_changes_is_not_conserved():
    event = Event(
        trigger=Trigger(math=parse("time > 1")),
        assignments=(EventAssignment(variable="E", math=parse("2")),),
    )
    assert [m.name for m in lower(replace(enzyme(), events=(event,))).moieties] == ["S + SE + P"]


def test_a_long_binding_network_gives_sums_without_minus_signs():
    # Ligand and receptor with two sites and a dimer: three moieties by inspection.
    network = ReactionNetwork(
        id="binding",
        compartments=enzyme().compartments,
        species=tuple(
            species(name, 1.0) for name in ("D", "LR", "LLRR", "L", "R", "B", "BR", "LB")
        ),
        parameters=parameters(k=1.0),
        reactions=(
            reaction("a", "L + R -> LR", "k*L*R"),
            reaction("b", "LR + LR -> LLRR", "k*LR"),
            reaction("c", "LLRR -> D + L + L", "k*LLRR"),
            reaction("d", "B + R -> BR", "k*B*R"),
            reaction("e", "L + B -> LB", "k*L*B"),
        ),
    )
    system = lower(network)
    assert {m.name for m in system.moieties} == {
        "2 D + LR + 2 LLRR + R + BR",
        "LR + 2 LLRR + L + LB",
        "B + BR + LB",
    }


def exact_rank(rows: list[list[int]]) -> int:
    """Rank by Gaussian elimination in fractions, as in any textbook."""
    matrix = [[Fraction(v) for v in row] for row in rows]
    rank = 0
    for column in range(len(matrix[0]) if matrix else 0):
        pivot = next((r for r in range(rank, len(matrix)) if matrix[r][column]), None)
        if pivot is None:
            continue
        matrix[rank], matrix[pivot] = matrix[pivot], matrix[rank]
        for r in range(rank + 1, len(matrix)):
            factor = matrix[r][column] / matrix[rank][column]
            matrix[r] = [a - factor * b for a, b in zip(matrix[r], matrix[rank], strict=True)]
        rank += 1
    return rank


sizes = st.tuples(st.integers(1, 8), st.integers(1, 8))
matrices = sizes.flatmap(
    lambda size: st.lists(
        st.lists(st.sampled_from([0, 0, 0, 1, -1, 2, -2]), min_size=size[1], max_size=size[1]),
        min_size=size[0],
        max_size=size[0],
    )
)


@settings(max_examples=200, deadline=None)
@given(matrices)
def test_the_basis_spans_the_left_null_space(matrix):
    rows = [{f"r{j}": float(v) for j, v in enumerate(row) if v} for row in matrix]
    basis = left_null_space(rows)
    dense = [[row.get(i, 0) for i in range(len(matrix))] for row in basis]
    assert not np.any(np.array(dense).reshape(-1, len(matrix)) @ np.array(matrix))
    assert len(basis) == len(matrix) - exact_rank(matrix)
    assert exact_rank(dense) == len(basis)


def test_fractional_stoichiometry_is_exact():
    (row,) = left_null_space([{"r": 0.1}, {"r": -0.3}])
    assert row == {0: 3, 1: 1}
