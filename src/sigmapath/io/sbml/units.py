"""Units of a libSBML model as records, with the predefined units of Levels 1 and 2 made explicit.

Enters: a libSBML model. Leaves: :class:`~sigmapath.model.network.ModelUnits` and unit definitions.
Called by :mod:`sigmapath.io.sbml.read`.
"""

from __future__ import annotations

from typing import Any

from sigmapath.io.sbml.library import library
from sigmapath.model.components import Unit, UnitDefinition
from sigmapath.model.network import ModelUnits

__all__ = ["read_units", "unit_reference"]

# SBML Level 2 Version 4, table 3: the predefined units and what they are until redefined.
_PREDEFINED = {
    "substance": Unit(kind="mole"),
    "volume": Unit(kind="litre"),
    "area": Unit(kind="metre", exponent=2.0),
    "length": Unit(kind="metre"),
    "time": Unit(kind="second"),
}
# SBML Level 1 Version 1 spells these two in American English as well.
_SPELLINGS = {"liter": "litre", "meter": "metre"}


def unit_reference(text: str, level: int) -> str:
    """Return the id of a unit, with the spellings of Level 1 made those of Level 3."""
    return _SPELLINGS.get(text, text) if level == 1 else text


def read_units(model: Any, level: int) -> tuple[ModelUnits, tuple[UnitDefinition, ...]]:
    """Return the model-wide units and all unit definitions.

    In Levels 1 and 2 the model-wide units are the predefined ids ``substance``, ``time``,
    ``volume``, ``area`` and ``length``; those that the model does not define are added as the
    definitions that the specification gives them, so references to them keep their meaning.
    """
    listed = model.getListOfUnitDefinitions()
    definitions = [_definition(listed.get(i), level) for i in range(listed.size())]
    if level > 2:
        return _declared(model), tuple(definitions)
    known = {definition.id for definition in definitions}
    definitions.extend(
        UnitDefinition(id=name, units=(unit,))
        for name, unit in _PREDEFINED.items()
        if name not in known
    )
    units = ModelUnits(
        substance="substance",
        time="time",
        volume="volume",
        area="area",
        length="length",
        extent="substance",
    )
    return units, tuple(definitions)


def _declared(model: Any) -> ModelUnits:
    return ModelUnits(
        substance=model.getSubstanceUnits(),
        time=model.getTimeUnits(),
        volume=model.getVolumeUnits(),
        area=model.getAreaUnits(),
        length=model.getLengthUnits(),
        extent=model.getExtentUnits(),
    )


def _definition(element: Any, level: int) -> UnitDefinition:
    units = element.getListOfUnits()
    return UnitDefinition(
        id=element.getId(),
        units=tuple(_unit(units.get(i), level) for i in range(units.size())),
        name=element.getName() if level > 1 else "",
    )


def _unit(element: Any, level: int) -> Unit:
    kind = library().UnitKind_toString(element.getKind())
    return Unit(
        kind=unit_reference(kind, 1) if level == 1 else kind,
        exponent=element.getExponentAsDouble(),
        scale=element.getScale(),
        multiplier=element.getMultiplier(),
    )
