"""From readouts to rows of the reducer table.

Enters: readouts as asked for. Leaves: :class:`ReducerRows` and how to combine them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sigmapath.errors import PlanError
from sigmapath.experiment.observables import Observable
from sigmapath.experiment.plan import PlanReadout, ReducerRows
from sigmapath.experiment.readouts import Readout, as_readout
from sigmapath.experiment.targets import Scope, model_unit
from sigmapath.opcodes import ReducerOp
from sigmapath.quantity import to_model_units, unit_text

__all__ = ["ReadoutsLike", "named_readouts", "reducer_rows"]

ReadoutsLike = Mapping[str, Readout | str] | Sequence[Readout | str] | Readout | str | None
_Row = tuple[int, int, float, float, float]


def named_readouts(readouts: ReadoutsLike) -> dict[str, Readout]:
    """Return readouts by name; without names they are named by their text.

    Raises
    ------
    PlanError
        If two have one name, or an entry is no readout.
    """
    if readouts is None:
        return {}
    if isinstance(readouts, Mapping):
        return {str(name): as_readout(readout) for name, readout in readouts.items()}
    entries: list[Any] = [readouts]
    if isinstance(readouts, Sequence) and not isinstance(readouts, str):
        entries = list(readouts)
    found: dict[str, Readout] = {}
    for entry in entries:
        name = entry if isinstance(entry, str) else as_readout(entry).text
        if name in found:
            raise PlanError("a readout is asked for twice", where="readouts", found=name)
        found[name] = as_readout(entry)
    return found


def reducer_rows(
    readouts: Mapping[str, Readout], outputs: Sequence[Observable], scope: Scope, t_end: float
) -> tuple[ReducerRows, tuple[PlanReadout, ...]]:
    """Resolve windows, levels and units.

    Parameters
    ----------
    readouts : mapping name -> Readout
    outputs : sequence of Observable
        Holds the observable of every readout.
    scope : Scope
    t_end : float

    Raises
    ------
    PlanError
        If a window is empty or reaches beyond the run.
    UnitError
        If a level or time has a unit that does not fit.
    """
    place = {output.name: i for i, output in enumerate(outputs)} if readouts else {}
    rows: dict[_Row, int] = {}
    found = []
    for name, readout in readouts.items():
        output = place[readout.observable]
        after, until = _window(readout, scope, t_end)
        level = math.nan
        if readout.level is not None:
            level = to_model_units(
                readout.level, model_unit(outputs[output].unit), name="level", where=readout.text
            )
        row = _row_number(rows, (int(readout.op), output, after, until, level))
        divisor, factor = -1, 1.0
        if readout.fold:
            begin = 0.0 if readout.op is ReducerOp.AT else after
            divisor = _row_number(rows, (int(ReducerOp.START), output, begin, until, math.nan))
            factor = until - after if readout.op is ReducerOp.AUC else 1.0
        found.append(
            PlanReadout(
                name=name,
                text=readout.text,
                unit=_unit(readout, outputs[output].unit, scope.index.time_unit),
                row=row,
                divisor=divisor,
                factor=factor,
            )
        )
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    return (
        ReducerRows(
            op=np.array(columns[0], dtype=np.int64),
            output=np.array(columns[1], dtype=np.int64),
            after=np.array(columns[2], dtype=np.float64),
            until=np.array(columns[3], dtype=np.float64),
            level=np.array(columns[4], dtype=np.float64),
        ),
        tuple(found),
    )


def _row_number(rows: dict[_Row, int], row: _Row) -> int:
    return rows.setdefault(row, len(rows))


def _window(readout: Readout, scope: Scope, t_end: float) -> tuple[float, float]:
    where = readout.text
    if readout.op is ReducerOp.AT:
        time = scope.time(readout.until or 0.0, name="time", where=where)
        _require_inside(time, t_end, scope, where)
        return time, time
    after = scope.time(readout.after, name="after", where=where) if readout.after else 0.0
    until = t_end
    if readout.until is not None:
        until = scope.time(readout.until, name="until", where=where)
    _require_inside(after, t_end, scope, where)
    _require_inside(until, t_end, scope, where)
    if after > until or (after == until and t_end > 0.0):
        raise PlanError(
            "the window is empty", where=where,
            found=f"after {after:g}, until {until:g} {scope.index.time_unit}",
            fix="let until come after after",
        )  # fmt: skip
    return after, until


def _require_inside(time: float, t_end: float, scope: Scope, where: str) -> None:
    # A window given in hours may miss an end given in seconds by rounding only.
    if time > t_end * (1.0 + 1e-12):
        raise PlanError(
            "the window reaches beyond the end of the run", where=where,
            found=f"{time:g}, the run ends at {t_end:g} {scope.index.time_unit}",
            fix="make the run longer, or the window shorter",
        )  # fmt: skip


def _unit(readout: Readout, unit: str, time_unit: str) -> str:
    if readout.fold:
        return "1"
    if readout.is_time:
        return time_unit
    if readout.op is not ReducerOp.AUC:
        return unit
    own, time = model_unit(unit), model_unit(time_unit)
    if own is None or time is None:
        return ""
    # "uM s" reads better than base units; only quotients may cancel against the time.
    is_product = "/" not in unit and not own.is_dimensionless
    return f"{unit} {time_unit}" if is_product else unit_text(own * time)
