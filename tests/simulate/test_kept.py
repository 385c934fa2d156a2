"""What an engine keeps between calls: it saves time and changes no result."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.simulate.kept import Kept
from sigmapath.simulate.workers import Bench

_MODEL = """
species A, B, C; A = 1; B = 0; C = 0.2;
k = 0.7; b = 0.3; s = 0.05;
J1: A -> B; k * A; J2: B -> A; b * B * C; J3: -> C; s; J4: C -> ; s * C * A;
"""
_TIMES = np.linspace(0.0, 9.0, 10)


def _model():
    return sp.from_antimony(_MODEL)


def _calls(model):
    """Calls of many kinds; lanes and scalar, with readouts, jumps and rest."""
    axes = {"k": np.linspace(0.1, 2.0, 40)}
    rest = [sp.equilibrate(doses={"s": 0.2})]
    return {
        "scalar": lambda: model.sweep(axes, _TIMES, lanes=1),
        "lanes": lambda: model.sweep(axes, _TIMES),
        "readouts": lambda: model.sweep(axes, 9.0, readouts=["peak(B)", "auc(C)"]),
        "jumps": lambda: model.sweep(axes, _TIMES, doses=[sp.dose("A", 0.5, time=2.0)]),
        "rest": lambda: model.sweep({"A": [1.0, 2.0, 4.0]}, _TIMES, protocol=rest),
        "few": lambda: model.sweep({"k": [0.1, 0.2]}, _TIMES),
        "failing": lambda: model.sweep(axes, _TIMES, max_steps=3),
        "tight": lambda: model.sweep(axes, _TIMES, rtol=1e-9),
        "one": lambda: model.simulate(_TIMES, observables=["A + B"]),
    }


def test_a_call_gives_the_same_bytes_whatever_ran_before():
    model = _model()
    calls = _calls(model)
    alone = {name: _calls(_model())[name]() for name in calls}
    for order in (list(calls), list(calls)[::-1], list(calls)[::2] * 2):
        for name in order:
            found = calls[name]()
            assert found.identical(alone[name]), name


def test_results_do_not_share_what_a_user_may_change():
    model = _model()
    first = model.sweep({"k": [0.1, 0.2]}, _TIMES)
    kept = first.copy(deep=True)
    first["A"][:] = -1.0
    for name in ("A", "k", "time", "status"):
        first[name].attrs["units"] = "nonsense"
    first.attrs["model"] = "another"
    again = model.sweep({"k": [0.1, 0.2]}, _TIMES)
    assert again.identical(kept)
    with pytest.raises(ValueError, match="read-only"):
        again["status"].attrs["flag_values"][0] = 3


def test_the_last_few_values_are_kept():
    made = []

    def make(name):
        return lambda: made.append(name) or name.upper()

    kept = Kept(2)
    assert [kept.get(n, make(n)) for n in "abacab"] == list("ABACAB")
    assert made == ["a", "b", "c", "b"]
    # What is kept may rest on addresses of this process.
    for other in (copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))):
        assert other.get("a", lambda: "other") == "other"


class _Worker:
    def __init__(self, size):
        self.buffers = (np.zeros(size),)
        self.homes, self.arrays = (), ()

    @property
    def scalar(self):
        return self


def test_idle_workers_are_taken_again_and_never_by_two():
    made = []
    bench = Bench(lambda count: [made.append(1) or _Worker(10) for _ in range(count)])
    first = bench.take(2)
    second = bench.take(1)
    assert len({id(worker) for worker in (*first, *second)}) == 3
    bench.put_back(first)
    third = bench.take(3)
    assert {id(worker) for worker in first} < {id(worker) for worker in third}
    assert len(made) == 4


def test_idle_workers_hold_little_memory():
    bench = Bench(lambda count: [_Worker(3_000_000) for _ in range(count)])
    workers = bench.take(3)
    bench.put_back(workers)
    assert len({id(w) for w in bench.take(3)} & {id(w) for w in workers}) == 1
