"""The report of an evidence run: one HTML page, a JUnit file, tables for the terminal.

Enters: an :class:`Evidence`. Leaves: text; nothing is written here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape
from xml.sax.saxutils import quoteattr

import numpy as np

from sigmapath.evidence.drawing import lines_svg
from sigmapath.evidence.evidence import Evidence
from sigmapath.evidence.judging import VERDICTS, Judgement
from sigmapath.evidence.measures import FloatArray, Recorded, parse_measure
from sigmapath.evidence.rivals import RivalTable
from sigmapath.evidence.uncertainty import Share, share_of_space
from sigmapath.quantity import parse_unit, to_model_units

__all__ = ["claim_rows", "count_rows", "html_report", "junit_report", "shares"]

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff } svg text { font: 11px system-ui, sans-serif }
table { border-collapse: collapse } td, th { padding: .15rem .7rem; text-align: left;
  border-bottom: 1px solid #ddd; vertical-align: top }
.holds { color: #00664b } .fails { color: #a33c00 } .not { color: #666 }
section { border-top: 1px solid #ccc; margin-top: 1.5rem } small { color: #555 }
"""
_TIME_UNITS = (("h", 3600.0), ("s", 1.0))
_CLASSES = {"holds": "holds", "by construction": "holds", "fails": "fails"}


def shares(evidence: Evidence) -> dict[str, Share]:
    """Share of the draws in which each testable claim holds; empty without an ensemble."""
    if evidence.results.n_member < 2:
        return {}
    return {
        j.claim.id: share_of_space(j, evidence.results.draws)
        for j in evidence.judgements
        if j.verdict != "not testable"
    }


