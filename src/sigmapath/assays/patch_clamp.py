"""Whole-cell patch clamp: current-voltage curves by steps, with the errors of the rig.

Enters: a model with a membrane, a voltage protocol, treatments. Leaves: a Dataset with the currents
that the amplifier shows per cell, the I-V with error bars, and how far the membrane was from the
command. The circuit is in :mod:`sigmapath.assays.clamp_circuit`, a ramp in
:mod:`sigmapath.assays.patch_ramp`, wash-in in :mod:`sigmapath.assays.patch_wash`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.assays.checks import require, seconds
from sigmapath.assays.patch_rig import NEAR_HOLDING, Cells, Clamp, Rig, rig_of, voltage
from sigmapath.assays.replicates import FloatArray, summarised
from sigmapath.assays.study import Arm, Study, provenance_of
from sigmapath.errors import PlanError
from sigmapath.experiment.protocol import phase
from sigmapath.record import record

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Steps", "patch_clamp"]

_WHERE = "patch clamp"
_CUSTOMARY = Study(until="15 min", n=8)
_BEFORE = 0.005  # of the trace shown before the step [s]


@record
class Steps:
    """A row of voltage steps, and how the current is read.

    Parameters
    ----------
    steps : sequence of voltage [mV]
        2 or more, ascending, within the range of the amplifier.
    duration : time
        Of a step.
    measure : str
        "peak": largest current in size after ``blank``; "steady": mean of the last fifth.
    blank : time
        After the step, not looked at: the capacity transient.
    leak_subtraction : bool
        Subtract the linear current scaled from a step of -10 mV (P/4, four sub-pulses; Bezanilla
        and Armstrong 1977, doi:10.1085/jgp.70.5.549).
    stimulus : mapping
        Levels during the step, e.g. ``{"glutamate": "1 mM"}``.
    """

    steps: Sequence[Any] = tuple(float(v) for v in range(-80, 61, 10))
    duration: Any = "50 ms"
    measure: str = "peak"
    blank: Any = "1 ms"
    leak_subtraction: bool = True
    stimulus: Mapping[str, Any] = field(default_factory=dict)


def patch_clamp(
    model: Any,
    study: Study = _CUSTOMARY,
    *,
    clamp: Clamp | None = None,
    steps: Steps | None = None,
) -> xr.Dataset:
    """Step the command from a holding potential to a row of voltages.

    Parameters
    ----------
    model : Model
        ``membrane`` (fast, no ligands' path to S1R) or ``s1r_cell``.
    study : Study
        Replicates are cells, the same in every arm (a paired design); ``until`` is the time with
        the treatment before the patch.
    clamp : Clamp, optional
    steps : Steps, optional

    Returns
    -------
    xarray.Dataset
        Dimensions ``arm``, ``cell``, ``voltage`` [mV] and ``time`` [ms from the step]. ``trace``
        [pA] of the first cell; ``current`` [pA] per cell, ``current_mean``, ``current_sd``,
        ``current_sem``; ``density`` [pA/pF] likewise; ``voltage_error`` [mV], command less
        membrane when the current was measured, mean over cells; ``saturated``, share of cells whose
        current left the amplifier's range.

    Raises
    ------
    PlanError
        If the protocol makes no sense, or a voltage leaves the range of the amplifier.
    UnknownNameError
        If a name is not known.
    """
    asked = steps or Steps()
    rig = rig_of(model, study, clamp or Clamp(), where=_WHERE)
    command = _command_of(asked, rig)
    stream = study.stream()
    cells = rig.cells(stream)
    recorded = [_record(rig, arm, command, asked.stimulus, cells) for arm in study.treatments]
    found = [_subtracted(one, command, rig, stream) for one in recorded]
    provenance = provenance_of(rig.engine, "patch-clamp", study, rig.clamp, asked)
    capacitance = 1e3 * cells.constants["C_cell"]
    data = _dataset(found, command, asked.measure, capacitance, provenance)
    return data.assign_coords(arm=[arm.name for arm in study.treatments])


@record(eq=False)
class _Command:
    """What the amplifier is told, and when it is looked at.

    Parameters
    ----------
    levels : ndarray, shape (n_voltage,)
        Asked for [mV].
    given : ndarray
        The same, and what leak subtraction needs; ascending [mV].
    length : float [s]
    times, since : ndarray, shape (n_time,)
        From the start of the run, and from the step [s].
    window : ndarray of bool, shape (n_time,)
        Samples that the measure looks at.
    subtract : bool
    """

    levels: FloatArray
    given: FloatArray
    length: float
    times: FloatArray
    since: FloatArray
    window: Any
    subtract: bool

    def place(self, level: float) -> int:
        """Of a voltage among those given."""
        return int(np.searchsorted(self.given, level))


def _command_of(asked: Steps, rig: Rig) -> _Command:
    """Work out the voltages and samples; raises PlanError if they make no sense."""
    limit = rig.pipette.limit_mV
    levels = np.array([voltage(v, limit, _WHERE) for v in asked.steps])
    require(
        len(levels) >= 2 and (np.diff(levels) > 0.0).all(), "the row of voltages",
        found=", ".join(f"{v:g}" for v in levels), expected="2 or more, ascending", where=_WHERE,
    )  # fmt: skip
    length = seconds(asked.duration, "the step", _WHERE)
    blanked = seconds(asked.blank, "blank", _WHERE)
    require(blanked < length, "blank", found=asked.blank, expected=f"less than {asked.duration}",
            where=_WHERE)  # fmt: skip
    if asked.measure not in ("peak", "steady"):
        raise PlanError(
            "no such measure", where=_WHERE, found=asked.measure, expected="peak or steady"
        )
    given = levels
    if asked.leak_subtraction:
        near = rig.holding + NEAR_HOLDING
        require(abs(near) <= limit, "the leak step", found=near, expected=f"within {limit:g} mV",
                where=_WHERE)  # fmt: skip
        given = np.unique(np.concatenate([levels, [near, rig.holding]]))
    times = rig.step_at + _sample_times(rig.pipette.rate_kHz, length)
    since = times - rig.step_at
    return _Command(
        levels=levels,
        given=given,
        length=length,
        times=times,
        since=since,
        window=since >= (0.8 * length if asked.measure == "steady" else blanked),
        subtract=asked.leak_subtraction,
    )


def _sample_times(rate_kHz: float, length: float) -> FloatArray:
    step = 1e-3 / rate_kHz
    count = int(round(length / step))
    require(10 <= count <= 1_000_000, "the number of samples", found=count,
            expected="10 to 1000000 per step", where=_WHERE)  # fmt: skip
    before = np.arange(-int(round(_BEFORE / step)), 0) * step
    return np.concatenate([before, np.arange(count) * step])


@record(eq=False)
class _Recording:
    """One arm: current [pA] and error of the voltage [mV], shape (n_cell, n_voltage, n_time).

    ``saturated`` has the shape (n_cell, n_voltage).
    """

    current: FloatArray
    error: FloatArray
    saturated: Any


def _record(
    rig: Rig, arm: Arm, command: _Command, stimulus: Mapping[str, Any], cells: Cells
) -> _Recording:
    """Run all cells at all voltages given."""
    # The axis drives what this phase sets; before it, the command is at the holding potential.
    given = command.given
    first = rig.commanded(float(given[0]))
    step = phase(command.length, doses=dict(stimulus), parameters=first, name="step")
    axes = {"V_command": given.tolist()}
    potential = rig.potential(arm, cells, command.times, [step], axes=axes)
    told = np.where(command.since[None, :] < 0.0, rig.holding, given[:, None])
    error = told[None] - potential
    current = cells.conductance(2) * error + told[None] / rig.pipette.seal_GOhm
    most = 1e3 * rig.pipette.limit_nA
    late = command.times >= rig.step_at + 1e-3
    saturated = (np.abs(current) > most)[..., late].any(axis=2)
    return _Recording(current=np.clip(current, -most, most), error=error, saturated=saturated)


def _subtracted(
    found: _Recording, command: _Command, rig: Rig, stream: np.random.Generator
) -> _Recording:
    """Only the voltages asked for, with noise; the linear current is taken off.

    P/4 adds four sub-pulses of a quarter of the step, so the variance of the noise is five-fold.
    """
    holding, noise = rig.holding, rig.pipette.noise_pA
    place = np.searchsorted(command.given, command.levels)
    current = found.current[:, place]
    if command.subtract:
        at_rest = found.current[:, command.place(holding)][:, None]
        near = found.current[:, command.place(holding + NEAR_HOLDING)][:, None]
        scale = (command.levels - holding)[None, :, None] / NEAR_HOLDING
        current = current - at_rest - scale * (near - at_rest)
        noise *= math.sqrt(5.0)
    current = current + stream.normal(0.0, noise, size=current.shape)
    return replace(
        found, current=current, error=found.error[:, place], saturated=found.saturated[:, place]
    )


def _measured(found: _Recording, window: Any, measure: str) -> tuple[FloatArray, FloatArray]:
    """Current and error of the voltage of each cell at each step, shape (n_cell, n_voltage)."""
    seen, off = found.current[..., window], found.error[..., window]
    if measure == "steady":
        return seen.mean(axis=2), off.mean(axis=2)
    # The mean course over cells tells when the current is largest; every cell is read there.
    smooth = _smooth(seen)
    largest = np.abs(smooth.mean(axis=0)).argmax(axis=1)
    when = np.broadcast_to(largest[None, :, None], (*smooth.shape[:2], 1))
    current, error = (np.take_along_axis(v, when, axis=2)[..., 0] for v in (smooth, off))
    return current, error


def _dataset(
    found: Sequence[_Recording],
    command: _Command,
    measure: str,
    capacitance: FloatArray,
    attrs: dict[str, Any],
) -> xr.Dataset:
    import xarray as xr

    measured = [_measured(one, command.window, measure) for one in found]
    current, error = (np.array(part) for part in zip(*measured, strict=True))
    per_cell, per_arm = ("arm", "cell", "voltage"), ("arm", "voltage")
    whole = np.broadcast_to(capacitance, current.shape[:2])
    variables: dict[str, Any] = {
        "trace": (
            (*per_arm, "time"), np.array([one.current[0] for one in found]),
            {"units": "pA", "long_name": "current, first cell"},
        ),
        "voltage_error": (
            per_arm, error.mean(axis=1),
            {"units": "mV", "long_name": "command less membrane potential"},
        ),
        "saturated": (
            per_arm, np.array([one.saturated.mean(axis=0) for one in found]),
            {"units": "1", "long_name": "cells beyond the amplifier's range"},
        ),
        "capacitance": (("arm", "cell"), whole.copy(), {"units": "pF"}),
    }  # fmt: skip
    density = current / whole[:, :, None]
    for name, values, unit in (("current", current, "pA"), ("density", density, "pA/pF")):
        words = {"units": unit, "long_name": f"{measure} current"}
        variables |= summarised(name, per_cell, values, words, over="cell")
    milliseconds = ("time", command.since * 1e3, {"units": "ms", "long_name": "time from the step"})
    return xr.Dataset(
        variables,
        coords={
            "cell": np.arange(len(capacitance)),
            "voltage": ("voltage", command.levels, {"units": "mV", "long_name": "command"}),
            "time": milliseconds,
        },
        attrs=attrs,
    )


def _smooth(current: FloatArray) -> FloatArray:
    """Mean of five samples, as a cursor of an analysis program averages."""
    if current.shape[2] < 5:
        return current
    total = np.cumsum(current, axis=2)
    total = np.concatenate([np.zeros((*current.shape[:2], 1)), total], axis=2)
    middle = (total[..., 5:] - total[..., :-5]) / 5.0
    pad = ((0, 0), (0, 0), (2, 2))
    return np.pad(middle, pad, mode="edge")
