"""Pieces of LLVM IR that reach into a worker: its arrays, rows and parts.

Enters: names of fields of :class:`.layout.Work`. Leaves: lines of IR in functions whose first
argument is ``i64 %table``. Used by whatever prints code of a model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.tables import WORDS

__all__ = [
    "PART_ARGUMENTS",
    "call_address",
    "chunks",
    "element",
    "fetch",
    "function",
    "module_of",
    "number",
    "part",
    "pointer",
    "row",
    "several",
    "spread",
]

# Of every part.
PART_ARGUMENTS = "(i64 %table, double %a, double %b)"
_WIDEST = 8
_FIELD = {name: k for k, name in enumerate(at.Work._fields)}


def pointer(kind: str, opaque: bool) -> str:
    """Type of a pointer: LLVM 16 on knows only one."""
    return "ptr" if opaque else f"{kind}*"


def several(width: int) -> str:
    """Type of one value, or of several side by side."""
    return "double" if width == 1 else f"<{width} x double>"


def number(value: float, width: int = 1) -> str:
    """A constant, the same in every place of a vector."""
    bits = f"0x{np.float64(value).view(np.uint64):016X}"
    return bits if width == 1 else "<" + ", ".join([f"double {bits}"] * width) + ">"


def spread(add: Callable[[str], str], value: str, width: int) -> str:
    """A number of the function in every place of a vector; ``add`` appends an instruction."""
    if width == 1:
        return value
    one = add(f"insertelement {several(width)} undef, double {value}, i32 0")
    mask = f"<{width} x i32> zeroinitializer"
    return add(f"shufflevector {several(width)} {one}, {several(width)} undef, {mask}")


def chunks(n: int) -> Iterator[tuple[int, int]]:
    """Begin and width of the vectors that make up a row of n numbers."""
    begin, width = 0, _WIDEST
    while begin < n:
        while width > n - begin:
            width //= 2
        yield begin, width
        begin += width


def function(head: str, lines: list[str]) -> str:
    """Text of a function; internal ones are kept apart, to bound the work of the compiler."""
    inner = " noinline" if head.startswith("internal") else ""
    return "\n".join([f"define {head}{inner} nounwind {{", *lines, "}", ""])


def fetch(field: str, name: str, opaque: bool, kind: str = "double") -> list[str]:
    """Read the address of an array from the table, as ``%name``."""
    return [
        f"  %{name}.at = add i64 %table, {8 * WORDS * _FIELD[field]}",
        f"  %{name}.place = inttoptr i64 %{name}.at to {pointer('i64', opaque)}",
        f"  %{name}.word = load i64, {pointer('i64', opaque)} %{name}.place, align 8",
        f"  %{name} = inttoptr i64 %{name}.word to {pointer(kind, opaque)}",
    ]


def element(array: str, k: int, name: str, opaque: bool, kind: str = "i64") -> list[str]:
    """Read ``array[k]`` as ``%name``; its place is ``%name.at``."""
    typed = pointer(kind, opaque)
    return [
        f"  %{name}.at = getelementptr inbounds {kind}, {typed} %{array}, i64 {k}",
        f"  %{name} = load {kind}, {typed} %{name}.at, align 8",
    ]


def row(name: str, k: int, n: int, opaque: bool) -> str:
    """Let ``%name`` point to row k of ``%vec``."""
    typed = pointer("double", opaque)
    return f"  %{name} = getelementptr inbounds double, {typed} %vec, i64 {k * n}"


def call_address(
    word: str, result: str, types: str, given: str, name: str, opaque: bool
) -> list[str]:
    """Call the function at an address, ``types`` being those of its arguments."""
    typed = "ptr" if opaque else f"{result} ({types})*"
    target = f"%{name} = " if result != "void" else ""
    return [
        f"  %{name}.fn = inttoptr i64 %{word} to {typed}",
        f"  {target}call {result} %{name}.fn({given})",
    ]


def part(slot: int, arguments: str, opaque: bool, name: str) -> list[str]:
    """Call the part in a slot of ``%part``, an array of i64."""
    return [
        *element("part", slot, f"{name}.word", opaque),
        *call_address(
            f"{name}.word",
            "double",
            "i64, double, double",
            f"i64 %table, {arguments}",
            name,
            opaque,
        ),
    ]


def module_of(texts: Iterable[str]) -> str:
    """One module of several texts, each declaration once."""
    lines = [line for text in texts for line in text.splitlines()]
    declarations = dict.fromkeys(line for line in lines if line.startswith("declare "))
    return "\n".join([*declarations, *(line for line in lines if line not in declarations)])
