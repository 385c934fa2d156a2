"""What a reaction network is made of, in SBML words. Plain frozen records, no behaviour.

Enters: the front ends fill these. Leaves: :class:`sigmapath.model.network.ReactionNetwork` holds
them. Sections cited are those of the SBML Level 3 Version 2 core specification.
"""

from __future__ import annotations

from sigmapath.expr.nodes import Expr
from sigmapath.record import record

__all__ = [
    "AlgebraicRule",
    "AssignmentRule",
    "Compartment",
    "Constraint",
    "Event",
    "EventAssignment",
    "FunctionDefinition",
    "InitialAssignment",
    "KineticLaw",
    "LocalParameter",
    "Meta",
    "Parameter",
    "RateRule",
    "Reaction",
    "Species",
    "SpeciesReference",
    "Trigger",
    "Unit",
    "UnitDefinition",
]


@record
class Meta:
    """What a component carries besides its mathematics (section 3.2).

    ``notes`` is the plain text of the notes, ``annotation`` the annotation's XML, kept as it is so
    that a round trip loses nothing; ``sbo_term`` an integer or None.
    """

    notes: str = ""
    annotation: str = ""
    sbo_term: int | None = None
    metaid: str = ""


_NO_META = Meta()


@record
class Unit:
    """``(multiplier * 10**scale * kind)**exponent`` (section 4.4.2)."""

    kind: str
    exponent: float = 1.0
    scale: int = 0
    multiplier: float = 1.0


@record
class UnitDefinition:
    """A named product of units (section 4.4)."""

    id: str
    units: tuple[Unit, ...]
    name: str = ""


@record
class Compartment:
    """A region of given size (section 4.5); ``size`` is None where the model gives none."""

    id: str
    name: str = ""
    size: float | None = None
    units: str = ""
    spatial_dimensions: float | None = 3.0
    constant: bool = True
    meta: Meta = _NO_META


@record
class Species:
    """A pool of one entity in one compartment (section 4.6).

    At most one of ``initial_amount`` and ``initial_concentration`` is given. In formulas the id
    means the amount if ``has_only_substance_units``, otherwise the concentration.
    """

    id: str
    compartment: str
    name: str = ""
    initial_amount: float | None = None
    initial_concentration: float | None = None
    substance_units: str = ""
    has_only_substance_units: bool = False
    boundary_condition: bool = False
    constant: bool = False
    conversion_factor: str = ""
    meta: Meta = _NO_META


@record
class Parameter:
    """A named number (section 4.7); not constant if rules or events may change it."""

    id: str
    name: str = ""
    value: float | None = None
    units: str = ""
    constant: bool = True
    meta: Meta = _NO_META


@record
class LocalParameter:
    """A parameter inside one kinetic law (section 4.11.5)."""

    id: str
    name: str = ""
    value: float | None = None
    units: str = ""
    meta: Meta = _NO_META


@record
class SpeciesReference:
    """A reactant or product and how many take part (section 4.11.3).

    ``stoichiometry`` is None where the model gives none (Level 3: to be set by a rule or an
    initial assignment on ``id``); ``stoichiometry_math`` is the Level 2 formula.
    """

    species: str
    stoichiometry: float | None = 1.0
    stoichiometry_math: Expr | None = None
    id: str = ""
    name: str = ""
    constant: bool = True
    meta: Meta = _NO_META


@record
class KineticLaw:
    """The rate of a reaction, extent per time (section 4.11.5)."""

    math: Expr
    local_parameters: tuple[LocalParameter, ...] = ()
    meta: Meta = _NO_META


@record
class Reaction:
    """A process that turns reactants into products (section 4.11)."""

    id: str
    reactants: tuple[SpeciesReference, ...] = ()
    products: tuple[SpeciesReference, ...] = ()
    modifiers: tuple[str, ...] = ()
    kinetic_law: KineticLaw | None = None
    name: str = ""
    reversible: bool = True
    fast: bool = False
    compartment: str = ""
    meta: Meta = _NO_META


@record
class AssignmentRule:
    """``variable = math`` at all times (section 4.9.3)."""

    variable: str
    math: Expr
    meta: Meta = _NO_META


@record
class RateRule:
    """``d variable / dt = math`` (section 4.9.4)."""

    variable: str
    math: Expr
    meta: Meta = _NO_META


@record
class AlgebraicRule:
    """``0 = math`` at all times (section 4.9.2)."""

    math: Expr
    meta: Meta = _NO_META


@record
class InitialAssignment:
    """``symbol = math`` at and before the start (section 4.8)."""

    symbol: str
    math: Expr
    meta: Meta = _NO_META


@record
class FunctionDefinition:
    """``id(arguments...) = body`` (section 4.3)."""

    id: str
    arguments: tuple[str, ...]
    body: Expr
    name: str = ""
    meta: Meta = _NO_META


@record
class Constraint:
    """A condition under which the model is meant to hold (section 4.10); reported, not enforced."""

    math: Expr
    message: str = ""
    meta: Meta = _NO_META


@record
class Trigger:
    """The condition whose change from false to true starts an event (section 4.12.2)."""

    math: Expr
    initial_value: bool = True
    persistent: bool = True


@record
class EventAssignment:
    """``variable = math`` when the event is executed (section 4.12.5)."""

    variable: str
    math: Expr


@record
class Event:
    """A discrete change (section 4.12)."""

    trigger: Trigger
    assignments: tuple[EventAssignment, ...] = ()
    delay: Expr | None = None
    priority: Expr | None = None
    use_values_from_trigger_time: bool = True
    id: str = ""
    name: str = ""
    meta: Meta = _NO_META
