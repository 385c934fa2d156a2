"""exp, log, log10 and pow of several values at once, as LLVM IR.

Enters: a number of lanes. Leaves: the text of functions ``exp_of_4`` and so on. Called by
:mod:`sigmapath.codegen.printer_llvm` for CPUs that multiply and add in one operation; elsewhere
the C library is called lane by lane.

Each lane is treated alike and apart. Errors are below 0.52 units in the last place; special values
are those of C's <math.h>. The C library is asked in lanes whose argument or result is subnormal,
infinite, NaN or negative where it must not be, and in those whose exponent is beyond 4096.

What counts is the time from argument to result, since the next step of a solver waits for it: one
call takes little longer than one of the C library. Hence tables in the place of long polynomials
and of a division, and polynomials in pairs (Estrin's scheme; Muller 2016, Elementary Functions,
section 4.2).

Methods (Tang 1990, doi:10.1145/98267.98294, and 1989, doi:10.1145/63522.214389): with k and z such
that x = 2^k z, and c from a table, log(x) = k ln 2 + ln c + log(1 + r), r = z/c - 1, where r is
exact and sums keep their rounding errors; exp(x) = 2^(k/128) exp(r), r = x - k ln(2)/128; pow as
exp(y log x) with both parts of the logarithm. The series are Taylor's.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Set as AbstractSet

from sigmapath.codegen.lane_tables import (
    LN2_HIGH,
    LN2_LOW,
    LOG_BITS,
    LOG_FIRST,
    LOG_SIZE,
    POWER_SIZE,
    STEP_HIGH,
    STEP_LOW,
    logarithms,
    powers_of_two,
)

__all__ = ["VECTOR_FUNCTIONS", "lane_math_text", "table_text"]

VECTOR_FUNCTIONS = frozenset({"exp", "log", "log10", "pow"})

# 1 / ln 10 in two parts: the nearest double, and the rest of 0.43429448190325182765112891...
_LOG10E_HIGH, _LOG10E_LOW = 0.4342944819032518, 1.098319650216765e-17
# Adding this rounds to a whole number, which then stands in the last bits.
_ROUNDER = 1.5 * 2.0**52
# exp of anything up to here is a normal double; from the second on it is infinite or zero.
_SURE, _FAR = 708.0, 746.0
# Exponents up to here keep the second part of y log x below a step of the table of powers.
_LARGEST_EXPONENT = 4096.0
_SMALLEST_NORMAL = 2.0**-1022
# log(1 + r) from r^3 on; with |r| < 2^-7 what is left out is below 2^-70 r.
_LOG_SERIES = [(-1.0) ** (n + 1) / n for n in range(3, 11)]
# Numbers per row.
_TABLES = {"log_table": 4, "power_table": 2}


class _Function:
    """Instructions of one function over lanes."""

    def __init__(self, lanes: int, opaque: bool) -> None:
        self.lines: list[str] = []
        self.lanes = lanes
        self.real, self.word, self.bit = (f"<{lanes} x {kind}>" for kind in ("double", "i64", "i1"))
        self._opaque = opaque

    def add(self, text: str) -> str:
        name = f"%v{len(self.lines)}"
        self.lines.append(f"  {name} = {text}")
        return name

    def number(self, value: float) -> str:
        bits = struct.pack(">d", value).hex().upper()
        return "<" + ", ".join([f"double 0x{bits}"] * self.lanes) + ">"

    def whole(self, value: int) -> str:
        return "<" + ", ".join([f"i64 {value}"] * self.lanes) + ">"

    def op(self, operation: str, a: str, b: str) -> str:
        return self.add(f"{operation} {self.real} {a}, {b}")

    def on_words(self, operation: str, a: str, b: str) -> str:
        return self.add(f"{operation} {self.word} {a}, {b}")

    def fma(self, a: str, b: str, c: str) -> str:
        given = ", ".join(f"{self.real} {x}" for x in (a, b, c))
        return self.add(f"call {self.real} @llvm.fma.v{self.lanes}f64({given})")

    def both(self, a: str, b: str) -> str:
        return self.add(f"and {self.bit} {a}, {b}")

    def negative(self, a: str) -> str:
        return self.add(f"fneg {self.real} {a}")

    def is_(self, relation: str, a: str, b: str) -> str:
        return self.add(f"fcmp {relation} {self.real} {a}, {b}")

    def either(self, a: str, b: str) -> str:
        return self.add(f"or {self.bit} {a}, {b}")

    def choose(self, condition: str, a: str, b: str) -> str:
        return self.add(f"select {self.bit} {condition}, {self.real} {a}, {self.real} {b}")

    def bits_of(self, a: str) -> str:
        return self.add(f"bitcast {self.real} {a} to {self.word}")

    def from_bits(self, a: str) -> str:
        return self.add(f"bitcast {self.word} {a} to {self.real}")

    def size(self, a: str) -> str:
        """Absolute value."""
        return self.from_bits(self.on_words("and", self.bits_of(a), self.whole(2**63 - 1)))

    def pairs(self, x: str, square: str, coefficients: list[float]) -> str:
        """Estrin's scheme, from the constant on; the number of coefficients is a power of 2."""
        values = [self.number(coefficient) for coefficient in coefficients]
        power = x
        while len(values) > 1:
            values = [self.fma(b, power, a) for a, b in zip(*[iter(values)] * 2, strict=True)]
            if len(values) > 1:
                power = square if power is x else self.op("fmul", power, power)
        return values[0]

    def looked_up(self, table: str, first: str, columns: int) -> list[str]:
        """Values from the places ``first`` of a table on, lane by lane."""
        size = f"[{_TABLES[table] * LOG_SIZE} x double]"
        whole, place = ("ptr", "ptr") if self._opaque else (f"{size}*", "double*")
        found = ["undef"] * columns
        for lane in range(self.lanes):
            at = self.add(f"extractelement {self.word} {first}, i32 {lane}")
            row = self.add(f"getelementptr inbounds {size}, {whole} @{table}, i64 0, i64 {at}")
            for column in range(columns):
                at = self.add(f"getelementptr inbounds double, {place} {row}, i64 {column}")
                value = self.add(f"load double, {place} {at}, align 8")
                found[column] = self.add(
                    f"insertelement {self.real} {found[column]}, double {value}, i32 {lane}"
                )
        return found

    def finished(self, name: str, special: str, value: str) -> str:
        """``value``, or what the C library says in the lanes that are ``special``."""
        real, given = self.real, [f"{self.real} %x", f"{self.real} %y"]
        some = self.add(f"call i1 @llvm.vector.reduce.or.v{self.lanes}i1({self.bit} {special})")
        self.lines += [
            f"  br i1 {some}, label %ask, label %plain",
            "plain:",
            f"  ret {real} {value}",
            "ask:",
        ]
        arguments = ", ".join(given if name == "pow" else given[:1])
        asked = self.add(f"call {real} @each_{name}_of_{self.lanes}({arguments})")
        return self.choose(special, asked, value)


