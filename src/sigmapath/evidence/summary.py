"""What an evidence run says in a few lines: how many claims hold, in what share of parameter space.

Enters: an :class:`Evidence`. Leaves: rows of a table and sentences, for ``evidence --summary``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sigmapath.evidence.claims import claims_folder, read_table
from sigmapath.evidence.evidence import Evidence
from sigmapath.evidence.judging import Judgement
from sigmapath.evidence.report import shares
from sigmapath.evidence.uncertainty import Share
from sigmapath.experiment.ensemble import MV_PER_DOUBLING

__all__ = ["HOLDS_WIDELY", "summary_lines", "summary_rows"]

# A claim that holds in this share of the draws does not hang on the values chosen.
HOLDS_WIDELY = 0.9
_GROUPS = ("holds", "by construction", "context only", "fails", "not testable")


def summary_rows(evidence: Evidence) -> tuple[list[str], list[list[str]]]:
    """Header and rows, one per verdict: claims, and with an ensemble where in it they hold.

    The share of parameter space of a group is the mean over its claims of the share of draws in
    which the claim holds, once of the draws that came to rest and ran, once of all draws.
    """
    found = shares(evidence)
    header = ["nominal verdict", "claims"]
    if found:
        header += ["holds in (ran)", "holds in (all draws)", ">= 90 %", "50 to 90 %", "< 50 %"]
    rows = []
    for verdict in _GROUPS:
        group = [j for j in evidence.judgements if j.verdict == verdict]
        if group:
            rows.append([verdict, str(len(group)), *_cells(group, found)])
    rows.append(["all", str(len(evidence.judgements)), *_cells(evidence.judgements, found)])
    for title, names in _compared().items():
        group = [j for j in evidence.judgements if j.claim.id in names]
        if group and found:
            rows.append([title, str(len(group)), *_cells(group, found)])
    return header, rows


def _compared() -> dict[str, frozenset[str]]:
    """Sets of claims that others tested too, by title."""
    table = read_table(claims_folder() / "compared.toml")
    return {entry["title"]: frozenset(entry["claims"]) for entry in table.values()}


def _cells(group: Sequence[Judgement], found: dict[str, Share]) -> list[str]:
    if not found:
        return []
    own = [found[j.claim.id] for j in group if j.claim.id in found]
    own = [share for share in own if share.n_ran]
    if not own:
        return ["", "", "0", "0", "0"]
    ran = np.array([share.share for share in own])
    every = np.array([share.share_of_all for share in own])
    widely, half = int((ran >= HOLDS_WIDELY).sum()), int((ran >= 0.5).sum())
    return [
        f"{100 * ran.mean():.0f} %", f"{100 * every.mean():.0f} %",
        str(widely), str(half - widely), str(len(own) - half),
    ]  # fmt: skip


def summary_lines(evidence: Evidence, factor: float | None = None) -> list[str]:
    """Sentences about the draws: how they are made and how many find no resting state."""
    draws = evidence.results.n_member - 1
    if draws < 1:
        return []
    tested = [j.ran[1:] for j in evidence.judgements if j.findings]
    if not tested:
        return []
    lost = int(draws - np.logical_and.reduce(tested).sum())
    worst = int(draws - min(int(ran.sum()) for ran in tested))
    made = "the graded parameter ranges"
    if factor is not None:
        reach = MV_PER_DOUBLING * math.log2(factor)
        made = (
            f"constants that nobody measured (assumed, fitted) within a factor of {factor:g} of "
            f"their values (potentials within {reach:.3g} mV; exponents and shares inside their "
            "graded ranges), the others fixed"
        )
    return [
        f"{draws} draws from {made}; in {lost} of them at least one claim has a run "
        f"that finds no resting state or does not end, in at most {worst} for any one claim."
    ]
