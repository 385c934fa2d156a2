"""The compiled search for a steady state: f(y; p) = 0, totals held, reached from a given start.

Enters: a worker's ``Work`` and ``Rest`` with the start in row Y. Leaves: the steady state there,
which method found it and how good it is. Called by the batch loop and by :mod:`.steady_state`.

1. Newton's method from the start. A root nearby (``newton_reach``) is taken if it attracts: a
   slightly disturbed state returns to it.
2. Otherwise the trajectory from the start is integrated until a root lies next to it, and the
   root is taken. So an answer is always the state that the system itself would come to.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers import rest as slot
from sigmapath.solvers.advance import settle_start
from sigmapath.solvers.approach import approach, is_attracting
from sigmapath.solvers.begin import apply_all, begin_run
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.jumps import settle
from sigmapath.solvers.newton import distance, find_root, scales
from sigmapath.solvers.rates import rates
from sigmapath.solvers.rest import Landing
from sigmapath.solvers.rest_outcome import Reason, RestMethod
from sigmapath.solvers.totals import copy_row, forget_null_rows, prepare_totals, set_floor
from sigmapath.solvers.work import call_part, equilibration_from, rest_at, rest_from, work_at
from sigmapath.status import Status

__all__ = ["REST_PARTS"]

N, N_EVENT, RTOL, JAC_IS_FRESH = at.N, at.N_EVENT, at.RTOL, at.JAC_IS_FRESH
A_DFDT, A_TRIGGERS, ATOL, Y, RATE = at.A_DFDT, at.A_TRIGGERS, at.ATOL, at.Y, at.RATE
FORCING, HELD = at.FORCING, at.HELD
FLOOR, POINT, BEGIN, KEPT_ATOL = slot.FLOOR, slot.POINT, slot.BEGIN, slot.KEPT_ATOL
NEWTON_REACH = slot.NEWTON_REACH
R_METHOD, R_REASON, R_RESIDUAL, R_STEP = slot.R_METHOD, slot.R_REASON, slot.R_RESIDUAL, slot.R_STEP
R_SADDLE = slot.R_SADDLE
FIND_ROOT_AT = slot.FIND_ROOT_AT
APPROACH_AT, SEARCH_AT = slot.APPROACH_AT, slot.SEARCH_AT

_OK, _NO_STEADY_STATE = int(Status.OK), int(Status.NO_STEADY_STATE)
_BAD_START = int(Status.BAD_START)
_NONE, _TIME_DEPENDENT = int(Reason.NONE), int(Reason.TIME_DEPENDENT)
_NOT_FINITE, _UNSTABLE, _EVENT = int(Reason.NOT_FINITE), int(Reason.UNSTABLE), int(Reason.EVENT)
_ROOT = int(Landing.ROOT)
_NEWTON, _INTEGRATION = int(RestMethod.NEWTON), int(RestMethod.INTEGRATION)
# A trajectory counts as arrived within a thousandth of the root. A start that is nearer than ten
# times that has shown nothing by staying there.
_ARRIVED, _STAYED = 1e-3, 1e-2


@compiled
def _find_steady_state(rest: Any) -> Any:
    """Replace row Y by the steady state that the system comes to from there.

    Time stands still at 0 for the kernels. Events do not act; if a trigger turns true between the
    start and the steady state the search fails.

    Parameters
    ----------
    rest : Rest
        ``result`` holds method, reason, residual, last Newton step, iterations, integration
        steps and time on return. Row Y of its worker holds the start, p is complete, held and
        lost states are masked, infusions set, as before the first step of a run. On success rows
        Y and RATE hold the steady state; on failure they hold the last state looked at.
        Tolerances are those of the integration.

    Returns
    -------
    status : int
        OK or NO_STEADY_STATE.
    """
    return int(call_part(rest.native[SEARCH_AT], rest, 0.0, 0.0))


@compiled
def _find(work: Any, rest: Any) -> Any:
    """Body of :func:`_find_steady_state`, which is called by address."""
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
        landing = call_part(rest.native[FIND_ROOT_AT], rest, reach, 0.0)
        forget_null_rows(rest)
        if landing == _ROOT:
            result[R_METHOD] = _NEWTON
            if _attracts(work, rest):
                return _NONE
        copy_row(vec[BEGIN], y)
        prepare_totals(work, rest, y)
    result[R_METHOD] = _INTEGRATION
    reason = int(call_part(rest.native[APPROACH_AT], rest, _ARRIVED, np.inf))
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


@compiled
def _start_and_find(work: Any, rest: Any) -> Any:
    """Mask what stands still, as the batch loop does before a run, then search."""
    rates(work, 0.0, work.vec[Y], work.vec[RATE])
    if not settle(work):
        rest.result[:] = 0.0
        rest.result[R_REASON] = _NOT_FINITE
        rest.result[R_RESIDUAL] = np.nan
        rest.result[R_STEP] = np.nan
        return _NO_STEADY_STATE
    return _find_steady_state(rest)


@compiled
def _equilibrate(job: Any) -> None:
    """Find the steady state of every run; see :class:`.layout.Equilibration`."""
    work, rest = work_at(job.work), rest_at(job.rest)
    for run in range(job.starts.shape[0]):
        if job.stop_flag[0] != 0:
            return
        begin_run(work, job.starts[run])
        apply_all(work, job.jumps, job.values[run])
        code = _BAD_START
        if settle_start(work, 0.0):
            code = _find_steady_state(rest)
            job.residual[run] = rest.result[R_RESIDUAL]
        job.status[run] = code
        for i in range(work.size[N]):
            job.states[run, 0, i] = work.vec[Y, i]
            job.states[run, 1, i] = work.vec[FORCING, i]
            job.states[run, 2, i] = work.vec[HELD, i]
        for j in range(len(work.p)):
            job.parameters[run, j] = work.p[j]


def _rest_root(table: Any, reach: Any, _unused: Any) -> Any:
    """Newton's method from row POINT; a :class:`Landing`."""
    rest = rest_from(table)
    return float(find_root(work_at(rest.work), rest, reach))


