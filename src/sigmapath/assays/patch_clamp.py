"""Whole-cell patch clamp: current-voltage curves by steps or a ramp, with the errors of the rig.

Enters: a model with a membrane, a voltage protocol, treatments. Leaves: a Dataset with the currents
that the amplifier shows per cell, the I-V with error bars, and how far the membrane was from the
command. The circuit is in :mod:`sigmapath.assays.clamp_circuit`, wash-in in
:mod:`sigmapath.assays.patch_wash`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.assays.clamp_circuit import Dendrite, Pipette
from sigmapath.assays.patch_rig import NEAR_HOLDING, Rig, rig_of, seconds, voltage
from sigmapath.assays.replicates import (
    FloatArray,
    mean_sd_sem,
    provenance_of,
    require,
    require_ok,
    require_replicates,
)
from sigmapath.assays.treatments import Arm, arms_of
from sigmapath.errors import PlanError
from sigmapath.experiment.ensemble import Ensemble
from sigmapath.experiment.protocol import phase

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["patch_clamp"]

_WHERE = "patch clamp"
_STEPS = tuple(float(v) for v in range(-80, 61, 10))
_BEFORE = 0.005  # of the trace shown before the step [s]


def patch_clamp(
    model: Any,
    *,
    steps: Sequence[Any] = _STEPS,
    holding: Any = -70.0,
    duration: Any = "50 ms",
    isolate: str | None = "HVA",
    measure: str = "peak",
    blank: Any = "1 ms",
    leak_subtraction: bool = True,
    incubation: Any = "15 min",
    dialysis: Any = "1 min",
    stimulus: Mapping[str, Any] | None = None,
    doses: Mapping[str, Any] | None = None,
    arms: Sequence[Arm] | None = None,
    condition: Any = None,
    parameters: Mapping[str, Any] | None = None,
    pipette: Pipette | None = None,
    dendrite: Dendrite | None = None,
    cv_size: float = 0.2,
    cv_density: float = 0.2,
    cv_series: float = 0.2,
    n: int = 8,
    seed: int = 0,
) -> xr.Dataset:
    """Step the command from a holding potential to a row of voltages.

    Parameters
    ----------
    model : Model
        ``membrane`` (fast, no ligands' path to S1R) or ``s1r_cell``.
    steps : sequence of voltage [mV]
        Within the range of the amplifier.
    holding : voltage
    duration : time
        Of a step.
    isolate : str or None
        Current left by the blockers in bath and pipette: "HVA" (calcium), "Na", "K", "NMDA", or
        None for all. Blockers set conductances to 0.
    measure : str
        "peak": largest current in size after ``blank``; "steady": mean of the last fifth.
    blank : time
        After the step, not looked at: the capacity transient.
    leak_subtraction : bool
        Subtract the linear current scaled from a step of -10 mV (P/4, four sub-pulses; Bezanilla
        and Armstrong 1977, doi:10.1085/jgp.70.5.549).
    incubation : time
        With the treatment, before the patch; more than 0.
    dialysis : time
        Between breaking the patch and the first step; BAPTA washes in.
    stimulus : mapping, optional
        Levels during the step, e.g. ``{"glutamate": "1 mM"}``.
    doses, arms, condition, parameters
        As for :func:`sigmapath.assays.co_immunoprecipitation`.
    pipette : Pipette, optional
    dendrite : Dendrite, optional
        Membrane behind an axial resistance: the space clamp is then not perfect.
    cv_size, cv_density, cv_series : float
        Between cells [1]: membrane (all conductances and capacitance), channel density of the
        isolated current (and, alike, the S1R at half effect on channels), series resistance.
        Assumed, 0.1 to 0.4 each.
    n, seed : int
        Cells, the same in every arm (a paired design); of cells and noise.

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
    rig = rig_of(
        model, pipette, dendrite, isolate=isolate, holding=holding, incubation=incubation,
        dialysis=dialysis, cvs=(cv_size, cv_density, cv_series), where=_WHERE,
    )  # fmt: skip
    levels = np.array([voltage(v, rig.pipette.limit_mV, _WHERE) for v in steps])
    require(
        len(levels) >= 2 and (np.diff(levels) > 0.0).all(), "the row of voltages",
        found=", ".join(f"{v:g}" for v in levels), expected="2 or more, ascending", where=_WHERE,
    )  # fmt: skip
    length, blanked = seconds(duration, "the step", _WHERE), seconds(blank, "blank", _WHERE)
    require(blanked < length, "blank", found=blank, expected=f"less than {duration}", where=_WHERE)
    if measure not in ("peak", "steady"):
        raise PlanError("no such measure", where=_WHERE, found=measure, expected="peak or steady")
    require_replicates(n, seed, where=_WHERE)
    treatments = arms_of(doses, arms)
    stream = np.random.default_rng(seed)
    asked = levels
    if leak_subtraction:
        near = rig.holding + NEAR_HOLDING
        require(abs(near) <= rig.pipette.limit_mV, "the leak step", found=near,
                expected=f"within {rig.pipette.limit_mV:g} mV", where=_WHERE)  # fmt: skip
        asked = np.unique(np.concatenate([levels, [near, rig.holding]]))
    times = _sample_times(rig, length)
    # The same cells are in every arm: a paired design, as with a drug given to a cell.
    cells = rig.cells(n, stream)
    found = [
        _record(rig, arm, asked, times, length, stimulus, condition, parameters, cells)
        for arm in treatments
    ]
    ready = [_subtracted(one, asked, levels, rig, leak_subtraction, stream) for one in found]
    window = _window(times - rig.step_at, length, blanked, measure)
    return _dataset(
        rig, treatments, levels, (times - rig.step_at) * 1e3, ready, window, measure, n, seed,
        protocol={
            "steps": list(map(str, steps)), "holding": holding, "duration": duration,
            "isolate": isolate, "measure": measure, "blank": blank,
            "leak_subtraction": leak_subtraction, "incubation": incubation, "dialysis": dialysis,
            "stimulus": dict(stimulus or {}), "condition": condition,
            "pipette": asdict(rig.pipette), "dendrite": asdict(dendrite) if dendrite else None,
            "cv_size": cv_size, "cv_density": cv_density, "cv_series": cv_series,
        },
    )  # fmt: skip


class _Recording:
    """Currents of one arm: true potential, noisy current, capacitance and saturation per cell."""

    __slots__ = ("capacitance", "current", "error", "saturated")

    def __init__(
        self, current: FloatArray, error: FloatArray, saturated: Any, capacitance: FloatArray
    ) -> None:
        self.current, self.error = current, error
        self.saturated, self.capacitance = saturated, capacitance


def _sample_times(rig: Rig, length: float) -> FloatArray:
    step = 1e-3 / rig.pipette.rate_kHz
    count = int(round(length / step))
    before = np.arange(-int(round(_BEFORE / step)), 0) * step
    inside = np.arange(count) * step
    require(10 <= count <= 1_000_000, "the number of samples", found=count,
            expected="10 to 1000000 per step", where=_WHERE)  # fmt: skip
    return rig.step_at + np.concatenate([before, inside])


def _record(
    rig: Rig,
    arm: Arm,
    levels: FloatArray,
    times: FloatArray,
    length: float,
    stimulus: Mapping[str, Any] | None,
    condition: Any,
    parameters: Mapping[str, Any] | None,
    drawn: tuple[dict[str, FloatArray], Ensemble],
) -> _Recording:
    """Run all cells at all voltages; arrays of shape (n_cell, n_voltage, n_time)."""
    cells, members = drawn
    stepped = {"V_command": float(levels[0]), **rig.open_pipette()}
    plan = rig.engine.plan(
        times=times,
        axes={"V_command": levels.tolist()},
        ensemble=members,
        doses=dict(arm.doses),
        parameters={**rig.settings(), **(parameters or {}), **arm.parameters},
        condition=arm.condition if arm.condition is not None else condition,
        # The axis drives what this phase sets; before it, the command is at the holding potential.
        protocol=[
            *rig.before_step(),
            phase(length, doses=stimulus, parameters=stepped, name="step"),
        ],
        observables=["V_m"],
    )
    raw = rig.engine.run(plan, rtol=1e-8)
    require_ok(raw.status, where=f"{_WHERE}, {arm.name}")
    potential = np.asarray(raw.trajectories["V_m"])
    command = np.where(times[None, :] < rig.step_at, rig.holding, levels[:, None])
    error = command[None] - potential
    current = cells["g_clamp"][:, None, None] * error + command[None] / rig.pipette.seal_GOhm
    most = 1e3 * rig.pipette.limit_nA
    late = times >= rig.step_at + 1e-3
    saturated = (np.abs(current) > most)[..., late].any(axis=2)
    return _Recording(np.clip(current, -most, most), error, saturated, cells["C_cell"] * 1e3)


def _subtracted(
    found: _Recording,
    asked: FloatArray,
    levels: FloatArray,
    rig: Rig,
    subtract: bool,
    stream: np.random.Generator,
) -> _Recording:
    """Only the voltages asked for, with noise; the linear current is taken off.

    P/4 adds four sub-pulses of a quarter of the step, so the variance of the noise is five-fold.
    """
    holding, noise = rig.holding, rig.pipette.noise_pA
    place = np.searchsorted(asked, levels)
    current = found.current[:, place]
    if subtract:
        at_rest = found.current[:, int(np.searchsorted(asked, holding))][:, None]
        near = found.current[:, int(np.searchsorted(asked, holding + NEAR_HOLDING))][:, None]
        scale = (levels - holding)[None, :, None] / NEAR_HOLDING
        current = current - at_rest - scale * (near - at_rest)
        noise *= math.sqrt(5.0)
    current = current + stream.normal(0.0, noise, size=current.shape)
    return _Recording(current, found.error[:, place], found.saturated[:, place], found.capacitance)


def _window(times: FloatArray, length: float, blanked: float, measure: str) -> Any:
    """Which samples are looked at."""
    if measure == "steady":
        return times >= 0.8 * length
    return times >= blanked


def _dataset(
    rig: Rig,
    arms: Sequence[Arm],
    levels: FloatArray,
    milliseconds: FloatArray,
    found: Sequence[_Recording],
    window: Any,
    measure: str,
    n: int,
    seed: int,
    *,
    protocol: Mapping[str, Any],
) -> xr.Dataset:
    import xarray as xr

    current = np.empty((len(arms), n, len(levels)))
    error = np.empty_like(current)
    for i, one in enumerate(found):
        seen, off = one.current[..., window], one.error[..., window]
        if measure == "steady":
            current[i], error[i] = seen.mean(axis=2), off.mean(axis=2)
            continue
        # The mean course over cells tells when the current is largest; every cell is read there.
        largest = np.abs(_smooth(seen).mean(axis=0)).argmax(axis=1)
        when = np.broadcast_to(largest[None, :, None], (n, len(levels), 1))
        current[i] = np.take_along_axis(_smooth(seen), when, axis=2)[..., 0]
        error[i] = np.take_along_axis(off, when, axis=2)[..., 0]
    capacitance = np.array([one.capacitance for one in found])
    density = current / capacitance[:, :, None]
    variables: dict[str, Any] = {
        "trace": (
            ("arm", "voltage", "time"), np.array([one.current[0] for one in found]),
            {"units": "pA", "long_name": "current, first cell"},
        ),
        "voltage_error": (
            ("arm", "voltage"), error.mean(axis=1),
            {"units": "mV", "long_name": "command less membrane potential"},
        ),
        "saturated": (
            ("arm", "voltage"), np.array([one.saturated.mean(axis=0) for one in found]),
            {"units": "1", "long_name": "cells beyond the amplifier's range"},
        ),
        "capacitance": (("arm", "cell"), capacitance, {"units": "pF"}),
    }  # fmt: skip
    for name, values, unit in (("current", current, "pA"), ("density", density, "pA/pF")):
        words = {"units": unit, "long_name": f"{measure} current"}
        variables[name] = (("arm", "cell", "voltage"), values, words)
        for suffix, summary in zip(("mean", "sd", "sem"), mean_sd_sem(values, axis=1), strict=True):
            variables[f"{name}_{suffix}"] = (("arm", "voltage"), summary, words)
    return xr.Dataset(
        variables,
        coords={
            "arm": [arm.name for arm in arms],
            "cell": np.arange(n),
            "voltage": ("voltage", levels, {"units": "mV", "long_name": "command"}),
            "time": ("time", milliseconds, {"units": "ms", "long_name": "time from the step"}),
        },
        attrs=provenance_of(rig.engine, "patch-clamp", n=n, seed=seed, protocol=protocol),
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
