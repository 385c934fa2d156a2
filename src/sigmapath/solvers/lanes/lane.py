"""One lane and its scalar worker: move a run in, look into it, take it out.

Enters: the arrays of all lanes, the number of one. Leaves: rows of the lane's own scalar worker,
or lanes filled from it. Whatever happens rarely (starts, jumps, roots, the refinement of extremes)
is done by the scalar functions on that worker. Called by the lane loop.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.lanes import slots
from sigmapath.solvers.switches import reach

__all__ = ["enter", "expose", "read_state"]

N, N_P, Y, FORCING, HELD, MASK = at.N, at.N_P, at.Y, at.FORCING, at.HELD, at.MASK
Y_NEW, DELTA, DENSE_1, DENSE_2, DENSE_3 = at.Y_NEW, at.DELTA, at.DENSE_1, at.DENSE_2, at.DENSE_3
FORCED, MASKED, DENSE_IS_FRESH = at.FORCED, at.MASKED, at.DENSE_IS_FRESH
T_LEFT, T_RIGHT, H_NEXT, NEXT_TIME = at.T_LEFT, at.T_RIGHT, at.H_NEXT, at.NEXT_TIME
N_ROOT, N_TIMED, T_SEEN = at.N_ROOT, at.N_TIMED, at.T_SEEN
N_OUTPUT, ROOT_LEFT = at.N_OUTPUT, at.ROOT_LEFT
LANE_Y, LANE_Y_NEW, LANE_DELTA = slots.Y, slots.Y_NEW, slots.DELTA
LANE_1, LANE_2, LANE_3 = slots.DENSE_1, slots.DENSE_2, slots.DENSE_3
LANE_FORCING, LANE_MASK, HAS_CHANGES = slots.FORCING, slots.MASK, slots.HAS_CHANGES
TIME_T, TIME_H_NEXT, TIME_STOP, TIME_SEEN = slots.T, slots.H_NEXT, slots.T_STOP, slots.SEEN
TIME_RIGHT, TIME_ARRIVE = slots.RIGHT_END, slots.T_ARRIVE
COUNT_NEXT_TIME, COUNT_WAS_REJECTED = slots.NEXT_TIME, slots.WAS_REJECTED


@compiled
def enter(lanes: Any, lane: Any, work: Any, t: Any, t_stop: Any) -> None:
    """Let a lane go on at t from where its worker stands, up to t_stop."""
    row, p, time = lanes.row, lanes.p, lanes.time
    for i in range(work.size[N]):
        row[LANE_Y, i, lane] = work.vec[Y, i]
        # What is added where nothing is infused must not even turn -0.0 into 0.0.
        row[LANE_FORCING, i, lane] = -0.0
        row[LANE_MASK, i, lane] = 0.0
    if work.flag[FORCED] != 0:
        lanes.size[HAS_CHANGES] = 1
        for i in range(work.size[N]):
            if work.vec[FORCING, i] != 0.0:
                row[LANE_FORCING, i, lane] = work.vec[FORCING, i]
    if work.flag[MASKED] != 0:
        lanes.size[HAS_CHANGES] = 1
        for i in range(work.size[N]):
            row[LANE_MASK, i, lane] = work.vec[MASK, i]
    for j in range(work.size[N_P]):
        p[j, lane] = work.p[j]
    for k in range(work.size[N_ROOT] + work.size[N_TIMED]):
        lanes.root[ROOT_LEFT, k, lane] = work.root[ROOT_LEFT, k]
    for j in range(work.size[N_OUTPUT]):
        lanes.obs[0, j, lane] = work.obs[0, j]
    time[TIME_T, lane] = t
    time[TIME_SEEN, lane] = work.clock[T_SEEN]
    time[TIME_STOP, lane] = reach(work, t_stop)
    time[TIME_ARRIVE, lane] = t_stop
    time[TIME_H_NEXT, lane] = work.clock[H_NEXT]
    lanes.count[COUNT_NEXT_TIME, lane] = work.flag[NEXT_TIME]
    lanes.count[COUNT_WAS_REJECTED, lane] = 0


@compiled
def read_state(lanes: Any, lane: Any, work: Any, source: Any) -> None:
    """Bring a row of the lane into row Y of its worker."""
    for i in range(work.size[N]):
        work.vec[Y, i] = lanes.row[source, i, lane]
    work.flag[NEXT_TIME] = lanes.count[COUNT_NEXT_TIME, lane]


@compiled
def expose(lanes: Any, lane: Any, work: Any) -> None:
    """Bring the lane's step and its dense output into its worker, for scalar functions."""
    row = lanes.row
    for i in range(work.size[N]):
        work.vec[Y, i] = row[LANE_Y, i, lane]
        work.vec[Y_NEW, i] = row[LANE_Y_NEW, i, lane]
        work.vec[DELTA, i] = row[LANE_DELTA, i, lane]
        work.vec[DENSE_1, i] = row[LANE_1, i, lane]
        work.vec[DENSE_2, i] = row[LANE_2, i, lane]
        work.vec[DENSE_3, i] = row[LANE_3, i, lane]
    work.clock[T_LEFT] = lanes.time[TIME_T, lane]
    work.clock[T_RIGHT] = lanes.time[TIME_RIGHT, lane]
    work.flag[DENSE_IS_FRESH] = 1
