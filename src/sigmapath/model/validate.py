"""The list of checks that a network goes through.

Enters: a :class:`~sigmapath.model.network.ReactionNetwork`. Leaves: a list of issues, errors first
(:func:`check_network`), or one error that names everything that is wrong (:func:`require_valid`).
"""

from __future__ import annotations

from collections.abc import Iterable

from sigmapath.model.chemistry import CHEMISTRY_CHECKS
from sigmapath.model.formulas import index_network
from sigmapath.model.issue import SEVERITIES, Issue, raise_errors
from sigmapath.model.network import ReactionNetwork
from sigmapath.model.structure import STRUCTURE_CHECKS
from sigmapath.model.units import check_units

__all__ = ["Issue", "check_network", "describe_totals", "require_valid"]


def check_network(network: ReactionNetwork) -> list[Issue]:
    """Return everything that the checks find: errors, then warnings, then infos.

    Names and roles are checked first; chemistry and units only where names and roles are right,
    because their findings would otherwise repeat the first ones.
    """
    index = index_network(network)
    issues = [issue for check in STRUCTURE_CHECKS for issue in check(index)]
    if not any(issue.severity == "error" for issue in issues):
        issues += [issue for check in CHEMISTRY_CHECKS for issue in check(index)]
        issues += check_units(network)
    return sorted(issues, key=lambda issue: SEVERITIES.index(issue.severity))


def require_valid(network: ReactionNetwork) -> None:
    """Raise one error that lists every error of the network.

    Only names and roles are looked at: this runs with every load.

    Raises
    ------
    ModelError
        With ``issues``, the records behind the text.
    """
    index = index_network(network)
    issues = (issue for check in STRUCTURE_CHECKS for issue in check(index))
    raise_errors(issues, where=network.where)


def describe_totals(totals: Iterable[tuple[str, Iterable[tuple[float, str]]]]) -> list[Issue]:
    """Return one info per conserved total.

    Parameters
    ----------
    totals : iterable of (name, terms)
        Terms are (coefficient, species id), as found by lowering.
    """
    issues = []
    for name, terms in totals:
        text = " + ".join(s if c == 1.0 else f"{c:g} {s}" for c, s in terms)
        issues.append(
            Issue(
                severity="info",
                code="conserved_total",
                where=f"total {name}",
                what=f"stays constant: {text}",
            )
        )
    return issues
