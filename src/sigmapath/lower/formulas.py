"""Walk and map all mathematics of a network, each formula with the place it stands in.

Enters: a ReactionNetwork. Leaves: (place, formula) pairs, or the network with every formula mapped.
Called by the lowering passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from sigmapath.expr.nodes import Expr
from sigmapath.model.components import Event, Reaction, SpeciesReference
from sigmapath.model.network import ReactionNetwork

__all__ = ["formulas", "map_formulas"]

Change = Callable[[str, Expr], Expr]


def formulas(network: ReactionNetwork) -> Iterator[tuple[str, Expr]]:
    """All formulas but the bodies of function definitions, in the order of the source."""
    for initial in network.initial_assignments:
        yield f"initial assignment of {initial.symbol}", initial.math
    for rule in network.assignment_rules:
        yield f"assignment rule of {rule.variable}", rule.math
    for rate_rule in network.rate_rules:
        yield f"rate rule of {rate_rule.variable}", rate_rule.math
    for k, algebraic in enumerate(network.algebraic_rules):
        yield f"algebraic rule {k + 1}", algebraic.math
    for reaction in network.reactions:
        place = f"reaction {reaction.id}"
        if reaction.kinetic_law is not None:
            yield place, reaction.kinetic_law.math
        for reference in (*reaction.reactants, *reaction.products):
            if reference.stoichiometry_math is not None:
                yield f"{place}, stoichiometry of {reference.species}", reference.stoichiometry_math
    for k, event in enumerate(network.events):
        yield from _event_formulas(event_place(event, k), event)


def event_place(event: Event, index: int) -> str:
    """How messages name an event: by id, or by its position."""
    return f"event {event.id}" if event.id else f"event {index + 1}"


def _event_formulas(place: str, event: Event) -> Iterator[tuple[str, Expr]]:
    yield f"{place}, trigger", event.trigger.math
    if event.delay is not None:
        yield f"{place}, delay", event.delay
    if event.priority is not None:
        yield f"{place}, priority", event.priority
    for assignment in event.assignments:
        yield f"{place}, assignment of {assignment.variable}", assignment.math


def map_formulas(network: ReactionNetwork, change: Change) -> ReactionNetwork:
    """The network with ``change(place, formula)`` in place of every formula."""
    return replace(
        network,
        initial_assignments=tuple(
            replace(item, math=change(f"initial assignment of {item.symbol}", item.math))
            for item in network.initial_assignments
        ),
        assignment_rules=tuple(
            replace(rule, math=change(f"assignment rule of {rule.variable}", rule.math))
            for rule in network.assignment_rules
        ),
        rate_rules=tuple(
            replace(rule, math=change(f"rate rule of {rule.variable}", rule.math))
            for rule in network.rate_rules
        ),
        algebraic_rules=tuple(
            replace(rule, math=change(f"algebraic rule {k + 1}", rule.math))
            for k, rule in enumerate(network.algebraic_rules)
        ),
        reactions=tuple(_map_reaction(reaction, change) for reaction in network.reactions),
        events=tuple(
            _map_event(event, event_place(event, k), change)
            for k, event in enumerate(network.events)
        ),
    )


def _map_reaction(reaction: Reaction, change: Change) -> Reaction:
    place = f"reaction {reaction.id}"
    law = reaction.kinetic_law
    return replace(
        reaction,
        reactants=tuple(_map_reference(item, place, change) for item in reaction.reactants),
        products=tuple(_map_reference(item, place, change) for item in reaction.products),
        kinetic_law=None if law is None else replace(law, math=change(place, law.math)),
    )


def _map_reference(item: SpeciesReference, place: str, change: Change) -> SpeciesReference:
    if item.stoichiometry_math is None:
        return item
    math = change(f"{place}, stoichiometry of {item.species}", item.stoichiometry_math)
    return replace(item, stoichiometry_math=math)


def _map_event(event: Event, place: str, change: Change) -> Event:
    return replace(
        event,
        trigger=replace(event.trigger, math=change(f"{place}, trigger", event.trigger.math)),
        delay=None if event.delay is None else change(f"{place}, delay", event.delay),
        priority=None if event.priority is None else change(f"{place}, priority", event.priority),
        assignments=tuple(
            replace(item, math=change(f"{place}, assignment of {item.variable}", item.math))
            for item in event.assignments
        ),
    )
