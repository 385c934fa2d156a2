"""Units to text: preferred readable names, and words for what a unit measures.

Enters: :class:`~sigmapath.quantity.unit.Unit`. Leaves: names for tables, axes and messages.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache, lru_cache

from sigmapath.quantity.parse import parse_unit
from sigmapath.quantity.table import BASES, DIMENSION_WORDS, PREFERRED
from sigmapath.quantity.unit import Unit

__all__ = ["dimension_words", "unit_text"]


@lru_cache(maxsize=4096)
def unit_text(unit: Unit) -> str:
    """Return the preferred readable name: "uM", "s", "1/s", "1/(uM s)", "ug/mL", "1".

    :func:`parse_unit` reads every such text back to the same unit.
    """
    single = _single(unit)
    if single is not None:
        return single
    for search in (_inverse, _power, _quotient, _inverse_product):
        found = search(unit)
        if found is not None:
            return found
    return _si_text(unit)


def dimension_words(unit: Unit) -> str:
    """Name what a unit measures: "concentration", "time", ...; otherwise "quantity in <unit>"."""
    if unit.is_dimensionless:
        return "dimensionless"
    for text, words in DIMENSION_WORDS.items():
        if parse_unit(text).fits(unit):
            return words
    return f"quantity in {unit_text(unit)}"


@cache
def _preferred() -> dict[tuple[tuple[float, ...], Fraction], str]:
    """(dimensions, scale) -> preferred single name."""
    names: dict[tuple[tuple[float, ...], Fraction], str] = {}
    for name in PREFERRED:
        unit = parse_unit(name)
        names.setdefault((unit.dimensions, unit.scale), name)
    return names


def _single(unit: Unit) -> str | None:
    return _preferred().get((unit.dimensions, unit.scale))


@cache
def _names() -> list[tuple[str, Unit]]:
    known = _preferred().items()
    return [
        (name, Unit(scale=scale, dimensions=dimensions))
        for (dimensions, scale), name in known
        if name not in {"1", "%"}
    ]


def _inverse(unit: Unit) -> str | None:
    name = _single(unit.reciprocal())
    return f"1/{name}" if name else None


def _quotient(unit: Unit) -> str | None:
    for divisor, known in _names():
        name = _single(unit * known)
        if name is not None and name not in {"1", "%"}:
            return f"{name}/{divisor}"
    return None


def _inverse_product(unit: Unit) -> str | None:
    inverse = unit.reciprocal()
    for first, known in _names():
        second = _single(inverse * known.reciprocal())
        if second is not None and second not in {"1", "%"}:
            return f"1/({first} {second})"
    return None


def _power(unit: Unit) -> str | None:
    for name, known in _names():
        for power in (2, 3, -2, -3):
            if known.dimensions == tuple(e / power for e in unit.dimensions):
                exact = known.scale ** abs(power)
                if unit.scale == (exact if power > 0 else 1 / exact):
                    return f"{name}^{power}" if power > 0 else f"1/{name}^{-power}"
    return None


def _si_text(unit: Unit) -> str:
    """Fallback: the factor and the base units."""
    parts = [] if unit.scale == 1 else [f"{unit.factor!r}"]
    for base, exponent in zip(BASES, unit.dimensions, strict=True):
        if exponent:
            parts.append(base if exponent == 1 else f"{base}^{exponent:g}")
    return " ".join(parts) or "1"
