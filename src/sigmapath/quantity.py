"""Units that people type, and numbers with units.

Enters: text such as "100 nM" or the units of an SBML file. Leaves: plain numbers in the units of a
model, and readable unit names for every result, axis and message. Conversion happens once, at the
edge; nothing inside sigmapath computes with units.

Scales are exact fractions, so that amol/pL *is* uM and "100 nM" *is* the float 0.1 in uM.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, lru_cache
from numbers import Real
from typing import SupportsFloat

from sigmapath.errors import PlanError, UnitError, near_matches
from sigmapath.unit_table import (
    ALIASES,
    AVOGADRO,
    BASES,
    COMMON,
    DIMENSION_WORDS,
    PLAIN,
    PREFERRED,
    PREFIX_WORDS,
    PREFIXES,
    SBML_KINDS,
    SYMBOLS,
    WORDS,
)

__all__ = [
    "DIMENSIONLESS",
    "Unit",
    "convert_factor",
    "dimension_words",
    "parse_quantity",
    "parse_unit",
    "to_model_units",
    "unit_from_sbml",
    "unit_text",
]

_MAX_EXPONENT = 24
_MAX_DECADES = 300
_MAX_TEXT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit: an exact scale and the exponents of the base quantities.

    Parameters
    ----------
    scale : Fraction
        How many coherent SI units (mol, m, s, kg, A, K, cd) one of this unit is.
    dimensions : tuple of float, shape (7,)
        Exponents of substance, length, time, mass, current, temperature, luminous intensity.
        Counts (item, molecule) are substance: one is 1/N_A mol.
    text : str
        As it was written; not compared. :func:`unit_text` gives the preferred name.
    """

    scale: Fraction
    dimensions: tuple[float, ...]
    text: str = field(default="", compare=False)

    @property
    def factor(self) -> float:
        """``scale`` as a float."""
        return float(self.scale)

    @property
    def is_dimensionless(self) -> bool:
        """Whether all exponents are zero (percent too)."""
        return not any(self.dimensions)

    def fits(self, other: Unit) -> bool:
        """Whether values can be converted from one to the other."""
        return self.dimensions == other.dimensions

    def __mul__(self, other: Unit) -> Unit:
        summed = (a + b for a, b in zip(self.dimensions, other.dimensions, strict=True))
        return Unit(scale=self.scale * other.scale, dimensions=tuple(summed))

    def __truediv__(self, other: Unit) -> Unit:
        return self * _reciprocal(other)

    def __pow__(self, exponent: SupportsFloat) -> Unit:
        power = Fraction(str(float(exponent))).limit_denominator(1000)
        decades = abs(power) * Fraction(abs(_decades(self.scale)))
        if abs(power) > _MAX_EXPONENT or decades > _MAX_DECADES:
            raise UnitError(
                "this power of a unit is too large",
                found=f"({unit_text(self)})^{float(exponent):g}",
                expected=f"an exponent between -{_MAX_EXPONENT} and {_MAX_EXPONENT}",
            )
        exact = power.denominator == 1
        scale = self.scale ** int(power) if exact else Fraction(float(self.scale) ** float(power))
        return Unit(
            scale=scale, dimensions=tuple(round(e * float(power), 9) for e in self.dimensions)
        )

    def __str__(self) -> str:
        return unit_text(self)


DIMENSIONLESS = Unit(scale=Fraction(1), dimensions=(0.0,) * 7, text="1")


def _decades(scale: Fraction) -> float:
    """log10 of a positive fraction of any size."""
    return (math.log2(scale.numerator) - math.log2(scale.denominator)) * math.log10(2.0)


def _entry(raw: tuple[str, tuple[int, ...]], decades: int, text: str) -> Unit:
    number, exponents = raw
    scale = 1 / Fraction(AVOGADRO) if number == "item" else Fraction(number)
    return Unit(
        scale=scale * Fraction(10) ** decades,
        dimensions=tuple(map(float, exponents)),
        text=text,
    )


