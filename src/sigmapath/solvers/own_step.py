"""Print one step of Rodas5P for a model of known size as straight-line LLVM IR.

Enters: the number of states. Leaves: the text of the part ``step``, which does what
:mod:`.rosenbrock` does for every model. Called by :mod:`.own_code`.

A loop over eight states is over before a vector unit has got going: the compiled loops spend twice
the time of the model's own arithmetic on the sums over stages. With the size known the sums are
vectors of eight numbers, in registers. Runs with infusions or held states take the common part.
"""

from __future__ import annotations

from collections.abc import Sequence

from sigmapath.solvers import layout as at
from sigmapath.solvers.ir import (
    call_address,
    chunks,
    element,
    fetch,
    function,
    number,
    part,
    pointer,
    several,
    spread,
)
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["MOST_STATES", "StepWriter", "step_text"]

# Beyond this many states loops are as good, and the code would only fill the caches.
MOST_STATES = 128
_N_STAGE = 8
# Solves need this row only after what is added has been.
_ADDED = at.SCRATCH


def step_text(n: int, prefix: str, *, has_time_rate: bool, opaque: bool, fused: bool) -> str:
    """Function ``step`` of a model whose mass matrix is one; calls ``factor`` and ``solve``.

    Parameters
    ----------
    n : int
        Number of states, 1 to MOST_STATES.
    prefix : str
        Put before the names of all three.
    has_time_rate : bool
        Whether the right-hand side depends on time, so that df/dt has a kernel.
    opaque : bool
        Whether pointers have no element type.
    fused : bool
        Whether the CPU multiplies and adds in one operation.
    """
    write = StepWriter(n, prefix, opaque, fused)
    write.choose()
    write.linearise(has_time_rate)
    for stage in range(_N_STAGE):
        write.stage(stage, has_time_rate=has_time_rate)
    write.result()
    text = function(f"double @{prefix}step(i64 %table, double %t, double %h)", write.lines)
    return "\n".join([*sorted(write.declarations), text])


def _suffix(width: int) -> str:
    return "f64" if width == 1 else f"v{width}f64"


