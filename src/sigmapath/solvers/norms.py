"""The weighted root-mean-square norm of an error estimate.

Enters: an error row and the states at both ends. Leaves: one number, accepted when <= 1.
Called by every step function.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import summed

__all__ = ["error_norm"]

N, RTOL, MASKED = at.N, at.RTOL, at.MASKED
ATOL, MASK, Y, Y_NEW = at.ATOL, at.MASK, at.Y, at.Y_NEW


@summed
def error_norm(work: Any, error: Any, factor: Any) -> Any:
    """Return rms of factor error_i / (atol_i + rtol max(|y_i|, |y_new_i|)) over all states.

    Held states are left out of the sum: they may be NaN where nothing uses them.

    References
    ----------
    Hairer, Norsett, Wanner (1993), Solving Ordinary Differential Equations I, eq. (II.4.11).
    """
    vec = work.vec
    n = work.size[N]
    rtol = work.tune[RTOL]
    total = 0.0
    if work.flag[MASKED] == 0:
        for i in range(n):
            scale = vec[ATOL, i] + rtol * max(abs(vec[Y, i]), abs(vec[Y_NEW, i]))
            ratio = error[i] / scale
            total += ratio * ratio
    else:
        for i in range(n):
            if vec[MASK, i] == 0.0:
                scale = vec[ATOL, i] + rtol * max(abs(vec[Y, i]), abs(vec[Y_NEW, i]))
                ratio = error[i] / scale
                total += ratio * ratio
    return factor * np.sqrt(total / n)
