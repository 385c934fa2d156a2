"""Portions of a plan that threads run together: opened by the first to come, closed by the last.

Enters: how to open and to close a portion. Leaves: open portions, to threads. Called by
:mod:`.batch`.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Generic, TypeVar

__all__ = ["Portions"]

_T = TypeVar("_T")


class Portions(Generic[_T]):
    """Portions by the number of their first run.

    Parameters
    ----------
    n_threads : int
        How many threads enter and leave each portion.
    open_one : callable (worker, lo, hi) -> portion
    close_one : callable (portion)
    """

    def __init__(
        self,
        n_threads: int,
        open_one: Callable[[Any, int, int], _T],
        close_one: Callable[[_T], None],
    ) -> None:
        self._n_threads = n_threads
        self._open_one, self._close_one = open_one, close_one
        self._turn = Lock()
        self._opened: dict[int, _T] = {}
        self._n_left: dict[int, int] = {}

    def enter(self, worker: Any, lo: int, hi: int) -> _T:
        """Return the portion of runs lo .. hi - 1."""
        if self._n_threads == 1:
            # Of this thread alone: nobody has to wait while it is made ready.
            portion = self._opened[lo] = self._open_one(worker, lo, hi)
            return portion
        with self._turn:
            if lo not in self._opened:
                self._opened[lo] = self._open_one(worker, lo, hi)
            return self._opened[lo]

    def leave(self, lo: int) -> None:
        """Note that a thread has done what it will do in a portion that it entered."""
        with self._turn:
            n_left = self._n_left.pop(lo, 0) + 1
            if n_left < self._n_threads:
                self._n_left[lo] = n_left
                return
            portion = self._opened.pop(lo)
        self._close_one(portion)
