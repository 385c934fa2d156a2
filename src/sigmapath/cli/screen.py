"""What a person sees while waiting, and the tables they get.

Enters: progress and rows. Leaves: text on stderr (messages, progress bars on a terminal only) and
stdout (tables).
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

__all__ = ["progress_bar", "say", "table"]


def say(message: str) -> None:
    """Print a message for the person, not part of the result."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Yield ``advance(done, total)``, which draws a bar on a terminal and nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, width: int = 100) -> str:
    """Plain text table: columns aligned, numbers to the right, two spaces between.

    The last column is wrapped where it would pass ``width``, and left out where it is empty.
    """
    cells = [list(map(str, header)), *(list(map(str, row)) for row in rows)]
    if rows and not any(row[-1] for row in cells[1:]):
        cells = [row[:-1] for row in cells]
    cells = _wrapped(cells, width)
    header = cells[0]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    right = [
        bool(rows) and all(_is_number(row[i]) for row in cells[1:]) for i in range(len(header))
    ]
    lines = []
    for row in cells:
        fields = [
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(row, widths, right, strict=True)
        ]
        lines.append("  ".join(fields).rstrip())
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _wrapped(cells: list[list[str]], width: int) -> list[list[str]]:
    """Break the last column into lines, each a row of its own with nothing before it."""
    taken = sum(max(map(len, column)) + 2 for column in list(zip(*cells, strict=True))[:-1])
    room = max(width - taken, 20)
    lines = []
    for *row, last in cells:
        first, *more = textwrap.wrap(last, room) or [""]
        lines.append([*row, first])
        lines += [[""] * len(row) + [text] for text in more]
    return lines


def _is_number(text: str) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    return True
