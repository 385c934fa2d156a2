"""THE loop: one run after another, each from its start values to its end time.

Enters: a :class:`.layout.Chunk` of runs. Leaves: trajectories, readouts, status, counters. Called
by address, see :mod:`.solve`, from any thread.

Steps end exactly at breakpoints (jumps, events that come due, switches of conditions on time, the
end, roots) and never because of the output grid, which dense output serves. Nothing is carried from
one run to the next.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.advance import advance, commit, restart
from sigmapath.solvers.begin import begin_consistent, begin_run, resume_run
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.events import next_due, process_events
from sigmapath.solvers.interpolate import interpolate, prepare_dense
from sigmapath.solvers.jumps import apply_jump, derive, settled
from sigmapath.solvers.queue import count_up
from sigmapath.solvers.reducers import (
    begin_reducers,
    finish_reducers,
    observe,
)
from sigmapath.solvers.roots import first_root, remember_roots
from sigmapath.solvers.start import choose_method
from sigmapath.solvers.switches import note_switch, reach
from sigmapath.solvers.work import call_part, work_at
from sigmapath.status import Status

__all__ = ["apply_due", "emit", "forget", "next_stop", "run_chunk"]

OK, INTERRUPTED, BAD_START, NOT_FINITE = (
    int(Status.OK),
    int(Status.INTERRUPTED),
    int(Status.BAD_START),
    int(Status.NOT_FINITE),
)
TOO_MANY_STEPS, ROOT = int(Status.TOO_MANY_STEPS), -1
(
    N,
    N_ROOT,
    N_EVENT,
    REQUESTED_METHOD,
) = (
    at.N,
    at.N_ROOT,
    at.N_EVENT,
    at.REQUESTED_METHOD,
)
Y, Y_AT = at.Y, at.Y_AT
T_LEFT, T_RIGHT, T_END, T_SWITCH = at.T_LEFT, at.T_RIGHT, at.T_END, at.T_SWITCH
METHOD = at.METHOD
USED_METHOD, NEXT_JUMP, NEXT_TIME, N_PENDING = (
    at.USED_METHOD,
    at.NEXT_JUMP,
    at.NEXT_TIME,
    at.N_PENDING,
)
HAS_ALGEBRAIC = at.HAS_ALGEBRAIC
MUST_SETTLE, N_LAG, PART_DELAYS = at.MUST_SETTLE, at.N_LAG, at.PART_DELAYS
REMEMBER_STEP, MARK_LEFT, LONGEST_STEP = at.REMEMBER_STEP, at.MARK_LEFT, at.LONGEST_STEP
AUTO, SERIAL, MAX_STEPS = at.AUTO, at.SERIAL, at.MAX_STEPS
S_STEPS, S_REJECTED, S_EVENTS = at.S_STEPS, at.S_REJECTED, at.S_EVENTS
PART_READOUTS = at.PART_READOUTS
BDF, BDF_ORDER = at.BDF, at.BDF_ORDER
PART_GRID, N_TIMES, TIMES_AT, ROWS_AT = at.PART_GRID, at.N_TIMES, at.TIMES_AT, at.ROWS_AT

# The stop flag is looked at once in so many steps.
_POLL = 64


@compiled
def apply_due(work: Any, t: Any, table_time: Any, table: Any, values: Any) -> bool:
    """Apply all scheduled jumps of time <= t; True if there were any."""
    k = work.flag[NEXT_JUMP]
    if k == len(table_time) or table_time[k] > t:
        return False
    while k < len(table_time) and table_time[k] <= t:
        apply_jump(work, table[k, 0], table[k, 1], table[k, 2], values[k])
        k += 1
    work.flag[NEXT_JUMP] = k
    derive(work, t)
    return True


@compiled
def _begin(work: Any, t: Any, table_time: Any, table: Any, values: Any) -> Any:
    """Let everything happen that happens at the start; return a status code."""
    apply_due(work, t, table_time, table, values)
    if work.size[MUST_SETTLE] != 0:
        status = settled(work, t)
        if status != OK:
            return status
    return process_events(work, t) if work.size[N_EVENT] > 0 else OK


@compiled
def emit(work: Any, t: Any, is_arrival: bool, times: Any, rows: Any) -> None:
    """Write the output grid up to t: inside the last step, or at t itself from row Y."""
    k = work.flag[NEXT_TIME]
    if k == len(times) or times[k] > t:
        return
    is_polynomial = work.flag[METHOD] == BDF and work.flag[BDF_ORDER] > 0
    if not is_arrival and work.part[PART_GRID] != 0 and not is_polynomial:
        prepare_dense(work)
        call_part(work.part[PART_GRID], work, t, 0.0)
        return
    while k < len(times) and (times[k] < t or (is_arrival and times[k] == t)):
        if is_arrival:
            observe(work, t, work.vec[Y], rows[k])
        else:
            interpolate(work, times[k], work.vec[Y_AT])
            observe(work, times[k], work.vec[Y_AT], rows[k])
        k += 1
    work.flag[NEXT_TIME] = k


@compiled
def _arrive(work: Any, t: Any, table_time: Any, table: Any, values: Any) -> Any:
    """Let everything happen that happens at t: jumps, switches, events; return a status code."""
    is_changed = apply_due(work, t, table_time, table, values)
    if (is_changed or t >= work.clock[T_SWITCH]) and work.size[MUST_SETTLE] != 0:
        status = settled(work, t)
        if status != OK:
            return status
    return process_events(work, t) if work.size[N_EVENT] > 0 else OK


@compiled
def next_stop(work: Any, t_end: Any, table_time: Any) -> Any:
    """Next time at which a step has to end."""
    t_stop = min(t_end, work.clock[T_SWITCH])
    k = work.flag[NEXT_JUMP]
    if k < len(table_time):
        t_stop = min(t_stop, table_time[k])
    if work.flag[N_PENDING] > 0:
        t_stop = min(t_stop, next_due(work))
    return t_stop


@compiled
def _cut(work: Any, t_root: Any) -> None:
    """End the last step at t_root: its state becomes row Y."""
    interpolate(work, t_root, work.vec[Y_AT])
    for i in range(work.size[N]):
        work.vec[Y, i] = work.vec[Y_AT, i]


@compiled
def _hop(work: Any, t_stop: Any) -> Any:
    """Go to t_stop, a few floats on, as one step in which nothing moves; return a status code."""
    if work.stat[S_STEPS] + work.stat[S_REJECTED] >= work.tune[MAX_STEPS]:
        return TOO_MANY_STEPS
    work.stat[S_STEPS] += 1
    work.clock[T_LEFT], work.clock[T_RIGHT] = t_stop, t_stop
    return OK


@compiled
def _step(work: Any, t: Any, t_stop: Any, times: Any, rows: Any) -> Any:
    """Take a step from t towards t_stop, up to the first root, and read off what lies within it.

    Returns a status code, or ROOT where the step ends at one, and the time reached.
    """
    has_lags = work.size[N_LAG] != 0
    if has_lags:
        t_stop = min(t_stop, t + call_part(work.part[PART_DELAYS], work, t, LONGEST_STEP))
    t_reach = reach(work, t_stop)
    if t_reach <= t:
        return _hop(work, t_stop), t_stop
    status = advance(work, t, t_reach)
    if status != OK:
        return status, t
    if work.clock[T_RIGHT] == t_reach:
        work.clock[T_RIGHT] = t_stop
    t_root = first_root(work) if work.size[N_ROOT] > 0 else -1.0
    t_new = t_root if t_root >= 0.0 else work.clock[T_RIGHT]
    if has_lags:
        call_part(work.part[PART_DELAYS], work, t_new, REMEMBER_STEP)
    if work.codes.shape[0] > 0:
        call_part(work.part[PART_READOUTS], work, t_new, 0.0)
    if rows.shape[0] > 0:
        emit(work, t_new, False, times, rows)
    if t_new < work.clock[T_RIGHT]:
        _cut(work, t_new)
    else:
        commit(work)
    return (ROOT if t_root >= 0.0 else OK), t_new


@inlined
def _is_quiet(work: Any) -> bool:
    """Whether nothing looks at single steps: no event, root, delayed value or readout."""
    seen = work.size[N_EVENT] + work.size[N_ROOT] + work.size[N_LAG] + work.codes.shape[0]
    return bool(seen == 0)


@compiled
def _glide(work: Any, t: Any, t_stop: Any, times: Any, rows: Any, stop_flag: Any) -> Any:
    """Take steps from t to t_stop between which nothing can happen; see :func:`_is_quiet`.

    Returns a status code and the time reached.
    """
    t_reach = reach(work, t_stop)
    if t_reach <= t:
        return _hop(work, t_stop), t_stop
    while t < t_stop:
        if work.stat[S_STEPS] % _POLL == 0 and stop_flag[0] != 0:
            return INTERRUPTED, t
        status = advance(work, t, t_reach)
        if status != OK:
            return status, t
        if work.clock[T_RIGHT] == t_reach:
            work.clock[T_RIGHT] = t_stop
        t = work.clock[T_RIGHT]
        k = work.flag[NEXT_TIME]
        is_due = rows.shape[0] > 0 and k < len(times) and times[k] <= t
        if is_due:
            emit(work, t, False, times, rows)
        commit(work)
        if is_due and t < t_stop:
            emit(work, t, True, times, rows)
    return OK, t


@compiled
def _look(work: Any, t: Any, times: Any, rows: Any) -> None:
    """See the instant t, after everything that happens at it, from row Y."""
    if work.size[N_LAG] != 0:
        call_part(work.part[PART_DELAYS], work, t, MARK_LEFT)
    if work.size[N_ROOT] > 0:
        remember_roots(work, t)
    if work.codes.shape[0] > 0:
        call_part(work.part[PART_READOUTS], work, t, 1.0)
    if rows.shape[0] > 0:
        emit(work, t, True, times, rows)


@compiled
def _run(
    work: Any,
    t_end: Any,
    times: Any,
    rows: Any,
    table_time: Any,
    table: Any,
    values: Any,
    stop_flag: Any,
) -> Any:
    """Integrate one run whose p and y are at their start; return status and the time reached."""
    t = 0.0
    work.clock[T_END] = t_end
    work.flag[N_TIMES] = len(times)
    work.flag[TIMES_AT] = times.ctypes.data
    work.flag[ROWS_AT] = rows.ctypes.data
    status = _begin(work, t, table_time, table, values)
    if status != OK:
        return status, t
    note_switch(work, t)
    t_stop = next_stop(work, t_end, table_time)
    status = restart(work, t, max(reach(work, t_stop) - t, 0.0))
    if status != OK:
        return status, t
    work.flag[METHOD] = work.size[REQUESTED_METHOD]
    if work.flag[METHOD] == AUTO:
        work.flag[METHOD] = choose_method(work, t_end)
    work.flag[USED_METHOD] = work.flag[METHOD]
    if work.codes.shape[0] > 0:
        begin_reducers(work)
    _look(work, t, times, rows)
    is_new = False
    is_quiet = _is_quiet(work)
    while t < t_end:
        if work.stat[S_STEPS] % _POLL == 0 and stop_flag[0] != 0:
            return INTERRUPTED, t
        if is_quiet:
            status, t = _glide(work, t, t_stop, times, rows, stop_flag)
        else:
            status, t = _step(work, t, t_stop, times, rows)
        if status != OK and status != ROOT:
            return status, t
        is_new = is_new or status == ROOT or t >= work.clock[T_SWITCH]
        changes = work.stat[S_EVENTS] + work.flag[NEXT_JUMP]
        # Events that fire may draw random numbers into p before they are executed.
        firings = work.flag[SERIAL]
        status = _arrive(work, t, table_time, table, values)
        is_changed = work.stat[S_EVENTS] + work.flag[NEXT_JUMP] != changes
        is_new = is_new or is_changed
        if is_changed or work.flag[SERIAL] != firings or t >= work.clock[T_SWITCH]:
            note_switch(work, t)
        t_stop = next_stop(work, t_end, table_time)
        t_reach = reach(work, t_stop)
        # Not where the next step is a hop: behind it the run starts anew in any case.
        if status == OK and is_new and (t_reach > t or t >= t_end):
            status = restart(work, t, max(t_reach - t, 0.0))
            is_new = False
        if status != OK:
            return (NOT_FINITE if status == BAD_START else status), t
        _look(work, t, times, rows)
    return OK, t


@compiled
def forget(rows: Any, reduced: Any, final: Any) -> None:
    """Fill the results of a failed run with NaN."""
    for k in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[k, j] = np.nan
    for r in range(len(reduced)):
        reduced[r] = np.nan
    for i in range(len(final)):
        final[i] = np.nan


@compiled
def run_chunk(chunk: Any) -> Any:
    """Run rows of ``chunk.starts`` with one workspace until none waits; see :class:`.layout.Chunk`.

    Returns how many this call has run.
    """
    work = work_at(chunk.work)
    t_end, stop_flag = chunk.t_end[0], chunk.stop_flag
    n_run = 0
    while stop_flag[0] == 0:
        place = count_up(chunk.queue)
        if place >= len(chunk.order):
            break
        run = chunk.order[place]
        begin_run(work, chunk.starts[run])
        rows = chunk.trajectories[run % chunk.trajectories.shape[0]]
        code, t = OK, 0.0
        if chunk.rest_states.shape[0] > 0:
            code = chunk.outcome[run, 0]
            resume_run(work, chunk.rest_states[run], chunk.rest_parameters[run])
        elif work.size[HAS_ALGEBRAIC] != 0:
            code = begin_consistent(work)
        if code == OK:
            table_time, table, values = chunk.jump_times, chunk.jumps, chunk.values[run]
            code, t = _run(work, t_end, chunk.times, rows, table_time, table, values, stop_flag)
        chunk.outcome[run, 0] = code
        chunk.outcome[run, 1] = work.flag[USED_METHOD]
        chunk.t_stop[run] = t
        for k in range(len(work.stat)):
            chunk.stats[run, k] = work.stat[k]
        if code == OK:
            finish_reducers(work, chunk.reduced[run])
            for i in range(work.size[N]):
                chunk.final[run, i] = work.vec[Y, i]
        else:
            forget(rows, chunk.reduced[run], chunk.final[run])
        count_up(chunk.ended)
        n_run += 1
    return n_run
