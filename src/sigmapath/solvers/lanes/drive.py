"""The loop over lanes: a run in each, a step size of its own, refilled from the queue of runs.

Enters: a :class:`.layout.Chunk` of runs and the :class:`.layout.Lanes` to run them in. Leaves:
what :mod:`sigmapath.solvers.drive` leaves. Called by address, see :mod:`.solve`, from any thread.

Each turn tries one Rodas5P step in every lane. What a run computes depends on nothing but the run:
neither on its lane nor on what runs beside it. A lane without a run goes on computing what nobody
reads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.advance import restart
from sigmapath.solvers.begin import begin_run, resume_run
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.controller import GROW, SAFETY, SHRINK, smallest_step
from sigmapath.solvers.drive import apply_due, forget, next_stop
from sigmapath.solvers.interpolate import interpolate
from sigmapath.solvers.lanes import slots
from sigmapath.solvers.lanes.dense import cut_at_roots, emit_grid, is_any_due, reduce_steps
from sigmapath.solvers.lanes.lane import enter, expose, read_state
from sigmapath.solvers.lanes.stops import happen, hop, look, renew
from sigmapath.solvers.queue import count_up
from sigmapath.solvers.reducers import begin_reducers, finish_reducers
from sigmapath.solvers.steps import STRETCH
from sigmapath.solvers.switches import note_switch, reach
from sigmapath.solvers.work import call_part, chunk_from, work_from
from sigmapath.status import Status

__all__ = ["run_lanes"]

OK, STEP_TOO_SMALL, TOO_MANY_STEPS = (
    int(Status.OK),
    int(Status.STEP_TOO_SMALL),
    int(Status.TOO_MANY_STEPS),
)
NOT_FINITE, SINGULAR = int(Status.NOT_FINITE), int(Status.SINGULAR)
INTERRUPTED = int(Status.INTERRUPTED)
N, Y, Y_AT = at.N, at.Y, at.Y_AT
MAX_STEP, MAX_STEPS = at.MAX_STEP, at.MAX_STEPS
T_END, T_SEEN, METHOD, USED_METHOD, RODAS5P = (
    at.T_END,
    at.T_SEEN,
    at.METHOD,
    at.USED_METHOD,
    at.RODAS5P,
)
S_STEPS, S_REJECTED, S_RHS, S_JAC, S_FACTOR, S_SOLVE = (
    at.S_STEPS,
    at.S_REJECTED,
    at.S_RHS,
    at.S_JAC,
    at.S_FACTOR,
    at.S_SOLVE,
)
WIDTH, LANE_N_ROOT, LANE_Y_NEW = slots.WIDTH, slots.N_ROOT, slots.Y_NEW
CALL_STEP, CALL_DENSE, CALL_COMMIT = slots.CALL_STEP, slots.CALL_DENSE, slots.CALL_COMMIT
T, H, ERROR, POWER, UNDER, TAKEN = (
    slots.T,
    slots.H,
    slots.ERROR,
    slots.POWER,
    slots.UNDER,
    slots.TAKEN,
)
H_NEXT, T_STOP, T_NEW, RIGHT_END = slots.H_NEXT, slots.T_STOP, slots.T_NEW, slots.RIGHT_END
T_ARRIVE = slots.T_ARRIVE
TIMES_AT, N_TIMES, ROWS_AT = slots.TIMES_AT, slots.N_TIMES, slots.ROWS_AT
RUN, CHUNK, STEPS, REJECTED, WAS_REJECTED, FAILURE, ARRIVES = (
    slots.RUN,
    slots.CHUNK,
    slots.STEPS,
    slots.REJECTED,
    slots.WAS_REJECTED,
    slots.FAILURE,
    slots.ARRIVES,
)

# The stop flag is looked at once in so many turns.
_POLL = 64
# Right-hand sides and solves of a step that is tried.
_N_EVALUATION = 8
# Factor on a step that drove a promised state below zero: as for an error of 32.
_AFTER_UNDERSHOOT = 0.5 * SAFETY
_AT_ROOT = 2


@compiled
def _start(work: Any, chunk: Any, run: Any) -> Any:
    """Let everything happen that happens at t = 0; return a status code."""
    t_end = chunk.t_end[0]
    work.clock[T_END] = t_end
    work.clock[T_SEEN] = 0.0
    apply_due(work, 0.0, chunk.jump_times, chunk.jumps, chunk.values[run])
    note_switch(work, 0.0)
    status = restart(work, 0.0, max(reach(work, next_stop(work, t_end, chunk.jump_times)), 0.0))
    if status != OK:
        return status
    work.flag[METHOD] = RODAS5P
    work.flag[USED_METHOD] = RODAS5P
    if work.codes.shape[0] > 0:
        begin_reducers(work)
    look(work, chunk, run, 0.0)
    return OK


@compiled
def _fill(lanes: Any, chunk: Any, here: Any, lane: Any) -> None:
    """Start the next run of the queue that can be started.

    ``here`` is the address of the chunk's table.
    """
    work = work_from(lanes.home[lane])
    lanes.count[RUN, lane] = -1
    lanes.count[CHUNK, lane] = here
    while True:
        place = count_up(chunk.queue)
        if place >= len(chunk.order):
            return
        run = chunk.order[place]
        begin_run(work, chunk.starts[run])
        lanes.count[STEPS, lane] = 0
        lanes.count[REJECTED, lane] = 0
        code = OK
        if chunk.rest_states.shape[0] > 0:
            code = chunk.outcome[run, 0]
            resume_run(work, chunk.rest_states[run], chunk.rest_parameters[run])
        if code == OK:
            code = _start(work, chunk, run)
        t = 0.0
        if code == OK:
            t = hop(lanes, lane, work, chunk, run, t)
            if t > 0.0:
                code = renew(work, chunk, t)
        if code == OK and t < chunk.t_end[0]:
            enter(lanes, lane, work, t, next_stop(work, chunk.t_end[0], chunk.jump_times))
            lanes.count[RUN, lane] = run
            rows = chunk.trajectories
            lanes.count[ROWS_AT, lane] = rows.ctypes.data + 8 * run * rows.shape[1] * rows.shape[2]
            lanes.count[FAILURE, lane] = STEP_TOO_SMALL
            return
        _close(lanes, lane, run, code, t)


@compiled
def _close(lanes: Any, lane: Any, run: Any, code: Any, t: Any) -> None:
    """Write down how a run ended; row Y of the worker holds its end where all is well."""
    chunk = chunk_from(lanes.count[CHUNK, lane])
    work = work_from(lanes.home[lane])
    steps, rejected = lanes.count[STEPS, lane], lanes.count[REJECTED, lane]
    work.stat[S_STEPS] = steps
    work.stat[S_REJECTED] = rejected
    work.stat[S_RHS] += _N_EVALUATION * (steps + rejected)
    work.stat[S_JAC] += steps + rejected
    work.stat[S_FACTOR] += steps + rejected
    work.stat[S_SOLVE] += _N_EVALUATION * (steps + rejected)
    for k in range(len(work.stat)):
        chunk.stats[run, k] = work.stat[k]
    chunk.outcome[run, 0] = code
    chunk.outcome[run, 1] = work.flag[USED_METHOD]
    chunk.t_stop[run] = t
    if code == OK:
        finish_reducers(work, chunk.reduced[run])
        for i in range(work.size[N]):
            chunk.final[run, i] = work.vec[Y, i]
    else:
        forget(
            chunk.trajectories[run % chunk.trajectories.shape[0]],
            chunk.reduced[run],
            chunk.final[run],
        )
    count_up(chunk.ended)


@inlined
def _propose(lanes: Any, lane: Any, longest: Any, most: Any) -> Any:
    """Set the step to try, as :func:`sigmapath.solvers.advance.advance` does; a status code."""
    time, count = lanes.time, lanes.count
    if count[STEPS, lane] + count[REJECTED, lane] >= most:
        return TOO_MANY_STEPS
    t = time[T, lane]
    left = time[T_STOP, lane] - t
    h = min(time[H_NEXT, lane], longest)
    if h * STRETCH >= left:
        h = left
    elif 2.0 * h > left > h:
        h = 0.5 * left
    if h < smallest_step(t) and h < left:
        return count[FAILURE, lane]
    time[H, lane] = h
    return OK


@inlined
def _judge(lanes: Any, lane: Any) -> bool:
    """Accept or reject the step of a lane; return whether it is accepted."""
    time, count = lanes.time, lanes.count
    error, h = time[ERROR, lane], time[H, lane]
    factor = SAFETY * time[POWER, lane]
    if 0.0 <= error <= 1.0 and time[UNDER, lane] == 0.0:
        t, t_stop = time[T, lane], time[T_STOP, lane]
        is_last = h == t_stop - t
        time[RIGHT_END, lane] = time[T_ARRIVE, lane] if is_last else t + h
        time[T_NEW, lane] = time[RIGHT_END, lane]
        count[ARRIVES, lane] = 1 if is_last else 0
        limit = GROW if count[WAS_REJECTED, lane] == 0 else 1.0
        time[H_NEXT, lane] = h * min(limit, max(SHRINK, factor))
        count[STEPS, lane] += 1
        count[WAS_REJECTED, lane] = 0
        count[FAILURE, lane] = STEP_TOO_SMALL
        time[TAKEN, lane] = 1.0
        return True
    count[FAILURE, lane] = STEP_TOO_SMALL
    if error == -1.0:
        count[FAILURE, lane] = SINGULAR
        factor = SHRINK
    elif not np.isfinite(error):
        count[FAILURE, lane] = NOT_FINITE
        factor = SHRINK
    elif error <= 1.0:
        factor = _AFTER_UNDERSHOOT
    time[H_NEXT, lane] = h * min(0.9, max(SHRINK, factor))
    count[REJECTED, lane] += 1
    count[WAS_REJECTED, lane] = 1
    return False


@compiled
def _arrive(lanes: Any, lane: Any) -> Any:
    """Let everything happen that happens where a step ends at a breakpoint; a status code."""
    chunk = chunk_from(lanes.count[CHUNK, lane])
    work = work_from(lanes.home[lane])
    run, t, t_end = lanes.count[RUN, lane], lanes.time[T_NEW, lane], chunk.t_end[0]
    is_cut = t < lanes.time[RIGHT_END, lane]
    if is_cut:
        expose(lanes, lane, work)
        interpolate(work, t, work.vec[Y_AT])
        for i in range(work.size[N]):
            work.vec[Y, i] = work.vec[Y_AT, i]
        work.flag[at.NEXT_TIME] = lanes.count[slots.NEXT_TIME, lane]
    else:
        read_state(lanes, lane, work, LANE_Y_NEW)
    is_new = lanes.count[ARRIVES, lane] == _AT_ROOT
    is_new = happen(work, chunk, run, t) or is_new
    work.clock[T_SEEN] = t
    look(work, chunk, run, t)
    t_last = hop(lanes, lane, work, chunk, run, t)
    if is_new or t_last > t:
        status = renew(work, chunk, t_last)
        if status != OK:
            return status
    else:
        work.clock[at.H_NEXT] = lanes.time[H_NEXT, lane]
    lanes.time[T_NEW, lane] = t_last
    if t_last < t_end:
        enter(lanes, lane, work, t_last, next_stop(work, t_end, chunk.jump_times))
    return OK


@compiled
def _try_steps(lanes: Any) -> Any:
    """Try a step in every lane that has a run; return how many are accepted."""
    call_part(lanes.call[CALL_STEP], lanes, 0.0, 0.0)
    n_taken = 0
    for lane in range(lanes.size[WIDTH]):
        lanes.time[TAKEN, lane] = 0.0
        if lanes.count[RUN, lane] >= 0 and _judge(lanes, lane):
            n_taken += 1
    return n_taken


@compiled
def _read_off(lanes: Any, chunk: Any, has_grid: Any, has_reducers: Any) -> None:
    """See what lies inside the accepted steps."""
    has_roots = lanes.size[LANE_N_ROOT] > 0
    if not (has_reducers or has_roots or (has_grid and is_any_due(lanes, chunk.times))):
        return
    call_part(lanes.call[CALL_DENSE], lanes, 0.0, 0.0)
    if has_roots:
        cut_at_roots(lanes)
    if has_reducers:
        reduce_steps(lanes)
    if has_grid:
        emit_grid(lanes, chunk)


@compiled
def _settle_lanes(lanes: Any, chunk: Any, here: Any, is_stopped: Any) -> bool:
    """Set the step to try in every lane that has a run; return whether none has.

    Runs that cannot go on are closed, and their lanes filled again, unless all is to stop.
    """
    time, count = lanes.time, lanes.count
    tune = work_from(lanes.home[0]).tune
    longest, most = tune[MAX_STEP], tune[MAX_STEPS]
    is_idle = True
    for lane in range(lanes.size[WIDTH]):
        while count[RUN, lane] >= 0:
            code = INTERRUPTED if is_stopped else _propose(lanes, lane, longest, most)
            if code == OK:
                is_idle = False
                break
            _close(lanes, lane, count[RUN, lane], code, time[T, lane])
            if is_stopped:
                count[RUN, lane] = -1
            else:
                _fill(lanes, chunk, here, lane)
    return is_idle


@compiled
def _go_on(lanes: Any, chunk: Any, here: Any) -> None:
    """Move every lane to the end of its step; fill those again whose run has ended."""
    time, count = lanes.time, lanes.count
    for lane in range(lanes.size[WIDTH]):
        if time[TAKEN, lane] == 0.0:
            continue
        if count[ARRIVES, lane] == 0:
            time[T, lane] = time[T_NEW, lane]
            continue
        # Such a lane gets its state here, the others at the end.
        time[TAKEN, lane] = 0.0
        code = _arrive(lanes, lane)
        t = time[T_NEW, lane]
        if code != OK or t >= chunk.t_end[0]:
            _close(lanes, lane, count[RUN, lane], code, t)
            _fill(lanes, chunk, here, lane)
    call_part(lanes.call[CALL_COMMIT], lanes, 0.0, 0.0)


@compiled
def run_lanes(lanes: Any, chunk: Any, here: Any, is_last: Any) -> Any:
    """Run rows of ``chunk.starts`` as long as any waits; return how many steps were tried.

    Unless the chunk is the last, lanes are left as they are when all of its runs have started: they
    go on beside those of the next chunk, which differs in nothing but start values, values of jumps
    and where results go. So one long run does not keep the other lanes waiting.

    Parameters
    ----------
    lanes, chunk
        See :class:`.layout.Lanes` and :class:`.layout.Chunk`.
    here : int64
        Address of the chunk's table.
    is_last : bool
    """
    width, time, count = lanes.size[WIDTH], lanes.time, lanes.count
    has_grid = chunk.trajectories.shape[1] > 0
    has_reducers = work_from(lanes.home[0]).codes.shape[0] > 0
    lanes.size[TIMES_AT], lanes.size[N_TIMES] = chunk.times.ctypes.data, len(chunk.times)
    turn = 0
    for lane in range(width):
        if count[RUN, lane] < 0 and chunk.stop_flag[0] == 0:
            time[H, lane] = 1.0
            time[RIGHT_END, lane] = time[T, lane] + 1.0
            _fill(lanes, chunk, here, lane)
    while True:
        is_stopped = turn % _POLL == 0 and chunk.stop_flag[0] != 0
        is_idle = _settle_lanes(lanes, chunk, here, is_stopped)
        if is_idle or (chunk.queue[0] >= len(chunk.order) and not is_last):
            return turn
        turn += 1
        if _try_steps(lanes) > 0:
            _read_off(lanes, chunk, has_grid, has_reducers)
            _go_on(lanes, chunk, here)
