"""Threads that work through a list of runs, each with a worker of its own.

Enters: workers, spans of runs and what to do with one. Leaves: reports in the calling thread. The
compiled loops release the GIL, so threads are enough; Ctrl-C stops the loops within a moment.
"""

from __future__ import annotations

import contextlib

# Threads of the standard library say that they have begun, and whoever starts them waits for it:
# here that took longer than solving a small model. These say when they have ended.
from _thread import start_new_thread
from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any

import numpy as np

__all__ = ["Bell", "Crew"]

Span = tuple[int, int]
Task = Callable[[Any, int, int], object]
Finish = Callable[[Any], object]

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
    ended : ndarray of int64, shape (1,)
        Loops that are given it count there the runs that have ended.
    """

    def __init__(self, workers: Sequence[Any]) -> None:
        self.stop = np.zeros(1, dtype=np.int64)
        self.ended = np.zeros(1, dtype=np.int64)
        self.workers = tuple(workers)
        self._shift = _Shift((), is_for_each=False)

    def work_through(
        self,
        spans: Sequence[Span],
        task: Task,
        report: Callable[[], object],
        finish: Finish | None = None,
        *,
        n_each: int = 0,
        meanwhile: Callable[[], object] | None = None,
    ) -> None:
        """Run ``task(worker, lo, hi)`` for every span; report in this thread.

        The first error of a task is raised here, once the tasks that had begun have ended.

        Parameters
        ----------
        spans : sequence of (lo, hi)
        task : callable
        report : callable
            Called whenever a task has ended, at times in between, and when all have.
        finish : callable (worker), optional
            Run by each thread when no span is left for it.
        n_each : int
            So many of the workers each go through all of the spans, in order. 0: each span is for
            one of them, whoever is free.
        meanwhile : callable, optional
            What this thread does as soon as all others are :meth:`under_way`; left undone where
            Ctrl-C comes in between.
        """
        shift = self._shift = _Shift(spans, is_for_each=n_each > 0)
        workers = self.workers[: n_each or len(spans)] if spans else ()
        try:
            for worker in workers:
                shift.begin(worker, task, finish)
            try:
                if meanwhile is not None:
                    shift.wait_for(shift.is_under_way)
                    meanwhile()
            except KeyboardInterrupt:
                self.stop[0] = 1
            self._attend(shift, report)
        except BaseException:
            # Nobody will see the results: what has begun need not go on to its end.
            self.stop[0] = 1
            raise
        finally:
            shift.call_off()

    def under_way(self, worker: Any) -> None:
        """Say, in a task, that nothing but compiled code is to follow for a while.

        Until all have said so, the calling thread keeps off the interpreter, which only one thread
        can have: one that has not come to its compiled code would wait for it.
        """
        self._shift.note_under_way(worker)

    def _attend(self, shift: _Shift, report: Callable[[], object]) -> None:
        """Report until all have gone."""
        is_over = shift.n_begun == 0
        while not is_over:
            try:
                # In this order: when it is over, nothing more will end.
                is_over = shift.is_over()
                for error in shift.errors:
                    raise error
                report()
                if not is_over:
                    shift.bell.wait()
            except KeyboardInterrupt:
                self.stop[0] = 1
                is_over = False


class Bell:
    """Wakes the calling thread; as an Event, but to ring it never waits for anybody.

    A thread that waits gives the interpreter to the one it rings for, when it should go on itself.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._lock.acquire()

    def ring(self) -> None:
        """Let the next wait, or the one under way, return."""
        if self._lock.locked():
            # Unless another thread is faster.
            with contextlib.suppress(RuntimeError):
                self._lock.release()

    def wait(self) -> None:
        """Return when the bell rings, or has since the last wait; and after a while anyhow."""
        self._lock.acquire(timeout=_PATIENCE)


class _Shift:
    """What the threads of a crew share while they work through one list."""

    def __init__(self, spans: Sequence[Span], *, is_for_each: bool) -> None:
        self._spans, self._is_for_each = spans, is_for_each
        self._waiting = iter(spans)
        self._turn = Lock()
        self._is_off = False
        self._under_way: set[int] = set()
        self.n_begun = 0
        self._n_gone = 0
        self.bell = Bell()
        self.errors: list[BaseException] = []

    def begin(self, worker: Any, task: Task, finish: Finish | None) -> None:
        """Send another worker."""
        start_new_thread(self._work, (worker, task, finish))
        self.n_begun += 1

    def note_under_way(self, worker: Any) -> None:
        """Note that a thread is in compiled code, or has gone."""
        self._under_way.add(id(worker))
        if self.is_under_way():
            self.bell.ring()

    def is_under_way(self) -> bool:
        """Whether all who have begun are."""
        return len(self._under_way) >= self.n_begun

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Return when a condition holds that the bell tells of."""
        while not condition():
            self.bell.wait()

    def is_over(self) -> bool:
        """Whether all who have begun have gone."""
        return self._n_gone == self.n_begun

    def call_off(self) -> None:
        """Let no thread begin anything more; return when all have ended what they had begun."""
        with self._turn:
            self._is_off = True
        self.wait_for(self.is_over)

    def _work(self, worker: Any, task: Task, finish: Finish | None) -> None:
        """Do what is to be done with one worker: the body of a thread."""
        waiting = iter(self._spans) if self._is_for_each else self._waiting
        try:
            while (span := self._next(waiting)) is not None:
                task(worker, *span)
                self.bell.ring()
            if finish is not None and not self._is_off:
                finish(worker)
        except BaseException as error:
            self.errors.append(error)
        with self._turn:
            self._n_gone += 1
        self._under_way.add(id(worker))
        self.bell.ring()

    def _next(self, waiting: Iterator[Span]) -> Span | None:
        with self._turn:
            return None if self._is_off else next(waiting, None)
