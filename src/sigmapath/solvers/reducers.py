"""Readouts worked out inside the loop on the dense output: memory stays flat.

Enters: the reducer table and each step as it is accepted. Leaves: one number per reducer and
run. Called by the drive loop. Answers do not depend on the output grid.

Each reducer looks at one observable x over the window [after, until]:

FINAL           x(until), after everything that happens at ``until``
START, AT       x(after), after everything that happens at ``after``
PEAK, TROUGH    largest, smallest x in the closed window, both sides of every jump inside it
TIME_TO_PEAK,   time since t = 0 at which PEAK, TROUGH is first reached
TIME_TO_TROUGH
AUC             integral of x over the window [observable x time]; 0 for a window of length zero
MEAN            AUC / (until - after); x(after) for a window of length zero
THRESHOLD_TIME  time since t = 0 at which x first reaches ``level`` coming from the side of
                x(after); ``after`` itself if x starts there; NaN if never

NaN of the observable inside the window makes the readout NaN.

Every step, cut at window edges, is sampled at the five Gauss-Lobatto nodes: their weights
integrate polynomials up to degree 7 exactly (Abramowitz & Stegun 1972, table 25.6), so AUC has
at least the order of the method. An extreme between samples is refined by parabolas through the
dense output; a crossing by bisection. A peak and its return, or a crossing and its return,
between two neighbouring samples of one step is below what the error control resolves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.opcodes import ReducerOp
from sigmapath.solvers import layout as at
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.interpolate import look_inside
from sigmapath.solvers.rates import see_delayed
from sigmapath.solvers.switches import reach

__all__ = [
    "NODES",
    "begin_reducers",
    "feed_point",
    "feed_segment",
    "finish_reducers",
    "is_watched",
    "observe",
    "reduce_point",
    "reduce_step",
    "sign_of",
]

FINAL, PEAK, TIME_TO_PEAK = (
    int(ReducerOp.FINAL),
    int(ReducerOp.PEAK),
    int(ReducerOp.TIME_TO_PEAK),
)
TROUGH, TIME_TO_TROUGH = int(ReducerOp.TROUGH), int(ReducerOp.TIME_TO_TROUGH)
AUC, MEAN, AT = int(ReducerOp.AUC), int(ReducerOp.MEAN), int(ReducerOp.AT)
THRESHOLD_TIME, START = int(ReducerOp.THRESHOLD_TIME), int(ReducerOp.START)
NOW, Y, Y_AT, T_SEEN = at.NOW, at.Y, at.Y_AT, at.T_SEEN
N_LAG = at.N_LAG
NEXT_EDGE, A_OUTPUTS, OBS_TRIAL, N_OUTPUT = at.NEXT_EDGE, at.A_OUTPUTS, at.OBS_TRIAL, at.N_OUTPUT

# Nodes and weights of five-point Gauss-Lobatto quadrature on [0, 1].
_INNER = 0.5 * (1.0 - np.sqrt(3.0 / 7.0))
NODES = np.array([0.0, _INNER, 0.5, 1.0 - _INNER, 1.0])
WEIGHTS = np.array([1 / 20, 49 / 180, 16 / 45, 49 / 180, 1 / 20])
_LAST = 4

# Columns of the memory of a reducer: value (extreme, integral, crossing), its time, and for
# thresholds the side it comes from (0: not started, 2: done).
VALUE, TIME, SIDE = range(3)
# Columns of the table of windows.
AFTER, UNTIL, LEVEL = range(3)

# Three parabolas bring the place of a smooth extreme from a fifth of a step to about 1e-6 of it.
_N_PARABOLA = 5
# Bisections of a fifth of a step down to the resolution of the clock.
_N_BISECT = 60


@inlined
def observe(work: Any, t: Any, y: Any, row: Any) -> None:
    """Write all observables at (t, y) into ``row``."""
    if work.size[N_LAG] != 0:
        see_delayed(work, t, y)
    work.clock[NOW] = t
    call_kernel(work.address[A_OUTPUTS], work.clock, y, work.p, row)


@compiled
def _value_at(work: Any, t: Any, output: Any) -> Any:
    """One observable at a time inside the last step."""
    look_inside(work, t)
    observe(work, reach(work, t), work.vec[Y_AT], work.obs[OBS_TRIAL])
    return work.obs[OBS_TRIAL, output]


@compiled
def begin_reducers(work: Any) -> None:
    """Forget the last run and observe the start, t = 0 after everything that happens there."""
    memory = work.readout
    for r in range(memory.shape[0]):
        memory[r, VALUE] = np.nan
        memory[r, TIME] = np.nan
        memory[r, SIDE] = 0.0
    work.flag[NEXT_EDGE] = 0
    work.clock[T_SEEN] = 0.0


@inlined
def sign_of(op: Any) -> Any:
    """1 for reducers that look for the largest value, -1 for the smallest, 0 for others."""
    if op in (PEAK, TIME_TO_PEAK):
        return 1.0
    if op in (TROUGH, TIME_TO_TROUGH):
        return -1.0
    return 0.0


@inlined
def _offer(memory: Any, r: Any, sign: Any, value: Any, t: Any) -> bool:
    """Take ``value`` as the new extreme if it beats the old one; NaN sticks."""
    old = memory[r, VALUE]
    if np.isnan(value):
        memory[r, VALUE] = value
        memory[r, TIME] = value
        memory[r, SIDE] = 2.0
        return False
    if memory[r, SIDE] == 2.0:
        return False
    if memory[r, SIDE] == 0.0 or sign * value > sign * old:
        memory[r, VALUE] = value
        memory[r, TIME] = t
        memory[r, SIDE] = 1.0
        return True
    return False


@compiled
def _refine(work: Any, memory: Any, r: Any, output: Any, sign: Any, a: Any, b: Any, k: Any) -> None:
    """Walk by parabolas to the extreme next to sample k of the segment [a, b]."""
    middle = min(max(k, 1), _LAST - 1)
    x0, x1, x2 = a + (b - a) * NODES[middle - 1], a + (b - a) * NODES[middle], 0.0
    x2 = a + (b - a) * NODES[middle + 1]
    f0, f1, f2 = (
        work.obs[middle - 1, output],
        work.obs[middle, output],
        work.obs[middle + 1, output],
    )
    for _ in range(_N_PARABOLA):
        left, right = (x1 - x0) * (f1 - f2), (x1 - x2) * (f1 - f0)
        if left == right:
            return
        x = x1 - 0.5 * ((x1 - x0) * left - (x1 - x2) * right) / (left - right)
        if not (x0 < x < x2) or x == x1:
            return
        f = _value_at(work, x, output)
        _offer(memory, r, sign, f, x)
        # Keep the best point in the middle of its neighbours.
        if sign * f >= sign * f1:
            if x > x1:
                x0, f0 = x1, f1
            else:
                x2, f2 = x1, f1
            x1, f1 = x, f
        elif x > x1:
            x2, f2 = x, f
        else:
            x0, f0 = x, f


@compiled
def _extreme(work: Any, memory: Any, r: Any, output: Any, sign: Any, a: Any, b: Any) -> None:
    """Look for a new extreme among the samples of [a, b] and between them."""
    best = -1
    for k in range(_LAST + 1):
        if _offer(memory, r, sign, work.obs[k, output], a + (b - a) * NODES[k]):
            best = k
    # The curve may top its best sample on either side; if the best so far is the left end, its
    # top may lie just after it.
    if best >= 0:
        _refine(work, memory, r, output, sign, a, b, best)
    elif memory[r, TIME] == a:
        _refine(work, memory, r, output, sign, a, b, 0)


@compiled
def _crossing(work: Any, memory: Any, r: Any, output: Any, level: Any, a: Any, b: Any) -> None:
    """Find the first sample of [a, b] beyond the level and bisect back to the crossing."""
    side = memory[r, SIDE]
    if side == 2.0 or side == 0.0:
        return
    for k in range(_LAST + 1):
        value = work.obs[k, output]
        if np.isnan(value):
            memory[r, SIDE] = 2.0
            return
        if (value - level) * side < 0.0:
            continue
        after = a + (b - a) * NODES[k]
        if k > 0:
            before = a + (b - a) * NODES[k - 1]
            for _ in range(_N_BISECT):
                middle = 0.5 * (before + after)
                if middle <= before or middle >= after:
                    break
                if (_value_at(work, middle, output) - level) * side < 0.0:
                    before = middle
                else:
                    after = middle
        memory[r, VALUE] = after
        memory[r, SIDE] = 2.0
        return


@compiled
def _integrate(work: Any, memory: Any, r: Any, output: Any, a: Any, b: Any) -> None:
    """Add the integral over [a, b]."""
    total = 0.0
    for k in range(_LAST + 1):
        total += WEIGHTS[k] * work.obs[k, output]
    if memory[r, SIDE] == 0.0:
        memory[r, VALUE] = 0.0
        memory[r, SIDE] = 1.0
    memory[r, VALUE] += (b - a) * total


@compiled
def _reduce_segment(work: Any, a: Any, b: Any) -> None:
    """Feed the part [a, b] of the last step to every reducer whose window covers it.

    Row 0 of ``work.obs`` holds the observables at a; row 4 leaves with those at b (left limit).
    """
    is_wanted = is_watched(work, a, b)
    first = 1 if is_wanted else _LAST
    for k in range(first, _LAST + 1):
        t = b if k == _LAST else a + (b - a) * NODES[k]
        look_inside(work, t)
        # A condition on time that switches at the end of the step has not switched within it.
        observe(work, reach(work, t), work.vec[Y_AT], work.obs[k])
    if is_wanted:
        feed_segment(work, a, b)


@compiled
def is_watched(work: Any, a: Any, b: Any) -> bool:
    """Whether any reducer looks at what happens within [a, b]."""
    codes, window = work.codes, work.window
    for r in range(codes.shape[0]):
        op = codes[r, 0]
        if op not in (FINAL, START, AT) and window[r, AFTER] <= a and b <= window[r, UNTIL]:
            return True
    return False


@compiled
def feed_segment(work: Any, a: Any, b: Any) -> None:
    """Feed the samples of [a, b], rows 0 to 4 of ``work.obs``, to reducers that look there."""
    codes, window, memory = work.codes, work.window, work.readout
    for r in range(codes.shape[0]):
        if window[r, AFTER] > a or b > window[r, UNTIL]:
            continue
        op, output = codes[r, 0], codes[r, 1]
        sign = sign_of(op)
        if sign != 0.0:
            _extreme(work, memory, r, output, sign, a, b)
        elif op in (AUC, MEAN):
            _integrate(work, memory, r, output, a, b)
        elif op == THRESHOLD_TIME:
            _crossing(work, memory, r, output, window[r, LEVEL], a, b)


@compiled
def reduce_step(work: Any, t: Any) -> None:
    """Feed the last step up to t, cut at every window edge inside it."""
    edges = work.edges
    seen = work.clock[T_SEEN]
    while work.flag[NEXT_EDGE] < len(edges) and edges[work.flag[NEXT_EDGE]] < t:
        edge = edges[work.flag[NEXT_EDGE]]
        work.flag[NEXT_EDGE] += 1
        if edge > seen:
            _reduce_segment(work, seen, edge)
            for j in range(work.size[N_OUTPUT]):
                work.obs[0, j] = work.obs[_LAST, j]
            feed_point(work, edge)
            seen = edge
    if t > seen:
        _reduce_segment(work, seen, t)
    work.clock[T_SEEN] = t


@compiled
def reduce_point(work: Any, t: Any) -> None:
    """Feed the instant t, after everything that happens at it, from row Y."""
    observe(work, t, work.vec[Y], work.obs[0])
    feed_point(work, t)


@compiled
def feed_point(work: Any, t: Any) -> None:
    """Feed one instant, whose observables are in row 0 of ``work.obs``."""
    codes, window, memory = work.codes, work.window, work.readout
    for r in range(codes.shape[0]):
        after, until = window[r, AFTER], window[r, UNTIL]
        if t < after or t > until:
            continue
        op, value = codes[r, 0], work.obs[0, codes[r, 1]]
        sign = sign_of(op)
        if sign != 0.0:
            _offer(memory, r, sign, value, t)
        elif op == FINAL:
            if t == until:
                memory[r, VALUE] = value
        elif op in (START, AT):
            if t == after:
                memory[r, VALUE] = value
        elif op in (AUC, MEAN):
            if after == until:
                memory[r, VALUE] = 0.0 if op == AUC else value
        elif op == THRESHOLD_TIME:
            _threshold_point(memory, r, value - window[r, LEVEL], t, t == after)


@compiled
def _threshold_point(memory: Any, r: Any, distance: Any, t: Any, is_start: Any) -> None:
    """Choose the side at the start of the window; notice a jump across the level."""
    if memory[r, SIDE] == 2.0:
        return
    if is_start:
        memory[r, SIDE] = -1.0 if distance > 0.0 else 1.0
        if np.isnan(distance):
            memory[r, SIDE] = 2.0
        elif distance == 0.0:
            memory[r, VALUE] = t
            memory[r, SIDE] = 2.0
    elif distance * memory[r, SIDE] >= 0.0:
        memory[r, VALUE] = t
        memory[r, SIDE] = 2.0


@compiled
def finish_reducers(work: Any, out: Any) -> None:
    """Write the readouts of the run, shape (n_reducer,)."""
    codes, window, memory = work.codes, work.window, work.readout
    for r in range(codes.shape[0]):
        op = codes[r, 0]
        if op in (TIME_TO_PEAK, TIME_TO_TROUGH):
            out[r] = memory[r, TIME]
        elif op == MEAN and window[r, UNTIL] > window[r, AFTER]:
            out[r] = memory[r, VALUE] / (window[r, UNTIL] - window[r, AFTER])
        else:
            out[r] = memory[r, VALUE]
