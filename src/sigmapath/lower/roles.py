"""Decide what each quantity is: a settable parameter, a state, or defined by a rule.

Enters: a flat ReactionNetwork and its net stoichiometry. Leaves: :class:`Roles`. The state of a
species is what its user terms say (amount, or concentration) while the compartment's size is
constant, and the amount otherwise, because only amounts stay put when a volume moves.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from sigmapath.errors import DuplicateIdError, ModelError, UnknownNameError
from sigmapath.expr.nodes import Expr, number, symbol
from sigmapath.expr.simplify import div, mul
from sigmapath.lower.stoichiometry import NetStoichiometry, live_references
from sigmapath.lower.system import Quantity
from sigmapath.model.components import Compartment, Species
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = ["Roles", "assign_roles", "points"]

_NAN = float("nan")


@record
class Roles:
    """Who is what.

    Parameters
    ----------
    parameters, states : tuple of Quantity
        Settable quantities and states, in their final order; ``start`` is in user terms.
    varying_compartments : frozenset of str
        Compartments whose size a rule or an event changes.
    rates : mapping str -> Expr
        Right-hand sides of rate rules, in user terms, by variable.
    implicit : mapping str -> Expr
        Residuals of algebraic states, in user terms, by variable.
    """

    parameters: tuple[Quantity, ...]
    states: tuple[Quantity, ...]
    varying_compartments: frozenset[str]
    rates: Mapping[str, Expr]
    implicit: Mapping[str, Expr]


def _number_or_nan(value: float | None) -> float:
    return _NAN if value is None else float(value)


def points(network: ReactionNetwork) -> frozenset[str]:
    """Compartments without a size to divide by, so that their species are amounts.

    Level 2 says so for zero dimensions (L2V5 section 4.7.3). Level 3 dropped the rule, and a size
    that is given counts (test case 01809 of the SBML suite); without any size, amounts are all
    there is (test case 00049).
    """
    sized = {item.symbol for item in network.initial_assignments}
    sized |= {rule.variable for rule in network.assignment_rules}
    sized |= {rule.variable for rule in network.rate_rules}
    return frozenset(
        item.id
        for item in network.compartments
        if item.spatial_dimensions == 0
        and (network.level < 3 or (item.size is None and item.id not in sized))
    )


def _species_quantity(
    species: Species, compartment: Compartment, point: bool, varying: bool, start: Expr | None
) -> Quantity:
    is_amount = species.has_only_substance_units or point
    size = symbol(compartment.id)
    given = species.initial_amount if is_amount else species.initial_concentration
    other = species.initial_concentration if is_amount else species.initial_amount
    if start is None and given is None and other is not None:
        if point:
            given = other
        else:
            # Worked out at the start, so that a changed size is respected.
            start = mul(number(other), size) if is_amount else div(number(other), size)
            if start.op == "num":
                given, start = float(start.value or 0.0), None
    return Quantity(
        id=species.id,
        kind="species",
        value=_NAN if start is not None else _number_or_nan(given),
        start=start,
        volume=species.compartment,
        is_amount=is_amount,
        state_is_amount=varying and not is_amount,
    )


def _all_quantities(
    network: ReactionNetwork, varying: frozenset[str], implicit: Container[str]
) -> Iterator[Quantity]:
    """Every quantity of the network in the order species, compartments, parameters, references."""
    starts = {item.symbol: item.math for item in network.initial_assignments}
    sizeless = points(network)
    compartments = {item.id: item for item in network.compartments}
    for species in network.species:
        home = compartments.get(species.compartment)
        if home is None:
            raise UnknownNameError(
                "compartment",
                species.compartment,
                compartments,
                where=f"{network.where}: species {species.id}",
            )
        # What an equation determines is never integrated, so it stays in user terms.
        is_moved = home.id in varying and species.id not in implicit
        yield _species_quantity(
            species, home, home.id in sizeless, is_moved, starts.get(species.id)
        )
    for compartment in network.compartments:
        yield _plain("compartment", compartment.id, compartment.size, starts)
    for parameter in network.parameters:
        kind = "local_parameter" if "." in parameter.id else "parameter"
        yield _plain(kind, parameter.id, parameter.value, starts)
    for name, reference in live_references(network).items():
        yield _plain("stoichiometry", name, reference.stoichiometry, starts)


def _plain(kind: str, name: str, value: float | None, starts: Mapping[str, Expr]) -> Quantity:
    start = starts.get(name)
    known = _NAN if start is not None else _number_or_nan(value)
    return Quantity(id=name, kind=kind, value=known, start=start)


def _check_rules(network: ReactionNetwork, ids: set[str]) -> None:
    """Each rule sets one known quantity, and nobody sets it twice (section 4.9)."""
    seen: set[str] = set()
    variables = [rule.variable for rule in network.assignment_rules]
    variables += [rule.variable for rule in network.rate_rules]
    for variable in variables:
        place = f"{network.where}: rule of {variable}"
        if variable not in ids:
            raise UnknownNameError("quantity", variable, ids, where=place)
        if variable in seen:
            raise DuplicateIdError(f"{variable} has two rules", where=place, fix="keep one of them")
        seen.add(variable)
    for item in network.initial_assignments:
        place = f"{network.where}: initial assignment of {item.symbol}"
        if item.symbol not in ids:
            raise UnknownNameError("quantity", item.symbol, ids, where=place)


def _check_ruled_species(
    network: ReactionNetwork, stoichiometry: NetStoichiometry, ruled: set[str]
) -> None:
    for species in network.species:
        changed = stoichiometry[species.id] and not (species.boundary_condition or species.constant)
        if changed and species.id in ruled:
            raise ModelError(
                f"species {species.id} is set by a rule and changed by reactions",
                where=network.where,
                found=", ".join(list(stoichiometry[species.id])[:5]),
                fix="set boundaryCondition to true, or drop the rule",
            )


def _guessed(item: Quantity) -> Quantity:
    """An algebraic state with a first guess where the model gives no value."""
    is_known = item.start is not None or item.value == item.value
    return item if is_known else replace(item, value=1.0)


def assign_roles(
    network: ReactionNetwork,
    stoichiometry: NetStoichiometry,
    implicit: Mapping[str, Expr] = MappingProxyType({}),
) -> Roles:
    """Sort the quantities of a flat network into parameters and states.

    Parameters
    ----------
    network : ReactionNetwork
    stoichiometry : NetStoichiometry
    implicit : mapping str -> Expr
        Residuals of what algebraic rules determine, see :mod:`sigmapath.lower.algebraic`.

    Raises
    ------
    UnknownNameError, DuplicateIdError, ModelError
        For rules on unknown quantities, two rules on one, a species in an unknown compartment, and
        a species that both a rule and reactions change.
    """
    assigned = {rule.variable for rule in network.assignment_rules}
    rates = {rule.variable: rule.math for rule in network.rate_rules}
    by_events = {item.variable for event in network.events for item in event.assignments}
    varying = frozenset(
        item.id
        for item in network.compartments
        if item.id in assigned or item.id in rates or item.id in by_events or item.id in implicit
    )
    quantities = list(_all_quantities(network, varying, implicit))
    _check_rules(network, {item.id for item in quantities})
    _check_ruled_species(network, stoichiometry, assigned | set(rates))
    with_law = {item.id for item in network.reactions if item.kinetic_law is not None}
    fixed = {s.id for s in network.species if s.boundary_condition or s.constant}
    parameters: dict[str, list[Quantity]] = {}
    states: list[Quantity] = []
    for item in quantities:
        reacts = (
            item.kind == "species"
            and item.id not in fixed
            and any(reaction in with_law for reaction in stoichiometry[item.id])
        )
        if item.id in assigned:
            continue
        if item.id in implicit:
            states.append(_guessed(item))
        elif item.id in rates or reacts or item.state_is_amount:
            states.append(item)
        else:
            parameters.setdefault(item.kind, []).append(item)
    order = ("parameter", "local_parameter", "compartment", "species", "stoichiometry")
    return Roles(
        parameters=tuple(item for kind in order for item in parameters.get(kind, [])),
        states=tuple(states),
        varying_compartments=varying,
        rates=rates,
        implicit=implicit,
    )
