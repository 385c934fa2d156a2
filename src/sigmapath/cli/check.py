"""``sigmapath check``: what a model file uses, what is supported, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sigmapath.cli import options as o
from sigmapath.cli.screen import say, table

if TYPE_CHECKING:
    from sigmapath.io.sbml.constructs import Construct
    from sigmapath.model.issue import Issue

__all__ = ["check"]

# Who uses a supported construct is worth a hint; of a refused one, all are listed.
_NAMED = 3


def check(model: o.ModelArgument) -> int:
    """Check a model file: constructs with their support, consistency, units, dead reactions.

    Exit code 0 if all is well (remarks and warnings included), 1 if something is wrong or refused,
    2 if the file cannot be read.
    """
    from sigmapath.api import from_network, load
    from sigmapath.io.check import check_file, shortened
    from sigmapath.pathways.registry import find_model

    packaged = find_model(model)
    found = check_file(model if packaged is None else packaged.path)
    issues = list(found.issues)
    if found.network is not None:
        own = (load(model) if packaged else from_network(found.network)).check()
        # libSBML has looked at the units of an SBML file; twice would be once too often.
        issues += [issue for issue in own if not (found.has_units and issue.is_about_units)]
    print(table(["construct", "uses", "support", "where"], _construct_rows(found.constructs)))
    shown = shortened(_in_order(issues))
    if shown:
        # The file is known: a place in it is enough.
        rows = [
            [
                issue.severity,
                issue.where.removeprefix(found.where).lstrip(":, ") or "file",
                f"{issue.what}; {issue.fix}" if issue.fix else issue.what,
            ]
            for issue in shown
        ]
        print()
        print(table(["severity", "where", "what, and what to do"], rows))
    counts = Counter(issue.severity for issue in issues)
    refused = [c.name for c in found.constructs if c.support == "refused"]
    say(
        f"{counts['error']} errors, {counts['warning']} warnings, {counts['info']} remarks"
        + (f"; refused: {', '.join(refused)}" if refused else "")
    )
    if not found.is_readable:
        return 2
    return 1 if counts["error"] or refused else 0


def _in_order(issues: Sequence[Issue]) -> list[Issue]:
    from sigmapath.model.issue import SEVERITIES

    return sorted(issues, key=lambda issue: SEVERITIES.index(issue.severity))


def _construct_rows(constructs: Sequence[Construct]) -> list[list[str]]:
    rows = []
    for item in constructs:
        limit = None if item.support == "refused" else _NAMED
        # An element of the kind that the row is about needs its id only.
        names = [place.removeprefix(_kind(item.name)) for place in item.elements]
        shown = ", ".join(names[:limit])
        more = len(item.elements) - _NAMED if limit else 0
        where = shown + (f" and {more} more" if more > 0 else "")
        reason = f"({item.reason})" if item.reason else ""
        said = f"{where} {reason}".strip()
        rows.append([item.name, str(len(item.elements) or ""), item.support, said])
    return rows


def _kind(name: str) -> str:
    """``species `` for "species in amounts", ``parameter `` for "parameters that may change"."""
    kinds = ("compartment", "species", "parameter", "reaction", "event", "unitDefinition")
    words = name.replace(" ", "").lower()
    return next((f"{kind} " for kind in kinds if words.startswith(kind.lower())), "\0")
