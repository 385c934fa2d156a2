"""The systems that have a page, as the data file lists them.

Enters: ``models/systems.toml``. Leaves: :class:`System` records with every word checked; names of
the model are checked where a page is made. Called by :mod:`sigmapath.docs.site`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Container, Mapping
from dataclasses import field, fields
from pathlib import Path

from sigmapath.errors import ParseError, UnknownNameError
from sigmapath.record import record

__all__ = ["System", "read_systems"]

_REQUIRED = ("title", "model", "focus", "claims", "about")


@record
class System:
    """One system: what of a model its page shows.

    Parameters
    ----------
    id, title : str
    model : str
        A packaged pathway.
    focus : tuple of str
        Ids of species, variables and reactions; ``*`` stands for any text.
    claims : tuple of str
        Ids of claims.
    about : str
        The mechanism in a few words, and what is assumed about it.
    same : mapping pattern -> words
        What is left out because it repeats something shown.
    as_one : mapping id -> id
        Species that the scheme shows as another one: a total as its free part.
    conditions : bool
        Whether the named conditions are listed.
    """

    id: str
    title: str
    model: str
    focus: tuple[str, ...]
    claims: tuple[str, ...]
    about: str
    same: Mapping[str, str] = field(default_factory=dict)
    as_one: Mapping[str, str] = field(default_factory=dict)
    conditions: bool = False


def read_systems(
    path: Path, *, models: Container[str], claims: Container[str]
) -> dict[str, System]:
    """Read the systems in the order of the file.

    Raises
    ------
    ParseError
        If the file cannot be read, or a system misses a word or has an unknown one.
    UnknownNameError
        If a system names a model or a claim that does not exist.
    """
    try:
        with path.open("rb") as stream:
            table = tomllib.load(stream).get("systems", {})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParseError("the file cannot be read", file=str(path), found=str(error)) from error
    words = [f.name for f in fields(System) if f.name != "id"]
    found = {}
    for name, row in table.items():
        where = f"{path.name}, {name}"
        for word in row:
            if word not in words:
                raise UnknownNameError("word of a system", word, words, where=where)
        missing = [word for word in _REQUIRED if word not in row]
        if missing:
            raise ParseError(f"system {name} has no {', '.join(missing)}", file=str(path))
        if row["model"] not in models:
            raise UnknownNameError("model", row["model"], (), where=where)
        for claim in row["claims"]:
            if claim not in claims:
                raise UnknownNameError("claim", claim, (), where=where)
        lists = {key: tuple(row[key]) for key in ("focus", "claims")}
        found[name] = System(**{"id": name, **row, **lists})
    return found
