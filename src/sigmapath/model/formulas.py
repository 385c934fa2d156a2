"""Every formula of a network, with where it stands; what each id is; what changes each id.

Enters: a :class:`~sigmapath.model.network.ReactionNetwork`. Leaves: :class:`NetworkIndex`, which
the checks share so that each looks things up instead of searching.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sigmapath.expr.nodes import Expr
from sigmapath.model.components import LocalParameter, Reaction
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = ["Formula", "NetworkIndex", "index_network", "network_formulas"]


@record
class Formula:
    """One formula and its place.

    Parameters
    ----------
    math : Expr
    where : str
        "kinetic law of reaction R1", ...
    role : str
        "kinetic_law", "stoichiometry", "assignment_rule", "rate_rule", "algebraic_rule",
        "initial_assignment", "trigger", "delay", "priority", "event_assignment" or "constraint".
    target : str
        The id that gets the value; the reaction of a kinetic law; "" if none.
    local : tuple of LocalParameter
        Parameters that exist in this formula only.
    """

    math: Expr
    where: str
    role: str
    target: str = ""
    local: tuple[LocalParameter, ...] = ()


@record
class NetworkIndex:
    """A network with its look-up tables.

    Parameters
    ----------
    network : ReactionNetwork
    items : dict str -> (kind, component)
        Every id of the common namespace: "compartment", "species", "parameter", "reaction",
        "species reference", "event" or "function". The first holder of an id wins.
    formulas : tuple of Formula
        In the order of the network.
    ruled : dict str -> str
        id -> "assignment rule" or "rate rule" that determines it.
    started : frozenset of str
        Ids with an initial assignment.
    jumped : frozenset of str
        Ids that an event assigns.
    """

    network: ReactionNetwork
    items: dict[str, tuple[str, Any]]
    formulas: tuple[Formula, ...]
    ruled: dict[str, str]
    started: frozenset[str]
    jumped: frozenset[str]


def index_network(network: ReactionNetwork) -> NetworkIndex:
    """Return the look-up tables of a network; linear in its size."""
    items: dict[str, tuple[str, Any]] = {}
    for kind, item_id, item in named_items(network):
        items.setdefault(item_id, (kind, item))
    ruled = {rule.variable: "rate rule" for rule in network.rate_rules}
    ruled |= {rule.variable: "assignment rule" for rule in network.assignment_rules}
    return NetworkIndex(
        network=network,
        items=items,
        formulas=tuple(network_formulas(network)),
        ruled=ruled,
        started=frozenset(a.symbol for a in network.initial_assignments),
        jumped=frozenset(a.variable for event in network.events for a in event.assignments),
    )


def named_items(network: ReactionNetwork) -> Iterator[tuple[str, str, Any]]:
    """Yield (kind, id, component) of the common namespace of section 3.3, without empty ids."""
    groups: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("function", network.function_definitions),
        ("compartment", network.compartments),
        ("species", network.species),
        ("parameter", network.parameters),
        ("reaction", network.reactions),
        ("event", network.events),
    )
    for kind, group in groups:
        yield from ((kind, item.id, item) for item in group if item.id)
    for reaction in network.reactions:
        for reference in (*reaction.reactants, *reaction.products):
            if reference.id:
                yield "species reference", reference.id, reference


def event_name(network: ReactionNetwork, position: int) -> str:
    """Return "event <id>", or its number where it has no id."""
    return f"event {network.events[position].id or f'number {position + 1}'}"


def network_formulas(network: ReactionNetwork) -> Iterator[Formula]:
    """Every formula but the bodies of functions, in the order of the network."""
    for start in network.initial_assignments:
        where = f"initial assignment of {start.symbol}"
        yield Formula(math=start.math, where=where, role="initial_assignment", target=start.symbol)
    for rule in network.assignment_rules:
        where = f"assignment rule of {rule.variable}"
        yield Formula(math=rule.math, where=where, role="assignment_rule", target=rule.variable)
    for rate in network.rate_rules:
        where = f"rate rule of {rate.variable}"
        yield Formula(math=rate.math, where=where, role="rate_rule", target=rate.variable)
    for number, algebraic in enumerate(network.algebraic_rules, 1):
        yield Formula(math=algebraic.math, where=f"algebraic rule {number}", role="algebraic_rule")
    for number, constraint in enumerate(network.constraints, 1):
        yield Formula(math=constraint.math, where=f"constraint {number}", role="constraint")
    for reaction in network.reactions:
        yield from _reaction_formulas(reaction)
    for position, event in enumerate(network.events):
        name = event_name(network, position)
        yield Formula(math=event.trigger.math, where=f"trigger of {name}", role="trigger")
        for role, math in (("delay", event.delay), ("priority", event.priority)):
            if math is not None:
                yield Formula(math=math, where=f"{role} of {name}", role=role)
        for change in event.assignments:
            where = f"assignment of {change.variable} in {name}"
            yield Formula(
                math=change.math, where=where, role="event_assignment", target=change.variable
            )


def _reaction_formulas(reaction: Reaction) -> Iterator[Formula]:
    for reference in (*reaction.reactants, *reaction.products):
        if reference.stoichiometry_math is not None:
            where = f"stoichiometry of {reference.species} in reaction {reaction.id}"
            yield Formula(math=reference.stoichiometry_math, where=where, role="stoichiometry")
    if reaction.kinetic_law is not None:
        yield Formula(
            math=reaction.kinetic_law.math,
            where=f"kinetic law of reaction {reaction.id}",
            role="kinetic_law",
            target=reaction.id,
            local=reaction.kinetic_law.local_parameters,
        )
