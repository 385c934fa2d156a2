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
from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.assays.checks import require, require_all, require_ok, seconds
from sigmapath.assays.chelator import FLUO4, Chelator, with_chelator
from sigmapath.assays.replicates import FloatArray, factors, summarised
from sigmapath.assays.study import Arm, Study, provenance_of
from sigmapath.assays.subject import engine_of, engine_with, network_of
from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.experiment.ensemble import ensemble
from sigmapath.experiment.protocol import Phase, phase
from sigmapath.record import record
from sigmapath.simulate.engine import Engine

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "Camera",
    "DyeLoad",
    "Film",
    "calcium_from_fluorescence",
    "calcium_imaging",
    "fluorescence",
]

_WHERE = "calcium imaging"
_CUSTOMARY = Study(until="12 h", n=12)
# The size of the response to a receptor, whichever of its constants the model is given.
_SPREAD = {"r_PLC_IP3R3": 0.25, "V_PLC": 0.25, "P_IP3R_bulk": 0.15, "B_cyt": 0.1}


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
        photons = self.photons
        require_all("camera", (
            ("the sampling rate", self.rate_hz, 0.0 < self.rate_hz <= 1e4, "above 0, to 10000 Hz"),
            ("the number of photons", photons, 1.0 <= photons <= 1e15 or photons == math.inf,
             "1 to 1e15, or inf"),
            ("the read noise", self.read_noise, 0.0 <= self.read_noise < 1e9, "0 or more"),
            ("the bleaching", self.bleach_per_s, 0.0 <= self.bleach_per_s < 10.0, "0 to 10 per s"),
        ))  # fmt: skip


@record
class Film:
    """What is filmed: a baseline, a stimulus, what follows.

    Parameters
    ----------
    stimulus : mapping name -> level
        Held for ``stimulus_time`` after the baseline; ``{"GPCR_stimulus": 1}`` by default, a
        saturating pulse for a Gq-coupled receptor.
    stimulus_time, baseline, recording : time
        ``recording`` counts from the first frame.
    camera : Camera
    """

    stimulus: Mapping[str, Any] = field(default_factory=lambda: {"GPCR_stimulus": 1.0})
    stimulus_time: Any = "1 min"
    baseline: Any = "30 s"
    recording: Any = "5 min"
    camera: Camera = field(default_factory=Camera)

    @property
    def stimulus_s(self) -> float:
        """Length of the stimulus [s]."""
        return seconds(self.stimulus_time, "the length of the stimulus", _WHERE)

    def schedule(self, study: Study) -> tuple[float, FloatArray, list[Phase]]:
        """Time of the stimulus [s], times of the frames, and the phases.

        Raises
        ------
        PlanError
            If a time is none, no frame comes before the stimulus, or none after it.
        """
        treated = seconds(study.until, "the incubation", _WHERE)
        before = seconds(self.baseline, "the baseline", _WHERE)
        filmed = seconds(self.recording, "the recording", _WHERE)
        if filmed <= before:
            raise PlanError(
                "the recording ends before the stimulus", where=_WHERE, found=str(self.recording),
                expected=f"longer than the baseline, {self.baseline}",
            )  # fmt: skip
        frames = int(filmed * self.camera.rate_hz)
        require(
            3 <= frames <= 1_000_000, "the number of frames", found=frames,
            expected="3 to 1000000", where=_WHERE,
        )  # fmt: skip
        start = treated + before
        times = treated + np.arange(frames) / self.camera.rate_hz
        require(
            np.count_nonzero(times < start) >= 1, "the baseline", found=self.baseline,
            expected="one frame or more", where=_WHERE,
        )  # fmt: skip
        pulse = phase(self.stimulus_s, doses=dict(self.stimulus), name="stimulus")
        return start, times, [*study.start(), phase(start), pulse]


