"""Calcium imaging with Fluo-4: what a camera sees, dF/F0, of cells whose dye buffers calcium.

Enters: a model, a stimulus, treatments. Leaves: a Dataset of traces per cell, their mean and error,
and what calcium did in the loaded cell and would have done without dye.

The dye is a chelator in the reaction network (:mod:`sigmapath.assays.chelator`). A cell that holds
D of dye, of which a share theta has bound calcium, sends per frame, on average,::

    photons = gain * D * (1 + (R - 1) * theta) * exp(-bleach * t),    theta = Ca_dye / D

with R = Fmax / Fmin (Grynkiewicz, Poenie and Tsien 1985, PMID 3838314, for a dye of one wave
length, as Minta, Kao and Tsien 1989, PMID 2785054). The camera counts photons (Poisson) and adds
read noise. dF/F0 takes F0 from the frames before the stimulus, background subtracted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.assays.chelator import FLUO4, Chelator, engine_with, network_of, with_chelator
from sigmapath.assays.replicates import (
    FloatArray,
    engine_of,
    factors,
    mean_sd_sem,
    provenance_of,
    require,
    require_ok,
    require_replicates,
)
from sigmapath.assays.treatments import Arm, arms_of
from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.experiment.ensemble import ensemble
from sigmapath.experiment.protocol import equilibrate, phase
from sigmapath.quantity import parse_unit, to_model_units
from sigmapath.record import record
from sigmapath.simulate.engine import Engine

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Camera", "calcium_from_fluorescence", "calcium_imaging", "fluorescence"]

_WHERE = "calcium imaging"


@record
class Camera:
    """What turns fluorescence into counts.

    Parameters
    ----------
    rate_hz : float
        Frames per second.
    photons : float
        Per cell and frame at rest, at the nominal dye load; ``inf``: no noise. Assumed, 1e3 to 1e6.
    read_noise : float
        Standard deviation per cell and frame [photons]: a few electrons per pixel times the root of
        some hundred pixels. Assumed, 5 to 100.
    bleach_per_s : float
        Loss of dye to light [1/s]. Assumed, 0 to 1e-3.
    """

    rate_hz: float = 2.0
    photons: float = 2e4
    read_noise: float = 30.0
    bleach_per_s: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a camera that makes no sense."""
        for what, value, is_fine, expected in (
            ("the sampling rate", self.rate_hz, 0.0 < self.rate_hz <= 1e4, "above 0, to 10000 Hz"),
            ("the number of photons", self.photons,
             1.0 <= self.photons <= 1e15 or self.photons == math.inf, "1 to 1e15, or inf"),
            ("the read noise", self.read_noise, 0.0 <= self.read_noise < 1e9, "0 or more"),
            ("the bleaching", self.bleach_per_s, 0.0 <= self.bleach_per_s < 10.0, "0 to 10 per s"),
        ):  # fmt: skip
            require(is_fine, what, found=value, expected=expected, where="camera")


def fluorescence(dye: Any, bound: Any, contrast: float) -> Any:
    """Relative fluorescence ``D (1 + (R - 1) theta)``; dye free of calcium gives D.

    Parameters
    ----------
    dye, bound : float or ndarray [uM]
        All dye, and dye with calcium.
    contrast : float
        R = Fmax / Fmin.
    """
    return dye + (contrast - 1.0) * bound


def calcium_from_fluorescence(F: Any, F_min: Any, F_max: Any, Kd_uM: float) -> Any:
    """Free calcium [uM], ``Kd (F - Fmin) / (Fmax - F)`` (Grynkiewicz 1985, eq. 1 of one wave)."""
    return Kd_uM * (F - F_min) / (F_max - F)


