"""The ligand table, read from ``models/ligands.csv``: data, not code.

Enters: the packaged table. Leaves: a :class:`LigandTable` for plans, listings and the dose command.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from sigmapath.errors import ParseError
from sigmapath.experiment.ligands import Ligand, LigandTable
from sigmapath.pathways.registry import models_folder

__all__ = ["Ligand", "LigandTable", "ligand_table", "read_ligands"]

_NUMBERS = (
    "Ki_uM",
    "Ki_low_uM",
    "Ki_high_uM",
    "kon_per_uM_s",
    "kon_low_per_uM_s",
    "kon_high_per_uM_s",
    "alpha",
    "alpha_low",
    "alpha_high",
)
_WORDS = ("name", "aliases", "type", "measure", "source", "grade", "note")
_CHOICES = {
    "type": ("agonist", "antagonist", "stabiliser"),
    "measure": ("Ki", "IC50", "Kd", "assumed"),
    "grade": ("measured", "published_model", "derived", "fitted", "assumed"),
}


@cache
def ligand_table() -> LigandTable:
    """Return the packaged ligands.

    Looked up by name or alias, whatever the case, hyphens, blanks, stereo signs or Greek letters;
    an unknown name raises ``UnknownNameError`` with near matches.
    """
    folder = models_folder()
    return read_ligands(folder / "ligands.csv", folder / "off_targets.csv")


def read_ligands(path: Path | str, off_targets: Path | str | None = None) -> LigandTable:
    """Read a ligand table, and what its ligands block besides the receptor.

    Raises
    ------
    ParseError
        With file and line, if the file cannot be read, a column is missing, a number is none or
        out of order (low <= value <= high), a word is not one of its choices, or two ligands share
        a name.
    """
    file = str(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ParseError(
            "the ligand table cannot be read", file=file, found=error.strerror or str(error)
        ) from error
    rows = csv.DictReader(text.splitlines())
    missing = [name for name in (*_WORDS, *_NUMBERS) if name not in (rows.fieldnames or ())]
    if missing:
        raise ParseError("a column is missing", file=file, line=1, expected=", ".join(missing))
    ligands = [_ligand(row, file, rows.line_num) for row in rows]
    try:
        table = LigandTable(ligands)
    except ValueError as error:
        raise ParseError(str(error), file=file) from error
    if off_targets is None:
        return table
    blocked = _read_off_targets(Path(off_targets), table)
    return LigandTable(
        replace(row, off_targets=tuple(blocked.get(row.name, ()))) for row in table.values()
    )


_OFF_TARGET_COLUMNS = ("ligand", "target", "IC50_uM", "IC50_low_uM", "IC50_high_uM", "source")


def _read_off_targets(
    path: Path, table: LigandTable
) -> dict[str, list[tuple[str, float, float, float]]]:
    """Direct blocks by ligand name: target, IC50 and its range [uM]."""
    file = str(path)
    try:
        rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise ParseError(
            "the table of off-targets cannot be read", file=file, found=error.strerror or str(error)
        ) from error
    missing = [name for name in _OFF_TARGET_COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        raise ParseError("a column is missing", file=file, line=1, expected=", ".join(missing))
    found: dict[str, list[tuple[str, float, float, float]]] = {}
    for row in rows:
        ic50, low, high = (
            _number(name, row[name] or "", file, rows.line_num)
            for name in ("IC50_uM", "IC50_low_uM", "IC50_high_uM")
        )
        if not low <= ic50 <= high or not row["target"].isidentifier():
            raise ParseError("an off-target makes no sense", file=file, line=rows.line_num)
        found.setdefault(table[row["ligand"]].name, []).append((row["target"], ic50, low, high))
    return found


def _ligand(row: Mapping[str, str | None], file: str, line: int) -> Ligand:
    words = {name: (row[name] or "").strip() for name in _WORDS}
    for name, choices in _CHOICES.items():
        if words[name] not in choices:
            raise ParseError(
                f"unknown {name} of a ligand", file=file, line=line, found=words[name],
                expected=", ".join(choices),
            )  # fmt: skip
    if not words["name"] or not words["source"]:
        raise ParseError("a ligand needs a name and a source", file=file, line=line)
    numbers = {name: _number(name, row[name] or "", file, line) for name in _NUMBERS}
    for value, low, high in (
        ("Ki_uM", "Ki_low_uM", "Ki_high_uM"),
        ("kon_per_uM_s", "kon_low_per_uM_s", "kon_high_per_uM_s"),
        ("alpha", "alpha_low", "alpha_high"),
    ):
        if not numbers[low] <= numbers[value] <= numbers[high]:
            raise ParseError(
                f"{value} lies outside its range", file=file, line=line,
                found=f"{numbers[low]:g}, {numbers[value]:g}, {numbers[high]:g}",
                expected="low, value, high in ascending order",
            )  # fmt: skip
    aliases = tuple(alias.strip() for alias in words["aliases"].split(";") if alias.strip())
    return Ligand(
        name=words["name"],
        aliases=aliases,
        type=words["type"],
        measure=words["measure"],
        source=words["source"],
        grade=words["grade"],
        note=words["note"],
        Ki_uM=numbers["Ki_uM"],
        Ki_low_uM=numbers["Ki_low_uM"],
        Ki_high_uM=numbers["Ki_high_uM"],
        kon_per_uM_s=numbers["kon_per_uM_s"],
        kon_low_per_uM_s=numbers["kon_low_per_uM_s"],
        kon_high_per_uM_s=numbers["kon_high_per_uM_s"],
        alpha=numbers["alpha"],
        alpha_low=numbers["alpha_low"],
        alpha_high=numbers["alpha_high"],
    )


def _number(name: str, text: str, file: str, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0.0):
        raise ParseError(
            f"{name} is not a positive number", file=file, line=line, found=text or "nothing"
        )
    return value
