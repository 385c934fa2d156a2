"""Reactions as events of an accumulated hazard, where rates change between firings.

Enters: a flat network in which propensities depend on time or on what rate rules move. Leaves: a
network whose reactions no longer change species; one event carries out the firings.

With propensities a_r(t), the time to the next firing satisfies ``int a0 dt = E``, a0 = sum a_r,
E exponential with mean 1, and reaction r fires with probability a_r / a0 at that moment (Gillespie
1976, J. Comput. Phys. 22, 403, doi:10.1016/0021-9991(76)90041-3; for time-dependent propensities
Anderson 2007, J. Chem. Phys. 127, 214107, doi:10.1063/1.2799998, eq. 3-5). So the total hazard is
integrated by a rate rule, and where it reaches E an event chooses the reaction. That is exact up to
the tolerance of the integration.
"""

from __future__ import annotations

from dataclasses import replace

from sigmapath.expr.nodes import NAN, ONE, ZERO, Expr, apply, symbol
from sigmapath.expr.simplify import add, div, mul
from sigmapath.lower.roles import points
from sigmapath.lower.stoichiometry import net_stoichiometry
from sigmapath.model.components import (
    Event,
    EventAssignment,
    InitialAssignment,
    Parameter,
    RateRule,
    Trigger,
)
from sigmapath.model.network import ReactionNetwork

__all__ = ["HAZARD", "REFUSED", "reactions_as_events"]

HAZARD, LIMIT, CHOICE = "hazard#sum", "hazard#limit", "hazard#choice"
# Set to 1 where a run ends because a propensity is negative.
REFUSED = "hazard#refused"


def _cumulative(network: ReactionNetwork) -> dict[str, tuple[Expr, Expr]]:
    """Sums of the propensities before and up to each reaction."""
    sums: dict[str, tuple[Expr, Expr]] = {}
    before: Expr = ZERO
    for reaction in network.reactions:
        if reaction.kinetic_law is not None:
            after = add(before, symbol(reaction.id))
            sums[reaction.id] = before, after
            before = after
    return sums


def _new_values(
    network: ReactionNetwork, sums: dict[str, tuple[Expr, Expr]]
) -> list[EventAssignment]:
    """What the firing event makes of each species."""
    total = list(sums.values())[-1][1]
    level = mul(symbol(CHOICE), total)
    sizeless = points(network)
    changes = net_stoichiometry(network)
    assignments: list[EventAssignment] = []
    for species in network.species:
        if species.boundary_condition or species.constant:
            continue
        pieces: list[Expr] = []
        for reaction, coefficient in changes[species.id].items():
            if reaction in sums:
                below, above = sums[reaction]
                chosen = apply("and", apply("ge", level, below), apply("lt", level, above))
                pieces += [coefficient, chosen]
        if not pieces:
            continue
        change = apply("piecewise", *pieces, ZERO)
        factor = species.conversion_factor or network.conversion_factor
        if factor:
            change = mul(symbol(factor), change)
        if not (species.has_only_substance_units or species.compartment in sizeless):
            change = div(change, symbol(species.compartment))
        new = add(symbol(species.id), change)
        assignments.append(EventAssignment(variable=species.id, math=new))
    return assignments


def reactions_as_events(network: ReactionNetwork) -> ReactionNetwork:
    """Return the network with its reactions carried out by an event; see the module.

    A negative propensity makes the hazard NaN, which ends the run, and ``REFUSED`` one.
    """
    sums = _cumulative(network)
    if not sums:
        return network
    moved = _new_values(network, sums)
    targets = {item.variable for item in moved}
    total = list(sums.values())[-1][1]
    exponential = apply("draw", ONE, name="exponential")
    uniform = apply("draw", ZERO, ONE, name="uniform")
    fire = Event(
        id="hazard#fire",
        trigger=Trigger(math=apply("ge", symbol(HAZARD), symbol(LIMIT)), initial_value=False),
        assignments=(
            *moved,
            EventAssignment(variable=HAZARD, math=ZERO),
            EventAssignment(variable=LIMIT, math=exponential),
            EventAssignment(variable=CHOICE, math=uniform),
        ),
    )
    lowest = apply("min", *(symbol(name) for name in sums))
    refuse = Event(
        id="hazard#negative",
        trigger=Trigger(math=apply("lt", lowest, ZERO), initial_value=False),
        assignments=(
            EventAssignment(variable=HAZARD, math=NAN),
            EventAssignment(variable=REFUSED, math=ONE),
        ),
    )
    return replace(
        network,
        species=tuple(
            replace(item, boundary_condition=True) if item.id in targets else item
            for item in network.species
        ),
        parameters=(
            *network.parameters,
            *(
                Parameter(id=name, value=0.0, constant=False)
                for name in (HAZARD, LIMIT, CHOICE, REFUSED)
            ),
        ),
        initial_assignments=(
            *network.initial_assignments,
            InitialAssignment(symbol=LIMIT, math=exponential),
            InitialAssignment(symbol=CHOICE, math=uniform),
        ),
        rate_rules=(*network.rate_rules, RateRule(variable=HAZARD, math=total)),
        events=(*network.events, fire, refuse),
    )
