"""What happens where a lane stops: jumps, switches, and what is seen and begun anew after them.

Enters: a lane's scalar worker at a breakpoint. Leaves: the same at the left end of its next step.
Called by the lane loop.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers import layout as at
from sigmapath.solvers.advance import restart
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.drive import apply_due, emit, next_stop
from sigmapath.solvers.lanes import slots
from sigmapath.solvers.roots import remember_roots
from sigmapath.solvers.switches import note_switch, reach
from sigmapath.solvers.work import call_part
from sigmapath.status import Status

__all__ = ["happen", "hop", "look", "renew"]

NOT_FINITE, BAD_START = int(Status.NOT_FINITE), int(Status.BAD_START)
T_SWITCH, PART_READOUTS = at.T_SWITCH, at.PART_READOUTS
STEPS = slots.STEPS


@compiled
def look(work: Any, chunk: Any, run: Any, t: Any) -> None:
    """See the instant t from row Y: readouts, output grid, root functions."""
    if work.codes.shape[0] > 0:
        call_part(work.part[PART_READOUTS], work, t, 1.0)
    rows = chunk.trajectories[run % chunk.trajectories.shape[0]]
    if rows.shape[0] > 0:
        emit(work, t, True, chunk.times, rows)
    remember_roots(work, t)


@compiled
def happen(work: Any, chunk: Any, run: Any, t: Any) -> bool:
    """Let jumps and switches happen that are due at t; whether there were any."""
    is_new = apply_due(work, t, chunk.jump_times, chunk.jumps, chunk.values[run])
    is_new = is_new or t >= work.clock[T_SWITCH]
    if is_new:
        note_switch(work, t)
    return bool(is_new)


@compiled
def hop(lanes: Any, lane: Any, work: Any, chunk: Any, run: Any, t: Any) -> Any:
    """Go on from t as long as the next stop is a few floats away; return where that ends.

    As in :mod:`sigmapath.solvers.drive`, each is a step in which nothing moves.
    """
    t_end = chunk.t_end[0]
    while t < t_end:
        t_stop = next_stop(work, t_end, chunk.jump_times)
        if reach(work, t_stop) > t:
            break
        t = t_stop
        lanes.count[STEPS, lane] += 1
        happen(work, chunk, run, t)
        look(work, chunk, run, t)
    return t


@compiled
def renew(work: Any, chunk: Any, t: Any) -> Any:
    """Begin anew at t from row Y; return a status code."""
    t_stop = next_stop(work, chunk.t_end[0], chunk.jump_times)
    status = restart(work, t, max(reach(work, t_stop) - t, 0.0))
    return NOT_FINITE if status == BAD_START else status
