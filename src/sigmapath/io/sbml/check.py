"""Checks of an SBML file: libSBML's validation rules, and what this version can read of it.

Enters: SBML text. Leaves: issues, the worst first in the file's order. Called by ``sigmapath
check`` through :mod:`sigmapath.io.load`.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from sigmapath.errors import SigmapathError
from sigmapath.io.prescan import measured_xml, require_text
from sigmapath.io.sbml.document import read_sbml
from sigmapath.io.sbml.library import Finding, findings, library
from sigmapath.model.issue import Issue, refusal

__all__ = ["check_sbml"]

# libSBML 5.21 takes time with the cube of the terms of a sum (5 s for 1000), and writes nested
# functions out in full when it looks at units.
MAX_TERMS = 300
MAX_NESTED_FUNCTIONS = 8
_LONG = 200

_SEVERITY: dict[str, Literal["error", "warning", "info"]] = {
    "info": "info",
    "warning": "warning",
    "error": "error",
    "fatal": "error",
}


def check_sbml(text: str, *, where: str = "text", units: bool = True) -> list[Issue]:
    """Return what libSBML finds wrong with SBML text, and what this version refuses in it.

    Parameters
    ----------
    text : str
        The SBML.
    where : str
        File name, for the places of issues.
    units : bool
        Also check the units of formulas, which takes longest.

    Raises
    ------
    ParseError
        If the text is not XML at all, or beyond the limits of the prescan.
    """
    content, widest = measured_xml(require_text(text, where), where)
    lib = library()
    document = lib.readSBMLFromString(content)
    skipped: list[str] = []
    if not any(finding.severity == "fatal" for finding in findings(document)):
        if widest > MAX_TERMS:
            skipped = ["general consistency", "units"]
        elif units and _nested_functions(document) > MAX_NESTED_FUNCTIONS:
            skipped = ["units"]
        general = lib.LIBSBML_CAT_GENERAL_CONSISTENCY
        document.setConsistencyChecks(general, "general consistency" not in skipped)
        document.setConsistencyChecks(
            lib.LIBSBML_CAT_UNITS_CONSISTENCY, units and "units" not in skipped
        )
        document.setConsistencyChecks(lib.LIBSBML_CAT_MODELING_PRACTICE, False)
        document.checkConsistency()
    issues = [_issue(finding, where) for finding in dict.fromkeys(findings(document))]
    issues += [_left_out(name, where) for name in skipped]
    return issues + _refused(text, where, already_bad=bool(issues))


def _nested_functions(document: Any) -> int:
    """How many function definitions call another one."""
    model = document.getModel()
    if model is None:
        return 0
    definitions = model.getListOfFunctionDefinitions()
    names = {definitions.get(i).getId() for i in range(definitions.size())}
    count = 0
    for i in range(definitions.size()):
        body = definitions.get(i).getBody()
        pending = [] if body is None else [body]
        while pending:
            node = pending.pop()
            if node.getName() in names and node.getNumChildren():
                count += 1
                break
            pending.extend(node.getChild(k) for k in range(node.getNumChildren()))
    return count


def _left_out(category: str, where: str) -> Issue:
    return Issue(
        severity="info",
        code="not_checked",
        where=where,
        what=f"libSBML's rules on {category} would take too long on a model of such formulas",
    )


def _issue(finding: Finding, where: str) -> Issue:
    place = f"{where}, line {finding.line}" if finding.line is not None else where
    return Issue(
        severity=_SEVERITY[finding.severity],
        code=f"sbml-{finding.code}",
        where=place,
        what=_IN_PLAIN_WORDS.get(finding.code) or _in_short(finding.message),
    )


# Findings of libSBML that are about the whole file, and take it three lines to say.
_IN_PLAIN_WORDS = {
    99506: "the model declares no units of time, so formulas with time were not checked for units",
    99507: "the model declares no units of extent, so kinetic laws were not checked for units",
    1090106: "lines of findings in models with submodels may be wrong",
}


# libSBML puts the whole rule before what is wrong here, and names its clause in between.
_CLAUSE = re.compile(r"\s*Reference: (?P<clause>L\dV\d[^<]*? Sections? [\d.]*\d)\.?\s*")
_CAVEATS = (
    "Unit consistency reported as either no errors or further unit errors related to this object "
    "may not be accurate.",
)


def _in_short(message: str) -> str:
    """What is wrong here, and the clause; the rule itself where libSBML says no more."""
    for caveat in _CAVEATS:
        message = message.replace(caveat, "").strip()
    rule, clause, here = message, "", ""
    if match := _CLAUSE.search(message):
        rule, clause, here = message[: match.start()], match["clause"], message[match.end() :]
    elif ". The " in message and len(message) > _LONG:
        here = "The " + message.rpartition(". The ")[2]
    return (here or rule) + (f" ({clause})" if clause else "")


def _refused(text: str, where: str, *, already_bad: bool) -> list[Issue]:
    """What the reader itself says: an error where libSBML found none, notes on what is ignored."""
    try:
        _, notes = read_sbml(text, where=where)
    except SigmapathError as error:
        if already_bad and type(error).__name__ == "ParseError":
            return []
        return [refusal(error)]
    return [Issue(severity="info", code="ignored", where=where, what=note) for note in notes]
