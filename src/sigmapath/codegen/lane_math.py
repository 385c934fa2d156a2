"""exp, log, log10 and pow over SIMD lanes, as LLVM IR.

Enters: a number of lanes. Leaves: the text of functions ``lanes_exp`` and so on. Called by
:mod:`sigmapath.codegen.printer_llvm` for CPUs that multiply and add in one operation; elsewhere
the C library is called lane by lane.

Each lane is treated alike and apart. Errors are below 2 units in the last place over the whole
range, subnormal results included; special values are those of C's <math.h>, but for the sign of
pow(-0, y). In lanes where the base of pow is negative or anything is infinite or NaN the C library
is asked.

Methods: exp by exp(k ln 2 + r) = 2^k exp(r), |r| <= ln 2 / 2, with the Taylor series of exp(r);
log by log(2^k m) = k ln 2 + 2 artanh(s), s = (m - 1)/(m + 1), sqrt(1/2) <= m < sqrt(2), in two
doubles (Muller et al. 2018, Handbook of Floating-Point Arithmetic, chapter 10; error-free sums and
products after Dekker 1971, doi:10.1007/BF01397083, and Knuth, TAOCP vol. 2, section 4.2.2);
pow as exp(y log x) with both parts of the logarithm.
"""

from __future__ import annotations

import math
import struct

__all__ = ["VECTOR_FUNCTIONS", "lane_math_text"]

VECTOR_FUNCTIONS = frozenset({"exp", "log", "log10", "pow"})

# ln 2 in two parts (fdlibm, e_exp.c); the first has 21 trailing zero bits, so that its product
# with any exponent is exact. Both add up to ln 2 within 2^-86.
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
# 1 / ln 10 in two parts: the nearest double, and the rest of 0.43429448190325182765112891...
_LOG10E_HIGH, _LOG10E_LOW = 0.4342944819032518, 1.098319650216765e-17
# Adding this rounds to a whole number, which then stands in the last bits.
_ROUNDER = 1.5 * 2.0**52
# exp(x) is infinite above, zero below.
_LARGEST, _SMALLEST = 709.782712893384, -745.2
_EXP_DEGREE, _LOG_TERMS = 14, 12
_SMALLEST_NORMAL = 2.0**-1022


class _Function:
    """Instructions of one function over lanes."""

    def __init__(self, lanes: int) -> None:
        self.lines: list[str] = []
        self.lanes = lanes
        self.real, self.word, self.bit = (f"<{lanes} x {kind}>" for kind in ("double", "i64", "i1"))

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

    def polynomial(self, x: str, coefficients: list[float]) -> str:
        """Horner's rule, from the constant on."""
        *others, last = coefficients
        value = self.number(last)
        for coefficient in reversed(others):
            value = self.fma(value, x, self.number(coefficient))
        return value


def lane_math_text(names: set[str], lanes: int) -> list[str]:
    """Functions ``lanes_<name>`` for the given names of :data:`VECTOR_FUNCTIONS`.

    ``pow`` needs ``lanes_each_pow``, the C library lane by lane, beside it.
    """
    real = f"<{lanes} x double>"
    texts = []
    if names:
        texts.append(f"declare {real} @llvm.fma.v{lanes}f64({real}, {real}, {real})")
    if "pow" in names:
        texts.append(f"declare i1 @llvm.vector.reduce.or.v{lanes}i1(<{lanes} x i1>)")
    makers = {"exp": _exp, "log": _log, "log10": _log10, "pow": _pow}
    for name in sorted(names):
        function = _Function(lanes)
        result = makers[name](function)
        given = f"{real} %x, {real} %y" if name == "pow" else f"{real} %x"
        head = f"define internal {real} @lanes_{name}({given}) nounwind {{"
        texts.append("\n".join([head, *function.lines, f"  ret {real} {result}", "}"]))
    return texts


def _exponential(f: _Function, high: str, low: str | None) -> str:
    """exp(high + low), ``low`` being tiny beside ``high``; finite or not."""
    top, bottom = f.number(_LARGEST), f.number(_SMALLEST)
    is_over, is_under = f.is_("ogt", high, top), f.is_("olt", high, bottom)
    x = f.choose(is_over, top, f.choose(is_under, bottom, high))
    rounder = f.number(_ROUNDER)
    shifted = f.fma(x, f.number(1.0 / math.log(2.0)), rounder)
    k = f.op("fsub", shifted, rounder)
    minus = f.negative(k)
    r = f.fma(minus, f.number(_LN2_HIGH), x)
    rest = f.op("fmul", minus, f.number(_LN2_LOW))
    if low is not None:
        rest = f.op("fadd", rest, f.choose(f.either(is_over, is_under), f.number(0.0), low))
    # r + rest in two parts: the rest of the rest is lost otherwise.
    both = f.op("fadd", r, rest)
    lost = f.op("fadd", f.op("fsub", r, both), rest)
    # exp(r) = 1 + r + r^2 (1/2 + r/6 + ...)
    series = f.polynomial(both, [1.0 / math.factorial(n) for n in range(2, _EXP_DEGREE)])
    square = f.op("fmul", both, both)
    tail = f.fma(square, series, f.fma(lost, both, lost))
    value = f.op("fadd", f.number(1.0), f.op("fadd", both, tail))
    # 2^k in two factors, since k reaches beyond the exponents of doubles.
    whole = f.on_words("sub", f.bits_of(shifted), f.bits_of(rounder))
    half = f.on_words("ashr", whole, f.whole(1))
    for part in (half, f.on_words("sub", whole, half)):
        biased = f.on_words("add", part, f.whole(1023))
        value = f.op("fmul", value, f.from_bits(f.on_words("shl", biased, f.whole(52))))
    return f.choose(is_over, f.number(math.inf), value)


