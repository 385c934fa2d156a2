"""The figure of a dose experiment: dose responses above, time courses below, one column an arm.

Enters: a :class:`sigmapath.analysis.dose_experiment.DoseExperiment`. Leaves: a figure worth showing
in a talk.
"""

from __future__ import annotations

from typing import Any

from sigmapath.analysis.dose_text import dose_text
from sigmapath.plot.dose_response import dose_response
from sigmapath.plot.style import ACCENTS, GREY, axis_label, styled, unit_signs
from sigmapath.plot.time_course import time_axis

__all__ = ["dose_figure"]

_SERIES_STYLE = {
    "alone": ("o", ACCENTS[0]),
    "with": ("^", ACCENTS[1]),
    "inhibition": ("v", ACCENTS[1]),
}
_COURSE_STYLE = {
    "vehicle": (GREY, ":"),
    "agonist": (ACCENTS[1], "--"),
    "with": (ACCENTS[1], "--"),
    "middle": (ACCENTS[4], "-."),
    "saturating": (ACCENTS[0], "-"),
}
_INPUT_SHADE = "#F0E442"
_LONGEST_LABEL = 32
_LINE_HEIGHT = 13.0  # of the captions above a panel [points]


def dose_figure(experiment: Any) -> Any:
    """Draw a whole dose experiment.

    Parameters
    ----------
    experiment : DoseExperiment

    Returns
    -------
    matplotlib Figure
        Not registered with pyplot: the caller saves it or hands it to a notebook.
    """
    from matplotlib.figure import Figure

    with styled():
        count = len(experiment.arms)
        figure = Figure(figsize=(4.1 * count, 8.0), layout="constrained")
        axes = figure.subplots(2, count, squeeze=False)
        for result, upper, lower in zip(experiment.arms, axes[0], axes[1], strict=True):
            _draw_curves(upper, result)
            _draw_courses(lower, result)
        layout: Any = figure.get_layout_engine()
        layout.set(h_pad=0.08, w_pad=0.06, hspace=0.04)
        figure.suptitle(_title(experiment), x=0.01, ha="left", fontsize=15, fontweight="bold")
        handles, labels = axes[1][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _title(experiment: Any) -> str:
    ligand = experiment.ligand
    kind = str(ligand.type)
    return f"{ligand.name}: {kind}, Ki {unit_signs(dose_text(ligand.Ki_uM, 'uM'))}"


def _draw_curves(ax: Any, result: Any) -> None:
    """Curves of one arm; what each is stands above them in its own colour, as the legend."""
    lines = []
    for series in result.series:
        marker, color = _SERIES_STYLE[series.kind]
        # The spread of responses over an ensemble would dwarf the effect: see the file of data.
        dose_response(series.curve, ax=ax, color=color, marker=marker, band=False)
        lines.append((_caption(series, several=len(result.series) > 1), color))
    ax.set_title(result.arm.title, pad=10.0 + _LINE_HEIGHT * len(lines))
    for row, (text, color) in enumerate(reversed(lines)):
        ax.annotate(
            text,
            xy=(0.0, 1.0),
            xycoords="axes fraction",
            xytext=(0.0, 6.0 + _LINE_HEIGHT * row),
            textcoords="offset points",
            color=color,
            fontsize=9.5,
            in_layout=False,
        )
    ax.margins(y=0.08)


def _caption(series: Any, *, several: bool) -> str:
    """What the curve is, in a few words: EC50 and slope, or why it has none."""
    shape = series.curve.shape
    lead = f"{unit_signs(series.label)}: " if several else ""
    if not shape.has_fit:
        return f"{lead}{shape.kind}"
    symbol = "IC50" if series.kind == "inhibition" or shape.kind == "falling" else "EC50"
    slope = "" if several else f", slope {shape.hill:.2g}"
    unit = series.curve.dose_unit
    low, high = series.curve.interval("ec50")
    spread = f" ({dose_text(low, unit)} to {dose_text(high, unit)})" if low < high else ""
    return unit_signs(f"{lead}{symbol} {dose_text(shape.ec50, unit)}{spread}{slope}")


def _observable(result: Any) -> str:
    """The observable in words, if they fit beside the panel."""
    words = str(result.courses[0].long_name)
    return words if len(words) <= _LONGEST_LABEL else str(result.arm.observable)


def _draw_courses(ax: Any, result: Any) -> None:
    arm = result.arm
    unit = "s"
    for course in result.courses:
        color, style = _COURSE_STYLE[course.role]
        times, unit = time_axis(course.times, "s")
        ax.plot(times, course.values, style, color=color, label=course.label)
    scale = times[-1] / arm.window[1]
    for pulse in arm.pulses:
        ax.axvspan(pulse.start * scale, pulse.stop * scale, color=_INPUT_SHADE, alpha=0.5, lw=0)
    ax.set_xlim(times[0], times[-1])
    ax.set_xlabel(axis_label("time with ligand", unit))
    ax.set_ylabel(axis_label(_observable(result), result.courses[0].unit))
    applied = [f"{name} {value}" for name, value in arm.inputs.items()]
    applied += [f"{pulse.target} {pulse.value}" for pulse in arm.pulses]
    shown = ", ".join(applied).replace("_", " ") or "no stress"
    ax.set_title(unit_signs(shown), fontweight="normal")
