"""Writing what a command computed, and saying what failed.

Enters: results and paths. Leaves: files, CSV on stdout, messages on stderr, an exit code.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.cli.screen import say
from sigmapath.errors import OutputError
from sigmapath.status import Status

__all__ = [
    "INTERRUPTED",
    "check_outputs",
    "deliver",
    "make_folder",
    "report_failures",
    "report_status",
    "write_figure",
    "write_result",
]

INTERRUPTED = 130  # 128 + SIGINT, what shells expect after Ctrl-C
_MOST_NAMES = 8
_FIGURE_SUFFIXES = (".png", ".pdf", ".svg")


def deliver(raw: Any, out: Path | None, plot: Path | None, draw: Callable[[], Any]) -> int:
    """Write what was asked for, CSV on stdout if nothing was, and say which runs failed.

    Returns
    -------
    int
        Exit code, see :func:`report_failures`.

    Raises
    ------
    OutputError
    KeyboardInterrupt
        If not one run ended.
    """
    _stop_if_nothing_is_done(raw)
    if out is not None or plot is None:
        write_result(raw, out)
    code = report_failures(raw)
    if plot is not None:
        write_figure(plot, draw)
    return code


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
    for path in (out, plot):
        if path is not None and path.suffix.lower() != ".zarr":
            _try_to_write(path)


def make_folder(folder: Path) -> None:
    """Make a folder that the user named, if it is missing.

    Raises
    ------
    OutputError
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "the folder cannot be made", where=str(folder), found=error.strerror or str(error)
        ) from error


def _try_to_write(path: Path) -> None:
    """Make and remove a file beside ``path``: permissions alone do not tell for every system."""
    partial = _beside(path)
    try:
        partial.touch()
        partial.unlink()
    except OSError as error:
        raise OutputError(
            "no file can be made in this folder",
            where=str(path),
            found=error.strerror or str(error),
            fix="write somewhere else",
        ) from error


def write_result(raw: Any, out: Path | None) -> None:
    """Write a result to ``out``, or as CSV to stdout.

    Raises
    ------
    OutputError
        If the file cannot be written after all (a full disk); the result is then kept as CSV in
        the folder for temporary files, and the message says where.
    """
    from sigmapath.results.storage import csv_text, save

    if out is None:
        print(csv_text(raw), end="")
        return
    try:
        save(raw, out)
    except OutputError as error:
        kept = _rescued(csv_text(raw))
        raise OutputError(
            error.what, where=error.where, found=error.found, fix=f"the result is in {kept}"
        ) from error
    say(f"wrote {out}")


def _rescued(text: str) -> Path:
    """Keep a result that could not be written where it was asked for."""
    import tempfile

    with tempfile.NamedTemporaryFile(
        "w", prefix="sigmapath-", suffix=".csv", delete=False, encoding="utf-8", newline=""
    ) as stream:
        stream.write(text)
    return Path(stream.name)


def write_figure(path: Path, draw: Callable[[], Any]) -> None:
    """Draw and write a figure; the file appears whole or not at all.

    Raises
    ------
    OutputError
    """
    from sigmapath.plot.style import styled

    partial = _beside(path)
    try:
        with styled():
            draw().savefig(partial)
        partial.replace(path)
    except OSError as error:
        raise OutputError(
            "the figure cannot be written", where=str(path), found=error.strerror or str(error)
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    say(f"wrote {path}")


def _beside(path: Path) -> Path:
    """Name of an unfinished file, of the same kind and in the same folder."""
    return path.with_name(f".{path.name}.{os.getpid()}.partial{path.suffix}")


def report_failures(raw: Any) -> int:
    """Say how many runs failed and why.

    Returns
    -------
    int
        Exit code: 0, 1 if some runs failed, 130 after Ctrl-C.
    """
    code = report_status(np.asarray(raw.status).ravel())
    missing = str(raw.attrs.get("missing_values", "")).split()
    if missing:
        shown = ", ".join(missing[:_MOST_NAMES]) + (", ..." if len(missing) > _MOST_NAMES else "")
        say(
            f"  the model gives no value to start with to: {shown}; write one into the model, or "
            f"use --initial (species) or --set (parameters), e.g. --initial {missing[0]}=0"
        )
    return code


def report_status(status: NDArray[np.int8]) -> int:
    """:func:`report_failures` of runs in a row."""
    stopped = np.isin(status, (Status.INTERRUPTED, Status.NOT_RUN))
    failed = status[(status != Status.OK) & ~stopped]
    if failed.size:
        say(f"{failed.size} of {status.size} runs failed; they are NaN in the result:")
        for code, count in zip(*np.unique(failed, return_counts=True), strict=True):
            say(f"  {count} x {Status(code).message}")
    if stopped.any():
        done = status.size - np.count_nonzero(stopped)
        say(f"interrupted: {done} of {status.size} runs are done, the others are NaN")
        return INTERRUPTED
    return 1 if failed.size else 0


def _stop_if_nothing_is_done(raw: Any) -> None:
    """Raise KeyboardInterrupt if Ctrl-C came before the first run ended: no file is worth it."""
    status = np.asarray(raw.status)
    if np.isin(status, (Status.INTERRUPTED, Status.NOT_RUN)).all():
        raise KeyboardInterrupt
