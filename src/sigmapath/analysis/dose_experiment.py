"""The dose experiment: one ligand, four arms, what each readout does and how strongly.

Enters: an engine, a ligand and the arms of the model (data of ``models/index.toml``). Leaves: a
:class:`DoseExperiment` of curves and time courses. Called by ``sigmapath dose``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.analysis.dose_response import (
    HIGHEST_DOSE,
    N_DOSES,
    DoseResponse,
    FloatArray,
    curve_from_run,
    default_doses,
)
from sigmapath.analysis.dose_text import dose_text
from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.experiment.ligands import Ligand
from sigmapath.experiment.protocol import equilibrate, phase
from sigmapath.pathways.dose_arms import DoseArm
from sigmapath.quantity import parse_unit, to_model_units
from sigmapath.record import record
from sigmapath.status import Status

__all__ = [
    "ArmResult",
    "DoseExperiment",
    "Series",
    "TimeCourse",
    "arm_protocol",
    "companion_doses",
    "given_doses",
    "run_dose_experiment",
]

# The agonist an antagonist is tested against, and the share of its effect that it gives alone.
REFERENCE_AGONIST = "(+)-pentazocine"
REFERENCE_PERCENT = 80.0
N_COURSE_POINTS = 301
DOSE_UNIT = "uM"

Progress = Callable[[str, int, int], None]


@record
class Series:
    """One curve of an arm: the ligand's doses on top of other ligands held at fixed doses.

    ``kind`` is "alone", "with" (companions of the user) or "inhibition" (against the reference
    agonist at its EC80).
    """

    kind: str
    label: str
    companions: Mapping[str, float]
    curve: DoseResponse


@record
class TimeCourse:
    """Trajectory of an arm's observable at one combination of doses.

    ``times`` [model time unit], ``values`` [unit of the observable], ``role`` one of "vehicle",
    "middle", "saturating", "agonist" (the reference agonist alone), "with" (companions and the
    half-way dose); ``long_name`` is the observable in words; ``status`` is 0 if the run went well,
    else values are NaN.
    """

    role: str
    label: str
    times: FloatArray
    values: FloatArray
    unit: str
    long_name: str
    status: int


@record
class ArmResult:
    """Everything found in one arm; the main series is the last one for an antagonist."""

    arm: DoseArm
    series: tuple[Series, ...]
    courses: tuple[TimeCourse, ...]

    @property
    def alone(self) -> Series:
        """The ligand alone."""
        return self.series[0]


@record
class DoseExperiment:
    """The whole experiment.

    Parameters
    ----------
    ligand : Ligand
    is_antagonist : bool
        Whether the inhibition arms were run.
    arms : tuple of ArmResult
    notes : tuple of str
        Sentences for the user: the doses, what failed, what was not run.
    status : ndarray of int8, shape (n_run,)
        Outcome of every run of the curves and time courses, ensembles included; 0 is ok.
    is_complete : bool
        False after Ctrl-C: the arms that were finished are here, the others are not.
    """

    ligand: Ligand
    is_antagonist: bool
    arms: tuple[ArmResult, ...]
    notes: tuple[str, ...]
    status: NDArray[np.int8]
    is_complete: bool = True


@record
class _Setting:
    """What stays the same over all runs of the experiment."""

    engine: Any
    ligand: Ligand
    base: Mapping[str, Any]
    ensemble: int
    seed: int
    progress: Progress


def run_dose_experiment(
    engine: Any,
    ligand: Ligand,
    arms: Sequence[DoseArm],
    *,
    reference: Ligand,
    companions: Mapping[str, str | float] | None = None,
    doses: Sequence[str | float] | FloatArray | None = None,
    condition: str | None = None,
    ensemble: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> DoseExperiment:
    """Run every arm of the dose experiment for one ligand.

    Parameters
    ----------
    engine : Engine
    ligand : Ligand
        The ligand that is dosed.
    arms : sequence of DoseArm
    reference : Ligand
        The agonist that an antagonist is tested against.
    companions : mapping name -> dose, optional
        Other ligands (or inputs), held from t = 0; plain numbers are uM.
    doses : sequence, optional
        At least four positive doses, in any order; plain numbers are uM. By default 41 from 1e-2
        to 1e4 x Ki, widened until every curve is flat at both ends, or 1 mM is reached.
    condition : str, optional
        Named context of the model.
    ensemble : int
        Number of draws from the parameter ranges, for intervals; 0 for none.
    seed : int
        Of the draws.
    progress : callable (what, done, total), optional

    Returns
    -------
    DoseExperiment

    Raises
    ------
    PlanError
        If doses are no doses, or the ligand is among its companions.
    UnknownNameError, UnitError
        If a name is not known, or a unit does not fit. Everything is refused before the first run.

    Notes
    -----
    After Ctrl-C the arms that are finished are returned; KeyboardInterrupt if there is none.
    """
    setting = _Setting(
        engine=engine,
        ligand=ligand,
        base={} if condition is None else {"condition": condition},
        ensemble=ensemble,
        seed=seed,
        progress=progress or (lambda what, done, total: None),
    )
    held = companion_doses(companions or {}, ligand, engine)
    against = reference if ligand.type != "agonist" else None
    grid = default_doses(ligand.Ki_uM) if doses is None else given_doses(doses)
    for arm in arms:
        # Whatever cannot be planned is refused now, and not after minutes of work.
        _curve_plan(setting, arm, held, grid)
    results = []
    try:
        if doses is None:
            grid = _widened(setting, arms, held, grid)
        for number, arm in enumerate(arms):
            setting.progress(arm.title, number, len(arms))
            results.append(_run_arm(setting, arm, held, grid, against))
    except KeyboardInterrupt:
        if not results:
            raise
    setting.progress("done", len(arms), len(arms))
    curves = [s.curve for r in results for s in r.series]
    of_courses = np.array([c.status for r in results for c in r.courses], dtype=np.int8)
    missing = [arm.id for arm in arms[len(results) :]]
    return DoseExperiment(
        ligand=ligand,
        is_antagonist=against is not None,
        arms=tuple(results),
        notes=_notes(ligand, grid, curves, missing),
        status=np.concatenate([*(c.all_status for c in curves), of_courses]),
        is_complete=not missing,
    )


def given_doses(doses: Sequence[str | float] | FloatArray) -> FloatArray:
    """Doses as typed, in uM and in rising order.

    Raises
    ------
    PlanError
        If there are fewer than four different doses, or one is not positive.
    UnitError
        If a unit is no concentration.
    """
    unit = parse_unit(DOSE_UNIT)
    values = [to_model_units(dose, unit, name="dose", where="doses") for dose in doses]
    grid = np.unique(np.array(values, dtype=np.float64))
    if grid.size and not grid[0] > 0.0:
        raise PlanError(
            "a dose must be above 0",
            where="doses",
            found=f"{grid[0]:g} {DOSE_UNIT}",
            fix="leave it out: vehicle, which is dose 0, is always added",
        )
    if grid.size < 4:
        raise PlanError(
            "a dose response needs at least four different doses",
            where="doses",
            found=f"{grid.size}",
            fix="give more, for example 1nM:10uM:41",
        )
    return grid


def _notes(
    ligand: Ligand, grid: FloatArray, curves: Sequence[DoseResponse], missing: Sequence[str]
) -> tuple[str, ...]:
    low, high = grid[0] / ligand.Ki_uM, grid[-1] / ligand.Ki_uM
    doses = f"{len(grid)} doses from {low:.3g} to {high:.3g} x Ki"
    notes = [doses + (", up to the limit of 1 mM" if grid[-1] >= HIGHEST_DOSE else "")]
    shapes = [shape for curve in curves for shape in curve.member_shapes]
    failed = sum(shape.kind == "failed" for shape in shapes)
    if failed:
        notes.append(f"{failed} of {len(shapes)} drawn curves have failed runs: not in intervals")
    if missing:
        notes.append(f"interrupted: {', '.join(missing)} not run")
    return tuple(notes)


def _widened(
    setting: _Setting, arms: Sequence[DoseArm], held: Mapping[str, float], grid: FloatArray
) -> FloatArray:
    """Doses over which every arm's curve has both its ends, alone and with companions.

    One decade at a time, at most four downwards and up to 1 mM upwards.
    """
    for _ in range(8):
        setting.progress("choosing doses", 0, len(arms))
        kinds = {
            _curve(setting, arm, given, grid, members=False).shape.kind
            for arm in arms
            for given in ([{}, held] if held else [{}])
        }
        low, high = grid[0], grid[-1]
        if "starts high" in kinds and low > 1e-6 * setting.ligand.Ki_uM:
            low /= 10.0
        if "not saturating" in kinds and high < HIGHEST_DOSE:
            high = min(10.0 * high, HIGHEST_DOSE)
        if (low, high) == (grid[0], grid[-1]):
            break
        grid = np.geomspace(low, high, N_DOSES)
    return grid


def arm_protocol(arm: DoseArm) -> list[Any]:
    """Phases of an arm: rest, then the inputs held from t = 0 with the pulses cut out.

    Pulses must not overlap and come in order.
    """
    phases: list[Any] = [equilibrate()]
    now = 0.0
    for pulse in arm.pulses:
        if pulse.start > now:
            phases.append(phase(pulse.start - now))
        phases.append(phase(pulse.stop - pulse.start, doses={pulse.target: pulse.value}))
        now = pulse.stop
    if arm.until > now:
        phases.append(phase(arm.until - now))
    return phases


def _curve(
    setting: _Setting,
    arm: DoseArm,
    held: Mapping[str, float],
    grid: FloatArray,
    *,
    members: bool = True,
) -> DoseResponse:
    """Sweep the ligand over [0, grid] in one arm."""
    raw = _run(setting, _curve_plan(setting, arm, held, grid, members=members))
    return curve_from_run(
        raw,
        arm.id,
        ligand=setting.ligand.name,
        dose_unit=DOSE_UNIT,
        long_name=arm.response_label,
    )


def _run(setting: _Setting, plan: Any) -> Any:
    """Run a plan; what Ctrl-C cut short is no curve."""
    raw = setting.engine.run(plan)
    if np.isin(raw.status, (Status.INTERRUPTED, Status.NOT_RUN)).any():
        raise KeyboardInterrupt
    return raw


def _curve_plan(
    setting: _Setting,
    arm: DoseArm,
    held: Mapping[str, float],
    grid: FloatArray,
    *,
    members: bool = True,
) -> Any:
    name = setting.ligand.name
    extra: dict[str, Any] = {}
    if members and setting.ensemble:
        extra = {"ensemble": setting.ensemble, "seed": setting.seed}
    return setting.engine.plan(
        times=arm.until,
        axes={name: np.append(0.0, grid)},
        doses={**arm.inputs, **held},
        protocol=arm_protocol(arm),
        readouts={arm.id: arm.readout},
        **setting.base,
        **extra,
    )


def _run_arm(
    setting: _Setting,
    arm: DoseArm,
    held: Mapping[str, float],
    grid: FloatArray,
    reference: Ligand | None,
) -> ArmResult:
    alone = _curve(setting, arm, {}, grid)
    series = [Series(kind="alone", label="alone", companions={}, curve=alone)]
    if held:
        label = "+ " + ", ".join(f"{n} {dose_text(d, DOSE_UNIT)}" for n, d in held.items())
        curve = _curve(setting, arm, held, grid)
        series.append(Series(kind="with", label=label, companions=held, curve=curve))
    agonist_dose = float("nan")
    if reference is not None:
        agonist_dose = _reference_dose(setting, arm, reference)
        both = {**held, reference.name: agonist_dose}
        label = f"+ {reference.name} {dose_text(agonist_dose, DOSE_UNIT)}"
        curve = _curve(setting, arm, both, grid)
        series.append(Series(kind="inhibition", label=label, companions=both, curve=curve))
    return ArmResult(
        arm=arm, series=tuple(series), courses=_courses(setting, arm, series, grid, reference)
    )


def _reference_dose(setting: _Setting, arm: DoseArm, reference: Ligand) -> float:
    """EC80 of the reference agonist in this arm; 20 x Ki where its curve has no EC50."""
    grid = default_doses(reference.Ki_uM)
    other = _Setting(
        engine=setting.engine,
        ligand=reference,
        base=setting.base,
        ensemble=0,
        seed=setting.seed,
        progress=setting.progress,
    )
    shape = _curve(other, arm, {}, grid).shape
    return shape.effective_dose(REFERENCE_PERCENT) if shape.has_fit else 20.0 * reference.Ki_uM


def _courses(
    setting: _Setting,
    arm: DoseArm,
    series: Sequence[Series],
    grid: FloatArray,
    reference: Ligand | None,
) -> tuple[TimeCourse, ...]:
    """Time courses at vehicle, at the half-way dose and at the highest dose of the main series."""
    name = setting.ligand.name
    main = series[-1] if reference is not None else series[0]
    shape = main.curve.shape
    middle = shape.ec50 if shape.has_fit else setting.ligand.Ki_uM
    symbol = "IC50" if reference is not None else "EC50"
    middle_label = symbol if shape.has_fit else "Ki"
    rows: list[tuple[str, str, dict[str, float]]] = [("vehicle", "vehicle", {})]
    if reference is not None:
        rows.append(("agonist", f"{reference.name} alone (EC80)", dict(main.companions)))
    companions = next((s for s in series if s.kind == "with"), None)
    if companions is not None and reference is None:
        given = {**companions.companions, name: middle}
        rows.append(("with", f"{name} {middle_label} {companions.label}", given))
    rows += [
        ("middle", f"{name} {middle_label}", {**main.companions, name: middle}),
        ("saturating", f"{name} saturating", {**main.companions, name: float(grid[-1])}),
    ]
    times = np.linspace(arm.window[0], arm.window[1], N_COURSE_POINTS)
    courses = []
    for role, label, doses in rows:
        plan = setting.engine.plan(
            times=times,
            doses={**arm.inputs, **doses},
            protocol=arm_protocol(arm),
            observables=[arm.observable],
            **setting.base,
        )
        raw = _run(setting, plan)
        courses.append(
            TimeCourse(
                role=role,
                label=label,
                times=times,
                values=raw.trajectories[arm.observable].reshape(-1),
                unit=raw.units.get(arm.observable, ""),
                long_name=raw.long_names.get(arm.observable, arm.observable),
                status=int(raw.status),
            )
        )
    return tuple(courses)


def companion_doses(
    pairs: Mapping[str, str | float], ligand: Ligand, engine: Any
) -> dict[str, float]:
    """Doses given together with the ligand, in uM; plain numbers are uM already.

    Raises
    ------
    UnknownNameError
        If a name is neither a ligand nor an id of the model.
    UnitError
        If a dose is no concentration.
    PlanError
        If it is no positive number, or the ligand is its own companion.
    """
    micromolar = parse_unit(DOSE_UNIT)
    found: dict[str, float] = {}
    for name, value in pairs.items():
        known = engine.ligands.find(name)
        if known is not None and known.name == ligand.name:
            raise PlanError(
                f"{ligand.name} is the ligand that is dosed, so it cannot be held as well",
                where="given with the ligand",
                found=name,
                fix="name another ligand",
            )
        if known is None and engine.index.position(name) is None:
            raise UnknownNameError(
                "ligand",
                name,
                engine.ligands.spellings,
                where="given with the ligand",
                fix="sigmapath ligands lists them",
            )
        unit = micromolar if known is not None else parse_unit(engine.index.units[name])
        level = to_model_units(value, unit, name=name, where="given with the ligand")
        if level < 0.0:
            raise PlanError(
                "a dose cannot be negative", where=f"given with the ligand: {name}",
                found=str(value),
            )  # fmt: skip
        found[known.name if known is not None else name] = level
    return found
