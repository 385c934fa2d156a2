"""The labelled view of a result: an xarray.Dataset made at the edge.

Enters: a :class:`RawResult`. Leaves: a Dataset whose dimensions are the axes in the order given,
then ``time``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sigmapath.results.raw import RawResult
from sigmapath.status import STAT_NAMES, Status

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["add_attributes", "status_attributes", "to_dataset", "unfinished_dataset"]

# Frames whose coordinates take more are made anew each time [bytes].
_LARGEST_KEPT = 1 << 20


def to_dataset(raw: RawResult) -> xr.Dataset:
    """Return a result as a Dataset.

    One variable per observable (over the axes and ``time``) and per readout (over the axes), named
    as the user named it; ``status`` (int8, 0 = ok) along the axes. Names that would clash are
    written ``id(name)``, see :meth:`RawResult.labels`. Every variable and coordinate carries
    ``units`` (empty if the model gives none) and ``long_name``; the Dataset carries model,
    fingerprint, options, version, seed, and the solver's counters summed over the runs.
    """
    made = unfinished_dataset(raw)
    add_attributes(made, raw)
    return made


def unfinished_dataset(raw: RawResult) -> xr.Dataset:
    """As :func:`to_dataset`, of runs that may still be under way: without attributes of its own.

    The variables are the arrays of the result themselves, so what is written there later shows.
    """
    labels = raw.labels()
    found: dict[str, Any] = {labels[name]: values for name, values in raw.trajectories.items()}
    found |= {labels[name]: values for name, values in raw.reduced.items()}
    found["status"] = raw.status
    layout = _Layout.of(raw, labels)
    return (_frame if layout.n_bytes <= _LARGEST_KEPT else _new_frame)(layout).copy(data=found)


def add_attributes(made: xr.Dataset, raw: RawResult) -> None:
    """Say where the values come from, and what they took."""
    totals = raw.stats.reshape(-1, len(STAT_NAMES)).sum(axis=0).tolist()
    made.attrs.update(raw.attrs)
    made.attrs.update(zip(STAT_NAMES, totals, strict=True))


class _Content(NamedTuple):
    """An array of numbers or text as a value that can be compared."""

    kind: str
    values: bytes

    @classmethod
    def of(cls, values: np.ndarray[Any, Any]) -> _Content:
        plain = values.astype(str) if values.dtype.hasobject else values
        return cls(plain.dtype.str, plain.tobytes())

    def array(self) -> np.ndarray[Any, Any]:
        return np.frombuffer(self.values, dtype=self.kind)


class _Layout(NamedTuple):
    """All of a Dataset but its values and where they come from."""

    axes: tuple[tuple[str, str, str, _Content], ...]
    time: tuple[str, _Content] | None
    over_time: tuple[str, ...]
    over_runs: tuple[str, ...]
    units: tuple[str, ...]
    long_names: tuple[str, ...]

    @classmethod
    def of(cls, raw: RawResult, labels: dict[str, str]) -> _Layout:
        dimensions = raw.axis_labels()
        names = (*raw.trajectories, *raw.reduced)
        return cls(
            axes=tuple(
                (dimensions[axis.name], axis.name, axis.unit, _Content.of(axis.coordinates))
                for axis in raw.axes
            ),
            time=(raw.time_unit, _Content.of(raw.times)) if raw.trajectories else None,
            over_time=tuple([labels[name] for name in raw.trajectories]),
            over_runs=tuple([labels[name] for name in raw.reduced]),
            units=tuple([raw.units.get(name, "") for name in names]),
            long_names=tuple([raw.long_names.get(name, name) for name in names]),
        )

    @property
    def n_bytes(self) -> int:
        """Size of the coordinates."""
        times = 0 if self.time is None else len(self.time[1].values)
        return times + sum(len(content.values) for *_, content in self.axes)


@lru_cache(maxsize=8)
def _frame(layout: _Layout) -> xr.Dataset:
    """As :func:`_new_frame`; the last few are kept, and hold no values of anybody's.

    Making a Dataset of a hundred variables takes longer than a hundred steps of a solver; filling
    in the values of one takes a third of that.
    """
    return _new_frame(layout)


def _new_frame(layout: _Layout) -> xr.Dataset:
    """Return a Dataset with everything but values, to be copied with values."""
    import xarray as xr

    coordinates: dict[str, Any] = {
        label: xr.Variable(
            (label,),
            _axis_values(name, content.array()),
            {"units": unit, "long_name": name},
        )
        for label, name, unit, content in layout.axes
    }
    dimensions = tuple(coordinates)
    shape = tuple(len(values) for values in coordinates.values())
    if layout.time is not None:
        unit, times = layout.time
        coordinates["time"] = xr.Variable(
            ("time",), times.array(), {"units": unit, "long_name": "time"}
        )
    over_all = (*dimensions, "time")
    over_each = [over_all] * len(layout.over_time) + [dimensions] * len(layout.over_runs)
    labels = (*layout.over_time, *layout.over_runs)
    variables: dict[str, Any] = {}
    for label, over, unit, long_name in zip(
        labels, over_each, layout.units, layout.long_names, strict=True
    ):
        empty = np.broadcast_to(np.nan, tuple(len(coordinates[name]) for name in over))
        variables[label] = (over, empty, {"units": unit, "long_name": long_name})
    variables["status"] = (dimensions, np.broadcast_to(np.int8(0), shape), status_attributes())
    return xr.Dataset(variables, coords=coordinates)


def _axis_values(name: str, coordinates: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Coordinates as stored; members and replicates are counted, not measured."""
    return coordinates.astype(np.int64) if name in ("member", "replicate") else coordinates


def status_attributes() -> dict[str, Any]:
    """CF attributes of the variable ``status`` (CF conventions 1.11, section 3.5)."""
    codes = np.array([int(code) for code in Status], dtype=np.int8)
    codes.setflags(write=False)
    return {
        "long_name": "outcome of the run",
        "flag_values": codes,
        "flag_meanings": " ".join(code.meaning for code in Status),
    }
