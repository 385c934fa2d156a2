"""Print one step of Rodas5P for a small model with everything in it, as one straight line.

Enters: the elimination program and the bodies of the kernels. Leaves: the text of the part
``step``, which does what :mod:`.rosenbrock` does for every model. Called by :mod:`.own_code`.

A small model does not wait for arithmetic but for the way of every number through memory, from the
sums to the right-hand side, from there to the solve and back. Here all of that is one line of code:
a value that the next stage needs stands in a register. Sums over earlier stages, for which nothing
waits, are vectors as soon as there are states enough; the newest stage is added number by number,
because a vector that is read where single numbers were just written has to wait for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sigmapath.kernels import Bodies
from sigmapath.solvers import layout as at
from sigmapath.solvers.ir import element, fetch, function, number, pointer, several
from sigmapath.solvers.linalg.short import factor_lines, is_short, solve_lines
from sigmapath.solvers.linalg.symbolic import HEADER
from sigmapath.solvers.own_step import StepWriter
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["fused_step_text", "is_fusable"]

# Beyond this many statements of the right-hand side the code would only fill the caches.
_MOST_STATEMENTS = 400
# Up to this many states every sum is a line of single numbers.
_FEW = 12
_WIDTH = 4
_N_STAGE = 8
# Rows of the room of its own: increments of the stages, y, and what is summed up of both sums.
_OWN_Y, _OWN_POINT, _OWN_RIGHT, _N_OWN = 8, 9, 10, 11


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
    write = _FusedWriter(program, bodies, prefix, opaque, fused)
    write.choose()
    write.linearise(has_time_rate)
    write.begin()
    for stage in range(_N_STAGE):
        write.stage(stage, has_time_rate=has_time_rate)
    write.result()
    text = function(f"double @{prefix}step(i64 %table, double %t, double %h)", write.lines)
    return "\n".join([*sorted(write.declarations), text])


class _FusedWriter(StepWriter):
    """Lines of the function, and what each state and increment is called."""

    def __init__(
        self,
        program: NDArray[np.int64],
        bodies: Bodies,
        prefix: str,
        opaque: bool,
        fused: bool,
    ) -> None:
        super().__init__(int(program[HEADER.index("n")]), prefix, opaque)
        self.program, self.bodies, self.fused = program, bodies, fused
        self.declarations = {
            "declare double @llvm.fabs.f64(double)",
            "declare double @llvm.sqrt.f64(double)",
        }
        self.u: list[list[str]] = []
        self.y: list[str] = []
        self.x: list[str] = []
        self._length = -(-self.n // _WIDTH) * _WIDTH
        if self.n > _FEW:
            size = _N_OWN * self._length
            self.lines.append(f"  %room = alloca double, i64 {size}, align {8 * _WIDTH}")

    def factor(self, shift: str) -> str:
        """Factors of its own; see :mod:`.linalg.short`."""
        self.lines += fetch("lu", "lu", self.opaque)
        lines, check = factor_lines(self.program, shift, "f", opaque=self.opaque, fused=self.fused)
        self.lines += lines
        return self._add(f"fcmp une double {check}, 0.0")

    def begin(self) -> None:
        """Read the left end."""
        self.y = [self._load(at.Y, i, 1) for i in range(self.n)]
        self.x = self.y
        if self.n > _FEW:
            for i in range(self.n):
                self._keep(_OWN_Y, i, 1, self.y[i])

    def stage(self, s: int, *, has_time_rate: bool) -> None:
        """Right-hand side of stage s, and its solution u."""
        states = range(self.n)
        if s == 0:
            right = [self._load(at.RATE, i, 1) for i in states]
        else:
            combined = self._combined(s)
            rate = self._rate(s)
            right = [self._plus_product(combined[i], "%r", rate[i]) for i in states]
        factor = float(RODAS5P.time[s]) if s < 5 else 0.0
        if has_time_rate and factor:
            scaled = self._times(1, "%h", number(factor))
            slope = [self._load(at.TIME_RATE, i, 1) for i in states]
            right = [self._plus_product(slope[i], scaled, right[i]) for i in states]
        lines, solution = solve_lines(
            self.program, right, f"s{s}", opaque=self.opaque, fused=self.fused
        )
        self.lines += lines
        self.u.append(solution)
        for i in states:
            self._store(at.K + s, i, 1, solution[i])
            if self.n > _FEW:
                self._keep(s, i, 1, solution[i])

    def _rate(self, s: int) -> list[str]:
        """The right-hand side at the point of stage s."""
        states = range(self.n)
        if s < 6:
            self.x = self._sums(RODAS5P.a[s, :s].tolist(), _OWN_POINT, self.y)
        else:
            # The last stages differ from their predecessor by the newest u.
            self.x = [self._plus(1, self.x[i], self.u[-1][i]) for i in states]
        node = self._times(1, number(float(RODAS5P.node[s])), "%h") if s < 5 else "%h"
        given = {("y", i): self.x[i] for i in states} | {("t", 0): self._plus(1, "%t", node)}
        body = self.bodies.inlined("rhs", f"r{s}", given, opaque=self.opaque)
        self.lines += body.lines
        self.declarations |= set(body.declarations)
        return [body.values[i] for i in states]

    def _combined(self, s: int) -> list[str]:
        return self._sums(RODAS5P.c[s, :s].tolist(), _OWN_RIGHT, [])

    def _sums(self, factors: Sequence[float], row: int, first: list[str]) -> list[str]:
        """``first + factors[0] u_1 + factors[1] u_2 + ...`` for every state."""
        states, newest = range(self.n), number(factors[-1])
        if self.n <= _FEW or len(factors) == 1:
            return [self._chain(factors, i, first[i] if first else None) for i in states]
        self._older(factors[:-1], row, bool(first))
        return [self._plus_product(self.u[-1][i], newest, self._kept(row, i, 1)) for i in states]

    def _chain(self, factors: Sequence[float], i: int, total: str | None) -> str:
        for u, factor in zip(self.u, factors, strict=True):
            if total is None:
                total = self._times(1, u[i], number(factor))
            else:
                total = self._plus_product(u[i], number(factor), total)
        assert total is not None
        return total

    def _older(self, factors: Sequence[float], row: int, has_first: bool) -> None:
        """The sums without the newest stage, as vectors, into a row of the own room."""
        for i in range(0, self.n, _WIDTH):
            total = self._kept(_OWN_Y, i, _WIDTH) if has_first else None
            for k, factor in enumerate(factors):
                u, constant = self._kept(k, i, _WIDTH), number(factor, _WIDTH)
                if total is None:
                    total = self._times(_WIDTH, u, constant)
                else:
                    total = self._plus_product(u, constant, total, _WIDTH)
            assert total is not None
            self._keep(row, i, _WIDTH, total)

    def _plus_product(self, a: str, b: str, c: str, width: int = 1) -> str:
        """``a * b + c``."""
        if not self.fused:
            return self._plus(width, c, self._times(width, a, b))
        kind, suffix = several(width), "f64" if width == 1 else f"v{width}f64"
        self.declarations.add(f"declare {kind} @llvm.fma.{suffix}({kind}, {kind}, {kind})")
        return self._add(f"call {kind} @llvm.fma.{suffix}({kind} {a}, {kind} {b}, {kind} {c})")

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
            u = self.u[-1][i]
            new = self._plus(1, self.x[i], u)
            self._store(at.Y_NEW, i, 1, new)
            largest = self._larger(1, self._size(1, self.y[i]), new)
            scale = self._plus_product("%rtol", largest, self._load(at.ATOL, i, 1))
            ratio = self._add(f"fdiv double {u}, {scale}")
            total = self._plus_product(ratio, ratio, total)
        self.finish(total)
