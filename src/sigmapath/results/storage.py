"""Files of results: CSV, netCDF, JSON, zarr, chosen by the suffix.

Enters: a :class:`RawResult` and a path. Leaves: a file that appears whole or not at all. Paths are
checked before anything is computed. CSV and JSON are written without xarray or pandas.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from sigmapath.errors import OutputError
from sigmapath.optional import require
from sigmapath.results.raw import RawResult

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "SUFFIXES",
    "check_writable",
    "csv_text",
    "json_text",
    "read_dataset",
    "save",
    "save_dataset",
    "write_text",
]

SUFFIXES = (".csv", ".nc", ".json", ".zarr")


def check_writable(path: Path | str, suffixes: Sequence[str] = SUFFIXES) -> None:
    """Refuse a path that nothing could be written to, before anything is computed.

    Parameters
    ----------
    path : path
    suffixes : sequence of str
        Kinds of file that are known.

    Raises
    ------
    OutputError
        If the suffix is unknown, the folder is missing or no folder, the path is a folder, or the
        folder or file may not be written.
    MissingExtraError
        If the format needs a library that is not installed.
    """
    target = Path(path)
    where = str(path)
    suffix = target.suffix.lower()
    if suffix not in suffixes:
        raise OutputError(
            "unknown kind of file",
            where=where,
            found=target.suffix or "no suffix",
            expected=", ".join(suffixes),
        )
    folder = target.parent
    try:
        if not folder.exists():
            raise OutputError(
                "the folder does not exist",
                where=where,
                found=str(folder),
                fix="create it, or write somewhere else",
            )
        if not folder.is_dir():
            raise OutputError("this is no folder", where=where, found=str(folder))
        if target.is_dir() and suffix != ".zarr":
            raise OutputError("this is a folder, not a file", where=where)
        if target.exists() and not os.access(target, os.W_OK):
            raise OutputError("the file may not be changed", where=where)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputError("nothing may be written in this folder", where=where)
    except OSError as error:
        raise _cannot_write(where, error) from error
    if suffix == ".zarr":
        require("zarr", "zarr")


def _cannot_write(where: str, error: OSError) -> OutputError:
    return OutputError(
        "the result cannot be written",
        where=where,
        found=error.strerror or str(error),
        fix="check the folder, its permissions and the space on the disk",
    )


def write_text(path: Path | str, text: str) -> None:
    """Write a text file that appears whole or not at all.

    Raises
    ------
    OutputError
    """

    def fill(partial: Path) -> None:
        partial.write_text(text, encoding="utf-8", newline="")

    _atomically(Path(path), fill)


def _atomically(path: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` write a file beside ``path``, then put it in place."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial{path.suffix}")
    try:
        fill(partial)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        os.replace(partial, path)
    except OSError as error:
        raise _cannot_write(str(path), error) from error
    finally:
        with contextlib.suppress(OSError):
            if partial.is_dir():
                shutil.rmtree(partial)
            else:
                partial.unlink(missing_ok=True)


def save(raw: RawResult, path: Path | str) -> None:
    """Write a result; the suffix chooses the format (.csv, .nc, .json, .zarr).

    Raises
    ------
    OutputError
        If the suffix is unknown or the file cannot be written.
    MissingExtraError
        For .zarr without its library.
    """
    check_writable(path)
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix == ".csv":
        _atomically(target, lambda partial: _write_csv_file(raw, partial))
    elif suffix == ".json":
        write_text(target, json_text(raw))
    else:
        from sigmapath.results.dataset import to_dataset

        save_dataset(to_dataset(raw), target)


# CSV ---------------------------------------------------------------------------------------------


def csv_text(raw: RawResult) -> str:
    """Return a result as CSV.

    One row per run and output time (per run, if only readouts were kept). Columns: the axes,
    ``time`` and the observables, the readouts, ``status`` (0 = ok). Headers are
    "name [unit]"; a value that a failed run does not have is "nan". Numbers read back exactly.
    """
    stream = io.StringIO()
    _write_csv(raw, stream)
    return stream.getvalue()


def _write_csv_file(raw: RawResult, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        _write_csv(raw, stream)


def _write_csv(raw: RawResult, stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_header(raw))
    writer.writerows(_rows(raw))


def _header(raw: RawResult) -> list[str]:
    labels, axes = raw.labels(), raw.axis_labels()
    columns = [_titled(axes[axis.name], axis.unit) for axis in raw.axes]
    if raw.trajectories:
        columns.append(_titled("time", raw.time_unit))
    names = (*raw.trajectories, *raw.reduced)
    return [*columns, *(_titled(labels[n], raw.units.get(n, "")) for n in names), "status"]


def _titled(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit else name


def _rows(raw: RawResult) -> Iterator[Iterable[object]]:
    status = raw.status.reshape(-1)
    readouts = [values.reshape(-1) for values in raw.reduced.values()]
    n_time = len(raw.times)
    times = raw.times.tolist()
    courses = [values.reshape(-1, n_time) for values in raw.trajectories.values()]
    is_count = [axis.name == "member" for axis in raw.axes]
    for run in range(status.size):
        places = np.unravel_index(run, raw.shape) if raw.axes else ()
        at = [
            int(axis.coordinates[place]) if count else float(axis.coordinates[place])
            for axis, place, count in zip(raw.axes, places, is_count, strict=True)
        ]
        after = [*(float(values[run]) for values in readouts), int(status[run])]
        if not courses:
            yield [*at, *after]
            continue
        for time, *values in zip(times, *(course[run].tolist() for course in courses), strict=True):
            yield [*at, time, *values, *after]


# JSON --------------------------------------------------------------------------------------------


def json_text(raw: RawResult) -> str:
    """Return a result as JSON: attributes, coordinates and variables with units; NaN is null."""
    labels, axes = raw.labels(), raw.axis_labels()
    over_runs = [axes[axis.name] for axis in raw.axes]
    coordinates = {
        axes[axis.name]: _json_array([axes[axis.name]], axis.coordinates, axis.unit)
        for axis in raw.axes
    }
    if raw.trajectories:
        coordinates["time"] = _json_array(["time"], raw.times, raw.time_unit)
    variables = {
        labels[name]: _json_array([*over_runs, "time"], values, raw.units.get(name, ""))
        for name, values in raw.trajectories.items()
    }
    for name, values in raw.reduced.items():
        variables[labels[name]] = _json_array(over_runs, values, raw.units.get(name, ""))
    variables["status"] = {"dims": over_runs, "units": "", "values": raw.status.tolist()}
    content = {"attrs": dict(raw.attrs), "coords": coordinates, "variables": variables}
    return json.dumps(content, allow_nan=False, ensure_ascii=False) + "\n"


def _json_array(dims: list[str], values: np.ndarray[Any, Any], unit: str) -> dict[str, object]:
    return {"dims": dims, "units": unit, "values": _without_nan(values.tolist())}


def _without_nan(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nan(entry) for entry in value]
    # JSON has no numbers for NaN and infinities.
    return value if math.isfinite(value) else None


# netCDF and zarr ---------------------------------------------------------------------------------

# The exact name of a variable whose name a file cannot hold.
_NAME_ATTRIBUTE = "sigmapath_name"


def save_dataset(data: xr.Dataset, path: Path | str) -> None:
    """Write a Dataset as netCDF or zarr.

    Names that these formats cannot hold ("/" separates groups; a first character other than a
    letter, digit or underscore is not portable) are spelled otherwise in the file;
    :func:`read_dataset` restores them.
    """
    target = Path(path)
    stored = _file_names(data)
    if target.suffix.lower() == ".zarr":
        require("zarr", "zarr")
        _atomically(target, lambda partial: _to_zarr(stored, partial))
        return
    _atomically(target, lambda partial: _to_netcdf(stored, partial))


def _to_netcdf(data: xr.Dataset, path: Path) -> None:
    data.to_netcdf(path, engine="h5netcdf")


def _to_zarr(data: xr.Dataset, path: Path) -> None:
    data.to_zarr(path, mode="w", consolidated=False)


def read_dataset(path: Path | str) -> xr.Dataset:
    """Read a Dataset written by :func:`save` or :func:`save_dataset` back, wholly into memory."""
    import xarray as xr

    is_zarr = Path(path).suffix.lower() == ".zarr"
    engine = "zarr" if is_zarr else "h5netcdf"
    options: dict[str, Any] = {"consolidated": False} if is_zarr else {}
    with xr.open_dataset(path, engine=engine, decode_times=False, **options) as stored:
        data = stored.load()
    restored = {
        name: variable.attrs.pop(_NAME_ATTRIBUTE)
        for name, variable in data.variables.items()
        if _NAME_ATTRIBUTE in variable.attrs
    }
    return data.rename(restored)


def _file_names(data: xr.Dataset) -> xr.Dataset:
    renamed = {}
    taken = set(map(str, data.variables))
    for name in map(str, data.variables):
        spelled = name.replace("/", "\N{DIVISION SLASH}").rstrip()
        if not (spelled[:1].isalnum() or spelled[:1] == "_"):
            spelled = f"_{spelled}"
        while spelled != name and spelled in taken:
            spelled += "_"
        if spelled != name:
            taken.add(spelled)
            renamed[name] = spelled
    stored = data.rename(renamed)
    for name, spelled in renamed.items():
        stored[spelled].attrs[_NAME_ATTRIBUTE] = name
    return stored
