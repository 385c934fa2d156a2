"""Text to units: names with prefixes, products, quotients and powers.

Enters: what people type, or unit kinds of SBML. Leaves: :class:`~sigmapath.quantity.unit.Unit`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from fractions import Fraction

from sigmapath.errors import UnitError, near_matches
from sigmapath.quantity.table import (
    ALIASES,
    AVOGADRO,
    COMMON,
    PLAIN,
    PREFIX_WORDS,
    PREFIXES,
    SBML_KINDS,
    SYMBOLS,
    WORDS,
)
from sigmapath.quantity.unit import DIMENSIONLESS, Unit

__all__ = ["named_unit", "parse_unit", "unit_from_sbml"]

_MAX_TEXT = 200


def _entry(raw: tuple[str, tuple[int, ...]], decades: int, text: str) -> Unit:
    number, exponents = raw
    scale = 1 / Fraction(AVOGADRO) if number == "item" else Fraction(number)
    return Unit(
        scale=scale * Fraction(10) ** decades,
        dimensions=tuple(map(float, exponents)),
        text=text,
    )


def named_unit(name: str) -> Unit | None:
    """Return the unit of one name, with or without a prefix; None if unknown."""
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
    >>> parse_unit("M-1 s-1") == parse_unit("1/(M s)")
    True
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
        unit = named_unit(token)
        if unit is None:
            if not token[0].isalpha():
                raise self.unreadable()
            raise _unknown_unit(token, self.text)
        return unit


def _unknown_unit(name: str, text: str) -> UnitError:
    # Two-letter units resemble almost anything, so names of another length are no suggestion.
    near = [n for n in near_matches(name, COMMON) if abs(len(n) - len(name)) <= 3]
    return UnitError(
        f"unknown unit '{name}'",
        found=text if text.strip() != name else "",
        expected=f"did you mean {', '.join(near)}?" if near else "for example nM, uM, s, h, ug/mL",
    )


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
        base = named_unit(SBML_KINDS.get(kind, kind))
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
    return product
