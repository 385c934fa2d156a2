"""Factor and solve W = M/(h gamma) - J by walking the program of :mod:`.symbolic`.

Enters: the flat program, the Jacobian's values, buffers. Leaves: L and U in place, solutions in
place. Called by the Rosenbrock step and by Newton iterations; allocates nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.linalg.dense import dense_factor, dense_solve
from sigmapath.solvers.linalg.symbolic import DENSE, HEADER

__all__ = ["assemble", "factor", "jacobian_product", "solve"]

_KIND, _N, _N_JAC, _N_LU = (HEADER.index(k) for k in ("kind", "n", "n_jac", "n_lu"))
_PERM, _ROW, _DIAGONAL, _COLUMN = (HEADER.index(k) for k in ("perm", "row", "diagonal", "column"))
_JAC, _UPDATE, _JAC_ROW, _JAC_COLUMN = (
    HEADER.index(k) for k in ("jac", "update", "jac_row", "jac_column")
)


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
    u = program[_UPDATE]
    for i in range(n):
        diagonal = program[o_diagonal + i]
        for position in range(program[o_row + i], diagonal):
            k = program[o_column + position]
            pivot_at = program[o_diagonal + k]
            multiplier = lu[position] * lu[pivot_at]
            lu[position] = multiplier
            for source in range(pivot_at + 1, program[o_row + k + 1]):
                lu[program[u]] -= multiplier * lu[source]
                u += 1
        pivot = lu[diagonal]
        if pivot == 0.0 or not np.isfinite(pivot):
            return False
        lu[diagonal] = 1.0 / pivot
    return True


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
    one = np.uintp(1)
    i = np.uintp(0)
    position = np.uintp(0)
    while i < n:
        total = b[np.uintp(program[o_perm + i])]
        diagonal = np.uintp(program[o_diagonal + i])
        while position < diagonal:
            total -= lu[position] * z[np.uintp(program[o_column + position])]
            position += one
        z[i] = total
        i += one
        position = np.uintp(program[o_row + i])
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
