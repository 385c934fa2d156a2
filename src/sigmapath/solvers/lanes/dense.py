"""What is read off the last step in all lanes: output grid, readouts, root functions.

Enters: steps that were accepted, with dense output prepared. Leaves: rows of results, memories of
reducers, ends of steps cut at roots. Called by the lane loop.

States and observables are worked out in all lanes at once, each at a time of its own; what is done
with them is done by the scalar functions, lane by lane.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.lanes import slots
from sigmapath.solvers.lanes.lane import expose
from sigmapath.solvers.reducers import (
    LEVEL,
    NODES,
    SIDE,
    THRESHOLD_TIME,
    TIME,
    VALUE,
    feed_point,
    feed_segment,
    is_watched,
    sign_of,
)
from sigmapath.solvers.roots import first_root
from sigmapath.solvers.work import call_part, chunk_from, work_from

__all__ = ["cut_at_roots", "emit_grid", "is_any_due", "reduce_steps"]

CALL_SAMPLE, CALL_POINTS = slots.CALL_SAMPLE, slots.CALL_POINTS
CALL_TURN, CALL_PLAIN, CALL_WATCH = slots.CALL_TURN, slots.CALL_PLAIN, slots.CALL_WATCH
WIDTH = slots.WIDTH
NOW, T, THETA, TAKEN = slots.NOW, slots.T, slots.THETA, slots.TAKEN
T_NEW, RIGHT_END, T_STOP = slots.T_NEW, slots.RIGHT_END, slots.T_STOP
SEEN, SEGMENT_END, SUSPECT = slots.SEEN, slots.SEGMENT_END, slots.SUSPECT
ROOT_LEFT, ROOT_BEFORE = slots.ROOT_LEFT, slots.ROOT_BEFORE
RUN, CHUNK, NEXT_TIME = slots.RUN, slots.CHUNK, slots.NEXT_TIME
ARRIVES, WANTED = slots.ARRIVES, slots.WANTED
OBS_GRID, N_OUT, LANE_N_ROOT = slots.OBS_GRID, slots.N_OUT, slots.N_ROOT
NEXT_EDGE, CHATTER = at.NEXT_EDGE, at.CHATTER

_LAST = 4


@inlined
def is_due(lanes: Any, lane: Any, times: Any) -> bool:
    """Whether the next output time of a lane lies within its step.

    One at the end of a step that arrives somewhere is written after what happens there.
    """
    k = lanes.count[NEXT_TIME, lane]
    if k == len(times):
        return False
    t_new = lanes.time[T_NEW, lane]
    is_free = lanes.count[ARRIVES, lane] == 0
    return bool(times[k] < t_new or (times[k] == t_new and is_free))


@inlined
def _place(lanes: Any, lane: Any, t: Any) -> None:
    """Let the next sample of a lane be at t, within its last step."""
    time = lanes.time
    left = time[T, lane]
    # A condition on time that switches at the end of the step has not switched within it.
    time[NOW, lane] = min(t, time[T_STOP, lane])
    time[THETA, lane] = (t - left) / (time[RIGHT_END, lane] - left)


@compiled
def is_any_due(lanes: Any, times: Any) -> bool:
    """Whether an output time lies in any lane's step."""
    for lane in range(lanes.size[WIDTH]):
        if lanes.time[TAKEN, lane] != 0.0 and is_due(lanes, lane, times):
            return True
    return False


@compiled
def emit_grid(lanes: Any, chunk: Any) -> None:
    """Write the output grid up to the ends of the steps."""
    if len(lanes.plain) > 0:
        if is_any_due(lanes, chunk.times):
            call_part(lanes.call[CALL_TURN], lanes, 0.0, 0.0)
            call_part(lanes.call[CALL_PLAIN], lanes, 0.0, 0.0)
        return
    width = lanes.size[WIDTH]
    n_most, n_call = 0, 0
    for lane in range(width):
        if lanes.time[TAKEN, lane] != 0.0:
            n_due = _n_due(lanes, lane, chunk.times)
            n_most = max(n_most, n_due)
            n_call += (n_due + width - 1) // width
    if n_most < n_call:
        for _ in range(n_most):
            _emit_next(lanes, chunk)
        return
    for lane in range(width):
        while lanes.time[TAKEN, lane] != 0.0 and is_due(lanes, lane, chunk.times):
            _emit_points(lanes, lane, chunk)


