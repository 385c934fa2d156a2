"""Patch clamp over time: a voltage ramp, and test pulses while a drug washes in and out.

Enters: a model with a membrane, a protocol. Leaves: Datasets of the current against the command
(ramp) or against time (wash). The rig is that of :mod:`sigmapath.assays.patch_rig`.
"""

from __future__ import annotations

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
from sigmapath.experiment.ensemble import Ensemble
from sigmapath.experiment.protocol import Phase, phase

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["patch_ramp", "patch_wash"]


def patch_ramp(
    model: Any,
    *,
    start: Any = -100.0,
    stop: Any = 60.0,
    duration: Any = "400 ms",
    holding: Any = -70.0,
    isolate: str | None = "HVA",
    incubation: Any = "15 min",
    dialysis: Any = "1 min",
    doses: Mapping[str, Any] | None = None,
    arms: Sequence[Arm] | None = None,
    condition: Any = None,
    parameters: Mapping[str, Any] | None = None,
    pipette: Pipette | None = None,
    dendrite: Dendrite | None = None,
    cv_size: float = 0.2,
    cv_density: float = 0.2,
    cv_series: float = 0.2,
    points: int = 161,
    n: int = 8,
    seed: int = 0,
) -> xr.Dataset:
    """Move the command in a straight line, as a converter does: by many small stairs.

    Parameters
    ----------
    start, stop : voltage [mV]
        Within the range of the amplifier, and different.
    duration : time
    points : int
        Stairs; each is read at its end, when the capacity transient is over. Leak is not taken off.
    model, holding, isolate, incubation, dialysis, doses, arms, condition, parameters, pipette, \
dendrite, cv_size, cv_density, cv_series, n, seed
        As for :func:`sigmapath.assays.patch_clamp`.

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
    where = "patch ramp"
    rig = rig_of(
        model, pipette, dendrite, isolate=isolate, holding=holding, incubation=incubation,
        dialysis=dialysis, cvs=(cv_size, cv_density, cv_series), where=where,
    )  # fmt: skip
    first, last = (voltage(v, rig.pipette.limit_mV, where) for v in (start, stop))
    require(first != last, "the ramp", found=f"{first:g} to {last:g} mV", expected="two voltages",
            where=where)  # fmt: skip
    length = seconds(duration, "the ramp", where)
    is_count = isinstance(points, int) and 3 <= points <= 1000
    require(is_count, "the number of points", found=points, expected="3 to 1000", where=where)
    require_replicates(n, seed, where=where)
    treatments = arms_of(doses, arms)
    stream = np.random.default_rng(seed)
    command = np.linspace(first, last, points)
    times = rig.step_at + length * (np.arange(points) + 0.999) / points
    stairs = [
        phase(length / points, parameters={"V_command": v, **rig.open_pipette()}, name="stair")
        for v in command.tolist()
    ]
    currents, errors = [], []
    drawn = rig.cells(n, stream)
    cells = drawn[0]
    for arm in treatments:
        potential = _potential(
            rig, arm, times, [*rig.before_step(), *stairs], condition, parameters, drawn[1], where
        )
        error = command - potential
        exact = cells["g_clamp"][:, None] * error + command / rig.pipette.seal_GOhm
        currents.append(_amplified(exact, rig, stream))
        errors.append(error.mean(axis=0))
    protocol = {
        "start": start, "stop": stop, "duration": duration, "holding": holding, "isolate": isolate,
        "incubation": incubation, "dialysis": dialysis, "condition": condition,
        "pipette": asdict(rig.pipette), "dendrite": asdict(dendrite) if dendrite else None,
        "cv_size": cv_size, "cv_density": cv_density, "cv_series": cv_series,
    }  # fmt: skip
    along = ("voltage", command, {"units": "mV", "long_name": "command"})
    return _courses(
        rig, "patch-ramp", treatments, "voltage", along, np.array(currents), np.array(errors),
        n, seed, protocol,
    )  # fmt: skip


def patch_wash(
    model: Any,
    doses: Mapping[str, Any],
    *,
    test: Any = 0.0,
    holding: Any = -70.0,
    pulse: Any = "50 ms",
    interval: Any = "30 s",
    before: Any = "3 min",
    drug: Any = "10 min",
    after: Any = "10 min",
    isolate: str | None = "HVA",
    rundown_per_min: float = 0.005,
    dialysis: Any = "1 min",
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
    """Give test pulses at an interval while a drug washes in and out of the bath.

    Parameters
    ----------
    model : Model
        ``s1r_cell``, where ligands reach S1R.
    doses : mapping name -> level
        In the bath during ``drug``. The bath changes at once: exchange takes seconds, S1R minutes.
    test, holding : voltage [mV]
    pulse, interval : time
        Length of a pulse, and from pulse to pulse.
    before, drug, after : time
        Of the recording; control, drug, washout.
    rundown_per_min : float
        Loss of current that has nothing to do with the drug [1/min]. Assumed, 0 to 0.03.
    isolate, dialysis, condition, parameters, pipette, dendrite, cv_size, cv_density, cv_series, \
