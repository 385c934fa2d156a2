"""The stoichiometry matrix N (species x reaction) of a network.

Enters: a ReactionNetwork. Leaves: net coefficients as sparse rows. Called by the equations, by the
search for conserved moieties and by views of the model.
"""

from __future__ import annotations

from collections.abc import Mapping

from sigmapath.errors import ModelError
from sigmapath.expr.nodes import NAN, ZERO, Expr, number, symbol
from sigmapath.expr.simplify import add, neg
from sigmapath.lower.formulas import formulas
from sigmapath.lower.order import symbols_of
from sigmapath.model.components import SpeciesReference
from sigmapath.model.network import ReactionNetwork

__all__ = ["NetStoichiometry", "live_references", "net_stoichiometry", "require_coefficients"]

# species id -> reaction id -> net coefficient (a number, or a formula where it may change)
NetStoichiometry = Mapping[str, Mapping[str, Expr]]


def live_references(network: ReactionNetwork) -> dict[str, SpeciesReference]:
    """Species references whose id is a quantity of the model, by id.

    An id that nothing mentions or sets is only a label; its stoichiometry stays a number, which
    keeps the matrix numeric.
    """
    named = {
        reference.id: reference
        for reaction in network.reactions
        for reference in (*reaction.reactants, *reaction.products)
        if reference.id
    }
    if not named:
        return {}
    used = set(symbols_of(*(math for _, math in formulas(network))))
    used |= {item.symbol for item in network.initial_assignments}
    used |= {rule.variable for rule in network.assignment_rules}
    used |= {rule.variable for rule in network.rate_rules}
    used |= {item.variable for event in network.events for item in event.assignments}
    return {name: item for name, item in named.items() if name in used}


def _coefficient(reference: SpeciesReference, live: Mapping[str, SpeciesReference]) -> Expr:
    if reference.id in live:
        return symbol(reference.id)
    if reference.stoichiometry_math is not None:
        return reference.stoichiometry_math
    return NAN if reference.stoichiometry is None else number(reference.stoichiometry)


def require_coefficients(network: ReactionNetwork) -> None:
    """Refuse a reaction that does not say how much of a species it uses or makes.

    Raises
    ------
    ModelError
        With reaction and species. Level 3 has no default and leaves it to rules, assignments and
        events to give a value (SBML Level 3 Version 2 core, section 4.11.3); other simulators take
        1 without a word.
    """
    live = live_references(network)
    for reaction in network.reactions:
        for reference in (*reaction.reactants, *reaction.products):
            has_value = reference.stoichiometry is not None or reference.id in live
            if not has_value and reference.stoichiometry_math is None:
                raise ModelError(
                    f"the stoichiometry of {reference.species} has no value",
                    where=f"{network.where}, reaction {reaction.id}".removeprefix(", "),
                    fix='write stoichiometry="1" if one is meant: SBML Level 3 has no default',
                )


def net_stoichiometry(network: ReactionNetwork) -> NetStoichiometry:
    """Net coefficient of every species in every reaction, products positive.

    Species that a reaction makes as fast as it uses them (catalysts) have no entry. Rows follow the
    species of the source, entries the reactions. Boundary and constant species have rows too,
    although the reactions do not change them.
    """
    live = live_references(network)
    rows: dict[str, dict[str, Expr]] = {item.id: {} for item in network.species}
    for reaction in network.reactions:
        terms = [(r, neg(_coefficient(r, live))) for r in reaction.reactants]
        terms += [(r, _coefficient(r, live)) for r in reaction.products]
        for reference, coefficient in terms:
            row = rows.setdefault(reference.species, {})
            row[reaction.id] = add(row.get(reaction.id, ZERO), coefficient)
    return {
        species: {reaction: c for reaction, c in row.items() if c is not ZERO}
        for species, row in rows.items()
    }
