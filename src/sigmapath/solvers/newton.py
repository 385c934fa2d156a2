"""Newton's method for f(y) = 0 with conserved totals held: compiled, dense, allocation-free.

Enters: a worker's ``Work`` and ``Rest``, a start point. Leaves: the root and how good it is.
Called by :mod:`.rest_search` and :mod:`.approach`. Dense on purpose: a handful of factorisations
per search, with pivoting that sees a rank deficiency, matter more here than the sparse speed of
time stepping.

Scaling. With weights w_j = |y_j| + floor_j and the row scales g_i = sum_j |df_i/dy_j| w_j (the
gross turnover of state i, to first order) the linear system in u_j = step_j / w_j has rows of unit
sum, whatever the units of states and time. Two measures follow from it:

- the *step* ``max_j |u_j|``: distance to the root in relative terms, as Newton's method sees it;
- the *residual* ``max_i |f_i| / g_i``: net over gross turnover. It has no unit, and is the same as
  ``|f_i| timescale_i / w_i`` with the state's own turnover time ``timescale_i = w_i / g_i``.

References
----------
P. Deuflhard, Newton Methods for Nonlinear Problems, Springer 2011, section 3.3 (restricted natural
monotonicity test), doi:10.1007/978-3-642-23899-4.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers import rest as slot
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.linalg.symbolic import HEADER
from sigmapath.solvers.rank_lu import rank_factor, rank_solve
from sigmapath.solvers.rates import jacobian, rates
from sigmapath.solvers.rest import Landing
from sigmapath.solvers.totals import copy_row, forget_null_rows, total_of

__all__ = ["distance", "find_root", "scales"]

N, MASKED, MASS, CLAMP, MASK = at.N, at.MASKED, at.MASS, at.CLAMP, at.MASK
FLOOR, WEIGHT, GROSS, RATES = slot.FLOOR, slot.WEIGHT, slot.GROSS, slot.RATES
ORIGIN, STEP, TRIAL, TRIAL_STEP = slot.ORIGIN, slot.STEP, slot.TRIAL, slot.TRIAL_STEP
POINT, R_STEP, R_RESIDUAL = slot.POINT, slot.R_STEP, slot.R_RESIDUAL
R_ITERATIONS, R_SADDLE = slot.R_ITERATIONS, slot.R_SADDLE
SPARE, TOLERANCE = slot.SPARE, slot.TOLERANCE
_JAC_ROW, _JAC_COLUMN = HEADER.index("jac_row"), HEADER.index("jac_column")

# Rounding limits: a step that no longer shrinks is accepted where net over gross turnover is noise.
_RESIDUAL_NOISE = 1e-12
_STEP_NOISE = 1e-6
_SMALLEST_DAMPING = 1e-4
_MAX_ITERATIONS = 60

_ROOT, _FAR, _STUCK = int(Landing.ROOT), int(Landing.FAR), int(Landing.STUCK)
_NOT_FINITE, _NEGATIVE = int(Landing.NOT_FINITE), int(Landing.NEGATIVE)


@compiled
def scales(work: Any, rest: Any, y: Any) -> Any:
    """Evaluate f and J at y, write weights and gross turnovers; return the residual, or NaN."""
    program = work.program
    vec = rest.vec
    rates(work, 0.0, y, vec[RATES])
    jacobian(work, 0.0, y)
    is_masked = work.flag[MASKED] != 0
    for j in range(work.size[N]):
        if is_masked and work.vec[MASK, j] != 0.0 and not np.isfinite(y[j]):
            vec[WEIGHT, j] = 1.0
        else:
            vec[WEIGHT, j] = abs(y[j]) + vec[FLOOR, j]
    residual = 0.0
    for i in range(work.size[N]):
        gross = 0.0
        if not (is_masked and work.vec[MASK, i] != 0.0):
            first = program[program[_JAC_ROW] + i]
            for k in range(first, program[program[_JAC_ROW] + i + 1]):
                gross += abs(work.jac[k]) * vec[WEIGHT, program[program[_JAC_COLUMN] + k]]
        vec[GROSS, i] = gross
        net = abs(vec[RATES, i])
        if not np.isfinite(net) or not np.isfinite(gross):
            return np.nan
        if net != 0.0:
            residual = max(residual, net / gross if gross > 0.0 else np.inf)
    return residual


@compiled
def _fill_matrix(work: Any, rest: Any) -> None:
    """Write the scaled matrix: moiety rows, Jacobian rows, unit rows where nothing can move."""
    program = work.program
    matrix, vec = rest.matrix, rest.vec
    n = work.size[N]
    matrix[:, :] = 0.0
    for i in range(n):
        r = rest.moiety_of[i]
        if r >= 0:
            scale = 0.0
            for j in range(n):
                matrix[i, j] = rest.reduced[r, j] * vec[WEIGHT, j]
                scale += abs(matrix[i, j])
            for j in range(n):
                matrix[i, j] /= scale
        elif vec[GROSS, i] > 0.0:
            first = program[program[_JAC_ROW] + i]
            for k in range(first, program[program[_JAC_ROW] + i + 1]):
                j = program[program[_JAC_COLUMN] + k]
                matrix[i, j] = work.jac[k] * vec[WEIGHT, j] / vec[GROSS, i]
        else:
            matrix[i, i] = 1.0


@compiled
def _fill_right_side(rest: Any, y: Any, f: Any, right: Any) -> None:
    """Write minus the scaled residuals, with the defect of the total in moiety rows."""
    vec = rest.vec
    for i in range(len(y)):
        r = rest.moiety_of[i]
        if r >= 0:
            scale = 0.0
            for j in range(len(y)):
                scale += abs(rest.reduced[r, j]) * vec[WEIGHT, j]
            right[i] = (rest.totals[r] - total_of(rest.reduced[r], y)) / scale
        elif vec[GROSS, i] > 0.0:
            right[i] = -f[i] / vec[GROSS, i]
        else:
            right[i] = 0.0


@compiled
def _factor_robustly(work: Any, rest: Any) -> Any:
    """Factor; where the matrix is singular, hold what its left null vectors conserve.

    Null directions beyond the known moieties appear when a knock-out cuts the network in parts.
    Returns (rank, sign of the determinant, 0 where it proves nothing).
    """
    forget_null_rows(rest)
    _fill_matrix(work, rest)
    rank, sign = rank_factor(rest.matrix, rest.order, False)
    if rank == work.size[N]:
        return rank, sign
    _fill_matrix(work, rest)
    rank, sign = rank_factor(rest.matrix, rest.order, True)
    if rank == work.size[N]:
        return rank, sign
    _hold_null_rows(work, rest, rank)
    _fill_matrix(work, rest)
    rank, _ = rank_factor(rest.matrix, rest.order, True)
    return rank, 0.0


@compiled
def _hold_null_rows(work: Any, rest: Any, rank: Any) -> None:
    """Replace each redundant equation by the conserved sum that makes it redundant.

    With P A Q = L U of rank r, row k > r of A is a combination of the pivot rows: the vector
    l = (-L11^-T l_k, 1) gives l A = 0, so sum_i l_i mass_i y_i / g_i keeps its value along
    trajectories, to first order. Its value at the start of the search is held.
    """
    matrix, vec, row_of = rest.matrix, rest.vec, rest.order[0]
    n, r = work.size[N], rest.moieties.shape[0]
    for k in range(rank, n):
        vec[SPARE, :] = 0.0
        vec[SPARE, row_of[k]] = 1.0
        for j in range(rank - 1, -1, -1):
            value = -matrix[k, j]
            for i in range(j + 1, rank):
                value -= matrix[i, j] * vec[SPARE, row_of[i]]
            vec[SPARE, row_of[j]] = value
        total = 0.0
        for i in range(n):
            gross = vec[GROSS, i] if vec[GROSS, i] > 0.0 else 1.0
            in_moiety = rest.moiety_of[i] >= 0 and rest.moiety_of[i] < rest.moieties.shape[0]
            factor = 0.0 if in_moiety else vec[SPARE, i] * work.vec[MASS, i] / gross
            rest.reduced[r, i] = factor
            if factor != 0.0:
                total += factor * vec[ORIGIN, i]
        rest.totals[r] = total
        rest.moiety_of[row_of[k]] = r
        r += 1


@compiled
def _norm(values: Any) -> Any:
    largest = 0.0
    for value in values:
        if not np.isfinite(value):
            return np.nan
        largest = max(largest, abs(value))
    return largest


@compiled
def _positive_damping(work: Any, rest: Any, y: Any) -> Any:
    """Return the largest damping in (0, 1] that takes no promised state clearly below zero.

    Undershoots of a millionth of the weight are allowed: ``_advance`` clips them.
    """
    damping = 1.0
    for i in range(len(y)):
        if work.vec[CLAMP, i] != 0.0:
            change = rest.vec[STEP, i] * rest.vec[WEIGHT, i]
            allowed = max(y[i], 0.0) + 1e-6 * rest.vec[WEIGHT, i]
            if change < -allowed:
                damping = min(damping, 0.9 * allowed / -change)
    return damping


@compiled
def _advance(work: Any, rest: Any, y: Any, damping: Any, out: Any) -> None:
    for i in range(len(y)):
        before = y[i]
        out[i] = before + damping * rest.vec[STEP, i] * rest.vec[WEIGHT, i]
        if work.vec[CLAMP, i] != 0.0 and out[i] < 0.0 and before >= 0.0:
            out[i] = 0.0


@compiled
def distance(rest: Any, y: Any, other: Any) -> Any:
    """Return the largest relative difference of two states, above the floor."""
    largest = 0.0
    for i in range(len(y)):
        if y[i] != other[i] and not (np.isnan(y[i]) and np.isnan(other[i])):
            scale = max(abs(y[i]), abs(other[i])) + rest.vec[FLOOR, i]
            largest = max(largest, abs(y[i] - other[i]) / scale)
    return largest


@compiled
def _is_saddle(work: Any, rest: Any, sign: Any) -> bool:
    """Tell whether the determinant proves an odd number of positive real eigenvalues.

    The matrix has the sign of det(J reduced); a stable J of k equations has sign (-1)^k. Says
    False (no proof) for rank-deficient systems and those with algebraic equations.
    """
    if sign == 0.0:
        return False
    expected = 1.0
    for i in range(work.size[N]):
        if work.vec[MASS, i] == 0.0:
            return False
        if rest.moiety_of[i] < 0 and rest.vec[GROSS, i] > 0.0:
            expected = -expected
    differs: bool = sign != expected
    return differs


@compiled
def find_root(work: Any, rest: Any, reach: Any) -> Any:
    """Damped Newton iteration in row POINT, with the totals of ``prepare_totals``.

    Parameters
    ----------
    work : Work
    rest : Rest
        After ``set_floor`` and ``prepare_totals``. Row POINT holds the start; the last iterate on
        return, whatever the outcome. ``result`` gets the last step, the residual and whether the
        determinant proves the root unstable; iterations are added to.
    reach : float
        Relative distance from the start within which the root must lie; inf for anywhere.

    Returns
    -------
    landing : int
        A :class:`Landing`.
    """
    vec, result = rest.vec, rest.result
    y = vec[POINT]
    copy_row(y, vec[ORIGIN])
    previous = np.inf
    result[R_SADDLE] = 0.0
    for _ in range(_MAX_ITERATIONS):
        residual = scales(work, rest, y)
        rank, sign = _factor_robustly(work, rest)
        _fill_right_side(rest, y, vec[RATES], vec[STEP])
        rank_solve(rest.matrix, rest.order, rank, vec[STEP], vec[SPARE])
        size = _norm(vec[STEP])
        result[R_STEP], result[R_RESIDUAL] = size, residual
        if np.isnan(residual) or np.isnan(size):
            return _NOT_FINITE
        result[R_ITERATIONS] += 1.0
        stalled = size >= 0.5 * previous and size <= _STEP_NOISE and residual <= _RESIDUAL_NOISE
        is_last = size <= rest.limit[TOLERANCE] or stalled
        damping = 1.0 if is_last else _search(work, rest, y, rank, size)
        if damping < _SMALLEST_DAMPING:
            return _STUCK
        _advance(work, rest, y, damping, y)
        if is_last:
            result[R_SADDLE] = 1.0 if _is_saddle(work, rest, sign) else 0.0
            result[R_RESIDUAL] = scales(work, rest, y)
            return _judge(work, rest, y, result[R_RESIDUAL], reach)
        # Twice the reach: the way to a root within reach may swing wider than the root lies.
        if distance(rest, y, vec[ORIGIN]) > 2.0 * reach:
            return _FAR
        previous = size
    return _STUCK


@compiled
def _judge(work: Any, rest: Any, y: Any, residual: Any, reach: Any) -> Any:
    if np.isnan(residual):
        return _NOT_FINITE
    if residual > rest.limit[TOLERANCE]:
        return _STUCK
    for i in range(len(y)):
        if work.vec[CLAMP, i] != 0.0 and y[i] < -1e-6 * rest.vec[FLOOR, i]:
            return _NEGATIVE
    if distance(rest, y, rest.vec[ORIGIN]) > reach:
        return _FAR
    return _ROOT


@compiled
def _search(work: Any, rest: Any, y: Any, rank: Any, size: Any) -> Any:
    """Return a damping that passes the restricted natural monotonicity test, 0 if none does."""
    vec = rest.vec
    damping = _positive_damping(work, rest, y)
    while damping >= _SMALLEST_DAMPING:
        _advance(work, rest, y, damping, vec[TRIAL])
        rates(work, 0.0, vec[TRIAL], vec[RATES])
        _fill_right_side(rest, vec[TRIAL], vec[RATES], vec[TRIAL_STEP])
        rank_solve(rest.matrix, rest.order, rank, vec[TRIAL_STEP], vec[SPARE])
        # Near rounding the simplified step stops shrinking; the caller judges that case.
        if _norm(vec[TRIAL_STEP]) <= (1.0 - 0.25 * damping) * size or size <= _STEP_NOISE:
            return damping
        damping *= 0.5
    return 0.0