def calcium_imaging(
    model: Any,
    *,
    stimulus: Mapping[str, Any] | None = None,
    stimulus_time: Any = "1 min",
    baseline: Any = "30 s",
    recording: Any = "5 min",
    incubation: Any = "12 h",
    doses: Mapping[str, Any] | None = None,
    arms: Sequence[Arm] | None = None,
    condition: Any = None,
    parameters: Mapping[str, Any] | None = None,
    calcium: str = "Ca_cyt",
    dye: Chelator = FLUO4,
    dye_uM: float = 30.0,
    cv_dye: float = 0.3,
    contrast: float = 100.0,
    spread: Mapping[str, float] | None = None,
    camera: Camera | None = None,
    n: int = 12,
    seed: int = 0,
) -> xr.Dataset:
    """Load cells with a dye, treat them, stimulate, and film.

    Parameters
    ----------
    model : Model
        With calcium that reactions move: ``s1r_mam``, ``s1r_cell`` or ``calcium``.
    stimulus : mapping name -> level
        Held for ``stimulus_time`` after the baseline; ``{"GPCR_stimulus": 1}`` by default, a
        saturating pulse for a Gq-coupled receptor.
    stimulus_time, baseline, recording : time
        ``recording`` counts from the first frame.
    incubation : time
        With the treatment, before the first frame; more than 0.
    doses, arms, condition, parameters
        As for :func:`sigmapath.assays.co_immunoprecipitation`.
    calcium : str
        Free calcium that the dye sees.
    dye : Chelator
    dye_uM : float
        In the cytosol. Loading with 2 to 5 uM AM ester (seed guide 002) accumulates tens of uM:
        assumed, 10 to 100. 0 is refused: there would be nothing to see.
    cv_dye : float
        Of the load, from cell to cell [1]. Assumed, 0.1 to 0.6.
    contrast : float
        Fmax / Fmin [1]: over 100 for Fluo-4 (Gee 2000, doi:10.1054/ceca.1999.0095). In cells
        assumed, 15 to 150.
    spread : mapping parameter -> coefficient of variation, optional
        Constants that differ from cell to cell, log-normally; by default the response of
        phospholipase C (0.25), the bulk IP3 receptors (0.15) and the buffer (0.1), where the model
        has them. Assumed, 0.1 to 0.5.
    camera : Camera, optional
    n, seed : int
        Cells per arm; of the cells and of the camera.

    Returns
    -------
    xarray.Dataset
        Dimensions ``arm``, ``cell`` and ``time`` [s from the stimulus]. ``dff`` (dF/F0 per cell),
        ``dff_mean``, ``dff_sd``, ``dff_sem``; ``peak`` of dF/F0 per cell (median of three frames),
        ``peak_mean``, ``peak_sem``; ``calcium`` in a cell of nominal load and ``calcium_no_dye``
        [uM].

    Raises
    ------
    PlanError
        If the protocol makes no sense.
    UnknownNameError
        If a name is not known.

    Notes
    -----
    Compartmented dye, extrusion of dye and photodamage are left out.
    """
    seen = camera if camera is not None else Camera()
    start, times, protocol = _schedule(
        stimulus, stimulus_time, baseline, recording, incubation, seen
    )
    _require_protocol(dye_uM, cv_dye, contrast)
    require_replicates(n, seed, where=_WHERE)
    treatments = arms_of(doses, arms)
    network = with_chelator(network_of(model), dye, dye_uM, calcium=calcium)
    bare, loaded = engine_of(model), engine_with(model, network)
    varied = _spread(loaded, spread)
    stream = np.random.default_rng(seed)
    names = (calcium, f"{dye.name}_Ca", f"{dye.name}_total")
    dff, inside, without = [], [], []
    for arm in treatments:
        given = {
            "times": times, "doses": dict(arm.doses), "protocol": protocol,
            "condition": arm.condition if arm.condition is not None else condition,
            "parameters": {**(parameters or {}), **arm.parameters},
        }  # fmt: skip
        differ = {f"{dye.name}_total": dye_uM * factors(stream, cv_dye, (n,))}
        differ |= {k: value * factors(stream, cv, (n,)) for k, (value, cv) in varied.items()}
        cells = _run(loaded, given, names, arm, differ)
        nominal = _run(loaded, given, names[:1], arm)
        counts = _counts(cells[2], cells[1], times - times[0], contrast, dye_uM, seen, stream)
        dff.append(_relative(counts, times < start))
        inside.append(nominal[0, 0])
        without.append(_run(bare, given, (calcium,), arm)[0, 0])
    return _dataset(
        loaded, treatments, np.array(dff), np.array(inside), np.array(without), times - start,
        n, seed,
        protocol={
            "stimulus": dict(stimulus or _STIMULUS), "stimulus_time": stimulus_time,
            "baseline": baseline, "incubation": incubation, "condition": condition,
            "dye": dye.name, "dye_uM": dye_uM, "Kd_uM": dye.Kd_uM, "kon_per_uM_s": dye.kon_per_uM_s,
            "source": dye.source, "cv_dye": cv_dye, "contrast": contrast,
            "spread": {name: cv for name, (_, cv) in varied.items()}, "rate_hz": seen.rate_hz,
            "photons": seen.photons, "read_noise": seen.read_noise,
            "bleach_per_s": seen.bleach_per_s, "stimulus_s": protocol_seconds(stimulus_time),
        },
    )  # fmt: skip


