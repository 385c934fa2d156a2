"""What a model file uses and what is wrong with it, before anything is simulated.

Enters: the path of an SBML or Antimony file. Leaves: a :class:`FileCheck`. Called by ``sigmapath
check``. Antimony is looked at through the SBML that libAntimony makes of it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sigmapath.errors import ParseError, SigmapathError
from sigmapath.io.antimony import antimony_as_sbml
from sigmapath.io.load import LoadReport, is_sbml, read_network, text_of
from sigmapath.io.prescan import clean_xml
from sigmapath.io.sbml.check import check_sbml
from sigmapath.io.sbml.constructs import Construct, constructs_of
from sigmapath.io.sbml.library import library
from sigmapath.model.issue import Issue, refusal
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = ["FileCheck", "check_file", "shortened"]

# A model of a hundred parameters without units is one finding, not a hundred.
_SHOWN = 3


@record
class FileCheck:
    """What a look at a file finds.

    Parameters
    ----------
    where : str
        The path, as given.
    constructs : tuple of Construct
        Everything the file uses.
    issues : tuple of Issue
        libSBML's findings, what the reader refuses, and its notes.
    network : ReactionNetwork or None
        None where it cannot be read or is refused, for the reason that ``issues`` gives.
    is_readable : bool
        False where the file is too damaged to be read.
    has_units : bool
        Whether libSBML has looked at the units.
    """

    where: str
    constructs: tuple[Construct, ...]
    issues: tuple[Issue, ...]
    network: ReactionNetwork | None
    is_readable: bool
    has_units: bool


def check_file(path: str | os.PathLike[str]) -> FileCheck:
    """Look at a model file.

    Raises
    ------
    ParseError
        If there is no such file, or it is no SBML and no Antimony at all.
    """
    where = str(path)
    text = text_of(path)
    if is_sbml(path, text):
        sbml = text
        issues = [issue for issue in check_sbml(text, where=where) if issue.code != "refused"]
    else:
        sbml = antimony_as_sbml(text, where=where, path=Path(path).resolve())
        # Lines and units are those of the translation; what it says of errors counts.
        found = check_sbml(sbml, where=where, units=False)
        issues = [replace(i, where=where) for i in found if i.code.startswith("sbml-")]
        issues = [issue for issue in issues if issue.severity == "error"]
    document = library().readSBMLFromString(clean_xml(sbml, where))
    if document.getModel() is None and not issues:
        raise ParseError("the SBML file holds no model", file=where)
    report: LoadReport | None = None
    is_readable = True
    try:
        report = read_network(path)
    except ParseError as error:
        is_readable = False
        if not any(issue.severity == "error" for issue in issues):
            issues.insert(0, refusal(error))
    except SigmapathError as error:
        issues.insert(0, refusal(error))
    return FileCheck(
        where=where,
        constructs=constructs_of(document),
        # Packages left aside stand among the constructs.
        issues=tuple(i for i in issues if not i.what.startswith(("package '", "unknown package"))),
        network=None if report is None else report.network,
        is_readable=is_readable,
        has_units=sbml is text and not any(i.code == "not_checked" for i in issues),
    )


def shortened(issues: Sequence[Issue]) -> list[Issue]:
    """The issues with many of one kind cut to the first few and their number."""
    by_kind: dict[tuple[str, str], list[Issue]] = {}
    for issue in issues:
        by_kind.setdefault((issue.severity, issue.code), []).append(issue)
    result: list[Issue] = []
    for (severity, code), group in by_kind.items():
        keeps_all = severity == "error" or not code.startswith("sbml-")
        shown = group if keeps_all or len(group) <= _SHOWN + 1 else group[:_SHOWN]
        result += shown
        if len(shown) < len(group):
            what = f"{len(group) - len(shown)} more of the last kind"
            result.append(replace(group[_SHOWN], what=what, where="...", fix=""))
    return result
