"""The schedule of a run: doses and phases become rows of the jump table.

Enters: settings and administrations with places and model units. Leaves: :class:`Jump` rows in the
order in which they happen. Every row remembers where its value comes from (``source``), so that an
axis can drive it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from sigmapath.errors import PlanError
from sigmapath.experiment.dosing import Dose
from sigmapath.experiment.targets import Scope, Target
from sigmapath.opcodes import JumpOp
from sigmapath.record import record

__all__ = ["Jump", "Level", "Source", "Span", "dose_jumps", "rest_jumps", "setting_jumps"]

# Where a value comes from: the start values, a call-level level, a phase, an amount.
Kind = Literal["start", "held", "phase", "amount"]
Source = tuple[Kind, int]
# A repeated dose may not fill memory by a slip of the keyboard.
_MAX_ADMINISTRATIONS = 1_000_000


@record
class Jump:
    """One row of the jump table.

    ``value`` is ``factor`` times what ``source`` names; without a source it is fixed. ``rank``
    orders rows of one instant: settings before doses.
    """

    time: float
    op: JumpOp
    index: int
    value: float
    scale: int = -1
    source: Source | None = None
    factor: float = 1.0
    rank: int = 0


@record
class Level:
    """A value that holds for something; ``is_dose``: given as a dose, so never below 0."""

    target: Target
    value: float
    is_dose: bool = False


@record
class Span:
    """A timed phase: when it is, and what it sets (by position among the start values)."""

    start: float
    end: float
    label: str
    settings: Mapping[int, Level]
    doses: Sequence[Dose] = ()


def setting_jumps(
    target: Target,
    *,
    own: Level | None,
    own_start: float,
    resting: bool,
    spans: Sequence[Span],
    t_end: float,
) -> list[Jump]:
    """Return the rows that make one quantity follow the phases.

    Parameters
    ----------
    target : Target
    own : Level or None
        The call-level dose, held from t = 0 outside the phases that set the quantity.
    own_start : float
        Its start value, used outside those phases where there is no call-level dose; NaN if the
        model works it out.
    resting : bool
        Whether the equilibration sets the quantity, so that it must go back at t = 0.
    spans : sequence of Span
    t_end : float
        Boundaries at or after the end of the run are left out.
    """
    position = target.position
    current: tuple[Source, float] = (("start", position), own_start)
    is_held = resting and target.is_state
    if resting:
        current = (("phase", position), math.nan)
    rows: list[Jump] = []
    for time in _boundaries(spans, t_end):
        wanted = _wanted(position, own, own_start, spans, time)
        if wanted == current or (wanted[0] == current[0] == ("start", position)):
            continue
        if target.is_state and wanted[0][0] == "start":
            if target.is_input:
                # What an experiment applies is washed away with its phase: a free ligand.
                rows.append(_set(target, time, wanted))
            rows.append(Jump(time=time, op=JumpOp.HOLD, index=target.index, value=0.0))
            is_held = False
        else:
            rows.append(_set(target, time, wanted))
            if target.is_state and not is_held:
                rows.append(Jump(time=time, op=JumpOp.HOLD, index=target.index, value=1.0))
                is_held = True
        current = wanted
    return rows


def _boundaries(spans: Sequence[Span], t_end: float) -> list[float]:
    inner = {edge for span in spans for edge in (span.start, span.end) if 0.0 < edge < t_end}
    return [0.0, *sorted(inner)]


def _wanted(
    position: int, own: Level | None, own_start: float, spans: Sequence[Span], time: float
) -> tuple[Source, float]:
    for span in spans:
        if span.start <= time < span.end and position in span.settings:
            return ("phase", position), span.settings[position].value
    if own is not None:
        return ("held", position), own.value
    return ("start", position), own_start


def _set(target: Target, time: float, wanted: tuple[Source, float]) -> Jump:
    return Jump(
        time=time,
        op=JumpOp.SET_STATE if target.is_state else JumpOp.SET_PARAMETER,
        index=target.index,
        value=wanted[1],
        source=wanted[0],
    )


def rest_jumps(settings: Iterable[Level]) -> list[Jump]:
    """Return the rows applied before the search for the steady state."""
    rows = []
    for level in settings:
        wanted: tuple[Source, float] = (("phase", level.target.position), level.value)
        rows.append(_set(level.target, 0.0, wanted))
        if level.target.is_state:
            rows.append(Jump(time=0.0, op=JumpOp.HOLD, index=level.target.index, value=1.0))
    return rows


def dose_jumps(
    given: Dose, scope: Scope, *, begin: float, end: float, t_end: float, where: str
) -> tuple[Target, list[Jump]]:
    """Return the rows of one administration and its repeats.

    Parameters
    ----------
    given : Dose
    scope : Scope
    begin, end : float
        Start and end of the phase the dose stands in (0 and infinity at call level).
    t_end : float
        End of the run; repeats after it are left out.
    where : str

    Raises
    ------
    PlanError
        If no administration falls into the run or its phase, or something is infused that has no
        rate of change.
    """
    target = scope.target(given.target, where=where)
    place = f"{where}: {given.target}"
    if given.is_infusion and not target.is_state:
        raise PlanError(
            f"{target.id} is a parameter: it has no rate of change that an infusion could add to",
            where=place,
            fix="hold it at a level for a time: a phase with doses={...}",
        )
    first = begin + scope.time(given.time, name="time", where=place)
    if first > t_end or first >= end:
        limit, what = (t_end, "the run ends") if t_end <= end else (end, "its phase ends")
        raise PlanError(
            "the dose is never given", where=place,
            found=f"given at {first:g} {scope.index.time_unit}, {what} at {limit:g}",
            fix="give it earlier, or make the run longer",
        )  # fmt: skip
    amount, scale = scope.amount(target, given.amt, where=where)
    interval = scope.time(given.ii, name="ii", where=place) if given.ii is not None else 0.0
    duration, rate, rate_scale = _infusion(given, scope, target, amount, scale, place)
    if given.addl and interval <= 0.0:
        raise PlanError("the interval must be above 0", where=place, found=str(given.ii))
    last = min(t_end, end)
    count = given.addl + 1
    if interval > 0.0:
        count = min(count, int((last - first) / interval) + 1)
    if count > _MAX_ADMINISTRATIONS:
        raise PlanError("too many administrations in one run", where=place, found=str(count))
    rows: list[Jump] = []
    source: Source = ("amount", target.position)
    for k in range(count):
        time = first + k * interval
        if time > last or time >= end:
            break
        if duration == 0.0:
            op = JumpOp.ADD_STATE if target.is_state else JumpOp.ADD_PARAMETER
            rows.append(
                Jump(time=time, op=op, index=target.index, value=amount, scale=scale,
                     source=source, rank=1)
            )  # fmt: skip
            continue
        # With a given rate the amount sets the duration: no axis can drive such a row.
        per_amount = 1.0 / duration if given.dur is not None else math.nan
        for edge, sign in ((time, 1.0), (time + duration, -1.0)):
            if edge <= t_end:
                rows.append(
                    Jump(time=edge, op=JumpOp.ADD_RATE, index=target.index, value=sign * rate,
                         scale=rate_scale, source=source, factor=sign * per_amount, rank=1)
                )  # fmt: skip
    return target, rows


def _infusion(
    given: Dose, scope: Scope, target: Target, amount: float, scale: int, where: str
) -> tuple[float, float, int]:
    """Duration, rate and what the rate is divided by; duration 0 is a bolus."""
    if given.dur is not None:
        duration = scope.time(given.dur, name="dur", where=where)
        if duration <= 0.0:
            raise PlanError("the duration must be above 0", where=where, found=str(given.dur))
        return duration, amount / duration, scale
    if given.rate is not None:
        rate, rate_scale = scope.amount(
            target, given.rate, per=scope.index.time_unit or "1", where=where
        )
        if rate <= 0.0:
            raise PlanError("the rate must be above 0", where=where, found=str(given.rate))
        if rate_scale != scale:
            raise PlanError(
                "amount and rate must both be amounts, or both concentrations", where=where,
                found=f"amt={given.amt}, rate={given.rate}",
            )  # fmt: skip
        return amount / rate, rate, rate_scale
    return 0.0, 0.0, scale
