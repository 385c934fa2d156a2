"""The reaction network as defined: the first waist of the house.

Enters: components from a front end. Leaves: an immutable :class:`ReactionNetwork` that people
inspect and export and that :mod:`sigmapath.lower` turns into mathematics.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TypeVar

from sigmapath.model.components import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    Constraint,
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
from sigmapath.record import record

__all__ = ["ModelUnits", "ReactionNetwork"]

Item = TypeVar("Item")


@record
class ModelUnits:
    """The model-wide units (section 4.2): ids of definitions or SBML base units, "" if none."""

    substance: str = ""
    time: str = ""
    volume: str = ""
    area: str = ""
    length: str = ""
    extent: str = ""


@record
class ReactionNetwork:
    """A reaction network in SBML words; every tuple keeps the order of the source.

    ``where`` says where the model came from (a file name or "text"), for messages.
    ``level`` and ``version`` are those of the source, because a few meanings depend on them.
    """

    id: str
    name: str = ""
    where: str = "text"
    level: int = 3
    version: int = 2
    units: ModelUnits = field(default_factory=ModelUnits)
    conversion_factor: str = ""
    unit_definitions: tuple[UnitDefinition, ...] = ()
    function_definitions: tuple[FunctionDefinition, ...] = ()
    compartments: tuple[Compartment, ...] = ()
    species: tuple[Species, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    initial_assignments: tuple[InitialAssignment, ...] = ()
    assignment_rules: tuple[AssignmentRule, ...] = ()
    rate_rules: tuple[RateRule, ...] = ()
    algebraic_rules: tuple[AlgebraicRule, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    events: tuple[Event, ...] = ()
    meta: Meta = field(default_factory=Meta)


def by_id(items: tuple[Item, ...]) -> Mapping[str, Item]:
    """Read-only mapping id -> item, in the order of the source."""
    return MappingProxyType({item.id: item for item in items})  # type: ignore[attr-defined]
