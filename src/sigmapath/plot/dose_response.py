"""Dose-response curves on a log axis, vehicle drawn apart.

Enters: a :class:`sigmapath.analysis.dose_response.DoseResponse`. Leaves: the axes drawn on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.plot.style import ACCENTS, GREY, axis_label, new_axes, styled

__all__ = ["dose_response"]


def dose_response(
    curve: Any,
    *,
    ax: Any | None = None,
    color: str = ACCENTS[0],
    label: str | None = None,
    marker: str = "o",
    band: bool = True,
) -> Any:
    """Draw points, fit and EC50 of one curve; the vehicle stands left of a broken axis.

    Parameters
    ----------
    curve : DoseResponse
        Points and shape, with an ensemble band if members were drawn.
    ax : matplotlib axes, optional
        Drawn on; a new figure if left out. Several curves may share axes.
    color, label, marker : str, optional
        Of this curve.
    band : bool
        Whether to draw the 5-95 % band of an ensemble. Its 90 % interval of the EC50 is drawn in
        any case.

    Returns
    -------
    matplotlib axes
    """
    with styled():
        ax = new_axes(ax)
        shape = curve.shape
        filled = shape.kind in ("sigmoid", "falling")
        if band and curve.members is not None:
            low, high = curve.band()
            ax.fill_between(curve.doses, low, high, color=color, alpha=0.18, linewidth=0)
        face = color if filled else "white"
        style = {"markersize": 4.5, "markerfacecolor": face, "markeredgecolor": color}
        ax.plot(curve.doses, curve.responses, marker, label=label, color=color, **style)
        if shape.has_fit:
            fine = np.geomspace(curve.doses[0], curve.doses[-1], 400)
            ax.plot(fine, shape.predict(fine), color=color, linewidth=1.8)
            _mark_ec50(ax, curve, color)
        ax.set_xscale("log")
        if np.isfinite(curve.vehicle):
            _draw_vehicle(ax, curve, color)
        ax.set_xlabel(axis_label(curve.ligand, curve.dose_unit))
        ax.set_ylabel(axis_label(curve.long_name, curve.unit))
    return ax


def _mark_ec50(ax: Any, curve: Any, color: str) -> None:
    """A diamond half-way up the fit, with the interval of the draws as a bar through it."""
    shape = curve.shape
    half = 0.5 * (shape.bottom + shape.top)
    low, high = curve.interval("ec50")
    if np.isfinite(low):
        ax.plot([low, high], [half, half], color=color, linewidth=5.0, alpha=0.35, zorder=3)
    ax.axvline(shape.ec50, color=color, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0)
    ax.plot([shape.ec50], [half], "D", color="white", markeredgecolor=color, markersize=7, zorder=5)


def _draw_vehicle(ax: Any, curve: Any, color: str) -> None:
    """The response without ligand at a place of its own, two slanted strokes between."""
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

    first, last = float(curve.doses[0]), float(curve.doses[-1])
    place = first / 10.0 ** max(0.8, 0.12 * np.log10(last / first))
    ax.plot([place], [curve.vehicle], "s", color=GREY, markersize=6, zorder=4, clip_on=False)
    ax.axhline(curve.vehicle, color=GREY, linewidth=0.8, linestyle=":", zorder=0)
    ax.set_xlim(place / 2.0, last * 1.6)
    decades = np.arange(np.ceil(np.log10(first) - 1e-9), np.floor(np.log10(last) + 1e-9) + 1)
    step = 2 if len(decades) > 5 else 1
    shown = 10.0 ** decades[::step]
    ax.xaxis.set_major_locator(FixedLocator([place, *shown]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    labels = [f"$10^{{{int(np.log10(d))}}}$" for d in shown]
    ax.set_xticklabels(["vehicle", *labels])
    gap = np.sqrt(place * first)
    for shift in (0.93, 1.07):
        ax.plot(
            [gap * shift / 1.05, gap * shift * 1.05],
            [-0.018, 0.018],
            transform=ax.get_xaxis_transform(),
            color="black",
            linewidth=1.0,
            clip_on=False,
        )
