"""Traces and curves of assays: calcium imaging, patch clamp.

Enters: Datasets of :mod:`sigmapath.assays`. Leaves: the axes drawn on.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from sigmapath.plot.style import ACCENTS, GREY, new_axes, styled, unit_signs

__all__ = ["assay", "calcium_imaging", "current_voltage", "patch_traces", "wash"]


def assay(data: Any, *, ax: Any | None = None) -> Any:
    """Draw the Dataset of any virtual assay as a paper would show it.

    Raises
    ------
    UnknownNameError
        If the Dataset is not that of an assay.
    """
    from sigmapath.errors import UnknownNameError
    from sigmapath.plot import assay_bars as bars

    drawn = {
        "calcium-imaging": calcium_imaging,
        "co-ip": bars.co_immunoprecipitation,
        "fret": bars.fret,
        "neurite-outgrowth": bars.score,
        "patch-clamp": current_voltage,
        "patch-ramp": current_voltage,
        "patch-wash": wash,
        "ppi": bars.score,
    }
    kind = str(getattr(data, "attrs", {}).get("assay", "none"))
    if kind not in drawn:
        raise UnknownNameError("assay", kind, drawn, where="plot")
    return drawn[kind](data, ax=ax)


def calcium_imaging(data: Any, *, ax: Any | None = None, cells: bool = True) -> Any:
    """Draw dF/F0 against time: faint cells, mean and sem per arm, a bar for the stimulus.

    Parameters
    ----------
    data : xarray.Dataset
    ax : matplotlib axes, optional
    cells : bool
        Whether to draw every cell.

    Returns
    -------
    matplotlib axes
    """
    with styled():
        ax = new_axes(ax, figsize=(6.4, 4.0))
        times = data["time"].values
        for place, arm in enumerate(data["arm"].values):
            color = GREY if place == 0 and data.sizes["arm"] > 1 else _color(place)
            if cells:
                ax.plot(times, data["dff"].values[place].T, color=color, linewidth=0.5, alpha=0.18)
            mean, sem = data["dff_mean"].values[place], data["dff_sem"].values[place]
            ax.fill_between(times, mean - sem, mean + sem, color=color, alpha=0.3, linewidth=0)
            ax.plot(times, mean, color=color, linewidth=1.7, label=unit_signs(str(arm)))
        _stimulus_bar(ax, data)
        ax.axhline(0.0, color="black", linewidth=0.6, zorder=0)
        ax.set_xlabel("time from the stimulus [s]")
        ax.set_ylabel("ΔF/F$_0$")
        ax.margins(x=0.01)
        ax.legend(title=f"mean ± sem, n = {data.attrs['n']} cells", title_fontsize=9)
    return ax


def _color(place: int) -> str:
    return ACCENTS[(place - 1) % len(ACCENTS)] if place else ACCENTS[0]


def _number(level: Any) -> str:
    return level if isinstance(level, str) else f"{level:g}"


def _stimulus_bar(ax: Any, data: Any) -> None:
    """A bar on top of the traces for as long as the stimulus lasts, as papers draw it."""
    protocol = json.loads(data.attrs["protocol"])
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.12 * (high - low))
    y = high + 0.045 * (high - low)
    ax.plot([0.0, protocol["stimulus_s"]], [y, y], color="black", linewidth=3.5,
            solid_capstyle="butt")  # fmt: skip
    text = ", ".join(f"{name} {_number(level)}" for name, level in protocol["stimulus"].items())
    ax.text(0.0, y + 0.015 * (high - low), unit_signs(text), fontsize=9, va="bottom")


def current_voltage(data: Any, *, ax: Any | None = None, density: bool = False) -> Any:
    """Draw current against voltage with sem, the axes crossing at zero as in papers.

    Parameters
    ----------
    data : xarray.Dataset
        Of steps (points) or of a ramp (lines).
    ax : matplotlib axes, optional
    density : bool
        pA/pF in the place of pA; steps only.
    """
    name = "density" if density else "current"
    is_ramp = data.attrs["assay"] == "patch-ramp"
    with styled():
        ax = new_axes(ax, figsize=(5.6, 4.2))
        x = data["voltage"].values
        for place, arm in enumerate(data["arm"].values):
            color = "black" if place == 0 else _color(place)
            mean, sem = data[f"{name}_mean"].values[place], data[f"{name}_sem"].values[place]
            label = unit_signs(str(arm))
            if is_ramp:
                ax.fill_between(x, mean - sem, mean + sem, color=color, alpha=0.25, linewidth=0)
                ax.plot(x, mean, color=color, linewidth=1.7, label=label)
                continue
            face = "white" if place == 0 else color
            ax.errorbar(
                x, mean, yerr=sem, fmt="o-", color=color, markersize=5, markerfacecolor=face,
                linewidth=1.4, elinewidth=1.1, capsize=2.5, label=label,
            )  # fmt: skip
        is_inward = _at_zero(ax, x, data[f"{name}_mean"].values)
        ax.set_ylabel("current [pA/pF]" if density else "current [pA]")
        ax.legend(
            title=f"mean ± sem, n = {data.attrs['n']} cells", title_fontsize=9, fontsize=9.5,
            loc="lower left" if is_inward else "upper left",
        )  # fmt: skip
    return ax


def _at_zero(ax: Any, x: Any, current: Any) -> bool:
    """Put the voltage axis at zero current; returns whether most current is inward.

    The labels stand on the side where no current flows.
    """
    ax.spines["bottom"].set_position(("data", 0.0))
    is_inward = bool(abs(np.nanmin(current)) > abs(np.nanmax(current)))
    span = float(x[-1] - x[0])
    ax.set_xlim(x[0] - 0.04 * span, x[-1] + 0.11 * span)
    low, high = ax.get_ylim()
    low, high = min(low, 0.0), max(high, 0.0)
    ax.set_ylim(low, high + 0.12 * (high - low) if is_inward else high)
    if is_inward:
        ax.xaxis.set_tick_params(direction="in", pad=-17)
    ax.text(
        1.0, 0.0, " mV", transform=ax.get_yaxis_transform(), ha="right",
        va="top" if is_inward else "bottom",
    )  # fmt: skip
    return is_inward


def patch_traces(data: Any, *, ax: Any | None = None, arm: int = 0, most: int = 8) -> Any:
    """Draw the family of currents of the first cell of an arm, with scale bars.

    Parameters
    ----------
    data : xarray.Dataset
        Of steps.
    ax : matplotlib axes, optional
    arm : int
    most : int
        Voltages shown at most, evenly chosen.
    """
    with styled():
        ax = new_axes(ax, figsize=(5.0, 3.6))
        times, levels = data["time"].values, data["voltage"].values
        shown = np.unique(
            np.linspace(0, len(levels) - 1, min(most, len(levels))).round().astype(int)
        )
        traces = data["trace"].values[arm]
        late = times >= 1.0
        # A running mean of nine samples stands for the filter of the display.
        edge = np.arange(len(times)) < 5
        edge |= edge[::-1]
        shades = np.linspace(0.75, 0.0, len(shown))
        for shade, place in zip(shades, shown, strict=True):
            # The capacity transient is blanked, as an amplifier cancels it.
            filtered = np.convolve(traces[place], np.full(9, 1.0 / 9.0), mode="same")
            blanked = np.where(((times >= -0.3) & ~late) | edge, np.nan, filtered)
            ax.plot(times, blanked, color=str(shade), linewidth=0.8)
        ax.set_axis_off()
        _scale_bars(ax, times, traces[shown][:, late])
        first, last = levels[shown[0]], levels[shown[-1]]
        ax.set_title(
            f"{unit_signs(str(data['arm'].values[arm]))}: {first:g} to {last:g} mV", fontsize=10,
            fontweight="normal",
        )  # fmt: skip
    return ax


def _scale_bars(ax: Any, times: Any, traces: Any) -> None:
    width, height = _round(0.2 * float(np.ptp(times))), _round(0.3 * float(np.ptp(traces)))
    x, y = float(times[-1]) * 1.04, float(traces.min())
    ax.plot([x, x + width], [y, y], color="black", linewidth=1.6, clip_on=False)
    ax.plot([x, x], [y, y + height], color="black", linewidth=1.6, clip_on=False)
    ax.text(x + width / 2, y, f"\n{width:g} ms", ha="center", va="top", fontsize=9)
    ax.text(x + 0.02 * width, y + height / 2, f"  {height:g} pA", va="center", fontsize=9)


def _round(value: float) -> float:
    """The nearest of 1, 2, 5 times a power of ten below ``value``."""
    if not value > 0.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(step for step in (1.0, 2.0, 5.0) if step * power <= value * 1.0001) * power)


def wash(data: Any, *, ax: Any | None = None) -> Any:
    """Draw the current, % of control, against time, with a bar for the drug."""
    with styled():
        ax = new_axes(ax, figsize=(6.0, 3.9))
        minutes = data["time"].values
        mean, sem = data["percent_mean"].values, data["percent_sem"].values
        has_drug = data["drug"].values.astype(bool)
        ax.errorbar(
            minutes, mean, yerr=sem, fmt="o", color="black", markersize=4, elinewidth=0.9,
            markerfacecolor="white", capsize=0,
        )  # fmt: skip
        ax.axhline(100.0, color=GREY, linewidth=0.9, linestyle=":")
        inside = minutes[has_drug]
        text = " + ".join(
            f"{name} {level}" for name, level in json.loads(data.attrs["protocol"])["doses"].items()
        )
        top = float((mean + sem).max())
        span = top - min(0.0, float((mean - sem).min()))
        ax.set_ylim(min(0.0, float((mean - sem).min())), top + 0.2 * span)
        ax.plot(inside[[0, -1]], [top + 0.06 * span] * 2, color=ACCENTS[0], linewidth=4,
                solid_capstyle="butt")  # fmt: skip
        ax.text(inside[0], top + 0.09 * span, unit_signs(text), fontsize=9.5, color=ACCENTS[0])
        ax.set_xlabel("time [min]")
        ax.set_ylabel("current, % of control")
        ax.text(
            0.99, 0.04, f"mean ± sem, n = {data.attrs['n']} cells", transform=ax.transAxes,
            ha="right", fontsize=9, color=GREY,
        )  # fmt: skip
    return ax
