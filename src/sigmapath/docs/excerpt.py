"""The part of a model that a page shows: its reactions, rules and the constants they need.

Enters: a network and a :class:`~sigmapath.docs.systems.System`. Leaves: an :class:`Excerpt`, from
which the scheme is drawn and the tables are written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from sigmapath.docs.systems import System
from sigmapath.errors import PlanError
from sigmapath.expr.nodes import Expr, free_symbols
from sigmapath.model.components import AssignmentRule, RateRule, Reaction
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = ["Excerpt", "excerpt"]


@record
class Excerpt:
    """What a page shows of a network, in its order.

    Parameters
    ----------
    reactions, rate_rules, assignment_rules : tuples
        In focus.
    definitions : tuple of AssignmentRule
        Quantities outside the focus that the formulas use.
    species, parameters : tuple of str
        Ids that occur; parameters with all that their own values are worked out from.
    same : tuple of str
        What was left out because it repeats something shown, in words.
    dropped : frozenset of str
        Ids that were left out.
    as_one : mapping id -> id
        Species drawn as another one.
    """

    network: ReactionNetwork
    reactions: tuple[Reaction, ...]
    rate_rules: tuple[RateRule, ...]
    assignment_rules: tuple[AssignmentRule, ...]
    definitions: tuple[AssignmentRule, ...]
    species: tuple[str, ...]
    parameters: tuple[str, ...]
    same: tuple[str, ...]
    dropped: frozenset[str]
    as_one: Mapping[str, str]

    @property
    def shown(self) -> set[str]:
        """Ids of everything in focus."""
        found = {r.id for r in self.reactions} | {r.variable for r in self.rate_rules}
        return found | {r.variable for r in self.assignment_rules}


def excerpt(network: ReactionNetwork, system: System) -> Excerpt:
    """Take from a network what a system's page shows.

    Raises
    ------
    PlanError
        If a pattern of the system matches nothing of the model.
    """
    ids = _ids(network)
    for pattern in (*system.focus, *system.same):
        if not any(fnmatchcase(name, pattern) for name in ids):
            raise PlanError(
                "nothing of the model matches", where=f"system {system.id}", found=pattern
            )
    dropped = {name for name in ids if _matches(name, system.same)}
    named = {name for name in ids if name in system.focus}
    focus = {name for name in ids if _matches(name, system.focus)} - (dropped - named)
    reactions = tuple(
        r
        for r in network.reactions
        if r.id in focus or (_touches(r) & focus and not ({r.id, *_touches(r)} & dropped - named))
    )
    rates = tuple(rule for rule in network.rate_rules if rule.variable in focus)
    assigned = tuple(rule for rule in network.assignment_rules if rule.variable in focus)
    formulas = [r.kinetic_law.math for r in reactions if r.kinetic_law is not None]
    formulas += [rule.math for rule in rates] + [rule.math for rule in assigned]
    symbols = _closure(network, formulas) | {s for r in reactions for s in _touches(r)} | focus
    own = {rule.variable for rule in assigned}
    return Excerpt(
        network=network,
        reactions=reactions,
        rate_rules=rates,
        assignment_rules=assigned,
        definitions=tuple(
            rule for rule in network.assignment_rules if rule.variable in symbols - own
        ),
        species=tuple(s.id for s in network.species if s.id in (symbols - dropped) | named),
        parameters=tuple(p.id for p in network.parameters if p.id in symbols),
        same=tuple(dict.fromkeys(system.same.values())),
        dropped=frozenset(dropped - named),
        as_one=system.as_one,
    )


def _ids(network: ReactionNetwork) -> list[str]:
    """Everything that a pattern can name."""
    return [
        *(s.id for s in network.species),
        *(p.id for p in network.parameters),
        *(r.id for r in network.reactions),
    ]


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _touches(reaction: Reaction) -> set[str]:
    """Species that a reaction uses up or makes."""
    return {side.species for side in (*reaction.reactants, *reaction.products)}


def _closure(network: ReactionNetwork, formulas: list[Expr]) -> set[str]:
    """Symbols of the formulas and of everything that they are worked out from.

    Species that a rule defines are not searched: what they are made of is on their own page.
    """
    species = {s.id for s in network.species}
    inner = {r.variable: [r.math] for r in network.assignment_rules if r.variable not in species}
    for start in network.initial_assignments:
        if start.symbol not in species:
            inner.setdefault(start.symbol, []).append(start.math)
    found: set[str] = set()
    left = set(free_symbols(*formulas))
    while left:
        found |= left
        left = {s for name in left for s in free_symbols(*inner.get(name, ()))} - found
    return found
