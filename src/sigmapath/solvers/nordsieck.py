"""Coefficients of the fixed-leading-coefficient BDF formulas, and changes of the Nordsieck array.

Enters: order, step size and the last step sizes, in ``clock``. Leaves: the corrector polynomial
and error constants there, or changed rows Z .. Z + 5. Called by :mod:`.bdf`.

Row Z + j holds h^j y^(j) / j! at the right end of the last step: the polynomial through the last
values, which is also the dense output. h stands in clock[BDF_H], earlier step sizes in
clock[BDF_PAST + j].

References
----------
Byrne, Hindmarsh (1975), A polyalgorithm for the numerical solution of ordinary differential
equations, doi:10.1145/355626.355636. Jackson, Sacks-Davis (1980), An alternative implementation of
variable step-size multistep formulas for stiff ODEs, doi:10.1145/355900.355903.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled

__all__ = [
    "advance_polynomial",
    "correct_polynomial",
    "interpolate_polynomial",
    "lower_order",
    "raise_order",
    "rescale",
    "set_coefficients",
    "step_back",
]

N, Z, CORRECTION = at.N, at.K, at.K + 6
BDF_H, BDF_L, BDF_PAST, SCALE = at.BDF_H, at.BDF_L, at.BDF_PAST, at.BDF_SCALE
TEST, TEST_LOWER, TEST_HIGHER = at.BDF_TEST, at.BDF_TEST_LOWER, at.BDF_TEST_HIGHER
ORDER, MOST_ORDER, T_RIGHT = at.BDF_ORDER, at.BDF_MOST_ORDER, at.T_RIGHT


@compiled
def set_coefficients(work: Any, h: Any) -> None:
    """Write the corrector polynomial and the error constants of a step of size h at this order.

    With x = (t - t_n) / h and xi_j = (t_n - t_(n-j)) / h the polynomial of the corrector is
    (1 + x / xi*) prod_(j < q) (1 + x / xi_j), where xi* makes its slope at 0 that of equal steps,
    sum_(j <= q) 1 / j. The constants turn the norm of the correction into that of the error
    committed, and of those at the neighbouring orders.
    """
    c, q = work.clock, work.flag[ORDER]
    for j in range(2, MOST_ORDER + 1):
        c[BDF_L + j] = 0.0
    c[BDF_L], c[BDF_L + 1] = 1.0, 1.0
    reach, fixed, free = h, 1.0, 1.0
    last, star = 1.0, 1.0
    for j in range(2, q + 1):
        reach += c[BDF_PAST + j - 1]
        fixed += 1.0 / j
        last = h / reach
        factor = last
        if j == q:
            star = fixed - c[BDF_L + 1]
            free = c[BDF_L + 1] + last
            factor = star
        for i in range(j, 0, -1):
            c[BDF_L + i] += c[BDF_L + i - 1] * factor
    # fixed, free: slopes at 0 of the polynomials with fixed and with free leading coefficient.
    a = 1.0 + free - fixed
    b = 1.0 + q * a
    top = c[BDF_L + q]
    c[TEST] = abs(a / (fixed * b))
    c[SCALE] = abs(b * star / (top * last))
    c[TEST_LOWER] = 1.0
    if q > 1:
        d, e = fixed - 1.0 / q, free - last
        c[TEST_LOWER] = abs(star / top * (1.0 + e - d) / d)
    last = h / (reach + c[BDF_PAST + q])
    d, e = fixed + 1.0 / (q + 1), free + last
    c[TEST_HIGHER] = abs((1.0 + e - d) / (b * last * (q + 2) * d))


@compiled
def advance_polynomial(work: Any) -> None:
    """Move the origin of the polynomial one step ahead: the prediction."""
    vec, q = work.vec, work.flag[ORDER]
    z0, z1, z2, z3, z4, z5 = vec[Z], vec[Z + 1], vec[Z + 2], vec[Z + 3], vec[Z + 4], vec[Z + 5]
    n = work.size[N]
    if q == 1:
        for i in range(n):
            z0[i] += z1[i]
    elif q == 2:
        for i in range(n):
            a, b = z1[i], z2[i]
            z0[i] += a + b
            z1[i] = a + 2.0 * b
    elif q == 3:
        for i in range(n):
            a, b, c = z1[i], z2[i], z3[i]
            z0[i] += a + b + c
            z1[i] = a + 2.0 * b + 3.0 * c
            z2[i] = b + 3.0 * c
    elif q == 4:
        for i in range(n):
            a, b, c, d = z1[i], z2[i], z3[i], z4[i]
            z0[i] += a + b + c + d
            z1[i] = a + 2.0 * b + 3.0 * c + 4.0 * d
            z2[i] = b + 3.0 * c + 6.0 * d
            z3[i] = c + 4.0 * d
    else:
        for i in range(n):
            a, b, c, d, e = z1[i], z2[i], z3[i], z4[i], z5[i]
            z0[i] += a + b + c + d + e
            z1[i] = a + 2.0 * b + 3.0 * c + 4.0 * d + 5.0 * e
            z2[i] = b + 3.0 * c + 6.0 * d + 10.0 * e
            z3[i] = c + 4.0 * d + 10.0 * e
            z4[i] = d + 5.0 * e


@compiled
def step_back(work: Any) -> None:
    """Undo the prediction."""
    vec, q = work.vec, work.flag[ORDER]
    for k in range(q):
        for j in range(q, k, -1):
            for i in range(work.size[N]):
                vec[Z + j - 1, i] -= vec[Z + j, i]


@compiled
def correct_polynomial(work: Any) -> None:
    """Add the corrector polynomial times the correction."""
    vec, c, q, n = work.vec, work.clock, work.flag[ORDER], work.size[N]
    correction = vec[CORRECTION]
    # Two powers at a time: half the passes over the correction.
    for j in range(0, q, 2):
        low, high, a, b = vec[Z + j], vec[Z + j + 1], c[BDF_L + j], c[BDF_L + j + 1]
        for i in range(n):
            low[i] += a * correction[i]
            high[i] += b * correction[i]
    if q % 2 == 0:
        last, a = vec[Z + q], c[BDF_L + q]
        for i in range(n):
            last[i] += a * correction[i]


@compiled
def rescale(work: Any, h: Any) -> None:
    """Express the polynomial in a new step size."""
    ratio = h / work.clock[BDF_H]
    factor = 1.0
    for j in range(1, work.flag[ORDER] + 1):
        factor *= ratio
        for i in range(work.size[N]):
            work.vec[Z + j, i] *= factor
    work.clock[BDF_H] = h


@compiled
def lower_order(work: Any) -> None:
    """Drop the highest power without moving the last value, slope and values before them."""
    vec, c, q = work.vec, work.clock, work.flag[ORDER]
    # x^2 prod_(j <= q - 2) (x + xi_j)
    w2, w3, w4, w5 = 1.0, 0.0, 0.0, 0.0
    reach = 0.0
    for j in range(1, q - 1):
        reach += c[BDF_PAST + j]
        xi = reach / c[BDF_H]
        w5 = w4 + xi * w5
        w4 = w3 + xi * w4
        w3 = w2 + xi * w3
        w2 = xi * w2
    for i in range(work.size[N]):
        top = vec[Z + q, i]
        if q > 2:
            vec[Z + 2, i] -= w2 * top
        if q > 3:
            vec[Z + 3, i] -= w3 * top
        if q > 4:
            vec[Z + 4, i] -= w4 * top
    work.flag[ORDER] = q - 1


@compiled
def raise_order(work: Any) -> None:
    """Add a power whose coefficient follows from the last correction."""
    vec, c, q = work.vec, work.clock, work.flag[ORDER]
    # x^2 prod_(1 <= j < q) (x + xi_j); the correction is what the polynomial missed by.
    w2, w3, w4, w5 = 1.0, 0.0, 0.0, 0.0
    product, reach, fixed, free, xi = 1.0, c[BDF_PAST + 1], 1.0, 1.0, 1.0
    for j in range(1, q):
        reach += c[BDF_PAST + j + 1]
        before = xi
        xi = reach / c[BDF_H]
        product *= xi
        fixed += 1.0 / (j + 1)
        free += 1.0 / xi
        w5 = w4 + before * w5
        w4 = w3 + before * w4
        w3 = w2 + before * w3
        w2 = before * w2
    share = (fixed - free) / product
    for i in range(work.size[N]):
        top = share * vec[CORRECTION, i]
        vec[Z + q + 1, i] = top
        if q > 1:
            vec[Z + 2, i] += w2 * top
        if q > 2:
            vec[Z + 3, i] += w3 * top
        if q > 3:
            vec[Z + 4, i] += w4 * top
    work.flag[ORDER] = q + 1


@compiled
def interpolate_polynomial(work: Any, t: Any, out: Any) -> None:
    """Write y(t), shape (n_state,), for t within the last step."""
    vec, q = work.vec, work.flag[ORDER]
    x = (t - work.clock[T_RIGHT]) / work.clock[BDF_H]
    z0, z1, z2, z3, z4, z5 = vec[Z], vec[Z + 1], vec[Z + 2], vec[Z + 3], vec[Z + 4], vec[Z + 5]
    n = work.size[N]
    if q == 1:
        for i in range(n):
            out[i] = z0[i] + x * z1[i]
    elif q == 2:
        for i in range(n):
            out[i] = z0[i] + x * (z1[i] + x * z2[i])
    elif q == 3:
        for i in range(n):
            out[i] = z0[i] + x * (z1[i] + x * (z2[i] + x * z3[i]))
    elif q == 4:
        for i in range(n):
            out[i] = z0[i] + x * (z1[i] + x * (z2[i] + x * (z3[i] + x * z4[i])))
    else:
        for i in range(n):
            inner = z2[i] + x * (z3[i] + x * (z4[i] + x * z5[i]))
            out[i] = z0[i] + x * (z1[i] + x * inner)
