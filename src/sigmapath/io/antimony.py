"""Antimony to reaction network, through libAntimony and SBML.

Enters: Antimony text, from a file or not. Leaves: a network and the translator's notes. Called by
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
from sigmapath.io.antimony_imports import Source, joined
from sigmapath.io.prefixes import without_prefixes
from sigmapath.io.sbml.document import network_of, parse
from sigmapath.io.sbml.flatten import submodel_ids
from sigmapath.model.network import ReactionNetwork

__all__ = ["antimony_as_sbml", "last_error", "read_antimony", "translator"]

_LOCK = threading.RLock()
_PLACE = re.compile(r"^Error in (?:file '?[^']*?'?|model string), line (?P<line>\d+):\s*")


@contextmanager
def translator() -> Iterator[Any]:
    """Yield libAntimony, locked and empty."""
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
    text: str, *, where: str = "text", path: Path | None = None, drop_prefixes: bool = True
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
    drop_prefixes : bool
        Give the parts of submodels their plain ids wherever those are unique.

    Raises
    ------
    ParseError
        If the text has an error, with file and line.
    UnsupportedFeatureError
        If it imports what may not be imported.
    """
    hierarchical, flat, notes = _to_sbml(joined(text, where, path), where)
    document = parse(hierarchical, where)
    submodels = submodel_ids(document)
    network, more = network_of(document, where=where, folder=None)
    if submodels:
        _require_same_size(network, flat, where)
        if drop_prefixes:
            network = without_prefixes(network, submodels)
    return network, notes + more


def antimony_as_sbml(text: str, *, where: str = "text", path: Path | None = None) -> str:
    """Return the hierarchical SBML that an Antimony model is translated to; see read_antimony."""
    return _to_sbml(joined(text, where, path), where)[0]


def _to_sbml(source: Source, where: str) -> tuple[str, str, tuple[str, ...]]:
    """Hierarchical and flat SBML of a text, and the warnings of its translation."""
    with translator() as library:
        if library.loadAntimonyString(source.text) < 0:
            raise _parse_error(last_error(library), source, where)
        name = library.getMainModuleName()
        hierarchical, flat = library.getCompSBMLString(name), library.getSBMLString(name)
        warnings = library.getWarnings()
    if not hierarchical:
        raise ParseError("the Antimony text defines no model", file=where)
    notes = tuple(line.strip() for line in (warnings or "").splitlines() if line.strip())
    return hierarchical, flat, notes


def last_error(library: Any) -> str:
    """Return libAntimony's last error message."""
    try:
        return library.getLastError() or "unknown error"
    except UnicodeDecodeError as error:
        # libAntimony may cut a quotation in the middle of a letter.
        return error.object.decode("utf-8", "replace")


def _parse_error(message: str, source: Source, where: str) -> ParseError:
    """LibAntimony's message as a ParseError with file and line."""
    message = " ".join(message.split())
    place = _PLACE.match(message)
    if place is None:
        return ParseError("the Antimony cannot be read", file=where, found=message)
    file, line = source.place(int(place.group("line")))
    return ParseError(
        "the Antimony cannot be read", file=file, line=line, found=message[place.end() :]
    )


def _require_same_size(network: ReactionNetwork, flat: str, where: str) -> None:
    """Refuse a hierarchy that came out of the comp translation with parts lost or doubled.

    libAntimony 3.3 drops a connection between two submodels (``B.x is A.x``) from its
    hierarchical SBML unless one side is a symbol of the model itself. Its own flat SBML keeps it,
    so the numbers of components differ exactly then.
    """
    for element, parts in (
        ("compartment", network.compartments),
        ("species", network.species),
        ("parameter", network.parameters),
        ("reaction", network.reactions),
        ("assignmentRule", network.assignment_rules),
        ("rateRule", network.rate_rules),
        ("initialAssignment", network.initial_assignments),
        ("event", network.events),
    ):
        expected = len(re.findall(rf"<{element}[\s>]", flat))
        if expected != len(parts):
            raise ParseError(
                "a connection between submodels is lost in translation",
                file=where,
                found=f"{len(parts)} {element} elements",
                expected=str(expected),
                fix="connect submodels through the model: write 'x is A.x; B.x is x'",
            )
