"""build_plan: from names, units and schedules to a RunPlan; everything is refused here or never.

Enters: the arguments of simulate, sweep and dose_response, and a NameIndex. Leaves: a RunPlan.

Precedence, weakest first: the model's values; constants of ligands in slots, and draws of an
ensemble (the ligand's own ranges replace the model's); ``condition``; ``parameters`` and
``initial``; axes. An id that stands both in ``parameters`` (or ``initial``) and on an axis is
refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sigmapath.errors import PlanError
from sigmapath.experiment.condition import Condition, OwnConditions, merged_condition
from sigmapath.experiment.dosing import DosesLike, Value, split_doses
from sigmapath.experiment.ensemble import Ensemble
from sigmapath.experiment.ligands import LigandTable, assign_slots
from sigmapath.experiment.observables import Observable
from sigmapath.experiment.plan import JumpRows, RunPlan
from sigmapath.experiment.plan_axes import plan_axes_of
from sigmapath.experiment.plan_outputs import plan_outputs_of
from sigmapath.experiment.protocol import ConditionLike, Phase, ProtocolLike, split_protocol
from sigmapath.experiment.reducers import ReadoutsLike
from sigmapath.experiment.schedule import require_own_values, schedule_of, settings_of, spans_of
from sigmapath.experiment.start import start_values
from sigmapath.experiment.sweep import AxesLike
from sigmapath.experiment.targets import Scope
from sigmapath.experiment.timeline import Jump, Level, Span
from sigmapath.experiment.times import DEFAULT_POINTS, TimesLike, resolve_times
from sigmapath.names import NameIndex

__all__ = ["build_plan"]

_NO_LIGANDS = LigandTable(())


def build_plan(
    index: NameIndex,
    *,
    times: TimesLike = None,
    points: int = DEFAULT_POINTS,
    axes: AxesLike = None,
    doses: DosesLike = None,
    parameters: Mapping[str, Value] | None = None,
    initial: Mapping[str, Value] | None = None,
    condition: ConditionLike | Sequence[Condition | str] = None,
    conditions: Mapping[str, Condition] | None = None,
    protocol: ProtocolLike = None,
    observables: Sequence[str] | str | None = None,
    readouts: ReadoutsLike = None,
    ensemble: Ensemble | None = None,
    ligands: LigandTable = _NO_LIGANDS,
    keep_trajectories: bool | None = None,
    usual: tuple[Observable, ...] | None = None,
) -> RunPlan:
    """Resolve and validate an experiment.

    Parameters
    ----------
    index : NameIndex
        Of the lowered model.
    times : array, end time or None
        See :func:`sigmapath.experiment.times.resolve_times`.
    points : int
        Number of output times where ``times`` is an end.
    axes : mapping name -> values
        See :mod:`sigmapath.experiment.sweep`.
    doses : mapping, Dose or sequence of both
        Levels held from t = 0 to the end, and scheduled administrations.
    parameters, initial : mapping name -> value
        Hold from the start, in the equilibration too.
    condition : str, Condition or sequence of both
        Weaker than ``parameters`` and ``initial``.
    conditions : mapping name -> Condition
        What condition names refer to.
    protocol : Phase or sequence of Phase
    observables : sequence of str or None
        Recorded over time; None: the default ones of the index, or nothing but readouts if readouts
        are given and trajectories are not asked for.
    readouts : mapping name -> Readout or text, or sequence
        A sequence names readouts by their text.
    ensemble : Ensemble, optional
        Becomes the first axis, named "member".
    ligands : LigandTable
    keep_trajectories : bool, optional
        By default True unless readouts are given.
    usual : tuple of Observable, optional
        The default observables of the index, where they have been resolved before.

    Returns
    -------
    RunPlan

    Raises
    ------
    PlanError
        If the experiment makes no sense for the model.
    UnknownNameError
        If a name is not known.
    UnitError
        If a unit does not fit.
    ParseError
        If a formula cannot be read.
    """
    _require_mappings(axes=axes, parameters=parameters, initial=initial)
    ids = (*index.parameters, *index.states)
    known = OwnConditions(conditions or {}, ids, model=index.model)
    rest_phase, phases = split_protocol(protocol)
    mentioned = list(_mentioned(axes, doses, rest_phase, phases, parameters, initial))
    slots = assign_slots(mentioned, index, ligands)
    scope = Scope(index=index, ligands=ligands, slots=slots)
    base = start_values(scope, parameters, initial, merged_condition(condition, known))
    spans = spans_of(scope, phases, known)
    output_times, t_end = resolve_times(times, spans[-1].end if spans else 0.0, scope, points)
    _require_phases_begin(spans, t_end, index.time_unit)
    resting = _resting(scope, rest_phase, known)
    schedule = schedule_of(scope, base, doses, resting, spans, t_end, axes)
    plan_axes = plan_axes_of(scope, base, schedule, ensemble)
    require_own_values(scope, schedule, plan_axes)
    looked_at = plan_outputs_of(
        scope, observables, readouts, t_end, keep=keep_trajectories, usual=usual
    )
    return RunPlan(
        model=index.model,
        time_unit=index.time_unit,
        times=output_times,
        t_end=t_end,
        start=base.values,
        jumps=_rows(schedule.jumps),
        jump_values=np.array([jump.value for jump in schedule.jumps], dtype=np.float64),
        rest=_rows(schedule.rest) if rest_phase is not None else None,
        rest_values=np.array([jump.value for jump in schedule.rest], dtype=np.float64),
        axes=plan_axes,
        outputs=looked_at.outputs,
        n_recorded=looked_at.n_recorded,
        reducers=looked_at.reducers,
        readouts=looked_at.readouts,
        keep_trajectories=looked_at.keep_trajectories,
        ligands=tuple(dict.fromkeys((use.slot, use.ligand.name) for use in slots.values())),
        seed=ensemble.seed if ensemble is not None and ensemble.ranges else None,
    )


def _require_mappings(**given: object) -> None:
    for word, value in given.items():
        if value is not None and not isinstance(value, Mapping):
            raise PlanError(
                "not a mapping of names to values", where=word, found=repr(value),
                expected=f'for example {word}={{"name": value}}',
            )  # fmt: skip


def _require_phases_begin(spans: Sequence[Span], t_end: float, unit: str) -> None:
    for span in spans:
        if span.start > 0.0 and span.start >= t_end:
            raise PlanError(
                "the phase never begins: the run ends first", where=span.label,
                found=f"begins at {span.start:g}, the run ends at {t_end:g} {unit}",
                fix="make the run longer, or leave the phase out",
            )  # fmt: skip


def _resting(
    scope: Scope, rest_phase: Phase | None, known: Mapping[str, Condition]
) -> dict[int, Level]:
    """What the equilibration sets, by position."""
    if rest_phase is None:
        return {}
    if split_doses(rest_phase.doses)[1]:
        raise PlanError(
            "an equilibration has no clock, so nothing can be given on a schedule",
            where="equilibration", fix="hold a level: doses={name: level}",
        )  # fmt: skip
    return settings_of(scope, rest_phase, known, "equilibration")


def _mentioned(
    axes: AxesLike,
    doses: DosesLike,
    rest_phase: Phase | None,
    phases: Sequence[Phase],
    *settings: Mapping[str, Value] | None,
) -> Iterator[str]:
    """All names an experiment gives or sets, in the order in which slots are handed out."""
    yield from axes or {}
    held, given = split_doses(doses)
    yield from (*held, *(entry.target for entry in given))
    for phase in (*([rest_phase] if rest_phase else []), *phases):
        held, given = split_doses(phase.doses, where=phase.name or "phase")
        yield from (*held, *(entry.target for entry in given), *phase.parameters)
    for setting in settings:
        yield from setting or {}


def _rows(jumps: Sequence[Jump]) -> JumpRows:
    return JumpRows(
        time=np.array([jump.time for jump in jumps], dtype=np.float64),
        op=np.array([int(jump.op) for jump in jumps], dtype=np.int64),
        index=np.array([jump.index for jump in jumps], dtype=np.int64),
        scale=np.array([jump.scale for jump in jumps], dtype=np.int64),
    )
