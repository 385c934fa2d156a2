"""Print the sparse LU of one model as straight-line LLVM IR.

Enters: the elimination program of :mod:`.symbolic`. Leaves: the text of two parts, ``factor`` and
``solve``, that do what :mod:`.sparse` does by walking the program, without looking anything up.
Called by :mod:`sigmapath.solvers.own_code`. The full rows at the end are left to :mod:`.sparse`.

The code of a few hundred entries each stands in a function of its own: compilers take more than
linear time on one long block. Within a function values stay in registers, between functions they
are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sigmapath.record import record
from sigmapath.solvers import layout as at
from sigmapath.solvers.ir import (
    PART_ARGUMENTS,
    element,
    fetch,
    function,
    part,
    pointer,
    row,
    several,
)
from sigmapath.solvers.linalg.symbolic import DENSE, HEADER

__all__ = ["Lists", "Writer", "is_unrollable", "lists_of", "lu_text"]

# Multiply-subtracts beyond which looking things up costs less than fetching the code.
_MOST_UPDATES = 40_000
# Multiply-subtracts per function.
_CHUNK = 300


def is_unrollable(program: NDArray[np.int64]) -> bool:
    """Whether a model gains from an LU of its own; otherwise the program is better walked."""
    n_update, n = program[HEADER.index("n_update")], program[HEADER.index("n")]
    return bool(program[0] != DENSE and n > 0 and n_update <= _MOST_UPDATES)


def lu_text(program: NDArray[np.int64], prefix: str, *, opaque: bool, fused: bool) -> str:
    """Functions ``factor`` and ``solve`` of a model.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`.symbolic`.
    prefix : str
        Put before their names.
    opaque : bool
        Whether pointers have no element type.
    fused : bool
        Whether the CPU multiplies and adds in one operation: half the wait in a chain of them.
    """
    lists = lists_of(program)
    # In long code the waiting overlaps anyway, and the quick compiler is slow with intrinsics.
    fused = fused and len(lists.update) <= _CHUNK
    factors = list(_factor_chunks(lists, opaque, fused))
    solves = list(_solve_chunks(lists, opaque, fused))
    real = pointer("double", opaque)
    texts = ["declare double @llvm.fma.f64(double, double, double)"] if fused else []
    for k, lines in enumerate(factors):
        arguments = f"{real} noalias %jac, {real} noalias %lu, double %shift, double %sum"
        texts.append(function(f"internal double @factor_{k}({arguments})", lines))
    for k, (lines, _) in enumerate(solves):
        arguments = ", ".join(f"{real} noalias %{name}" for name in ("lu", "b", "z", "x"))
        texts.append(function(f"internal void @solve_{k}({arguments})", lines))
    body = _factor_body(lists, len(factors), opaque)
    texts.append(function(f"double @{prefix}factor{PART_ARGUMENTS}", body))
    body = _solve_body(lists, [is_forward for _, is_forward in solves], opaque)
    texts.append(function(f"double @{prefix}solve{PART_ARGUMENTS}", body))
    return "\n".join(texts)


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


def _factor_chunks(lists: Lists, opaque: bool, fused: bool) -> Iterator[list[str]]:
    """Rows of the elimination, in functions of bounded size; see ``sparse.factor``.

    ``sum`` collects 0 * pivot + 0 / pivot: NaN as soon as one pivot is zero or not finite.
    """
    write, total = Writer(opaque, fused), "%sum"
    u = 0
    for i in range(lists.n):
        begin, end = lists.row[i], lists.row[i + 1]
        values: dict[int, str | None] = {}
        for position in range(begin, end):
            entry = lists.entry.get(position)
            is_diagonal = position == lists.diagonal[i]
            value = None if entry is None else write.load("jac", entry)
            if is_diagonal:
                value = "%shift" if value is None else write.add(f"fsub double %shift, {value}")
            elif value is not None:
                value = write.add(f"fneg double {value}")
            values[position] = value
        for position in range(begin, lists.diagonal[i]):
            k = lists.column[position]
            if k >= lists.tail:
                break
            value = values[position]
            # A place of the pattern that nothing has reached: the full tail has such.
            if value is None:
                u += lists.row[k + 1] - lists.diagonal[k] - 1
                continue
            pivot = write.load("lu", lists.diagonal[k])
            factor = write.add(f"fmul double {value}, {pivot}")
            values[position] = factor
            for source in range(lists.diagonal[k] + 1, lists.row[k + 1]):
                target = lists.update[u]
                u += 1
                right = write.load("lu", source)
                values[target] = write.minus_product(values[target], right, factor)
        if i < lists.tail:
            pivot = str(values[lists.diagonal[i]])
            inverse = write.add(f"fdiv double 1.0, {pivot}")
            zero = write.add(f"fmul double {pivot}, 0.0")
            zero = write.add(f"fadd double {zero}, {write.add(f'fmul double {inverse}, 0.0')}")
            total = write.add(f"fadd double {total}, {zero}")
            values[lists.diagonal[i]] = inverse
        for position, value in values.items():
            write.store("lu", position, "0.0" if value is None else value)
        if write.size >= _CHUNK or i == lists.n - 1:
            yield [*write.lines, f"  ret double {total}"]
            write, total = Writer(opaque, fused), "%sum"


def _solve_chunks(lists: Lists, opaque: bool, fused: bool) -> Iterator[tuple[list[str], bool]]:
    """Rows of both triangular solves; whether they belong to the first. See ``sparse.solve``."""
    write = Writer(opaque, fused)
    for i in range(lists.n):
        value = write.load("b", lists.perm[i])
        for position in range(lists.row[i], lists.diagonal[i]):
            column = lists.column[position]
            if column >= lists.tail:
                break
            entry, other = write.load("lu", position), write.load("z", column)
            value = write.minus_product(value, other, entry)
        write.store("z", i, value)
        # Both ways in one function, where all of it is small: values stay in registers.
        is_last = i == lists.n - 1 and (lists.tail < lists.n or write.size > 0.5 * _CHUNK)
        if write.size >= _CHUNK or is_last:
            yield [*write.lines, "  ret void"], True
            write = Writer(opaque, fused)
    for i in range(lists.n - 1, -1, -1):
        value = write.load("z", i)
        if i < lists.tail:
            # The newest value last: what is known already is taken off while it is worked out.
            for position in range(lists.row[i + 1] - 1, lists.diagonal[i], -1):
                entry, other = write.load("lu", position), write.load("z", lists.column[position])
                value = write.minus_product(value, other, entry)
            value = write.add(f"fmul double {value}, {write.load('lu', lists.diagonal[i])}")
            write.store("z", i, value)
        write.store("x", lists.perm[i], value)
        if write.size >= _CHUNK or i == 0:
            yield [*write.lines, "  ret void"], False
            write = Writer(opaque, fused)


def _factor_body(lists: Lists, n_chunk: int, opaque: bool) -> list[str]:
    real = pointer("double", opaque)
    lines = fetch("flag", "flag", opaque, "i64") + fetch("part", "part", opaque, "i64")
    lines += [
        *element("flag", at.MASKED, "masked", opaque),
        "  %is.masked = icmp ne i64 %masked, 0",
        "  br i1 %is.masked, label %held, label %free",
        "held:",
        *part(at.PART_TABLE_FACTOR, "double %a, double 0.0", opaque, "walked"),
        "  ret double %walked",
        "free:",
        *fetch("jac", "jac", opaque),
        *fetch("lu", "lu", opaque),
    ]
    total = "0.0"
    for k in range(n_chunk):
        given = f"{real} %jac, {real} %lu, double %a, double {total}"
        lines.append(f"  %sum{k} = call double @factor_{k}({given})")
        total = f"%sum{k}"
    lines += [f"  %ok = fcmp oeq double {total}, 0.0", "  %result = uitofp i1 %ok to double"]
    if lists.tail == lists.n:
        return [*lines, "  ret double %result"]
    return [
        *lines,
        *part(at.PART_TAIL, "double 0.0, double 0.0", opaque, "tail"),
        "  %both = fmul double %tail, %result",
        "  ret double %both",
    ]


def _solve_body(lists: Lists, directions: list[bool], opaque: bool) -> list[str]:
    real, n = pointer("double", opaque), lists.n
    lines = fetch("lu", "lu", opaque) + fetch("vec", "vec", opaque)
    lines += fetch("part", "part", opaque, "i64")
    lines += [
        row("right", at.RIGHT, n, opaque),
        row("z", at.SCRATCH, n, opaque),
        row("first", at.K, n, opaque),
        "  %stage = fptosi double %a to i64",
        f"  %offset = mul i64 %stage, {n}",
        f"  %x = getelementptr inbounds double, {real} %first, i64 %offset",
    ]
    given = ", ".join(f"{real} %{name}" for name in ("lu", "right", "z", "x"))
    is_tail_done = lists.tail == n
    for k, is_forward in enumerate(directions):
        if not is_forward and not is_tail_done:
            lines += part(at.PART_TAIL, "double 1.0, double 0.0", opaque, "tail")
            is_tail_done = True
        lines.append(f"  call void @solve_{k}({given})")
    return [*lines, "  ret double 0.0"]
