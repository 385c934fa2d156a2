"""Tables of logarithms and powers of two, worked out in whole numbers.

Enters: nothing. Leaves: the numbers that :mod:`sigmapath.codegen.lane_math` looks up, each as the
nearest double (or one with fewer digits, where sums must be exact) and what is missing from it.

Everything is done in fixed point with 128 bits after the point, so the doubles are the right ones
on every machine, whatever its C library.
"""

from __future__ import annotations

from functools import cache
from math import isqrt

__all__ = [
    "LN2_HIGH",
    "LN2_LOW",
    "LOG_BITS",
    "LOG_FIRST",
    "LOG_SIZE",
    "POWER_SIZE",
    "STEP_HIGH",
    "STEP_LOW",
    "logarithms",
    "powers_of_two",
]

LOG_SIZE = POWER_SIZE = 128
# Bits of a double's significand that an index drops: 52 - log2(LOG_SIZE).
LOG_BITS = 45
# Table entry 0 begins at 1/2 + 53/256 = 0.707...; the table ends at twice that.
_FIRST_CHUNK = 53
LOG_FIRST = (1022 << 52) + (_FIRST_CHUNK << LOG_BITS)
_SHIFT = 128
# Multiples of 2^-42 below 2^10 are doubles, and so are their sums.
_COARSE = 42


def _artanh(bottom: int) -> int:
    """artanh(1 / bottom) in fixed point, by its power series."""
    power, total, n = (1 << _SHIFT) // bottom, 0, 1
    while power:
        total += power // n
        power //= bottom * bottom
        n += 2
    return total


def _parts(value: int) -> tuple[float, float]:
    """Nearest double and the rest."""
    high = value / (1 << _SHIFT)
    top, bottom = high.as_integer_ratio()
    return high, (value - (top << _SHIFT) // bottom) / (1 << _SHIFT)


def _coarse_parts(value: int) -> tuple[float, float]:
    """Nearest multiple of 2^-42 and the rest."""
    unit = 1 << (_SHIFT - _COARSE)
    whole = (value + unit // 2) // unit
    return whole / (1 << _COARSE), (value - whole * unit) / (1 << _SHIFT)


_LN2 = 2 * _artanh(3)
LN2_HIGH, LN2_LOW = _coarse_parts(_LN2)
# ln(2) / 128
STEP_HIGH, STEP_LOW = _parts(_LN2 // POWER_SIZE)


@cache
def logarithms() -> tuple[tuple[float, float, float], ...]:
    """(1/c, ln c in two parts) for 128 values c, one in each interval of the significand.

    1/c is a multiple of 1/256 (1/128 for significands below 1), so that z/c - 1 is a double: its
    product with 53 bits is a multiple of 2^-60, and z/c - 1 is below 2^-7. Both intervals beside 1
    have c = 1, so that logarithms close to 0 come from z - 1 alone.
    """
    ln = {256: 0}
    for n in range(256, 364):
        # ln((n + 1) / n) = 2 artanh(1 / (2n + 1))
        ln[n + 1] = ln[n] + 2 * _artanh(2 * n + 1)
    for n in range(256, 180, -1):
        ln[n - 1] = ln[n] - 2 * _artanh(2 * n - 1)
    rows = []
    for chunk in range(_FIRST_CHUNK, _FIRST_CHUNK + LOG_SIZE):
        is_below = chunk < LOG_SIZE
        if is_below:
            # Middle (128 + chunk + 1/2) / 256.
            n = 2 * round(2 * 128 * 256 / (2 * (128 + chunk) + 1))
        else:
            # Middle (chunk + 1/2) / 128.
            n = round(2 * 256 * 128 / (2 * chunk + 1))
        if chunk in (LOG_SIZE - 1, LOG_SIZE):
            n = 256
        rows.append((n / 256, *_coarse_parts(-ln[n])))
    return tuple(rows)


@cache
def powers_of_two() -> tuple[tuple[float, float], ...]:
    """(2^(i/128), the relative rest) for i = 0 ... 127."""
    step = 2 << _SHIFT
    for _ in range(POWER_SIZE.bit_length() - 1):
        step = isqrt(step << _SHIFT)
    rows, value = [], 1 << _SHIFT
    for _ in range(POWER_SIZE):
        high, low = _parts(value)
        rows.append((high, low / high))
        value = value * step >> _SHIFT
    return tuple(rows)
