"""Print the sparse LU of one model as straight-line LLVM IR, and load it.

Enters: the elimination program of :mod:`.symbolic`. Leaves: addresses of two parts, ``factor`` and
``solve``, that do what :mod:`.sparse` does by walking the program, without looking anything up.
Called when a worker is made. The full rows at the end are left to :mod:`.sparse`, by address.

The code of a few hundred entries each stands in a function of its own: compilers take more than
linear time on one long block. Within a function values stay in registers, between functions they
are in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import CodegenError
from sigmapath.machine.digest import key, source_digest
from sigmapath.machine.llvm import Loaded, compile_object, host_target, load_object
from sigmapath.machine.store import Entry, read_entry, write_entry
from sigmapath.solvers import layout as at
from sigmapath.solvers.linalg.symbolic import DENSE, HEADER
from sigmapath.solvers.tables import WORDS

__all__ = ["unrolled_parts"]

# Multiply-subtracts beyond which looking things up costs less than fetching the code.
_MOST_UPDATES = 40_000
# Multiply-subtracts per function.
_CHUNK = 300
_FIELD = {name: k for k, name in enumerate(at.Work._fields)}
_lock = Lock()
_loaded: dict[str, Loaded] = {}


def unrolled_parts(program: NDArray[np.int64]) -> tuple[int, int] | None:
    """Addresses of ``factor`` and ``solve`` of a model; None where the program is better walked.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`.symbolic`.
    """
    n_update, n = program[HEADER.index("n_update")], program[HEADER.index("n")]
    if program[0] == DENSE or n == 0 or n_update > _MOST_UPDATES:
        return None
    identity = key("lu", _digest(), host_target(), program.tobytes().hex())
    prefix = f"lu{identity[:16]}_"
    with _lock:
        loaded = _loaded.get(identity) or _load(identity, prefix, program)
        _loaded[identity] = loaded
    return loaded.addresses[prefix + "factor"], loaded.addresses[prefix + "solve"]


@cache
def _digest() -> str:
    here = Path(__file__).parent
    layout = here.parent / "layout.py"
    machine = here.parents[1] / "machine"
    return key(source_digest(here, machine), layout.read_text(encoding="utf-8"))


def _load(identity: str, prefix: str, program: NDArray[np.int64]) -> Loaded:
    names = [prefix + "factor", prefix + "solve"]
    entry = read_entry(identity)
    if entry is not None:
        try:
            return load_object(entry.code, names)
        except CodegenError:
            # Intact, yet of no use here: built anew like a damaged one.
            pass
    text = _text(program, prefix, opaque=host_target().opaque_pointers)
    entry = Entry(facts={}, code=compile_object(text, "quick"))
    write_entry(identity, entry)
    return load_object(entry.code, names)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lists:
    """The program taken apart, as plain Python numbers."""

    n: int
    tail: int
    perm: list[int]
    row: list[int]
    diagonal: list[int]
    column: list[int]
    entry: dict[int, int]
    update: list[int]


def _lists(program: NDArray[np.int64]) -> _Lists:
    head = dict(zip(HEADER, program[: len(HEADER)].tolist(), strict=True))

    def part(name: str, length: int) -> list[int]:
        values: list[int] = program[head[name] : head[name] + length].tolist()
        return values

    n = head["n"]
    return _Lists(
        n=n,
        tail=head["tail"],
        perm=part("perm", n),
        row=part("row", n + 1),
        diagonal=part("diagonal", n),
        column=part("column", head["n_lu"]),
        entry={place: k for k, place in enumerate(part("jac", head["n_jac"]))},
        update=part("update", head["n_update"]),
    )


class _Writer:
    """Lines of one function.

    What is loaded is kept by name, but for entries of L and U: used once or twice each, they are
    better operands in memory than in registers that must be spilled.
    """

    def __init__(self, *, opaque: bool) -> None:
        self.lines: list[str] = []
        self.opaque = opaque
        self.known: dict[tuple[str, int], str] = {}
        self.size = 0
        self._count = 0

    @property
    def pointer(self) -> str:
        return "ptr" if self.opaque else "double*"

    def add(self, text: str) -> str:
        """Append an instruction; return the name of its value."""
        self._count += 1
        name = f"%v{self._count}"
        self.lines.append(f"  {name} = {text}")
        return name

    def _place(self, array: str, k: int) -> str:
        return self.add(f"getelementptr inbounds double, {self.pointer} %{array}, i64 {k}")

    def load(self, array: str, k: int) -> str:
        name = self.known.get((array, k))
        if name is None:
            name = self.add(f"load double, {self.pointer} {self._place(array, k)}, align 8")
            if array != "lu":
                self.known[array, k] = name
        return name

    def store(self, array: str, k: int, value: str) -> None:
        place = self._place(array, k)
        self.lines.append(f"  store double {value}, {self.pointer} {place}, align 8")
        if array != "lu":
            self.known[array, k] = value

    def minus_product(self, value: str | None, a: str, b: str) -> str:
        """``value - a * b``; nothing stands for zero."""
        self.size += 1
        if value is None:
            return self.add(f"fneg double {self.add(f'fmul double {a}, {b}')}")
        return self.add(f"fsub double {value}, {self.add(f'fmul double {a}, {b}')}")


def _text(program: NDArray[np.int64], prefix: str, *, opaque: bool) -> str:
    """LLVM module of both parts."""
    lists = _lists(program)
    factors = list(_factor_chunks(lists, opaque))
    solves = list(_solve_chunks(lists, opaque))
    pointer = "ptr" if opaque else "double*"
    texts: list[str] = []
    for k, lines in enumerate(factors):
        arguments = f"{pointer} noalias %jac, {pointer} noalias %lu, double %shift, double %sum"
        texts.append(_function(f"internal double @factor_{k}({arguments})", lines))
    for k, (lines, _) in enumerate(solves):
        arguments = ", ".join(f"{pointer} noalias %{name}" for name in ("lu", "b", "z", "x"))
        texts.append(_function(f"internal void @solve_{k}({arguments})", lines))
    arguments = "(i64 %table, double %a, double %unused)"
    body = _factor_body(lists, len(factors), opaque)
    texts.append(_function(f"double @{prefix}factor{arguments}", body))
    body = _solve_body(lists, [is_forward for _, is_forward in solves], opaque)
    texts.append(_function(f"double @{prefix}solve{arguments}", body))
    return "\n".join(texts)


def _function(head: str, lines: list[str]) -> str:
    inner = " noinline" if head.startswith("internal") else ""
    return "\n".join([f"define {head}{inner} nounwind {{", *lines, "}", ""])


def _factor_chunks(lists: _Lists, opaque: bool) -> Iterator[list[str]]:
    """Rows of the elimination, in functions of bounded size; see ``sparse.factor``.

    ``sum`` collects 0 * pivot + 0 / pivot: NaN as soon as one pivot is zero or not finite.
    """
    write, total = _Writer(opaque=opaque), "%sum"
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
                values[target] = write.minus_product(values[target], factor, right)
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
            write, total = _Writer(opaque=opaque), "%sum"


def _solve_chunks(lists: _Lists, opaque: bool) -> Iterator[tuple[list[str], bool]]:
    """Rows of both triangular solves; whether they belong to the first. See ``sparse.solve``."""
    write = _Writer(opaque=opaque)
    for i in range(lists.n):
        value = write.load("b", lists.perm[i])
        for position in range(lists.row[i], lists.diagonal[i]):
            column = lists.column[position]
            if column >= lists.tail:
                break
            entry, other = write.load("lu", position), write.load("z", column)
            value = write.minus_product(value, entry, other)
        write.store("z", i, value)
        # Both ways in one function, where all of it is small: values stay in registers.
        is_last = i == lists.n - 1 and (lists.tail < lists.n or write.size > 0.5 * _CHUNK)
        if write.size >= _CHUNK or is_last:
            yield [*write.lines, "  ret void"], True
            write = _Writer(opaque=opaque)
    for i in range(lists.n - 1, -1, -1):
        value = write.load("z", i)
        if i < lists.tail:
            for position in range(lists.diagonal[i] + 1, lists.row[i + 1]):
                entry, other = write.load("lu", position), write.load("z", lists.column[position])
                value = write.minus_product(value, entry, other)
            value = write.add(f"fmul double {value}, {write.load('lu', lists.diagonal[i])}")
            write.store("z", i, value)
        write.store("x", lists.perm[i], value)
        if write.size >= _CHUNK or i == 0:
            yield [*write.lines, "  ret void"], False
            write = _Writer(opaque=opaque)


def _fetch(field: str, name: str, opaque: bool) -> list[str]:
    """Instructions that read the address of an array from the table at ``%table``."""
    pointer = "ptr" if opaque else "double*"
    return [
        f"  %{name}.at = add i64 %table, {8 * WORDS * _FIELD[field]}",
        f"  %{name}.place = inttoptr i64 %{name}.at to {'ptr' if opaque else 'i64*'}",
        f"  %{name}.word = load i64, {'ptr' if opaque else 'i64*'} %{name}.place, align 8",
        f"  %{name} = inttoptr i64 %{name}.word to {pointer}",
    ]


def _row(name: str, k: int, n: int, opaque: bool) -> str:
    pointer = "ptr" if opaque else "double*"
    return f"  %{name} = getelementptr inbounds double, {pointer} %vec, i64 {k * n}"


def _part(slot: int, arguments: str, opaque: bool, name: str) -> list[str]:
    """Call the part in a slot of ``Work.part``."""
    return [
        f"  %{name}.at = getelementptr inbounds double, {'ptr' if opaque else 'double*'} %part, "
        f"i64 {slot}",
        *([] if opaque else [f"  %{name}.cast = bitcast double* %{name}.at to i64*"]),
        f"  %{name}.word = load i64, "
        + (f"ptr %{name}.at" if opaque else f"i64* %{name}.cast")
        + ", align 8",
        f"  %{name}.fn = inttoptr i64 %{name}.word to "
        + ("ptr" if opaque else "double (i64, double, double)*"),
        f"  %{name} = call double %{name}.fn(i64 %table, {arguments})",
    ]


def _factor_body(lists: _Lists, n_chunk: int, opaque: bool) -> list[str]:
    pointer = "ptr" if opaque else "double*"
    lines = _fetch("flag", "flag", opaque) + _fetch("part", "part", opaque)
    lines += [
        f"  %masked.at = getelementptr inbounds double, {pointer} %flag, i64 {at.MASKED}",
        f"  %masked = load double, {pointer} %masked.at, align 8",
        "  %masked.bits = bitcast double %masked to i64",
        "  %is.masked = icmp ne i64 %masked.bits, 0",
        "  br i1 %is.masked, label %held, label %free",
        "held:",
        *_part(at.PART_TABLE_FACTOR, "double %a, double 0.0", opaque, "walked"),
        "  ret double %walked",
        "free:",
        *_fetch("jac", "jac", opaque),
        *_fetch("lu", "lu", opaque),
    ]
    total = "0.0"
    for k in range(n_chunk):
        given = f"{pointer} %jac, {pointer} %lu, double %a, double {total}"
        lines.append(f"  %sum{k} = call double @factor_{k}({given})")
        total = f"%sum{k}"
    lines += [f"  %ok = fcmp oeq double {total}, 0.0", "  %result = uitofp i1 %ok to double"]
    if lists.tail == lists.n:
        return [*lines, "  ret double %result"]
    return [
        *lines,
        *_part(at.PART_TAIL, "double 0.0, double 0.0", opaque, "tail"),
        "  %both = fmul double %tail, %result",
        "  ret double %both",
    ]


def _solve_body(lists: _Lists, directions: list[bool], opaque: bool) -> list[str]:
    pointer, n = "ptr" if opaque else "double*", lists.n
    lines = _fetch("lu", "lu", opaque) + _fetch("vec", "vec", opaque)
    lines += _fetch("part", "part", opaque)
    lines += [
        _row("b", at.RIGHT, n, opaque),
        _row("z", at.SCRATCH, n, opaque),
        _row("first", at.K, n, opaque),
        "  %stage = fptosi double %a to i64",
        f"  %offset = mul i64 %stage, {n}",
        f"  %x = getelementptr inbounds double, {pointer} %first, i64 %offset",
    ]
    given = ", ".join(f"{pointer} %{name}" for name in ("lu", "b", "z", "x"))
    is_tail_done = lists.tail == n
    for k, is_forward in enumerate(directions):
        if not is_forward and not is_tail_done:
            lines += _part(at.PART_TAIL, "double 1.0, double 0.0", opaque, "tail")
            is_tail_done = True
        lines.append(f"  call void @solve_{k}({given})")
    return [*lines, "  ret double 0.0"]
