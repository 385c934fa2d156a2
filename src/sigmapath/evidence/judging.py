"""Verdicts: what was measured against what the claim states.

Enters: claims, experiments and results. Leaves: one :class:`Judgement` per claim, for
all members of an ensemble at once; member 0 is the nominal model.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sigmapath.evidence.claims import Claim
from sigmapath.evidence.measures import NOISE, FloatArray, Recorded, measure, parse_measure
from sigmapath.evidence.running import Results
from sigmapath.evidence.specs import Check, Experiment, RunSpec
from sigmapath.experiment.ligands import LigandTable
from sigmapath.record import record
from sigmapath.status import Status

__all__ = ["VERDICTS", "Finding", "Judgement", "judge"]

VERDICTS = ("holds", "fails", "by construction", "context only", "not testable")
# Smaller relative differences are the integration's own: its default rtol.
_RESOLUTION = 1e-6
_IN_CONTEXT = ("context", "conflict")
_WORDS = {
    "ratio_ge": ">=", "ratio_le": "<=", "ge": ">=", "gt": ">", "le": "<=", "changes": "|change| >=",
    "conserved": "drift <=", "spearman_ge": "rank correlation >=",
}  # fmt: skip

BoolArray = NDArray[np.bool_]


@record(eq=False)
class Finding:
    """One comparison that was made.

    Parameters
    ----------
    text : str
        What was compared with what.
    wanted : str
        What the claim asks for.
    measured : ndarray, shape (n_member,)
    passed : ndarray of bool, shape (n_member,)
    is_control : bool
    effect : float
        Size of the nominal effect, as a relative change; NaN where that makes no sense.
    """

    text: str
    wanted: str
    measured: FloatArray
    passed: BoolArray
    is_control: bool
    effect: float = float("nan")

    def sentence(self, member: int = 0) -> str:
        """One line about one member."""
        kind = "control: " if self.is_control else ""
        return f"{kind}{self.text} = {self.measured[member]:.4g} (wanted {self.wanted})"


@record(eq=False)
class Judgement:
    """The verdict about one claim.

    Parameters
    ----------
    claim, experiment
    verdict : str
        One of :data:`VERDICTS`, for the nominal model.
    reason : str
        Why it fails, is by construction or is not testable; the context it holds in.
    findings : tuple of Finding
    passed : ndarray of bool, shape (n_member,)
        Whether checks and controls all pass.
    ran : ndarray of bool, shape (n_member,)
        Whether every run of the claim came to its end.
    below_resolution : bool
        Whether the nominal effect is smaller than the assay can tell from none.
    """

    claim: Claim
    experiment: Experiment
    verdict: str
    reason: str
    findings: tuple[Finding, ...]
    passed: BoolArray
    ran: BoolArray
    below_resolution: bool


def judge(
    claim: Claim, experiment: Experiment, results: Results, ligands: LigandTable
) -> Judgement:
    """Judge one claim."""
    if experiment.not_testable:
        nothing = np.zeros(results.n_member, dtype=bool)
        return Judgement(
            claim=claim,
            experiment=experiment,
            verdict="not testable",
            reason=experiment.not_testable,
            findings=(),
            passed=nothing,
            ran=nothing,
            below_resolution=False,
        )
    recorded = results.of(experiment)
    findings = [
        finding
        for check, is_control in (
            *((check, False) for check in experiment.checks),
            *((check, True) for check in experiment.controls),
        )
        for finding in _findings(check, experiment.runs, recorded, ligands, is_control)
    ]
    passed = np.logical_and.reduce([finding.passed for finding in findings])
    used = {name for c in (*experiment.checks, *experiment.controls) for name in c.runs}
    statuses = np.maximum.reduce([recorded[name].status for name in sorted(used)])
    ran = statuses == 0
    verdict, reason = _verdict(claim, experiment, findings, bool(passed[0]), int(statuses[0]))
    return Judgement(
        claim=claim,
        experiment=experiment,
        verdict=verdict,
        reason=reason,
        findings=tuple(findings),
        passed=passed & ran,
        ran=ran,
        below_resolution=_is_below(experiment, findings),
    )


def _verdict(
    claim: Claim, experiment: Experiment, findings: list[Finding], passed: bool, status: int
) -> tuple[str, str]:
    if status:
        return "fails", f"a run failed: {Status(status).message}"
    if not passed:
        first = next(finding for finding in findings if not finding.passed[0])
        because = f"; {experiment.fails_because}" if experiment.fails_because else ""
        return "fails", first.sentence() + because
    if experiment.by_construction:
        return "by construction", experiment.by_construction
    if claim.tier in _IN_CONTEXT:
        return "context only", experiment.context or str(claim.notes.get("context", ""))
    return "holds", ""


def _is_below(experiment: Experiment, findings: list[Finding]) -> bool:
    if experiment.resolution is None:
        return False
    effects = [abs(f.effect) for f in findings if not f.is_control and np.isfinite(f.effect)]
    return bool(effects) and min(effects) < experiment.resolution


def _findings(
    check: Check,
    runs: Mapping[str, RunSpec],
    recorded: Mapping[str, Recorded],
    ligands: LigandTable,
    is_control: bool,
) -> list[Finding]:
    """Make every comparison of a check."""
    found = []
    for text in check.of:
        if check.order or check.rank_by or check.schild:
            measured, passed, said, wanted = _over_runs(check, text, runs, recorded, ligands)
            found.append(
                Finding(
                    text=said, wanted=wanted, measured=measured, passed=passed,
                    is_control=is_control,
                )
            )  # fmt: skip
            continue
        for name in check.run:
            measured, said = _pair(check, text, name, runs, recorded)
            passed, wanted = _compare(check, measured)
            is_ratio = check.vs is not None and not check.as_percent
            has_effect = is_ratio and check.op in ("ratio_ge", "ratio_le", "changes")
            plain = has_effect and check.share_of is None and check.more_than is None
            effect = float(measured[0] - 1.0) if plain else float("nan")
            if check.op == "changes":
                effect = float(measured[0])
            found.append(
                Finding(
                    text=said, wanted=wanted, measured=measured, passed=passed,
                    is_control=is_control, effect=effect,
                )
            )  # fmt: skip
    return found


def _value(
    text: str, name: str, runs: Mapping[str, RunSpec], recorded: Mapping[str, Recorded]
) -> FloatArray:
    return measure(parse_measure(text, binding=bool(runs[name].binding)), name, recorded)


def _pair(
    check: Check,
    text: str,
    name: str,
    runs: Mapping[str, RunSpec],
    recorded: Mapping[str, Recorded],
) -> tuple[FloatArray, str]:
    """Value of a run, or its ratio to another, with what is derived from it."""
    if check.op == "conserved":
        return _value(f"spread({text})", name, runs, recorded), f"spread of {text}, {name}"
    values = _value(text, name, runs, recorded)
    said = f"{text}, {name}"
    if check.vs is not None:
        others = _value(text, check.vs, runs, recorded)
        values = _longer(values, others) if "duration(" in text else _ratio(values, others)
        said = f"{text}, {name} / {check.vs}"
    if check.as_percent == "increase":
        return 100.0 * (values - 1.0), f"{said}, % increase"
    if check.as_percent == "of":
        return 100.0 * values, f"{said}, %"
    if check.op == "changes":
        return np.abs(values - 1.0), f"change of {said}"
    for other, is_share in ((check.share_of, True), (check.more_than, False)):
        if other is None:
            continue
        second, said_second = _pair(other, other.of[0], other.run[0], runs, recorded)
        with np.errstate(divide="ignore", invalid="ignore"):
            if is_share:
                return (values - 1) / (second - 1), f"change of {said} over that of {said_second}"
            return _difference(values, second), f"{said} minus {said_second}"
    return values, said


def _difference(values: FloatArray, others: FloatArray) -> FloatArray:
    """Difference; none where it is smaller than what the integration can tell."""
    found = values - others
    size = np.maximum(np.abs(values), np.abs(others))
    return np.where(np.abs(found) <= _RESOLUTION * size, 0.0, found)


def _ratio(values: FloatArray, others: FloatArray) -> FloatArray:
    """Quotient; NaN where there is nothing to divide by."""
    return values / np.where(np.abs(others) > NOISE, others, np.nan)


def _longer(values: FloatArray, others: FloatArray) -> FloatArray:
    """Quotient of durations: some time is infinitely longer than none, none as long as none NaN."""
    return np.where((others == 0.0) & (values > 0.0), np.inf, _ratio(values, others))


def _compare(check: Check, measured: FloatArray) -> tuple[BoolArray, str]:
    """Whether each member passes, and what was wanted in words; NaN never passes."""
    op, value = check.op, check.value
    if op in ("ratio_ge", "ge", "changes", "spearman_ge"):
        return measured >= value, f"{_WORDS[op]} {value:g}"
    if op in ("ratio_le", "le"):
        return measured <= value, f"{_WORDS[op]} {value:g}"
    if op == "gt":
        return measured > float(value), f"> {float(value):g}"
    if op == "in_range":
        low, high = value
        return (measured >= low) & (measured <= high), f"{low:g} to {high:g}"
    tolerance = check.tol or 0.0
    if op == "conserved":
        return measured <= tolerance, f"drift <= {tolerance:g}"
    return np.abs(measured - value) <= tolerance, f"{value:g} +- {tolerance:g}"


def _over_runs(
    check: Check,
    text: str,
    runs: Mapping[str, RunSpec],
    recorded: Mapping[str, Recorded],
    ligands: LigandTable,
) -> tuple[FloatArray, BoolArray, str, str]:
    """Comparisons that need several runs at once: order, rank, Schild slope."""
    if check.order:
        table = np.array([_value(text, name, runs, recorded) for name in check.order])
        steps = np.diff(table, axis=0)
        smallest: FloatArray = np.min(table[1:] / table[:-1], axis=0)
        said = f"{text}: " + " < ".join(check.order)
        return smallest, np.all(steps > 0, axis=0), said, "each above the one before"
    if check.rank_by:
        table = np.array([_value(text, name, runs, recorded) for name in check.run])
        affinities = np.array([ligands[str(runs[name].curve_of)].Ki_uM for name in check.run])
        rho = spearman(table, affinities)
        passed, wanted = _compare(check, rho)
        return (
            rho,
            passed,
            f"{text} of {len(check.run)} ligands against Ki, rank correlation",
            wanted,
        )
    low, high = (_value(text, name, runs, recorded) for name in check.schild)
    alone = _value(text, str(check.vs), runs, recorded)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.log10((high / alone - 1.0) / (low / alone - 1.0))
    passed, wanted = _compare(check, slope)
    return slope, passed, f"Schild slope of {text}, {' to '.join(check.schild)}", wanted


def spearman(table: FloatArray, against: FloatArray) -> FloatArray:
    """Rank correlation of every column of a table, shape (n, n_member), with n numbers."""
    found = np.full(table.shape[1], np.nan)
    ranks = np.argsort(np.argsort(against))
    for j, column in enumerate(table.T):
        if np.isfinite(column).all():
            found[j] = np.corrcoef(np.argsort(np.argsort(column)), ranks)[0, 1]
    return found