def count_rows(evidence: Evidence, by: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows of verdicts counted by "module" or "tier"."""
    groups: dict[str, Counter[str]] = {}
    for judgement in evidence.judgements:
        key = getattr(judgement.claim, by)
        groups.setdefault(key, Counter())[judgement.verdict] += 1
    rows = [[key, *(str(c[v]) for v in VERDICTS), str(c.total())] for key, c in groups.items()]
    total = evidence.counts()
    rows.append(["all", *(str(total[v]) for v in VERDICTS), str(total.total())])
    return [by, *VERDICTS, "claims"], rows


def claim_rows(evidence: Evidence) -> tuple[list[str], list[list[str]]]:
    """Header and rows, one per claim: verdict, what was measured or why not, share of draws."""
    found = shares(evidence)
    header = ["claim", "tier", "verdict", "what was seen"]
    if found:
        header[3:3] = ["holds in", "95 %", "of all", "ran"]
    rows = []
    for judgement in evidence.judgements:
        row = [judgement.claim.id, judgement.claim.tier, judgement.verdict, _seen(judgement)]
        if found:
            row[3:3] = _share_cells(found.get(judgement.claim.id))
        rows.append(row)
    return header, rows


def _share_cells(share: Share | None) -> list[str]:
    if share is None or not share.n_ran:
        return ["", "", "", ""]
    return [
        f"{100 * share.share:.0f} %",
        f"{100 * share.low:.0f}-{100 * share.high:.0f}",
        f"{100 * share.share_of_all:.0f} %",
        f"{share.n_ran}/{share.n_draw}",
    ]


def _seen(judgement: Judgement) -> str:
    if judgement.verdict in ("fails", "not testable"):
        return judgement.reason
    first = judgement.findings[0]
    mark = " [below what the assay resolves]" if judgement.below_resolution else ""
    return first.sentence() + mark


# HTML --------------------------------------------------------------------------------------------


def html_report(evidence: Evidence, rivals: Sequence[RivalTable] = ()) -> str:
    """Return the page: counts, then every claim with source, plot, comparisons and verdict."""
    found = shares(evidence)
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        "<title>Evidence: claims about the sigma-1 receptor</title>",
        f"<style>{_STYLE}</style></head><body><h1>Evidence</h1>",
        f"<p>{len(evidence.judgements)} claims, {evidence.results.n_runs} runs. A claim holds if "
        "every comparison and every control passes in the nominal model. Claims that hold by "
        "construction, in a context only, or cannot be tested are counted apart.</p>",
        _html_table(*count_rows(evidence, "module")),
        _html_table(*count_rows(evidence, "tier")),
    ]
    for rival in rivals:
        parts += [f"<h2>{escape(rival.question)}</h2>", _html_table(*rival.rows())]
    parts += [_section(judgement, evidence, found.get(judgement.claim.id))
              for judgement in evidence.judgements]  # fmt: skip
    return "\n".join([*parts, "</body></html>\n"])


def _html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>{body}</table><br>"


def _section(judgement: Judgement, evidence: Evidence, share: Share | None) -> str:
    claim, experiment = judgement.claim, judgement.experiment
    style = _CLASSES.get(judgement.verdict, "not")
    lines = [
        f"<section id='{escape(claim.id)}'><h2>{escape(claim.id)}: "
        f"<span class='{style}'>{escape(judgement.verdict)}</span></h2>",
        f"<p>{escape(claim.statement)}</p>",
        f"<p><small>{escape(claim.tier)}; source: {escape(claim.source)}; "
        f"readout as stated: {escape(claim.readout)}</small></p>",
    ]
    facts = {
        "why": judgement.reason,
        "assay": experiment.assay + (" (the effect is below what it resolves)"
                                     if judgement.below_resolution else ""),
        "made checkable": experiment.adapted,
        "requires": ", ".join(experiment.requires),
        "control as stated": str(claim.notes.get("control_or_reversal", "")),
        "conflict": str(claim.notes.get("conflict", "")),
        "outside evidence": str(claim.notes.get("outside_evidence", "")),
        "share of draws": _share_sentence(share),
    }  # fmt: skip
    lines += [f"<p><b>{escape(key)}:</b> {escape(text)}</p>" for key, text in facts.items() if text]
    if judgement.findings:
        rows = [
            ["passes" if f.passed[0] else "fails", "control" if f.is_control else "claim", f.text,
             f"{f.measured[0]:.5g}", f.wanted]
            for f in judgement.findings
        ]  # fmt: skip
        lines.append(_html_table(["", "", "comparison", "measured", "wanted"], rows))
        lines += _plots(judgement, evidence)
    return "\n".join([*lines, "</section>"])


def _share_sentence(share: Share | None) -> str:
    if share is None:
        return ""
    text = (
        f"holds in {100 * share.share:.0f} % ({100 * share.low:.0f} to {100 * share.high:.0f} %) "
        f"of {share.n_ran} draws that ran, {100 * share.share_of_all:.0f} % of all {share.n_draw}"
    )
    if share.deciders:
        text += "; decided by " + ", ".join(f"{name} ({rho:+.2f})" for name, rho in share.deciders)
    return text


def _plots(judgement: Judgement, evidence: Evidence) -> list[str]:
    """One figure per readout of the first check: courses, or curves over dose."""
    runs = judgement.experiment.runs
    recorded = evidence.results.of(judgement.experiment)
    found: dict[str, str] = {}
    for check in judgement.experiment.checks:
        for text in check.of:
            names = [n for n in check.runs_of_own() if n in recorded and not runs[n].binding]
            if names and text not in found:
                found[text] = _plot(text, {name: recorded[name] for name in names})
    return [svg for svg in found.values() if svg]


def _plot(text: str, recorded: dict[str, Recorded]) -> str:
    first = next(iter(recorded.values()))
    taken = parse_measure(text) if "(" in text else None
    if first.doses.size:
        if taken is None:
            return ""
        readout = taken.readouts[0]
        lines = {name: r.readouts[readout][0, 1:] for name, r in recorded.items()}
        return lines_svg(
            first.doses[1:], lines, x_label="dose [uM], log scale", y_label=readout, log_x=True
        )
    observable = text if taken is None else taken.course or _observable(taken.readouts[0])
    lines = {
        name: r.courses[observable][0] for name, r in recorded.items() if observable in r.courses
    }
    shown = _shown(taken.readouts[0] if taken and taken.readouts else "", first.times)
    same = {name: y[shown] for name, y in lines.items() if len(y) == len(first.times)}
    times = np.asarray(first.times)[shown]
    if not len(times):
        return ""
    unit, seconds = next(((u, s) for u, s in _TIME_UNITS if np.ptp(times) >= 2.0 * s), ("ms", 1e-3))
    since = f" from {times[0]:.6g} s" if shown.start else ""
    level = first.units.get(observable, "")
    return lines_svg(
        (times - (times[0] if shown.start else 0.0)) / seconds, same,
        x_label=f"time{since} [{unit}]", y_label=f"{observable} [{level}]" if level else observable,
        log_x=False,
    )  # fmt: skip


def _shown(readout: str, times: FloatArray) -> slice:
    """The part of a course that a readout looks at, if what comes before would hide it."""
    from sigmapath.experiment.readouts import parse_readout

    if not readout or not len(times):
        return slice(0, None)
    after = parse_readout(readout).after
    if after is None:
        return slice(0, None)
    start = to_model_units(after, parse_unit("s"), name="after", where="readout")
    hidden = times[-1] - start < 0.2 * (times[-1] - times[0])
    return slice(int(np.searchsorted(times, start)) if hidden else 0, None)


def _observable(readout: str) -> str:
    from sigmapath.experiment.readouts import parse_readout

    return parse_readout(readout).observable


# JUnit -------------------------------------------------------------------------------------------


def junit_report(evidence: Evidence) -> str:
    """Return the verdicts as JUnit XML: a suite per module; not testable is skipped."""
    by_module: dict[str, list[Judgement]] = {}
    for judgement in evidence.judgements:
        by_module.setdefault(judgement.claim.module, []).append(judgement)
    suites = [_suite(module, found) for module, found in by_module.items()]
    counts = evidence.counts()
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="evidence" tests="{len(evidence.judgements)}" '
        f'failures="{counts["fails"]}" skipped="{counts["not testable"]}">\n'
        + "\n".join(suites)
        + "\n</testsuites>\n"
    )


def _suite(module: str, found: list[Judgement]) -> str:
    verdicts = Counter(judgement.verdict for judgement in found)
    cases = []
    for j in found:
        inside = ""
        if j.verdict == "fails":
            inside = f"<failure message={quoteattr(j.reason)}/>"
        elif j.verdict == "not testable":
            inside = f"<skipped message={quoteattr(j.reason)}/>"
        said = "\n".join(f.sentence() for f in j.findings)
        cases.append(
            f"    <testcase classname={quoteattr('evidence.' + module)} "
            f"name={quoteattr(f'{j.claim.id} {j.claim.statement}')}>{inside}"
            f"<system-out>{escape(f'{j.verdict}; {j.claim.tier}. {said}')}</system-out></testcase>"
        )
    head = (
        f'  <testsuite name={quoteattr(module)} tests="{len(found)}" '
        f'failures="{verdicts["fails"]}" skipped="{verdicts["not testable"]}">'
    )
    return "\n".join([head, *cases, "  </testsuite>"])