def _exp(f: _Function) -> str:
    return _exponential(f, "%x", None)


def _logarithm(f: _Function) -> tuple[str, str]:
    """log(%x) in two parts, for finite positive %x."""
    is_tiny = f.is_("olt", "%x", f.number(_SMALLEST_NORMAL))
    x = f.choose(is_tiny, f.op("fmul", "%x", f.number(2.0**54)), "%x")
    bits = f.bits_of(x)
    (middle,) = struct.unpack(">q", struct.pack(">d", math.sqrt(0.5)))
    whole = f.on_words("ashr", f.on_words("sub", bits, f.whole(middle)), f.whole(52))
    m = f.from_bits(f.on_words("sub", bits, f.on_words("shl", whole, f.whole(52))))
    k = f.add(f"sitofp {f.word} {whole} to {f.real}")
    k = f.choose(is_tiny, f.op("fsub", k, f.number(54.0)), k)
    # s = part / (2 + part) in two parts.
    part = f.op("fsub", m, f.number(1.0))
    below = f.op("fadd", part, f.number(2.0))
    below_low = f.op("fsub", part, f.op("fsub", below, f.number(2.0)))
    s = f.op("fdiv", part, below)
    missing = f.fma(f.negative(s), below, part)
    missing = f.fma(f.negative(s), below_low, missing)
    s_low = f.op("fdiv", missing, below)
    square = f.op("fmul", s, s)
    series = f.polynomial(square, [2.0 / (2 * n + 1) for n in range(1, _LOG_TERMS)])
    tail = f.op("fmul", f.op("fmul", s, square), series)
    double = f.op("fadd", s, s)
    low = f.fma(f.number(2.0), s_low, tail)
    low = f.fma(k, f.number(_LN2_LOW), low)
    # Sum of the large parts and its rounding error.
    a = f.op("fmul", k, f.number(_LN2_HIGH))
    total = f.op("fadd", a, double)
    of_double = f.op("fsub", total, a)
    of_a = f.op("fsub", total, of_double)
    error = f.op("fadd", f.op("fsub", double, of_double), f.op("fsub", a, of_a))
    low = f.op("fadd", low, error)
    high = f.op("fadd", total, low)
    return high, f.op("fadd", f.op("fsub", total, high), low)


def _finished_logarithm(f: _Function, value: str) -> str:
    """The special cases: 0, negative, infinite, NaN."""
    zero, infinite = f.number(0.0), f.number(math.inf)
    value = f.choose(f.is_("olt", "%x", infinite), value, "%x")
    value = f.choose(f.is_("oeq", "%x", zero), f.number(-math.inf), value)
    return f.choose(f.is_("olt", "%x", zero), f.number(math.nan), value)


def _log(f: _Function) -> str:
    return _finished_logarithm(f, _logarithm(f)[0])


def _log10(f: _Function) -> str:
    high, low = _logarithm(f)
    factor = f.number(_LOG10E_HIGH)
    product = f.op("fmul", high, factor)
    rest = f.fma(high, factor, f.negative(product))
    rest = f.fma(high, f.number(_LOG10E_LOW), rest)
    rest = f.fma(low, factor, rest)
    return _finished_logarithm(f, f.op("fadd", product, rest))


def _pow(f: _Function) -> str:
    lanes, real = f.lanes, f.real
    zero, infinite = f.number(0.0), f.number(math.inf)
    high, low = _logarithm(f)
    product = f.op("fmul", "%y", high)
    rest = f.fma("%y", high, f.negative(product))
    value = _exponential(f, product, f.fma("%y", low, rest))
    at_zero = f.choose(f.is_("olt", "%y", zero), infinite, zero)
    value = f.choose(f.is_("oeq", "%x", zero), at_zero, value)
    value = f.choose(f.is_("oeq", "%y", zero), f.number(1.0), value)
    # Neither 0 <= x < inf nor -inf < y < inf: ask the C library, in those lanes alone.
    above, below = f.is_("uge", "%x", infinite), f.is_("olt", "%x", zero)
    outer = f.is_("uno", f.op("fmul", "%y", zero), zero)
    special = f.either(f.either(above, below), outer)
    some = f.add(f"call i1 @llvm.vector.reduce.or.v{lanes}i1({f.bit} {special})")
    f.lines += [
        f"  br i1 {some}, label %ask, label %plain",
        "plain:",
        f"  ret {real} {value}",
        "ask:",
    ]
    asked = f.add(f"call {real} @lanes_each_pow({real} %x, {real} %y)")
    return f.choose(special, asked, value)