def lane_math_text(names: AbstractSet[str], lanes: int, *, opaque_pointers: bool) -> list[str]:
    """Functions ``<name>_of_<lanes>`` for the given names of :data:`VECTOR_FUNCTIONS`.

    Each needs ``each_<name>_of_<lanes>``, the C library lane by lane, beside it.
    """
    if not names:
        return []
    real = f"<{lanes} x double>"
    texts = [
        f"declare {real} @llvm.fma.v{lanes}f64({real}, {real}, {real})",
        f"declare i1 @llvm.vector.reduce.or.v{lanes}i1(<{lanes} x i1>)",
    ]
    makers = {"exp": _exp, "log": _log, "log10": _log10, "pow": _pow}
    for name in sorted(names):
        function = _Function(lanes, opaque_pointers)
        result = makers[name](function)
        given = f"{real} %x, {real} %y" if name == "pow" else f"{real} %x"
        head = f"define internal {real} @{name}_of_{lanes}({given}) noinline nounwind {{"
        texts.append("\n".join([head, *function.lines, f"  ret {real} {result}", "}"]))
    return texts


def table_text(names: AbstractSet[str]) -> list[str]:
    """The tables that functions ``names`` look things up in, once per module."""
    rows: dict[str, list[tuple[float, ...]]] = {}
    if names & {"log", "log10", "pow"}:
        rows["log_table"] = [(*row, 0.0) for row in logarithms()]
    if names & {"exp", "pow"}:
        rows["power_table"] = list(powers_of_two())
    return [
        f"@{table} = internal constant [{_TABLES[table] * LOG_SIZE} x double] ["
        + ", ".join(f"double 0x{_bits(value):016X}" for row in found for value in row)
        + "], align 64"
        for table, found in rows.items()
    ]


