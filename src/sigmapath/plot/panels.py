"""Time courses in panels of their own, so that small and large values can both be read.

Enters: a Dataset with the dimension ``time``. Leaves: a figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sigmapath.plot.style import GREY, axis_label, styled
from sigmapath.plot.time_course import course_names, long_name, time_course

__all__ = ["MOST_PANELS", "time_course_panels"]

MOST_PANELS = 12
_COLUMNS = 4
_PANEL = (3.5, 2.6)  # inches


def time_course_panels(data: Any, observables: Sequence[str] | None = None) -> Any:
    """Draw one panel per observable.

    Parameters
    ----------
    data : xarray.Dataset
        Result of ``simulate`` or ``sweep`` with the dimension ``time``.
    observables : sequence of str, optional
        If left out, the twelve time courses that change most: by their range as a share of their
        largest value. The figure then says how many there are.

    Returns
    -------
    matplotlib Figure
        Not registered with pyplot.

    Raises
    ------
    UnknownNameError, PlanError
        As :func:`sigmapath.plot.time_course`.
    """
    from matplotlib.figure import Figure

    known = course_names(data, observables)
    names = known if observables else _liveliest(data, known)
    columns = min(_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    with styled():
        figure = Figure(figsize=(_PANEL[0] * columns, _PANEL[1] * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True)
        for place, ax in enumerate(grid.flat):
            if place >= len(names):
                ax.set_axis_off()
                continue
            name = names[place]
            time_course(data, name, ax=ax)
            ax.set_ylabel(axis_label(name, str(data[name].attrs.get("units", ""))))
            if place + columns < len(names):
                ax.set_xlabel("")
            else:
                ax.tick_params(labelbottom=True)
            words = long_name(data[name], name)
            if words != name:
                ax.set_title(words, fontsize=9.5, fontweight="normal", wrap=True)
        if len(names) < len(known):
            text = f"the {len(names)} of {len(known)} time courses that change most"
            figure.supxlabel(text, fontsize=9.5, color=GREY)
    return figure


def _liveliest(data: Any, names: Sequence[str]) -> list[str]:
    """Names of the time courses that change most, in the order of the Dataset."""
    if len(names) <= MOST_PANELS:
        return list(names)

    def change(name: str) -> float:
        values = data[name].values
        known = values[np.isfinite(values)]
        largest = np.max(np.abs(known), initial=0.0)
        return float(np.ptp(known) / largest) if largest > 0.0 else 0.0

    chosen = set(sorted(names, key=change, reverse=True)[:MOST_PANELS])
    return [name for name in names if name in chosen]
