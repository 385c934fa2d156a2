"""Exact stochastic simulation: Gillespie's direct method with events, jumps and time triggers.

Enters: a worker (:mod:`.workspace`), the jump process as addresses and index tables
(:class:`JumpTables`), start values and streams of a chunk of runs. Leaves: trajectories, status,
counters. Called by :func:`sigmapath.solvers.ssa_batch.simulate_jumps`, from any thread.

Between firings the state stands still, so the time to the next firing is exponential with the
summed propensity a0 as its rate, and reaction r fires with probability a_r / a0: Gillespie 1977,
J. Phys. Chem. 81, 2340, doi:10.1021/j100540a008, eq. 21a and 21b. Where something else happens
first (a jump, an event that comes due, a trigger that depends on time) the waiting time is
dropped and drawn anew, which the exponential law, having no memory, allows. The two numbers of a
firing come from one block of Philox, numbered by the draws of the run.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.begin import begin_run
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled, inlined, kept
from sigmapath.solvers.draws import DOMAIN_FIRING
from sigmapath.solvers.events import next_due, process_events
from sigmapath.solvers.jumps import apply_jump, derive
from sigmapath.solvers.philox import uniform_pair
from sigmapath.solvers.reducers import observe
from sigmapath.solvers.work import work_at
from sigmapath.status import Status

__all__ = ["JumpTables", "run_jumps"]


class JumpTables(NamedTuple):
    """The jump process as arrays; made by :mod:`.ssa_batch`, read only.

    address       int64 (2,)            kernels of propensities and of gains per firing
    first         int64 (n_reaction+1,) reaction r changes entries first[r] .. first[r + 1]
    state         int64 (n_change,)     state that an entry changes
    volume        int64 (n_state,)      place in p of the divisor of an amount, -1 for none
    is_counted    int64 (n_state,)      whether reactions change the state
    timed         int64 (n_timed,)      roots that depend on time
    seed          int64 (1,)            key of the random numbers
    most_firings  int64 (1,)            limit per run
    """

    address: Any
    first: Any
    state: Any
    volume: Any
    is_counted: Any
    timed: Any
    seed: Any
    most_firings: Any


OK, INTERRUPTED, NOT_FINITE, TOO_MANY_STEPS = (
    int(Status.OK),
    int(Status.INTERRUPTED),
    int(Status.NOT_FINITE),
    int(Status.TOO_MANY_STEPS),
)
NEGATIVE_RATE, NEGATIVE_AMOUNT = int(Status.NEGATIVE_RATE), int(Status.NEGATIVE_AMOUNT)
N_OUTPUT, N_EVENT, TIE_SEED = at.N_OUTPUT, at.N_EVENT, at.TIE_SEED
Y, HELD, HAS_HELD, NOW = at.Y, at.HELD, at.HAS_HELD, at.NOW
NEXT_JUMP, NEXT_TIME, N_PENDING = at.NEXT_JUMP, at.NEXT_TIME, at.N_PENDING
A_ROOTS, ROOT_LEFT, ROOT_AT = at.A_ROOTS, at.ROOT_LEFT, at.ROOT_AT
S_STEPS, S_RHS, S_EVENTS = at.S_STEPS, at.S_RHS, at.S_EVENTS

# The stop flag is looked at once in so many firings.
_POLL = 1024
# Amounts closer to a whole number than this are that number: concentration times volume is not
# exact in floats.
_WHOLE = 1e-9
# Spreads replicate numbers over seeds of ties (an odd number near 2^31 / golden ratio).
_SPREAD = 1327217885


@inlined
def _to_amounts(work: Any, jumps: Any, amounts: Any) -> None:
    """Take amounts from the state, after something other than a firing changed it."""
    for i in range(len(jumps.is_counted)):
        if jumps.is_counted[i] != 0:
            amount = work.vec[Y, i]
            if jumps.volume[i] >= 0:
                amount *= work.p[jumps.volume[i]]
            whole = math.floor(amount + 0.5)
            near = abs(amount - whole) <= _WHOLE * max(1.0, abs(amount))
            amounts[i] = whole if near else amount


@compiled
def _settle(work: Any, jumps: Any, t: Any, amounts: Any, gains: Any) -> None:
    """Work out what rests on p and the state as a whole: amounts, gains per firing."""
    _to_amounts(work, jumps, amounts)
    work.clock[NOW] = t
    call_kernel(jumps.address[1], work.clock, work.vec[Y], work.p, gains)


@compiled
def _total_rate(work: Any, jumps: Any, t: Any, rates: Any) -> Any:
    """Work out all propensities; return a status code and their sum."""
    work.clock[NOW] = t
    call_kernel(jumps.address[0], work.clock, work.vec[Y], work.p, rates)
    work.stat[S_RHS] += 1
    total = 0.0
    lowest = 0.0
    for r in range(len(jumps.first) - 1):
        total += rates[r]
        lowest = min(lowest, rates[r])
    if total - total != 0.0:
        return NOT_FINITE, total
    return (NEGATIVE_RATE if lowest < 0.0 else OK), total


@inlined
def _chosen(jumps: Any, rates: Any, level: Any) -> Any:
    """Return the reaction in which the running sum of propensities passes ``level``."""
    chosen = -1
    reached = 0.0
    for r in range(len(jumps.first) - 1):
        if rates[r] > 0.0:
            chosen = r
            reached += rates[r]
            if level < reached:
                break
    # Rounding can leave the level just above the whole sum: then it is the last one.
    return chosen


@inlined
def _fire(work: Any, jumps: Any, r: Any, amounts: Any, gains: Any) -> Any:
    """Change amounts and state by one firing of reaction r; return a status code."""
    for k in range(jumps.first[r], jumps.first[r + 1]):
        i = jumps.state[k]
        if work.flag[HAS_HELD] != 0 and work.vec[HELD, i] != 0.0:
            continue
        before = amounts[i]
        amounts[i] = before + gains[k]
        if amounts[i] < 0.0 and before >= 0.0:
            return NEGATIVE_AMOUNT
        if jumps.volume[i] >= 0:
            work.vec[Y, i] = amounts[i] / work.p[jumps.volume[i]]
        else:
            work.vec[Y, i] = amounts[i]
    return OK


@compiled
def _has_crossed(work: Any, jumps: Any, t: Any) -> bool:
    """Whether any root that depends on time has another sign at t than in row ROOT_LEFT."""
    work.clock[NOW] = t
    call_kernel(work.address[A_ROOTS], work.clock, work.vec[Y], work.p, work.root[ROOT_AT])
    for k in range(len(jumps.timed)):
        left, right = work.root[ROOT_LEFT, jumps.timed[k]], work.root[ROOT_AT, jumps.timed[k]]
        if (left > 0.0) != (right > 0.0) or (left < 0.0) != (right < 0.0):
            return True
    return False


@compiled
def _crossing(work: Any, jumps: Any, t: Any, t_right: Any) -> Any:
    """First time in (t, t_right] at which a root has another sign than at t, else infinity.

    These roots are affine in time while the state stands still, so each changes its sign once, and
    halving finds the first float at which one has.
    """
    work.clock[NOW] = t
    call_kernel(work.address[A_ROOTS], work.clock, work.vec[Y], work.p, work.root[ROOT_LEFT])
    if not _has_crossed(work, jumps, t_right):
        return np.inf
    low, high = t, t_right
    while True:
        middle = low + 0.5 * (high - low)
        if middle <= low or middle >= high:
            return high
        if _has_crossed(work, jumps, middle):
            high = middle
        else:
            low = middle


@compiled
def _emit(work: Any, t: Any, is_arrival: bool, times: Any, rows: Any) -> None:
    """Write the output grid before t, and at t itself on arrival, from the state as it is."""
    k = work.flag[NEXT_TIME]
    while k < len(times) and (times[k] < t or (is_arrival and times[k] == t)):
        observe(work, times[k], work.vec[Y], rows[k])
        k += 1
    work.flag[NEXT_TIME] = k


@compiled
def _arrive(work: Any, jumps: Any, t: Any, schedule: Any, values: Any, buffers: Any) -> Any:
    """Let everything happen that happens at t: scheduled jumps, then events; return a status."""
    table_time, table = schedule
    amounts, gains, _ = buffers
    k = work.flag[NEXT_JUMP]
    events = work.stat[S_EVENTS]
    changed = k < len(table_time) and table_time[k] <= t
    if changed:
        while k < len(table_time) and table_time[k] <= t:
            apply_jump(work, table[k, 0], table[k, 1], table[k, 2], values[k])
            k += 1
        work.flag[NEXT_JUMP] = k
        derive(work, t)
    if work.size[N_EVENT] > 0:
        status = process_events(work, t)
        if status != OK:
            return status
    if changed or work.stat[S_EVENTS] != events:
        _settle(work, jumps, t, amounts, gains)
    return OK


@compiled
def _next_stop(work: Any, t_end: Any, table_time: Any) -> Any:
    """Next time at which something scheduled happens."""
    stop = t_end
    k = work.flag[NEXT_JUMP]
    if k < len(table_time):
        stop = min(stop, table_time[k])
    if work.flag[N_PENDING] > 0:
        stop = min(stop, next_due(work))
    return stop


@compiled
def _run(
    work: Any,
    jumps: Any,
    t_end: Any,
    times: Any,
    rows: Any,
    schedule: Any,
    values: Any,
    stream: Any,
    buffers: Any,
    stop_flag: Any,
) -> Any:
    """Simulate one run whose p and y are at their start; return status and the time reached."""
    amounts, gains, rates = buffers
    t = 0.0
    _settle(work, jumps, t, amounts, gains)
    status = _arrive(work, jumps, t, schedule, values, buffers)
    if status != OK:
        return status, t
    _emit(work, t, True, times, rows)
    n_drawn = 0
    while t < t_end:
        if n_drawn % _POLL == 0:
            if stop_flag[0] != 0:
                return INTERRUPTED, t
            if work.stat[S_STEPS] >= jumps.most_firings[0]:
                return TOO_MANY_STEPS, t
        status, total = _total_rate(work, jumps, t, rates)
        if status != OK:
            return status, t
        t_fire, choice = np.inf, 0.0
        if total > 0.0:
            u, choice = uniform_pair(
                n_drawn, n_drawn >> 32, stream[0], stream[1] + DOMAIN_FIRING, jumps.seed[0]
            )
            t_fire = t - math.log(u) / total
        n_drawn += 1
        t_stop = _next_stop(work, t_end, schedule[0])
        t_new = min(t_fire, t_stop)
        if len(jumps.timed) > 0:
            t_root = _crossing(work, jumps, t, t_new)
            if t_root <= t_new:
                t_new, t_fire = t_root, np.inf
        _emit(work, t_new, False, times, rows)
        t = t_new
        if t_fire <= t_new and t_fire < t_stop:
            status = _fire(work, jumps, _chosen(jumps, rates, choice * total), amounts, gains)
            work.stat[S_STEPS] += 1
            if status != OK:
                return status, t
            if work.size[N_EVENT] > 0:
                status = _arrive(work, jumps, t, schedule, values, buffers)
        else:
            status = _arrive(work, jumps, t, schedule, values, buffers)
        if status != OK:
            return status, t
        _emit(work, t, True, times, rows)
    return OK, t


@kept
def run_jumps(
    table_of_work: Any,
    jumps: Any,
    plan: Any,
    starts: Any,
    streams: Any,
    values: Any,
    buffers: Any,
    trajectories: Any,
    outcome: Any,
    stats: Any,
    t_stop: Any,
    stop_flag: Any,
) -> None:
    """Run every row of ``starts`` in turn with one workspace; shapes as in :mod:`.ssa_batch`."""
    work = work_at(table_of_work)
    times, t_end, table_time, table = plan
    tie_seed = work.size[TIE_SEED]
    for run in range(starts.shape[0]):
        if stop_flag[0] != 0:
            break
        if tie_seed != 0:
            # Events of equal priority take another order in every replicate.
            work.size[TIE_SEED] = 1 + ((tie_seed + streams[run, 0] * _SPREAD) & 0x3FFFFFFF)
        begin_run(work, starts[run])
        code, t = _run(
            work,
            jumps,
            t_end[0],
            times,
            trajectories[run],
            (table_time, table),
            values[run],
            streams[run],
            buffers,
            stop_flag,
        )
        outcome[run] = code
        t_stop[run] = t
        for k in range(len(work.stat)):
            stats[run, k] = work.stat[k]
    work.size[TIE_SEED] = tie_seed
