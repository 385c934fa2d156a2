"""A network in the terms of SBML Level 3.

Enters: a network of any level. Leaves: the same model with nothing that only Level 2 can say.
Called by :mod:`sigmapath.io.sbml.write`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.expr.nodes import Expr, postorder
from sigmapath.io.sbml.mathml_text import LEVEL_3_VERSION_2_OPS
from sigmapath.model.components import AssignmentRule, Reaction, SpeciesReference
from sigmapath.model.formulas import network_formulas
from sigmapath.model.network import ReactionNetwork

__all__ = ["formulas", "fresh_id", "global_ids", "in_level_3", "version_needed"]


def in_level_3(network: ReactionNetwork) -> ReactionNetwork:
    """Return the network with level 3, and stoichiometry formulas as assignment rules.

    Level 3 has no ``stoichiometryMath``: the species reference gets an id and a rule instead
    (SBML Level 3 Version 2, section 4.11.3), which has the same meaning at every time.
    """
    taken = global_ids(network)
    rules: list[AssignmentRule] = []

    def reference(reaction: Reaction, source: SpeciesReference) -> SpeciesReference:
        if source.stoichiometry_math is None:
            return source
        name = source.id or fresh_id(f"{reaction.id}_{source.species}_stoichiometry", taken)
        rules.append(AssignmentRule(variable=name, math=source.stoichiometry_math))
        return replace(source, id=name, stoichiometry=None, stoichiometry_math=None, constant=False)

    reactions = tuple(
        replace(
            reaction,
            reactants=tuple(reference(reaction, r) for r in reaction.reactants),
            products=tuple(reference(reaction, r) for r in reaction.products),
        )
        for reaction in network.reactions
    )
    return replace(
        network,
        level=3,
        version=version_needed(network),
        reactions=reactions,
        assignment_rules=network.assignment_rules + tuple(rules),
    )


def version_needed(network: ReactionNetwork) -> int:
    """Return 2, or 1 if the network says what only Level 3 Version 1 allows.

    That is a fast reaction (Version 2 has no such attribute), and a local parameter with the id
    of a species of its reaction (Version 2, rule 21173).

    Raises
    ------
    UnsupportedFeatureError
        If it has a fast reaction and also an operator that Version 1 does not have.
    """
    fast = next((reaction.id for reaction in network.reactions if reaction.fast), None)
    if fast is None and not any(map(_hides_its_species, network.reactions)):
        return 2
    for where, math in formulas(network):
        for node in postorder([math]):
            if node.op not in LEVEL_3_VERSION_2_OPS:
                continue
            if fast is None:
                return 2
            raise UnsupportedFeatureError(
                f"a fast reaction ({fast}) together with the operator '{node.op}' in SBML",
                where=where,
                fix="no version of SBML Level 3 can hold both",
            )
    return 1


def _hides_its_species(reaction: Reaction) -> bool:
    if reaction.kinetic_law is None or not reaction.kinetic_law.local_parameters:
        return False
    species = {r.species for r in (*reaction.reactants, *reaction.products)}
    species.update(reaction.modifiers)
    return any(p.id in species for p in reaction.kinetic_law.local_parameters)


def formulas(network: ReactionNetwork) -> Iterator[tuple[str, Expr]]:
    """Yield every formula of a network, bodies of functions included, with its place."""
    for f in network.function_definitions:
        yield f"function definition {f.id}", f.body
    for formula in network_formulas(network):
        yield formula.where, formula.math


def global_ids(network: ReactionNetwork) -> set[str]:
    """Every id of a network, those of local parameters included."""
    groups = (
        network.function_definitions,
        network.compartments,
        network.species,
        network.parameters,
        network.reactions,
        network.events,
    )
    ids = {item.id for group in groups for item in group}  # type: ignore[attr-defined]
    for reaction in network.reactions:
        ids.update(r.id for r in (*reaction.reactants, *reaction.products))
        if reaction.kinetic_law is not None:
            ids.update(p.id for p in reaction.kinetic_law.local_parameters)
    return ids


def fresh_id(name: str, taken: set[str]) -> str:
    """Return ``name``, numbered if it is taken, and take it."""
    candidate, n = name, 1
    while candidate in taken:
        n += 1
        candidate = f"{name}_{n}"
    taken.add(candidate)
    return candidate
