"""The parts of a model while it is being built, and what was wrong with them.

Enters: records of parts, formulas and units as a modeller writes them. Leaves: a network, with the
parts in order of definition, and issues. The memory of
:class:`sigmapath.model.builder.ModelBuilder`, and as mutable.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sigmapath.errors import SigmapathError
from sigmapath.expr.nodes import Expr, ExprLike, free_symbols, number, symbol
from sigmapath.expr.parse import parse
from sigmapath.model.components import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    Event,
    FunctionDefinition,
    InitialAssignment,
    Meta,
    Parameter,
    RateRule,
    Reaction,
    Species,
    UnitDefinition,
)
from sigmapath.model.issue import Issue
from sigmapath.model.network import ModelUnits, ReactionNetwork
from sigmapath.model.unit_definitions import SBML_UNIT_KINDS, definition_from_text

__all__ = ["Parts", "name_of"]


class Parts:
    """Parts by kind, units by id, and issues."""

    def __init__(self) -> None:
        self.issues: list[Issue] = []
        self._definitions: dict[str, UnitDefinition] = {}
        self._by_kind: dict[type, list[Any]] = {}
        self._constant: dict[str, bool | None] = {}

    def of(self, kind: type) -> list[Any]:
        """Parts of a kind, in order of definition."""
        return self._by_kind.setdefault(kind, [])

    def add(self, item: Any) -> None:
        """Keep a part."""
        self.of(type(item)).append(item)

    def quantity(self, item: Any, constant: bool | None) -> Expr:
        """Keep a quantity and return its symbol; None: constant unless something changes it."""
        self._constant[item.id] = constant
        self.add(item)
        return symbol(item.id)

    def rule(self, kind: type, words: str, variable: str | Expr, math: ExprLike) -> None:
        """Keep a rule for a variable."""
        parsed = self.math(math, f"{words} of {name_of(variable)}")
        if parsed is not None:
            self.add(kind(variable=name_of(variable), math=parsed))

    def math(self, math: ExprLike, where: str) -> Expr | None:
        """Read a formula; None, and an issue, if it cannot be read."""
        if isinstance(math, Expr):
            return math
        if not isinstance(math, str):
            return number(math)
        try:
            return parse(math)
        except SigmapathError as error:
            self.mistake("bad_formula", where, error)
            return None

    def define_unit(self, id: str, text: str) -> None:
        """Keep a unit under an id of its own."""
        try:
            definition = definition_from_text(text, id)
        except SigmapathError as error:
            self.mistake("bad_unit", f"unit {id}", error)
            return
        if self._definitions.setdefault(id, definition) != definition:
            self.problem("duplicate_id", f"unit {id}", f"the unit '{id}' is defined twice")

    def unit_id(self, text: str, where: str) -> str:
        """Return the id of a unit given as id or text; defines it if it is new."""
        text = text.strip()
        if not text or text in self._definitions or text in SBML_UNIT_KINDS:
            return text
        try:
            definition = definition_from_text(text)
        except SigmapathError as error:
            self.mistake("bad_unit", where, error)
            return ""
        self._definitions.setdefault(definition.id, definition)
        return definition.id

    def mistake(self, code: str, where: str, error: SigmapathError) -> None:
        """Keep an error as an issue."""
        self.problem(code, where, str(error))

    def problem(self, code: str, where: str, what: str, fix: str = "") -> None:
        """Keep an issue."""
        issue = Issue(severity="error", code=code, where=where, what=what, fix=fix)
        self.issues.append(issue)

    def network(self, *, id: str, name: str, notes: str, units: ModelUnits) -> ReactionNetwork:
        """Return the network of all parts; what a rule or an event changes is variable."""
        changed = {rule.variable for kind in (AssignmentRule, RateRule) for rule in self.of(kind)}
        changed |= {a.variable for event in self.of(Event) for a in event.assignments}
        species = {s.id for s in self.of(Species)}

        def settled(item: Any) -> Any:
            declared = self._constant[item.id]
            return replace(item, constant=item.id not in changed if declared is None else declared)

        return ReactionNetwork(
            id=id,
            name=name,
            where=f"model {id}",
            units=units,
            unit_definitions=tuple(self._definitions.values()),
            function_definitions=tuple(self.of(FunctionDefinition)),
            compartments=tuple(map(settled, self.of(Compartment))),
            species=tuple(map(settled, self.of(Species))),
            parameters=tuple(map(settled, self.of(Parameter))),
            initial_assignments=tuple(self.of(InitialAssignment)),
            assignment_rules=tuple(self.of(AssignmentRule)),
            rate_rules=tuple(self.of(RateRule)),
            algebraic_rules=tuple(self.of(AlgebraicRule)),
            reactions=tuple(_with_modifiers(r, species) for r in self.of(Reaction)),
            events=tuple(self.of(Event)),
            meta=Meta(notes=notes),
        )


def name_of(item: str | Expr) -> str:
    """Id of a quantity, given as id or symbol."""
    return str(item.value) if isinstance(item, Expr) else item


def _with_modifiers(reaction: Reaction, species: set[str]) -> Reaction:
    """Add the species that the law uses and nothing else names (section 4.11.4)."""
    if reaction.kinetic_law is None:
        return reaction
    taking_part = {r.species for r in (*reaction.reactants, *reaction.products)}
    local = {p.id for p in reaction.kinetic_law.local_parameters}
    used = free_symbols(reaction.kinetic_law.math) & species - taking_part - local
    missing = sorted(used - set(reaction.modifiers))
    return replace(reaction, modifiers=(*reaction.modifiers, *missing))
