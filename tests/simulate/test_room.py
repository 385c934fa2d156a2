"""Memory is used again only when nobody else holds it."""

from __future__ import annotations

import copy
import gc

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.simulate.room import Room

SHAPE = (50, 101, 12)


def address(array):
    return array.__array_interface__["data"][0]


def test_memory_that_is_free_is_used_again():
    room = Room()
    first = room.take(SHAPE)
    place = address(first)
    del first
    assert address(room.take(SHAPE)) == place
    assert address(room.take((40, 101, 12))) == place


@pytest.mark.parametrize(
    "held",
    [
        lambda array: array,
        lambda array: array[3:5, 0],
        lambda array: array.reshape(-1)[::7],
        lambda array: memoryview(array),
        lambda array: array.view(np.int64).T,
    ],
)
def test_memory_of_a_result_that_somebody_sees_is_left_alone(held):
    room = Room()
    kept = held(room.take(SHAPE))
    before = np.array(kept, copy=True)
    other = room.take(SHAPE)
    assert not np.shares_memory(np.asarray(kept), other)
    other[:] = -1.0
    np.testing.assert_array_equal(np.asarray(kept), before)


def test_small_and_huge_results_have_memory_of_their_own():
    room = Room()
    small = room.take((10, 3))
    assert small.base is None
    huge = room.take((1 << 14, 1 << 12))
    assert huge.base is None
    # Not held back in room for a much smaller one either.
    first = room.take((1000, 101, 12))
    assert address(first) != address(room.take(SHAPE))


def test_a_copy_begins_with_nothing():
    room = Room()
    taken = room.take(SHAPE)
    assert not np.shares_memory(copy.deepcopy(room).take(SHAPE), taken)


def test_sweeps_leave_earlier_results_as_they_are():
    model = sp.from_antimony("model m\n J: A -> B; k * A\n A = 3; B = 0; k = 0.1\nend")
    times = np.linspace(0.0, 10.0, 401)

    def sweep(rates):
        return model.sweep({"k": rates}, times)

    first = sweep(np.linspace(0.1, 1.0, 120))
    kept = first["A"].sel(k=first["k"][7]).values
    expected = kept.copy()
    del first
    gc.collect()
    second = sweep(np.linspace(2.0, 3.0, 120))
    np.testing.assert_array_equal(kept, expected)
    exact = 3.0 * np.exp(-np.linspace(2.0, 3.0, 120)[:, None] * times)
    np.testing.assert_allclose(second["A"].transpose("k", "time").values, exact, atol=1e-5)
