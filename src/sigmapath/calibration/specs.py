"""Calibrations as data: runs, targets, free parameters and where their values start.

Enters: a file of ``models/calibration``. Leaves: a :class:`Calibration` with every word checked.

Grammar. ``[runs.<name>]`` holds ``doses``, ``parameters``, ``condition``, ``until``, ``phases``
(list of {duration, doses, parameters}) as experiments do; runs start at rest. ``[[targets]]`` has a
``run``, a ``readout``, optionally ``vs`` (a run to divide by), and either ``value`` with ``within``
(one standard deviation, as a factor) or ``at_least`` or ``at_most``; ``figure`` or ``claim`` says
what it is. ``[free]`` gives the start of every free parameter, which is also the middle of its
prior; ``prior`` is the standard deviation of that, as a factor, and ``[priors]`` those that differ.
``[bounds]`` are for shares.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from sigmapath.errors import ParseError, UnknownNameError
from sigmapath.pathways.registry import models_folder
from sigmapath.record import record

__all__ = [
    "Calibration",
    "Target",
    "calibrated_claims",
    "calibration_names",
    "find_calibration",
    "read_calibration",
]

_RUN_WORDS = ("doses", "parameters", "condition", "until", "phases")
_TARGET_WORDS = (
    "run", "readout", "vs", "value", "within", "at_least", "at_most", "figure", "claim",
)  # fmt: skip


@record
class Target:
    """One number to meet, or an edge not to cross.

    ``value`` with ``within`` (one standard deviation, as a factor), or ``at_least``, or
    ``at_most``; of a readout of ``run``, divided by that of ``vs`` if given.
    """

    run: str
    readout: str
    vs: str | None = None
    value: float | None = None
    within: float = 1.0
    at_least: float | None = None
    at_most: float | None = None
    figure: str = ""
    claim: str = ""

    def __str__(self) -> str:
        return f"{self.readout}, {self.run}" + (f" / {self.vs}" if self.vs else "")

    @property
    def wanted(self) -> str:
        """What is asked for, in words."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        if self.at_most is not None:
            return f"<= {self.at_most:g}"
        return f"{self.value:g} x/: {self.within:g}"


@record
class Calibration:
    """One fit.

    Parameters
    ----------
    name, title, model : str
    runs : mapping name -> words of a run
    targets : tuple of Target
    free : mapping id -> start
    priors : mapping id -> float
        Standard deviation of every free parameter around its start, as a factor.
    bounds : mapping id -> (low, high)
    claims : tuple of str
        Claims that are targets, and so no tests any more.
    """

    name: str
    title: str
    model: str
    runs: Mapping[str, Mapping[str, Any]]
    targets: tuple[Target, ...]
    free: Mapping[str, float]
    priors: Mapping[str, float]
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def claims(self) -> tuple[str, ...]:
        """Claims that are targets, and so no tests any more."""
        return tuple(dict.fromkeys(t.claim for t in self.targets if t.claim))


def calibration_names() -> tuple[str, ...]:
    """Names of the packaged calibrations."""
    return tuple(sorted(path.stem for path in _folder().glob("*.toml")))


def find_calibration(name: str) -> Calibration:
    """Read a packaged calibration.

    Raises
    ------
    UnknownNameError
    """
    if name not in calibration_names():
        raise UnknownNameError("calibration", name, calibration_names())
    return read_calibration(_folder() / f"{name}.toml")


def calibrated_claims() -> dict[str, str]:
    """Claims that are targets of a packaged calibration -> its name."""
    return {claim: name for name in calibration_names() for claim in find_calibration(name).claims}


def _folder() -> Path:
    return models_folder() / "calibration"


def read_calibration(path: Path) -> Calibration:
    """Read a calibration.

    Raises
    ------
    ParseError
        If the file cannot be read, or a field is missing or makes no sense.
    UnknownNameError
        If a word or a run is not known.
    """
    try:
        with path.open("rb") as stream:
            table = tomllib.load(stream)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParseError("the file cannot be read", file=str(path), found=str(error)) from error
    needed = ("title", "model", "prior", "runs", "targets", "free")
    missing = [word for word in needed if word not in table]
    if missing:
        raise ParseError(f"a calibration needs {', '.join(missing)}", file=str(path))
    for name, run in table["runs"].items():
        for word in run:
            if word not in _RUN_WORDS:
                raise UnknownNameError("word of a run", word, _RUN_WORDS, where=f"{path}, {name}")
    free = {name: float(start) for name, start in table["free"].items()}
    priors = dict.fromkeys(free, float(table["prior"])) | table.get("priors", {})
    for name in (*priors, *table.get("bounds", {})):
        if name not in free:
            raise UnknownNameError("free parameter", name, free, where=str(path))
    if min(priors.values()) <= 1.0 or min(free.values()) <= 0.0:
        raise ParseError("priors are factors above 1, starts are above 0", file=str(path))
    return Calibration(
        name=path.stem,
        title=table["title"],
        model=table["model"],
        runs=table["runs"],
        targets=tuple(_target(row, table["runs"], str(path)) for row in table["targets"]),
        free=free,
        priors={name: float(priors[name]) for name in free},
        bounds={key: (float(a), float(b)) for key, (a, b) in table.get("bounds", {}).items()},
    )


def _target(row: Mapping[str, Any], runs: Mapping[str, Any], file: str) -> Target:
    for word in row:
        if word not in _TARGET_WORDS:
            raise UnknownNameError("word of a target", word, _TARGET_WORDS, where=file)
    for key in ("run", "readout"):
        if key not in row:
            raise ParseError(f"a target has no {key}", file=file, found=str(row))
    for key in ("run", "vs"):
        if key in row and row[key] not in runs:
            raise UnknownNameError("run", row[key], runs, where=file)
    kinds = [key for key in ("value", "at_least", "at_most") if key in row]
    if len(kinds) != 1 or ("value" in row and not float(row.get("within", 0.0)) > 1.0):
        raise ParseError(
            "a target has a value with a factor it may be off by, or one edge", file=file,
            found=str(row), expected="value and within > 1, at_least, or at_most",
        )  # fmt: skip
    if not (row.get("figure") or row.get("claim")):
        raise ParseError("a target says its figure or claim", file=file, found=str(row))
    return Target(**row)
