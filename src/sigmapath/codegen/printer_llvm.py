"""Block IR to LLVM IR text, one value per entry or ``lanes`` of them.

Enters: functions of the block IR. Leaves: the text of one LLVM module. Called by
:mod:`sigmapath.codegen.compile`; needs no LLVM library.

Only IR that LLVM 15 to 22 read alike is used. Functions of <math.h> are called by names of our own
(``sigmapath_exp``), which :mod:`sigmapath.machine.llvm` binds to the addresses of the C library;
so nothing depends on which symbols a process happens to export.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from sigmapath.codegen.block import (
    ARRAYS,
    Assign,
    Bundle,
    Call,
    Function,
    Load,
    Operand,
    Statement,
    Store,
)
from sigmapath.codegen.lane_math import VECTOR_FUNCTIONS, lane_math_text, table_text
from sigmapath.kernels import Inlined
from sigmapath.machine.llvm import LIBRARY_PREFIX

__all__ = ["inlined_text", "llvm_text", "shared_text"]

_ARITHMETIC = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
# Ordered comparisons are false for NaN, "ne" is unordered: NaN differs from everything.
_COMPARISON = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
_LOGIC = {"and": "and", "or": "or", "xor": "xor"}
_INTRINSIC = {"sqrt": "sqrt", "abs": "fabs", "floor": "floor", "ceil": "ceil", "trunc": "trunc"}
_BINARY_LIBRARY = frozenset({"pow", "fmod"})


def llvm_text(
    functions: Sequence[Function],
    *,
    prefix: str,
    lanes: int = 1,
    opaque_pointers: bool = True,
    has_fma: bool = False,
    is_shared: bool = False,
    spread: str = "",
) -> str:
    """Return the LLVM module of ``functions``.

    Parameters
    ----------
    functions : sequence of Function
        Whole functions and their parts; those that are called come from the same sequence.
    prefix : str
        Put before the name of every exported function; a plain identifier.
    lanes : int
        Values per entry of every array, lane index fastest.
    opaque_pointers : bool
        Whether pointers are written ``ptr`` (LLVM 16 on) or with their element type.
    has_fma : bool
        Whether the CPU multiplies and adds in one operation: then several lanes have functions of
        their own in the place of some of the C library's.
    is_shared : bool
        Whether functions of several values come from the module of :func:`shared_text`; otherwise
        this module has its own.
    spread : str
        Name of an array of which every lane reads the first one's values.
    """
    printer = _Printer(lanes, prefix, opaque_pointers, has_fma)
    printer.is_shared = is_shared
    printer.spread = spread if lanes > 1 else ""
    bodies = [printer.function(function) for function in functions]
    return "\n".join([*printer.declarations(), *bodies])


def shared_text(width: int, *, opaque_pointers: bool = True) -> str:
    """Return the LLVM module of exp, log, log10 and pow of ``width`` values, for all to call.

    For CPUs that multiply and add in one operation.
    """
    printer = _Printer(1, "", opaque_pointers, True)
    printer.needs_several(width, VECTOR_FUNCTIONS)
    real = f"<{width} x double>"
    lines = printer.declarations()
    for name in sorted(VECTOR_FUNCTIONS):
        given = ", ".join(f"{real} %a{i}" for i in range(_library_arity(name)))
        lines += [
            f"define {real} @{LIBRARY_PREFIX}{name}_of_{width}({given}) nounwind {{",
            f"  %r = tail call {real} @{name}_of_{width}({given})",
            f"  ret {real} %r",
            "}",
        ]
    return "\n".join(lines)


def inlined_text(
    function: Function,
    *,
    tag: str,
    given: Mapping[tuple[str, int], str],
    lanes: int = 1,
    opaque_pointers: bool,
    has_fma: bool,
) -> Inlined:
    """Return the body of one function, to stand inside another; see ``Bodies.inlined``."""
    printer = _Printer(lanes, "", opaque_pointers, has_fma)
    # Their model, which has been loaded, calls the same.
    printer.tag, printer.is_shared = tag, lanes == 1
    return printer.inlined(function, given)


class _Printer:
    """What is fixed for a module, and which outside functions it turned out to need."""

    def __init__(self, lanes: int, prefix: str, opaque_pointers: bool, has_fma: bool) -> None:
        self._own = VECTOR_FUNCTIONS if has_fma else frozenset()
        self._lanes = lanes
        self._prefix = prefix
        self._real = "double" if lanes == 1 else f"<{lanes} x double>"
        self._bit = "i1" if lanes == 1 else f"<{lanes} x i1>"
        self._suffix = "f64" if lanes == 1 else f"v{lanes}f64"
        self._opaque = opaque_pointers
        self._pointer = "ptr" if opaque_pointers else f"{self._real}*"
        self.spread = ""
        self.is_shared = False
        self.tag = ""
        self._renamed: dict[str, str] = {}
        self._library: set[str] = set()
        # Functions that are called for several values at a time, by how many.
        self._several: dict[int, set[str]] = {}
        self._intrinsics: set[str] = set()

    def needs_several(self, width: int, names: AbstractSet[str]) -> str:
        """Have functions of ``width`` values; what stands before their names in a call."""
        self._several.setdefault(width, set()).update(names)
        return LIBRARY_PREFIX if self.is_shared else ""

    def declarations(self) -> list[str]:
        """Declarations of outside functions, and functions of several values."""
        lines = []
        for name in sorted(self._intrinsics):
            intrinsic = _INTRINSIC[name]
            lines.append(f"declare {self._real} @llvm.{intrinsic}.{self._suffix}({self._real})")
        if self.is_shared:
            for width, names in sorted(self._several.items()):
                real = f"<{width} x double>"
                for name in sorted(names):
                    arguments = ", ".join([real] * _library_arity(name))
                    lines.append(f"declare {real} @{LIBRARY_PREFIX}{name}_of_{width}({arguments})")
        own = {} if self.is_shared else self._several
        several: frozenset[str] = frozenset().union(*own.values())
        for name in sorted(self._library | several):
            arguments = ", ".join(["double"] * _library_arity(name))
            lines.append(f"declare double @{LIBRARY_PREFIX}{name}({arguments})")
        lines += table_text(self._own & several)
        for width, names in sorted(own.items()):
            lines += lane_math_text(names & self._own, width, opaque_pointers=self._opaque)
            lines += [self._one_by_one(name, width) for name in sorted(names)]
        return lines

    def _one_by_one(self, name: str, width: int) -> str:
        """The C library for each of several values."""
        arity, real = _library_arity(name), f"<{width} x double>"
        arguments = ", ".join(f"{real} %a{i}" for i in range(arity))
        place = f"each_{name}" if name in self._own else name
        lines = [f"define internal {real} @{place}_of_{width}({arguments}) nounwind {{"]
        result = "undef"
        for lane in range(width):
            lines += [
                f"  %e{lane}_{i} = extractelement {real} %a{i}, i32 {lane}" for i in range(arity)
            ]
            given = ", ".join(f"double %e{lane}_{i}" for i in range(arity))
            lines.append(f"  %v{lane} = call double @{LIBRARY_PREFIX}{name}({given})")
            lines.append(f"  %r{lane} = insertelement {real} {result}, double %v{lane}, i32 {lane}")
            result = f"%r{lane}"
        return "\n".join([*lines, f"  ret {real} {result}", "}"])

    def function(self, function: Function) -> str:
        """Text of one function."""
        arrays = ARRAYS if function.is_part else ARRAYS[:4]
        arguments = ", ".join(f"{self._pointer} noalias %{array}" for array in arrays)
        if function.is_part:
            head = f"define internal void @{function.name}({arguments}) noinline nounwind {{"
        else:
            head = f"define void @{self._prefix}{function.name}({arguments}) nounwind {{"
        lines = [head]
        if function.n_scratch:
            lines.append(f"  %scratch = alloca {self._real}, i32 {function.n_scratch}, align 8")
        for k, statement in enumerate(function.body):
            self._statement(statement, k, bool(function.n_scratch), lines)
        return "\n".join([*lines, "  ret void", "}", ""])

    def inlined(self, function: Function, given: Mapping[tuple[str, int], str]) -> Inlined:
        """The body of a function; what is given is not loaded, and nothing is stored."""
        lines: list[str] = []
        values: dict[int, str] = {}
        names: dict[str, str] = {}
        for k, statement in enumerate(function.body):
            if isinstance(statement, Load) and (statement.array, statement.slot) in given:
                names[statement.name] = given[statement.array, statement.slot]
            elif isinstance(statement, Store):
                values[statement.slot] = self._value(statement.value)
            else:
                self._statement(statement, k, False, lines)
            self._renamed = names
        return Inlined(lines, values, tuple(self.declarations()))

    def _statement(self, statement: Statement, k: int, scratch: bool, lines: list[str]) -> None:
        """Append the instructions of statement number ``k``."""
        if isinstance(statement, Assign):
            self._assign(statement, lines)
        elif isinstance(statement, Bundle):
            self._bundle(statement, k, lines)
        elif isinstance(statement, Call):
            lines.append(self._call(statement, scratch))
        else:
            real, pointer = self._real, self._pointer
            at = f"%at{self.tag}.{k}"
            lines.append(
                f"  {at} = getelementptr inbounds {real}, {pointer} %{statement.array}, "
                f"i64 {statement.slot}"
            )
            if isinstance(statement, Load) and statement.array == self.spread:
                lines += self._spread_load(statement, at)
            elif isinstance(statement, Load):
                lines.append(
                    f"  {self._name(statement.name)} = load {real}, {pointer} {at}, align 8"
                )
            else:
                value = self._value(statement.value)
                lines.append(f"  store {real} {value}, {pointer} {at}, align 8")

    def _spread_load(self, statement: Load, at: str) -> list[str]:
        """One value in all lanes."""
        real, place, typed = self._real, at, "ptr" if self._opaque else "double*"
        lines = []
        if not self._opaque:
            place = f"{at}.d"
            lines.append(f"  {place} = bitcast {self._pointer} {at} to double*")
        zeros = f"<{self._lanes} x i32> zeroinitializer"
        return [
            *lines,
            f"  {at}.x = load double, {typed} {place}, align 8",
            f"  {at}.v = insertelement {real} undef, double {at}.x, i32 0",
            f"  {self._name(statement.name)} = shufflevector {real} {at}.v, {real} undef, {zeros}",
        ]

    def _call(self, statement: Call, scratch: bool) -> str:
        pointer = self._pointer
        if scratch and statement.function != "derive":
            given = ", ".join(f"{pointer} %{array}" for array in ARRAYS)
            return f"  call void @{statement.function}({given})"
        given = ", ".join(f"{pointer} %{array}" for array in ("t", "y", "p", "p"))
        return f"  call void @{self._prefix}{statement.function}({given})"

    def _name(self, name: str) -> str:
        return f"%v{self.tag}.{name}"

    def _value(self, operand: Operand) -> str:
        """An operand as LLVM reads it; numbers as the bits they are."""
        if isinstance(operand, str):
            return self._renamed.get(operand) or self._name(operand)
        bits = struct.pack(">d", float("nan") if operand != operand else operand).hex().upper()
        if self._lanes == 1:
            return f"0x{bits}"
        return "<" + ", ".join([f"double 0x{bits}"] * self._lanes) + ">"

    def _assign(self, statement: Assign, lines: list[str]) -> None:
        name, op = self._name(statement.name), statement.op
        real, bit = self._real, self._bit
        values = [self._value(operand) for operand in statement.args]
        if op in _ARITHMETIC:
            text = f"{_ARITHMETIC[op]} {real} {values[0]}, {values[1]}"
        elif op == "neg":
            text = f"fneg {real} {values[0]}"
        elif op in _COMPARISON:
            text = f"fcmp {_COMPARISON[op]} {real} {values[0]}, {values[1]}"
        elif op in _LOGIC:
            text = f"{_LOGIC[op]} {bit} {values[0]}, {values[1]}"
        elif op == "not":
            text = f"xor {bit} {values[0]}, {self._splat_true()}"
        elif op == "truth":
            text = f"fcmp une {real} {values[0]}, {self._value(0.0)}"
        elif op == "number":
            text = f"uitofp {bit} {values[0]} to {real}"
        elif op == "select":
            text = f"select {bit} {values[0]}, {real} {values[1]}, {real} {values[2]}"
        elif op in ("minimum", "maximum"):
            text = self._extreme(statement, values, lines)
        elif op in _INTRINSIC:
            self._intrinsics.add(op)
            text = f"call {real} @llvm.{_INTRINSIC[op]}.{self._suffix}({real} {values[0]})"
        else:
            given = ", ".join(f"{real} {value}" for value in values)
            text = f"call {real} @{self._outside(op)}({given})"
        lines.append(f"  {name} = {text}")

    def _outside(self, op: str) -> str:
        """Name of a function that is not an instruction."""
        if self._lanes == 1:
            self._library.add(op)
            return f"{LIBRARY_PREFIX}{op}"
        self._several.setdefault(self._lanes, set()).add(op)
        return f"{op}_of_{self._lanes}"

    def _bundle(self, statement: Bundle, k: int, lines: list[str]) -> None:
        """One call for several values, which are packed before and unpacked after it."""
        width = len(statement.args[0])
        real = f"<{width} x double>"
        place = self.needs_several(width, {statement.op})
        given = []
        for i, operands in enumerate(statement.args):
            # Numbers stand in the vector from the start; names are put in.
            numbers = [0.0 if isinstance(operand, str) else operand for operand in operands]
            packed = "<" + ", ".join(f"double {self._value(number)}" for number in numbers) + ">"
            for lane, operand in enumerate(operands):
                if isinstance(operand, str):
                    name = f"%b{self.tag}.{k}.{i}.{lane}"
                    value = self._value(operand)
                    lines.append(
                        f"  {name} = insertelement {real} {packed}, double {value}, i32 {lane}"
                    )
                    packed = name
            given.append(f"{real} {packed}")
        found = f"%b{self.tag}.{k}"
        called = f"{place}{statement.op}_of_{width}"
        lines.append(f"  {found} = call {real} @{called}({', '.join(given)})")
        lines += [
            f"  {self._name(name)} = extractelement {real} {found}, i32 {lane}"
            for lane, name in enumerate(statement.names)
        ]

    def _splat_true(self) -> str:
        return "true" if self._lanes == 1 else "<" + ", ".join(["i1 true"] * self._lanes) + ">"

    def _extreme(self, statement: Assign, values: Sequence[str], lines: list[str]) -> str:
        """Smaller or greater of two, NaN if either is NaN.

        llvm.minimum would say so directly, but x86 code generation knows it from LLVM 18 on only.
        """
        real, bit = self._real, self._bit
        relation = "olt" if statement.op == "minimum" else "ogt"
        name = f"%m{self.tag}.{statement.name}"
        a, b = values
        # a if a beats b, or if a is NaN; else b, which may itself be NaN.
        lines.append(f"  {name}.beats = fcmp {relation} {real} {a}, {b}")
        lines.append(f"  {name}.nan = fcmp uno {real} {a}, {a}")
        lines.append(f"  {name}.take = or {bit} {name}.beats, {name}.nan")
        return f"select {bit} {name}.take, {real} {a}, {real} {b}"


def _library_arity(name: str) -> int:
    return 2 if name in _BINARY_LIBRARY else 1