_STIMULUS = {"GPCR_stimulus": 1.0}
# The size of the response to a receptor, whichever of its constants the model is given.
_SPREAD = {"r_IP3_PLC": 0.25, "V_PLC": 0.25, "P_IP3R_bulk": 0.15, "B_cyt": 0.1}


def protocol_seconds(value: Any, what: str = "the time") -> float:
    """A time [s] from a number or text with a unit; must be above 0 and finite."""
    seconds = float(to_model_units(value, parse_unit("s"), name=what, where=_WHERE))
    require(0.0 < seconds < 1e9, what, found=value, expected="more than 0", where=_WHERE)
    return seconds


def _schedule(
    stimulus: Mapping[str, Any] | None,
    stimulus_time: Any,
    baseline: Any,
    recording: Any,
    incubation: Any,
    camera: Camera,
) -> tuple[float, FloatArray, list[Any]]:
    """Time of the stimulus [s], times of the frames, and the phases."""
    treated = protocol_seconds(incubation, "the incubation")
    before = protocol_seconds(baseline, "the baseline")
    pulse = protocol_seconds(stimulus_time, "the length of the stimulus")
    filmed = protocol_seconds(recording, "the recording")
    if filmed <= before:
        raise PlanError(
            "the recording ends before the stimulus", where=_WHERE, found=str(recording),
            expected=f"longer than the baseline, {baseline}",
        )  # fmt: skip
    frames = int(filmed * camera.rate_hz)
    require(
        3 <= frames <= 1_000_000, "the number of frames", found=frames, expected="3 to 1000000",
        where=_WHERE,
    )  # fmt: skip
    times = treated + np.arange(frames) / camera.rate_hz
    require(
        np.count_nonzero(times < treated + before) >= 1, "the baseline", found=baseline,
        expected="one frame or more", where=_WHERE,
    )  # fmt: skip
    held = dict(stimulus) if stimulus is not None else dict(_STIMULUS)
    phases = [equilibrate(), phase(treated + before), phase(pulse, doses=held, name="stimulus")]
    return treated + before, times, phases


def _spread(engine: Engine, given: Mapping[str, float] | None) -> dict[str, tuple[float, float]]:
    """Nominal value and coefficient of variation of the constants that differ between cells."""
    values = {p.id: p.value for p in engine.system.parameters}
    if given is None:
        given = {k: cv for k, cv in _SPREAD.items() if math.isfinite(values.get(k, math.nan))}
    for name, cv in given.items():
        if name not in values or not math.isfinite(values[name]):
            raise UnknownNameError("constant", name, values, where="spread")
        require(0.0 <= cv < 2.0, "the spread", found=cv, expected="0 or more, below 2", where=name)
    return {name: (values[name], cv) for name, cv in given.items()}


