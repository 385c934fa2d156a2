"""Patch clamp by a voltage ramp.

Enters: a model with a membrane, two voltages. Leaves: a Dataset of the current against the command.
The rig is that of :mod:`sigmapath.assays.patch_rig`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.assays.checks import is_count, require, seconds
from sigmapath.assays.patch_rig import Clamp, rig_of, voltage
from sigmapath.assays.replicates import summarised
from sigmapath.assays.study import Study, provenance_of
from sigmapath.experiment.protocol import phase

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["patch_ramp"]

_WHERE = "patch ramp"
_CUSTOMARY = Study(until="15 min", n=8)


def patch_ramp(
    model: Any,
    study: Study = _CUSTOMARY,
    *,
    clamp: Clamp | None = None,
    start: Any = -100.0,
    stop: Any = 60.0,
    duration: Any = "400 ms",
    points: int = 161,
) -> xr.Dataset:
    """Move the command in a straight line, as a converter does: by many small stairs.

    Parameters
    ----------
    model, study, clamp
        As for :func:`sigmapath.assays.patch_clamp`.
    start, stop : voltage [mV]
        Within the range of the amplifier, and different.
    duration : time
    points : int
        Stairs; each is read at its end, when the capacity transient is over. Leak is not taken off.

    Returns
    -------
    xarray.Dataset
        Dimensions ``arm``, ``cell`` and ``voltage`` [mV] (command). ``current`` [pA] per cell,
        ``current_mean``, ``current_sd``, ``current_sem``; ``voltage_error`` [mV].

    Raises
    ------
    PlanError, UnknownNameError
        As :func:`sigmapath.assays.patch_clamp`.
    """
    import xarray as xr

    rig = rig_of(model, study, clamp or Clamp(), where=_WHERE)
    first, last = (voltage(v, rig.pipette.limit_mV, _WHERE) for v in (start, stop))
    require(first != last, "the ramp", found=f"{first:g} to {last:g} mV", expected="two voltages",
            where=_WHERE)  # fmt: skip
    length = seconds(duration, "the ramp", _WHERE)
    require(is_count(points, 1000, least=3), "the number of points", found=points,
            expected="3 to 1000", where=_WHERE)  # fmt: skip
    command = np.linspace(first, last, points)
    times = rig.step_at + length * (np.arange(points) + 0.999) / points
    stairs = [
        phase(length / points, parameters=rig.commanded(v), name="stair") for v in command.tolist()
    ]
    stream = study.stream()
    cells = rig.cells(stream)
    currents, errors = [], []
    for arm in study.treatments:
        error = command - rig.potential(arm, cells, times, stairs)
        exact = cells.conductance() * error + command / rig.pipette.seal_GOhm
        currents.append(rig.amplified(exact, stream))
        errors.append(error.mean(axis=0))
    dims, words = ("arm", "cell", "voltage"), {"units": "pA", "long_name": "current"}
    return xr.Dataset(
        {
            **summarised("current", dims, np.array(currents), words, over="cell"),
            "voltage_error": (("arm", "voltage"), np.array(errors), {"units": "mV"}),
        },
        coords={
            "arm": [arm.name for arm in study.treatments],
            "cell": np.arange(study.n),
            "voltage": ("voltage", command, {"units": "mV", "long_name": "command"}),
        },
        attrs=provenance_of(
            rig.engine, "patch-ramp", study, rig.clamp, start=start, stop=stop, duration=duration
        ),
    )
