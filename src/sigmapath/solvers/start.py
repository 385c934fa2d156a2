"""Choose the method of a run from its Jacobian.

Enters: a worker's arrays. Leaves: the method code. Called by the drive loop at the start of a run
and, as long as that is explicit, now and then later, when the options say ``auto``; deterministic,
and a function of this run alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.linalg.sparse import jacobian_product
from sigmapath.solvers.rates import jacobian

__all__ = ["choose_method", "is_stiff"]

(
    N,
    Y,
    MASS,
    STAGE,
    RIGHT,
) = (
    at.N,
    at.Y,
    at.MASS,
    at.STAGE,
    at.RIGHT,
)
TSIT5, JAC_IS_FRESH, STIFF_METHOD = at.TSIT5, at.JAC_IS_FRESH, at.STIFF_METHOD
EXPLICIT_REACH = at.EXPLICIT_REACH

_MOST_ITERATIONS = 12
# Once an iteration changes the radius by less than this share, that is it.
_SETTLED = 0.02


@compiled
def choose_method(work: Any, span: Any) -> Any:
    """TSIT5 where it has few steps to take, otherwise the stiff method that suits the model.

    A model that becomes stiff later is caught by the stiffness test of the explicit step, and by
    looking again.
    """
    return work.size[STIFF_METHOD] if is_stiff(work, 0.0, span) else TSIT5


@compiled
def is_stiff(work: Any, t: Any, span: Any) -> bool:
    """Whether the spectral radius of J at (t, row Y) times the span is large.

    Large is what :func:`.workspace.explicit_reach` says. The radius is estimated by power iteration
    from a fixed start vector. Uses rows STAGE and RIGHT.
    """
    n = work.size[N]
    vec = work.vec
    for i in range(n):
        if vec[MASS, i] == 0.0:
            return True
    if n == 0:
        return False
    jacobian(work, t, vec[Y])
    x, product = vec[STAGE], vec[RIGHT]
    for i in range(n):
        # Any vector will do that is not special to a model; alternating signs, uneven sizes.
        x[i] = (1.0 + 0.3 * (i % 7)) * (1.0 if i % 2 == 0 else -1.0)
    radius = 0.0
    for _ in range(_MOST_ITERATIONS):
        before = radius
        size = 0.0
        for i in range(n):
            size += x[i] * x[i]
        size = np.sqrt(size)
        if size == 0.0 or not np.isfinite(size):
            break
        for i in range(n):
            x[i] /= size
        jacobian_product(work.program, work.jac, x, product)
        radius = 0.0
        for i in range(n):
            radius += product[i] * product[i]
            x[i] = product[i]
        radius = np.sqrt(radius)
        if abs(radius - before) < _SETTLED * radius:
            break
    work.flag[JAC_IS_FRESH] = 0
    return not radius * span < work.tune[EXPLICIT_REACH]