def _bits(value: float) -> int:
    return int(struct.unpack(">Q", struct.pack(">d", value))[0])


def _exponential(f: _Function, high: str, low: str | None) -> str:
    """exp(high + low), right where abs(high) <= 708 and ``low`` is tiny beside a step."""
    shifted = f.fma(high, f.number(POWER_SIZE / math.log(2.0)), f.number(_ROUNDER))
    minus = f.op("fsub", f.number(_ROUNDER), shifted)
    r = f.fma(minus, f.number(STEP_HIGH), high)
    rest = (
        f.op("fmul", minus, f.number(STEP_LOW))
        if low is None
        else f.fma(minus, f.number(STEP_LOW), low)
    )
    r = f.op("fadd", r, rest)
    # 2^(k/128): the table has its fraction, the bits of k above give the exponent.
    bits = f.bits_of(shifted)
    index = f.on_words("and", bits, f.whole(POWER_SIZE - 1))
    power, missing = f.looked_up("power_table", f.on_words("add", index, index), 2)
    exponent = f.on_words("shl", f.on_words("sub", bits, index), f.whole(LOG_BITS))
    scale = f.from_bits(f.on_words("add", f.bits_of(power), exponent))
    # exp(r) - 1 with |r| < 0.0034: what is left out is below 2^-58.
    square = f.op("fmul", r, r)
    low_pair = f.fma(r, f.number(1.0 / 6.0), f.number(0.5))
    high_pair = f.fma(r, f.number(1.0 / 120.0), f.number(1.0 / 24.0))
    value = f.fma(square, low_pair, f.op("fadd", r, missing))
    value = f.fma(f.op("fmul", square, square), high_pair, value)
    return f.fma(scale, value, scale)


def _with_limits(f: _Function, exponent: str, value: str) -> tuple[str, str]:
    """``value`` or the limit that exp has reached; and where neither is sure."""
    size = f.size(exponent)
    is_far = f.is_("oge", size, f.number(_FAR))
    limit = f.choose(f.is_("ogt", exponent, f.number(0.0)), f.number(math.inf), f.number(0.0))
    is_near = f.is_("ogt", size, f.number(_SURE))
    in_doubt = f.both(is_near, f.is_("olt", size, f.number(_FAR)))
    return f.choose(is_far, limit, value), in_doubt


def _exp(f: _Function) -> str:
    value, in_doubt = _with_limits(f, "%x", _exponential(f, "%x", None))
    return f.finished("exp", in_doubt, value)


