"""Tables of records: read-only mappings that show themselves as text, HTML and data frames.

Enters: frozen records with an id. Leaves: a :class:`Table`. Made by
:mod:`sigmapath.model.describe`, shown by the public model as ``model.species`` and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from html import escape
from typing import Any, Generic, TypeVar

from sigmapath.errors import UnknownNameError

__all__ = ["Table"]

_SHOWN_ROWS = 40
_SHOWN_WIDTH = 44

Record = TypeVar("Record")


class Table(Mapping[str, Record], Generic[Record]):
    """A read-only mapping from id to record, in the order of the model.

    Parameters
    ----------
    kind : str
        What the rows are, for messages: "species", "parameter", ...
    records : iterable
        Frozen dataclasses with an ``id``.
    where : str
        The model, for messages.
    """

    __slots__ = ("_kind", "_records", "_where")

    def __init__(self, kind: str, records: Iterable[Record], *, where: str = "") -> None:
        self._kind = kind
        self._where = where
        self._records: dict[str, Record] = {record.id: record for record in records}  # type: ignore[attr-defined]

    def __getitem__(self, key: str) -> Record:
        try:
            return self._records[key]
        except KeyError:
            raise UnknownNameError(self._kind, str(key), self._records, where=self._where) from None

    def __contains__(self, key: object) -> bool:
        return key in self._records

    def get(self, key: str, default: Any = None) -> Any:
        """Return the record of an id, or ``default``."""
        return self._records.get(key, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)

    def rows(self) -> list[dict[str, Any]]:
        """Return the records as plain dictionaries, one per row."""
        return [
            {field.name: getattr(record, field.name) for field in fields(record)}  # type: ignore[arg-type]
            for record in self._records.values()
        ]

    def to_pandas(self) -> Any:
        """Return a :class:`pandas.DataFrame` with the ids as index."""
        import pandas

        columns = list(self.rows()[0]) if self._records else ["id"]
        return pandas.DataFrame(self.rows(), columns=columns).set_index("id")

    def __repr__(self) -> str:
        header, rows = self._cells()
        lines = [header, *rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
        text = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in lines
        ]
        return "\n".join([self._title(), *text, *self._rest()])

    def _repr_html_(self) -> str:
        header, rows = self._cells()
        head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
        )
        rest = "".join(f"<p>{escape(line)}</p>" for line in self._rest())
        return (
            f"<p>{escape(self._title())}</p><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{rest}"
        )

    def _title(self) -> str:
        return f"{len(self)} {self._kind if len(self) == 1 else _plural(self._kind)}"

    def _rest(self) -> list[str]:
        left = len(self) - _SHOWN_ROWS
        return [f"... and {left} more"] if left > 0 else []

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """Header and the first rows as text; columns that are empty throughout are left out."""
        rows = self.rows()[:_SHOWN_ROWS]
        names = [name for name in (rows[0] if rows else {}) if any(_shown(r[name]) for r in rows)]
        return names, [[_shown(row[name]) for name in names] for row in rows]


def _plural(kind: str) -> str:
    return kind if kind == "species" else f"{kind}s"


def _shown(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, tuple):
        value = ", ".join(value)
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _SHOWN_WIDTH else text[: _SHOWN_WIDTH - 3] + "..."
