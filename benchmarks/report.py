"""What was measured, as a table, as CSV and as a work-precision plot."""

from __future__ import annotations

import csv
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.statistics import Spread

__all__ = [
    "Point",
    "Row",
    "machine_line",
    "print_header",
    "print_row",
    "work_precision",
    "write_csv",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison. ``ratio`` above 1: sigmapath is that many times faster."""

    case: str
    what: str
    peer: str
    unit: str
    ours: float
    theirs: float
    ratio: Spread
    our_error: float = float("nan")
    their_error: float = float("nan")
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a work-precision curve."""

    case: str
    program: str
    rtol: float
    error: float
    seconds: float


def machine_line() -> str:
    """Where this was measured."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        name = f"{lines[0].partition(':')[2].strip()} x {len(lines)}" if lines else name
    return f"{name}, {platform.system()}, Python {platform.python_version()}"


_COLUMNS = "{:<12} {:<36} {:<20} {:>10} {:>10}  {:<24} {:>8} {:>8}  {}"


def print_header() -> None:
    """Names of the columns; a ratio above 1 means that sigmapath is faster."""
    print(
        _COLUMNS.format(
            "case", "what", "peer", "sigmapath", "peer", "ratio [quartiles]", "error", "peer's", ""
        )
    )


def print_row(row: Row) -> None:
    """One line of the table, as soon as it is known."""
    print(
        _COLUMNS.format(
            row.case,
            row.what,
            row.peer,
            _amount(row.ours, row.unit),
            _amount(row.theirs, row.unit),
            str(row.ratio),
            _error(row.our_error),
            _error(row.their_error),
            row.note,
        ).rstrip(),
        flush=True,
    )


def _amount(value: float, unit: str) -> str:
    if unit != "s":
        return f"{value:.3g} /s"
    for scale, name in ((1.0, "s"), (1e-3, "ms")):
        if value >= scale:
            return f"{value / scale:.3g} {name}"
    return f"{value * 1e6:.3g} us"


def _error(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.0e}"


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """One line per comparison, in plain units."""
    names = ("case", "what", "peer", "unit", "ours", "theirs", "ratio", "ratio_low", "ratio_high",
             "samples", "our_error", "their_error", "note")  # fmt: skip
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for r in rows:
            writer.writerow(
                [r.case, r.what, r.peer, r.unit, r.ours, r.theirs, r.ratio.median, r.ratio.low,
                 r.ratio.high, r.ratio.n, r.our_error, r.their_error, r.note]
            )  # fmt: skip


# Okabe and Ito's colours; sigmapath black and thick, so that it is found at once.
_COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_MARKERS = "sDv^<>"


def work_precision(path: Path, points: Sequence[Point]) -> None:
    """Draw time against the error reached, one panel per case."""
    from matplotlib.figure import Figure

    cases = list(dict.fromkeys(point.case for point in points))
    peers = [p for p in dict.fromkeys(point.program for point in points) if p != "sigmapath"]
    wide = min(3, len(cases))
    high = -(-len(cases) // wide)
    figure = Figure(figsize=(5.0 * wide + 1.5, 3.8 * high), layout="constrained")
    axes = figure.subplots(high, wide, squeeze=False).ravel()
    for ax, case in zip(axes, cases, strict=False):
        for number, program in enumerate(["sigmapath", *peers]):
            own = [p for p in points if p.case == case and p.program == program]
            own.sort(key=lambda p: -p.rtol)
            style = {"color": "black", "marker": "o", "linewidth": 2.2, "markersize": 4}
            if program != "sigmapath":
                style = {"color": _COLORS[(number - 1) % 6], "marker": _MARKERS[(number - 1) % 6]}
            ax.loglog([p.error for p in own], [p.seconds for p in own], label=program, **style)
        ax.set_title(case, loc="left", fontweight="bold")
        ax.set_xlabel("error reached (scaled root mean square)")
        ax.set_ylabel("time of one solve [s]")
        ax.invert_xaxis()
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    for ax in axes[len(cases) :]:
        ax.set_visible(False)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False)
    figure.savefig(path, dpi=150)
