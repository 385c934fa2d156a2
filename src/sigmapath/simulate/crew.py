"""Threads that work through a list of runs, each with a worker of its own.

Enters: workers, spans of runs and what to do with one. Leaves: reports in the calling thread. The
compiled loops release the GIL, so threads are enough; Ctrl-C stops the loops within a moment.
"""

from __future__ import annotations

# Threads of the standard library say that they have begun, and whoever starts them waits for it:
# here that took longer than solving a small model. These say when they have ended.
from _thread import start_new_thread
from collections.abc import Callable, Iterable, Sequence
from threading import Event, Lock
from typing import Any

import numpy as np

__all__ = ["Crew"]

# How often the waiting thread looks up, so that Ctrl-C is answered at once [s].
_PATIENCE = 0.2


class Crew:
    """Threads with a worker each.

    Parameters
    ----------
    workers : sequence
        One per thread.

    Attributes
    ----------
    stop : ndarray of int64, shape (1,)
        Loops that are given it stop when it is not 0.
    """

    def __init__(self, workers: Sequence[Any]) -> None:
        self.stop = np.zeros(1, dtype=np.int64)
        self.workers = tuple(workers)

    def work_through(
        self,
        spans: Sequence[tuple[int, int]],
        task: Callable[[Any, int, int], int],
        report: Callable[[int], None],
        finish: Callable[[Any], int] | None = None,
    ) -> None:
        """Run ``task(worker, lo, hi)`` for every span; report finished counts in this thread.

        The first error of a task is raised here, once the tasks that had begun have ended.

        Parameters
        ----------
        spans : sequence of (lo, hi)
        task : callable
            Returns what is to be reported.
        report : callable
        finish : callable (worker), optional
            Run by each thread when no span is left for it; returns as ``task``.
        """
        shift = _Shift(spans)
        n_reported = 0
        try:
            for worker in self.workers[: len(spans)]:
                shift.begin(worker, task, finish)
            is_over = shift.is_over()
            while not is_over:
                try:
                    shift.news.wait(_PATIENCE)
                    shift.news.clear()
                    # In this order: when it is over, nothing more will end.
                    is_over = shift.is_over()
                    for outcome in shift.ended[n_reported:]:
                        n_reported += 1
                        if isinstance(outcome, BaseException):
                            raise outcome
                        report(outcome)
                except KeyboardInterrupt:
                    self.stop[0] = 1
                    is_over = False
        finally:
            shift.call_off()


class _Shift:
    """What the threads of a crew share while they work through one list."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._waiting = iter(spans)
        self._turn = Lock()
        self._is_off = False
        self._n_begun = 0
        self._n_gone = 0
        self.news = Event()
        self.ended: list[int | BaseException] = []

    def begin(
        self,
        worker: Any,
        task: Callable[[Any, int, int], int],
        finish: Callable[[Any], int] | None,
    ) -> None:
        """Send another worker."""
        start_new_thread(self._work, (worker, task, finish))
        self._n_begun += 1

    def is_over(self) -> bool:
        """Whether all who have begun have gone."""
        return self._n_gone == self._n_begun

    def call_off(self) -> None:
        """Let no thread begin anything more; return when all have ended what they had begun."""
        with self._turn:
            self._is_off = True
        while not self.is_over():
            self.news.wait(_PATIENCE)
            self.news.clear()

    def _work(
        self,
        worker: Any,
        task: Callable[[Any, int, int], int],
        finish: Callable[[Any], int] | None,
    ) -> None:
        """Do what is to be done with one worker: the body of a thread."""
        try:
            while (span := self._next()) is not None:
                self.ended.append(task(worker, *span))
                self.news.set()
            if finish is not None and not self._is_off:
                self.ended.append(finish(worker))
        except BaseException as error:
            self.ended.append(error)
        with self._turn:
            self._n_gone += 1
        self.news.set()

    def _next(self) -> tuple[int, int] | None:
        with self._turn:
            return None if self._is_off else next(self._waiting, None)
