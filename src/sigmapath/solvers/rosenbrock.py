"""One step of Rodas5P: one Jacobian, one factorisation, eight solves.

Enters: state and rate at the left end, step size. Leaves: the state at the right end, the stages
and the error norm. Called by the drive loop and by the integration fallback of the steady state.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.norms import error_norm
from sigmapath.solvers.rates import jacobian, rates, time_rates
from sigmapath.solvers.tableaux import RODAS5P
from sigmapath.solvers.work import call_part

__all__ = ["rosenbrock_step"]

N, A_DFDT, JAC_IS_FRESH = at.N, at.A_DFDT, at.JAC_IS_FRESH
(
    MASS,
    Y,
    Y_NEW,
    RATE,
    TIME_RATE,
) = (
    at.MASS,
    at.Y,
    at.Y_NEW,
    at.RATE,
    at.TIME_RATE,
)
STAGE, RIGHT, SCRATCH, K = at.STAGE, at.RIGHT, at.SCRATCH, at.K
PART_FACTOR, PART_SOLVE = at.PART_FACTOR, at.PART_SOLVE
S_FACTOR, S_SOLVE = at.S_FACTOR, at.S_SOLVE

GAMMA = RODAS5P.gamma
_a, _c = RODAS5P.a, RODAS5P.c
A21 = float(_a[1, 0])
A31, A32 = (float(x) for x in _a[2, :2])
A41, A42, A43 = (float(x) for x in _a[3, :3])
A51, A52, A53, A54 = (float(x) for x in _a[4, :4])
A61, A62, A63, A64, A65 = (float(x) for x in _a[5, :5])
C21 = float(_c[1, 0])
C31, C32 = (float(x) for x in _c[2, :2])
C41, C42, C43 = (float(x) for x in _c[3, :3])
C51, C52, C53, C54 = (float(x) for x in _c[4, :4])
C61, C62, C63, C64, C65 = (float(x) for x in _c[5, :5])
C71, C72, C73, C74, C75, C76 = (float(x) for x in _c[6, :6])
C81, C82, C83, C84, C85, C86, C87 = (float(x) for x in _c[7, :7])
NODE_2, NODE_3, NODE_4, NODE_5 = (float(x) for x in RODAS5P.node[1:5])
TIME_1, TIME_2, TIME_3, TIME_4, TIME_5 = (float(x) for x in RODAS5P.time[:5])


@inlined
def _solve_stage(work: Any, time_factor: Any, right: Any, stage: Any) -> None:
    """Add the df/dt term to the right-hand side and solve W u = right for this stage's u."""
    if time_factor != 0.0 and work.address[A_DFDT] != 0:
        for i in range(work.size[N]):
            right[i] += time_factor * work.vec[TIME_RATE, i]
    call_part(work.part[PART_SOLVE], work, float(stage), 0.0)


@inlined
def _rates(work: Any, t: Any, x: Any, right: Any, added: Any) -> None:
    """Right-hand side of a stage: f at its point, and what earlier stages add where M is not 0."""
    rates(work, t, x, right)
    for i in range(work.size[N]):
        right[i] += work.vec[MASS, i] * added[i]


@compiled
def rosenbrock_step(work: Any, t: Any, h: Any) -> Any:
    """Step from row Y at t to row Y_NEW at t + h; stages stay in rows K .. K + 7.

    Row RATE must hold f(t, y). The Jacobian is evaluated unless the flag says that it is fresh,
    as it is after a rejected step. Returns the weighted error norm, -1.0 when W is singular.
    """
    vec = work.vec
    n = work.size[N]
    # Solves need row SCRATCH only after what is added has been.
    y, x, right, added, y_new = vec[Y], vec[STAGE], vec[RIGHT], vec[SCRATCH], vec[Y_NEW]
    u1, u2, u3, u4 = vec[K], vec[K + 1], vec[K + 2], vec[K + 3]
    u5, u6, u7, u8 = vec[K + 4], vec[K + 5], vec[K + 6], vec[K + 7]
    if work.flag[JAC_IS_FRESH] == 0:
        jacobian(work, t, y)
        if work.address[A_DFDT] != 0:
            time_rates(work, t, y, vec[TIME_RATE])
        work.flag[JAC_IS_FRESH] = 1
    work.stat[S_FACTOR] += 1
    if call_part(work.part[PART_FACTOR], work, 1.0 / (GAMMA * h), 0.0) == 0.0:
        return -1.0
    work.stat[S_SOLVE] += 8
    r = 1.0 / h

    for i in range(n):
        right[i] = vec[RATE, i]
    _solve_stage(work, h * TIME_1, right, 0)

    # Stages read the increments before them once, for the point and for what is added to f there.
    for i in range(n):
        x[i] = y[i] + A21 * u1[i]
        added[i] = r * (C21 * u1[i])
    _rates(work, t + NODE_2 * h, x, right, added)
    _solve_stage(work, h * TIME_2, right, 1)

    for i in range(n):
        x[i] = y[i] + A31 * u1[i] + A32 * u2[i]
        added[i] = r * (C31 * u1[i] + C32 * u2[i])
    _rates(work, t + NODE_3 * h, x, right, added)
    _solve_stage(work, h * TIME_3, right, 2)

    for i in range(n):
        x[i] = y[i] + A41 * u1[i] + A42 * u2[i] + A43 * u3[i]
        added[i] = r * (C41 * u1[i] + C42 * u2[i] + C43 * u3[i])
    _rates(work, t + NODE_4 * h, x, right, added)
    _solve_stage(work, h * TIME_4, right, 3)

    for i in range(n):
        x[i] = y[i] + A51 * u1[i] + A52 * u2[i] + A53 * u3[i] + A54 * u4[i]
        added[i] = r * (C51 * u1[i] + C52 * u2[i] + C53 * u3[i] + C54 * u4[i])
    _rates(work, t + NODE_5 * h, x, right, added)
    _solve_stage(work, h * TIME_5, right, 4)

    for i in range(n):
        x[i] = y[i] + A61 * u1[i] + A62 * u2[i] + A63 * u3[i] + A64 * u4[i] + A65 * u5[i]
        combined = C61 * u1[i] + C62 * u2[i] + C63 * u3[i] + C64 * u4[i] + C65 * u5[i]
        added[i] = r * combined
    _rates(work, t + h, x, right, added)
    _solve_stage(work, 0.0, right, 5)

    # The last stages differ from their predecessor by the newest u: stiffly accurate.
    for i in range(n):
        x[i] += u6[i]
        combined = C71 * u1[i] + C72 * u2[i] + C73 * u3[i] + C74 * u4[i] + C75 * u5[i]
        added[i] = r * (combined + C76 * u6[i])
    _rates(work, t + h, x, right, added)
    _solve_stage(work, 0.0, right, 6)

    for i in range(n):
        x[i] += u7[i]
        combined = C81 * u1[i] + C82 * u2[i] + C83 * u3[i] + C84 * u4[i] + C85 * u5[i]
        added[i] = r * (combined + C86 * u6[i] + C87 * u7[i])
    _rates(work, t + h, x, right, added)
    _solve_stage(work, 0.0, right, 7)

    for i in range(n):
        y_new[i] = x[i] + u8[i]
    if n == 0:
        return 0.0
    norm = error_norm(work, u8, 1.0)
    return norm if np.isfinite(norm) else np.inf
