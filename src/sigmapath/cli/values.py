"""Values as people type them on the command line.

Enters: ``name=value`` pairs, axes and dose ranges as text. Leaves: names and plain values; no name
is looked up here.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sigmapath.errors import PlanError
from sigmapath.quantity import convert_factor, parse_quantity

__all__ = ["axis", "dose_range", "pairs", "span"]

_MOST_POINTS = 1_000_000


def pairs(texts: Iterable[str], option: str) -> dict[str, str | float]:
    """Read repeated ``name=value``; numbers become floats, text with a unit stays text.

    Raises
    ------
    PlanError
        If an entry has no ``=``, no name or no value, or a name comes twice.
    """
    found: dict[str, str | float] = {}
    for text in texts:
        name, value = _split(text, option)
        if name in found:
            raise PlanError(f"'{name}' is given twice", where=option, fix="give it once")
        try:
            found[name] = float(value)
        except ValueError:
            found[name] = value
    return found


def axis(text: str) -> tuple[str, list[str | float]]:
    """Read ``name=start:stop:n[:log]`` or ``name=v1,v2,...``."""
    name, values = _split(text, "--axis")
    return name, span(values, where=f"--axis {name}")


def dose_range(text: str) -> list[str | float]:
    """Read ``--doses``: as an axis, but start:stop:n is log-spaced."""
    parts = text.split(":")
    return span(f"{text}:log" if len(parts) == 3 else text, where="--doses")


def span(text: str, *, where: str) -> list[str | float]:
    """Read ``start:stop:n[:log]`` or a comma list; one unit for all values.

    Returns
    -------
    list
        Floats, or texts "<number> <unit>" where a unit was typed.

    Raises
    ------
    PlanError
        If a number is missing, n is no whole number of at least 1, or a log axis touches zero.
    UnitError
        If the two ends have units that do not convert.
    """
    if ":" not in text:
        entries = [entry.strip() for entry in text.split(",")]
        if not all(entries):
            raise PlanError("an empty value", where=where, found=text, expected="v1,v2,...")
        return [_number_or_text(entry) for entry in entries]
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in (3, 4) or (len(parts) == 4 and parts[3] != "log"):
        raise PlanError(
            "not a range", where=where, found=text, expected="start:stop:n or start:stop:n:log"
        )
    first, first_unit = parse_quantity(parts[0])
    last, last_unit = parse_quantity(parts[1])
    count = _count(parts[2], where)
    suffix = ""
    if last_unit is not None:
        suffix = " " + last_unit.text
        if first_unit is not None:
            first *= convert_factor(first_unit, last_unit)
        elif first != 0.0:
            raise PlanError("only one end has a unit", where=where, found=text)
    elif first_unit is not None:
        if last != 0.0:
            raise PlanError("only one end has a unit", where=where, found=text)
        suffix = " " + first_unit.text
    values = _spaced(first, last, count, log=len(parts) == 4, where=where)
    return [f"{value!r}{suffix}" if suffix else value for value in values]


def _spaced(first: float, last: float, count: int, *, log: bool, where: str) -> list[float]:
    if not log:
        return [float(value) for value in np.linspace(first, last, count)]
    if first <= 0.0 or last <= 0.0:
        raise PlanError(
            "a log range cannot touch zero",
            where=where,
            found=f"{first:g} to {last:g}",
            fix="start above zero; vehicle is added to dose responses by itself",
        )
    return [float(value) for value in np.geomspace(first, last, count)]


def _count(text: str, where: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= _MOST_POINTS:
        raise PlanError(
            "the number of points of a range", where=where, found=text, expected="1 to 1000000"
        )
    return int(text)


def _split(text: str, option: str) -> tuple[str, str]:
    """Split at the first ``=``; ligand names may hold any other character."""
    name, separator, value = text.partition("=")
    if not separator or not name.strip() or not value.strip():
        raise PlanError(
            "not a name with a value", where=option, found=text, expected='"name=value"'
        )
    return name.strip(), value.strip()


def _number_or_text(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text
