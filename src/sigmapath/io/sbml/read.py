"""SBML to reaction network: every component of a libSBML model as a plain record.

Enters: a parsed, flattened libSBML model. Leaves: a
:class:`~sigmapath.model.network.ReactionNetwork`. Called by :mod:`sigmapath.io.sbml.document`.
Levels and versions differ in defaults and predefined units; those are made explicit here, so that
the record means the same whatever its source. Sections cited are those of the SBML Level 3
Version 2 core specification unless another level is named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from sigmapath.expr.nodes import Expr
from sigmapath.io.sbml.mathml import expression, lambda_expression
from sigmapath.io.sbml.meta import namespaces_of, read_meta
from sigmapath.io.sbml.reactions import read_reaction
from sigmapath.io.sbml.units import read_units, unit_reference
from sigmapath.model.components import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    Constraint,
    Event,
    EventAssignment,
    FunctionDefinition,
    InitialAssignment,
    Parameter,
    RateRule,
    Species,
    Trigger,
)
from sigmapath.model.network import ReactionNetwork

__all__ = ["read_model"]

Record = TypeVar("Record")
Prefixes = Mapping[str, str]


def items(list_of: Any) -> Iterator[Any]:
    """Yield the elements of a libSBML list in order."""
    return (list_of.get(i) for i in range(list_of.size()))


def read_model(model: Any, *, where: str, level: int, version: int) -> ReactionNetwork:
    """Return the network of a flat libSBML model.

    Parameters
    ----------
    model : libsbml.Model
        The model; submodels already flattened.
    where : str
        File name, or "text".
    level, version : int
        Those of the source.

    Raises
    ------
    ModelError
        If mathematics is malformed.
    UnsupportedFeatureError
        If mathematics uses operators of a package.
    """
    document = model.getSBMLDocument()
    outer = namespaces_of(document, model) if document is not None else namespaces_of(model)

    def records(list_of: Any, read: Callable[[Any, Prefixes], Record | None]) -> tuple[Record, ...]:
        return tuple(r for e in items(list_of) if (r := read(e, outer)) is not None)

    rules = records(model.getListOfRules(), _rule)
    ruled = frozenset(r.variable for r in rules if isinstance(r, AssignmentRule | RateRule))
    units, unit_definitions = read_units(model, level)
    return ReactionNetwork(
        id=model.getId(),
        name=model.getName() if level > 1 else "",
        where=where,
        level=level,
        version=version,
        units=units,
        conversion_factor=model.getConversionFactor() if level > 2 else "",
        unit_definitions=unit_definitions,
        function_definitions=records(model.getListOfFunctionDefinitions(), _function),
        compartments=records(
            model.getListOfCompartments(), lambda e, o: _compartment(e, o, level, ruled)
        ),
        species=records(model.getListOfSpecies(), lambda e, o: _species(e, o, level)),
        parameters=records(
            model.getListOfParameters(), lambda e, o: _parameter(e, o, level, ruled)
        ),
        initial_assignments=records(model.getListOfInitialAssignments(), _initial_assignment),
        assignment_rules=tuple(r for r in rules if isinstance(r, AssignmentRule)),
        rate_rules=tuple(r for r in rules if isinstance(r, RateRule)),
        algebraic_rules=tuple(r for r in rules if isinstance(r, AlgebraicRule)),
        constraints=records(model.getListOfConstraints(), _constraint),
        reactions=records(model.getListOfReactions(), lambda e, o: read_reaction(e, o, level)),
        events=records(model.getListOfEvents(), lambda e, o: _event(e, o, level, version)),
        meta=read_meta(model, outer),
    )


def _math(element: Any, where: str) -> Expr | None:
    """Expression of an element; None where Level 3 Version 2 leaves it out (section 3.4)."""
    root = element.getMath() if element is not None and element.isSetMath() else None
    return None if root is None else expression(root, where)


def _name(element: Any, level: int) -> str:
    # In Level 1 the name is the identifier; libSBML returns it for both.
    return element.getName() if level > 1 else ""


def _function(element: Any, outer: Prefixes) -> FunctionDefinition | None:
    where = f"function definition {element.getId()}"
    root = element.getMath() if element.isSetMath() else None
    parts = None if root is None else lambda_expression(root, where)
    if parts is None:
        return None
    arguments, body = parts
    return FunctionDefinition(
        id=element.getId(),
        arguments=arguments,
        body=body,
        name=element.getName(),
        meta=read_meta(element, outer),
    )


def _compartment(element: Any, outer: Prefixes, level: int, ruled: frozenset[str]) -> Compartment:
    size: float | None = element.getSize() if element.isSetSize() else None
    if level == 1 and size is None:
        size = 1.0  # Level 1 Version 2, section 4.4.2
    dimensions: float | None = 3.0
    if level == 2:
        dimensions = float(element.getSpatialDimensions())
    elif level > 2:
        is_set = element.isSetSpatialDimensions()
        dimensions = element.getSpatialDimensionsAsDouble() if is_set else None
    return Compartment(
        id=element.getId(),
        name=_name(element, level),
        size=size,
        units=unit_reference(element.getUnits(), level),
        spatial_dimensions=dimensions,
        constant=element.getId() not in ruled if level == 1 else element.getConstant(),
        meta=read_meta(element, outer),
    )


def _species(element: Any, outer: Prefixes, level: int) -> Species:
    has_amount = element.isSetInitialAmount()
    has_concentration = element.isSetInitialConcentration() and not has_amount
    return Species(
        id=element.getId(),
        compartment=element.getCompartment(),
        name=_name(element, level),
        initial_amount=element.getInitialAmount() if has_amount else None,
        initial_concentration=element.getInitialConcentration() if has_concentration else None,
        substance_units=unit_reference(element.getSubstanceUnits(), level),
        has_only_substance_units=level > 1 and element.getHasOnlySubstanceUnits(),
        boundary_condition=element.getBoundaryCondition(),
        constant=level > 1 and element.getConstant(),
        conversion_factor=element.getConversionFactor() if level > 2 else "",
        meta=read_meta(element, outer),
    )


def _parameter(element: Any, outer: Prefixes, level: int, ruled: frozenset[str]) -> Parameter:
    return Parameter(
        id=element.getId(),
        name=_name(element, level),
        value=element.getValue() if element.isSetValue() else None,
        units=unit_reference(element.getUnits(), level),
        constant=element.getId() not in ruled if level == 1 else element.getConstant(),
        meta=read_meta(element, outer),
    )


def _initial_assignment(element: Any, outer: Prefixes) -> InitialAssignment | None:
    math = _math(element, f"initial assignment of {element.getSymbol()}")
    if math is None:
        return None
    return InitialAssignment(symbol=element.getSymbol(), math=math, meta=read_meta(element, outer))


def _rule(element: Any, outer: Prefixes) -> AssignmentRule | RateRule | AlgebraicRule | None:
    variable = element.getVariable()
    math = _math(element, f"rule of {variable}" if variable else "algebraic rule")
    if math is None:
        return None
    meta = read_meta(element, outer)
    if element.isAlgebraic():
        return AlgebraicRule(math=math, meta=meta)
    if element.isRate():
        return RateRule(variable=variable, math=math, meta=meta)
    return AssignmentRule(variable=variable, math=math, meta=meta)


def _constraint(element: Any, outer: Prefixes) -> Constraint | None:
    math = _math(element, "constraint")
    if math is None:
        return None
    message = ""
    if element.isSetMessage():
        from sigmapath.io.sbml.notes import plain_text

        message = plain_text(element.getMessageString())
    return Constraint(math=math, message=message, meta=read_meta(element, outer))


def _event(element: Any, outer: Prefixes, level: int, version: int) -> Event | None:
    where = f"event {element.getId()}".rstrip()
    trigger = element.getTrigger()
    condition = _math(trigger, f"trigger of {where}")
    if condition is None:
        return None
    assignments = tuple(
        EventAssignment(variable=item.getVariable(), math=math)
        for item in items(element.getListOfEventAssignments())
        if (math := _math(item, f"{where}, assignment of {item.getVariable()}")) is not None
    )
    # Before Level 2 Version 4 values were always those of the trigger time; Level 2 triggers are
    # persistent and take effect on a change from false only, as if true before the start.
    from_trigger_time = (level, version) < (2, 4) or element.getUseValuesFromTriggerTime()
    return Event(
        trigger=Trigger(
            math=condition,
            initial_value=level < 3 or trigger.getInitialValue(),
            persistent=level < 3 or trigger.getPersistent(),
        ),
        assignments=assignments,
        delay=_math(element.getDelay(), f"delay of {where}"),
        priority=_math(element.getPriority(), f"priority of {where}") if level > 2 else None,
        use_values_from_trigger_time=from_trigger_time,
        id=element.getId(),
        name=element.getName(),
        meta=read_meta(element, outer),
    )
