"""Time courses from a result Dataset.

Enters: a Dataset with the dimension ``time``. Leaves: the axes drawn on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.plot.style import ACCENTS, LINE_STYLES, axis_label, new_axes, styled

__all__ = ["course_names", "long_name", "time_axis", "time_course"]

# A run axis with more members than this is drawn as a median with a 5-95 % band.
MOST_LINES = 12
# More observables than this cannot be told apart in one panel.
MOST_OBSERVABLES = len(ACCENTS) * 2
_TIME_STEPS = ((2 * 86400.0, 86400.0, "d"), (2 * 3600.0, 3600.0, "h"), (120.0, 60.0, "min"))


def time_axis(times: Any, unit: str) -> tuple[Any, str]:
    """Times in the unit that reads best: seconds become minutes, hours or days when they are many.

    Returns
    -------
    times : ndarray
        Scaled times.
    unit : str
        Their unit; the given one where it is not "s".
    """
    values = np.asarray(times, dtype=float)
    if unit == "s" and values.size:
        for least, scale, name in _TIME_STEPS:
            if values[-1] >= least:
                return values / scale, name
    return values, unit


def time_course(
    data: Any, observables: str | Sequence[str] | None = None, *, ax: Any | None = None
) -> Any:
    """Draw observables against time.

    Parameters
    ----------
    data : xarray.Dataset
        Result of ``simulate`` or ``sweep`` with the dimension ``time``.
    observables : str or sequence of str, optional
        Names of variables; all that have a time course if left out.
    ax : matplotlib axes, optional
        Drawn on; a new figure if left out.

    Returns
    -------
    matplotlib axes

    Raises
    ------
    UnknownNameError
        If the Dataset has no such observable.
    PlanError
        If it has no time courses at all, or more than 14 observables are to share one panel.

    Notes
    -----
    Other dimensions become one line per run; more than twelve runs become the median and a band
    from the 5th to the 95th percentile. Failed runs are NaN and leave gaps.
    """
    names = course_names(data, observables)
    if len(names) > MOST_OBSERVABLES:
        raise PlanError(
            "too many observables for one panel",
            where="time_course",
            found=str(len(names)),
            expected=f"at most {MOST_OBSERVABLES}",
            fix="name some of them, or draw sp.plot.time_course_panels(data)",
        )
    with styled():
        ax = new_axes(ax)
        times, unit = time_axis(data["time"].values, str(data["time"].attrs.get("units", "")))
        for number, name in enumerate(names):
            _draw(ax, times, data[name], name, number, alone=len(names) == 1)
        ax.set_xlabel(axis_label("time", unit))
        units = {str(data[name].attrs.get("units", "")) for name in names}
        shared = units.pop() if len(units) == 1 else ""
        what = long_name(data[names[0]], names[0]) if len(names) == 1 else "value"
        ax.set_ylabel(axis_label(what, shared))
        if ax.get_legend_handles_labels()[1]:
            ax.legend()
        ax.margins(x=0.01)
    return ax


def course_names(data: Any, observables: str | Sequence[str] | None) -> list[str]:
    """Names of the time courses asked for, all of a Dataset if none is.

    Raises
    ------
    UnknownNameError, PlanError
        As :func:`time_course`.
    """
    available = [str(name) for name in data.data_vars if "time" in data[name].dims]
    if not available:
        raise PlanError("this result has no time courses", fix="simulate with times")
    names = [observables] if isinstance(observables, str) else list(observables or available)
    for name in names:
        if name not in available:
            raise UnknownNameError("observable", name, available)
    return names


def long_name(variable: Any, name: str) -> str:
    """What a variable is in words, its name where nobody says."""
    return str(variable.attrs.get("long_name") or name)


def _draw(ax: Any, times: Any, variable: Any, name: str, number: int, *, alone: bool) -> None:
    """One observable: a line, a few lines, or a band, depending on the number of runs."""
    color = ACCENTS[number % len(ACCENTS)]
    others = [d for d in variable.dims if d != "time"]
    values = variable.transpose(..., "time").values.reshape(-1, len(times))
    if len(values) == 1:
        style = LINE_STYLES[number // len(ACCENTS) % len(LINE_STYLES)]
        ax.plot(times, values[0], style, color=color, label=None if alone else name)
    elif len(values) <= MOST_LINES:
        for i, row in enumerate(values):
            place = np.unravel_index(i, [variable.sizes[d] for d in others])
            text = ", ".join(
                f"{d} = {variable[d].values[k]:.4g}" for d, k in zip(others, place, strict=True)
            )
            shade = ACCENTS[i % len(ACCENTS)] if alone else color
            style = LINE_STYLES[(i if not alone else i // len(ACCENTS)) % len(LINE_STYLES)]
            ax.plot(times, row, style, color=shade, label=text if alone else f"{name}, {text}")
    else:
        low, middle, high = np.nanpercentile(values, [5, 50, 95], axis=0)
        ax.fill_between(times, low, high, color=color, alpha=0.25, linewidth=0)
        ax.plot(times, middle, color=color, label=f"{name}: median and 5-95 % of {len(values)}")
