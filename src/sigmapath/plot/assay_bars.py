"""Bars with points and error bars: co-immunoprecipitation, FRET, scores.

Enters: Datasets of :mod:`sigmapath.assays`. Leaves: the axes drawn on, or a figure with a blot.
"""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from sigmapath.plot.style import ACCENTS, GREY, axis_label, new_axes, styled, unit_signs

__all__ = ["arm_bars", "arm_label", "blot", "co_immunoprecipitation", "fret", "score"]

_WRAP = 16  # characters of an arm's name per line


def arm_label(name: str) -> str:
    """Name of an arm, broken at its plus signs and blanks so that bars can stand side by side."""
    lines: list[str] = []
    # Number and unit stay together.
    text = re.sub(r"(\d) (?=[^\W\d]+/?\w*$|[^\W\d]+ \+)", "\\1\u00a0", unit_signs(name))
    for word in text.split(" "):
        fits = bool(lines) and len(lines[-1]) + len(word) < _WRAP and word != "+"
        if fits or (lines and lines[-1] == "+"):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\n".join(lines)


def arm_bars(data: Any, name: str, *, replicate: str, ax: Any | None = None) -> Any:
    """Draw the mean of each arm as a bar, every replicate as a point, the sem as whiskers.

    Parameters
    ----------
    data : xarray.Dataset
        With ``name``, ``name_mean`` and ``name_sem`` along ``arm``.
    name : str
    replicate : str
        Dimension of the replicates.
    ax : matplotlib axes, optional

    Returns
    -------
    matplotlib axes
    """
    with styled():
        wide = max(3.2, 1.25 * data.sizes["arm"] + 1.2)
        ax = new_axes(ax, figsize=(wide, 3.9))
        places = np.arange(data.sizes["arm"])
        colors = [GREY, *ACCENTS][: len(places)]
        colors += [ACCENTS[-1]] * (len(places) - len(colors))
        mean, sem = data[f"{name}_mean"].values, data[f"{name}_sem"].values
        ax.bar(places, mean, width=0.62, color=colors, alpha=0.35, edgecolor=colors, linewidth=1.2)
        points = data[name].transpose("arm", replicate).values
        shift = np.linspace(-0.2, 0.2, points.shape[1])
        for place, row, color in zip(places, points, colors, strict=True):
            ax.plot(place + shift, row, "o", color=color, markersize=3.2, alpha=0.75, zorder=3)
        ax.errorbar(
            places, mean, yerr=sem, fmt="none", ecolor="black", elinewidth=1.3, capsize=4,
            zorder=4,
        )  # fmt: skip
        ax.set_xticks(places, [arm_label(str(arm)) for arm in data["arm"].values])
        ax.axhline(0.0, color="black", linewidth=0.8)
        variable = data[name]
        unit = str(variable.attrs.get("units", ""))
        label = str(variable.attrs.get("long_name", name))
        ax.set_ylabel(label if unit in label else axis_label(label, unit))
        ax.set_title(
            f"mean ± sem, n = {data.attrs['n']}", fontsize=9.5, fontweight="normal", color=GREY,
            loc="right",
        )  # fmt: skip
    return ax


def co_immunoprecipitation(data: Any, *, ax: Any | None = None) -> Any:
    """Draw the blot of the first replicate above % of vehicle; with ``ax``, the bars alone.

    Returns
    -------
    matplotlib axes
        Of the bars.
    """
    if ax is not None:
        return _percent(data, ax)
    import matplotlib.pyplot as plt

    with styled():
        wide = max(4.0, 1.5 * data.sizes["arm"] + 1.2)
        figure, (above, below) = plt.subplots(
            2, 1, figsize=(wide, 5.2), layout="constrained", height_ratios=(1.0, 3.0)
        )
        blot(data, ax=above)
        _percent(data, below)
        figure.align_ylabels()
    return below


def _percent(data: Any, ax: Any) -> Any:
    ax = arm_bars(data, "percent", replicate="replicate", ax=ax)
    ax.axhline(100.0, color=GREY, linewidth=0.9, linestyle=":")
    what = json.loads(data.attrs["protocol"])["complex"]
    ax.set_ylabel("% of vehicle (IgG subtracted)")
    ax.set_xlabel(f"co-immunoprecipitation: {what}", fontsize=9.5, color=GREY)
    return ax


def blot(data: Any, *, ax: Any | None = None, replicate: int = 0) -> Any:
    """Draw the bands of one replicate as a blot: input, IgG and IP of every arm.

    Darkness is the optical density relative to the darkest band of the same lane kind (input is
    exposed by itself), so IgG and IP can be compared across arms.
    """
    with styled():
        ax = new_axes(ax, figsize=(5.0, 1.5))
        band = data["band"].isel(replicate=replicate).transpose("arm", "lane").values
        pulled = max(float(band[:, 1:].max()), 1e-300)
        loaded = max(float(band[:, 0].max()), 1e-300)
        scale = np.array([loaded, pulled, pulled])
        density = np.clip(band / scale, 0.0, 1.0)
        lanes = [str(lane) for lane in data["lane"].values]
        x = np.arange(density.size) + np.repeat(np.arange(len(density)), len(lanes)) * 0.6
        grid_x = np.linspace(x[0] - 0.7, x[-1] + 0.7, 600)
        grid_y = np.linspace(-1.0, 1.0, 60)
        image = np.zeros((len(grid_y), len(grid_x)))
        for centre, dark in zip(x, density.ravel(), strict=True):
            # A band is flat along the lane's width and blurred across it.
            across = 1.0 / (1.0 + (np.abs(grid_x - centre) / 0.36) ** 10)
            image += dark * across[None, :] * np.exp(-0.5 * (grid_y / 0.3) ** 2)[:, None]
        ax.imshow(
            1.0 - 0.92 * np.clip(image, 0.0, 1.0), cmap="gray", vmin=0.0, vmax=1.05, aspect="auto",
            extent=(grid_x[0], grid_x[-1], -1.0, 1.0),
        )  # fmt: skip
        ax.set_xticks(x, lanes * len(density), fontsize=8.5)
        ax.set_yticks([])
        ax.tick_params(length=0)
        for spine in ax.spines.values():
            spine.set_visible(True)
            spine.set_linewidth(0.8)
        top = ax.secondary_xaxis("top")
        middles = x.reshape(len(density), -1).mean(axis=1)
        names = [unit_signs(str(arm)) for arm in data["arm"].values]
        top.set_xticks(middles, names, fontsize=9.5)
        top.tick_params(length=0)
    return ax


def fret(data: Any, *, ax: Any | None = None) -> Any:
    """Draw the corrected efficiency of every cell and its mean per arm, the control first."""
    ax = arm_bars(data, "efficiency", replicate="cell", ax=ax)
    what = json.loads(data.attrs["protocol"])["fraction"]
    ax.set_xlabel(f"donors in complex: {what}", fontsize=9, color=GREY)
    return ax


def score(data: Any, *, ax: Any | None = None) -> Any:
    """Draw a score (neurite outgrowth, %PPI) of every culture or animal, marked as a proxy."""
    name, replicate = ("ppi", "animal") if "ppi" in data else ("bearing", "culture")
    ax = arm_bars(data, name, replicate=replicate, ax=ax)
    ax.set_xlabel("proxy: " + str(data.attrs["proxy"]), fontsize=8, color=GREY, wrap=True)
    return ax
