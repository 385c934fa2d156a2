"""Dense output: one quartic form for the one-step methods, the polynomial of the multistep one.

Enters: the stages, or the polynomial, of an accepted step. Leaves: states anywhere inside the step.
Called by the drive loop for the output grid, by the reducers and by root finding.
"""

from __future__ import annotations

from typing import Any

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.nordsieck import interpolate_polynomial
from sigmapath.solvers.tableaux import RODAS5P, TSIT5
from sigmapath.solvers.work import call_part

__all__ = ["interpolate", "look_inside", "prepare_dense"]

(
    N,
    METHOD,
    DENSE_IS_FRESH,
    T_LEFT,
    T_RIGHT,
) = (
    at.N,
    at.METHOD,
    at.DENSE_IS_FRESH,
    at.T_LEFT,
    at.T_RIGHT,
)
CLAMP, HAS_CLAMP = at.CLAMP, at.HAS_CLAMP
(
    Y,
    Y_NEW,
    DELTA,
    DENSE_1,
    DENSE_2,
    DENSE_3,
    K,
) = (
    at.Y,
    at.Y_NEW,
    at.DELTA,
    at.DENSE_1,
    at.DENSE_2,
    at.DENSE_3,
    at.K,
)
BDF, BDF_ORDER, TSIT5_CODE = at.BDF, at.BDF_ORDER, at.TSIT5
PART_DENSE, PART_INSIDE, Y_AT = at.PART_DENSE, at.PART_INSIDE, at.Y_AT
_RODAS5P = RODAS5P.dense
_TSIT5 = TSIT5.dense


@compiled
def prepare_dense(work: Any) -> None:
    """Fill the rows of dense output of the step from Y to Y_NEW, once per step."""
    if work.flag[DENSE_IS_FRESH] != 0:
        return
    if work.flag[METHOD] == TSIT5_CODE:
        _dense_tsit5(work)
    elif work.part[PART_DENSE] != 0:
        call_part(work.part[PART_DENSE], work, 0.0, 0.0)
    else:
        _dense_rodas5p(work)
    work.flag[DENSE_IS_FRESH] = 1


# One pass over the states with all stages in it: for few states, passes over stages cost more than
# what they add up.
@compiled
def _dense_rodas5p(work: Any) -> None:
    vec = work.vec
    for i in range(work.size[N]):
        vec[DELTA, i] = vec[Y_NEW, i] - vec[Y, i]
        first, second, third = 0.0, 0.0, 0.0
        for stage in range(8):
            u = vec[K + stage, i]
            first += _RODAS5P[0, stage] * u
            second += _RODAS5P[1, stage] * u
            third += _RODAS5P[2, stage] * u
        vec[DENSE_1, i], vec[DENSE_2, i], vec[DENSE_3, i] = first, second, third


@compiled
def _dense_tsit5(work: Any) -> None:
    vec = work.vec
    for i in range(work.size[N]):
        vec[DELTA, i] = vec[Y_NEW, i] - vec[Y, i]
        first, second, third = 0.0, 0.0, 0.0
        for stage in range(7):
            u = vec[K + stage, i]
            first += _TSIT5[0, stage] * u
            second += _TSIT5[1, stage] * u
            third += _TSIT5[2, stage] * u
        vec[DENSE_1, i], vec[DENSE_2, i], vec[DENSE_3, i] = first, second, third


@compiled
def interpolate(work: Any, t: Any, out: Any) -> None:
    """Write y(t), shape (n_state,), into ``out`` for t within the last step [T_LEFT, T_RIGHT]."""
    if work.flag[METHOD] == BDF and work.flag[BDF_ORDER] > 0:
        interpolate_polynomial(work, t, out)
    else:
        _quartic(work, t, out)
    if work.size[HAS_CLAMP] != 0:
        # Between two non-negative ends the curve may dip below zero by the error tolerated.
        for i in range(work.size[N]):
            if work.vec[CLAMP, i] != 0.0:
                out[i] = max(out[i], 0.0)


@compiled
def look_inside(work: Any, t: Any) -> None:
    """Write y(t) into row Y_AT, see :func:`interpolate`, by the model's own code if it has some."""
    is_polynomial = work.flag[METHOD] == BDF and work.flag[BDF_ORDER] > 0
    if work.part[PART_INSIDE] != 0 and not is_polynomial:
        prepare_dense(work)
        call_part(work.part[PART_INSIDE], work, t, 0.0)
    else:
        interpolate(work, t, work.vec[Y_AT])


@compiled
def _quartic(work: Any, t: Any, out: Any) -> None:
    """Evaluate the form of the one-step methods.

    y(t) = y + theta (delta + (1 - theta) (k_1 + theta (k_2 + theta k_3))), Steinebach (2023),
    doi:10.1007/s10543-023-00967-x.
    """
    prepare_dense(work)
    vec = work.vec
    left = work.clock[T_LEFT]
    theta = (t - left) / (work.clock[T_RIGHT] - left)
    rest = 1.0 - theta
    for i in range(work.size[N]):
        inner = vec[DENSE_1, i] + theta * (vec[DENSE_2, i] + theta * vec[DENSE_3, i])
        out[i] = vec[Y, i] + theta * (vec[DELTA, i] + rest * inner)
