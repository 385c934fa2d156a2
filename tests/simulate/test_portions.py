"""Portions that threads share are opened once and closed once, by whoever comes last."""

from __future__ import annotations

import threading
import time

from sigmapath.simulate.portions import Portions


def test_a_portion_is_open_from_the_first_to_the_last_of_its_threads():
    told = []

    def open_one(worker, lo, hi):
        told.append(("open", worker, lo, hi))
        return [lo, hi]

    portions = Portions(2, open_one, lambda portion: told.append(("close", *portion)))
    first = portions.enter("a", 0, 3)
    assert portions.enter("b", 0, 3) is first
    portions.leave(0)
    assert told == [("open", "a", 0, 3)]
    # One thread may be ahead of the other.
    assert portions.enter("a", 3, 5) == [3, 5]
    portions.leave(0)
    assert told[1:] == [("open", "a", 3, 5), ("close", 0, 3)]
    portions.leave(3)
    assert portions.enter("b", 3, 5) == [3, 5]
    portions.leave(3)
    assert told[3:] == [("close", 3, 5)]


def test_threads_open_and_close_each_portion_once():
    opened, closed, n_threads = [], [], 4

    def open_one(worker, lo, hi):
        time.sleep(0.001)
        opened.append(lo)
        return lo

    portions = Portions(n_threads, open_one, closed.append)

    def work():
        for lo in range(20):
            assert portions.enter(None, lo, lo + 1) == lo
            portions.leave(lo)

    threads = [threading.Thread(target=work) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(opened) == sorted(closed) == list(range(20))


def test_portions_of_one_thread_are_made_ready_side_by_side():
    both = threading.Barrier(2, timeout=10.0)
    closed = []

    def open_one(worker, lo, hi):
        both.wait()
        return lo

    portions = Portions(1, open_one, closed.append)

    def work(lo):
        portions.enter(None, lo, lo + 1)
        portions.leave(lo)

    threads = [threading.Thread(target=work, args=(lo,)) for lo in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(closed) == [0, 1]
