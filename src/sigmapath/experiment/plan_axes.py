"""Axes of the plan: every number that moves along a dimension.

Enters: axes and ensembles, and the rows of the schedule. Leaves: :class:`PlanAxis` records.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sigmapath.errors import PlanError
from sigmapath.experiment.ensemble import Ensemble, draw
from sigmapath.experiment.plan import FloatArray, IntArray, PlanAxis
from sigmapath.experiment.schedule import Schedule
from sigmapath.experiment.start import StartValues
from sigmapath.experiment.targets import Scope, Target
from sigmapath.experiment.timeline import Source

__all__ = ["plan_axes_of"]


def plan_axes_of(
    scope: Scope, base: StartValues, schedule: Schedule, ensemble: Ensemble | None
) -> tuple[PlanAxis, ...]:
    """Return the dimensions of an experiment: the ensemble first, then the axes as given."""
    found = []
    if ensemble is not None:
        found.append(_member_axis(scope, base, schedule, ensemble))
    for axis, source in schedule.axes:
        if any(axis.target.name == other.name for other in found):
            raise PlanError(f"two axes are named {axis.target.name}", where="axes")
        found.append(
            _plan_axis(
                schedule,
                {source: axis.values},
                name=axis.target.name,
                unit=axis.unit,
                coordinates=axis.values,
            )
        )
    return tuple(found)


def _plan_axis(
    schedule: Schedule,
    values: Mapping[Source, FloatArray],
    *,
    name: str,
    unit: str,
    coordinates: FloatArray,
) -> PlanAxis:
    """Collect every number that comes from one of the sources."""
    tables: dict[str, tuple[list[int], list[FloatArray]]] = {
        "start": ([], []), "jump": ([], []), "rest": ([], [])
    }  # fmt: skip
    for source, column in values.items():
        if source[0] == "start":
            tables["start"][0].append(source[1])
            tables["start"][1].append(column)
    for table, rows in (("jump", schedule.jumps), ("rest", schedule.rest)):
        for i, row in enumerate(rows):
            if row.source is not None and row.source in values:
                tables[table][0].append(i)
                tables[table][1].append(values[row.source] * row.factor)
    n = len(coordinates)

    def packed(table: str) -> tuple[IntArray, FloatArray]:
        indices, columns = tables[table]
        stacked = np.empty((n, len(columns)))
        for k, column in enumerate(columns):
            stacked[:, k] = column
        return np.array(indices, dtype=np.int64), stacked

    (start, start_values), (jump, jump_values), (rest, rest_values) = map(packed, tables)
    return PlanAxis(
        name=name, unit=unit, coordinates=coordinates,
        start_index=start, start_values=start_values,
        jump_index=jump, jump_values=jump_values,
        rest_index=rest, rest_values=rest_values,
    )  # fmt: skip


def _member_axis(
    scope: Scope, base: StartValues, schedule: Schedule, ensemble: Ensemble
) -> PlanAxis:
    """The axis "member": member 0 nominal, then the draws."""
    index = scope.index
    on_axes = {source[1] for _, source in schedule.axes if source[0] == "start"}
    fixed_positions = set(base.explicit) | base.from_condition | on_axes
    used = {use.slot: use.ligand for use in scope.slots.values()}
    columns = draw(
        ensemble,
        replaced=[
            entry
            for slot, ligand in used.items()
            for entry in ligand.slot_ranges(slot)
            if index.position(entry.id) is not None
        ],
        fixed=frozenset(index.id_at(position) for position in fixed_positions),
    )
    values: dict[Source, FloatArray] = {}
    for name, column in columns.items():
        target = _drawn_target(scope, name)
        nominal = float(base.values[target.position])
        full = np.concatenate([[nominal], column]) if ensemble.nominal else column
        values["start", target.position] = full
    n = ensemble.n + (1 if ensemble.nominal else 0)
    return _plan_axis(
        schedule, values, name="member", unit="", coordinates=np.arange(n, dtype=np.float64)
    )


def _drawn_target(scope: Scope, name: str) -> Target:
    target = scope.target(name, where="ensemble")
    if target.id in {use.slot for use in scope.slots.values()}:
        raise PlanError(f"{target.id} holds a ligand of this experiment", where="ensemble")
    return target
