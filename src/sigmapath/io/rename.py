"""Renaming ids of a network, everywhere they occur at once.

Enters: a network and the new names. Leaves: the same network under those names. Called by
:mod:`sigmapath.io.prefixes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sigmapath.expr.nodes import Expr, apply, symbol
from sigmapath.expr.rewrite import Rewriter, rebuild
from sigmapath.model.components import (
    Event,
    FunctionDefinition,
    KineticLaw,
    Reaction,
    SpeciesReference,
)
from sigmapath.model.network import ModelUnits, ReactionNetwork

__all__ = ["renamed", "with_unit_names"]


def renamed(network: ReactionNetwork, names: Mapping[str, str]) -> ReactionNetwork:
    """Return the network with ids replaced by ``names``; local parameters keep theirs.

    The caller sees to it that no new name is taken, by a local parameter either.
    """
    return _Renamer(names).network(network)


class _Renamer:
    """One set of new names, with the rewritten formulas remembered."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.rewrite = self._rewriter(frozenset())

    def _rewriter(self, hidden: frozenset[str]) -> Rewriter:
        """A rewriter of formulas in which the ids ``hidden`` mean something local."""

        def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
            name = str(node.value)
            if node.op == "sym":
                return node if name in hidden else symbol(self.names.get(name, name))
            if node.op == "call":
                return apply("call", *args, name=self.names.get(name, name))
            return rebuild(node, args)

        return Rewriter(rule)

    def id(self, name: str) -> str:
        return self.names.get(name, name)

    def maybe(self, math: Expr | None) -> Expr | None:
        return None if math is None else self.rewrite(math)

    def network(self, source: ReactionNetwork) -> ReactionNetwork:
        return replace(
            source,
            conversion_factor=self.id(source.conversion_factor),
            function_definitions=tuple(map(self.function, source.function_definitions)),
            compartments=tuple(replace(c, id=self.id(c.id)) for c in source.compartments),
            species=tuple(
                replace(
                    s,
                    id=self.id(s.id),
                    compartment=self.id(s.compartment),
                    conversion_factor=self.id(s.conversion_factor),
                )
                for s in source.species
            ),
            parameters=tuple(replace(p, id=self.id(p.id)) for p in source.parameters),
            initial_assignments=tuple(
                replace(a, symbol=self.id(a.symbol), math=self.rewrite(a.math))
                for a in source.initial_assignments
            ),
            assignment_rules=tuple(
                replace(r, variable=self.id(r.variable), math=self.rewrite(r.math))
                for r in source.assignment_rules
            ),
            rate_rules=tuple(
                replace(r, variable=self.id(r.variable), math=self.rewrite(r.math))
                for r in source.rate_rules
            ),
            algebraic_rules=tuple(
                replace(r, math=self.rewrite(r.math)) for r in source.algebraic_rules
            ),
            constraints=tuple(replace(c, math=self.rewrite(c.math)) for c in source.constraints),
            reactions=tuple(map(self.reaction, source.reactions)),
            events=tuple(map(self.event, source.events)),
        )

    def function(self, source: FunctionDefinition) -> FunctionDefinition:
        rewrite = self._rewriter(frozenset(source.arguments))
        return replace(source, id=self.id(source.id), body=rewrite(source.body))

    def reaction(self, source: Reaction) -> Reaction:
        return replace(
            source,
            id=self.id(source.id),
            compartment=self.id(source.compartment),
            modifiers=tuple(map(self.id, source.modifiers)),
            kinetic_law=self.kinetic_law(source.kinetic_law),
            reactants=self.references(source.reactants),
            products=self.references(source.products),
        )

    def references(self, side: tuple[SpeciesReference, ...]) -> tuple[SpeciesReference, ...]:
        return tuple(
            replace(
                reference,
                species=self.id(reference.species),
                id=self.id(reference.id),
                stoichiometry_math=self.maybe(reference.stoichiometry_math),
            )
            for reference in side
        )

    def kinetic_law(self, source: KineticLaw | None) -> KineticLaw | None:
        if source is None:
            return None
        local = frozenset(p.id for p in source.local_parameters)
        rewrite = self._rewriter(local) if local else self.rewrite
        return replace(source, math=rewrite(source.math))

    def event(self, source: Event) -> Event:
        return replace(
            source,
            id=self.id(source.id),
            trigger=replace(source.trigger, math=self.rewrite(source.trigger.math)),
            assignments=tuple(
                replace(a, variable=self.id(a.variable), math=self.rewrite(a.math))
                for a in source.assignments
            ),
            delay=self.maybe(source.delay),
            priority=self.maybe(source.priority),
        )


def with_unit_names(network: ReactionNetwork, names: Mapping[str, str]) -> ReactionNetwork:
    """Return the network with references to unit definitions replaced by ``names``."""

    def unit(name: str) -> str:
        return names.get(name, name)

    def law(source: KineticLaw | None) -> KineticLaw | None:
        if source is None or not source.local_parameters:
            return source
        local = tuple(replace(p, units=unit(p.units)) for p in source.local_parameters)
        return replace(source, local_parameters=local)

    units = network.units
    return replace(
        network,
        units=ModelUnits(
            substance=unit(units.substance),
            time=unit(units.time),
            volume=unit(units.volume),
            area=unit(units.area),
            length=unit(units.length),
            extent=unit(units.extent),
        ),
        compartments=tuple(replace(c, units=unit(c.units)) for c in network.compartments),
        species=tuple(replace(s, substance_units=unit(s.substance_units)) for s in network.species),
        parameters=tuple(replace(p, units=unit(p.units)) for p in network.parameters),
        reactions=tuple(replace(r, kinetic_law=law(r.kinetic_law)) for r in network.reactions),
    )
