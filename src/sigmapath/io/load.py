"""Choose a reader by suffix or content.

Enters: a path or text. Leaves: a :class:`~sigmapath.model.network.ReactionNetwork`. Called by the
public interface. A reader is imported when the first file for it comes.
"""

from __future__ import annotations

import os
from pathlib import Path

from sigmapath.errors import ParseError, near_matches
from sigmapath.io.prescan import decoded, looks_like_xml, require_text
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = [
    "LoadReport",
    "is_sbml",
    "load_network",
    "network_from_antimony",
    "network_from_sbml",
    "read_network",
    "text_of",
]

_ANTIMONY = frozenset({".ant", ".txt"})
_SBML = frozenset({".xml", ".sbml"})


@record
class LoadReport:
    """A network and what its reader had to say about it, one line per note."""

    network: ReactionNetwork
    notes: tuple[str, ...] = ()


def load_network(path: str | os.PathLike[str]) -> ReactionNetwork:
    """Return the reaction network of a model file; see :func:`read_network`."""
    return read_network(path).network


def read_network(path: str | os.PathLike[str]) -> LoadReport:
    """Return the reaction network of a model file, with the reader's notes.

    Parameters
    ----------
    path : path
        An Antimony file (.ant, .txt), an SBML file (.xml, .sbml), or any other file, whose content
        then decides.

    Raises
    ------
    ParseError
        If there is no such file, or it cannot be read.
    UnsupportedFeatureError
        If the model uses something that is not supported.
    """
    file = Path(path)
    text = text_of(path)
    if is_sbml(path, text):
        from sigmapath.io.sbml.document import read_sbml

        network, notes = read_sbml(text, where=str(path), folder=file.resolve().parent)
    else:
        from sigmapath.io.antimony import read_antimony

        network, notes = read_antimony(text, where=str(path), path=file.resolve())
    return LoadReport(network=network, notes=notes)


def text_of(path: str | os.PathLike[str]) -> str:
    """Return the text of a model file; raises ParseError with the names of files near by."""
    return decoded(_content(Path(path)), str(path))


def is_sbml(path: str | os.PathLike[str], text: str) -> bool:
    """Whether a file is SBML, by its name or else its content.

    Raises
    ------
    ParseError
        If the name says Antimony and the content is XML.
    """
    suffix = Path(path).suffix.lower()
    if suffix in _SBML or (suffix not in _ANTIMONY and looks_like_xml(text)):
        return True
    if looks_like_xml(text):
        raise ParseError(
            "the file's name says Antimony, its content is XML",
            file=str(path),
            fix="rename the file to end in .xml",
        )
    return False


def network_from_antimony(text: str, where: str = "text") -> ReactionNetwork:
    """Return the reaction network of Antimony text, ``where`` naming it in messages.

    Raises
    ------
    ParseError
        If the text has an error, with its line; also if it imports files, which text cannot.
    """
    from sigmapath.io.antimony import read_antimony

    return read_antimony(require_text(text, where), where=where)[0]


def network_from_sbml(text: str, where: str = "text") -> ReactionNetwork:
    """Return the reaction network of SBML text of any level, ``where`` naming it in messages.

    Raises
    ------
    ParseError
        If it cannot be read.
    UnsupportedFeatureError
        If it needs something that is not supported, or refers to other files.
    """
    from sigmapath.io.sbml.document import read_sbml

    return read_sbml(text, where=where)[0]


def _content(file: Path) -> bytes:
    """Bytes of a file, or an error that helps to find the right one."""
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise ParseError("there is no such file", file=str(file), fix=_nearby(file)) from error
    except IsADirectoryError as error:
        raise ParseError(
            "this is a folder, not a model file", file=str(file), fix=_nearby(file / "x")
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ParseError("the file cannot be read", file=str(file)[:500], found=reason) from error


def _nearby(file: Path) -> str:
    """Names of model files in the same folder, nearest first."""
    folder = file.parent
    try:
        names = [p.name for p in folder.iterdir() if p.suffix.lower() in _ANTIMONY | _SBML]
    except OSError:
        return f"the folder '{folder}' does not exist or cannot be read"
    found = near_matches(file.name, names)
    return f"in that folder: {', '.join(found)}" if found else ""