class StepWriter:
    """Lines of the function, in the order of the step."""

    def __init__(self, n: int, prefix: str, opaque: bool, fused: bool) -> None:
        self.n, self.prefix, self.opaque, self.fused = n, prefix, opaque, fused
        self.lines: list[str] = []
        self.declarations = {"declare double @llvm.sqrt.f64(double)"}
        self._count = 0

    def _add(self, text: str) -> str:
        self._count += 1
        self.lines.append(f"  %v{self._count} = {text}")
        return f"%v{self._count}"

    def _place(self, row: int, i: int, width: int) -> str:
        real = pointer("double", self.opaque)
        place = self._add(f"getelementptr inbounds double, {real} %vec, i64 {row * self.n + i}")
        if width == 1 or self.opaque:
            return place
        return self._add(f"bitcast {real} {place} to {pointer(several(width), False)}")

    def _load(self, row: int, i: int, width: int) -> str:
        place = self._place(row, i, width)
        typed = pointer(several(width), self.opaque)
        return self._add(f"load {several(width)}, {typed} {place}, align 8")

    def _store(self, row: int, i: int, width: int, value: str) -> None:
        place = self._place(row, i, width)
        typed = pointer(several(width), self.opaque)
        self.lines.append(f"  store {several(width)} {value}, {typed} {place}, align 8")

    def _plus(self, width: int, a: str, b: str) -> str:
        return self._add(f"fadd {several(width)} {a}, {b}")

    def _times(self, width: int, a: str, b: str) -> str:
        return self._add(f"fmul {several(width)} {a}, {b}")

    def _plus_product(self, a: str, b: str, c: str, width: int = 1) -> str:
        """``a * b + c``."""
        if not self.fused:
            return self._plus(width, c, self._times(width, a, b))
        kind, suffix = several(width), _suffix(width)
        self.declarations.add(f"declare {kind} @llvm.fma.{suffix}({kind}, {kind}, {kind})")
        return self._add(f"call {kind} @llvm.fma.{suffix}({kind} {a}, {kind} {b}, {kind} {c})")

    def _sum(self, factors: Sequence[float], values: Sequence[str], width: int, first: str) -> str:
        """``first + factors[0] values[0] + factors[1] values[1] + ...``, from the left."""
        total = first
        for factor, value in zip(factors, values, strict=True):
            total = self._plus_product(number(float(factor), width), value, total, width)
        return total

    def choose(self) -> None:
        """Fetch the arrays; leave runs with infusions or held states to the common part."""
        for name in ("address", "flag", "part", "stat"):
            self.lines += fetch(name, name, self.opaque, "i64")
        for name in ("vec", "p", "jac", "clock", "tune"):
            self.lines += fetch(name, name, self.opaque)
        self.lines += [
            *element("flag", at.FORCED, "forced", self.opaque),
            *element("flag", at.MASKED, "masked", self.opaque),
            *element("address", at.A_RHS, "rhs", self.opaque),
            "  %special = or i64 %forced, %masked",
            "  %is.special = icmp ne i64 %special, 0",
            "  br i1 %is.special, label %common, label %own",
            "common:",
            *part(at.PART_TABLE_STEP, "double %t, double %h", self.opaque, "walked"),
            "  ret double %walked",
            "own:",
            "  %r = fdiv double 1.0, %h",
        ]

    def _tell_time(self, time: str) -> None:
        real = pointer("double", self.opaque)
        self.lines.append(f"  store double {time}, {real} %clock, align 8")

    def _call_kernel(self, word: str, y: int, out: str) -> None:
        """Call a kernel at (row y); ``out`` is the name of a pointer."""
        real = pointer("double", self.opaque)
        self._count += 1
        given = f"{real} %clock, {real} {self._place(y, 0, 1)}, {real} %p, {real} {out}"
        types = ", ".join([real] * 4)
        name = f"call{self._count}"
        self.lines += call_address(word, "void", types, given, name, self.opaque)

    def _count_calls(self, slot: int, number: int, name: str) -> None:
        self.lines += element("stat", slot, name, self.opaque)
        total = self._add(f"add i64 %{name}, {number}")
        typed = pointer("i64", self.opaque)
        self.lines.append(f"  store i64 {total}, {typed} %{name}.at, align 8")

    def linearise(self, has_time_rate: bool) -> None:
        """Jacobian and df/dt, then the factors; -1 when singular."""
        assert at.NOW == 0
        self.slopes(has_time_rate)
        self._count_calls(at.S_FACTOR, 1, "n.factor")
        shift = self._add(f"fdiv double 1.0, {self._times(1, number(RODAS5P.gamma), '%h')}")
        is_singular = self.factor(shift)
        self.lines += [
            f"  br i1 {is_singular}, label %singular, label %stages",
            "singular:",
            "  ret double -1.0",
            "stages:",
        ]
        self._count_calls(at.S_SOLVE, _N_STAGE, "n.solve")
        self._count_calls(at.S_RHS, _N_STAGE - 1, "n.rhs")

    def slopes(self, has_time_rate: bool) -> None:
        """Jacobian and df/dt where they are not fresh."""
        self.lines += [
            *element("flag", at.JAC_IS_FRESH, "fresh", self.opaque),
            "  %is.fresh = icmp ne i64 %fresh, 0",
            "  br i1 %is.fresh, label %go, label %stale",
            "stale:",
            *element("address", at.A_JAC, "jacobian", self.opaque),
            *element("address", at.A_DFDT, "dfdt", self.opaque),
        ]
        self._tell_time("%t")
        self._call_kernel("jacobian", at.Y, "%jac")
        if has_time_rate:
            self._call_kernel("dfdt", at.Y, self._place(at.TIME_RATE, 0, 1))
        self._count_calls(at.S_JAC, 1, "n.jac")
        typed = pointer("i64", self.opaque)
        self.lines += [f"  store i64 1, {typed} %fresh.at, align 8", "  br label %go", "go:"]

    def factor(self, shift: str) -> str:
        """Factor shift - J; the name of whether it is singular."""
        given = f"i64 %table, double {shift}, double 0.0"
        done = self._add(f"call double @{self.prefix}factor({given})")
        return self._add(f"fcmp oeq double {done}, 0.0")

    def stage(self, s: int, *, has_time_rate: bool) -> None:
        """Right-hand side of stage s, and its solution u."""
        if s > 0:
            self._move(s)
        time_factor = float(RODAS5P.time[s]) if has_time_rate and s < 5 else 0.0
        scaled = self._times(1, "%h", number(time_factor)) if time_factor else None
        for i, width in chunks(self.n):
            right = self._load(at.RIGHT if s else at.RATE, i, width)
            if s > 0:
                per_h = spread(self._add, "%r", width)
                right = self._plus_product(self._load(_ADDED, i, width), per_h, right, width)
            if scaled is not None:
                slope, factor = self._load(at.TIME_RATE, i, width), spread(self._add, scaled, width)
                right = self._plus_product(slope, factor, right, width)
            self._store(at.RIGHT, i, width, right)
        given = f"i64 %table, double {number(s)}, double 0.0"
        self._add(f"call double @{self.prefix}solve({given})")

    def _move(self, s: int) -> None:
        """The point of stage s in row STAGE, what is added to f there, and f in row RIGHT."""
        for i, width in chunks(self.n):
            u = [self._load(at.K + k, i, width) for k in range(s)]
            if s < 6:
                x = self._sum(RODAS5P.a[s, :s].tolist(), u, width, self._load(at.Y, i, width))
            else:
                # The last stages differ from their predecessor by the newest u.
                x = self._plus(width, self._load(at.STAGE, i, width), u[-1])
            self._store(at.STAGE, i, width, x)
            added = self._sum(RODAS5P.c[s, :s].tolist(), u, width, number(0.0, width))
            self._store(_ADDED, i, width, added)
        node = self._times(1, number(float(RODAS5P.node[s])), "%h") if s < 5 else "%h"
        self._tell_time(self._plus(1, "%t", node))
        self._call_kernel("rhs", at.STAGE, self._place(at.RIGHT, 0, 1))

    def result(self) -> None:
        """Row Y_NEW and the norm of the error, see :mod:`.norms`."""
        self.lines += element("tune", at.RTOL, "rtol", self.opaque, "double")
        total = number(0.0)
        for i, width in chunks(self.n):
            u = self._load(at.K + _N_STAGE - 1, i, width)
            new = self._plus(width, self._load(at.STAGE, i, width), u)
            self._store(at.Y_NEW, i, width, new)
            largest = self._larger(width, self._size(width, self._load(at.Y, i, width)), new)
            rtol = spread(self._add, "%rtol", width)
            scale = self._plus_product(rtol, largest, self._load(at.ATOL, i, width), width)
            ratio = self._add(f"fdiv {several(width)} {u}, {scale}")
            square = self._times(width, ratio, ratio)
            for k in range(width):
                one = square
                if width > 1:
                    one = self._add(f"extractelement {several(width)} {square}, i32 {k}")
                total = self._plus(1, total, one)
        self.finish(total)

    def finish(self, total: str) -> None:
        """Return the root of the mean of a sum of squares."""
        mean = self._add(f"fdiv double {total}, {number(self.n)}")
        norm = self._add(f"call double @llvm.sqrt.f64(double {mean})")
        size = self._size(1, norm)
        infinity = number(float("inf"))
        is_finite = self._add(f"fcmp olt double {size}, {infinity}")
        norm = self._add(f"select i1 {is_finite}, double {norm}, double {infinity}")
        self.lines.append(f"  ret double {norm}")

    def _size(self, width: int, value: str) -> str:
        kind, suffix = several(width), _suffix(width)
        self.declarations.add(f"declare {kind} @llvm.fabs.{suffix}({kind})")
        return self._add(f"call {kind} @llvm.fabs.{suffix}({kind} {value})")

    def _larger(self, width: int, size: str, new: str) -> str:
        """The larger of a size and |new|."""
        kind, other = several(width), self._size(width, new)
        bits = "i1" if width == 1 else f"<{width} x i1>"
        is_less = self._add(f"fcmp olt {kind} {size}, {other}")
        return self._add(f"select {bits} {is_less}, {kind} {other}, {kind} {size}")
