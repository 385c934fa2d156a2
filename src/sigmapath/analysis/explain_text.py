"""An explanation in words and as a table.

Enters: an :class:`~sigmapath.analysis.explain.Explanation`. Leaves: text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigmapath.analysis.explain import Explanation, Reason

__all__ = ["HEADER", "rows", "sentence"]

HEADER = ("process", "contribution", "%", "acted on by", "scheme")
_NAMED = 3  # reactions that the sentence names on each side


def sentence(found: Explanation) -> str:
    """One or two sentences: by how much, mainly through what, against what."""
    unit = f" {found.unit}" if found.unit not in ("", "1") else ""
    head = f"{found.readout} is {found.value_b:.4g}{unit} with {found.run_b}"
    difference = found.difference
    scale = max(abs(found.value_a), abs(found.value_b), 1e-300)
    if abs(difference) <= 1e-6 * scale:
        return f"{head}, the same as with {found.run_a}: there is nothing to explain."
    change = f"{difference:+.3g}{unit}"
    if found.value_a:
        change += f", {100.0 * difference / found.value_a:+.3g} %"
    text = f"{head} against {found.value_a:.4g}{unit} with {found.run_a} ({change})."
    sign = math.copysign(1.0, difference)
    listed = [r for r in (*found.reasons, *found.rest) if abs(r.percent) >= 2.0]
    listed.sort(key=lambda r: -abs(r.contribution))
    for_it = [r for r in listed if r.contribution * sign > 0.0]
    against = [r for r in listed if r.contribution * sign < 0.0]
    if for_it:
        text += " It comes through " + _joined([_named(r, unit) for r in for_it[:_NAMED]])
        if against:
            text += ", against " + _joined([_named(r, unit) for r in against[:_NAMED]])
        text += "."
    share = abs(found.remainder / difference)
    if share > 0.05:
        text += f" {100.0 * share:.2g} % of the difference is not accounted for."
    return text


def _named(reason: Reason, unit: str) -> str:
    by = reason.driver if reason.driver and reason.driver != "the experiment" else ""
    acted = f", acted on by {by}" if by else ""
    return f"{reason.process} ({reason.contribution:+.3g}{unit}, {reason.percent:.0f} %{acted})"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def rows(found: Explanation, most: int) -> list[tuple[str, str, str, str, str]]:
    """Table rows: the largest processes, all others, what no process carries, sum and remainder."""
    shown = [r for r in found.reasons if abs(r.percent) > 1e-4][:most]
    lines = [
        (r.process, f"{r.contribution:.4g}", f"{r.percent:.1f}", r.driver, r.scheme) for r in shown
    ]
    others = sum(r.contribution for r in found.reasons) - sum(r.contribution for r in shown)
    whole = found.difference

    def line(words: str, value: float) -> tuple[str, str, str, str, str]:
        share = f"{100.0 * value / whole:.1f}" if whole else ""
        return (words, f"{value:.4g}", share, "", "")

    if len(found.reasons) > len(shown):
        lines.append(line("(all other processes)", others))
    lines += [line(r.process, r.contribution) for r in found.rest]
    lines.append(line("(remainder)", found.remainder))
    lines.append(line("(difference)", whole))
    return lines
