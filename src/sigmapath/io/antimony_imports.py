"""Imports of Antimony files, written into one text.

Enters: Antimony text and the file it came from. Leaves: one text without imports, and a map from
its lines to the files'. Called by :mod:`sigmapath.io.antimony`. So libAntimony opens no file
itself (it would also look in the working directory, and read SBML without a prescan), and what is
parsed is what was scanned.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from pathlib import Path

from sigmapath.errors import ParseError, UnsupportedFeatureError
from sigmapath.io.antimony_prescan import Import, Scan, scan
from sigmapath.io.prescan import decoded, looks_like_xml
from sigmapath.record import record

__all__ = ["Source", "imported_files", "joined"]

# libAntimony needs 3 s for 2000 instances of an empty module, 18 s for 8000.
MAX_INSTANCES = 2000


@record
class Source:
    """Antimony text made of one or more files.

    ``starts`` are the first lines of the ``files`` in the text, counted from 1, ascending.
    """

    text: str
    files: tuple[str, ...]
    starts: tuple[int, ...]

    def place(self, line: int) -> tuple[str, int]:
        """File and line of a line of the text."""
        i = max(bisect_right(self.starts, line) - 1, 0)
        return self.files[i], line - self.starts[i] + 1


def joined(text: str, file: str, path: Path | None) -> Source:
    """Return a text with everything it imports, imported files first, each once.

    Parameters
    ----------
    text : str
        Antimony.
    file : str
        Its name in messages.
    path : Path or None
        The file it came from; imports are looked up beside it.

    Raises
    ------
    ParseError
        If an imported file cannot be read, or a text is beyond the limits of the prescan.
    UnsupportedFeatureError
        If a text without a file imports, an import leaves the folder of the main file or names an
        SBML file, or modules build in one another more than MAX_INSTANCES times.
    """
    joiner = _Joiner(path.parent.resolve() if path is not None else None)
    joiner.add(text, file, path, is_main=True)
    _count_instances(joiner.parts, file)
    starts, line = [], 1
    for _, content in joiner.pieces:
        starts.append(line)
        line += content.count("\n") + 1
    return Source(
        text="\n".join(content for _, content in joiner.pieces),
        files=tuple(name for name, _ in joiner.pieces),
        starts=tuple(starts),
    )


def imported_files(text: str, file: str, path: Path) -> tuple[Path, ...]:
    """Files that a text imports, directly or not; arguments and errors as for :func:`joined`."""
    joiner = _Joiner(path.resolve().parent)
    joiner.add(text, file, path, is_main=True)
    return tuple(sorted(joiner.seen - {path.resolve()}))


class _Joiner:
    """Collects files depth first, so that what a file imports stands before it."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.seen: set[Path] = set()
        self.pieces: list[tuple[str, str]] = []
        self.parts: dict[str, Counter[str]] = {}

    def add(
        self, text: str, name: str, path: Path | None, *, is_main: bool, depth: int = 0
    ) -> None:
        if path is not None:
            self.seen.add(path.resolve())
        found = scan(text, name)
        for item in found.imports:
            target = self.target(item, name, path)
            if target not in self.seen:
                if depth > 50:
                    raise ParseError("imports are nested too deeply", file=name, line=item.line)
                inner = _imported_text(target, name, item)
                self.add(inner, target.name, target, is_main=False, depth=depth + 1)
        self.parts |= found.parts
        self.pieces.append((name, _cleaned(text, found, keep_star=is_main)))

    def target(self, item: Import, name: str, path: Path | None) -> Path:
        place = f"{name}, line {item.line}"
        if self.folder is None or path is None:
            raise UnsupportedFeatureError(
                "import in a text without a file",
                where=place,
                fix="load the model from its file, or write the modules into one text",
            )
        target = (path.resolve().parent / item.source).resolve()
        if not target.is_relative_to(self.folder):
            raise UnsupportedFeatureError(
                "import of a file outside the model's folder",
                where=place,
                fix="put the imported file beside the model",
            )
        return target


def _imported_text(target: Path, name: str, item: Import) -> str:
    try:
        text = decoded(target.read_bytes(), target.name)
    except OSError as error:
        raise ParseError(
            "an imported file cannot be read",
            file=name,
            line=item.line,
            found=f"{item.source}: {error.strerror}",
            fix="imports are looked up beside the file that has them",
        ) from error
    if looks_like_xml(text):
        raise UnsupportedFeatureError(
            "import of an SBML file",
            where=f"{name}, line {item.line}",
            fix=f"convert {target.name} to Antimony first",
        )
    return text


def _cleaned(text: str, found: Scan, *, keep_star: bool) -> str:
    """Text with imports and comments blanked, and stars of main models if asked; lines stay."""
    blanks = found.comments + [(item.start, item.end) for item in found.imports]
    if not keep_star:
        blanks += [(star, star + 1) for star in found.stars]
    pieces, at = [], 0
    for start, end in sorted(blanks):
        pieces += [text[at:start], " ", "\n" * text.count("\n", start, end)]
        at = end
    return "".join([*pieces, text[at:]])


def _count_instances(parts: dict[str, Counter[str]], file: str) -> None:
    """Refuse modules that build one another in exponentially often, or for ever."""
    totals: dict[str, int] = {}

    def total(name: str, above: tuple[str, ...]) -> int:
        if name in above or len(above) > 100:
            raise ParseError(
                "modules build each other in", file=file, found=" > ".join([*above[-5:], name])
            )
        if name not in totals:
            inner = parts.get(name, Counter())
            totals[name] = 1 + sum(n * total(p, (*above, name)) for p, n in inner.items())
        return totals[name]

    largest = max((total(name, ()) for name in list(parts)), default=0)
    if largest > MAX_INSTANCES:
        raise UnsupportedFeatureError(
            f"a model of {largest} submodels",
            where=file,
            fix=f"keep the hierarchy below {MAX_INSTANCES} submodels",
        )
