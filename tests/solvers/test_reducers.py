"""Readouts in the loop against closed forms, over windows, jumps and edges."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import decay, oscillator

from sigmapath.errors import PlanError
from sigmapath.opcodes import JumpOp, ReducerOp
from sigmapath.solvers.batch import BatchInput, JumpTable, ReducerTable
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.solve import solve_batch
from sigmapath.status import Status

METHODS = ["rodas5p", "tsit5", "bdf"]
X, V, X_SQUARED, TIME = range(4)


def readouts(kernels, start, t_end, *rows, jumps=None, values=None, times=(), **options):
    """Rows (op, output, after, until[, level]) -> readouts of one run."""
    rows = [(*row, 0.0)[:5] for row in rows]
    op, output, after, until, level = zip(*rows, strict=True)
    batch = BatchInput(
        start=[start],
        times=times,
        t_end=t_end,
        jumps=jumps or JumpTable(),
        jump_values=values,
        reducers=ReducerTable(op=op, output=output, after=after, until=until, level=level),
        keep_trajectories=False,
    )
    result = solve_batch(kernels, batch, SolverOptions(**({"rtol": 1e-10} | options)))
    assert result.status[0] == Status.OK
    assert result.trajectories is None
    return result.reduced[0]


@pytest.mark.parametrize("method", METHODS)
def test_every_readout_of_a_sine(method):
    after, until = 0.7, 7.3
    found = readouts(
        oscillator(),
        [0.0, 1.0],
        10.0,
        (ReducerOp.FINAL, X, after, until),
        (ReducerOp.START, X, after, until),
        (ReducerOp.AT, X, 3.3, 0.0),
        (ReducerOp.PEAK, X, after, until),
        (ReducerOp.TIME_TO_PEAK, X, after, until),
        (ReducerOp.TROUGH, X, after, until),
        (ReducerOp.TIME_TO_TROUGH, X, after, until),
        (ReducerOp.AUC, X, after, until),
        (ReducerOp.MEAN, X_SQUARED, after, until),
        (ReducerOp.THRESHOLD_TIME, X, after, until, 0.9),
        (ReducerOp.THRESHOLD_TIME, X, after, until, -0.5),
        (ReducerOp.THRESHOLD_TIME, X, after, until, 1.5),
        (ReducerOp.THRESHOLD_TIME, V, after, until, 0.0),
        method=method,
    )
    square = (until - np.sin(2 * until) / 2 - after + np.sin(2 * after) / 2) / 2
    exact = [
        np.sin(until),
        np.sin(after),
        np.sin(3.3),
        1.0,
        np.pi / 2,
        -1.0,
        3 * np.pi / 2,
        np.cos(after) - np.cos(until),
        square / (until - after),
        np.arcsin(0.9),
        np.pi + np.arcsin(0.5),
        np.nan,
        np.pi / 2,
    ]
    # The place of an extreme is known to the square root of the accuracy of its height.
    np.testing.assert_allclose(np.delete(found, [4, 6]), np.delete(exact, [4, 6]), rtol=3e-8)
    np.testing.assert_allclose(found[[4, 6]], [np.pi / 2, 3 * np.pi / 2], rtol=1e-4)


def test_the_output_grid_and_infinite_windows_change_nothing():
    rows = [(ReducerOp(op), X, -np.inf, np.inf, 0.3) for op in range(9) if op != ReducerOp.AT]
    one = readouts(oscillator(), [0.0, 1.0], 10.0, *rows)
    other = readouts(oscillator(), [0.0, 1.0], 10.0, *rows, times=np.linspace(0, 10, 333))
    assert np.array_equal(one, other)
    assert one[0] == pytest.approx(np.sin(10.0), rel=1e-8)


def test_jumps_at_window_edges_count_as_the_definitions_say():
    # x decays from 1; boluses of +2 at t = 1 and +3 at t = 2.
    jumps = JumpTable(time=[1.0, 2.0], op=[JumpOp.ADD_STATE] * 2, index=[0, 0], scale=[-1, -1])
    found = readouts(
        decay(),
        [0.0, 1.0, 1.0, 1.0],
        3.0,
        (ReducerOp.START, 0, 1.0, 2.0),
        (ReducerOp.FINAL, 0, 1.0, 2.0),
        (ReducerOp.AUC, 0, 1.0, 2.0),
        (ReducerOp.PEAK, 0, 1.0, 2.0),
        (ReducerOp.TIME_TO_PEAK, 0, 1.0, 2.0),
        (ReducerOp.TROUGH, 0, 1.0, 2.0),
        (ReducerOp.TROUGH, 0, 1.0, 3.0),
        (ReducerOp.THRESHOLD_TIME, 0, 1.0, 3.0, 2.0),
        (ReducerOp.THRESHOLD_TIME, 0, 0.5, 3.0, 2.0),
        jumps=jumps,
        values=[[2.0, 3.0]],
    )
    x1 = np.exp(-1.0) + 2.0
    left = x1 * np.exp(-1.0)
    x2 = left + 3.0
    exact = [x1, x2, x1 - left, x2, 2.0, left, left, 1.0 + np.log(x1 / 2.0), 1.0]
    np.testing.assert_allclose(found, exact, rtol=1e-8)


def test_windows_of_length_zero():
    found = readouts(
        oscillator(),
        [0.0, 1.0],
        2.0,
        *((op, X, 1.0, 1.0, 5.0) for op in ReducerOp),
        *((op, X, 2.0, 2.0, 5.0) for op in ReducerOp),
        *((op, V, 0.0, 0.0, 1.0) for op in ReducerOp),
    ).reshape(3, len(ReducerOp))
    for values, x, t in zip(found, [np.sin(1), np.sin(2), 1.0], [1.0, 2.0, 0.0], strict=True):
        by = dict(zip(ReducerOp, values, strict=True))
        for op in (ReducerOp.FINAL, ReducerOp.START, ReducerOp.AT, ReducerOp.MEAN):
            assert by[op] == pytest.approx(x, rel=1e-8)
        assert by[ReducerOp.PEAK] == by[ReducerOp.TROUGH] == pytest.approx(x, rel=1e-8)
        assert by[ReducerOp.TIME_TO_PEAK] == by[ReducerOp.TIME_TO_TROUGH] == t
        assert by[ReducerOp.AUC] == 0.0
    assert np.isnan(found[0, ReducerOp.THRESHOLD_TIME])
    assert found[2, ReducerOp.THRESHOLD_TIME] == 0.0


def test_auc_keeps_the_order_of_the_method():
    error = []
    for n in (8, 16, 32):
        value = readouts(
            oscillator(),
            [0.0, 1.0],
            6.0,
            (ReducerOp.AUC, X, 0.0, 6.0),
            fixed_step=6.0 / n,
            method="tsit5",
        )[0]
        error.append(abs(value - (1.0 - np.cos(6.0))))
    assert -np.polyfit(np.log([8, 16, 32]), np.log(error), 1)[0] > 4.6


def test_readouts_of_an_observable_that_is_not_a_number_are_not_numbers():
    from kernels_by_hand import make_kernels

    def rhs(t, y, p, out):
        out[0] = 1.0

    def jac(t, y, p, out):
        out[0] = 0.0

    def outputs(t, y, p, out):
        out[0] = np.nan if 0.4 < t[0] < 0.9 else y[0]

    kernels = make_kernels(rhs, jac, n_state=1, outputs=outputs, n_output=1)
    ops = (ReducerOp.PEAK, ReducerOp.TIME_TO_PEAK, ReducerOp.AUC, ReducerOp.MEAN)
    found = readouts(
        kernels,
        [0.0],
        2.0,
        *((op, 0, 0.0, 2.0) for op in ops),
        (ReducerOp.FINAL, 0, 0.0, 2.0),
        max_step=0.2,
    )
    assert np.isnan(found[:4]).all()
    assert found[4] == pytest.approx(2.0)


@pytest.mark.parametrize("window", [(1.0, 0.5), (-1.0, 1.0), (0.0, 99.0)])
def test_windows_outside_the_run_are_refused(window):
    with pytest.raises(PlanError):
        readouts(oscillator(), [0.0, 1.0], 2.0, (ReducerOp.PEAK, X, *window))
