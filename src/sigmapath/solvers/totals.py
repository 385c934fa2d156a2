"""Which conserved totals hold in a run, and which equations they replace: compiled.

Enters: a worker's ``Work`` and ``Rest`` with a state. Leaves: the reduced moieties and their totals
in ``Rest``, and the level below which a state counts as zero. Called by the search for rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers import rest as slot
from sigmapath.solvers.compiled import compiled

__all__ = ["copy_row", "forget_null_rows", "prepare_totals", "set_floor", "total_of"]

N, RTOL, MASKED, ATOL, MASK = at.N, at.RTOL, at.MASKED, at.ATOL, at.MASK
FLOOR = slot.FLOOR


@compiled
def copy_row(source: Any, target: Any) -> None:
    """Copy one vector; a slice assignment would allocate in case the two overlap."""
    for i in range(len(target)):
        target[i] = source[i]


@compiled
def set_floor(work: Any, rest: Any, y: Any) -> None:
    """Write the level below which a state counts as zero: ``min(atol / rtol, 1e-6 max|y|)``.

    atol / rtol is where a solver's tolerance turns absolute. The second bound keeps small-unit
    models (molar: all states of 1e-9) from being called at rest because everything is "zero".
    """
    largest = 0.0
    for i in range(work.size[N]):
        if np.isfinite(y[i]):
            largest = max(largest, abs(y[i]))
    for i in range(work.size[N]):
        floor = work.vec[ATOL, i] / work.tune[RTOL]
        rest.vec[FLOOR, i] = min(floor, 1e-6 * largest) if largest > 0.0 else floor


@compiled
def prepare_totals(work: Any, rest: Any, y: Any) -> None:
    """Choose the moieties that hold in this run, the equations they replace, and their totals.

    A held state exchanges matter with the outside, so every moiety it belongs to is eliminated
    (combinations without it survive). Each remaining row replaces the equation of its largest
    member, scaled to one there and zero in the other rows' members.
    """
    reduced = rest.reduced
    n_rows, n = rest.moieties.shape
    for r in range(n_rows):
        copy_row(rest.moieties[r], reduced[r])
    rest.moiety_of[:] = -1
    if work.flag[MASKED] != 0:
        for j in range(n):
            pivot = _largest_in_column(reduced, n_rows, j) if work.vec[MASK, j] != 0.0 else -1
            if pivot >= 0:
                _clear_column(reduced, n_rows, pivot, j)
                n_rows -= 1
                copy_row(reduced[n_rows], reduced[pivot])
    r = 0
    while r < n_rows:
        j = _largest_member(reduced[r], y, rest.vec[FLOOR])
        if j < 0:
            n_rows -= 1
            copy_row(reduced[n_rows], reduced[r])
            continue
        pivot_value = reduced[r, j]
        for k in range(n):
            reduced[r, k] /= pivot_value
        _clear_column(reduced, n_rows, r, j)
        rest.moiety_of[j] = r
        r += 1
    for r in range(n_rows):
        rest.totals[r] = total_of(reduced[r], y)


@compiled
def forget_null_rows(rest: Any) -> None:
    """Drop the sums that an earlier, singular Newton matrix conserved."""
    for i in range(len(rest.moiety_of)):
        if rest.moiety_of[i] >= rest.moieties.shape[0]:
            rest.moiety_of[i] = -1


@compiled
def total_of(row: Any, y: Any) -> Any:
    """Return row times y; absent states may be NaN."""
    total = 0.0
    for k in range(len(y)):
        if row[k] != 0.0:
            total += row[k] * y[k]
    return total


@compiled
def _largest_in_column(rows: Any, n_rows: Any, j: Any) -> Any:
    best, best_value = -1, 1e-12
    for r in range(n_rows):
        if abs(rows[r, j]) > best_value:
            best, best_value = r, abs(rows[r, j])
    return best


@compiled
def _largest_member(row: Any, y: Any, floor: Any) -> Any:
    """Index of the state that holds most of the total; -1 in a row that elimination emptied."""
    best, best_value, largest = -1, 0.0, 0.0
    for j in range(len(y)):
        largest = max(largest, abs(row[j]))
    for j in range(len(y)):
        # Coefficients of 1e-9 of the row are what elimination leaves of exact zeros.
        if abs(row[j]) > 1e-9 * largest and largest > 1e-12:
            value = abs(row[j]) * (abs(y[j]) + floor[j])
            if value > best_value:
                best, best_value = j, value
    return best


@compiled
def _clear_column(rows: Any, n_rows: Any, pivot: Any, j: Any) -> None:
    for r in range(n_rows):
        if r != pivot and rows[r, j] != 0.0:
            factor = rows[r, j] / rows[pivot, j]
            for k in range(rows.shape[1]):
                rows[r, k] -= factor * rows[pivot, k]
            rows[r, j] = 0.0
