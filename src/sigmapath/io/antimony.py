"""Antimony to reaction network, through libAntimony and SBML.

Enters: Antimony text or a file. Leaves: a network and the translator's notes. Called by
:mod:`sigmapath.io.load`. libAntimony keeps one global state, so all work happens under a lock and
everything is cleared before and after.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sigmapath.errors import ParseError
from sigmapath.io.sbml.document import read_sbml
from sigmapath.model.network import ReactionNetwork

__all__ = ["read_antimony"]

_LOCK = threading.RLock()
_ERROR_PLACE = re.compile(
    r"^Error in (?:file '?(?P<file>[^']*?)'?|model string), line (?P<line>\d+):\s*"
)


@contextmanager
def _translator() -> Iterator[Any]:
    """libAntimony, locked and empty."""
    import antimony

    with _LOCK:
        antimony.clearPreviousLoads()
        antimony.freeAll()
        try:
            yield antimony
        finally:
            antimony.clearPreviousLoads()
            antimony.freeAll()


def read_antimony(
    text: str, *, where: str = "text", path: Path | None = None
) -> tuple[ReactionNetwork, tuple[str, ...]]:
    """Return the network of an Antimony model, and the translator's warnings.

    Parameters
    ----------
    text : str
        The Antimony.
    where : str
        File name for messages.
    path : Path, optional
        The file the text came from; imports are looked up beside it.

    Raises
    ------
    ParseError
        If the text has an error, with file and line.
    """
    sbml, notes = _to_sbml(text, where, path)
    network, more = read_sbml(sbml, where=where)
    return network, notes + more


def _to_sbml(text: str, where: str, path: Path | None) -> tuple[str, tuple[str, ...]]:
    with _translator() as translator:
        if path is not None:
            code = translator.loadAntimonyFile(str(path))
        else:
            code = translator.loadAntimonyString(text)
        if code < 0:
            raise _parse_error(translator.getLastError(), where)
        sbml = translator.getCompSBMLString(translator.getMainModuleName())
        warnings = translator.getWarnings()
    notes = tuple(line.strip() for line in (warnings or "").splitlines() if line.strip())
    return sbml, notes


def _parse_error(message: str, where: str) -> ParseError:
    """LibAntimony's message as a ParseError with file and line."""
    message = " ".join((message or "unknown error").split())
    place = _ERROR_PLACE.match(message)
    if place is None:
        return ParseError("the Antimony cannot be read", file=where, found=message)
    file = Path(place.group("file")).name if place.group("file") else where
    return ParseError(
        "the Antimony cannot be read",
        file=file,
        line=int(place.group("line")),
        found=message[place.end() :],
    )
