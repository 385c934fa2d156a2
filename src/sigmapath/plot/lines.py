"""A readout against one sweep axis.

Enters: a Dataset with one sweep axis. Leaves: the axes drawn on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.errors import PlanError
from sigmapath.plot.heat_map import is_log_spaced
from sigmapath.plot.style import ACCENTS, axis_label, new_axes, styled

__all__ = ["sweep_lines"]


def sweep_lines(data: Any, readout: str, *, ax: Any | None = None) -> Any:
    """Draw one readout of a one-axis sweep; failed runs leave gaps.

    Parameters
    ----------
    data : xarray.Dataset
        Result of ``sweep``.
    readout : str
        Name of the variable.
    ax : matplotlib axes, optional
        Drawn on; a new figure if left out.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    PlanError
        If the variable has not exactly one axis.
    """
    variable = data[readout]
    if variable.ndim != 1:
        raise PlanError(
            f"a line needs one axis, '{readout}' has {variable.ndim}", fix="use heat_map for two"
        )
    (name,) = variable.dims
    with styled():
        ax = new_axes(ax)
        x = np.asarray(data[name].values, dtype=float)
        ax.plot(x, variable.values, "o-", color=ACCENTS[0], markersize=3.5)
        if is_log_spaced(x):
            ax.set_xscale("log")
        ax.set_xlabel(axis_label(str(name), str(data[name].attrs.get("units", ""))))
        ax.set_ylabel(axis_label(readout, str(variable.attrs.get("units", ""))))
    return ax
