"""Rates, rules and volumes: the definitions and the right-hand side.

Enters: a flat network, its stoichiometry and :class:`Roles`. Leaves: :class:`Equations`, in which
symbols mean what is integrated. For a species with concentration c, amount n = c V, conversion
factor f and reaction rates v in extent per time (SBML L3V2 section 4.11.7)::

    dn/dt = f * sum_r N[r] v[r]              state is the amount
    dc/dt = f * sum_r N[r] v[r] / V          state is the concentration, V constant
    dn/dt = V * g + c * dV/dt                rate rule dc/dt = g where V varies
    0     = g                                algebraic state

Fast reactions come in as :mod:`sigmapath.lower.fast` says.
"""

from __future__ import annotations

from collections.abc import Mapping

from sigmapath.expr.nodes import ZERO, Expr, apply, symbol
from sigmapath.expr.rewrite import Rewriter, substituter
from sigmapath.expr.simplify import add, div, mul
from sigmapath.lower.fast import fast_reactions, joined
from sigmapath.lower.order import ordered
from sigmapath.lower.roles import Roles
from sigmapath.lower.stoichiometry import NetStoichiometry
from sigmapath.lower.system import Definition, Quantity
from sigmapath.model.components import Reaction, SpeciesReference
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = [
    "Equations",
    "amount_id",
    "as_integrated",
    "build_equations",
    "concentration_id",
    "scheme",
]


@record
class Equations:
    """Definitions in order of use, and dy/dt of each state; may still hold rateOf nodes."""

    definitions: tuple[Definition, ...]
    derivatives: tuple[Expr, ...]


def concentration_id(species: str) -> str:
    """The id under which the concentration of a species is defined or observed: ``[S]``."""
    return f"[{species}]"


def amount_id(species: str) -> str:
    """The name under which the amount of a species is observed: ``amount(S)``."""
    return f"amount({species})"


def as_integrated(roles: Roles) -> Rewriter:
    """Rewriter from user terms to integrated terms.

    They differ for species in varying compartments only: there ``S`` is the amount that is
    integrated and ``[S]`` what the user means.
    """
    return substituter(
        {
            item.id: symbol(concentration_id(item.id))
            for item in roles.states
            if item.state_is_amount
        }
    )


def _side(references: tuple[SpeciesReference, ...]) -> str:
    parts = []
    for reference in references:
        n = reference.stoichiometry
        count = "" if n == 1.0 else f"{n:g} " if n is not None else "n "
        parts.append(count + reference.species)
    return " + ".join(parts)


def scheme(reaction: Reaction) -> str:
    """The reaction as chemists write it: ``A + 2 B -> C``."""
    arrow = "<->" if reaction.reversible else "->"
    return f"{_side(reaction.reactants)} {arrow} {_side(reaction.products)}".strip()


def _reaction_terms(state: Quantity, factor: str, row: Mapping[str, Expr]) -> Expr:
    """``f * sum_r N[r] v[r]``, divided by the volume where the state is a concentration."""
    total = add(*(mul(n, symbol(reaction)) for reaction, n in row.items()))
    if factor and total is not ZERO:
        total = mul(symbol(factor), total)
    is_amount = state.is_amount or state.state_is_amount
    return total if is_amount else div(total, symbol(state.volume))


def _rate_rule_terms(state: Quantity, rate: Expr) -> Expr:
    if not state.state_is_amount:
        return rate
    size = symbol(state.volume)
    dilution = mul(symbol(concentration_id(state.id)), apply("rateof", size))
    return add(mul(size, rate), dilution)


def build_equations(
    network: ReactionNetwork, stoichiometry: NetStoichiometry, roles: Roles
) -> Equations:
    """Write the definitions and the right-hand side of a flat network.

    Raises
    ------
    CyclicAssignmentError
        If rules and rates define each other in a circle.
    """
    integrated = as_integrated(roles)
    definitions = [
        Definition(id=rule.variable, math=integrated(rule.math))
        for rule in network.assignment_rules
    ]
    definitions += [
        Definition(
            id=concentration_id(item.id),
            math=div(symbol(item.id), symbol(item.volume)),
            comment=f"concentration of {item.id}",
        )
        for item in roles.states
        if item.state_is_amount
    ]
    laws = {r.id: r.kinetic_law for r in network.reactions if r.kinetic_law is not None}
    definitions += [
        Definition(
            id=reaction.id,
            math=integrated(laws[reaction.id].math),
            comment=scheme(reaction),
        )
        for reaction in network.reactions
        if reaction.id in laws
    ]
    factors = {item.id: item.conversion_factor for item in network.species}
    fixed = {item.id for item in network.species if item.boundary_condition or item.constant}
    fast = fast_reactions(network)
    derivatives: list[Expr] = []
    for state in roles.states:
        if state.id in roles.implicit:
            derivatives.append(integrated(roles.implicit[state.id]))
            continue
        if state.id in roles.rates:
            rate = _rate_rule_terms(state, integrated(roles.rates[state.id]))
            derivatives.append(joined(rate, ZERO) if fast else rate)
            continue
        row = {} if state.id in fixed else stoichiometry[state.id]
        row = {reaction: integrated(n) for reaction, n in row.items() if reaction in laws}
        factor = factors.get(state.id) or network.conversion_factor
        if not fast:
            derivatives.append(_reaction_terms(state, factor, row))
            continue
        slow = {reaction: n for reaction, n in row.items() if reaction not in fast}
        quick = {reaction: n for reaction, n in row.items() if reaction in fast}
        parts = (_reaction_terms(state, factor, part) for part in (slow, quick))
        derivatives.append(joined(*parts))
    return Equations(
        definitions=ordered(definitions, where=network.where), derivatives=tuple(derivatives)
    )
