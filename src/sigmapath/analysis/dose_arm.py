"""One arm of a dose experiment: its protocol, its curves, its time courses.

Enters: what stays the same over the experiment, an arm of the model, doses. Leaves: an
:class:`~sigmapath.analysis.dose_results.ArmResult`. Called by
:mod:`sigmapath.analysis.dose_experiment`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sigmapath.analysis.dose_input import DOSE_UNIT
from sigmapath.analysis.dose_response import (
    DoseResponse,
    FloatArray,
    curve_from_run,
    default_doses,
)
from sigmapath.analysis.dose_results import ArmResult, Series, TimeCourse
from sigmapath.analysis.dose_text import dose_text
from sigmapath.experiment.ligands import Ligand
from sigmapath.experiment.protocol import equilibrate, phase
from sigmapath.pathways.dose_arms import DoseArm
from sigmapath.record import record
from sigmapath.simulate.engine import RUNS_FOR_LANES
from sigmapath.status import Status

__all__ = ["Progress", "Setting", "arm_protocol", "curve_of", "curve_plan", "run_arm"]

# The share of the reference agonist's effect at which an antagonist is tested against it [%].
REFERENCE_PERCENT = 80.0
N_COURSE_POINTS = 301

Progress = Callable[[str, int, int], None]


@record
class Setting:
    """What stays the same over all runs of the experiment."""

    engine: Any
    ligand: Ligand
    base: Mapping[str, Any]
    ensemble: int
    seed: int
    progress: Progress


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


def curve_plan(
    setting: Setting,
    arm: DoseArm,
    held: Mapping[str, float],
    grid: FloatArray,
    *,
    members: bool = True,
) -> Any:
    """Plan a sweep of the ligand over [0, grid] in one arm; ``members``: with the ensemble."""
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


def curve_of(
    setting: Setting,
    arm: DoseArm,
    held: Mapping[str, float],
    grid: FloatArray,
    *,
    members: bool = True,
) -> DoseResponse:
    """Sweep the ligand over [0, grid] in one arm."""
    raw = _run(setting, curve_plan(setting, arm, held, grid, members=members))
    return curve_from_run(
        raw,
        arm.id,
        ligand=setting.ligand.name,
        dose_unit=DOSE_UNIT,
        long_name=arm.response_label,
    )


def _run(setting: Setting, plan: Any) -> Any:
    """Run a plan; what Ctrl-C cut short is no curve."""
    # The first thing a user does: a curve does not wait for the loop over lanes to be compiled,
    # which pays for the many runs of a band only.
    lanes = 1 if plan.n_runs < RUNS_FOR_LANES else None
    raw = setting.engine.run(plan, lanes=lanes)
    if np.isin(raw.status, (Status.INTERRUPTED, Status.NOT_RUN)).any():
        raise KeyboardInterrupt
    return raw


def run_arm(
    setting: Setting,
    arm: DoseArm,
    held: Mapping[str, float],
    grid: FloatArray,
    reference: Ligand | None,
) -> ArmResult:
    """Run an arm: the ligand alone, with what is held, and against the reference if there is one.

    Parameters
    ----------
    setting : Setting
    arm : DoseArm
    held : mapping name -> dose
        Companions; model units.
    grid : ndarray
        Doses [uM], ascending.
    reference : Ligand or None
        The agonist that an antagonist is tested against.
    """
    alone = curve_of(setting, arm, {}, grid)
    series = [Series(kind="alone", label="alone", companions={}, curve=alone)]
    if held:
        label = "+ " + ", ".join(f"{n} {dose_text(d, DOSE_UNIT)}" for n, d in held.items())
        curve = curve_of(setting, arm, held, grid)
        series.append(Series(kind="with", label=label, companions=held, curve=curve))
    agonist_dose = float("nan")
    if reference is not None:
        agonist_dose = _reference_dose(setting, arm, reference)
        both = {**held, reference.name: agonist_dose}
        label = f"+ {reference.name} {dose_text(agonist_dose, DOSE_UNIT)}"
        curve = curve_of(setting, arm, both, grid)
        series.append(Series(kind="inhibition", label=label, companions=both, curve=curve))
    return ArmResult(
        arm=arm, series=tuple(series), courses=_courses(setting, arm, series, grid, reference)
    )


def _reference_dose(setting: Setting, arm: DoseArm, reference: Ligand) -> float:
    """EC80 of the reference agonist in this arm; 20 x Ki where its curve has no EC50."""
    grid = default_doses(reference.Ki_uM)
    other = replace(setting, ligand=reference, ensemble=0)
    shape = curve_of(other, arm, {}, grid).shape
    return shape.effective_dose(REFERENCE_PERCENT) if shape.has_fit else 20.0 * reference.Ki_uM


def _courses(
    setting: Setting,
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
