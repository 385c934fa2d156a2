"""Elimination and triangular solves of one model, in functions of bounded size.

Enters: the lists of an elimination program. Leaves: writers with the lines of one function each,
which do what :mod:`.sparse` does by walking the program, without looking anything up. Called by
:mod:`.unrolled` and, for several runs side by side, by :mod:`sigmapath.solvers.lanes.lu`.

The code of a few hundred entries each stands in a function of its own: compilers take more than
linear time on one long block. Within a function values stay in registers, between functions they
are in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sigmapath.solvers.ir import number
from sigmapath.solvers.linalg.writer import Lists, Writer, shifted_row

__all__ = ["CHUNK", "factor_chunks", "solve_chunks"]

# Multiply-subtracts per function.
CHUNK = 300


def factor_chunks(
    lists: Lists, begin: Callable[[], tuple[Writer, str, str]]
) -> Iterator[tuple[Writer, str]]:
    """Rows of the elimination; see ``sparse.factor``.

    Parameters
    ----------
    lists : Lists
    begin : callable () -> (writer, shift, sum)
        Opens a function: where its lines go, and what the shift and the sum so far are called.

    Yields
    ------
    writer : Writer
    sum : str
        Name of the sum of 0 * pivot + 0 / pivot: NaN as soon as one is zero or not finite.
    """
    write, shift, total = begin()
    none, one = number(0.0, write.lanes), number(1.0, write.lanes)
    u = 0
    for i in range(lists.n):
        values = shifted_row(lists, write, i, shift)
        u = _eliminate(lists, write, i, values, u)
        if i < lists.tail:
            pivot = str(values[lists.diagonal[i]])
            inverse = write.op("fdiv", one, pivot)
            zero = write.op("fadd", write.op("fmul", pivot, none), write.op("fmul", inverse, none))
            total = write.op("fadd", total, zero)
            values[lists.diagonal[i]] = inverse
        for position, value in values.items():
            write.store("lu", position, none if value is None else value)
        if write.size >= CHUNK or i == lists.n - 1:
            yield write, total
            write, shift, total = begin()


def _eliminate(lists: Lists, write: Writer, i: int, values: dict[int, str | None], u: int) -> int:
    """Take the rows above off row i, beginning at update u; return the next update."""
    for position in range(lists.row[i], lists.diagonal[i]):
        k = lists.column[position]
        if k >= lists.tail:
            break
        value = values[position]
        # A place of the pattern that nothing has reached: the full tail has such.
        if value is None:
            u += lists.row[k + 1] - lists.diagonal[k] - 1
            continue
        factor = write.op("fmul", value, write.load("lu", lists.diagonal[k]))
        values[position] = factor
        for source in range(lists.diagonal[k] + 1, lists.row[k + 1]):
            target = lists.update[u]
            u += 1
            values[target] = write.minus_product(values[target], write.load("lu", source), factor)
    return u


def solve_chunks(
    lists: Lists, begin: Callable[[], Writer], stride: int = 1
) -> Iterator[tuple[Writer, bool]]:
    """Rows of both triangular solves; see ``sparse.solve``.

    Parameters
    ----------
    lists : Lists
    begin : callable () -> writer
        Opens a function.
    stride : int
        From one entry of the solution to the next.

    Yields
    ------
    writer : Writer
    is_forward : bool
        Whether it belongs to the first of the two.
    """
    write = begin()
    for i in range(lists.n):
        value = write.load("b", lists.perm[i])
        for position in range(lists.row[i], lists.diagonal[i]):
            column = lists.column[position]
            if column >= lists.tail:
                break
            entry, other = write.load("lu", position), write.load("z", column)
            value = write.minus_product(value, other, entry)
        write.store("z", i, value)
        # Both ways in one function, where all of it is small: values stay in registers.
        is_last = i == lists.n - 1 and (lists.tail < lists.n or write.size > 0.5 * CHUNK)
        if write.size >= CHUNK or is_last:
            yield write, True
            write = begin()
    for i in range(lists.n - 1, -1, -1):
        value = write.load("z", i)
        if i < lists.tail:
            # The newest value last: what is known already is taken off while it is worked out.
            for position in range(lists.row[i + 1] - 1, lists.diagonal[i], -1):
                entry, other = write.load("lu", position), write.load("z", lists.column[position])
                value = write.minus_product(value, other, entry)
            value = write.op("fmul", value, write.load("lu", lists.diagonal[i]))
            write.store("z", i, value)
        write.store("x", stride * lists.perm[i], value)
        if write.size >= CHUNK or i == 0:
            yield write, False
            write = begin()
