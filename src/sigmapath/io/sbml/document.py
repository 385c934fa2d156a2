"""SBML text to reaction network: parse, refuse what cannot be read, flatten, convert to records.

Enters: SBML text. Leaves: a network and notes on what was left aside. Called by
:mod:`sigmapath.io.load` and :mod:`sigmapath.io.antimony`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sigmapath.errors import ParseError
from sigmapath.io.prescan import clean_xml, require_text
from sigmapath.io.sbml.flatten import flatten
from sigmapath.io.sbml.library import Finding, findings, library
from sigmapath.io.sbml.packages import require_known_packages, require_supported
from sigmapath.io.sbml.read import read_model
from sigmapath.model.network import ReactionNetwork

__all__ = ["network_of", "parse", "read_sbml"]


def parse(text: str, where: str) -> Any:
    """Return libSBML's document of a text that has passed the prescan.

    Raises
    ------
    ParseError
        If it is not XML, not SBML, or damaged so that elements would be lost in reading.
    """
    document = library().readSBMLFromString(clean_xml(require_text(text, where), where))
    fatal = [f for f in findings(document) if f.severity in {"error", "fatal"}]
    if fatal:
        require_known_packages(document, where)
        raise _parse_error("the SBML cannot be read", fatal, where)
    if document.getModel() is None:
        raise ParseError("the SBML file holds no model", file=where)
    return document


def _parse_error(what: str, found: Sequence[Finding], where: str) -> ParseError:
    first = found[0]
    others = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return ParseError(
        what + others,
        file=where,
        line=first.line,
        found=first.message,
        fix="run 'sigmapath check' on the file for the full list",
    )


def read_sbml(
    text: str, *, where: str = "text", folder: Path | None = None
) -> tuple[ReactionNetwork, tuple[str, ...]]:
    """Return the network of SBML text of any level, and notes on what was left aside.

    Parameters
    ----------
    text : str
        The SBML.
    where : str
        File name for messages.
    folder : Path, optional
        Where files that the model refers to may lie; without it such a model is refused.

    Raises
    ------
    ParseError
        If it cannot be read.
    UnsupportedFeatureError
        If it needs an SBML package or mathematics that is not supported.
    """
    return network_of(parse(text, where), where=where, folder=folder)


def network_of(
    document: Any, *, where: str, folder: Path | None
) -> tuple[ReactionNetwork, tuple[str, ...]]:
    """Return the network of a parsed document, which is flattened in place; see read_sbml."""
    level, version = document.getLevel(), document.getVersion()
    notes = require_supported(document, where)
    flatten(document, where, folder)
    network = read_model(document.getModel(), where=where, level=level, version=version)
    return network, notes
