"""Tasks in threads: all are reported in the calling thread; an error or Ctrl-C ends them."""

from __future__ import annotations

import threading
import time

import pytest

from sigmapath.simulate import crew as crews


class Worker:
    """What a crew hands to its tasks."""


def crew_of(n):
    return crews.Crew([Worker() for _ in range(n)])


def test_every_task_is_reported_in_the_calling_thread():
    reported, workers = [], set()

    def task(worker, lo, hi):
        workers.add(worker)
        return hi - lo

    def report(count):
        reported.append((count, threading.current_thread()))

    crew_of(3).work_through([(0, 2), (2, 5), (5, 9), (9, 10)], task, report)
    assert sorted(count for count, _ in reported) == [1, 2, 3, 4]
    assert {thread for _, thread in reported} == {threading.main_thread()}
    assert len(workers) <= 3


def test_no_tasks():
    crew_of(2).work_through([], lambda *_: 1, lambda count: pytest.fail("nothing to report"))


def test_an_error_is_raised_and_nothing_more_begins():
    begun, before = [], set(threading.enumerate())

    def task(worker, lo, hi):
        begun.append(lo)
        if lo == 1:
            raise MemoryError("too large")
        time.sleep(0.005)
        return 1

    with pytest.raises(MemoryError, match="too large"):
        crew_of(1).work_through([(i, i + 1) for i in range(200)], task, lambda count: None)
    assert 1 in begun
    assert len(begun) < 200
    assert set(threading.enumerate()) <= before


def test_an_interrupt_while_reporting_stops_the_loops_and_keeps_what_is_done():
    crew, reported = crew_of(1), []

    def report(count):
        if not reported:
            reported.append("interrupted")
            raise KeyboardInterrupt
        reported.append(count)

    crew.work_through([(0, 1), (1, 2), (2, 3)], lambda worker, lo, hi: 1, report)
    assert crew.stop[0] == 1
    assert reported[1:] == [1, 1]


def test_each_thread_finishes_once_when_nothing_is_left():
    finished, reported, crew = [], [], crew_of(3)
    spans = [(i, i + 1) for i in range(9)]
    crew.work_through(
        spans, lambda worker, lo, hi: 1, reported.append, lambda w: finished.append(w) or 10
    )
    assert sum(reported) == 9 + 10 * len(finished)
    assert len(set(finished)) == len(finished) == 3


def test_a_thread_without_a_span_has_nothing_to_finish():
    finished = []
    crew_of(3).work_through(
        [(0, 1)], lambda worker, lo, hi: 1, lambda count: None, lambda w: finished.append(w) or 0
    )
    assert len(finished) == 1


def test_all_have_ended_when_an_error_is_raised():
    running = []

    def task(worker, lo, hi):
        running.append(lo)
        time.sleep(0.05 * lo)
        running.remove(lo)
        if lo == 0:
            raise MemoryError("too large")
        return 1

    with pytest.raises(MemoryError):
        crew_of(2).work_through([(0, 1), (1, 2)], task, lambda count: None)
    assert running == []
