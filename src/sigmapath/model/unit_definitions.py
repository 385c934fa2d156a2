"""Units of a network: from unit ids to units, and from units to unit definitions.

Enters: a :class:`~sigmapath.model.network.ReactionNetwork` with its unit ids, or unit text from the
builder. Leaves: :class:`sigmapath.quantity.Unit` per id, per component, and SBML unit definitions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from types import MappingProxyType

from sigmapath.errors import UnitError
from sigmapath.model.components import Compartment, Species, Unit, UnitDefinition
from sigmapath.model.network import ReactionNetwork
from sigmapath.quantity import DIMENSIONLESS, parse_unit, unit_from_sbml
from sigmapath.quantity import Unit as Quantity

__all__ = ["SBML_UNIT_KINDS", "NetworkUnits", "definition_from_text"]

# Table 2 of the SBML Level 3 Version 2 core specification, with the Level 1 spellings.
# fmt: off
SBML_UNIT_KINDS = frozenset({
    "ampere", "avogadro", "becquerel", "candela", "coulomb", "dimensionless", "farad", "gram",
    "gray", "henry", "hertz", "item", "joule", "katal", "kelvin", "kilogram", "litre", "liter",
    "lumen", "lux", "metre", "meter", "mole", "newton", "ohm", "pascal", "radian", "second",
    "siemens", "sievert", "steradian", "tesla", "volt", "watt", "weber",
})
# fmt: on
# Level 2 predefined units (SBML Level 2 Version 5, table 3).
_LEVEL_2_UNITS = {
    "substance": "mol",
    "volume": "L",
    "area": "m^2",
    "length": "m",
    "time": "s",
}  # fmt: skip


class NetworkUnits:
    """What the unit ids of a network mean; unknown and unusable ones are None.

    Parameters
    ----------
    network : ReactionNetwork

    Attributes
    ----------
    problems : mapping str -> str
        Unit definition ids that cannot be used, and why.
    """

    def __init__(self, network: ReactionNetwork) -> None:
        self._network = network
        self._defined: dict[str, Quantity | None] = {}
        problems: dict[str, str] = {}
        for definition in network.unit_definitions:
            if not definition.units:
                # libAntimony writes an empty definition for "k has s" where s is not defined.
                self._defined[definition.id] = None
                problems[definition.id] = (
                    "it has no content; in Antimony define it: "
                    f"unit {definition.id} = <second, mole, litre, ...>"
                )
                continue
            try:
                self._defined[definition.id] = unit_from_sbml(
                    (u.kind, u.exponent, u.scale, u.multiplier) for u in definition.units
                )
            except UnitError as error:
                self._defined[definition.id] = None
                problems[definition.id] = str(error)
        self.problems: Mapping[str, str] = MappingProxyType(problems)
        self._compartments = {c.id: c for c in network.compartments}

    def is_known(self, unit_id: str) -> bool:
        """Whether ``unit_id`` is defined, a base unit of SBML, or predefined in Level 2."""
        predefined = self._network.level < 3 and unit_id in _LEVEL_2_UNITS
        return unit_id in self._defined or unit_id in SBML_UNIT_KINDS or predefined

    def by_id(self, unit_id: str) -> Quantity | None:
        """Return the unit of a unit id; None for "", unknown and unusable ids."""
        if unit_id in self._defined:
            return self._defined[unit_id]
        if unit_id in SBML_UNIT_KINDS:
            return _base_unit(unit_id)
        if self._network.level < 3 and unit_id in _LEVEL_2_UNITS:
            return parse_unit(_LEVEL_2_UNITS[unit_id])
        return None

    def _of_model(self, role: str) -> Quantity | None:
        declared = getattr(self._network.units, role)
        if not declared and self._network.level < 3:
            return self.by_id("substance" if role == "extent" else role)
        return self.by_id(declared)

    @property
    def time(self) -> Quantity | None:
        """The unit of time."""
        return self._of_model("time")

    @property
    def extent(self) -> Quantity | None:
        """The unit of reaction extent; the model's substance unit where none is declared."""
        return self._of_model("extent") or self._of_model("substance")

    @property
    def rate(self) -> Quantity | None:
        """The unit of a kinetic law: extent per time."""
        return ratio(self.extent, self.time)

    def size(self, compartment: Compartment) -> Quantity | None:
        """Return the unit of a compartment's size (section 4.5.4)."""
        if compartment.units:
            return self.by_id(compartment.units)
        roles = {3.0: "volume", 2.0: "area", 1.0: "length"}
        if compartment.spatial_dimensions == 0.0:
            return DIMENSIONLESS
        role = roles.get(compartment.spatial_dimensions or math.nan)
        return self._of_model(role) if role else None

    def amount(self, species: Species) -> Quantity | None:
        """Return the substance unit of a species (section 4.6.4)."""
        if species.substance_units:
            return self.by_id(species.substance_units)
        return self._of_model("substance")

    def concentration(self, species: Species) -> Quantity | None:
        """Return substance per size of the compartment."""
        compartment = self._compartments.get(species.compartment)
        return ratio(self.amount(species), self.size(compartment)) if compartment else None

    def species(self, species: Species) -> Quantity | None:
        """Return the unit of the species' id in formulas: amount or concentration."""
        compartment = self._compartments.get(species.compartment)
        sizeless = compartment is not None and compartment.spatial_dimensions == 0.0
        if species.has_only_substance_units or sizeless:
            return self.amount(species)
        return self.concentration(species)


