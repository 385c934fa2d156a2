"""Numbers with units to plain numbers in the units of a model.

Enters: what a user gives: numbers, or text such as "100 nM". Leaves: finite floats.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from numbers import Real
from typing import SupportsFloat

from sigmapath.errors import PlanError, UnitError
from sigmapath.quantity.parse import named_unit, parse_unit
from sigmapath.quantity.text import dimension_words, unit_text
from sigmapath.quantity.unit import Unit

__all__ = ["convert_factor", "parse_quantity", "to_model_units"]

_MAX_TEXT = 200
_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(.*)", re.DOTALL)
# "1 000 nM" or "1 h 30 min": a number where only a unit may stand, other than the 1 of "1/s".
_SECOND_NUMBER = re.compile(r"(?<![\w^*.+-])(?<![\^*(+-]\s)(?!1\s*/)\d")


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
    >>> value, unit_text(unit)
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
    if rest[0] == "," or _SECOND_NUMBER.search(rest):
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
            error.what, where=place, found=value.strip(), expected=error.expected, fix=error.fix
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
    swapped = named_unit(unit.text.swapcase()) or named_unit(
        unit.text[:1] + unit.text[1:].swapcase()
    )
    fix = f"give {name} in {unit_text(model_unit)}, or as a plain number in {unit_text(model_unit)}"
    if swapped is not None and swapped.fits(model_unit):
        fix = f"did you mean {swapped.text}? {fix}"
    return UnitError(
        f"{unit.text} is {_article(dimension_words(unit))}, but {name} is "
        f"{_article(dimension_words(model_unit))}",
        where=where,
        found=value.strip(),
        expected=f"a value in {unit_text(model_unit)}",
        fix=fix,
    )


def _article(words: str) -> str:
    if words in {"dimensionless", "temperature"} or " " in words and words.startswith("in "):
        return words
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


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