def _named(name: str) -> Unit | None:
    """One name, with or without a prefix; None if unknown."""
    plain = name.replace("µ", "u").replace("μ", "u")
    base = ALIASES.get(plain, plain)
    for table in (PLAIN, SYMBOLS):
        if base in table:
            return _entry(table[base], 0, name)
    prefix, rest = plain[:1], ALIASES.get(plain[1:], plain[1:])
    if prefix in PREFIXES and rest in SYMBOLS:
        return _entry(SYMBOLS[rest], PREFIXES[prefix], name)
    word = plain.lower()
    for long_prefix, decades in {"": 0, **PREFIX_WORDS}.items():
        if word.startswith(long_prefix):
            stem = word[len(long_prefix) :]
            for spelled in (stem, stem.removesuffix("s")):
                if spelled in WORDS:
                    return _entry(SYMBOLS[WORDS[spelled]], decades, name)
    return None


_TOKEN = re.compile(
    r"\s*(?:(?P<op>\*\*|[*/^()·×.])|(?P<name>per\b|%|[^\W\d_]+)(?P<power>[+-]?\d+)?"
    r"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?))"
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


def parse_unit(text: str) -> Unit:
    """Return the unit that ``text`` names.

    Products are written with a space, ``*`` or ``·``, quotients with ``/`` or "per" (from left to
    right; brackets where needed), powers with ``^`` or as in "s-1" and "s⁻¹".

    Raises
    ------
    UnitError
        If a name is not a unit (with near matches) or the text cannot be read.

    Examples
    --------
    >>> parse_unit("amol/pL") == parse_unit("uM")
    True
    >>> unit_text(parse_unit("M-1 s-1"))
    '1/(M s)'
    """
    reader = _UnitReader(text)
    unit = reader.product(depth=0)
    if reader.tokens:
        raise reader.unreadable()
    return Unit(scale=unit.scale, dimensions=unit.dimensions, text=text.strip())


class _UnitReader:
    """Recursive descent over the tokens of one unit text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = []
        if not text.strip() or len(text) > _MAX_TEXT:
            raise self.unreadable()
        plain = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+", lambda m: "^" + m[0].translate(_SUPERSCRIPTS), text)
        position, plain = 0, plain.rstrip()
        while position < len(plain):
            match = _TOKEN.match(plain, position)
            if match is None:
                raise self.unreadable()
            if match["name"]:
                self.tokens.append("/" if match["name"] == "per" else match["name"])
                if match["power"]:
                    self.tokens += ["^", match["power"]]
            else:
                self.tokens.append(match["op"] or match["number"])
            position = match.end()

    def unreadable(self) -> UnitError:
        return UnitError(
            "this is not a unit",
            found=self.text,
            expected='a unit such as "nM", "1/s", "ug/mL" or "1/(uM s)"',
        )

    def product(self, depth: int) -> Unit:
        # A leading slash is "per": "5 /s".
        result = DIMENSIONLESS if self.tokens[:1] == ["/"] else self.power(depth)
        while self.tokens and self.tokens[0] != ")":
            divides = self.tokens[0] == "/"
            if self.tokens[0] in {"/", "*", "·", "×", "."}:
                self.tokens.pop(0)
            factor = self.power(depth)
            result = result / factor if divides else result * factor
        return result

    def power(self, depth: int) -> Unit:
        base = self.factor(depth)
        if self.tokens[:1] not in (["^"], ["**"]):
            return base
        self.tokens.pop(0)
        bracketed = self.tokens[:1] == ["("]
        exponent = self.tokens.pop(1 if bracketed else 0) if len(self.tokens) > bracketed else ""
        if bracketed:
            if self.tokens[:2] != ["(", ")"]:
                raise self.unreadable()
            del self.tokens[:2]
        try:
            return base ** float(exponent)
        except ValueError:
            raise self.unreadable() from None

    def factor(self, depth: int) -> Unit:
        if not self.tokens or depth > 20:
            raise self.unreadable()
        token = self.tokens.pop(0)
        if token == "(":
            inner = self.product(depth + 1)
            if not self.tokens:
                raise self.unreadable()
            self.tokens.pop(0)
            return inner
        if token[0].isdigit() or token[0] in "+-." and len(token) > 1:
            value = float(token)
            if not (0.0 < value < math.inf):
                raise self.unreadable()
            return Unit(scale=Fraction(repr(value)), dimensions=DIMENSIONLESS.dimensions)
        unit = _named(token)
        if unit is None:
            if not token[0].isalpha():
                raise self.unreadable()
            raise _unknown_unit(token, self.text)
        return unit


def _unknown_unit(name: str, text: str) -> UnitError:
    near = near_matches(name, COMMON)
    return UnitError(
        f"unknown unit '{name}'",
        found=text if text.strip() != name else "",
        expected=f"did you mean {', '.join(near)}?" if near else "for example nM, uM, s, h, ug/mL",
    )


_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(.*)", re.DOTALL)


def parse_quantity(text: str) -> tuple[float, Unit | None]:
    """Split "100 nM" into its number and its unit (None for a plain number).

    Raises
    ------
    PlanError
        If the text does not begin with a finite number.
    UnitError
        If what follows the number is not a unit.

    Examples
    --------
    >>> value, unit = parse_quantity("6h")
    >>> value, str(unit)
    (6.0, 'h')
    """
    match = _QUANTITY.fullmatch(text[: 2 * _MAX_TEXT])
    if match is None:
        raise PlanError("this is not a number", found=text, expected='a number, "100 nM" or "6 h"')
    value, rest = float(match[1]), match[2].strip()
    if not math.isfinite(value):
        raise PlanError("this number is too large", found=text, expected="a finite number")
    if not rest:
        return value, None
    if rest[0] == "," or (rest[0].isdigit() and not rest.startswith("1/")):
        raise PlanError(
            "this is not one number",
            found=text,
            expected='one number and a unit, such as "0.5 uM"',
            fix="write the decimal point as '.' and no thousands separator",
        )
    return value, parse_unit(rest)


def to_model_units(
    value: SupportsFloat | str, model_unit: Unit | None, *, name: str, where: str = ""
) -> float:
    """Return ``value`` as a plain number in the unit of the model.

    Parameters
    ----------
    value : float, int or str
        Plain numbers, and text without a unit, are in model units already and pass unchanged;
        text with a unit is converted.
    model_unit : Unit or None
        The unit of the quantity in the model; None if the model gives it none.
    name : str
        What the value is for, for messages: "tunicamycin", "times", ...
    where : str
        Where the user wrote it, for messages.

    Returns
    -------
    float
        Finite.

    Raises
    ------
    UnitError
        Unknown unit, a unit of the wrong dimension, or a unit where the model has none.
    PlanError
        NaN, infinite, or not a number.

    Examples
    --------
    >>> to_model_units("100 nM", parse_unit("uM"), name="haloperidol")
    0.1
    """
    place = f"{where}: {name}" if where else name
    if not isinstance(value, str):
        return _plain_number(value, place)
    try:
        number, unit = parse_quantity(value)
    except (PlanError, UnitError) as error:
        raise type(error)(
            error.what, where=place, found=value, expected=error.expected, fix=error.fix
        ) from None
    if unit is None:
        return number
    if model_unit is None:
        raise UnitError(
            f"the model gives {name} no unit, so {unit.text} cannot be converted",
            where=where,
            found=value,
            fix="give a plain number, in whatever the model counts this in",
        )
    if not unit.fits(model_unit):
        raise _does_not_fit(value, unit, model_unit, name, where)
    converted = float(Fraction(repr(number)) * unit.scale / model_unit.scale)
    return _plain_number(converted, place)


def _plain_number(value: object, place: str) -> float:
    if isinstance(value, bool) or not (isinstance(value, Real) or hasattr(value, "__float__")):
        raise PlanError(
            "this is not a number",
            where=place,
            found=repr(value),
            expected='a number, or text with a unit such as "100 nM"',
        )
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        raise PlanError("this is not one number", where=place, found=repr(value)) from None
    if not math.isfinite(number):
        raise PlanError(
            "this is not a finite number", where=place, found=repr(value), expected="a number"
        )
    return number


def _does_not_fit(value: str, unit: Unit, model_unit: Unit, name: str, where: str) -> UnitError:
    swapped = _named(unit.text.swapcase()) or _named(unit.text[:1] + unit.text[1:].swapcase())
    fix = f"give {name} in {unit_text(model_unit)}, or as a plain number in {unit_text(model_unit)}"
    if swapped is not None and swapped.fits(model_unit):
        fix = f"did you mean {swapped.text}? {fix}"
    return UnitError(
        f"{unit.text} is {_article(dimension_words(unit))}, but {name} is "
        f"{_article(dimension_words(model_unit))}",
        where=where,
        found=value,
        expected=f"a value in {unit_text(model_unit)}",
        fix=fix,
    )


def _article(words: str) -> str:
    if words in {"dimensionless", "temperature"} or " " in words and words.startswith("in "):
        return words
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def dimension_words(unit: Unit) -> str:
    """Name what a unit measures: "concentration", "time", ...; otherwise "quantity in <unit>"."""
    if unit.is_dimensionless:
        return "dimensionless"
    for text, words in DIMENSION_WORDS.items():
        if parse_unit(text).fits(unit):
            return words
    return f"quantity in {unit_text(unit)}"


def convert_factor(source: Unit, target: Unit) -> float:
    """Return the factor by which a number in ``source`` is multiplied to be in ``target``.

    Raises
    ------
    UnitError
        If the two measure different things.
    """
    if not source.fits(target):
        raise UnitError(
            f"{unit_text(source)} cannot be converted to {unit_text(target)}",
            found=f"{dimension_words(source)} and {dimension_words(target)}",
        )
    return float(source.scale / target.scale)


def unit_from_sbml(units: Iterable[tuple[str, float, int, float]]) -> Unit:
    """Return the product of SBML units ``(multiplier * 10**scale * kind)**exponent``.

    Parameters
    ----------
    units : iterable of (kind, exponent, scale, multiplier)
        As in the unit definitions of SBML; an empty product is dimensionless.

    Raises
    ------
    UnitError
        Unknown kind, "celsius" (it has an offset), or a factor that is not positive and finite.

    References
    ----------
    SBML Level 3 Version 2 core, section 4.4.2.
    """
    product = DIMENSIONLESS
    for kind, exponent, scale, multiplier in units:
        base = _named(SBML_KINDS.get(kind, kind))
        if base is None:
            raise _unknown_unit(kind, kind)
        if not (0.0 < multiplier < math.inf) or abs(scale) > 100 or not math.isfinite(exponent):
            raise UnitError(
                "this factor of a unit is out of range",
                found=f"({multiplier:g} * 10^{scale} {kind})^{exponent:g}",
                expected="a positive multiplier, a scale within -100 to 100, a finite exponent",
            )
        factor = Fraction(repr(float(multiplier))) * Fraction(10) ** int(scale)
        scaled = Unit(scale=base.scale * factor, dimensions=base.dimensions)
        product = product * scaled**exponent
    return Unit(scale=product.scale, dimensions=product.dimensions, text=unit_text(product))


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


@cache
def _names() -> list[tuple[str, Unit]]:
    known = _preferred().items()
    return [
        (name, Unit(scale=scale, dimensions=dimensions))
        for (dimensions, scale), name in known
        if name not in {"1", "%"}
    ]


def _inverse(unit: Unit) -> str | None:
    name = _single(_reciprocal(unit))
    return f"1/{name}" if name else None


def _quotient(unit: Unit) -> str | None:
    for divisor, known in _names():
        name = _single(unit * known)
        if name is not None and name not in {"1", "%"}:
            return f"{name}/{divisor}"
    return None


def _inverse_product(unit: Unit) -> str | None:
    inverse = _reciprocal(unit)
    for first, known in _names():
        second = _single(inverse * _reciprocal(known))
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


def _reciprocal(unit: Unit) -> Unit:
    return Unit(scale=1 / unit.scale, dimensions=tuple(-e for e in unit.dimensions))


def _si_text(unit: Unit) -> str:
    """Fallback: the factor and the base units."""
    parts = [] if unit.scale == 1 else [f"{unit.factor!r}"]
    for base, exponent in zip(BASES, unit.dimensions, strict=True):
        if exponent:
            parts.append(base if exponent == 1 else f"{base}^{exponent:g}")
    return " ".join(parts) or "1"
