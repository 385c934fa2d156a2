"""Findings about a model, collected before anything is raised.

Enters: the checks of :mod:`sigmapath.model` make them. Leaves: ``model.check()`` shows them,
:func:`sigmapath.model.validate.require_valid` raises the errors among them as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from sigmapath.errors import ModelError, SigmapathError
from sigmapath.record import record

__all__ = ["SEVERITIES", "Issue", "Severity", "raise_errors", "refusal"]

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
_SHOWN = 20


@record
class Issue:
    """One finding.

    Parameters
    ----------
    severity : "error", "warning" or "info"
        An error means that the model has no mathematical meaning as written; a warning that it
        probably does not mean what its author wanted; an info that something could not be checked
        or is worth knowing.
    code : str
        Short fixed name of the kind of finding: "unknown_symbol", "unit_dimension", ...
    where : str
        The component: "reaction R1", "parameter k".
    what : str
        What was found, one sentence without the final stop.
    fix : str
        What to do.
    """

    severity: Severity
    code: str
    where: str
    what: str
    fix: str = ""

    @property
    def is_about_units(self) -> bool:
        """Whether it is a finding of the check of units."""
        return self.code.startswith("unit")

    def __str__(self) -> str:
        fix = f" ({self.fix})" if self.fix else ""
        return f"{self.severity}: {self.where}: {self.what}{fix}"


def refusal(error: SigmapathError) -> Issue:
    """Return the finding that says what an error says: something of the model is refused."""
    what = f"{error.what}; found: {error.found}" if error.found else error.what
    return Issue(severity="error", code="refused", where=error.where, what=what, fix=error.fix)


def raise_errors(issues: Iterable[Issue], *, where: str) -> None:
    """Raise one :class:`ModelError` that lists every error among ``issues``; otherwise do nothing.

    The error carries them as ``issues``, in order.
    """
    errors = tuple(issue for issue in issues if issue.severity == "error")
    if not errors:
        return
    listed = [f"{e.where}: {e.what}" + (f" ({e.fix})" if e.fix else "") for e in errors[:_SHOWN]]
    if len(errors) > _SHOWN:
        listed.append(f"and {len(errors) - _SHOWN} more")
    noun = "an error" if len(errors) == 1 else f"{len(errors)} errors"
    raise InvalidModelError(f"the model has {noun}: " + "; ".join(listed), errors, where=where)


class InvalidModelError(ModelError):
    """All errors of one model together; ``issues`` holds them as records."""

    def __init__(self, what: str, issues: tuple[Issue, ...], *, where: str) -> None:
        self.issues = issues
        super().__init__(what, where=where)