def _rest_approach(table: Any, reach: Any, leash: Any) -> Any:
    """Follow the trajectory to a root; a :class:`Reason`."""
    rest = rest_from(table)
    return float(approach(work_at(rest.work), rest, reach, leash))


def _rest_search(table: Any, _unused: Any, _unused_too: Any) -> Any:
    """Find the steady state from row Y, all set up; a status code."""
    rest = rest_from(table)
    return float(_find(work_at(rest.work), rest))


def _rest_start(table: Any, _unused: Any, _unused_too: Any) -> Any:
    """Set up, then find the steady state from row Y; a status code."""
    rest = rest_from(table)
    return float(_start_and_find(work_at(rest.work), rest))


def _rest_linearise(table: Any, sets_floor: Any, _unused: Any) -> Any:
    """Leave J, gross turnovers and the reduced moieties of row Y; first the floor, if asked to."""
    rest = rest_from(table)
    work = work_at(rest.work)
    if sets_floor != 0.0:
        set_floor(work, rest, work.vec[Y])
    prepare_totals(work, rest, work.vec[Y])
    return float(scales(work, rest, work.vec[Y]))


def _rest_equilibrate(table: Any, _unused: Any, _unused_too: Any) -> Any:
    """Bring every run of an :class:`.layout.Equilibration` to rest."""
    _equilibrate(equilibration_from(table))
    return 0.0


# What is compiled on its own and called by address, see :mod:`.library`.
REST_PARTS = {
    "rest_root": _rest_root,
    "rest_approach": _rest_approach,
    "rest_search": _rest_search,
    "rest_start": _rest_start,
    "rest_linearise": _rest_linearise,
    "rest_equilibrate": _rest_equilibrate,
}