def _logarithm(f: _Function) -> tuple[str, str]:
    """log(%x) in two parts, for positive normal %x; the second is below 2^-14 of the first."""
    bits = f.bits_of("%x")
    above = f.on_words("sub", bits, f.whole(LOG_FIRST))
    # Rows of 4.
    row = f.on_words("lshr", above, f.whole(LOG_BITS - 2))
    row = f.on_words("and", row, f.whole(4 * (LOG_SIZE - 1)))
    inverse, of_c, of_c_low = f.looked_up("log_table", row, 3)
    exponent = f.on_words("and", above, f.whole(-1 << 52))
    z = f.from_bits(f.on_words("sub", bits, exponent))
    k = _exponent(f, above)
    r = f.fma(z, inverse, f.number(-1.0))
    # k ln 2 + ln c is exact in its first part; so is the rounding error of the sum with r.
    base = f.fma(k, f.number(LN2_HIGH), of_c)
    low = f.fma(k, f.number(LN2_LOW), of_c_low)
    total = f.op("fadd", base, r)
    low = f.op("fadd", low, f.op("fadd", f.op("fsub", base, total), r))
    # - r^2 / 2 and its error; then the rest of the series.
    square = f.op("fmul", r, r)
    half = f.number(-0.5)
    low = f.fma(f.fma(r, r, f.negative(square)), half, low)
    high = f.fma(square, half, total)
    low = f.op("fadd", low, f.fma(square, half, f.op("fsub", total, high)))
    cube = f.op("fmul", r, square)
    series = f.pairs(r, square, _LOG_SERIES)
    return high, f.fma(cube, series, low)


def _exponent(f: _Function, bits: str) -> str:
    """The exponent in the upper 12 bits, from -1024 to 1023, as a number.

    Without signed shifts and conversions of 64 bits, which x86 lacks before AVX-512.
    """
    biased = f.on_words("lshr", f.on_words("add", bits, f.whole(1024 << 52)), f.whole(52))
    shifted = f.on_words("add", biased, f.bits_of(f.number(_ROUNDER)))
    return f.op("fsub", f.from_bits(shifted), f.number(_ROUNDER + 1024.0))


def _is_unusual(f: _Function) -> str:
    """Where %x is not a positive normal number."""
    return f.either(
        f.is_("ult", "%x", f.number(_SMALLEST_NORMAL)), f.is_("uge", "%x", f.number(math.inf))
    )


def _log(f: _Function) -> str:
    high, low = _logarithm(f)
    return f.finished("log", _is_unusual(f), f.op("fadd", high, low))


def _log10(f: _Function) -> str:
    first, second = _logarithm(f)
    high = f.op("fadd", first, second)
    low = f.op("fadd", f.op("fsub", first, high), second)
    factor = f.number(_LOG10E_HIGH)
    product = f.op("fmul", high, factor)
    rest = f.fma(high, factor, f.negative(product))
    rest = f.fma(high, f.number(_LOG10E_LOW), rest)
    rest = f.fma(low, factor, rest)
    return f.finished("log10", _is_unusual(f), f.op("fadd", product, rest))


def _pow(f: _Function) -> str:
    zero, one = f.number(0.0), f.number(1.0)
    high, low = _logarithm(f)
    product = f.op("fmul", "%y", high)
    rest = f.fma("%y", low, f.fma("%y", high, f.negative(product)))
    value, in_doubt = _with_limits(f, product, _exponential(f, product, rest))
    at_zero = f.choose(f.is_("olt", "%y", zero), f.number(math.inf), zero)
    at_zero = f.choose(f.is_("oeq", "%y", zero), one, at_zero)
    # Bases of 0 are usual: a substance that is not there yet. (-0 is left to the C library.)
    is_zero = f.add(f"icmp eq {f.word} {f.bits_of('%x')}, {f.whole(0)}")
    value = f.choose(is_zero, at_zero, value)
    is_other = f.add(f"icmp ne {f.word} {f.bits_of('%x')}, {f.whole(0)}")
    in_doubt = f.both(is_other, f.either(in_doubt, _is_unusual(f)))
    is_wide = f.is_("ugt", f.size("%y"), f.number(_LARGEST_EXPONENT))
    return f.finished("pow", f.either(in_doubt, is_wide), value)
