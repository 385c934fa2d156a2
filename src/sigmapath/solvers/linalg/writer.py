"""What printing an LU rests on: the elimination program as lists, and lines of LLVM IR.

Enters: an elimination program of :mod:`.symbolic`; names of values. Leaves: lists; lines of a
function. Used by whatever prints an LU, for one run or for several side by side.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sigmapath.record import record
from sigmapath.solvers.ir import pointer, several
from sigmapath.solvers.linalg.symbolic import HEADER

__all__ = ["Lists", "Writer", "lists_of", "shifted_row"]


@record
class Lists:
    """The program taken apart, as plain Python numbers."""

    n: int
    tail: int
    perm: list[int]
    row: list[int]
    diagonal: list[int]
    column: list[int]
    entry: dict[int, int]
    update: list[int]


def lists_of(program: NDArray[np.int64]) -> Lists:
    """Take a program apart."""
    head = dict(zip(HEADER, program[: len(HEADER)].tolist(), strict=True))

    def numbers(name: str, length: int) -> list[int]:
        values: list[int] = program[head[name] : head[name] + length].tolist()
        return values

    n = head["n"]
    return Lists(
        n=n,
        tail=head["tail"],
        perm=numbers("perm", n),
        row=numbers("row", n + 1),
        diagonal=numbers("diagonal", n),
        column=numbers("column", head["n_lu"]),
        entry={place: k for k, place in enumerate(numbers("jac", head["n_jac"]))},
        update=numbers("update", head["n_update"]),
    )


class Writer:
    """Lines of one function, or with a tag before its names a piece of one.

    What is loaded is kept by name, but for entries of L and U: used once or twice each, they are
    better operands in memory than in registers that must be spilled. With several lanes every
    value is as many numbers.
    """

    def __init__(self, opaque: bool, fused: bool, tag: str = "", lanes: int = 1) -> None:
        self.lines: list[str] = []
        self.tag = tag
        self.opaque = opaque
        self.fused = fused
        self.lanes = lanes
        self.real = several(lanes)
        self.known: dict[tuple[str, int], str] = {}
        self.opposites: dict[str, str] = {}
        self.size = 0
        self._count = 0

    @property
    def pointer(self) -> str:
        """Type of a pointer to a value."""
        return pointer(self.real, self.opaque)

    @property
    def fma(self) -> str:
        """Name of the operation that multiplies and adds."""
        return "@llvm.fma.f64" if self.lanes == 1 else f"@llvm.fma.v{self.lanes}f64"

    def declarations(self) -> set[str]:
        """Declarations that the lines rest on."""
        three = ", ".join([self.real] * 3)
        return {f"declare {self.real} {self.fma}({three})"} if self.fused else set()

    def add(self, text: str) -> str:
        """Append an instruction; return the name of its value."""
        self._count += 1
        name = f"%{self.tag}v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def op(self, operation: str, *values: str) -> str:
        """Append an operation on values."""
        return self.add(f"{operation} {self.real} {', '.join(values)}")

    def place(self, array: str, k: int) -> str:
        """Address of an entry of an array."""
        return self.add(f"getelementptr inbounds {self.real}, {self.pointer} %{array}, i64 {k}")

    def load(self, array: str, k: int) -> str:
        """Name of an entry of an array, read if it is not known."""
        name = self.known.get((array, k))
        if name is None:
            place = self.place(array, k)
            name = self.add(f"load {self.real}, {self.pointer} {place}, align 8")
            if array != "lu":
                self.known[array, k] = name
        return name

    def store(self, array: str, k: int, value: str) -> None:
        """Write an entry of an array."""
        place = self.place(array, k)
        self.lines.append(f"  store {self.real} {value}, {self.pointer} {place}, align 8")
        if array != "lu":
            self.known[array, k] = value

    def plus_product(self, value: str, a: str, b: str) -> str:
        """``value + a * b``."""
        if not self.fused:
            return self.op("fadd", value, self.op("fmul", a, b))
        return self._fused(a, b, value)

    def minus_product(self, value: str | None, a: str, b: str) -> str:
        """``value - a * b``; nothing stands for zero."""
        self.size += 1
        if value is None:
            return self.op("fneg", self.op("fmul", a, b))
        if not self.fused:
            return self.op("fsub", value, self.op("fmul", a, b))
        opposite = self.opposites.get(b)
        if opposite is None:
            opposite = self.opposites[b] = self.op("fneg", b)
        return self._fused(a, opposite, value)

    def _fused(self, *values: str) -> str:
        given = ", ".join(f"{self.real} {value}" for value in values)
        return self.add(f"call {self.real} {self.fma}({given})")


def shifted_row(lists: Lists, write: Writer, i: int, shift: str) -> dict[int, str | None]:
    """Row i of shift - J by place; nothing stands for zero."""
    values: dict[int, str | None] = {}
    for position in range(lists.row[i], lists.row[i + 1]):
        entry = lists.entry.get(position)
        value = None if entry is None else write.load("jac", entry)
        if position == lists.diagonal[i]:
            value = shift if value is None else write.op("fsub", shift, value)
        elif value is not None:
            value = write.op("fneg", value)
        values[position] = value
    return values
