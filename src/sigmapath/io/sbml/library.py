"""libSBML, imported when first needed.

Leaves: the module, and its messages as records. Called by the modules of :mod:`sigmapath.io.sbml`.
"""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

from sigmapath.record import record

__all__ = ["Finding", "findings", "library"]

_SEVERITIES = ("info", "warning", "error", "fatal")


@record
class Finding:
    """One message of libSBML.

    ``severity`` is "info", "warning", "error" or "fatal"; ``line`` is None where libSBML names
    none; ``category`` and ``code`` are those of the SBML specification's validation rules.
    """

    severity: str
    message: str
    line: int | None = None
    category: str = ""
    code: int = 0


@cache
def library() -> Any:
    """Return the module libsbml."""
    with warnings.catch_warnings():
        # SWIG's generated classes set off a DeprecationWarning of Python 3.12 while importing.
        warnings.simplefilter("ignore", DeprecationWarning)
        import libsbml
    return libsbml


def findings(document: Any) -> tuple[Finding, ...]:
    """Return every message that libSBML has logged for a document, in its order."""
    return tuple(_finding(document.getError(i)) for i in range(document.getNumErrors()))


def _finding(error: Any) -> Finding:
    severity = error.getSeverity()
    line = error.getLine()
    return Finding(
        severity=_SEVERITIES[min(severity, len(_SEVERITIES) - 1)],
        message=" ".join(error.getMessage().split()),
        line=line if line > 0 else None,
        category=error.getCategoryAsString(),
        code=error.getErrorId(),
    )
