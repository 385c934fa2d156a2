"""Factor and solve W = M/(h gamma) - J by walking the program of :mod:`.symbolic`.

Enters: the flat program, the Jacobian's values, buffers. Leaves: L and U in place, solutions in
place. Called by the Rosenbrock step and by Newton iterations; allocates nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers.compiled import compiled, inlined, summed
from sigmapath.solvers.linalg.dense import dense_factor, dense_solve
from sigmapath.solvers.linalg.symbolic import DENSE, HEADER

__all__ = ["assemble", "factor", "factor_tail", "jacobian_product", "solve", "solve_tail"]

_KIND, _N, _N_JAC, _N_LU = (HEADER.index(k) for k in ("kind", "n", "n_jac", "n_lu"))
_PERM, _ROW, _DIAGONAL, _COLUMN = (HEADER.index(k) for k in ("perm", "row", "diagonal", "column"))
_TAIL = HEADER.index("tail")
_JAC, _UPDATE, _JAC_ROW, _JAC_COLUMN = (
    HEADER.index(k) for k in ("jac", "update", "jac_row", "jac_column")
)


# Pivots that are dealt with together in the full rows at the end.
_BLOCK = 4


@inlined
def assemble(
    program: Any, jac: Any, mass: Any, mask: Any, is_masked: Any, shift: Any, lu: Any
) -> None:
    """Write shift M - J into ``lu``; rows of held states become shift on the diagonal alone.

    Parameters
    ----------
    program : ndarray of int64
    jac : ndarray, shape (nnz,)
        Values of J in the order of its pattern.
    mass, mask : ndarray, shape (n_state,)
        Mass diagonal; 1.0 in ``mask`` where the state is held.
    is_masked : bool
        Whether any state is held.
    shift : float
        1/(h gamma).
    lu : ndarray, shape (n_lu,)
        Written in place.
    """
    n = program[_N]
    n_jac = program[_N_JAC]
    o_jac = program[_JAC]
    o_diagonal = program[_DIAGONAL]
    o_perm = program[_PERM]
    for k in range(program[_N_LU]):
        lu[k] = 0.0
    for k in range(n_jac):
        lu[program[o_jac + k]] = -jac[k]
    if is_masked:
        o_row = program[_JAC_ROW]
        for i in range(n):
            if mask[i] != 0.0:
                for k in range(program[o_row + i], program[o_row + i + 1]):
                    lu[program[o_jac + k]] = 0.0
    for i in range(n):
        state = program[o_perm + i]
        if is_masked and mask[state] != 0.0:
            lu[program[o_diagonal + i]] = shift
        else:
            lu[program[o_diagonal + i]] += shift * mass[state]


@compiled
def factor(program: Any, lu: Any) -> bool:
    """Factor in place (unit lower L, reciprocals on the diagonal); False when singular or NaN."""
    n = program[_N]
    if program[_KIND] == DENSE:
        return dense_factor(n, lu)
    o_row = program[_ROW]
    o_diagonal = program[_DIAGONAL]
    o_column = program[_COLUMN]
    tail = program[_TAIL]
    u = program[_UPDATE]
    for i in range(n):
        diagonal = program[o_diagonal + i]
        end = diagonal if i < tail else program[o_row + i + 1] - (n - tail)
        for position in range(program[o_row + i], end):
            k = program[o_column + position]
            pivot_at = program[o_diagonal + k]
            multiplier = lu[position] * lu[pivot_at]
            lu[position] = multiplier
            for source in range(pivot_at + 1, program[o_row + k + 1]):
                lu[program[u]] -= multiplier * lu[source]
                u += 1
        if i < tail:
            pivot = lu[diagonal]
            if pivot == 0.0 or not np.isfinite(pivot):
                return False
            lu[diagonal] = 1.0 / pivot
    return factor_tail(program, lu)


@inlined
def _subtract(target: Any, factor: Any, source: Any) -> None:
    """``target -= factor * source`` of equal length."""
    for j in range(len(target)):
        target[j] -= factor * source[j]


@inlined
def _subtract_block(program: Any, lu: Any, mine: Any, first: Any, last: Any) -> None:
    """Subtract the rows of four pivots from the part of a row behind them."""
    n, o_row = program[_N], program[_ROW]
    f0, f1 = lu[mine + first], lu[mine + first + 1]
    f2, f3 = lu[mine + first + 2], lu[mine + first + 3]
    a0, a1 = program[o_row + first + 1] - n, program[o_row + first + 2] - n
    a2, a3 = program[o_row + first + 3] - n, program[o_row + first + 4] - n
    target = lu[mine + last : mine + n]
    s0, s1 = lu[a0 + last : a0 + n], lu[a1 + last : a1 + n]
    s2, s3 = lu[a2 + last : a2 + n], lu[a3 + last : a3 + n]
    for j in range(len(target)):
        value = target[j] - f0 * s0[j]
        value -= f1 * s1[j]
        value -= f2 * s2[j]
        target[j] = value - f3 * s3[j]


@compiled
def factor_tail(program: Any, lu: Any) -> bool:
    """Factor the full rows at the end, the others being done; False when singular or NaN.

    Four pivots at a time: rows below them are fetched and stored once for all four.
    """
    n, tail = program[_N], program[_TAIL]
    o_row = program[_ROW]
    for first in range(tail, n, _BLOCK):
        last = min(first + _BLOCK, n)
        for i in range(first, n):
            # lu[mine + j] is the entry of column j.
            mine = program[o_row + i + 1] - n
            is_below = i >= last and last - first == _BLOCK
            end = last if is_below else n
            for k in range(first, min(i, last)):
                other = program[o_row + k + 1] - n
                multiplier = lu[mine + k] * lu[other + k]
                lu[mine + k] = multiplier
                _subtract(
                    lu[mine + k + 1 : mine + end], multiplier, lu[other + k + 1 : other + end]
                )
            if is_below:
                _subtract_block(program, lu, mine, first, last)
            elif i < last:
                pivot = lu[mine + i]
                if pivot == 0.0 or not np.isfinite(pivot):
                    return False
                lu[mine + i] = 1.0 / pivot
    return True


@summed
def _dot(a: Any, b: Any) -> Any:
    """Scalar product, in as many partial sums as vector units hold."""
    total = 0.0
    for j in range(len(a)):
        total += a[j] * b[j]
    return total


@compiled
def solve_tail(program: Any, lu: Any, z: Any) -> None:
    """Solve with the full rows at the end, in place in ``z[tail:]``."""
    n, tail = program[_N], program[_TAIL]
    o_row = program[_ROW]
    for i in range(tail, n):
        mine = program[o_row + i + 1] - n
        z[i] -= _dot(lu[mine + tail : mine + i], z[tail:i])
    for i in range(n - 1, tail - 1, -1):
        mine = program[o_row + i + 1] - n
        z[i] = (z[i] - _dot(lu[mine + i + 1 : mine + n], z[i + 1 : n])) * lu[mine + i]


@compiled
def solve(program: Any, lu: Any, b: Any, x: Any, z: Any) -> None:
    """Write W^-1 b into ``x``; ``z`` is scratch. All of shape (n_state,); x may alias b."""
    n = np.uintp(program[_N])
    if program[_KIND] == DENSE:
        dense_solve(program[_N], lu, b, x)
        return
    # Unsigned indices: numba need not ask at each access whether an index counts from the end.
    o_perm = np.uintp(program[_PERM])
    o_row = np.uintp(program[_ROW])
    o_diagonal = np.uintp(program[_DIAGONAL])
    o_column = np.uintp(program[_COLUMN])
    tail = np.uintp(program[_TAIL])
    one = np.uintp(1)
    i = np.uintp(0)
    position = np.uintp(0)
    while i < n:
        total = b[np.uintp(program[o_perm + i])]
        end = np.uintp(program[o_diagonal + i])
        if i >= tail:
            end = np.uintp(program[o_row + i + one]) - (n - tail)
        while position < end:
            total -= lu[position] * z[np.uintp(program[o_column + position])]
            position += one
        z[i] = total
        i += one
        position = np.uintp(program[o_row + i])
    if tail < n:
        solve_tail(program, lu, z)
        while i > tail:
            i -= one
            x[np.uintp(program[o_perm + i])] = z[i]
    while i > np.uintp(0):
        end = np.uintp(program[o_row + i])
        i -= one
        total = z[i]
        diagonal = np.uintp(program[o_diagonal + i])
        position = diagonal + one
        while position < end:
            total -= lu[position] * z[np.uintp(program[o_column + position])]
            position += one
        total *= lu[diagonal]
        z[i] = total
        x[np.uintp(program[o_perm + i])] = total


@compiled
def jacobian_product(program: Any, jac: Any, x: Any, out: Any) -> None:
    """Write J x into ``out``, both of shape (n_state,); ``out`` must not alias ``x``."""
    o_row = program[_JAC_ROW]
    o_column = program[_JAC_COLUMN]
    for i in range(program[_N]):
        total = 0.0
        for k in range(program[o_row + i], program[o_row + i + 1]):
            total += jac[k] * x[program[o_column + k]]
        out[i] = total
