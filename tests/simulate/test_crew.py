"""Tasks in threads: all are done, and reported to the caller; an error or Ctrl-C ends them."""

from __future__ import annotations

import threading
import time

import pytest

from sigmapath.simulate import crew as crews


class Worker:
    """What a crew hands to its tasks."""


def crew_of(n):
    return crews.Crew([Worker() for _ in range(n)])


def nothing(*_):
    return None


def test_every_task_is_reported_in_the_calling_thread():
    done, reported, workers = [], [], set()

    def task(worker, lo, hi):
        workers.add(worker)
        done.append(hi - lo)

    def report():
        reported.append((len(done), threading.current_thread()))

    crew_of(3).work_through([(0, 2), (2, 5), (5, 9), (9, 10)], task, report)
    assert sorted(done) == [1, 2, 3, 4]
    # The last report comes when all is done.
    assert reported[-1][0] == 4
    assert {thread for _, thread in reported} == {threading.main_thread()}
    assert len(workers) <= 3


@pytest.mark.parametrize("n_each", [0, 2])
def test_no_tasks(n_each):
    crew_of(2).work_through([], nothing, lambda: pytest.fail("nothing to report"), n_each=n_each)


def test_spans_for_each_are_gone_through_by_so_many_workers_in_order():
    seen = {}
    spans = [(i, i + 1) for i in range(5)]
    crew = crew_of(3)
    crew.work_through(
        spans, lambda w, lo, hi: seen.setdefault(w, []).append((lo, hi)), nothing, n_each=2
    )
    assert seen == {crew.workers[0]: spans, crew.workers[1]: spans}


def test_meanwhile_begins_when_all_are_under_way_and_ends_before_the_call_returns():
    under_way, crew, release = [], crew_of(2), threading.Event()

    def task(worker, lo, hi):
        time.sleep(0.02 * (lo + 1))
        under_way.append(worker)
        crew.under_way(worker)
        assert release.wait(10.0)

    def meanwhile():
        assert set(under_way) == set(crew.workers)
        assert threading.current_thread() is threading.main_thread()
        release.set()

    crew.work_through([(0, 1), (1, 2)], task, nothing, meanwhile=meanwhile)
    assert release.is_set()


def test_meanwhile_does_not_wait_for_tasks_that_never_say_so():
    called = []
    crew_of(2).work_through([(0, 1)], nothing, nothing, meanwhile=lambda: called.append(1))
    assert called == [1]


def test_an_interrupt_meanwhile_stops_the_loops():
    crew, done = crew_of(1), []

    def meanwhile():
        raise KeyboardInterrupt

    crew.work_through([(0, 1)], lambda *_: done.append(1), nothing, meanwhile=meanwhile)
    assert crew.stop[0] == 1
    assert done == [1]


def test_an_error_meanwhile_stops_the_loops_and_is_raised():
    crew = crew_of(1)

    def task(worker, lo, hi):
        crew.under_way(worker)
        end = time.monotonic() + 10.0
        while crew.stop[0] == 0:
            assert time.monotonic() < end
            time.sleep(0.001)

    def meanwhile():
        raise MemoryError("too large")

    with pytest.raises(MemoryError, match="too large"):
        crew.work_through([(0, 1)], task, nothing, meanwhile=meanwhile)


def test_an_error_is_raised_and_nothing_more_begins():
    begun, before = [], set(threading.enumerate())

    def task(worker, lo, hi):
        begun.append(lo)
        if lo == 1:
            raise MemoryError("too large")
        time.sleep(0.005)

    with pytest.raises(MemoryError, match="too large"):
        crew_of(1).work_through([(i, i + 1) for i in range(200)], task, nothing)
    assert 1 in begun
    assert len(begun) < 200
    assert set(threading.enumerate()) <= before


def test_an_interrupt_while_reporting_stops_the_loops_and_keeps_what_is_done():
    crew, reported, done = crew_of(1), [], []

    def report():
        if not reported:
            reported.append("interrupted")
            raise KeyboardInterrupt
        reported.append(len(done))

    crew.work_through([(0, 1), (1, 2), (2, 3)], lambda *_: done.append(1), report)
    assert crew.stop[0] == 1
    assert reported[-1] == 3


def test_each_thread_finishes_once_when_nothing_is_left():
    finished, done, crew = [], [], crew_of(3)
    spans = [(i, i + 1) for i in range(9)]
    crew.work_through(spans, lambda *_: done.append(1), nothing, finished.append)
    assert len(done) == 9
    assert len(set(finished)) == len(finished) == 3


def test_a_thread_without_a_span_has_nothing_to_finish():
    finished = []
    crew_of(3).work_through([(0, 1)], nothing, nothing, finished.append)
    assert len(finished) == 1


def test_all_have_ended_when_an_error_is_raised():
    running = []

    def task(worker, lo, hi):
        running.append(lo)
        time.sleep(0.05 * lo)
        running.remove(lo)
        if lo == 0:
            raise MemoryError("too large")

    with pytest.raises(MemoryError):
        crew_of(2).work_through([(0, 1), (1, 2)], task, nothing)
    assert running == []
