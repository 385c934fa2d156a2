"""LU that sees a rank deficiency: partial, and where that fails complete pivoting; dense.

Enters: a matrix with rows of unit sum. Leaves: factors in place, rank, sign of the determinant,
and basic solutions of consistent systems. Called by :mod:`.newton`: unlike the factorisation of
W = M/(h gamma) - J in time stepping, the matrix of a steady state may be singular.

References
----------
G. H. Golub, C. F. Van Loan, Matrix Computations, 4th ed. 2013, sections 3.4.5 and 3.4.8.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers.compiled import compiled

__all__ = ["rank_factor", "rank_solve"]

# Rows sum to one, so a pivot below this is the rounding noise of n additions.
_PIVOT_NOISE = 1e-14


@compiled
def rank_factor(matrix: Any, order: Any, complete: Any) -> Any:
    """Factor in place; return (rank, sign of the determinant, 0 if the rank is not full).

    Parameters
    ----------
    matrix : ndarray, shape (n, n)
        Overwritten with the factors.
    order : ndarray of int64, shape (3, n)
        Written: row order and column order; the last row is scratch.
    complete : bool
        Pivot over rows and columns. Otherwise the elimination stops at the first tiny pivot of
        a column, and the rank only says whether the matrix is regular.
    """
    n = matrix.shape[0]
    sign = 1.0
    for i in range(n):
        order[0, i] = i
        order[1, i] = i
    for k in range(n):
        row, column = _pivot(matrix, k, complete)
        if not abs(matrix[row, column]) > _PIVOT_NOISE * n:
            return k, 0.0
        if row != k:
            sign = -sign
            order[0, k], order[0, row] = order[0, row], order[0, k]
            for j in range(n):
                matrix[k, j], matrix[row, j] = matrix[row, j], matrix[k, j]
        if column != k:
            sign = -sign
            order[1, k], order[1, column] = order[1, column], order[1, k]
            for i in range(n):
                matrix[i, k], matrix[i, column] = matrix[i, column], matrix[i, k]
        if matrix[k, k] < 0.0:
            sign = -sign
        # Rows of networks are mostly zeros: passing over them saves half of the time.
        n_entry = 0
        for j in range(k + 1, n):
            if matrix[k, j] != 0.0:
                order[2, n_entry] = j
                n_entry += 1
        for i in range(k + 1, n):
            if matrix[i, k] != 0.0:
                factor = matrix[i, k] / matrix[k, k]
                matrix[i, k] = factor
                if 2 * n_entry < n - k:
                    for entry in range(n_entry):
                        j = order[2, entry]
                        matrix[i, j] -= factor * matrix[k, j]
                else:
                    for j in range(k + 1, n):
                        matrix[i, j] -= factor * matrix[k, j]
    return n, sign


@compiled
def _pivot(matrix: Any, k: Any, complete: Any) -> Any:
    n = matrix.shape[0]
    row, column, best = k, k, abs(matrix[k, k])
    for i in range(k, n):
        for j in range(k, n if complete else k + 1):
            if abs(matrix[i, j]) > best:
                row, column, best = i, j, abs(matrix[i, j])
    return row, column


@compiled
def rank_solve(matrix: Any, order: Any, rank: Any, right: Any, spare: Any) -> None:
    """Solve in place; components beyond the rank are zero (the basic solution).

    Equations beyond the rank are not looked at: the caller checks that they hold.
    """
    for k in range(rank):
        value = right[order[0, k]]
        for j in range(k):
            value -= matrix[k, j] * spare[j]
        spare[k] = value
    for k in range(rank - 1, -1, -1):
        value = spare[k]
        for j in range(k + 1, rank):
            value -= matrix[k, j] * spare[j]
        spare[k] = value / matrix[k, k]
    for k in range(len(right)):
        right[order[1, k]] = spare[k] if k < rank else 0.0
