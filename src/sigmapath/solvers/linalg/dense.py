"""LU of a small or nearly full matrix with partial pivoting, in place and without allocation.

Enters: a flat row-major matrix followed by n places for the row swaps. Leaves: L and U there.
Called by :mod:`.sparse` when the program says dense.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers.compiled import compiled

__all__ = ["dense_factor", "dense_solve"]


@compiled
def dense_factor(n: Any, lu: Any) -> bool:
    """Factor ``lu``, shape (n * n + n,), in place; False when singular or not finite."""
    for k in range(n):
        best = k
        largest = abs(lu[k * n + k])
        for i in range(k + 1, n):
            size = abs(lu[i * n + k])
            if size > largest:
                largest = size
                best = i
        if largest == 0.0 or not np.isfinite(largest):
            return False
        lu[n * n + k] = float(best)
        if best != k:
            for j in range(n):
                kept = lu[k * n + j]
                lu[k * n + j] = lu[best * n + j]
                lu[best * n + j] = kept
        reciprocal = 1.0 / lu[k * n + k]
        lu[k * n + k] = reciprocal
        for i in range(k + 1, n):
            multiplier = lu[i * n + k] * reciprocal
            lu[i * n + k] = multiplier
            if multiplier != 0.0:
                for j in range(k + 1, n):
                    lu[i * n + j] -= multiplier * lu[k * n + j]
    return True


@compiled
def dense_solve(n: Any, lu: Any, b: Any, x: Any) -> None:
    """Write the solution into ``x``, shape (n,); ``x`` may alias ``b``."""
    for i in range(n):
        x[i] = b[i]
    for i in range(n):
        swap = int(lu[n * n + i])
        if swap != i:
            kept = x[i]
            x[i] = x[swap]
            x[swap] = kept
    for i in range(n):
        total = x[i]
        for j in range(i):
            total -= lu[i * n + j] * x[j]
        x[i] = total
    for i in range(n - 1, -1, -1):
        total = x[i]
        for j in range(i + 1, n):
            total -= lu[i * n + j] * x[j]
        x[i] = total * lu[i * n + i]
