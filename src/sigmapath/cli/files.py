"""Writing what a command computed, and saying what failed.

Enters: results and paths. Leaves: files, CSV on stdout, messages on stderr, an exit code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from sigmapath.cli.screen import say
from sigmapath.errors import OutputError
from sigmapath.status import Status

__all__ = ["check_outputs", "report_failures", "write_figure", "write_result"]

_FIGURE_SUFFIXES = (".png", ".pdf", ".svg")


def check_outputs(out: Path | None, plot: Path | None) -> None:
    """Refuse unusable output paths before anything is computed.

    Raises
    ------
    OutputError
        If a folder is missing, a file cannot be written, or a suffix is unknown.
    """
    from sigmapath.results.storage import check_writable

    if out is not None:
        check_writable(out)
    if plot is not None:
        if plot.suffix.lower() not in _FIGURE_SUFFIXES:
            raise OutputError(
                "unknown kind of figure",
                where=str(plot),
                found=plot.suffix or "no suffix",
                expected=", ".join(_FIGURE_SUFFIXES),
            )
        check_writable(plot, suffixes=_FIGURE_SUFFIXES)


def write_result(raw: Any, out: Path | None) -> None:
    """Write a result to ``out``, or as CSV to stdout."""
    from sigmapath.results.storage import csv_text, save

    if out is None:
        print(csv_text(raw), end="")
    else:
        save(raw, out)
        say(f"wrote {out}")


def write_figure(path: Path, draw: Callable[[], Any]) -> None:
    """Draw and write a figure; the file appears whole or not at all."""
    import matplotlib as mpl

    mpl.use("Agg")
    figure = draw()
    partial = path.with_name(f".{path.name}.partial{path.suffix}")
    try:
        figure.savefig(partial)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(
            "the figure cannot be written", where=str(path), found=error.strerror or str(error)
        ) from error
    say(f"wrote {path}")


def report_failures(raw: Any) -> int:
    """Say how many runs failed and why; the exit code is 1 if any did."""
    status = np.asarray(raw.status).ravel()
    failed = status[status != 0]
    if not failed.size:
        return 0
    say(f"{failed.size} of {status.size} runs failed; they are NaN in the result:")
    for code, count in zip(*np.unique(failed, return_counts=True), strict=True):
        say(f"  {count} x {Status(code).message}")
    return 1
