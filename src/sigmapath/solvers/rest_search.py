"""The compiled search for a steady state: f(y; p) = 0, totals held, reached from a given start.

Enters: a worker's ``Work`` and ``Rest`` with the start in row Y. Leaves: the steady state there,
which method found it and how good it is. Called by the batch loop and by :mod:`.steady_state`.

1. Newton's method from the start. A root nearby (``newton_reach``) is taken if it attracts: a
   slightly disturbed state returns to it.
2. Otherwise the trajectory from the start is integrated until a root lies next to it, and the
   root is taken. So an answer is always the state that the system itself would come to.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
from numba import typeof, types
from numpy.typing import NDArray

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.solvers import layout as at
from sigmapath.solvers import rest as slot
from sigmapath.solvers.approach import Reason, approach, is_attracting
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled, kept
from sigmapath.solvers.native import call_for_int, native_address
from sigmapath.solvers.newton import Landing, distance, find_root, scales
from sigmapath.solvers.rates import rates
from sigmapath.solvers.rest import (
    Rest,
    copy_row,
    empty_rest,
    forget_null_rows,
    prepare_totals,
    set_floor,
)
from sigmapath.status import Status

__all__ = ["RestMethod", "find_steady_state", "new_rest"]

N, N_EVENT, RTOL, JAC_IS_FRESH = at.N, at.N_EVENT, at.RTOL, at.JAC_IS_FRESH
A_DFDT, A_TRIGGERS, ATOL, Y, RATE = at.A_DFDT, at.A_TRIGGERS, at.ATOL, at.Y, at.RATE
FLOOR, POINT, BEGIN, KEPT_ATOL = slot.FLOOR, slot.POINT, slot.BEGIN, slot.KEPT_ATOL
NEWTON_REACH = slot.NEWTON_REACH
R_METHOD, R_REASON, R_RESIDUAL, R_STEP = slot.R_METHOD, slot.R_REASON, slot.R_RESIDUAL, slot.R_STEP
R_SADDLE = slot.R_SADDLE
FIND_ROOT_AT = slot.FIND_ROOT_AT
APPROACH_AT, SEARCH_AT = slot.APPROACH_AT, slot.SEARCH_AT


class RestMethod(IntEnum):
    """Which method found the steady state."""

    NONE = 0
    NEWTON = 1
    INTEGRATION = 2


_OK, _NO_STEADY_STATE = int(Status.OK), int(Status.NO_STEADY_STATE)
_NONE, _TIME_DEPENDENT = int(Reason.NONE), int(Reason.TIME_DEPENDENT)
_NOT_FINITE, _UNSTABLE, _EVENT = int(Reason.NOT_FINITE), int(Reason.UNSTABLE), int(Reason.EVENT)
_ROOT = int(Landing.ROOT)
_NEWTON, _INTEGRATION = int(RestMethod.NEWTON), int(RestMethod.INTEGRATION)
# A trajectory counts as arrived within a thousandth of the root. A start that is nearer than ten
# times that has shown nothing by staying there.
_ARRIVED, _STAYED = 1e-3, 1e-2


@compiled
def find_steady_state(work: Any, rest: Any) -> Any:
    """Replace row Y by the steady state that the system comes to from there.

    Time stands still at 0 for the kernels. Events do not act; if a trigger turns true between the
    start and the steady state the search fails.

    Parameters
    ----------
    work : Work
        Row Y holds the start, p is complete, held and lost states are masked, infusions set, as
        before the first step of a run. On success rows Y and RATE hold the steady state; on
        failure they hold the last state looked at. Tolerances are those of the integration.
    rest : Rest
        Of the same worker. ``result`` holds method, reason, residual, last Newton step,
        iterations, integration steps and time on return.

    Returns
    -------
    status : int
        OK or NO_STEADY_STATE.
    """
    return call_for_int(rest.native[SEARCH_AT], work, rest)


@kept
def _find(work: Any, rest: Any) -> Any:
    """Body of :func:`find_steady_state` in the form that is called by address."""
    result = rest.result
    result[:] = 0.0
    result[R_RESIDUAL] = np.nan
    result[R_STEP] = np.nan
    if work.size[N] == 0:
        result[R_METHOD], result[R_RESIDUAL], result[R_STEP] = _NEWTON, 0.0, 0.0
        return _OK
    if work.address[A_DFDT] != 0:
        result[R_REASON] = _TIME_DEPENDENT
        return _NO_STEADY_STATE
    copy_row(work.vec[ATOL], rest.vec[KEPT_ATOL])
    _read_triggers(work, rest, work.vec[Y], 0)
    set_floor(work, rest, work.vec[Y])
    for i in range(work.size[N]):
        floor_atol = work.tune[RTOL] * rest.vec[FLOOR, i]
        work.vec[ATOL, i] = min(work.vec[ATOL, i], floor_atol)
    result[R_REASON] = _search(work, rest)
    copy_row(rest.vec[KEPT_ATOL], work.vec[ATOL])
    work.flag[JAC_IS_FRESH] = 0
    if result[R_REASON] == _NONE:
        copy_row(rest.vec[POINT], work.vec[Y])
        rates(work, 0.0, work.vec[Y], work.vec[RATE])
        if _has_fired(work, rest):
            result[R_REASON] = _EVENT
    if result[R_REASON] == _NONE:
        return _OK
    result[R_METHOD] = 0.0
    return _NO_STEADY_STATE


@compiled
def _search(work: Any, rest: Any) -> Any:
    """Newton nearby, else the trajectory; the root in row POINT. Returns a Reason."""
    y, vec, result = work.vec[Y], rest.vec, rest.result
    copy_row(y, vec[BEGIN])
    prepare_totals(work, rest, y)
    if np.isnan(scales(work, rest, y)):
        return _NOT_FINITE
    if rest.limit[NEWTON_REACH] > 0.0:
        copy_row(y, vec[POINT])
        reach = rest.limit[NEWTON_REACH]
        landing = call_for_int(rest.native[FIND_ROOT_AT], work, rest, reach)
        forget_null_rows(rest)
        if landing == _ROOT:
            result[R_METHOD] = _NEWTON
            if _attracts(work, rest):
                return _NONE
        copy_row(vec[BEGIN], y)
        prepare_totals(work, rest, y)
    result[R_METHOD] = _INTEGRATION
    reason = call_for_int(rest.native[APPROACH_AT], work, rest, _ARRIVED, np.inf)
    if reason != _NONE:
        return reason
    # No trajectory comes to rest at an unstable root, unless it starts there or, by symmetry,
    # cannot leave the way into a saddle.
    has_stayed = distance(rest, vec[POINT], vec[BEGIN]) <= _STAYED
    if (has_stayed or result[R_SADDLE] != 0.0) and not _attracts(work, rest):
        return _UNSTABLE
    return _NONE


@compiled
def _attracts(work: Any, rest: Any) -> bool:
    """``is_attracting``, keeping the record of the root that is tested."""
    size, residual = rest.result[R_STEP], rest.result[R_RESIDUAL]
    attracts = is_attracting(work, rest)
    rest.result[R_STEP], rest.result[R_RESIDUAL] = size, residual
    return attracts


@compiled
def _read_triggers(work: Any, rest: Any, y: Any, row: Any) -> None:
    if work.size[N_EVENT] > 0 and work.address[A_TRIGGERS] != 0:
        work.clock[0] = 0.0
        call_kernel(work.address[A_TRIGGERS], work.clock, y, work.p, rest.trigger[row])


@compiled
def _has_fired(work: Any, rest: Any) -> bool:
    """Tell whether a trigger that was false at the start is true in row Y."""
    _read_triggers(work, rest, work.vec[Y], 1)
    for e in range(rest.trigger.shape[1]):
        if rest.trigger[0, e] == 0.0 and rest.trigger[1, e] != 0.0:
            return True
    return False


def new_rest(
    work: Any,
    moieties: NDArray[np.float64] | None = None,
    *,
    tolerance: float = 1e-9,
    newton_reach: float = 0.1,
    max_steps: int = 5000,
) -> Rest:
    """Allocate the arrays of a search; the caller keeps them and gives one set to each thread.

    Parameters
    ----------
    work : Work
        A worker of the same model; only sizes and types matter.
    moieties : ndarray, shape (n_moiety, n_state), optional
        None where nothing is conserved.
    tolerance : float
        Accepted relative size of the last Newton step and of the residual.
    newton_reach : float
        How far from the start, relatively, a root found at once may lie; inf for anywhere, 0 to
        integrate first in any case.
    max_steps : int
        Limit of integration steps per trajectory.
    """
    if work.size[at.N_LAG]:
        # Rest says nothing about what a delayed value was before it.
        raise UnsupportedFeatureError(
            "delay(x, lag) in the search for a steady state",
            fix="simulate for a long time instead",
        )
    n_state, n_event = int(work.size[N]), int(work.size[N_EVENT])
    rest = empty_rest(n_state, moieties, n_event=n_event)
    rest.limit[:] = tolerance, newton_reach, float(max_steps)
    on_work, on_rest, number = typeof(work), typeof(rest), types.float64  # type: ignore[no-untyped-call]
    rest.native[FIND_ROOT_AT] = native_address(find_root, on_work, on_rest, number)
    rest.native[APPROACH_AT] = native_address(approach, on_work, on_rest, number, number)
    rest.native[SEARCH_AT] = native_address(_find, on_work, on_rest)
    return rest
