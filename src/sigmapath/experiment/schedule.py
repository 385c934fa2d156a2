"""What happens when in an experiment: phases, levels, administrations, and what axes drive.

Enters: doses, protocol and axes by name. Leaves: a :class:`Schedule` of rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sigmapath.errors import PlanError
from sigmapath.experiment.condition import Condition, merged_condition
from sigmapath.experiment.dosing import Dose, DosesLike, Value, split_doses
from sigmapath.experiment.plan import PlanAxis
from sigmapath.experiment.protocol import Phase
from sigmapath.experiment.start import StartValues, parameter_target
from sigmapath.experiment.sweep import AxesLike, Axis, resolve_axes
from sigmapath.experiment.targets import Scope, Target, not_negative
from sigmapath.experiment.timeline import (
    Jump,
    Level,
    Source,
    Span,
    dose_jumps,
    rest_jumps,
    setting_jumps,
)
from sigmapath.record import record

__all__ = ["Schedule", "require_own_values", "schedule_of", "settings_of", "spans_of"]


def settings_of(
    scope: Scope, phase: Phase, known: Mapping[str, Condition], label: str
) -> dict[int, Level]:
    """Return what a phase sets, by position.

    Raises
    ------
    PlanError
        If a condition gives initial values, a species is set by ``parameters``, or one thing is
        set both as a dose and as a parameter.
    UnknownNameError, UnitError
    """
    condition = merged_condition(phase.condition, known, where=label)
    if condition.initial:
        raise PlanError(
            f"condition {condition.name} gives initial values, which a phase cannot set",
            where=label, found=", ".join(condition.initial),
            fix="give the condition for the whole run",
        )  # fmt: skip
    found: dict[int, Level] = {}
    for settings in (condition.parameters, phase.parameters):
        for name, value in settings.items():
            target = parameter_target(scope, name, label)
            level = Level(target=target, value=scope.value(target, value, where=label))
            found[target.position] = level
    held, _ = split_doses(phase.doses, where=label)
    for name, value in held.items():
        target = scope.target(name, where=label)
        if target.position in found:
            raise PlanError(
                f"{target.id} is set twice in one phase", where=label, found=name,
                fix="keep it in doses, or in parameters, or leave the condition out",
            )  # fmt: skip
        found[target.position] = _held(scope, target, value, label)
    return found


def _held(scope: Scope, target: Target, value: Value, where: str) -> Level:
    if target.is_state and target.id in scope.index.amount_states:
        raise PlanError(
            f"{target.id} cannot be held: the size of its compartment changes", where=where,
            fix="give scheduled doses instead",
        )  # fmt: skip
    return Level(target=target, value=scope.level(target, value, where=where), is_dose=True)


def spans_of(
    scope: Scope, phases: Sequence[Phase], known: Mapping[str, Condition]
) -> tuple[Span, ...]:
    """Return the timed phases with their beginnings, ends and settings in model units.

    Raises
    ------
    PlanError, UnknownNameError, UnitError
    """
    spans: list[Span] = []
    now = 0.0
    for i, phase in enumerate(phases):
        label = f"phase {i + 1}" + (f" ({phase.name})" if phase.name else "")
        length = math.inf
        if phase.duration is not None:
            length = scope.time(phase.duration, name="duration", where=label)
            if length <= 0.0:
                raise PlanError(
                    "the duration must be above 0", where=label, found=str(phase.duration)
                )
        spans.append(
            Span(
                start=now,
                end=now + length,
                label=label,
                settings=settings_of(scope, phase, known, label),
                doses=split_doses(phase.doses, where=label)[1],
            )
        )
        now += length
    return tuple(spans)


@record
class Schedule:
    """All rows, and what each axis drives."""

    jumps: tuple[Jump, ...]
    rest: tuple[Jump, ...]
    axes: tuple[tuple[Axis, Source], ...]


def schedule_of(
    scope: Scope,
    base: StartValues,
    doses: DosesLike,
    resting: Mapping[int, Level],
    spans: Sequence[Span],
    t_end: float,
    axes: AxesLike,
) -> Schedule:
    """Put everything on one time line, and find out what each axis drives.

    Parameters
    ----------
    scope : Scope
    base : StartValues
    doses : mapping, Dose or sequence
        Of the call.
    resting : mapping position -> Level
        What the equilibration sets.
    spans : sequence of Span
    t_end : float
    axes : mapping name -> values

    Raises
    ------
    PlanError, UnknownNameError, UnitError
    """
    held_names, given = split_doses(doses)
    held: dict[int, Level] = {}
    for name, value in held_names.items():
        target = scope.target(name, where="doses")
        if target.position in held:
            raise PlanError(f"{target.id} is held twice", where="doses", found=name)
        held[target.position] = _held(scope, target, value, "doses")
    administered = _administered(scope, given, spans, t_end)
    amounts: dict[int, list[Jump]] = {}
    for target, found in administered:
        amounts.setdefault(target.position, []).extend(found)
    phased = {p: level for setting in (*(s.settings for s in spans), resting)
              for p, level in setting.items()}  # fmt: skip
    driven: list[tuple[Axis, Source]] = []
    for axis in resolve_axes(axes, scope, amount_scales(amounts)):
        source = _driven_source(scope, base, axis, phased, amounts, held)
        if source[0] == "held" and source[1] not in held:
            held[source[1]] = _held(scope, axis.target, 0.0, f"axis {axis.target.name}")
        driven.append((axis, source))
    for position in sorted(held.keys() & amounts.keys()):
        raise PlanError(
            f"{held[position].target.name} is held at a level, so a dose of it changes nothing",
            where="doses", fix="give either a level or scheduled doses",
        )  # fmt: skip
    targets = {p: level.target for p, level in (phased | held).items()}
    rows: list[Jump] = []
    for position in sorted(targets):
        rows += setting_jumps(
            targets[position],
            own=held.get(position),
            own_start=float(base.values[position]),
            resting=position in resting,
            spans=spans,
            t_end=t_end,
        )
    rows += [row for _, found in administered for row in found]
    rows.sort(key=lambda row: (row.time, row.rank))
    return Schedule(
        jumps=tuple(rows),
        rest=tuple(rest_jumps(resting[p] for p in sorted(resting))),
        axes=tuple(driven),
    )


def amount_scales(amounts: Mapping[int, Sequence[Jump]]) -> dict[int, int]:
    """What scheduled doses of each target are divided by; -2 where they differ."""
    found: dict[int, int] = {}
    for position, rows in amounts.items():
        scales = {row.scale for row in rows}
        found[position] = scales.pop() if len(scales) == 1 else -2
    return found


def _administered(
    scope: Scope, given: Sequence[Dose], spans: Sequence[Span], t_end: float
) -> list[tuple[Target, list[Jump]]]:
    found = [
        dose_jumps(entry, scope, begin=0.0, end=math.inf, t_end=t_end, where="doses")
        for entry in given
    ]
    for span in spans:
        found += [
            dose_jumps(entry, scope, begin=span.start, end=span.end, t_end=t_end, where=span.label)
            for entry in span.doses
        ]
    return found


def _driven_source(
    scope: Scope,
    base: StartValues,
    axis: Axis,
    phased: Mapping[int, Level],
    amounts: Mapping[int, Sequence[Jump]],
    held: Mapping[int, Level],
) -> Source:
    """What an axis drives; refuses values that make no sense there."""
    position, name = axis.target.position, axis.target.name
    where = f"axis {name}"
    if position in phased and position in amounts:
        raise PlanError(
            "it is not clear what the axis drives: phases set it and doses give it",
            where=where, fix="use one way of giving it",
        )  # fmt: skip
    is_applied = name in scope.slots or axis.target.id in scope.index.inputs
    if position in phased:
        source: Source = ("phase", position)
        is_dose = phased[position].is_dose
    elif position in amounts:
        source, is_dose = ("amount", position), True
        if any(math.isnan(row.factor) for row in amounts[position]):
            raise PlanError(
                "an axis over an infusion of a given rate would change how long it lasts",
                where=where, fix="give dur instead of rate",
            )  # fmt: skip
    elif position in held or is_applied:
        source, is_dose = ("held", position), True
    else:
        source, is_dose = ("start", position), False
        if position in base.explicit:
            raise PlanError(
                f"{name} is both on an axis and in {base.explicit[position]}", where="axes",
                fix=f"take it out of {base.explicit[position]}",
            )  # fmt: skip
    if is_dose:
        lowest = float(axis.values.min())
        not_negative(lowest, f"{lowest:g}", where)
    return source


def require_own_values(scope: Scope, schedule: Schedule, axes: Sequence[PlanAxis]) -> None:
    """Refuse phases that must go back to a value nobody knows before the run."""
    for row in schedule.jumps:
        if row.source is None or row.source[0] != "start" or not math.isnan(row.value):
            continue
        position = row.source[1]
        if not any((axis.start_index == position).any() for axis in axes):
            name = scope.index.id_at(position)
            raise PlanError(
                f"the value that {name} goes back to is worked out by the model at the start",
                where="protocol", fix=f"give {name} in parameters=, then phases can return to it",
            )  # fmt: skip
