"""Cases of the SBML Test Suite as records.

Enters: a folder of cases in the layout of the suite. Leaves: :class:`Case` records. Called by
:mod:`sigmapath.conformance.run`. Nothing here knows a particular case.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import ParseError, UnknownNameError
from sigmapath.record import record

__all__ = ["Case", "find_cases", "read_case", "read_reference", "read_tags"]

_NUMBER = re.compile(r"\d{5}")
_MODEL = re.compile(r"-sbml-(l\dv\d)\.xml$")


@record
class Case:
    """One semantic case.

    Parameters
    ----------
    number : str
        Five digits.
    model : Path
        SBML file of the highest level and version there is.
    level : str
        For example "l3v2".
    results : Path
        Reference values, time first.
    times : ndarray, shape (steps + 1,)
    variables : tuple of str
        Columns that are compared.
    amount, concentration : frozenset of str
        Species reported as amounts, as concentrations; the others as SBML maths means them.
    absolute, relative : float
        Tolerances of the comparison.
    component_tags, test_tags : tuple of str
    """

    number: str
    model: Path
    level: str
    results: Path
    times: NDArray[np.float64]
    variables: tuple[str, ...]
    amount: frozenset[str]
    concentration: frozenset[str]
    absolute: float
    relative: float
    component_tags: tuple[str, ...]
    test_tags: tuple[str, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """Component and test tags."""
        return (*self.component_tags, *self.test_tags)


def find_cases(folder: Path, wanted: Iterable[str] = ()) -> tuple[Path, ...]:
    """Return the folders of all cases below ``folder`` (or ``folder/semantic``), by number.

    Parameters
    ----------
    folder : Path
    wanted : iterable of str
        Numbers to keep, with or without leading zeros; all by default.

    Raises
    ------
    UnknownNameError
        If a wanted case is not there.
    ParseError
        If there is no case at all.
    """
    root = folder / "semantic" if (folder / "semantic").is_dir() else folder
    inside = root.iterdir() if root.is_dir() else ()
    found = {p.name: p for p in inside if _NUMBER.fullmatch(p.name) and p.is_dir()}
    if not found:
        raise ParseError(
            "there are no cases of the SBML Test Suite here",
            file=str(folder),
            expected="folders 00001, 00002, ... each with settings, results and model",
        )
    numbers = [text.zfill(5) for text in wanted] or sorted(found)
    for number in numbers:
        if number not in found:
            raise UnknownNameError("case", number, found, where=str(folder))
    return tuple(found[number] for number in sorted(set(numbers)))


def _fields(text: str) -> dict[str, str]:
    """``key: value`` lines, keys in lower case."""
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {key.strip().lower(): value.strip() for key, value in pairs}


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip()))


def _tags(text: str) -> dict[str, tuple[str, ...]]:
    """``componentTags`` and ``testTags`` of a case's description."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("componentTags", "testTags"):
            found[key.strip()] = _names(value)
    return found


def read_tags(folder: Path) -> tuple[str, ...]:
    """Component and test tags of a case of any kind."""
    path = folder / f"{folder.name}-model.m"
    found = _tags(path.read_text(encoding="utf-8", errors="replace"))
    return (*found.get("componentTags", ()), *found.get("testTags", ()))


def models_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Level and file of every SBML translation of a case, lowest level first."""
    for path in sorted(folder.glob(f"{folder.name}-sbml-l*v*.xml")):
        match = _MODEL.search(path.name)
        if match:
            yield match[1], path


def read_case(folder: Path) -> Case:
    """Return the record of one case.

    Raises
    ------
    ParseError
        If a file is missing or a setting cannot be read.
    """
    number = folder.name
    models = list(models_of(folder))
    if not models:
        raise ParseError("the case has no SBML file", file=str(folder))
    level, model = models[-1]
    try:
        settings = _fields((folder / f"{number}-settings.txt").read_text(encoding="utf-8"))
        description = (folder / f"{number}-model.m").read_text(encoding="utf-8", errors="replace")
        start, duration = float(settings["start"]), float(settings["duration"])
        steps = int(settings["steps"])
        tags = _tags(description)
        return Case(
            number=number,
            model=model,
            level=level,
            results=folder / f"{number}-results.csv",
            times=start + duration * np.arange(steps + 1) / steps,
            variables=_names(settings["variables"]),
            amount=frozenset(_names(settings.get("amount", ""))),
            concentration=frozenset(_names(settings.get("concentration", ""))),
            absolute=float(settings["absolute"]),
            relative=float(settings["relative"]),
            component_tags=tags.get("componentTags", ()),
            test_tags=tags.get("testTags", ()),
        )
    except (OSError, KeyError, ValueError) as error:
        raise ParseError(
            "the settings of the case cannot be read", file=str(folder), found=str(error)
        ) from error


def read_reference(case: Case) -> dict[str, NDArray[np.float64]]:
    """Reference time courses by column name, shape (steps + 1,) each; NaN and INF as written."""
    with case.results.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row]
    values = np.array([[float(cell) for cell in row] for row in rows[1:]])
    return {name.strip(): values[:, k] for k, name in enumerate(rows[0])}