@cache
def _base_unit(kind: str) -> Quantity:
    return unit_from_sbml([(kind, 1.0, 0, 1.0)])


def ratio(top: Quantity | None, bottom: Quantity | None) -> Quantity | None:
    """Return the quotient of two units; None if one is unknown."""
    return None if top is None or bottom is None else top / bottom


def definition_from_text(text: str, unit_id: str = "") -> UnitDefinition:
    """Return an SBML unit definition of a unit that people type.

    Parameters
    ----------
    text : str
        "uM", "1/(uM s)", ...
    unit_id : str
        Id of the definition; by default made from the text: "per_uM_s".

    Raises
    ------
    UnitError
        If the text is not a unit.
    """
    return UnitDefinition(
        id=unit_id or _sid(text), units=_sbml_units(parse_unit(text)), name=text.strip()
    )


def _sid(text: str) -> str:
    worded = text.strip().replace("µ", "u").replace("μ", "u").replace("%", "percent")
    worded = re.sub(r"^1\s*/", "per_", worded).replace("/", "_per_")
    worded = re.sub(r"\^?-(?=\d)", "_minus_", worded)
    worded = re.sub(r"[^A-Za-z0-9]+", "_", worded).strip("_")
    return worded if worded and not worded[0].isdigit() else f"unit_{worded}"


def _sbml_units(unit: Quantity) -> tuple[Unit, ...]:
    """SBML units whose product is ``unit``; volumes in litres, masses in grams."""
    kinds = [("mole", unit.dimensions[0], Fraction(1))]
    length = unit.dimensions[1]
    if length % 3 == 0:
        kinds.append(("litre", length / 3, Fraction(1, 1000)))
    else:
        kinds.append(("metre", length, Fraction(1)))
    others = ("second", "gram", "ampere", "kelvin", "candela")
    scales = (Fraction(1), Fraction(1, 1000), Fraction(1), Fraction(1), Fraction(1))
    kinds += zip(others, unit.dimensions[2:], scales, strict=True)
    present = [(kind, exponent, scale) for kind, exponent, scale in kinds if exponent]
    rest = unit.scale
    for _, exponent, scale in present:
        # Fractional powers of units are inexact by nature; whole ones stay exact.
        whole = exponent == int(exponent)
        rest /= scale ** int(exponent) if whole else Fraction(float(scale) ** exponent)
    parts = [Unit(kind=kind, exponent=exponent) for kind, exponent, _ in present]
    if rest == 1 and parts:
        return tuple(parts)
    if parts and abs(parts[0].exponent) == 1.0:
        # The factor goes into the first unit, as people write it: 10^-6 mole per litre.
        first = rest if parts[0].exponent > 0 else 1 / rest
        decades, multiplier = _decimal(first)
        parts[0] = Unit(
            kind=parts[0].kind, exponent=parts[0].exponent, scale=decades, multiplier=multiplier
        )
        return tuple(parts)
    decades, multiplier = _decimal(rest)
    return (Unit(kind="dimensionless", scale=decades, multiplier=multiplier), *parts)


def _decimal(factor: Fraction) -> tuple[int, float]:
    """Split a factor into a power of ten and a multiplier."""
    decades = round(math.log10(factor))
    if Fraction(10) ** decades == factor:
        return decades, 1.0
    return 0, float(factor)
