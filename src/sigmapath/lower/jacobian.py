"""Analytic sparse Jacobian df/dy and df/dt.

Enters: states, ordered definitions, derivatives. Leaves: nonzero entries row by row, their pattern,
and df/dt. The chain rule runs through the definitions, each of which is differentiated once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sigmapath.expr.calculus import Row, differentiate
from sigmapath.expr.nodes import ONE, TIME, ZERO, Expr, symbol
from sigmapath.kernels import Pattern
from sigmapath.lower.system import Definition, Quantity

__all__ = ["jacobian"]


def jacobian(
    states: Sequence[Quantity], definitions: Sequence[Definition], derivatives: Sequence[Expr]
) -> tuple[tuple[Expr, ...], Pattern, tuple[Expr, ...] | None]:
    """Differentiate the right-hand side.

    Parameters
    ----------
    states : sequence of Quantity, length n_state
    definitions : sequence of Definition
        Topologically ordered.
    derivatives : sequence of Expr, length n_state

    Returns
    -------
    values : tuple of Expr, shape (nnz,)
        df_row/dy_column, row by row; the diagonal is always there, because implicit methods need
        its place for M - h J.
    pattern : Pattern
    time_derivative : tuple of Expr, shape (n_state,), or None
        df/dt at fixed y; None where no f depends on time.
    """
    column_of = {symbol(state.id): i for i, state in enumerate(states)}
    leaves: dict[Expr, Row] = {leaf: {leaf: ONE} for leaf in column_of}
    leaves[TIME] = {TIME: ONE}
    known: dict[Expr, Row] = {}
    for definition in definitions:
        (row,) = differentiate([definition.math], leaves, known)
        leaves[symbol(definition.id)] = row
    values: list[Expr] = []
    columns: list[int] = []
    row_start = [0]
    by_time: list[Expr] = []
    for i, row in enumerate(differentiate(derivatives, leaves, known)):
        by_time.append(row.get(TIME, ZERO))
        entries = {column_of[leaf]: value for leaf, value in row.items() if leaf is not TIME}
        entries.setdefault(i, ZERO)
        for column in sorted(entries):
            columns.append(column)
            values.append(entries[column])
        row_start.append(len(columns))
    pattern = Pattern(
        row_start=np.array(row_start, dtype=np.int64), column=np.array(columns, dtype=np.int64)
    )
    autonomous = all(value is ZERO for value in by_time)
    return tuple(values), pattern, None if autonomous else tuple(by_time)