def _run(
    engine: Engine,
    given: Mapping[str, Any],
    names: Sequence[str],
    arm: Arm,
    members: Mapping[str, FloatArray] | None = None,
) -> FloatArray:
    """Courses, shape (n_name, n_cell, n_time)."""
    cells = ensemble(members=members, nominal=False) if members else None
    raw = engine.run(engine.plan(observables=list(names), ensemble=cells, **given))
    require_ok(raw.status, where=f"{_WHERE}, {arm.name}")
    shape = (-1, len(raw.times))
    return np.array([np.asarray(raw.trajectories[name]).reshape(shape) for name in names])


def _counts(
    dye: FloatArray,
    bound: FloatArray,
    elapsed: FloatArray,
    contrast: float,
    nominal_uM: float,
    camera: Camera,
    stream: np.random.Generator,
) -> FloatArray:
    """Photons per cell and frame, background subtracted."""
    light: FloatArray = fluorescence(dye, bound, contrast) * np.exp(-camera.bleach_per_s * elapsed)
    if not math.isfinite(camera.photons):
        return light
    resting = float(np.median(light[:, 0] / dye[:, 0]))
    expected = camera.photons * light / (nominal_uM * resting)
    noise = stream.normal(0.0, camera.read_noise, size=expected.shape)
    found: FloatArray = stream.poisson(expected) + noise
    return found


def _relative(counts: FloatArray, before: Any) -> FloatArray:
    """dF/F0, F0 being the mean of the frames before the stimulus."""
    F0 = counts[:, before].mean(axis=1, keepdims=True)
    found: FloatArray = (counts - F0) / F0
    return found


def _dataset(
    engine: Engine,
    arms: Sequence[Arm],
    dff: FloatArray,
    inside: FloatArray,
    without: FloatArray,
    times: FloatArray,
    n: int,
    seed: int,
    *,
    protocol: Mapping[str, Any],
) -> xr.Dataset:
    import xarray as xr

    mean, sd, sem = mean_sd_sem(dff, axis=1)
    three = np.median(np.stack([dff[..., :-2], dff[..., 1:-1], dff[..., 2:]]), axis=0)
    peak = three.max(axis=2)
    peak_mean, peak_sd, peak_sem = mean_sd_sem(peak, axis=1)
    course, label = ("arm", "time"), {"units": "1", "long_name": "dF/F0"}
    uM = {"units": "uM", "long_name": "free calcium"}
    return xr.Dataset(
        {
            "dff": (("arm", "cell", "time"), dff, label),
            "dff_mean": (course, mean, label),
            "dff_sd": (course, sd, label),
            "dff_sem": (course, sem, label),
            "peak": (("arm", "cell"), peak, label),
            "peak_mean": (("arm",), peak_mean, label),
            "peak_sd": (("arm",), peak_sd, label),
            "peak_sem": (("arm",), peak_sem, label),
            "calcium": (course, inside, {**uM, "long_name": "free calcium, with dye"}),
            "calcium_no_dye": (course, without, {**uM, "long_name": "free calcium, without dye"}),
        },
        coords={
            "arm": [arm.name for arm in arms],
            "cell": np.arange(n),
            "time": ("time", times, {"units": "s", "long_name": "time from the stimulus"}),
        },
        attrs=provenance_of(engine, "calcium-imaging", n=n, seed=seed, protocol=protocol),
    )


def _require_protocol(dye_uM: float, cv_dye: float, contrast: float) -> None:
    for what, value, is_fine, expected in (
        ("the dye", dye_uM, 0.0 < dye_uM <= 1e4, "above 0, to 10000 uM"),
        ("the spread of the load", cv_dye, 0.0 <= cv_dye < 2.0, "0 or more, below 2"),
        ("the contrast of the dye", contrast, 1.0 < contrast <= 1e4, "above 1, to 10000"),
    ):
        require(is_fine, what, found=value, expected=expected, where=_WHERE)
