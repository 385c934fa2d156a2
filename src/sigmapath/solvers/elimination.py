"""The elimination program of a model, worked out once and remembered.

Enters: kernels. Leaves: the flat program of :mod:`.linalg.symbolic`. Called when workers are made:
ordering a hundred states takes as long as solving them three times.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sigmapath.kernels import Kernels, Pattern
from sigmapath.solvers.linalg.symbolic import lu_program

__all__ = ["elimination_program"]


def elimination_program(kernels: Kernels, *, is_sparse: bool = False) -> NDArray[np.int64]:
    """Elimination program of a model; the last few are remembered, they depend on nothing else.

    Parameters
    ----------
    kernels : Kernels
    is_sparse : bool
        Whether small and full matrices too are to have the sparse form.
    """
    pattern = kernels.pattern
    return _remembered(
        pattern.row_start.tobytes(), pattern.column.tobytes(), kernels.mass.tobytes(), is_sparse
    )


@lru_cache(maxsize=8)
def _remembered(row_start: bytes, column: bytes, mass: bytes, is_sparse: bool) -> NDArray[np.int64]:
    pattern = Pattern(
        row_start=np.frombuffer(row_start, dtype=np.int64),
        column=np.frombuffer(column, dtype=np.int64),
    )
    return lu_program(pattern, np.frombuffer(mass, dtype=np.float64), is_sparse=is_sparse)
