"""Room for time courses: memory of an earlier result, once nobody else holds that.

Enters: shapes. Leaves: arrays that hold anything yet. Held by an engine, so that the memory goes
when the model goes; used by :mod:`sigmapath.simulate.batch`.

An operating system hands out fresh memory page by page and clears each: a quarter of the time of a
sweep of a small model. Whoever sweeps again and again drops one result before asking for the next.
"""

from __future__ import annotations

import math
import sys
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Room"]

# Below, memory comes from the allocator's own store; above, too much would be held back [bytes].
_LEAST, _MOST = 1 << 18, 1 << 28
# Memory more than so many times too large is not used.
_MOST_SPARE = 4


class Room:
    """The memory of the last result whose time courses were neither small nor huge."""

    def __init__(self) -> None:
        self._kept: NDArray[np.float64] = np.empty(0)
        self._alone = self._n_holders()
        self._turn = Lock()

    def take(self, shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Return an array that nobody else holds; it may hold any values."""
        size = math.prod(shape)
        if not _LEAST <= 8 * size <= _MOST:
            return np.empty(shape)
        with self._turn:
            is_fit = size <= self._kept.size <= _MOST_SPARE * size
            # Every view of a result, whoever has it, holds the array whose memory it sees.
            if not is_fit or self._n_holders() > self._alone:
                self._kept = np.empty(size)
            return self._kept[:size].reshape(shape)

    def _n_holders(self) -> int:
        return sys.getrefcount(self._kept)

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles begin with nothing."""
        return Room, ()
