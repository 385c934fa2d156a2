"""Print the dense output of one model, and the reading of it, as LLVM IR.

Enters: the number of states and which of them are observed. Leaves: the text of the parts
``dense``, ``grid`` and ``inside``, which do what :mod:`.interpolate` and the drive loop do for
every model. Called by :mod:`.own_code`.

A small model has more output points than steps; each is then a few operations on vectors instead of
a walk through loops over states, stages and observables.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from sigmapath.solvers import layout as at
from sigmapath.solvers.ir import (
    PART_ARGUMENTS,
    chunks,
    element,
    fetch,
    function,
    number,
    pointer,
    several,
    spread,
)
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["dense_text", "grid_text", "inside_text"]

_N_STAGE = 8
_ROWS = (at.DENSE_1, at.DENSE_2, at.DENSE_3)


class _Writer:
    """Lines of a function that reads and writes rows of ``%vec``."""

    def __init__(self, n: int, opaque: bool) -> None:
        self.n, self.opaque = n, opaque
        self.lines: list[str] = []
        self._count = 0

    def add(self, text: str) -> str:
        self._count += 1
        self.lines.append(f"  %v{self._count} = {text}")
        return f"%v{self._count}"

    def place(self, array: str, i: int | str, width: int) -> str:
        real = pointer("double", self.opaque)
        place = self.add(f"getelementptr inbounds double, {real} %{array}, i64 {i}")
        if width == 1 or self.opaque:
            return place
        return self.add(f"bitcast {real} {place} to {pointer(several(width), False)}")

    def load(self, row: int, i: int, width: int) -> str:
        typed = pointer(several(width), self.opaque)
        place = self.place("vec", row * self.n + i, width)
        return self.add(f"load {several(width)}, {typed} {place}, align 8")

    def store(self, array: str, place: int, width: int, value: str) -> None:
        typed = pointer(several(width), self.opaque)
        at_place = self.place(array, place, width)
        self.lines.append(f"  store {several(width)} {value}, {typed} {at_place}, align 8")

    def apply(self, operation: str, width: int, a: str, b: str) -> str:
        return self.add(f"{operation} {several(width)} {a}, {b}")


def dense_text(n: int, prefix: str, *, opaque: bool) -> str:
    """Function ``dense``: the rows of dense output of a step of Rodas5P."""
    write = _Writer(n, opaque)
    write.lines += fetch("vec", "vec", opaque)
    for i, width in chunks(n):
        change = write.apply(
            "fsub", width, write.load(at.Y_NEW, i, width), write.load(at.Y, i, width)
        )
        write.store("vec", at.DELTA * n + i, width, change)
        stages = [write.load(at.K + stage, i, width) for stage in range(_N_STAGE)]
        for row, factors in zip(_ROWS, RODAS5P.dense, strict=True):
            total = None
            for u, factor in zip(stages, factors, strict=True):
                term = write.apply("fmul", width, number(float(factor), width), u)
                total = term if total is None else write.apply("fadd", width, total, term)
            write.store("vec", row * n + i, width, str(total))
    lines = [*write.lines, "  ret double 0.0"]
    return function(f"double @{prefix}dense{PART_ARGUMENTS}", lines)


def grid_text(
    n: int, observed: Sequence[int], clamped: Sequence[bool], prefix: str, *, opaque: bool
) -> str:
    """Function ``grid``: write the output times before ``%a`` that lie in the last step.

    Parameters
    ----------
    n : int
        Number of states.
    observed : sequence of int
        The state that each observable is.
    clamped : sequence of bool, shape (n,)
        Which states are promised not to be negative.
    """
    integer, real = pointer("i64", opaque), pointer("double", opaque)
    lines = [
        *fetch("flag", "flag", opaque, "i64"),
        *fetch("vec", "vec", opaque),
        *fetch("clock", "clock", opaque),
        *element("flag", at.NEXT_TIME, "first", opaque),
        *element("flag", at.N_TIMES, "n.times", opaque),
        *element("flag", at.TIMES_AT, "times.word", opaque),
        *element("flag", at.ROWS_AT, "rows.word", opaque),
        *element("clock", at.T_LEFT, "left", opaque, "double"),
        *element("clock", at.T_RIGHT, "right", opaque, "double"),
        f"  %times = inttoptr i64 %times.word to {real}",
        f"  %rows = inttoptr i64 %rows.word to {real}",
        "  %span = fsub double %right, %left",
        "  br label %head",
        "head:",
        "  %k = phi i64 [ %first, %0 ], [ %next, %point ]",
        "  %is.there = icmp slt i64 %k, %n.times",
        "  br i1 %is.there, label %look, label %done",
        "look:",
        f"  %time.at = getelementptr inbounds double, {real} %times, i64 %k",
        f"  %time = load double, {real} %time.at, align 8",
        "  %is.inside = fcmp olt double %time, %a",
        "  br i1 %is.inside, label %point, label %done",
        "point:",
        "  %since = fsub double %time, %left",
        "  %theta = fdiv double %since, %span",
        "  %rest = fsub double 1.0, %theta",
        f"  %begin = mul i64 %k, {len(observed)}",
        f"  %row = getelementptr inbounds double, {real} %rows, i64 %begin",
    ]
    write = _Writer(n, opaque)
    _write_states(write, _runs(observed, clamped), clamped, "row", 0)
    lines += [
        *write.lines,
        "  %next = add i64 %k, 1",
        "  br label %head",
        "done:",
        f"  store i64 %k, {integer} %first.at, align 8",
        "  ret double 0.0",
    ]
    return function(f"double @{prefix}grid{PART_ARGUMENTS}", lines)


def inside_text(n: int, clamped: Sequence[bool], prefix: str, *, opaque: bool) -> str:
    """Function ``inside``: all states at time ``%a`` within the last step, into row Y_AT.

    Parameters
    ----------
    n : int
        Number of states.
    clamped : sequence of bool, shape (n,)
        Which states are promised not to be negative.
    """
    lines = [
        *fetch("vec", "vec", opaque),
        *fetch("clock", "clock", opaque),
        *element("clock", at.T_LEFT, "left", opaque, "double"),
        *element("clock", at.T_RIGHT, "right", opaque, "double"),
        "  %span = fsub double %right, %left",
        "  %since = fsub double %a, %left",
        "  %theta = fdiv double %since, %span",
        "  %rest = fsub double 1.0, %theta",
    ]
    write = _Writer(n, opaque)
    _write_states(write, _runs(range(n), clamped), clamped, "vec", at.Y_AT * n)
    return function(
        f"double @{prefix}inside{PART_ARGUMENTS}", [*lines, *write.lines, "  ret double 0.0"]
    )


def _write_states(
    write: _Writer,
    runs: list[tuple[int, int, int]],
    clamped: Sequence[bool],
    array: str,
    first: int,
) -> None:
    """States at theta, those promised not to be negative cut at zero."""
    for output, state, width in runs:
        value = _quartic(write, state, width)
        if clamped[state]:
            zero = number(0.0, width)
            bits = "i1" if width == 1 else f"<{width} x i1>"
            below = write.add(f"fcmp olt {several(width)} {value}, {zero}")
            value = write.add(
                f"select {bits} {below}, {several(width)} {zero}, {several(width)} {value}"
            )
        write.store(array, first + output, width, value)


def _quartic(write: _Writer, i: int, width: int) -> str:
    """States from i on at theta, see :func:`.interpolate.interpolate`."""
    theta, rest = (spread(write.add, name, width) for name in ("%theta", "%rest"))
    inner = write.apply("fmul", width, theta, write.load(at.DENSE_3, i, width))
    inner = write.apply("fadd", width, write.load(at.DENSE_2, i, width), inner)
    inner = write.apply("fmul", width, theta, inner)
    inner = write.apply("fadd", width, write.load(at.DENSE_1, i, width), inner)
    inner = write.apply("fmul", width, rest, inner)
    inner = write.apply("fadd", width, write.load(at.DELTA, i, width), inner)
    inner = write.apply("fmul", width, theta, inner)
    return write.apply("fadd", width, write.load(at.Y, i, width), inner)


def _runs(observed: Sequence[int], clamped: Sequence[bool]) -> list[tuple[int, int, int]]:
    """Output, state and width of vectors of neighbouring states, all clamped or none."""
    found = []
    marks = ((state - output, clamped[state]) for output, state in enumerate(observed))
    for _, group in groupby(enumerate(marks), key=lambda item: item[1]):
        outputs = [output for output, _ in group]
        for begin, width in chunks(len(outputs)):
            first = outputs[begin]
            found.append((first, observed[first], width))
    return found
