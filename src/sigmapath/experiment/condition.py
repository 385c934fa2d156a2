"""Conditions: named overrides that define one experimental setting (a cell context, a genotype).

Enters: ``conditions.toml`` beside the models, or records made in Python. Leaves: plain settings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from sigmapath.errors import ParseError, PlanError, UnknownNameError
from sigmapath.experiment.dosing import Value
from sigmapath.record import record

__all__ = [
    "Condition",
    "OwnConditions",
    "conditions_of",
    "merged_condition",
    "read_conditions",
]

_FIELDS = ("description", "parameters", "initial", "source", "ranges")


@record
class Condition:
    """Named overrides of parameters and initial values.

    Parameters
    ----------
    name : str
    description : str
        One line.
    parameters, initial : mapping id -> number in model units, or text with a unit
    source : str
        Where the context is from, or that it is assumed.
    ranges : mapping id -> (low, high)
        How far assumed overrides may be off, in model units.
    """

    name: str
    description: str = ""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    initial: Mapping[str, Value] = field(default_factory=dict)
    source: str = ""
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def ids(self) -> frozenset[str]:
        """What the condition sets."""
        return frozenset(self.parameters) | frozenset(self.initial)


def conditions_of(known: Mapping[str, Condition], ids: Collection[str]) -> dict[str, Condition]:
    """Those conditions that set nothing but ids of a model."""
    return {name: entry for name, entry in known.items() if entry.ids <= set(ids)}


class OwnConditions(Mapping[str, Condition]):
    """The conditions of one model, and a clear answer for those of other models.

    Parameters
    ----------
    known : mapping name -> Condition
    ids : collection of str
        What the model lets set.
    model : str
        Its name, for messages.
    """

    def __init__(self, known: Mapping[str, Condition], ids: Collection[str], *, model: str) -> None:
        self._known = known
        self._ids = frozenset(ids)
        self._model = model

    def __getitem__(self, name: str) -> Condition:
        entry = self._known[name]
        foreign = sorted(entry.ids - self._ids)
        if foreign:
            raise PlanError(
                f"the condition {name} does not belong to the model {self._model}",
                where="condition",
                found=f"it sets {', '.join(foreign)}, which the model does not have",
                expected=", ".join(self) or "no condition: the model has none",
            )
        return entry

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(conditions_of(self._known, self._ids))

    def __len__(self) -> int:
        return len(conditions_of(self._known, self._ids))


def read_conditions(path: Path | str) -> dict[str, Condition]:
    """Read a file of conditions.

    The file is TOML: a table ``[conditions.<id>]`` with ``description``, ``source``, ``parameters``
    and ``initial``, the last two being tables id -> value, and ``ranges``, id -> [low, high].

    Raises
    ------
    ParseError
        If the file cannot be read, is no TOML, or holds something else than the above.
    """
    import tomllib

    file = str(path)
    try:
        with open(path, "rb") as stream:
            content = tomllib.load(stream)
    except OSError as error:
        raise ParseError(
            "the conditions cannot be read", file=file, found=error.strerror or str(error)
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParseError(
            "the conditions are not valid TOML", file=file, found=str(error)
        ) from error
    table = content.get("conditions", {})
    if not isinstance(table, dict):
        raise ParseError("[conditions] is no table", file=file, found=repr(table))
    return {name: _condition(name, entry, file) for name, entry in table.items()}


def _condition(name: str, entry: object, file: str) -> Condition:
    place = f"{file}, [conditions.{name}]"
    if not isinstance(entry, dict):
        raise ParseError("a condition is a table", file=place, found=repr(entry))
    for key in entry:
        if key not in _FIELDS:
            raise ParseError(
                "unknown entry of a condition", file=place, found=key, expected=", ".join(_FIELDS)
            )
    for key in ("parameters", "initial"):
        values = entry.get(key, {})
        if not isinstance(values, dict) or not all(
            isinstance(v, float | int | str) and not isinstance(v, bool) for v in values.values()
        ):
            raise ParseError(
                f"{key} must map ids to numbers or text with a unit", file=place, found=repr(values)
            )
    return Condition(
        name=name,
        description=str(entry.get("description", "")),
        parameters=entry.get("parameters", {}),
        initial=entry.get("initial", {}),
        source=str(entry.get("source", "")),
        ranges=_ranges(entry, place),
    )


def _ranges(entry: Mapping[str, Any], place: str) -> dict[str, tuple[float, float]]:
    found = {}
    for key, edges in entry.get("ranges", {}).items():
        numbers = isinstance(edges, list) and len(edges) == 2
        if not numbers or not all(isinstance(edge, float | int) for edge in edges):
            raise ParseError("a range is [low, high]", file=place, found=f"{key} = {edges!r}")
        if key not in {**entry.get("parameters", {}), **entry.get("initial", {})}:
            raise ParseError("a range is of something that is set", file=place, found=key)
        found[key] = (float(edges[0]), float(edges[1]))
    return found


def merged_condition(
    condition: Condition | str | Sequence[Condition | str] | None,
    known: Mapping[str, Condition],
    *,
    where: str = "condition",
) -> Condition:
    """Look conditions up by name and join them.

    Parameters
    ----------
    condition : Condition, name, sequence of both, or None
    known : mapping name -> Condition
        What names may refer to.

    Returns
    -------
    Condition
        With all overrides; its name joins the names by " + ".

    Raises
    ------
    UnknownNameError
        If a name is not known.
    PlanError
        If two conditions set one id to different values.
    """
    if condition is None:
        return Condition(name="")
    entries: list[Any] = [condition]
    if isinstance(condition, Sequence) and not isinstance(condition, str):
        entries = list(condition)
    found = [_looked_up(entry, known, where) for entry in entries]
    parameters: dict[str, Value] = {}
    initial: dict[str, Value] = {}
    for entry in found:
        for joined, own in ((parameters, entry.parameters), (initial, entry.initial)):
            for key, value in own.items():
                if key in joined and joined[key] != value:
                    raise PlanError(
                        f"conflicting overrides of {key}", where=where,
                        found=f"{joined[key]} and {value} (condition {entry.name})",
                        fix=f"give {key} explicitly in parameters=, or leave one condition out",
                    )  # fmt: skip
                joined[key] = value
    return Condition(
        name=" + ".join(entry.name for entry in found), parameters=parameters, initial=initial
    )


def _looked_up(entry: Condition | str, known: Mapping[str, Condition], where: str) -> Condition:
    if isinstance(entry, Condition):
        return entry
    if not isinstance(entry, str) or entry not in known:
        raise UnknownNameError("condition", str(entry), known, where=where)
    return known[entry]
