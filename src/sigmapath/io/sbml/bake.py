"""An experiment written into the model itself: values, doses and protocols as plain SBML.

Enters: a network, new start values, and changes in time. Leaves: a network that any simulator runs
to the same trajectory. Called by the public interface for ``to_sbml(parameters=, doses=,
protocol=)``. What holds from the start becomes a start value; what happens later, an event.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.expr.nodes import TIME, Expr, apply, free_symbols, number, symbol
from sigmapath.io.sbml.change import Change
from sigmapath.io.sbml.level3 import fresh_id, global_ids
from sigmapath.model.components import (
    Event,
    EventAssignment,
    InitialAssignment,
    KineticLaw,
    Meta,
    Parameter,
    RateRule,
    Reaction,
    Species,
    SpeciesReference,
    Trigger,
)
from sigmapath.model.network import ReactionNetwork

__all__ = ["Change", "with_experiment"]


def with_experiment(
    network: ReactionNetwork,
    *,
    parameters: Mapping[str, float] | None = None,
    initial: Mapping[str, float] | None = None,
    changes: Sequence[Change] = (),
) -> ReactionNetwork:
    """Return the network with an experiment baked in.

    Parameters
    ----------
    network : ReactionNetwork
        The model.
    parameters, initial : mapping of str to float
        Values that replace those of the model, before its initial assignments are worked out.
    changes : sequence of Change
        What happens from t = 0 on; changes at one time happen in the order given.

    Raises
    ------
    UnknownNameError
        If the model has no such id.
    PlanError
        If a target is defined by a rule, or a species cannot be held or infused in SBML.
    """
    baker = _Baker(network, changes)
    for name, value in [*(parameters or {}).items(), *(initial or {}).items()]:
        baker.start(name, value)
    for change in sorted(changes, key=lambda c: c.time):
        if not (math.isfinite(change.time) and change.time >= 0 and not math.isnan(change.value)):
            raise PlanError(
                "a change needs a time from 0 on and a value",
                where=change.target,
                found=f"{change.value} at {change.time}",
            )
        baker.change(change)
    return baker.result()


class _Baker:
    """The network under change: components by id, and the events to come."""

    def __init__(self, network: ReactionNetwork, changes: Sequence[Change]) -> None:
        self.network = network
        released = {c.target for c in changes if c.kind == "release"}
        held = {c.target for c in changes if c.kind == "hold" and c.time == 0}
        # Held from the start and for good: no gate is needed.
        self.fixed = held - released
        self.used_at_start = _used_by_initial_assignments(network)
        self.taken = global_ids(network)
        self.species = {s.id: s for s in network.species}
        self.parameters = {p.id: p for p in network.parameters}
        self.compartments = {c.id: c for c in network.compartments}
        self.initial = {a.symbol: a for a in network.initial_assignments}
        self.rate_rules = {r.variable: r for r in network.rate_rules}
        self.assigned = {r.variable for r in network.assignment_rules}
        self.reactions: list[Reaction] = list(network.reactions)
        self.assignments: dict[float, dict[str, Expr]] = {}
        self.infusions: dict[str, str] = {}
        self.gates: dict[str, str] = {}

    def result(self) -> ReactionNetwork:
        events = [self.event(time, pairs) for time, pairs in sorted(self.assignments.items())]
        return replace(
            self.network,
            compartments=tuple(self.compartments.values()),
            species=tuple(self.species.values()),
            parameters=tuple(self.parameters.values()),
            initial_assignments=tuple(self.initial.values()),
            rate_rules=tuple(self.rate_rules.values()),
            reactions=tuple(self.reactions),
            events=(*self.network.events, *events),
        )

    def event(self, time: float, pairs: Mapping[str, Expr]) -> Event:
        # False before the start, so that a change at t = 0 happens.
        trigger = Trigger(math=apply("ge", TIME, number(time)), initial_value=False)
        return Event(
            id=fresh_id("experiment", self.taken),
            trigger=trigger,
            assignments=tuple(EventAssignment(variable=v, math=m) for v, m in pairs.items()),
        )

    def require(self, name: str) -> None:
        """Raise unless ``name`` is a quantity that can be given a value."""
        groups: tuple[Iterable[str], ...] = (self.species, self.parameters, self.compartments)
        if not any(name in group for group in groups):
            known = [known for group in groups for known in group]
            raise UnknownNameError("quantity", name, known, where=self.network.where)
        if name in self.assigned:
            raise PlanError(
                f"'{name}' is defined by an assignment rule, so it cannot be given a value",
                where=self.network.where,
                fix="change the quantities that its rule is made of",
            )

    def start(self, name: str, value: float) -> None:
        """Give a start value, which takes the place of an initial assignment."""
        if "." in name:
            self.start_local(name, value)
            return
        self.require(name)
        self.initial.pop(name, None)
        if name in self.parameters:
            self.parameters[name] = replace(self.parameters[name], value=value)
        elif name in self.compartments:
            self.compartments[name] = replace(self.compartments[name], size=value)
        else:
            species = self.species[name]
            as_amount = species.has_only_substance_units
            self.species[name] = replace(
                species,
                initial_amount=value if as_amount else None,
                initial_concentration=None if as_amount else value,
            )

    def start_local(self, name: str, value: float) -> None:
        """Give a value to a local parameter, named ``reaction.parameter``."""
        known: list[str] = []
        for i, reaction in enumerate(self.reactions):
            law = reaction.kinetic_law
            for j, local in enumerate(law.local_parameters if law is not None else ()):
                known.append(f"{reaction.id}.{local.id}")
                if law is not None and known[-1] == name:
                    values = list(law.local_parameters)
                    values[j] = replace(local, value=value)
                    law = replace(law, local_parameters=tuple(values))
                    self.reactions[i] = replace(reaction, kinetic_law=law)
                    return
        raise UnknownNameError("quantity", name, known, where=self.network.where)

    def change(self, change: Change) -> None:
        self.require(change.target)
        if change.kind == "set":
            self.assign(change.time, change.target, number(change.value))
        elif change.kind == "add":
            self.add(change)
        elif change.kind == "infuse":
            self.infuse(change)
        else:
            self.hold(change)

    def assign(self, time: float, name: str, value: Expr) -> None:
        """Set a quantity at a time; at t = 0 as a start value where that is the same."""
        if time == 0 and value.op == "num" and self.is_free_at_start(name):
            assert isinstance(value.value, float)
            self.start(name, value.value)
            return
        if name in self.parameters:
            self.parameters[name] = replace(self.parameters[name], constant=False)
        elif name in self.compartments:
            self.compartments[name] = replace(self.compartments[name], constant=False)
        elif self.species[name].constant:
            self.species[name] = replace(self.species[name], constant=False)
        self.assignments.setdefault(time, {})[name] = value

    def is_free_at_start(self, name: str) -> bool:
        """Whether a change at t = 0 can be a start value.

        Not where initial assignments use the quantity (they come before the change), and not for
        a compartment (its contents keep their amounts in a change, their concentrations at start).
        """
        return not (
            name in self.used_at_start
            or name in self.compartments
            or name in self.assignments.get(0.0, {})
        )

    def add(self, change: Change) -> None:
        name, more = change.target, self.in_terms_of_id(change)
        if change.time == 0 and self.is_free_at_start(name):
            before = self.start_expression(name)
            if before is not None:
                self.initial[name] = InitialAssignment(symbol=name, math=before + more)
                return
        before = self.assignments.get(change.time, {}).get(name, symbol(name))
        self.assign(change.time, name, before + more)

    def start_expression(self, name: str) -> Expr | None:
        """Start value of a quantity in the terms of its id, None if the model gives none."""
        if name in self.initial:
            return self.initial[name].math
        if name in self.parameters:
            value = self.parameters[name].value
            return None if value is None else number(value)
        species = self.species[name]
        volume = symbol(species.compartment)
        if species.initial_amount is not None:
            amount = number(species.initial_amount)
            return amount if species.has_only_substance_units else amount / volume
        if species.initial_concentration is not None:
            concentration = number(species.initial_concentration)
            return concentration * volume if species.has_only_substance_units else concentration
        return None

    def in_terms_of_id(self, change: Change) -> Expr:
        """An amount as what it adds to the id's value."""
        species = self.species.get(change.target)
        value = number(change.value)
        if species is None or species.has_only_substance_units:
            return value
        return value / symbol(species.compartment)

    def infuse(self, change: Change) -> None:
        """Add to the rate of change: a reaction whose rate is a parameter that events set."""
        if change.target in self.fixed:
            return
        rate = self.infusions.get(change.target)
        if rate is None:
            rate = fresh_id(f"infusion_{change.target}", self.taken)
            self.infusions[change.target] = rate
            self.parameters[rate] = Parameter(id=rate, value=0.0, constant=False)
            self.pour(change.target, rate)
        now = self.parameters[rate].value or 0.0
        if change.time == 0:
            self.parameters[rate] = replace(self.parameters[rate], value=now + change.value)
            return
        before = self.assignments.get(change.time, {}).get(rate, symbol(rate))
        self.assign(change.time, rate, before + number(change.value))

    def pour(self, target: str, rate: str) -> None:
        species = self.species.get(target)
        if species is None or target in self.rate_rules or target in self.gates:
            self.add_to_rate_rule(target, species, symbol(rate))
            return
        if species.boundary_condition or species.constant:
            raise PlanError(
                f"'{target}' is a boundary species, so nothing can be infused into it",
                where=self.network.where,
                fix="hold it at a value instead",
            )
        law: Expr = symbol(rate)
        factor = species.conversion_factor or self.network.conversion_factor
        if factor:
            law = law / symbol(factor)
        name = fresh_id(f"infusion_of_{target}", self.taken)
        product = SpeciesReference(species=target)
        self.reactions.append(
            Reaction(
                id=name, products=(product,), reversible=False, kinetic_law=KineticLaw(math=law)
            )
        )

    def add_to_rate_rule(self, target: str, species: Species | None, rate: Expr) -> None:
        if species is not None and not species.has_only_substance_units:
            rate = rate / symbol(species.compartment)
        if target in self.gates:
            rate = symbol(self.gates[target]) * rate
        rule = self.rate_rules.get(target)
        math_ = rate if rule is None else rule.math + rate
        self.rate_rules[target] = RateRule(variable=target, math=math_)
        if target in self.parameters:
            self.parameters[target] = replace(self.parameters[target], constant=False)

    def hold(self, change: Change) -> None:
        """Clamp or let go: the rate of change is multiplied by a gate that events open."""
        target = change.target
        if change.kind == "hold":
            self.assign(change.time, target, number(change.value))
        if target in self.fixed:
            self.fix(target)
            return
        moving = target in self.rate_rules or (
            target in self.species
            and not self.species[target].boundary_condition
            and any(target in _participants(r) for r in self.reactions)
        )
        if not moving and target not in self.gates:
            return
        gate = self.gates.get(target) or self.gated(target)
        opening = 0.0 if change.kind == "hold" else 1.0
        if change.time == 0:
            self.parameters[gate] = replace(self.parameters[gate], value=opening)
        else:
            self.assign(change.time, gate, number(opening))

    def fix(self, target: str) -> None:
        """Take away everything that would move a quantity, other than changes."""
        self.rate_rules.pop(target, None)
        if target in self.species:
            self.species[target] = replace(self.species[target], boundary_condition=True)

    def gated(self, target: str) -> str:
        """Give a quantity a rate rule that a gate multiplies, and return the gate's id."""
        gate = fresh_id(f"gate_{target}", self.taken)
        self.gates[target] = gate
        self.parameters[gate] = Parameter(id=gate, value=1.0, constant=False)
        rule = self.rate_rules.get(target)
        rate = rule.math if rule is not None else self.reaction_rate(self.species[target])
        meta = rule.meta if rule is not None else Meta()
        self.rate_rules[target] = RateRule(variable=target, math=symbol(gate) * rate, meta=meta)
        if target in self.species and not self.species[target].boundary_condition:
            self.species[target] = replace(self.species[target], boundary_condition=True)
        return gate

    def reaction_rate(self, species: Species) -> Expr:
        """Rate of change of a species by its reactions, in the terms of its id.

        SBML Level 3 Version 2, section 4.11.7: amount rate = conversion factor times the sum of
        stoichiometry times extent rate; a reaction's id is its extent rate in formulas.
        """
        terms: list[Expr] = []
        for reaction in self.reactions:
            for sign, side in ((-1.0, reaction.reactants), (1.0, reaction.products)):
                terms += [
                    _stoichiometry(r) * sign * symbol(reaction.id)
                    for r in side
                    if r.species == species.id
                ]
        rate = apply("add", *terms)
        factor = species.conversion_factor or self.network.conversion_factor
        if factor:
            rate = symbol(factor) * rate
        if species.has_only_substance_units:
            return rate
        compartment = self.compartments[species.compartment]
        if not compartment.constant:
            raise PlanError(
                f"'{species.id}' is in a compartment of changing size and cannot be held in SBML",
                where=self.network.where,
                fix="make it a boundary species in the model",
            )
        return rate / symbol(compartment.id)


def _used_by_initial_assignments(network: ReactionNetwork) -> frozenset[str]:
    """Ids that initial assignments use, directly or through assignment rules."""
    rules = {rule.variable: rule.math for rule in network.assignment_rules}
    pending = [name for a in network.initial_assignments for name in free_symbols(a.math)]
    used: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in used:
            used.add(name)
            if name in rules:
                pending.extend(free_symbols(rules[name]))
    return frozenset(used)


def _participants(reaction: Reaction) -> set[str]:
    return {r.species for r in (*reaction.reactants, *reaction.products)}


def _stoichiometry(reference: SpeciesReference) -> Expr:
    if reference.stoichiometry_math is not None:
        return reference.stoichiometry_math
    if reference.id and not reference.constant:
        return symbol(reference.id)
    if reference.stoichiometry is None:
        return symbol(reference.id)
    return number(reference.stoichiometry)