@record
class DyeLoad:
    """What the cells are loaded with.

    Parameters
    ----------
    dye : Chelator
    dye_uM : float
        In the cytosol. Loading with 2 to 5 uM AM ester (seed guide 002) accumulates tens of uM:
        assumed, 10 to 100. 0 is refused: there would be nothing to see.
    cv_dye : float
        Of the load, from cell to cell [1]. Assumed, 0.1 to 0.6.
    contrast : float
        Fmax / Fmin [1]: over 100 for Fluo-4 (Gee 2000, doi:10.1054/ceca.1999.0095). In cells
        assumed, 15 to 150.
    calcium : str
        Free calcium that the dye sees.
    """

    dye: Chelator = FLUO4
    dye_uM: float = 30.0
    cv_dye: float = 0.3
    contrast: float = 100.0
    calcium: str = "Ca_cyt"

    def __post_init__(self) -> None:
        """Refuse a load that makes no sense."""
        require_all(_WHERE, (
            ("the dye", self.dye_uM, 0.0 < self.dye_uM <= 1e4, "above 0, to 10000 uM"),
            ("the spread of the load", self.cv_dye, 0.0 <= self.cv_dye < 2.0, "0 or more, below 2"),
            ("the contrast of the dye", self.contrast, 1.0 < self.contrast <= 1e4,
             "above 1, to 10000"),
        ))  # fmt: skip

    @property
    def total(self) -> str:
        """Id of all dye in the network of a loaded cell."""
        return f"{self.dye.name}_total"

    @property
    def bound(self) -> str:
        """Id of the dye with calcium."""
        return f"{self.dye.name}_Ca"


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
    study: Study = _CUSTOMARY,
    *,
    film: Film | None = None,
    load: DyeLoad | None = None,
    spread: Mapping[str, float] | None = None,
) -> xr.Dataset:
    """Load cells with a dye, treat them, stimulate, and film.

    Parameters
    ----------
    model : Model
        With calcium that reactions move: ``s1r_mam``, ``s1r_cell`` or ``calcium``.
    study : Study
        Replicates are cells; ``until`` is the time with the treatment before the first frame.
    film : Film, optional
    load : DyeLoad, optional
    spread : mapping parameter -> coefficient of variation, optional
        Constants that differ from cell to cell, log-normally; by default the response of
        phospholipase C (0.25), the bulk IP3 receptors (0.15) and the buffer (0.1), where the model
        has them. Assumed, 0.1 to 0.5.

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
    film, load = film or Film(), load or DyeLoad()
    start, times, phases = film.schedule(study)
    network = with_chelator(network_of(model), load.dye, load.dye_uM, calcium=load.calcium)
    bare, loaded = engine_of(model), engine_with(model, network)
    varied = _spread(loaded, spread)
    stream = study.stream()
    dff, inside, without = [], [], []
    for arm in study.treatments:
        given = {"times": times, "protocol": phases, **study.given(arm)}
        differ = {load.total: load.dye_uM * factors(stream, load.cv_dye, (study.n,))}
        differ |= {k: value * factors(stream, cv, (study.n,)) for k, (value, cv) in varied.items()}
        bound, dye = _run(loaded, given, (load.bound, load.total), arm, differ)
        light = _light(film.camera, load, dye, bound, times - times[0], stream)
        dff.append(_relative(light, times < start))
        inside.append(_run(loaded, given, (load.calcium,), arm)[0, 0])
        without.append(_run(bare, given, (load.calcium,), arm)[0, 0])
    provenance = provenance_of(
        loaded, "calcium-imaging", study, film, load, stimulus_s=film.stimulus_s,
        spread={name: cv for name, (_, cv) in varied.items()},
    )  # fmt: skip
    data = _dataset(np.array(dff), np.array(inside), np.array(without), provenance)
    along = ("time", times - start, {"units": "s", "long_name": "time from the stimulus"})
    return data.assign_coords(arm=[arm.name for arm in study.treatments], time=along)


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


def _light(
    camera: Camera,
    load: DyeLoad,
    dye: FloatArray,
    bound: FloatArray,
    elapsed: FloatArray,
    stream: np.random.Generator,
) -> FloatArray:
    """Photons per cell and frame, background subtracted; without noise, in relative units."""
    light: FloatArray = fluorescence(dye, bound, load.contrast)
    light = light * np.exp(-camera.bleach_per_s * elapsed)
    if not math.isfinite(camera.photons):
        return light
    resting = float(np.median(light[:, 0] / dye[:, 0]))
    expected = camera.photons * light / (load.dye_uM * resting)
    noise = stream.normal(0.0, camera.read_noise, size=expected.shape)
    found: FloatArray = stream.poisson(expected) + noise
    return found


def _relative(counts: FloatArray, before: Any) -> FloatArray:
    """dF/F0, F0 being the mean of the frames before the stimulus."""
    F0 = counts[:, before].mean(axis=1, keepdims=True)
    found: FloatArray = (counts - F0) / F0
    return found


def _dataset(
    dff: FloatArray, inside: FloatArray, without: FloatArray, attrs: Mapping[str, Any]
) -> xr.Dataset:
    """Traces per cell, their peaks, and calcium with and without dye."""
    import xarray as xr

    three = np.median(np.stack([dff[..., :-2], dff[..., 1:-1], dff[..., 2:]]), axis=0)
    label = {"units": "1", "long_name": "dF/F0"}
    courses = {"calcium": (inside, "with"), "calcium_no_dye": (without, "without")}
    return xr.Dataset(
        {
            **summarised("dff", ("arm", "cell", "time"), dff, label, over="cell"),
            **summarised("peak", ("arm", "cell"), three.max(axis=2), label, over="cell"),
            **{
                name: (
                    ("arm", "time"), values,
                    {"units": "uM", "long_name": f"free calcium, {how} dye"},
                )
                for name, (values, how) in courses.items()
            },
        },
        coords={"cell": np.arange(dff.shape[1])},
        attrs=attrs,
    )  # fmt: skip
