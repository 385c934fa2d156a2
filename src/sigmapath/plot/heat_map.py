"""Heat map of a two-axis sweep, failed runs shown as what they are.

Enters: a Dataset with two sweep axes. Leaves: the axes drawn on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.plot.style import GREY, axis_label, new_axes, styled

__all__ = ["heat_map", "is_log_spaced"]


def heat_map(data: Any, readout: str | None = None, *, ax: Any | None = None) -> Any:
    """Draw one readout of a two-axis sweep; the first axis is vertical.

    Parameters
    ----------
    data : xarray.Dataset
        Result of ``sweep`` with exactly two dimensions.
    readout : str, optional
        Name of the variable; may be left out if there is only one.
    ax : matplotlib axes, optional
        Drawn on; a new figure if left out.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    UnknownNameError
        If the Dataset has no such readout.
    PlanError
        If the variable has not exactly two axes.

    Notes
    -----
    Cells are drawn around their coordinates; an axis whose positive values are evenly spaced in
    the logarithm gets a log scale. Failed runs are hatched grey and counted in the legend.
    """
    names = [str(name) for name in data.data_vars if name != "status"]
    chosen = readout if readout is not None else (names[0] if len(names) == 1 else "")
    if chosen not in names:
        raise UnknownNameError("readout", chosen, names)
    variable = data[chosen]
    if variable.ndim != 2:
        raise PlanError(
            f"a heat map needs two axes, '{chosen}' has {variable.ndim}",
            found=", ".join(map(str, variable.dims)) or "none",
            fix="select one value of the other axes with .sel(...)",
        )
    vertical, horizontal = variable.dims
    with styled():
        ax = new_axes(ax, figsize=(6.5, 5.0))
        x, y = _placed(data[horizontal].values), _placed(data[vertical].values)
        ax.set_facecolor("#E4E4E4")
        mesh = ax.pcolormesh(
            _edges(x), _edges(y), np.ma.masked_invalid(variable.values), rasterized=True
        )
        bar = ax.figure.colorbar(mesh, ax=ax)
        unit = str(variable.attrs.get("units", ""))
        bar.set_label(axis_label(str(variable.attrs.get("long_name") or chosen), unit))
        for axis, values, name in ((ax.xaxis, x, horizontal), (ax.yaxis, y, vertical)):
            own = data[name].values
            if not np.array_equal(values, own):
                step = -(-len(own) // 6)
                axis.set_ticks(values[::step], [f"{value:.3g}" for value in own[::step]])
            elif is_log_spaced(values):
                getattr(ax, f"set_{axis.axis_name}scale")("log")
            axis.set_label_text(axis_label(str(name), str(data[name].attrs.get("units", ""))))
        _mark_failed(ax, data, x, y)
    return ax


# Beyond this, matplotlib works out ticks that are no numbers any more.
_LARGEST = 1e100


def is_log_spaced(values: Any) -> bool:
    """Whether positive values are spaced more evenly in the logarithm than as they are."""
    if len(values) < 3 or np.min(values) <= 0.0:
        return False
    plain, log = np.diff(values), np.diff(np.log(values))
    return bool(np.ptp(log) / abs(np.mean(log)) < np.ptp(plain) / abs(np.mean(plain)))


def _placed(values: Any) -> Any:
    """Where values stand on their axis: at themselves, in a row where they are absurdly large."""
    if np.max(np.abs(values)) <= _LARGEST:
        return values
    return np.arange(float(len(values)))


def _edges(values: Any) -> Any:
    """Cell borders half-way between the coordinates, in the logarithm on a log axis."""
    centre = np.asarray(values, dtype=float)
    log = is_log_spaced(centre)
    if log:
        centre = np.log(centre)
    if len(centre) == 1:
        return np.array([values[0] - 0.5, values[0] + 0.5])
    middle = 0.5 * centre[1:] + 0.5 * centre[:-1]
    first, last = 2 * centre[0] - middle[0], 2 * centre[-1] - middle[-1]
    edges = np.concatenate(([first], middle, [last]))
    return np.exp(edges) if log else edges


def _mark_failed(ax: Any, data: Any, x: Any, y: Any) -> None:
    """Hatch the cells whose run failed and say how many there are."""
    if "status" not in data or data["status"].ndim != 2:
        return
    failed = data["status"].values != 0
    if not failed.any():
        return
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    shown = np.ma.masked_where(~failed, np.ones(failed.shape))
    # A transparent colour and not alpha=0, which would hide the hatching too.
    clear = ListedColormap([(0.0, 0.0, 0.0, 0.0)])
    ax.pcolor(_edges(x), _edges(y), shown, cmap=clear, hatch="////", edgecolor=GREY, linewidth=0)
    label = f"{int(failed.sum())} of {failed.size} runs failed"
    patch = Patch(facecolor="#E4E4E4", edgecolor=GREY, hatch="////", label=label)
    ax.legend(handles=[patch], loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
