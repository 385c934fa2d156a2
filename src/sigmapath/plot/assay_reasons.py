"""Why two runs differ, as bars.

Enters: an :class:`sigmapath.analysis.explain.Explanation`. Leaves: the axes drawn on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.plot.style import ACCENTS, GREY, axis_label, new_axes, styled, unit_signs

__all__ = ["reasons"]


def reasons(found: Any, *, ax: Any | None = None, most: int = 10) -> Any:
    """Draw what each reaction contributes to the difference of a readout, largest on top.

    Parameters
    ----------
    found : Explanation
    ax : matplotlib axes, optional
    most : int
        Reactions shown; all others are one bar.

    Returns
    -------
    matplotlib axes
    """
    shown = [r for r in (*found.reasons, *found.rest) if abs(r.percent) > 1e-3]
    shown.sort(key=lambda r: -abs(r.contribution))
    left = shown[most:]
    bars = [(r.process, r.contribution, r.driver) for r in shown[:most]]
    if left:
        bars.append((f"{len(left)} others", sum(r.contribution for r in left), ""))
    bars.append(("remainder", found.remainder, ""))
    bars.append(("difference", found.difference, ""))
    with styled():
        ax = new_axes(ax, figsize=(7.2, 0.34 * len(bars) + 1.3))
        places = np.arange(len(bars))
        values = np.array([value for _, value, _ in bars])
        sign = np.sign(found.difference) or 1.0
        colors = [ACCENTS[0] if v * sign >= 0.0 else ACCENTS[1] for v in values]
        colors[-1] = "black"
        colors[-2] = GREY
        ax.barh(places, values, color=colors, height=0.66)
        ax.axvline(0.0, color="black", linewidth=0.8)
        ax.axhline(len(bars) - 1.5, color=GREY, linewidth=0.8, linestyle=":")
        ax.set_yticks(places, [name for name, _, _ in bars], fontsize=9.5)
        ax.invert_yaxis()
        span = float(np.ptp(np.append(values, 0.0))) or 1.0
        for place, (_, value, driver) in enumerate(bars):
            share = 100.0 * value / found.difference if found.difference else 0.0
            text = f"{share:.0f} %" if abs(share) >= 0.5 else "< 1 %"
            if driver and driver != "the experiment":
                text += f"  by {driver}"
            # Names stand on the left, so every remark is on the right of the bar or of zero.
            ax.text(
                max(value, 0.0) + 0.012 * span, place, text, va="center", ha="left", fontsize=8.5,
                color=GREY,
            )  # fmt: skip
        ax.set_xlim(min(values.min(), 0.0) - 0.04 * span, max(values.max(), 0.0) + 0.3 * span)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(axis_label(f"contribution to {found.readout}", found.unit))
        title = f"{unit_signs(found.run_b)} against {unit_signs(found.run_a)}"
        ax.set_title(title, fontsize=10.5, fontweight="normal")
    return ax