@compiled
def _n_due(lanes: Any, lane: Any, times: Any) -> Any:
    """How many output times lie within the step of a lane."""
    t_new, first = lanes.time[T_NEW, lane], lanes.count[NEXT_TIME, lane]
    is_free = lanes.count[ARRIVES, lane] == 0
    k = first
    while k < len(times) and (times[k] < t_new or (times[k] == t_new and is_free)):
        k += 1
    return k - first


@compiled
def _emit_next(lanes: Any, chunk: Any) -> None:
    """Write the next output time of every lane that has one within its step.

    Gives the same bits as :func:`_emit_points`: each value takes the same operations.
    """
    times, time, count, width = chunk.times, lanes.time, lanes.count, lanes.size[WIDTH]
    for lane in range(width):
        left = time[T, lane]
        time[NOW, lane], time[THETA, lane] = left, 0.0
        if time[TAKEN, lane] != 0.0 and is_due(lanes, lane, times):
            t = times[count[NEXT_TIME, lane]]
            time[NOW, lane] = t
            time[THETA, lane] = (t - left) * (1.0 / (time[RIGHT_END, lane] - left))
    call_part(lanes.call[CALL_SAMPLE], lanes, 0.0, float(OBS_GRID))
    for lane in range(width):
        if time[TAKEN, lane] != 0.0 and is_due(lanes, lane, times):
            rows = chunk_from(count[CHUNK, lane]).trajectories[count[RUN, lane]]
            row = rows[count[NEXT_TIME, lane]]
            for j in range(lanes.size[N_OUT]):
                row[j] = lanes.obs[OBS_GRID, j, lane]
            count[NEXT_TIME, lane] += 1


@compiled
def _emit_points(lanes: Any, lane: Any, chunk: Any) -> None:
    """Write the next output times of one lane's step: as many as there are lanes, at once."""
    times, time, count = chunk.times, lanes.time, lanes.count
    n_out, first = lanes.size[N_OUT], count[NEXT_TIME, lane]
    left = time[T, lane]
    share = 1.0 / (time[RIGHT_END, lane] - left)
    n_point = 0
    while n_point < lanes.size[WIDTH] and is_due(lanes, lane, times):
        t = times[count[NEXT_TIME, lane]]
        time[NOW, n_point] = t
        time[THETA, n_point] = (t - left) * share
        n_point += 1
        count[NEXT_TIME, lane] += 1
    if n_out == 0:
        return
    call_part(lanes.call[CALL_POINTS], lanes, float(lane), 0.0)
    rows = chunk_from(count[CHUNK, lane]).trajectories[count[RUN, lane]]
    for k in range(n_point):
        for j in range(n_out):
            rows[first + k, j] = lanes.obs[OBS_GRID, j, k]


@compiled
def cut_at_roots(lanes: Any) -> None:
    """End steps at the first change of sign of a root function."""
    call_part(lanes.call[CALL_WATCH], lanes, 0.0, 0.0)
    for lane in range(lanes.size[WIDTH]):
        if lanes.time[TAKEN, lane] == 0.0:
            continue
        work = work_from(lanes.home[lane])
        if lanes.time[SUSPECT, lane] == 0.0:
            work.flag[CHATTER] = 0
            continue
        expose(lanes, lane, work)
        for k in range(lanes.size[LANE_N_ROOT]):
            work.root[ROOT_LEFT, k] = lanes.root[ROOT_BEFORE, k, lane]
        t_root = first_root(work)
        if t_root >= 0.0:
            lanes.time[T_NEW, lane] = t_root
            lanes.count[ARRIVES, lane] = 2


