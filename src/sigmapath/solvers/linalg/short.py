"""Print the LU of a small model in the middle of other code, for the least waiting.

Enters: the elimination program of :mod:`.symbolic`. Leaves: lines of LLVM IR that factor W, and
lines that solve with it. Called by :mod:`sigmapath.solvers.fused_step`.

W = L D U with ones on both diagonals, so that each level of either triangular solve is one
multiply-add behind the one before: the pivots are divided out between the two, where nothing waits
for it. What is subtracted from a value stands in the order in which it is known. The factors differ
from those of :mod:`.unrolled` and are nobody else's business.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers.ir import number
from sigmapath.solvers.linalg.symbolic import HEADER
from sigmapath.solvers.linalg.writer import Lists, Writer, lists_of, shifted_row

__all__ = ["factor_lines", "is_short", "solve_lines"]

# Entries of the factors up to which eight solves may stand one after another.
_MOST_ENTRIES = 300


def is_short(program: NDArray[np.int64]) -> bool:
    """Whether a solve may stand, many times, in the middle of other code."""
    n, tail, n_lu = (int(program[HEADER.index(name)]) for name in ("n", "tail", "n_lu"))
    return tail == n and n_lu <= _MOST_ENTRIES


def factor_lines(program: NDArray[np.int64], shift: str, write: Writer) -> str:
    """Factor shift - J with the values of J in ``%jac``; the factors go to ``%lu``.

    Returns
    -------
    check : str
        Name of a value that is 0.0, or NaN where a pivot is zero or not finite.
    """
    lists, none, one = lists_of(program), number(0.0, write.lanes), number(1.0, write.lanes)
    # Values by place, U scaled, for the rows below.
    known: dict[int, str] = {}
    check = none
    for i in range(lists.n):
        values = shifted_row(lists, write, i, shift)
        for position in range(lists.row[i], lists.diagonal[i]):
            value, k = values[position], lists.column[position]
            if value is None:
                continue
            for source in range(lists.diagonal[k] + 1, lists.row[k + 1]):
                target = _place(lists, i, lists.column[source])
                if source in known:
                    values[target] = write.minus_product(values[target], value, known[source])
            values[position] = write.op("fmul", value, known[lists.diagonal[k]])
        pivot = str(values[lists.diagonal[i]])
        inverse = write.op("fdiv", one, pivot)
        zero = write.op("fmul", pivot, none)
        zero = write.op("fadd", zero, write.op("fmul", inverse, none))
        check = write.op("fadd", check, zero)
        values[lists.diagonal[i]] = known[lists.diagonal[i]] = inverse
        for position in range(lists.diagonal[i] + 1, lists.row[i + 1]):
            value = values[position]
            if value is not None:
                known[position] = write.op("fmul", value, inverse)
                values[position] = known[position]
        for position, value in values.items():
            write.store("lu", position, none if value is None else value)
    return check


def _place(lists: Lists, i: int, column: int) -> int:
    """Place of an entry of row i."""
    return lists.column.index(column, lists.row[i], lists.row[i + 1])


def solve_lines(program: NDArray[np.int64], right: Sequence[str], write: Writer) -> list[str]:
    """Solve with the factors in ``%lu``.

    Parameters
    ----------
    program : ndarray of int64
    right : sequence of str, shape (n,)
        Names of the values of the right-hand side.
    write : Writer
        Of the function in which this stands.

    Returns
    -------
    solution : list of str, shape (n,)
    """
    lists = lists_of(program)
    n = lists.n
    value = [right[lists.perm[i]] for i in range(n)]
    level = [0] * n
    for i in range(n):
        positions = range(lists.row[i], lists.diagonal[i])
        _subtract(write, lists, i, positions, value, level)
    for i in range(n):
        value[i] = write.op("fmul", value[i], write.load("lu", lists.diagonal[i]))
    for i in range(n - 1, -1, -1):
        positions = range(lists.diagonal[i] + 1, lists.row[i + 1])
        _subtract(write, lists, i, positions, value, level)
    solution = [""] * n
    for i in range(n):
        solution[lists.perm[i]] = value[i]
    return solution


def _subtract(
    write: Writer, lists: Lists, i: int, positions: range, value: list[str], level: list[int]
) -> None:
    """Subtract known values from value i, those known first to begin with."""
    for position in sorted(positions, key=lambda place: level[lists.column[place]]):
        k = lists.column[position]
        value[i] = write.minus_product(value[i], value[k], write.load("lu", position))
        level[i] = max(level[i], level[k]) + 1
