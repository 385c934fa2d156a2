"""Lines of LLVM IR over lanes: pointers into :class:`.layout.Lanes`, loops over the states.

Enters: names of rows. Leaves: text. Used by :mod:`.step`; one text serves every model.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from sigmapath.solvers import layout as at
from sigmapath.solvers.ir import pointer, several
from sigmapath.solvers.tables import WORDS

__all__ = ["Body"]

_FIELD = {name: k for k, name in enumerate(at.Lanes._fields)}


class Body:
    """The lines of one function over lanes; values are named ``%v<count>``.

    Parameters
    ----------
    lanes : int
    opaque : bool
        Whether pointers have no element type.
    """

    def __init__(self, lanes: int, opaque: bool) -> None:
        self.lines: list[str] = []
        self.lanes = lanes
        self.real = several(lanes)
        self.opaque = opaque
        self.bytes = 8 * lanes
        self._count = 0
        self._block = "entry"
        # Loops that are open, the innermost last: number, block before, place of the phis, sums.
        self._open: list[tuple[int, str, int, list[str]]] = []

    # -- plain instructions --------------------------------------------------------------------

    def name(self) -> str:
        """Return a new name."""
        self._count += 1
        return f"%v{self._count}"

    def add(self, text: str) -> str:
        """Append an instruction; return the name of its value."""
        name = self.name()
        self.lines.append(f"  {name} = {text}")
        return name

    def splat(self, value: float) -> str:
        """A number in all lanes, as the bits it is."""
        bits = "0x" + struct.pack(">d", value).hex().upper()
        if self.lanes == 1:
            return bits
        return "<" + ", ".join([f"double {bits}"] * self.lanes) + ">"

    def op(self, operation: str, *values: str) -> str:
        """Arithmetic on lanes."""
        return self.add(f"{operation} {self.real} {', '.join(values)}")

    def fma(self, a: str, b: str, c: str) -> str:
        """``a b + c``, in one rounding where the machine can."""
        return self._intrinsic("fmuladd", a, b, c)

    def absolute(self, a: str) -> str:
        """``|a|``."""
        return self._intrinsic("fabs", a)

    def root(self, a: str) -> str:
        """Square root."""
        return self._intrinsic("sqrt", a)

    def _intrinsic(self, name: str, *values: str) -> str:
        suffix = "f64" if self.lanes == 1 else f"v{self.lanes}f64"
        given = ", ".join(f"{self.real} {value}" for value in values)
        return self.add(f"call {self.real} @llvm.{name}.{suffix}({given})")

    @property
    def bits(self) -> str:
        """Type of a truth value per lane."""
        return "i1" if self.lanes == 1 else f"<{self.lanes} x i1>"

    @property
    def words(self) -> str:
        """Type of an integer per lane."""
        return "i64" if self.lanes == 1 else f"<{self.lanes} x i64>"

    def compare(self, relation: str, a: str, b: str) -> str:
        """A truth value per lane; ``relation`` as LLVM calls it."""
        return self.add(f"fcmp {relation} {self.real} {a}, {b}")

    def either(self, a: str, b: str) -> str:
        """Truth values, one or the other."""
        return self.add(f"or {self.bits} {a}, {b}")

    def select(self, condition: str, a: str, b: str) -> str:
        """``a`` in lanes where the condition holds, otherwise ``b``."""
        return self.add(f"select {self.bits} {condition}, {self.real} {a}, {self.real} {b}")

    def spread(self, scalar: str) -> str:
        """A double in all lanes."""
        if self.lanes == 1:
            return scalar
        one = self.add(f"insertelement {self.real} undef, double {scalar}, i32 0")
        return self.add(
            f"shufflevector {self.real} {one}, {self.real} undef, "
            f"<{self.lanes} x i32> zeroinitializer"
        )

    # -- memory --------------------------------------------------------------------------------

    def field(self, name: str, word: int = 0) -> str:
        """The address of an array of the table (word 0), or one of its lengths."""
        typed = pointer("i64", self.opaque)
        place = self.add(f"add i64 %table, {8 * (WORDS * _FIELD[name] + word)}")
        place = self.add(f"inttoptr i64 {place} to {typed}")
        return self.add(f"load i64, {typed} {place}, align 8")

    def entry(self, array: str, k: int) -> str:
        """Element k of an int64 array at an address."""
        return self.scalar(f"{array}", 8 * k, "i64")

    def scalar(self, base: str, offset: int | str, kind: str = "double") -> str:
        """A single value at an address and offset in bytes."""
        typed = pointer(kind, self.opaque)
        place = self.add(f"add i64 {base}, {offset}")
        place = self.add(f"inttoptr i64 {place} to {typed}")
        return self.add(f"load {kind}, {typed} {place}, align 8")

    def _place(self, base: str, offset: int | str) -> str:
        place = base if offset == 0 else self.add(f"add i64 {base}, {offset}")
        return self.add(f"inttoptr i64 {place} to {self.pointer}")

    @property
    def pointer(self) -> str:
        """Type of a pointer to lanes."""
        return pointer(self.real, self.opaque)

    def load(self, base: str, offset: int | str = 0) -> str:
        """The lanes at an address and offset in bytes."""
        return self.add(f"load {self.real}, {self.pointer} {self._place(base, offset)}, align 8")

    def store(self, value: str, base: str, offset: int | str = 0) -> None:
        """Write lanes to an address and offset in bytes."""
        place = self._place(base, offset)
        self.lines.append(f"  store {self.real} {value}, {self.pointer} {place}, align 8")

    def mixed(self, a: str, b: str, places: Sequence[int]) -> str:
        """Lanes of two values, those of ``b`` being counted on."""
        mask = ", ".join(f"i32 {place}" for place in places)
        kind = f"<{self.lanes} x i32>"
        return self.add(f"shufflevector {self.real} {a}, {self.real} {b}, {kind} <{mask}>")

    def _masked_store(self) -> str:
        suffix = "p0" if self.opaque else f"p0v{self.lanes}f64"
        return f"@llvm.masked.store.v{self.lanes}f64.{suffix}"

    def masked_store_declaration(self) -> str:
        """Declare what :meth:`store_first` calls, for several lanes."""
        given = f"{self.real}, {self.pointer}, i32, {self.bits}"
        return f"declare void {self._masked_store()}({given})"

    def store_first(self, value: str, base: str, offset: str, end: str) -> None:
        """Write those lanes to an address and offset that lie before offset ``end`` (bytes)."""
        place = self._place(base, offset)
        if self.lanes == 1:
            self.lines.append(f"  store {self.real} {value}, {self.pointer} {place}, align 8")
            return
        left = self.add(f"lshr i64 {self.add(f'sub i64 {end}, {offset}')}, 3")
        first = self.add(f"insertelement {self.words} undef, i64 {left}, i32 0")
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        limit = self.add(f"shufflevector {self.words} {first}, {self.words} undef, {zeros}")
        steps = ", ".join(f"i64 {k}" for k in range(self.lanes))
        mask = self.add(f"icmp ugt {self.words} {limit}, <{steps}>")
        given = f"{self.real} {value}, {self.pointer} {place}, i32 8, {self.bits} {mask}"
        self.lines.append(f"  call void {self._masked_store()}({given})")

    def offset(self, base: str, bytes_each: str | int, k: int) -> str:
        """``base + k * bytes_each``."""
        if k == 0:
            return base
        step = self.add(f"mul i64 {bytes_each}, {k}")
        return self.add(f"add i64 {base}, {step}")

    # -- control -------------------------------------------------------------------------------

    def begin_loop(self, carried: Sequence[str] = ()) -> tuple[str, list[str]]:
        """Open a loop over the states; return the offset in bytes and carried values.

        ``carried`` are start values of sums over states, one per lane.
        """
        number = self._count = self._count + 1
        head = f"loop{number}"
        self.lines += [f"  br label %{head}", f"{head}:"]
        # The phis are filled in when the loop is closed.
        self._open.append((number, self._block, len(self.lines), list(carried)))
        self._block = head
        return f"%o{number}", [f"%s{number}.{k}" for k in range(len(carried))]

    def end_loop(self, end: str, sums: Sequence[str] = (), step: int | None = None) -> None:
        """Close the loop at offset ``end``; ``sums`` are the new carried values."""
        number, before, place, starts = self._open.pop()
        head, latch, offset = f"loop{number}", self._block, f"%o{number}"
        self.lines.append(f"  {offset}.next = add i64 {offset}, {step or self.bytes}")
        self.lines.append(f"  {offset}.more = icmp ult i64 {offset}.next, {end}")
        done = f"done{number}"
        self.lines.append(f"  br i1 {offset}.more, label %{head}, label %{done}")
        self.lines.append(f"{done}:")
        phis = [f"  {offset} = phi i64 [ 0, %{before} ], [ {offset}.next, %{latch} ]"]
        for k, (start, new) in enumerate(zip(starts, sums, strict=True)):
            phis.append(
                f"  %s{number}.{k} = phi {self.real} [ {start}, %{before} ], [ {new}, %{latch} ]"
            )
        self.lines[place:place] = phis
        self._block = done

    def begin_count(self, start: str) -> str:
        """Open a loop that counts from a whole number on; return the name of the count."""
        number = self._count = self._count + 1
        self.lines += [f"  br label %loop{number}", f"loop{number}:"]
        self._open.append((number, self._block, len(self.lines), [start]))
        self._block = f"loop{number}"
        return f"%k{number}"

    def stop_unless(self, condition: str) -> None:
        """Leave the innermost loop where an i1 does not hold."""
        number = self._open[-1][0]
        block = f"go{self._count}.{number}"
        self._count += 1
        self.lines += [f"  br i1 {condition}, label %{block}, label %done{number}", f"{block}:"]
        self._block = block

    def end_count(self) -> None:
        """Close the loop; its count is then the first number it was left at."""
        number, before, place, (start,) = self._open.pop()
        k, head, latch = f"%k{number}", f"loop{number}", self._block
        self.lines += [f"  {k}.next = add i64 {k}, 1", f"  br label %{head}", f"done{number}:"]
        phi = f"  {k} = phi i64 [ {start}, %{before} ], [ {k}.next, %{latch} ]"
        self.lines[place:place] = [phi]
        self._block = f"done{number}"

    def begin_while(
        self, start: str | int, end: str | int, carried: Sequence[tuple[str, str]] = ()
    ) -> tuple[str, list[str]]:
        """Open a loop that counts whole numbers from ``start`` to below ``end``, or not at all.

        ``carried`` are types and start values of what goes from turn to turn; returns the count and
        their names, which after the loop are what they were when it was left.
        """
        number = self._count = self._count + 1
        count = f"%k{number}"
        self.lines += [f"  br label %loop{number}", f"loop{number}:"]
        starts = [f"{kind}: {value}" for kind, value in carried]
        self._open.append((number, self._block, len(self.lines), [str(start), *starts]))
        self.lines += [
            f"  {count}.more = icmp slt i64 {count}, {end}",
            f"  br i1 {count}.more, label %go{number}, label %done{number}",
            f"go{number}:",
        ]
        self._block = f"go{number}"
        return count, [f"%c{number}.{k}" for k in range(len(starts))]

    def end_while(self, values: Sequence[str] = (), step: int = 1) -> None:
        """Close the loop; ``values`` are what goes to the next turn."""
        number, before, place, (first, *starts) = self._open.pop()
        count, head, latch = f"%k{number}", f"loop{number}", self._block
        self.lines += [f"  {count}.next = add i64 {count}, {step}", f"  br label %{head}"]
        self.lines.append(f"done{number}:")
        phis = [f"  {count} = phi i64 [ {first}, %{before} ], [ {count}.next, %{latch} ]"]
        for k, (start, value) in enumerate(zip(starts, values, strict=True)):
            kind, name = start.split(": ")
            phis.append(
                f"  %c{number}.{k} = phi {kind} [ {name}, %{before} ], [ {value}, %{latch} ]"
            )
        self.lines[place:place] = phis
        self._block = f"done{number}"

    def begin_if(self, condition: str) -> tuple[str, str]:
        """Open a block that runs where an i1 holds."""
        number = self._count = self._count + 1
        self.lines.append(f"  br i1 {condition}, label %yes{number}, label %no{number}")
        self.lines.append(f"yes{number}:")
        self._block = f"yes{number}"
        return f"no{number}", self._block

    def begin_either(self, condition: str) -> tuple[str, str]:
        """Open a block that runs where an i1 holds; labels of the other one and of the end."""
        other, _ = self.begin_if(condition)
        return other, f"{other}.end"

    def begin_other(self, other: str, end: str) -> None:
        """Close that block and open the one that runs where the i1 does not hold."""
        self.lines += [f"  br label %{end}", f"{other}:"]
        self._block = other

    def end_if(self, label: str) -> None:
        """Close the block."""
        self.lines += [f"  br label %{label}", f"{label}:"]
        self._block = label

    def call(self, address: str, *places: str) -> None:
        """Call a function of the given addresses (i64) as pointers to lanes."""
        typed = "ptr" if self.opaque else f"void ({', '.join([self.pointer] * len(places))})*"
        function = self.add(f"inttoptr i64 {address} to {typed}")
        given = []
        for place in places:
            typed_place = self.add(f"inttoptr i64 {place} to {self.pointer}")
            given.append(f"{self.pointer} {typed_place}")
        self.lines.append(f"  call void {function}({', '.join(given)})")

    def function(self, head: str, result: str = "ret double 0.0") -> str:
        """Text of the function."""
        return "\n".join(
            [f"define {head} nounwind {{", "entry:", *self.lines, f"  {result}", "}", ""]
        )
