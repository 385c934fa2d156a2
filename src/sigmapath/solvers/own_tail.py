"""Print how the full rows at the end of one model's LU are factored and solved with, as LLVM IR.

Enters: the elimination program of :mod:`.linalg.symbolic`. Leaves: the text of the part ``tail``,
which does what ``factor_tail`` and ``solve_tail`` of :mod:`.linalg.sparse` do for every model.
Called by :mod:`.own_code`.

A few dozen rows of a few dozen numbers are over before a compiled loop has got going. Here each row
of the factorisation is a few vectors. A solve takes as many rows at a time as a vector has places:
all their products with what is known are independent of each other, and only those among
themselves wait.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers import layout as at
from sigmapath.solvers.ir import (
    PART_ARGUMENTS,
    chunks,
    fetch,
    function,
    number,
    pointer,
    several,
    spread,
)
from sigmapath.solvers.lanes.text import Body
from sigmapath.solvers.linalg.symbolic import HEADER
from sigmapath.solvers.linalg.writer import lists_of

__all__ = ["full_rows_text", "suits_full_rows"]

# Beyond this many rows there is too much code; loops are as good then.
_MOST_ROWS = 64


def suits_full_rows(program: NDArray[np.int64]) -> bool:
    """Whether a model has full rows at its end, and few enough."""
    count = program[HEADER.index("n")] - program[HEADER.index("tail")]
    return bool(0 < count <= _MOST_ROWS)


def full_rows_text(program: NDArray[np.int64], prefix: str, *, opaque: bool, fused: bool) -> str:
    """Function ``tail`` of a model: factors where ``%a`` is zero, otherwise solves.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`.linalg.symbolic`.
    prefix : str
        Put before its name.
    opaque : bool
        Whether pointers have no element type.
    fused : bool
        Whether the CPU multiplies and adds in one operation.
    """
    factor, solve = (_FullRows(program, opaque, fused) for _ in range(2))
    kind = f"[{factor.count} x i64]"
    texts = [
        f"@starts = internal constant {kind} [{', '.join(f'i64 {k}' for k in factor.starts)}]",
        function("internal double @factor_rows(i64 %table)", factor.factor_lines(kind)),
        function("internal double @solve_rows(i64 %table)", solve.solve_lines()),
    ]
    body = [
        "  %is.factor = fcmp oeq double %a, 0.0",
        "  br i1 %is.factor, label %factor, label %solve",
        "factor:",
        "  %done = call double @factor_rows(i64 %table)",
        "  ret double %done",
        "solve:",
        "  %solved = call double @solve_rows(i64 %table)",
        "  ret double %solved",
    ]
    texts.append(function(f"double @{prefix}tail{PART_ARGUMENTS}", body))
    return "\n".join([*sorted(factor.declarations | solve.declarations), *texts])


class _FullRows:
    """Lines of a function; rows and columns are counted from the first full one."""

    def __init__(self, program: NDArray[np.int64], opaque: bool, fused: bool) -> None:
        lists = lists_of(program)
        self.count, self.opaque, self.fused = lists.n - lists.tail, opaque, fused
        self.starts = [8 * (lists.row[i + 1] - self.count) for i in range(lists.tail, lists.n)]
        self.z = 8 * (at.SCRATCH * lists.n + lists.tail)
        self.declarations: set[str] = set()
        self.body = Body(1, opaque)
        self.chunks = list(chunks(self.count))

    def factor_lines(self, kind: str) -> list[str]:
        """Factor in place; the result is 0 where a pivot is zero or not finite, otherwise 1."""
        body, zero = self.body, number(0.0)
        table = f"ptrtoint ({pointer(kind, self.opaque)} @starts to i64)"
        total = zero
        for k in range(self.count):
            pivot = self._entry(k, k)
            inverse = body.op("fdiv", number(1.0), pivot)
            self._store(inverse, "%lu.word", self.starts[k] + 8 * k)
            for value in (pivot, inverse):
                total = body.op("fadd", total, body.op("fmul", value, zero))
            sources = self._behind(k)
            i, _ = body.begin_while(k + 1, self.count)
            start = body.scalar(table, body.add(f"mul i64 {i}, 8"), "i64")
            mine = body.add(f"add i64 %lu.word, {start}")
            factor = body.op("fmul", self._load(mine, 8 * k), inverse)
            for begin, width, source in sources:
                target = self._load(mine, 8 * begin, width)
                value = self._less(target, self._spread(factor, width), source, width)
                self._store(value, mine, 8 * begin, width)
            # Last: the vector that begins before the pivot holds what was there.
            self._store(factor, mine, 8 * k)
            body.end_while()
        is_sound = body.compare("oeq", total, zero)
        done = body.add(f"uitofp i1 {is_sound} to double")
        return ["entry:", *fetch("lu", "lu", self.opaque), *body.lines, f"  ret double {done}"]

    def _behind(self, k: int) -> list[tuple[int, int, str]]:
        """Vectors of row k, with zeros up to the pivot."""
        found = []
        for begin, width in self.chunks:
            if begin + width <= k + 1:
                continue
            value = self._entry(k, begin, width)
            if begin <= k:
                kind = several(width)
                mask = ", ".join(f"i1 {'true' if begin + r > k else 'false'}" for r in range(width))
                none = number(0.0, width)
                value = self.body.add(
                    f"select <{width} x i1> <{mask}>, {kind} {value}, {kind} {none}"
                )
            found.append((begin, width, value))
        return found

    def solve_lines(self) -> list[str]:
        """Solve in place in row SCRATCH."""
        z = [self._load("%vec.word", self.z + 8 * i) for i in range(self.count)]
        self._substitute(z, is_forward=True)
        self._substitute(z, is_forward=False)
        for i, value in enumerate(z):
            self._store(value, "%vec.word", self.z + 8 * i)
        head = [*fetch("lu", "lu", self.opaque), *fetch("vec", "vec", self.opaque)]
        return ["entry:", *head, *self.body.lines, "  ret double 1.0"]

    def _substitute(self, z: list[str], *, is_forward: bool) -> None:
        """One triangular solve, of as many rows at a time as a vector has places."""
        known: list[tuple[int, int, str]] = []
        for begin, width in self.chunks if is_forward else reversed(self.chunks):
            rows = list(range(begin, begin + width))
            if not is_forward:
                rows.reverse()
            values = [self._less_known(z[i], i, known) for i in rows]
            for place, i in enumerate(rows):
                value = values[place]
                # The newest last: what is known already is taken off while it is worked out.
                for j in rows[:place]:
                    value = self._less(value, z[j], self._entry(i, j), 1)
                z[i] = value if is_forward else self.body.op("fmul", value, self._entry(i, i))
            known.append((begin, width, self._gathered(z[begin : begin + width])))

    def _less_known(self, value: str, i: int, known: list[tuple[int, int, str]]) -> str:
        """A value less row i times the vectors that are known."""
        sums: dict[int, str] = {}
        for begin, width, vector in known:
            total = sums.get(width) or number(0.0, width)
            sums[width] = self._less(total, vector, self._entry(i, begin, width), width)
        for width, total in sums.items():
            value = self.body.op("fadd", value, self._summed(total, width))
        return value

    def _summed(self, value: str, width: int) -> str:
        """Sum of the places of a vector."""
        if width == 1:
            return value
        name, kind = f"@llvm.vector.reduce.fadd.v{width}f64", several(width)
        self.declarations.add(f"declare double {name}(double, {kind})")
        zero = number(-0.0)
        return self.body.add(f"call reassoc double {name}(double {zero}, {kind} {value})")

    def _gathered(self, values: list[str]) -> str:
        """One vector of several values."""
        width = len(values)
        if width == 1:
            return values[0]
        kind, vector = several(width), "undef"
        for r, value in enumerate(values):
            vector = self.body.add(f"insertelement {kind} {vector}, double {value}, i32 {r}")
        return vector

    def _place(self, base: str, offset: int, width: int) -> str:
        address = self.body.add(f"add i64 {base}, {offset}")
        return self.body.add(f"inttoptr i64 {address} to {pointer(several(width), self.opaque)}")

    def _load(self, base: str, offset: int, width: int = 1) -> str:
        place, kind = self._place(base, offset, width), several(width)
        return self.body.add(f"load {kind}, {pointer(kind, self.opaque)} {place}, align 8")

    def _store(self, value: str, base: str, offset: int, width: int = 1) -> None:
        place, kind = self._place(base, offset, width), several(width)
        typed = pointer(kind, self.opaque)
        self.body.lines.append(f"  store {kind} {value}, {typed} {place}, align 8")

    def _entry(self, i: int, j: int, width: int = 1) -> str:
        """Entries of row i from column j on."""
        return self._load("%lu.word", self.starts[i] + 8 * j, width)

    def _less(self, value: str, a: str, b: str, width: int) -> str:
        """``value - a b``."""
        kind, add = several(width), self.body.add
        if not self.fused:
            return add(f"fsub {kind} {value}, {add(f'fmul {kind} {a}, {b}')}")
        name = f"@llvm.fma.{'' if width == 1 else f'v{width}'}f64"
        self.declarations.add(f"declare {kind} {name}({kind}, {kind}, {kind})")
        opposite = add(f"fneg {kind} {a}")
        return add(f"call {kind} {name}({kind} {opposite}, {kind} {b}, {kind} {value})")

    def _spread(self, value: str, width: int) -> str:
        return spread(self.body.add, value, width)