@inlined
def _segment_end(lanes: Any, lane: Any, work: Any) -> Any:
    """End of the next segment of a lane: a window's edge, or the end of the step.

    Leaves in WANTED: 0 where its samples are of no use, 1 where the last is, 2 where all are.
    """
    edges = work.edges
    seen, t_new = lanes.time[SEEN, lane], lanes.time[T_NEW, lane]
    k = work.flag[NEXT_EDGE]
    while k < len(edges) and edges[k] <= seen:
        k += 1
    work.flag[NEXT_EDGE] = k
    end = t_new
    is_edge = False
    if k < len(edges) and edges[k] <= t_new:
        end = edges[k]
        is_edge = True
    wanted = 1 if is_edge else 0
    if is_watched(work, seen, end):
        wanted = 2
    lanes.count[WANTED, lane] = wanted
    return end


@compiled
def _may_turn(work: Any, a: Any) -> bool:
    """Whether the samples of a segment from a ask for points between them."""
    codes, window, memory = work.codes, work.window, work.readout
    for r in range(codes.shape[0]):
        sign, output = sign_of(codes[r, 0]), codes[r, 1]
        if sign != 0.0:
            if memory[r, SIDE] == 0.0 or memory[r, TIME] == a:
                return True
            for k in range(_LAST + 1):
                if sign * work.obs[k, output] > sign * memory[r, VALUE]:
                    return True
        elif codes[r, 0] == THRESHOLD_TIME and abs(memory[r, SIDE]) == 1.0:
            for k in range(_LAST + 1):
                if (work.obs[k, output] - window[r, LEVEL]) * memory[r, SIDE] >= 0.0:
                    return True
    return False


@compiled
def reduce_steps(lanes: Any) -> None:
    """Feed the last steps to the reducers, cut at every window edge inside them."""
    width, time, count = lanes.size[WIDTH], lanes.time, lanes.count
    while True:
        most = -1
        for lane in range(width):
            count[WANTED, lane] = -1
            if time[TAKEN, lane] != 0.0 and time[SEEN, lane] < time[T_NEW, lane]:
                work = work_from(lanes.home[lane])
                time[SEGMENT_END, lane] = _segment_end(lanes, lane, work)
                most = max(most, count[WANTED, lane])
        if most < 0:
            return
        if most > 0:
            _sample_segments(lanes, 1 if most == 2 else _LAST)
        for lane in range(width):
            if count[WANTED, lane] >= 0:
                _feed(lanes, lane, time[SEGMENT_END, lane])
                time[SEEN, lane] = time[SEGMENT_END, lane]


@compiled
def _sample_segments(lanes: Any, first: Any) -> None:
    """Observe the samples of all segments, from number ``first`` on."""
    time = lanes.time
    for k in range(first, _LAST + 1):
        for lane in range(lanes.size[WIDTH]):
            if lanes.count[WANTED, lane] >= 0:
                a, b = time[SEEN, lane], time[SEGMENT_END, lane]
                _place(lanes, lane, b if k == _LAST else a + (b - a) * NODES[k])
            else:
                time[NOW, lane] = time[T, lane]
                time[THETA, lane] = 0.0
        call_part(lanes.call[CALL_SAMPLE], lanes, 0.0, float(k))


@compiled
def _feed(lanes: Any, lane: Any, b: Any) -> None:
    """Feed one segment of one lane, up to b."""
    wanted = lanes.count[WANTED, lane]
    if wanted == 0:
        return
    work = work_from(lanes.home[lane])
    a = lanes.time[SEEN, lane]
    n_out = lanes.size[N_OUT]
    if wanted == 2:
        for k in range(_LAST + 1):
            for j in range(n_out):
                work.obs[k, j] = lanes.obs[k, j, lane]
        if _may_turn(work, a):
            expose(lanes, lane, work)
        feed_segment(work, a, b)
    for j in range(n_out):
        lanes.obs[0, j, lane] = lanes.obs[_LAST, j, lane]
    # Where the step arrives somewhere, the instant is seen after what happens there.
    if lanes.count[ARRIVES, lane] == 0 or b < lanes.time[T_NEW, lane]:
        for j in range(n_out):
            work.obs[0, j] = lanes.obs[0, j, lane]
        feed_point(work, b)
