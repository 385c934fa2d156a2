"""Output times: an array, or an end time.

Enters: ``times=``. Leaves: ascending times in the model's unit, and the end of the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.experiment.targets import Scope

__all__ = ["DEFAULT_POINTS", "TimesLike", "resolve_times"]

# Output points of a run that is given by its end: 200 intervals.
DEFAULT_POINTS = 201

TimesLike = float | str | Sequence[float | str] | NDArray[Any] | None


def resolve_times(
    times: TimesLike, protocol_end: float, scope: Scope, points: int = DEFAULT_POINTS
) -> tuple[NDArray[np.float64], float]:
    """Return output times and the end of the run.

    Parameters
    ----------
    times : array, end time, or None
        In the model's unit of time, or text with a unit; an end time gives ``points`` times from 0;
        None is the end of the protocol.
    protocol_end : float
        End of the last phase; 0 without phases, infinite if the last phase is open.
    scope : Scope
    points : int
        Number of output times where an end is given.

    Returns
    -------
    times : ndarray, shape (n_time,)
    t_end : float

    Raises
    ------
    PlanError
        If times are missing, empty, negative, not ascending or not finite.
    """
    if isinstance(points, bool) or not isinstance(points, int) or points < 2:
        raise PlanError("a run has two output times or more", where="points", found=repr(points))
    if times is None:
        if not 0.0 < protocol_end < np.inf:
            raise PlanError(
                "the run has no end", where="times",
                fix='give times, for example "24 h", or a protocol whose phases have durations',
            )  # fmt: skip
        return np.linspace(0.0, protocol_end, points), protocol_end
    if isinstance(times, str) or np.ndim(times) == 0:
        end = scope.time(times, name="end time", where="times")  # type: ignore[arg-type]
        return (np.linspace(0.0, end, points) if end > 0.0 else np.zeros(1)), end
    values = _as_array(times, scope)
    if values.size == 0:
        raise PlanError("there are no output times", where="times", found="an empty list")
    # Most often nothing is wrong; no comparison holds for what is not a number.
    if values[0] >= 0.0 and values[-1] < np.inf and (values[1:] >= values[:-1]).all():
        return values, float(values[-1])
    if not np.all(np.isfinite(values)):
        bad = int(np.flatnonzero(~np.isfinite(values))[0])
        raise PlanError(
            "times must be finite numbers", where=f"times, entry {bad}", found=str(values[bad])
        )
    if values[0] < 0.0:
        raise PlanError(
            "integration starts at t = 0", where="times", found=f"{values[0]:g}",
            fix="shift the times so that none is negative",
        )  # fmt: skip
    steps = np.diff(values)
    if np.any(steps < 0.0):
        bad = int(np.flatnonzero(steps < 0.0)[0])
        raise PlanError(
            "times must ascend", where=f"times, entry {bad + 1}",
            found=f"{values[bad + 1]:g} after {values[bad]:g}", fix="sort them",
        )  # fmt: skip
    return values, float(values[-1])


def _as_array(times: Any, scope: Scope) -> NDArray[np.float64]:
    entries = times if isinstance(times, np.ndarray) else list(times)
    is_plain = isinstance(times, np.ndarray) and times.dtype.kind in "fiu"
    if not is_plain and any(isinstance(e, str) for e in entries) and np.ndim(entries) == 1:
        return np.array(
            [scope.time(entry, name=f"entry {i}", where="times") for i, entry in enumerate(entries)]
        )
    try:
        values = np.array(entries, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PlanError(
            "times are not numbers", where="times", found=repr(times),
            expected='an array of numbers, or an end time such as "6 h"',
        ) from error  # fmt: skip
    if values.ndim != 1:
        raise PlanError("times form one row", where="times", found=f"shape {values.shape}")
    return values
