"""The arrays that a search for a steady state works in, and the moieties it holds fixed.

Enters: sizes and conserved moieties. Leaves: :class:`Rest`, one per worker beside its ``Work``,
and the compiled choice of which equations the totals replace. Called by :mod:`.newton` and
:mod:`.settle`; made by :mod:`.steady_state` and by the batch loop.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sigmapath.solvers import layout as at

__all__ = ["Rest", "new_rest", "prepare_totals", "set_floor"]

N, RTOL, MASKED, ATOL, MASK = at.N, at.RTOL, at.MASKED, at.ATOL, at.MASK

# Rest.vec
(
    FLOOR,  # level below which a state counts as zero
    WEIGHT,  # |y| + floor
    GROSS,  # row scales, see newton
    RATES,  # f at the current point
    ORIGIN,  # point from which the reach is measured
    POINT,  # current Newton iterate, and the root
    STEP,  # scaled Newton step
    TRIAL,
    TRIAL_STEP,
    SPARE,
    BEGIN,  # state the search began with
    ROOT_AT,  # root under test for attraction
    LAST,  # state at the last checkpoint of the integration
    KEPT_ATOL,  # the run's tolerances, put back at the end
) = range(14)
_N_ROW = 14

# Rest.limit
TOLERANCE, NEWTON_REACH, MAX_REST_STEPS = range(3)

# Rest.result
R_METHOD, R_REASON, R_RESIDUAL, R_STEP, R_ITERATIONS, R_STEPS, R_TIME = range(7)
_N_RESULT = 7


class Rest(NamedTuple):
    """Arrays of one search; ``limit`` and ``moieties`` are read only, ``result`` is the answer.

    vec         float64 (14, n_state)       rows named above
    matrix      float64 (n_state, n_state)  scaled matrix, then its factors
    moieties    float64 (n_moiety, n_state) each row times y is conserved
    reduced     float64 (n_moiety, n_state) moieties that hold in this run, reduced, pivots one
    totals      float64 (n_moiety,)         their totals
    moiety_of   int64 (n_state,)            row of ``reduced`` replacing this equation, or -1
    order       int64 (2, n_state)          row and column order of the factors
    trigger     float64 (2, n_event)        event triggers before and after
    limit       float64 (3,)                tolerance, reach of the first Newton search, steps
    result      float64 (7,)                slots R_METHOD .. R_TIME
    """

    vec: Any
    matrix: Any
    moieties: Any
    reduced: Any
    totals: Any
    moiety_of: Any
    order: Any
    trigger: Any
    limit: Any
    result: Any


def new_rest(
    n_state: int,
    moieties: NDArray[np.float64] | None = None,
    *,
    n_event: int = 0,
    tolerance: float = 1e-9,
    newton_reach: float = 0.1,
    max_steps: int = 5000,
) -> Rest:
    """Allocate a workspace; the caller keeps it and gives one to each thread.

    Parameters
    ----------
    n_state : int
    moieties : ndarray, shape (n_moiety, n_state), optional
        None where nothing is conserved.
    n_event : int
        Number of events of the model.
    tolerance : float
        Accepted relative size of the last Newton step and of the residual.
    newton_reach : float
        How far from the start, relatively, a root found at once may lie; inf for anywhere, 0 to
        integrate first in any case.
    max_steps : int
        Limit of integration steps per trajectory.
    """
    rows = np.zeros((0, n_state)) if moieties is None else moieties
    return Rest(
        vec=np.zeros((_N_ROW, n_state)),
        matrix=np.zeros((n_state, n_state)),
        moieties=np.ascontiguousarray(rows, dtype=np.float64),
        reduced=np.zeros(rows.shape),
        totals=np.zeros(rows.shape[0]),
        moiety_of=np.full(n_state, -1, dtype=np.int64),
        order=np.zeros((2, n_state), dtype=np.int64),
        trigger=np.zeros((2, n_event)),
        limit=np.array([tolerance, newton_reach, float(max_steps)]),
        result=np.zeros(_N_RESULT),
    )


@njit(nogil=True, cache=True, error_model="numpy")
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


@njit(nogil=True, cache=True, error_model="numpy")
def prepare_totals(work: Any, rest: Any, y: Any) -> None:
    """Choose the moieties that hold in this run, the equations they replace, and their totals.

    A held state exchanges matter with the outside, so every moiety it belongs to is eliminated
    (combinations without it survive). Each remaining row replaces the equation of its largest
    member, scaled to one there and zero in the other rows' members.
    """
    reduced = rest.reduced
    n_rows, n = reduced.shape
    reduced[:, :] = rest.moieties
    rest.moiety_of[:] = -1
    if work.flag[MASKED] != 0:
        for j in range(n):
            pivot = _largest_in_column(reduced, n_rows, j) if work.vec[MASK, j] != 0.0 else -1
            if pivot >= 0:
                _clear_column(reduced, n_rows, pivot, j)
                n_rows -= 1
                reduced[pivot, :] = reduced[n_rows]
    r = 0
    while r < n_rows:
        j = _largest_member(reduced[r], y, rest.vec[FLOOR])
        if j < 0:
            n_rows -= 1
            reduced[r, :] = reduced[n_rows]
            continue
        pivot_value = reduced[r, j]
        for k in range(n):
            reduced[r, k] /= pivot_value
        _clear_column(reduced, n_rows, r, j)
        rest.moiety_of[j] = r
        r += 1
    for r in range(n_rows):
        rest.totals[r] = total_of(reduced[r], y)


@njit(nogil=True, cache=True, error_model="numpy")
def total_of(row: Any, y: Any) -> Any:
    """Return row times y; absent states may be NaN."""
    total = 0.0
    for k in range(len(y)):
        if row[k] != 0.0:
            total += row[k] * y[k]
    return total


@njit(nogil=True, cache=True, error_model="numpy")
def _largest_in_column(rows: Any, n_rows: Any, j: Any) -> Any:
    best, best_value = -1, 1e-12
    for r in range(n_rows):
        if abs(rows[r, j]) > best_value:
            best, best_value = r, abs(rows[r, j])
    return best


@njit(nogil=True, cache=True, error_model="numpy")
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


@njit(nogil=True, cache=True, error_model="numpy")
def _clear_column(rows: Any, n_rows: Any, pivot: Any, j: Any) -> None:
    for r in range(n_rows):
        if r != pivot and rows[r, j] != 0.0:
            factor = rows[r, j] / rows[pivot, j]
            for k in range(rows.shape[1]):
                rows[r, k] -= factor * rows[pivot, k]
            rows[r, j] = 0.0
