"""Print the sparse LU of one model over lanes, as straight-line LLVM IR.

Enters: an elimination program. Leaves: the text of ``factor(jac, lu, shift, sum)`` and
``solve(lu, b, z, x)``, all of them pointers to lanes. Called by :mod:`.code`. What they do is what
:mod:`sigmapath.solvers.linalg.sparse` does by walking the program, with the pivots of the program
in every lane; ``sum`` receives a number that is not zero in lanes where one was zero or not
finite. ``x`` lies state by state among the increments of all stages.

Entries of L and U are read where they are used: as operands in memory they cost nothing extra. A
few hundred of them stand in a function of their own, since compilers take more than linear time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sigmapath.record import record
from sigmapath.solvers.ir import function, pointer, several
from sigmapath.solvers.linalg.symbolic import HEADER
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["LU_NAMES", "lane_lu_text"]

LU_NAMES = ("factor", "solve")
_FACTOR, _SOLVE = ("jac", "lu", "shift", "sum"), ("lu", "b", "z", "x")
# Multiply-subtracts per function.
_CHUNK = 300


def lane_lu_text(program: NDArray[np.int64], lanes: int, prefix: str, *, opaque: bool) -> str:
    """Functions ``factor`` and ``solve`` of a model for several lanes.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`sigmapath.solvers.linalg.symbolic`; sparse, without full rows at the end.
    lanes : int
    prefix : str
        Put before their names.
    opaque : bool
        Whether pointers have no element type.
    """
    lists = _lists(program)
    real = several(lanes)
    typed = pointer(real, opaque)
    suffix = "f64" if lanes == 1 else f"v{lanes}f64"
    texts = [f"declare {real} @llvm.fmuladd.{suffix}({real}, {real}, {real})\n"]
    parts = (
        ("factor", _FACTOR, _factor_chunks(lists, _Writer(lanes, opaque))),
        ("solve", _SOLVE, _solve_chunks(lists, _Writer(lanes, opaque))),
    )
    for name, arrays, chunks in parts:
        head = ", ".join(f"{typed} noalias %{array}" for array in arrays)
        n_chunk = 0
        for k, lines in enumerate(chunks):
            body = [*lines, "  ret void"]
            texts.append(function(f"internal void @{name}_{k}({head})", body))
            n_chunk = k + 1
        given = ", ".join(f"{typed} %{array}" for array in arrays)
        calls = [f"  call void @{name}_{k}({given})" for k in range(n_chunk)]
        texts.append(function(f"void @{prefix}{name}({given})", [*calls, "  ret void"]))
    return "\n".join(texts)


@record
class _Lists:
    """The program taken apart, as plain Python numbers."""

    n: int
    perm: list[int]
    row: list[int]
    diagonal: list[int]
    column: list[int]
    entry: dict[int, int]
    update: list[int]


def _lists(program: NDArray[np.int64]) -> _Lists:
    head = dict(zip(HEADER, program[: len(HEADER)].tolist(), strict=True))

    def numbers(name: str, length: int) -> list[int]:
        values: list[int] = program[head[name] : head[name] + length].tolist()
        return values

    n = head["n"]
    return _Lists(
        n=n,
        perm=numbers("perm", n),
        row=numbers("row", n + 1),
        diagonal=numbers("diagonal", n),
        column=numbers("column", head["n_lu"]),
        entry={place: k for k, place in enumerate(numbers("jac", head["n_jac"]))},
        update=numbers("update", head["n_update"]),
    )


class _Writer:
    """Lines of one function after the other; all but L and U is kept by name within one."""

    def __init__(self, lanes: int, opaque: bool) -> None:
        self.lanes = lanes
        self.real = several(lanes)
        self.pointer = pointer(self.real, opaque)
        self.suffix = "f64" if lanes == 1 else f"v{lanes}f64"
        self.size = 0
        self._lines: list[str] = []
        self._known: dict[tuple[str, int], str] = {}
        self._count = 0

    def number(self, value: str) -> str:
        """A constant in all lanes."""
        if self.lanes == 1:
            return value
        return "<" + ", ".join([f"double {value}"] * self.lanes) + ">"

    def op(self, operation: str, *values: str) -> str:
        return self._add(f"{operation} {self.real} {', '.join(values)}")

    def _add(self, text: str) -> str:
        self._count += 1
        name = f"%v{self._count}"
        self._lines.append(f"  {name} = {text}")
        return name

    def _place(self, array: str, k: int) -> str:
        return self._add(f"getelementptr inbounds {self.real}, {self.pointer} %{array}, i64 {k}")

    def load(self, array: str, k: int) -> str:
        name = self._known.get((array, k))
        if name is None:
            place = self._place(array, k)
            name = self._add(f"load {self.real}, {self.pointer} {place}, align 8")
            if array != "lu":
                self._known[array, k] = name
        return name

    def store(self, array: str, k: int, value: str) -> None:
        place = self._place(array, k)
        self._lines.append(f"  store {self.real} {value}, {self.pointer} {place}, align 8")
        if array != "lu":
            self._known[array, k] = value

    def plus_product(self, value: str | None, a: str, b: str) -> str:
        """``value + a * b``; nothing stands for zero."""
        self.size += 1
        if value is None:
            return self.op("fmul", a, b)
        given = ", ".join(f"{self.real} {one}" for one in (a, b, value))
        return self._add(f"call {self.real} @llvm.fmuladd.{self.suffix}({given})")

    def take(self) -> list[str]:
        """Return the lines and begin another function."""
        lines = self._lines
        self._lines, self._known, self.size = [], {}, 0
        return lines


def _factor_chunks(lists: _Lists, write: _Writer) -> Iterator[list[str]]:
    """Rows of the elimination.

    ``sum`` collects 0 * pivot + 0 / pivot: NaN as soon as one pivot is zero or not finite.
    """
    u, none = 0, write.number("0.0")
    for i in range(lists.n):
        values: dict[int, str | None] = {}
        for position in range(lists.row[i], lists.row[i + 1]):
            entry = lists.entry.get(position)
            value = None if entry is None else write.load("jac", entry)
            if position == lists.diagonal[i]:
                shift = write.load("shift", 0)
                value = shift if value is None else write.op("fsub", shift, value)
            elif value is not None:
                value = write.op("fneg", value)
            values[position] = value
        for position in range(lists.row[i], lists.diagonal[i]):
            k = lists.column[position]
            held = values[position]
            assert held is not None
            factor = write.op("fmul", held, write.load("lu", lists.diagonal[k]))
            values[position] = factor
            taken = write.op("fneg", factor)
            for source in range(lists.diagonal[k] + 1, lists.row[k + 1]):
                target = lists.update[u]
                u += 1
                values[target] = write.plus_product(values[target], taken, write.load("lu", source))
        pivot = str(values[lists.diagonal[i]])
        inverse = write.op("fdiv", write.number("1.0"), pivot)
        zero = write.plus_product(write.op("fmul", pivot, none), inverse, none)
        write.store("sum", 0, write.op("fadd", write.load("sum", 0), zero))
        values[lists.diagonal[i]] = inverse
        for position, value in values.items():
            write.store("lu", position, none if value is None else value)
        if write.size >= _CHUNK or i == lists.n - 1:
            yield write.take()


def _solve_chunks(lists: _Lists, write: _Writer) -> Iterator[list[str]]:
    """Rows of both triangular solves."""
    for i in range(lists.n):
        value = write.load("b", lists.perm[i])
        for position in range(lists.row[i], lists.diagonal[i]):
            other = write.op("fneg", write.load("z", lists.column[position]))
            value = write.plus_product(value, other, write.load("lu", position))
        write.store("z", i, value)
        if write.size >= _CHUNK:
            yield write.take()
    for i in range(lists.n - 1, -1, -1):
        value = write.load("z", i)
        # The newest value last: what is known already is taken off while it is worked out.
        for position in range(lists.row[i + 1] - 1, lists.diagonal[i], -1):
            other = write.op("fneg", write.load("z", lists.column[position]))
            value = write.plus_product(value, other, write.load("lu", position))
        value = write.op("fmul", value, write.load("lu", lists.diagonal[i]))
        write.store("z", i, value)
        write.store("x", RODAS5P.n_stage * lists.perm[i], value)
        if write.size >= _CHUNK or i == 0:
            yield write.take()
