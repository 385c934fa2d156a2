"""Print one step of Rodas5P for a small model with right-hand side and LU in the middle of it.

Enters: the elimination program and the bodies of the kernels. Leaves: the text of the part
``step``, which does what :mod:`.rosenbrock` does for every model. Called by :mod:`.own_code`.

A small model does not wait for arithmetic but for the way of every number through memory, from the
sums to the right-hand side, from there to the solve and back. Here a stage is one function in which
all of that stands in registers. It is printed once and called seven times: compiled once for each
stage, the code was a tenth faster and took eight times as long to make. Sums over earlier stages,
for which nothing waits, are vectors; the newest stage is added number by number, because a vector
that is read where single numbers were just written has to wait for all of them. The Jacobian goes
from registers into the factors. Calls that rest on time alone are made once for all stages.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sigmapath.kernels import Bodies
from sigmapath.record import record
from sigmapath.solvers import layout as at
from sigmapath.solvers.ir import element, fetch, function, number, pointer, several
from sigmapath.solvers.linalg.short import factor_lines, is_short, solve_lines
from sigmapath.solvers.linalg.symbolic import HEADER
from sigmapath.solvers.linalg.writer import Writer
from sigmapath.solvers.own_step import StepWriter
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["fused_step_text", "is_fusable"]

# Beyond this many statements of the right-hand side loops are as good.
_MOST_STATEMENTS = 400
_WIDTH = 4
_N_STAGE = 8
# Rows of a room of its own, at the beginning of vectors: increments of the stages, y, the point,
# what is added to its rates, and df/dt. Behind them lies what rests on time alone, time by time.
_Y, _POINT, _ADDED, _SLOPE, _N_OWN = 8, 9, 10, 11, 12
# Stages see so many times other than the left end: the last three all see the right end.
_N_TIME = 5


def is_fusable(program: NDArray[np.int64], bodies: Bodies | None) -> bool:
    """Whether a model is small enough."""
    return bodies is not None and is_short(program) and bodies.size("rhs") <= _MOST_STATEMENTS


def fused_step_text(
    program: NDArray[np.int64],
    bodies: Bodies,
    prefix: str,
    *,
    has_time_rate: bool,
    opaque: bool,
    fused: bool,
) -> str:
    """Function ``step`` of a model whose mass matrix is one.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`.linalg.symbolic`.
    bodies : Bodies
        Of the model's kernels.
    prefix : str
        Put before its name.
    has_time_rate : bool
        Whether the right-hand side depends on time, so that df/dt has a kernel.
    opaque : bool
        Whether pointers have no element type.
    fused : bool
        Whether the CPU multiplies and adds in one operation.
    """
    parts = _Parts(program=program, bodies=bodies, opaque=opaque, fused=fused)
    stage, declarations = _stage_text(parts, has_time_rate)
    write = _StepWriter(parts, prefix)
    write.choose()
    write.linearise(has_time_rate)
    write.begin(has_time_rate)
    for s in range(1, _N_STAGE):
        write.stage(s, has_time_rate=has_time_rate)
    write.result()
    step = function(f"double @{prefix}step(i64 %table, double %t, double %h)", write.lines)
    return "\n".join([*sorted(declarations | write.declarations), stage, step])


@record
class _Parts:
    """What both functions are made from; see :func:`fused_step_text`."""

    program: NDArray[np.int64]
    bodies: Bodies
    opaque: bool
    fused: bool

    @property
    def n(self) -> int:
        """Number of states."""
        return int(self.program[HEADER.index("n")])


_STAGE_ARRAYS = ("p", "timed", "lu", "x", "added", "old", "new", "kept", "slope")
_STAGE_NUMBERS = ("a", "c", "r", "time", "share")


def _stage_text(parts: _Parts, has_time_rate: bool) -> tuple[str, set[str]]:
    """Function ``stage``, and the declarations of what it calls.

    x becomes x + a old, the point at ``time``; new and kept become the solution for the rates there
    plus r (added + c old), and share times the slope in time.
    """
    write = Writer(parts.opaque, parts.fused, "w")
    states = range(parts.n)
    old = [write.load("old", i) for i in states]
    x = []
    for i in states:
        x.append(write.plus_product(write.load("x", i), old[i], "%a"))
        write.store("x", i, x[i])
    added = [write.plus_product(write.load("added", i), old[i], "%c") for i in states]
    given = {("y", i): x[i] for i in states} | {("t", 0): "%time"}
    timed = range(parts.bodies.n_timed_calls("rhs"))
    given |= {("timed", k): write.load("timed", k) for k in timed}
    body = parts.bodies.inlined("rhs", "r", given, opaque=parts.opaque)
    write.lines += body.lines
    right = [write.plus_product(body.values[i], added[i], "%r") for i in states]
    if has_time_rate:
        slope = [write.load("slope", i) for i in states]
        right = [write.plus_product(right[i], slope[i], "%share") for i in states]
    solution = solve_lines(parts.program, right, write)
    for i in states:
        write.store("new", i, solution[i])
        write.store("kept", i, solution[i])
    real = pointer("double", parts.opaque)
    arrays = ", ".join(f"{real} %{name}" for name in _STAGE_ARRAYS)
    numbers = ", ".join(f"double %{name}" for name in _STAGE_NUMBERS)
    text = function(f"internal void @stage({arrays}, {numbers})", [*write.lines, "  ret void"])
    return text, {*body.declarations, *write.declarations()}


class _StepWriter(StepWriter):
    """Lines of the step: what stands between the stages."""

    def __init__(self, parts: _Parts, prefix: str) -> None:
        super().__init__(parts.n, prefix, parts.opaque, parts.fused)
        self._parts = parts
        self._length = -(-self.n // _WIDTH) * _WIDTH
        self._n_timed = parts.bodies.n_timed_calls("rhs")
        size = _N_OWN * self._length + _N_TIME * self._n_timed
        self.lines.append(f"  %room = alloca double, i64 {size}, align {8 * _WIDTH}")
        # Values of J by place, for the factors.
        self._jac: dict[int, str] = {}

    def slopes(self, has_time_rate: bool) -> None:
        """Jacobian and df/dt, whose values stay in registers, and what rests on time alone."""
        bodies, states = self._parts.bodies, range(self.n)
        times = ["%t"] + [self._time(s) for s in range(1, _N_TIME + 1)]
        kernels = ["jac", "dfdt"] if has_time_rate else ["jac"]
        requests = [(kernel, "%t") for kernel in kernels] + [("rhs", time) for time in times[1:]]
        timed = bodies.timed(requests, "q", opaque=self.opaque)
        self.lines += timed.lines
        self.declarations |= set(timed.declarations)
        y = {("y", i): self._load(at.Y, i, 1) for i in states}
        for i in states:
            self._keep(_Y, i, 1, y["y", i])
        first, slopes = 0, {}
        for kernel in kernels:
            count = bodies.n_timed_calls(kernel)
            given = {("timed", k): timed.values[first + k] for k in range(count)}
            body = bodies.inlined(kernel, kernel, y | {("t", 0): "%t"} | given, opaque=self.opaque)
            self.lines += body.lines
            self.declarations |= set(body.declarations)
            slopes[kernel] = body.values
            first += count
        self._jac = slopes["jac"]
        for i in states if has_time_rate else ():
            self._keep(_SLOPE, i, 1, slopes["dfdt"][i])
        self._count_calls(at.S_JAC, 1, "n.jac")
        for k in range(_N_TIME * self._n_timed):
            self._keep(_N_OWN, k, 1, timed.values[first + k])

    def _time(self, s: int) -> str:
        """The time of a stage."""
        node = self._times(1, number(float(RODAS5P.node[s])), "%h") if s < _N_TIME else "%h"
        return self._plus(1, "%t", node)

    def factor(self, shift: str) -> str:
        """Factors of its own; see :mod:`.linalg.short`."""
        self.lines += fetch("lu", "lu", self.opaque)
        write = Writer(self.opaque, self._parts.fused, "f")
        write.known |= {("jac", k): value for k, value in self._jac.items()}
        check = factor_lines(self._parts.program, shift, write)
        self.lines += write.lines
        return self._add(f"fcmp une double {check}, 0.0")

    def begin(self, has_time_rate: bool) -> None:
        """Stage 0, whose rates are known."""
        states, parts = range(self.n), self._parts
        right = [self._load(at.RATE, i, 1) for i in states]
        if has_time_rate:
            share = self._times(1, "%h", number(float(RODAS5P.time[0])))
            slope = [self._kept(_SLOPE, i, 1) for i in states]
            right = [self._plus_product(slope[i], share, right[i]) for i in states]
        write = Writer(self.opaque, parts.fused, "s")
        solution = solve_lines(parts.program, right, write)
        self.lines += write.lines
        for i in states:
            self._keep(0, i, 1, solution[i])
            self._store(at.K, i, 1, solution[i])

    def stage(self, s: int, *, has_time_rate: bool) -> None:
        """Sums over the stages before the newest, and stage s."""
        if s < 6:
            *older, a = RODAS5P.a[s, :s].tolist()
            self._older(older, _POINT, _Y)
        else:
            # The last stages differ from their predecessor by the newest u.
            a = 1.0
        *older, c = RODAS5P.c[s, :s].tolist()
        self._older(older, _ADDED)
        factor = float(RODAS5P.time[s]) if has_time_rate and s < _N_TIME else 0.0
        share = self._times(1, "%h", number(factor))
        timed = self._room(_N_OWN, (min(s, _N_TIME) - 1) * self._n_timed, 1)
        rows = [self._room(row, 0, 1) for row in (_POINT, _ADDED, s - 1, s)]
        rows += [self._place(at.K + s, 0, 1), self._room(_SLOPE, 0, 1)]
        real = pointer("double", self.opaque)
        arrays = ", ".join(f"{real} {place}" for place in ("%p", timed, "%lu", *rows))
        given = (number(a), number(c), "%r", self._time(s), share)
        numbers = ", ".join(f"double {x}" for x in given)
        self.lines.append(f"  call void @stage({arrays}, {numbers})")

    def _older(self, factors: Sequence[float], row: int, first: int | None = None) -> None:
        """``first + factors[0] u_1 + factors[1] u_2 + ...``, as vectors, into a row of the room."""
        for i in range(0, self.n, _WIDTH):
            total = number(0.0, _WIDTH) if first is None else self._kept(first, i, _WIDTH)
            for k, factor in enumerate(factors):
                u, constant = self._kept(k, i, _WIDTH), number(factor, _WIDTH)
                total = self._plus_product(u, constant, total, _WIDTH)
            self._keep(row, i, _WIDTH, total)

    def _room(self, row: int, i: int, width: int) -> str:
        real = pointer("double", self.opaque)
        place = self._add(
            f"getelementptr inbounds double, {real} %room, i64 {row * self._length + i}"
        )
        if width == 1 or self.opaque:
            return place
        return self._add(f"bitcast {real} {place} to {pointer(several(width), False)}")

    def _kept(self, row: int, i: int, width: int) -> str:
        place, typed = self._room(row, i, width), pointer(several(width), self.opaque)
        return self._add(f"load {several(width)}, {typed} {place}, align {8 * width}")

    def _keep(self, row: int, i: int, width: int, value: str) -> None:
        place, typed = self._room(row, i, width), pointer(several(width), self.opaque)
        self.lines.append(f"  store {several(width)} {value}, {typed} {place}, align {8 * width}")

    def result(self) -> None:
        """Row Y_NEW and the norm of the error, see :mod:`.norms`."""
        self.lines += element("tune", at.RTOL, "rtol", self.opaque, "double")
        total = number(0.0)
        for i in range(self.n):
            u, y = self._kept(_N_STAGE - 1, i, 1), self._kept(_Y, i, 1)
            new = self._plus(1, self._kept(_POINT, i, 1), u)
            self._store(at.Y_NEW, i, 1, new)
            largest = self._larger(1, self._size(1, y), new)
            scale = self._plus_product("%rtol", largest, self._load(at.ATOL, i, 1))
            ratio = self._add(f"fdiv double {u}, {scale}")
            total = self._plus_product(ratio, ratio, total)
        self.finish(total)
