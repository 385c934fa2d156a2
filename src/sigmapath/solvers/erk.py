"""One step of Tsit5, the explicit pair for models that are not stiff.

Enters: state and rate at the left end, step size. Leaves: the state and rate at the right end,
the stages and the error norm. Called by the drive loop.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled, inlined
from sigmapath.solvers.norms import error_norm
from sigmapath.solvers.rates import rates
from sigmapath.solvers.tableaux import TSIT5

__all__ = ["STABILITY", "explicit_step"]

(
    N,
    Y,
    Y_NEW,
    RATE,
    RATE_NEW,
) = (
    at.N,
    at.Y,
    at.Y_NEW,
    at.RATE,
    at.RATE_NEW,
)
STAGE, RIGHT, K, FLAG_STIFF = at.STAGE, at.RIGHT, at.K, at.STIFF_HITS

_a = TSIT5.a
A21 = float(_a[1, 0])
A31, A32 = (float(x) for x in _a[2, :2])
A41, A42, A43 = (float(x) for x in _a[3, :3])
A51, A52, A53, A54 = (float(x) for x in _a[4, :4])
A61, A62, A63, A64, A65 = (float(x) for x in _a[5, :5])
B1, B2, B3, B4, B5, B6 = (float(x) for x in _a[6, :6])
E1, E2, E3, E4, E5, E6, E7 = (float(x) for x in TSIT5.error_weight)
NODE_2, NODE_3, NODE_4, NODE_5 = (float(x) for x in TSIT5.node[1:5])

# Length of the negative real stability interval of the pair (|R(-z)| <= 1), to be compared with
# h |lambda|; Hairer & Wanner II, section IV.2 use the same test with 3.25 for DOPRI5.
STABILITY = 3.5
# So many suspicious steps in a row count as stiff, as in DOPRI5; one clean step forgives two.
_STIFF_LIMIT = 15


@compiled
def explicit_step(work: Any, t: Any, h: Any) -> Any:
    """Step from row Y at t to row Y_NEW at t + h; h k_i stay in rows K .. K + 6.

    Row RATE must hold f(t, y); row RATE_NEW receives f(t + h, y_new). Returns the error norm.
    """
    vec = work.vec
    n = work.size[N]
    y, x, y_new = vec[Y], vec[STAGE], vec[Y_NEW]
    rate, right, rate_new = vec[RATE], vec[RIGHT], vec[RATE_NEW]
    k1, k2, k3, k4 = vec[K], vec[K + 1], vec[K + 2], vec[K + 3]
    k5, k6, k7 = vec[K + 4], vec[K + 5], vec[K + 6]
    for i in range(n):
        k1[i] = h * rate[i]
        x[i] = y[i] + A21 * k1[i]
    rates(work, t + NODE_2 * h, x, right)
    for i in range(n):
        k2[i] = h * right[i]
        x[i] = y[i] + A31 * k1[i] + A32 * k2[i]
    rates(work, t + NODE_3 * h, x, right)
    for i in range(n):
        k3[i] = h * right[i]
        x[i] = y[i] + A41 * k1[i] + A42 * k2[i] + A43 * k3[i]
    rates(work, t + NODE_4 * h, x, right)
    for i in range(n):
        k4[i] = h * right[i]
        x[i] = y[i] + A51 * k1[i] + A52 * k2[i] + A53 * k3[i] + A54 * k4[i]
    rates(work, t + NODE_5 * h, x, right)
    for i in range(n):
        k5[i] = h * right[i]
        x[i] = y[i] + A61 * k1[i] + A62 * k2[i] + A63 * k3[i] + A64 * k4[i] + A65 * k5[i]
    rates(work, t + h, x, right)
    for i in range(n):
        k6[i] = h * right[i]
        change = B1 * k1[i] + B2 * k2[i] + B3 * k3[i] + B4 * k4[i] + B5 * k5[i] + B6 * k6[i]
        y_new[i] = y[i] + change
    rates(work, t + h, y_new, rate_new)
    above, below = 0.0, 0.0
    for i in range(n):
        k7[i] = h * rate_new[i]
        above += (k7[i] - k6[i]) ** 2
        below += (y_new[i] - x[i]) ** 2
        change = E1 * k1[i] + E2 * k2[i] + E3 * k3[i] + E4 * k4[i]
        right[i] = change + E5 * k5[i] + E6 * k6[i] + E7 * k7[i]
    if n == 0:
        return 0.0
    _judge_stiffness(work, above, below)
    norm = error_norm(work, right, 1.0)
    return norm if np.isfinite(norm) else np.inf


@inlined
def _judge_stiffness(work: Any, above: Any, below: Any) -> None:
    """Count steps on which h |lambda| ~ |k_7 - k_6| / |y_7 - y_6| nears the stability limit."""
    if below > 0.0 and above > (0.9 * STABILITY) ** 2 * below:
        work.flag[FLAG_STIFF] = min(work.flag[FLAG_STIFF] + 1, _STIFF_LIMIT)
    else:
        work.flag[FLAG_STIFF] = max(work.flag[FLAG_STIFF] - 2, 0)