n, seed
        As for :func:`sigmapath.assays.patch_clamp`.

    Returns
    -------
    xarray.Dataset
        Dimensions ``cell`` and ``time`` [min]. ``current`` [pA] (mean of the second half of each
        pulse, linear leak subtracted) and ``percent`` of the mean before the
        drug, each with ``_mean``, ``_sd`` and ``_sem``; ``drug`` says when it was in the bath.

    Raises
    ------
    PlanError, UnknownNameError
        As :func:`sigmapath.assays.patch_clamp`.
    """
    where = "patch wash"
    rig = rig_of(
        model, pipette, dendrite, isolate=isolate, holding=holding, incubation="1 s",
        dialysis=dialysis, cvs=(cv_size, cv_density, cv_series), where=where,
    )  # fmt: skip
    voltage(rig.holding + NEAR_HOLDING, rig.pipette.limit_mV, where)
    level, length = voltage(test, rig.pipette.limit_mV, where), seconds(pulse, "the pulse", where)
    gap = seconds(interval, "the interval", where)
    spans = [seconds(v, "a part of the recording", where) for v in (before, drug, after)]
    require(length < gap, "the interval", found=interval, expected=f"more than {pulse}",
            where=where)  # fmt: skip
    require(0.0 <= rundown_per_min < 1.0, "the rundown", found=rundown_per_min,
            expected="0 or more, below 1 per min", where=where)  # fmt: skip
    require(bool(doses), "a wash-in without a drug", found="no dose", expected="doses={...}",
            where=where)  # fmt: skip
    require_replicates(n, seed, where=where)
    count = int(sum(spans) / gap)
    require(3 <= count <= 500, "the number of pulses", found=count, expected="3 to 500",
            where=where)  # fmt: skip
    begins = gap * np.arange(1, count + 1) - length
    has_drug = (begins >= spans[0]) & (begins < spans[0] + spans[1])
    is_control = begins < spans[0]
    require(is_control.any(), "the control", found=before, expected=f"longer than {interval}",
            where=where)  # fmt: skip
    phases = [*rig.before_step()]
    phases += _pulses(rig, level, length, gap, has_drug, doses)
    # Before, in and between: at the holding potential, at the end of the leak pulse, in the test.
    small = _leak_pulse(length, gap)
    looks = np.array([-2.1 * small, -1.001 * small, *(length * np.array([0.5, 0.75, 0.999]))])
    times = (rig.step_at + begins[:, None] + looks).ravel()
    stream = np.random.default_rng(seed)
    cells, members = rig.cells(n, stream)
    potential = _potential(
        rig, Arm(name="wash"), times, phases, condition, parameters, members, where
    )
    potential = potential.reshape(n, count, len(looks))
    near = rig.holding + NEAR_HOLDING
    command = np.array([rig.holding, near, level, level, level])
    exact = cells["g_clamp"][:, None, None] * (command - potential)
    at_rest, leak = exact[..., 0], exact[..., 1] - exact[..., 0]
    exact = exact[..., 2:].mean(axis=2) - at_rest - leak * (level - rig.holding) / NEAR_HOLDING
    left = np.exp(-rundown_per_min * begins / 60.0)
    current = _amplified(left[None, :] * exact, rig, stream)
    percent = 100.0 * current / current[:, is_control].mean(axis=1, keepdims=True)
    protocol = {
        "doses": dict(doses), "test": test, "holding": holding, "pulse": pulse,
        "interval": interval, "before": before, "drug": drug, "after": after, "isolate": isolate,
        "rundown_per_min": rundown_per_min, "dialysis": dialysis, "condition": condition,
        "pipette": asdict(rig.pipette), "dendrite": asdict(dendrite) if dendrite else None,
        "cv_size": cv_size, "cv_density": cv_density, "cv_series": cv_series,
    }  # fmt: skip
    return _wash_dataset(rig, begins / 60.0, has_drug, current, percent, n, seed, protocol)


def _leak_pulse(length: float, gap: float) -> float:
    """Length of the pulse of -10 mV, and of the pause behind it [s]."""
    return min(length, 0.2 * (gap - length), 0.05)


def _pulses(
    rig: Rig, level: float, length: float, gap: float, has_drug: Any, doses: Mapping[str, Any]
) -> list[Phase]:
    """Once per interval: holding potential, leak pulse, pause, test pulse."""
    small, near = _leak_pulse(length, gap), rig.holding + NEAR_HOLDING
    found = []
    for inside in has_drug:
        bath = dict(doses) if inside else None
        for name, span, command in (
            ("holding", gap - length - 2.0 * small, rig.holding),
            ("leak", small, near),
            ("pause", small, rig.holding),
            ("test", length, level),
        ):
            settings = {"V_command": command, **rig.open_pipette()}
            found.append(phase(span, doses=bath, parameters=settings, name=name))
    return found


def _potential(
    rig: Rig,
    arm: Arm,
    times: FloatArray,
    phases: Sequence[Phase],
    condition: Any,
    parameters: Mapping[str, Any] | None,
    members: Ensemble,
    where: str,
) -> FloatArray:
    """Membrane potential of all cells, shape (n, n_time)."""
    plan = rig.engine.plan(
        times=times,
        ensemble=members,
        doses=dict(arm.doses),
        parameters={**rig.settings(), **(parameters or {}), **arm.parameters},
        condition=arm.condition if arm.condition is not None else condition,
        protocol=list(phases),
        observables=["V_m"],
    )
    raw = rig.engine.run(plan, rtol=1e-8)
    require_ok(raw.status, where=f"{where}, {arm.name}")
    return np.asarray(raw.trajectories["V_m"])


def _amplified(exact: FloatArray, rig: Rig, stream: np.random.Generator) -> FloatArray:
    """With noise, cut off where the amplifier ends."""
    most = 1e3 * rig.pipette.limit_nA
    noisy = exact + stream.normal(0.0, rig.pipette.noise_pA, size=exact.shape)
    return np.clip(noisy, -most, most)


def _courses(
    rig: Rig,
    assay: str,
    arms: Sequence[Arm],
    dimension: str,
    along: Any,
    current: FloatArray,
    error: FloatArray,
    n: int,
    seed: int,
    protocol: Mapping[str, Any],
) -> xr.Dataset:
    import xarray as xr

    words = {"units": "pA", "long_name": "current"}
    mean, sd, sem = mean_sd_sem(current, axis=1)
    per_arm = ("arm", dimension)
    return xr.Dataset(
        {
            "current": (("arm", "cell", dimension), current, words),
            "current_mean": (per_arm, mean, words),
            "current_sd": (per_arm, sd, words),
            "current_sem": (per_arm, sem, words),
            "voltage_error": (per_arm, error, {"units": "mV"}),
        },
        coords={"arm": [arm.name for arm in arms], "cell": np.arange(n), dimension: along},
        attrs=provenance_of(rig.engine, assay, n=n, seed=seed, protocol=protocol),
    )


def _wash_dataset(
    rig: Rig,
    minutes: Any,
    has_drug: Any,
    current: FloatArray,
    percent: FloatArray,
    n: int,
    seed: int,
    protocol: Mapping[str, Any],
) -> xr.Dataset:
    import xarray as xr

    found: dict[str, Any] = {"drug": (("time",), np.asarray(has_drug, dtype=np.int8))}
    for name, values, unit in (("current", current, "pA"), ("percent", percent, "%")):
        words = {"units": unit, "long_name": "current" if unit == "pA" else "current, % of control"}
        found[name] = (("cell", "time"), values, words)
        for suffix, summary in zip(("mean", "sd", "sem"), mean_sd_sem(values, axis=0), strict=True):
            found[f"{name}_{suffix}"] = (("time",), summary, words)
    along = ("time", minutes, {"units": "min", "long_name": "time"})
    return xr.Dataset(
        found,
        coords={"cell": np.arange(n), "time": along},
        attrs=provenance_of(rig.engine, "patch-wash", n=n, seed=seed, protocol=protocol),
    )
