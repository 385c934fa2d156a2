"""The labelled view of a result: an xarray.Dataset made at the edge.

Enters: a :class:`RawResult`. Leaves: a Dataset whose dimensions are the axes in the order given,
then ``time``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.results.raw import RawResult
from sigmapath.status import STAT_NAMES, Status

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["status_attributes", "to_dataset"]


def to_dataset(raw: RawResult) -> xr.Dataset:
    """Return a result as a Dataset.

    One variable per observable (over the axes and ``time``) and per readout (over the axes), named
    as the user named it; ``status`` (int8, 0 = ok) along the axes. Names that would clash are
    written ``id(name)``, see :meth:`RawResult.labels`. Every variable and coordinate carries
    ``units`` (empty if the model gives none) and ``long_name``; the Dataset carries model,
    fingerprint, options, version, seed, and the solver's counters summed over the runs.
    """
    import xarray as xr

    dimensions = raw.axis_labels()
    labels = raw.labels()
    over_runs = tuple(dimensions[axis.name] for axis in raw.axes)
    coordinates: dict[str, Any] = {
        dimensions[axis.name]: xr.Variable(
            (dimensions[axis.name],),
            _axis_values(axis.name, axis.coordinates),
            {"units": axis.unit, "long_name": axis.name},
        )
        for axis in raw.axes
    }
    variables: dict[str, Any] = {}
    if raw.trajectories:
        coordinates["time"] = xr.Variable(
            ("time",), raw.times, {"units": raw.time_unit, "long_name": "time"}
        )
    for name, values in raw.trajectories.items():
        variables[labels[name]] = ((*over_runs, "time"), values, _attributes(raw, name))
    for name, values in raw.reduced.items():
        variables[labels[name]] = (over_runs, values, _attributes(raw, name))
    variables["status"] = (over_runs, raw.status, status_attributes())
    totals = raw.stats.reshape(-1, len(STAT_NAMES)).sum(axis=0).tolist()
    attributes = {**raw.attrs, **dict(zip(STAT_NAMES, totals, strict=True))}
    return xr.Dataset(variables, coords=coordinates, attrs=attributes)


def _axis_values(name: str, coordinates: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Coordinates as stored; members and replicates are counted, not measured."""
    return coordinates.astype(np.int64) if name in ("member", "replicate") else coordinates


def _attributes(raw: RawResult, name: str) -> dict[str, str]:
    return {"units": raw.units.get(name, ""), "long_name": raw.long_names.get(name, name)}


def status_attributes() -> dict[str, Any]:
    """CF attributes of the variable ``status`` (CF conventions 1.11, section 3.5)."""
    return {
        "long_name": "outcome of the run",
        "flag_values": np.array([int(code) for code in Status], dtype=np.int8),
        "flag_meanings": " ".join(code.meaning for code in Status),
    }
