"""Outcomes as tables: how many cases of each tag pass, and what became of every case.

Enters: outcomes and the tags of their cases. Leaves: text and CSV.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from sigmapath.conformance.judge import VERDICTS, Outcome, Verdict

__all__ = ["pass_table", "summary", "write_csv"]


def summary(outcomes: Sequence[Outcome]) -> str:
    """One line: how many passed, and how many met which other fate."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    fates = ", ".join(f"{counts[v]} {v}" for v in VERDICTS if counts[v] and v != "pass")
    passed = f"{counts['pass']} of {len(outcomes)} cases pass"
    seconds = sorted(outcome.seconds for outcome in outcomes)
    median = seconds[len(seconds) // 2] if seconds else 0.0
    return f"{passed}{'; ' + fates if fates else ''}; median {1e3 * median:.0f} ms per case"


def pass_table(outcomes: Sequence[Outcome], tags: Mapping[str, Sequence[str]]) -> str:
    """Table tag -> cases, passes and every other verdict that occurs.

    Parameters
    ----------
    outcomes : sequence of Outcome
    tags : mapping
        Case number -> its component and test tags.
    """
    by_tag: dict[str, Counter[Verdict]] = defaultdict(Counter)
    for outcome in outcomes:
        for tag in tags[outcome.number]:
            by_tag[tag][outcome.verdict] += 1
    occurring = {outcome.verdict for outcome in outcomes} - {"pass"}
    shown: list[Verdict] = [verdict for verdict in VERDICTS if verdict in occurring]
    width = max(map(len, by_tag), default=3)
    head = f"{'tag':{width}} {'cases':>6} {'pass':>6} " + " ".join(f"{v:>11}" for v in shown)
    lines = [head.rstrip()]
    for tag, counts in sorted(by_tag.items(), key=lambda entry: (-entry[1].total(), entry[0])):
        others = " ".join(f"{counts[v] or '':>11}" for v in shown)
        line = f"{tag:{width}} {counts.total():>6} {counts['pass']:>6} {others}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def write_csv(path: Path, outcomes: Sequence[Outcome], tags: Mapping[str, Sequence[str]]) -> None:
    """Write case, verdict, reason, seconds and tags."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "verdict", "reason", "seconds", "tags"])
        for outcome in outcomes:
            writer.writerow(
                [
                    outcome.number,
                    outcome.verdict,
                    outcome.reason,
                    f"{outcome.seconds:.3f}",
                    " ".join(tags[outcome.number]),
                ]
            )
