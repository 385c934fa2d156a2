"""The same network as a jump process: propensities, changes per firing, random draws.

Enters: a ReactionNetwork. Leaves: :class:`JumpProcess`, which the stochastic simulation compiles.

The propensity of a reaction is its kinetic law as written, in extent per time, with species in the
terms that SBML maths gives them; a firing changes amounts by stoichiometry times conversion factor
(SBML L3V2 section 4.11.7). One species may be counted in items only where its model does so: the
law of ``2 P -> P2`` is ``k P (P - 1) / 2`` if its author meant the combinatorial one.

Two ways of running it are chosen here. "direct": between firings nothing moves but time itself, so
waiting times are exponential (Gillespie 1977, doi:10.1021/j100540a008). "hazard": propensities or
triggers move between firings; see :mod:`sigmapath.lower.hazards`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.expr.nodes import ONE, Expr, postorder, symbol
from sigmapath.expr.rewrite import substitute
from sigmapath.expr.simplify import mul
from sigmapath.lower.degrees import CONSTANT, OTHER, TimeDegrees
from sigmapath.lower.draws import Draw, without_draws
from sigmapath.lower.flatten import inline_functions, promote_locals
from sigmapath.lower.formulas import formulas
from sigmapath.lower.hazards import reactions_as_events
from sigmapath.lower.pipeline import lower
from sigmapath.lower.stoichiometry import net_stoichiometry
from sigmapath.lower.system import OdeSystem
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = ["JumpProcess", "Mode", "jump_process", "system_of"]

Mode = Literal["direct", "hazard"]
IntArray = NDArray[np.int64]


@record(eq=False)
class JumpProcess:
    """A network as its stochastic simulation needs it.

    Parameters
    ----------
    system : OdeSystem
        In "direct" mode only its values, definitions, events and observables are used.
    mode : {"direct", "hazard"}
    reactions : tuple of str
        Those with a kinetic law, in the order of the source; none in "hazard" mode.
    rates : tuple of Expr, one per reaction
        Over the ids of the system.
    first : ndarray of int64, shape (n_reaction + 1,)
        Reaction r changes entries first[r] .. first[r + 1].
    state : ndarray of int64, shape (n_change,)
        Which state an entry changes.
    changes : tuple of Expr, one per entry
        Amount gained by one firing.
    volume : ndarray of int64, shape (n_state,)
        Index into p of the size that turns the amount of a state into the state, -1 for none.
    timed_roots : ndarray of int64
        Roots of the system that depend on time.
    draws : tuple of Draw
        With arguments over the ids of the system.
    recorded : tuple of str
        What is recorded when nothing in particular is asked for.
    """

    system: OdeSystem
    mode: Mode
    reactions: tuple[str, ...]
    rates: tuple[Expr, ...]
    first: IntArray
    state: IntArray
    changes: tuple[Expr, ...]
    volume: IntArray
    timed_roots: IntArray
    draws: tuple[Draw, ...]
    recorded: tuple[str, ...]


def _refuse(network: ReactionNetwork) -> None:
    """Name the first construct that has no meaning for a jump process."""
    for k, _ in enumerate(network.algebraic_rules):
        raise UnsupportedFeatureError(
            "an algebraic rule in stochastic simulation",
            where=f"{network.where}: algebraic rule {k + 1}",
            fix="solve the rule for one variable and write it as an assignment rule",
        )
    for reaction in network.reactions:
        if reaction.fast:
            raise UnsupportedFeatureError(
                "a fast reaction in stochastic simulation",
                where=f"{network.where}: reaction {reaction.id}",
                fix="give it large rate constants instead of fast=true",
            )
    for place, math in formulas(network):
        for node in postorder([math]):
            if node.op in ("rateof", "delay"):
                name = {"rateof": "rateOf(x)", "delay": "delay(x, lag)"}[node.op]
                raise UnsupportedFeatureError(
                    f"{name} in stochastic simulation",
                    where=f"{network.where}: {place}",
                    fix="simulate deterministically, or rewrite the formula",
                )


def _moves_by_itself(network: ReactionNetwork, system: OdeSystem, rates: Iterable[Expr]) -> bool:
    """Whether anything but time itself moves between firings in a way that matters.

    States stand still between firings.
    """
    if network.rate_rules:
        return True
    degree = TimeDegrees(system.definitions)
    if any(degree(rate) != CONSTANT for rate in rates):
        return True
    return any(degree(root) == OTHER for root in system.roots)


def _stoichiometry(
    network: ReactionNetwork, system: OdeSystem, reactions: tuple[str, ...]
) -> tuple[IntArray, IntArray, tuple[Expr, ...]]:
    """Sparse columns of the stoichiometry matrix, in amounts: first, state, changes."""
    positions = {item.id: i for i, item in enumerate(system.states)}
    fixed = {s.id for s in network.species if s.boundary_condition or s.constant}
    factors = {s.id: s.conversion_factor or network.conversion_factor for s in network.species}
    columns: dict[str, list[tuple[int, Expr]]] = {name: [] for name in reactions}
    for species, row in net_stoichiometry(network).items():
        if species in fixed:
            continue
        factor = symbol(factors[species]) if factors[species] else ONE
        for reaction, coefficient in row.items():
            if reaction in columns:
                change = substitute(mul(factor, coefficient), system.observables)
                columns[reaction].append((positions[species], change))
    sizes = [len(columns[name]) for name in reactions]
    entries = [entry for name in reactions for entry in columns[name]]
    first = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)
    state = np.array([i for i, _ in entries], dtype=np.int64)
    return first, state, tuple(change for _, change in entries)


def _volumes(system: OdeSystem) -> IntArray:
    places = {item.id: j for j, item in enumerate(system.parameters)}
    return np.array(
        [
            -1
            if item.kind != "species" or item.is_amount or item.state_is_amount
            else places[item.volume]
            for item in system.states
        ],
        dtype=np.int64,
    )


def _recorded(network: ReactionNetwork) -> tuple[str, ...]:
    """Species that can change, or all if none can; without species, what rate rules move."""
    set_by = {item.variable for event in network.events for item in event.assignments}
    set_by |= {rule.variable for rule in network.assignment_rules}
    set_by |= {rule.variable for rule in network.rate_rules}
    free = tuple(
        s.id
        for s in network.species
        if not s.constant and (not s.boundary_condition or s.id in set_by)
    )
    species = free or tuple(s.id for s in network.species)
    return species or tuple(rule.variable for rule in network.rate_rules)


def _drawn(draws: tuple[Draw, ...], known: Mapping[str, Expr]) -> tuple[Draw, ...]:
    return tuple(
        replace(draw, args=tuple(substitute(argument, known) for argument in draw.args))
        for draw in draws
    )


def system_of(network: ReactionNetwork) -> OdeSystem:
    """Lower a network to look at: random draws, if it has any, are quantities named ``draw#k``.

    Raises
    ------
    UnsupportedFeatureError
        For a draw in a rule, a kinetic law or a trigger, and as :func:`lower`.
    """
    return lower(without_draws(inline_functions(promote_locals(network)))[0])


def jump_process(network: ReactionNetwork) -> JumpProcess:
    """Lower a network to a jump process.

    Raises
    ------
    UnsupportedFeatureError
        For algebraic rules, fast reactions, rateOf, delay(x, lag), and draws in rules.
    ModelError
        As :func:`sigmapath.lower.pipeline.lower`.
    """
    flat = inline_functions(promote_locals(network))
    _refuse(flat)
    plain, draws = without_draws(flat)
    system = lower(plain)
    reactions = tuple(r.id for r in flat.reactions if r.kinetic_law is not None)
    rates = tuple(symbol(name) for name in reactions)
    first, state, changes = _stoichiometry(plain, system, reactions)
    states = {item.id for item in system.states} | {
        item.id for item in system.definitions if item.id not in reactions
    }
    steady = not any(
        node.op == "time" or (node.op == "sym" and node.value in states)
        for node in postorder(changes)
    )
    mode: Mode = "direct"
    if not steady or _moves_by_itself(plain, system, rates):
        mode = "hazard"
        plain, draws = without_draws(reactions_as_events(flat))
        system = lower(plain)
        reactions, rates, changes = (), (), ()
        first, state = np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int64)
    degree = TimeDegrees(system.definitions)
    timed = [k for k, root in enumerate(system.roots) if degree(root) != CONSTANT]
    return JumpProcess(
        system=system,
        mode=mode,
        reactions=reactions,
        rates=rates,
        first=first,
        state=state,
        changes=changes,
        volume=_volumes(system),
        timed_roots=np.array(timed, dtype=np.int64),
        draws=_drawn(draws, system.observables),
        recorded=_recorded(network),
    )
