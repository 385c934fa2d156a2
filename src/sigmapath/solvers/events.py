"""Events of the model at one instant: triggers, delays, priorities, assignments, cascades.

Enters: a worker's arrays at a time t with the state in row Y. Leaves: changed y and p, events
waiting for their delay. Called by the drive loop after each step of a model that has events.

The meaning is that of SBML Level 3 Version 2 Core, section 4.12 (doi:10.1515/jib-2019-0021):
an event fires when its trigger turns from false to true; its values are those of that moment or
of the execution, as the event says; a trigger that is not persistent takes a waiting event back
when it turns false; of events due at one instant the one with the highest priority executes,
then all triggers are looked at again. Equal priorities execute in an order drawn from the seed,
or in declared order with seed 0; events without a priority come last, in declared order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.jumps import derive, settled
from sigmapath.solvers.rates import see_delayed
from sigmapath.solvers.work import call_part
from sigmapath.status import Status

__all__ = ["next_due", "process_events", "reset_events"]

OK, EVENT_STORM, NOT_FINITE = int(Status.OK), int(Status.EVENT_STORM), int(Status.NOT_FINITE)
N_EVENT, NOW, Y, TIE_SEED = at.N_EVENT, at.NOW, at.Y, at.TIE_SEED
N_LAG = at.N_LAG
HAS_FACTOR, MUST_SETTLE = at.HAS_FACTOR, at.MUST_SETTLE
A_TRIGGERS, A_DELAYS, A_PRIORITIES, A_ASSIGN = (
    at.A_TRIGGERS,
    at.A_DELAYS,
    at.A_PRIORITIES,
    at.A_ASSIGN,
)
EV_FIRST, EV_LAST, EV_INITIAL, EV_PERSISTENT = (
    at.EV_FIRST,
    at.EV_LAST,
    at.EV_INITIAL,
    at.EV_PERSISTENT,
)
EV_AT_TRIGGER, EV_DELAY, EV_PRIORITY = at.EV_AT_TRIGGER, at.EV_DELAY, at.EV_PRIORITY
N_PENDING, SERIAL, N_QUEUE, S_EVENTS = at.N_PENDING, at.SERIAL, at.N_QUEUE, at.S_EVENTS
N_PART = at.N_PART
_TRIGGERS, _DELAYS, _PRIORITIES, _VALUES = range(4)

# Executions at one instant beyond which events are taken to fire each other without end.
_STORM = 10_000
_GOLDEN, _SEED = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@compiled
def reset_events(work: Any) -> None:
    """Forget waiting events; triggers remember the value that the model declares for t < 0."""
    work.flag[N_PENDING] = 0
    work.flag[SERIAL] = 0
    for e in range(work.size[N_EVENT]):
        work.memory[e] = work.event[e, EV_INITIAL]


@compiled
def next_due(work: Any) -> Any:
    """Time at which the next waiting event is due, infinity if none waits."""
    soonest = np.inf
    for k in range(work.flag[N_PENDING]):
        soonest = min(soonest, work.due[k, 0])
    return soonest


@inlined
def _ask(work: Any, which: Any, row: Any, t: Any) -> None:
    """Call one of the event kernels at the current state."""
    if work.size[N_LAG] != 0:
        see_delayed(work, t, work.vec[Y])
    work.clock[NOW] = t
    call_kernel(work.address[which], work.clock, work.vec[Y], work.p, work.scratch[row])


@inlined
def _is_drawn(work: Any, e: Any, t: Any) -> bool:
    """Let the random numbers of event e be drawn anew, where the model has any: :mod:`.draws`."""
    if len(work.part) == N_PART:
        return True
    is_drawn: bool = call_part(work.part[N_PART], work, t, np.float64(e)) == 0.0
    return is_drawn


@compiled
def _forget(work: Any, k: Any) -> None:
    """Take entry k out of the queue and close the gap, keeping the order."""
    last = work.flag[N_PENDING] - 1
    for i in range(k, last):
        work.queue[i, 0] = work.queue[i + 1, 0]
        work.queue[i, 1] = work.queue[i + 1, 1]
        for j in range(work.due.shape[1]):
            work.due[i, j] = work.due[i + 1, j]
    work.flag[N_PENDING] = last


@compiled
def _fire(work: Any, e: Any, t: Any) -> Any:
    """Put event e into the queue, with its delay and, where it says so, its values of now."""
    k = work.flag[N_PENDING]
    if k == N_QUEUE:
        return EVENT_STORM
    if not _is_drawn(work, e, t):
        return NOT_FINITE
    delay = 0.0
    if work.event[e, EV_DELAY] != 0:
        _ask(work, A_DELAYS, _DELAYS, t)
        delay = work.scratch[_DELAYS, e]
        if not np.isfinite(delay):
            return NOT_FINITE
    work.queue[k, 0] = e
    work.queue[k, 1] = work.flag[SERIAL]
    work.due[k, 0] = t + max(delay, 0.0)
    first, last = work.event[e, EV_FIRST], work.event[e, EV_LAST]
    if work.event[e, EV_AT_TRIGGER] != 0 and last > first:
        _ask(work, A_ASSIGN, _VALUES, t)
        for j in range(first, last):
            work.due[k, 1 + j] = work.scratch[_VALUES, j]
    work.flag[SERIAL] += 1
    work.flag[N_PENDING] = k + 1
    return OK


@compiled
def _look_at_triggers(work: Any, t: Any) -> Any:
    """Fire events whose trigger turned true; take back what may not persist."""
    _ask(work, A_TRIGGERS, _TRIGGERS, t)
    for e in range(work.size[N_EVENT]):
        is_true = work.scratch[_TRIGGERS, e] > 0.5
        was_true = work.memory[e] != 0
        work.memory[e] = 1 if is_true else 0
        if is_true and not was_true:
            status = _fire(work, e, t)
            if status != OK:
                return status
        elif was_true and not is_true and work.event[e, EV_PERSISTENT] == 0:
            for k in range(work.flag[N_PENDING] - 1, -1, -1):
                if work.queue[k, 0] == e:
                    _forget(work, k)
    return OK


@compiled
def _draw(seed: Any, serial: Any) -> Any:
    """Mix seed and serial number into [0, 1), the same on every machine.

    SplitMix64: Steele, Lea, Flood (2014), doi:10.1145/2660193.2660195.
    """
    x = np.uint64(seed) * _SEED + np.uint64(serial + 1) * _GOLDEN
    x = (x ^ (x >> np.uint64(30))) * _MIX_1
    x = (x ^ (x >> np.uint64(27))) * _MIX_2
    x ^= x >> np.uint64(31)
    return np.float64(x >> np.uint64(11)) * 1.1102230246251565e-16


@compiled
def _choose(work: Any, t: Any) -> Any:
    """Queue entry to execute now: due, highest priority, first in order; -1 if none is due."""
    chosen = -1
    best, best_tie = -np.inf, 0.0
    asked = False
    for k in range(work.flag[N_PENDING]):
        if work.due[k, 0] > t:
            continue
        e = work.queue[k, 0]
        priority = -np.inf
        if work.event[e, EV_PRIORITY] != 0:
            if not asked:
                _ask(work, A_PRIORITIES, _PRIORITIES, t)
                asked = True
            priority = work.scratch[_PRIORITIES, e]
        tie = 0.0
        if work.size[TIE_SEED] != 0 and work.event[e, EV_PRIORITY] != 0:
            tie = _draw(work.size[TIE_SEED], work.queue[k, 1])
        if chosen < 0 or priority > best or (priority == best and tie < best_tie):
            chosen, best, best_tie = k, priority, tie
    return chosen


@compiled
def _execute(work: Any, k: Any, t: Any) -> None:
    """Carry out the assignments of queue entry k, all from values of before any of them."""
    e = work.queue[k, 0]
    first, last = work.event[e, EV_FIRST], work.event[e, EV_LAST]
    if last > first:
        is_remembered = work.event[e, EV_AT_TRIGGER] != 0
        if not is_remembered or work.size[HAS_FACTOR] != 0:
            _ask(work, A_ASSIGN, _VALUES, t)
        for j in range(first, last):
            value = work.due[k, 1 + j] if is_remembered else work.scratch[_VALUES, j]
            index, factor = work.target[j, 1], work.target[j, 2]
            if factor >= 0:
                value *= work.scratch[_VALUES, factor]
            if work.target[j, 0] != 0:
                work.vec[Y, index] = value
            else:
                work.p[index] = value
        derive(work, t)
    _forget(work, k)
    work.stat[S_EVENTS] += 1


@compiled
def process_events(work: Any, t: Any) -> Any:
    """Fire and execute everything that is due at t, cascades included; return a status code."""
    for _ in range(_STORM):
        status = _look_at_triggers(work, t)
        if status != OK:
            return status
        k = _choose(work, t)
        if k < 0:
            return OK
        if not _is_drawn(work, work.queue[k, 0], t):
            return NOT_FINITE
        _execute(work, k, t)
        if work.size[MUST_SETTLE] != 0:
            status = settled(work, t)
            if status != OK:
                return status
    return EVENT_STORM
