"""The drive loop: jumps, infusions, holds, batches, failures, interruption."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from kernels_by_hand import make_kernels
from small_models import decay, linear, oscillator

from sigmapath.errors import PlanError
from sigmapath.opcodes import JumpOp
from sigmapath.solvers.batch import BatchInput, JumpTable
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.solve import solve_batch
from sigmapath.solvers.workspace import make_worker
from sigmapath.status import Status

METHODS = ["rodas5p", "tsit5", "bdf"]


def run(kernels, start, times, jumps=None, values=None, **options):
    jumps = jumps or JumpTable()
    batch = BatchInput(start=np.atleast_2d(start), times=times, jumps=jumps, jump_values=values)
    return solve_batch(kernels, batch, SolverOptions(**({"rtol": 1e-9} | options)))


def jumps(*rows):
    """Rows (time, op, index, scale, value) -> table, values."""
    rows = sorted(rows, key=lambda row: row[0])
    time_, op, index, scale, value = zip(*rows, strict=True)
    return JumpTable(time=time_, op=op, index=index, scale=scale), [list(value)]


@pytest.mark.parametrize("method", METHODS)
def test_bolus_doses_add_amount_over_volume_at_their_time(method):
    table, values = jumps((1.0, JumpOp.ADD_STATE, 0, 2, 6.0), (2.5, JumpOp.ADD_STATE, 0, -1, 1.0))
    times = np.array([0.0, 1.0, 2.5, 4.0])
    output = run(decay(), [0.0, 0.7, 3.0, 1.0], times, table, values, method=method)
    x1 = np.exp(-0.7) + 2.0
    x2 = x1 * np.exp(-0.7 * 1.5) + 1.0
    exact = [1.0, x1, x2, x2 * np.exp(-0.7 * 1.5)]
    np.testing.assert_allclose(output.trajectories[0, :, 0], exact, rtol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_an_infusion_is_a_constant_rate_until_it_is_taken_back(method):
    table, values = jumps((1.0, JumpOp.ADD_RATE, 0, 2, 6.0), (3.0, JumpOp.ADD_RATE, 0, 2, -6.0))
    output = run(decay(), [0.0, 0.5, 3.0, 0.0], [1.0, 2.0, 3.0, 5.0], table, values, method=method)
    level = 2.0 / 0.5
    top = level * (1.0 - np.exp(-1.0))
    exact = [0.0, level * (1.0 - np.exp(-0.5)), top, top * np.exp(-1.0)]
    np.testing.assert_allclose(output.trajectories[0, :, 0], exact, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_a_held_state_stands_still_and_the_others_see_it(method):
    table, values = jumps((0.0, JumpOp.HOLD, 0, -1, 1.0), (2.0, JumpOp.HOLD, 0, -1, 0.0))
    a = [-1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0]
    output = run(linear(), [*a, 3.0, 0.0, 1.0], [2.0, 3.0], table, values, method=method)
    gone = 3.0 * np.exp(-1.0)
    exact = [[3.0, 6.0, np.exp(-2.0)], [gone, 9.0 - gone, np.exp(-3.0)]]
    np.testing.assert_allclose(output.trajectories[0], exact, rtol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_parameters_change_at_their_time_and_jumps_at_zero_come_before_the_first_output(method):
    table, values = jumps(
        (0.0, JumpOp.SET_STATE, 0, -1, 2.0),
        (0.0, JumpOp.SET_PARAMETER, 1, -1, 1.0),
        (1.0, JumpOp.ADD_PARAMETER, 1, -1, 1.0),
    )
    output = run(decay(), [0.0, 9.0, 1.0, 7.0], [0.0, 1.0, 2.0], table, values, method=method)
    np.testing.assert_allclose(
        output.trajectories[0, :, 0], 2.0 * np.exp([0.0, -1.0, -3.0]), rtol=1e-8
    )


def test_the_output_grid_does_not_move_the_steps():
    coarse = run(decay(), [0.0, 1.0, 1.0, 1.0], [0.0, 10.0])
    fine = run(decay(), [0.0, 1.0, 1.0, 1.0], np.linspace(0.0, 10.0, 5001))
    assert np.array_equal(coarse.stats, fine.stats)
    assert np.array_equal(coarse.trajectories[0, -1], fine.trajectories[0, -1])


def test_repeated_times_an_empty_grid_and_an_end_of_zero_work():
    output = run(decay(), [0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0])
    np.testing.assert_allclose(output.trajectories[0, :, 0], np.exp([0, 0, -1, -1]), rtol=1e-8)
    assert run(decay(), [0.0, 1.0, 1.0, 1.0], [0.0]).trajectories[0, 0, 0] == 1.0
    batch = BatchInput(start=[[0.0, 1.0, 1.0, 1.0]], t_end=2.0)
    np.testing.assert_allclose(solve_batch(decay(), batch).final_state, np.exp(-2), rtol=1e-5)


def test_a_million_output_points():
    output = run(oscillator(), [0.0, 1.0], np.linspace(0.0, 50.0, 1_000_000))
    np.testing.assert_allclose(
        output.trajectories[0, :, 0], np.sin(output.trajectories[0, :, 3]), atol=1e-6
    )


def test_a_model_without_states_gives_functions_of_time():
    def nothing(t, y, p, out):
        pass

    def outputs(t, y, p, out):
        out[0] = t[0] * p[0]

    kernels = make_kernels(nothing, nothing, n_state=0, n_param=1, outputs=outputs, n_output=1)
    output = run(kernels, [2.0], [0.0, 1.0, 5.0])
    assert output.trajectories[0, :, 0].tolist() == [0.0, 2.0, 10.0]
    assert output.stats[0, 0] > 200


def mixed_batch(n_run):
    rng = np.random.default_rng(3)
    start = np.column_stack(
        [
            rng.uniform(0, 2, n_run),
            10 ** rng.uniform(-2, 4, n_run),
            np.ones(n_run),
            rng.uniform(0, 5, n_run),
        ]
    )
    table = JumpTable(time=[0.5, 2.0], op=[3, 0], index=[0, 0], scale=[2, -1])
    return start, table, rng.uniform(0, 3, (n_run, 2))


def test_a_batch_is_its_single_runs_bit_for_bit_however_it_is_cut():
    start, table, values = mixed_batch(40)
    times = np.linspace(0, 5, 11)

    def solve(rows, worker=None):
        batch = BatchInput(start=start[rows], times=times, jumps=table, jump_values=values[rows])
        return solve_batch(decay(), batch, worker=worker)

    whole = solve(np.arange(40))
    worker = make_worker(decay())
    for rows in (np.arange(39, -1, -1), np.arange(7, 12)):
        part = solve(rows, worker)
        assert np.array_equal(part.trajectories, whole.trajectories[rows])
        assert np.array_equal(part.stats, whole.stats[rows])
    for r in range(40):
        assert np.array_equal(solve([r], worker).trajectories[0], whole.trajectories[r])


def blow_up():
    def rhs(t, y, p, out):
        out[0] = p[0] * y[0] * y[0]

    def jac(t, y, p, out):
        out[0] = 2.0 * p[0] * y[0]

    return make_kernels(rhs, jac, n_state=1, n_param=1)


@pytest.mark.parametrize("method", METHODS)
def test_a_failing_run_is_nan_with_a_status_and_harms_no_neighbour(method):
    kernels = blow_up()
    start = [[-1.0, 1.0], [1.0, 1.0], [np.nan, 1.0], [-1.0, np.inf], [-1.0, 1.0]]
    batch = BatchInput(start=start, times=[0.0, 2.0])
    output = solve_batch(kernels, batch, SolverOptions(method=method))
    assert output.status[[0, 4]].tolist() == [0, 0]
    assert output.status[1] in (Status.STEP_TOO_SMALL, Status.NOT_FINITE, Status.TOO_MANY_STEPS)
    assert output.status[[2, 3]].tolist() == [Status.BAD_START] * 2
    assert np.isnan(output.trajectories[1:4]).all()
    assert np.isnan(output.final_state[1:4]).all()
    assert output.t_stop[1] == pytest.approx(1.0, rel=1e-4)
    np.testing.assert_allclose(output.trajectories[[0, 4], 1, 0], 1 / 3, rtol=1e-5)


def test_a_step_limit_is_a_status():
    output = run(oscillator(), [0.0, 1.0], [1e6], max_steps=50)
    assert output.status[0] == Status.TOO_MANY_STEPS


def test_a_state_without_a_value_that_nothing_uses_stays_nan_and_spoils_nothing():
    def rhs(t, y, p, out):
        out[0] = -p[0] * y[0]
        out[1] = 0.0

    def jac(t, y, p, out):
        out[0] = -p[0]

    from kernels_by_hand import pattern_of

    kernels = make_kernels(rhs, jac, n_state=2, n_param=1, pattern=pattern_of([[0], []]))
    for method in METHODS:
        output = run(kernels, [1.0, 1.0, np.nan], [1.0], method=method)
        assert output.status[0] == Status.OK
        assert output.trajectories[0, 0, 0] == pytest.approx(np.exp(-1.0), rel=1e-8)
        assert np.isnan(output.trajectories[0, 0, 1])


def test_promised_states_never_fall_below_zero():
    output = run(decay(), [0.0, 50.0, 1.0, 1.0], np.linspace(0, 100, 2001), rtol=1e-4)
    assert output.status[0] == Status.OK
    assert output.trajectories.min() >= 0.0


def test_another_thread_can_stop_a_batch():
    stop = np.zeros(1, dtype=np.int64)
    start = np.tile([0.0, 1.0], (2000, 1))
    batch = BatchInput(start=start, times=[2e4])
    worker = make_worker(oscillator(), SolverOptions(method="rodas5p", max_steps=10**8))
    solve_batch(oscillator(), BatchInput(start=start[:1], times=[1.0]), worker=worker)
    timer = threading.Timer(0.3, lambda: stop.__setitem__(0, 1))
    timer.start()
    began = time.perf_counter()
    output = solve_batch(oscillator(), batch, stop_flag=stop, worker=worker)
    assert time.perf_counter() - began < 5.0
    k = int(np.argmax(output.status != 0))
    assert output.status[k] in (Status.INTERRUPTED, Status.NOT_RUN)
    assert (output.status[k + 1 :] == Status.NOT_RUN).all()
    assert np.isnan(output.trajectories[k:]).all()


def test_equilibration_precedes_the_clock():
    from sigmapath.solvers.conservation import Conservation

    rest = JumpTable(time=[0.0], op=[JumpOp.SET_PARAMETER], index=[0], scale=[-1])
    batch = BatchInput(
        start=[[9.0, 0.5, 1.0, 0.0], [9.0, 0.0, 1.0, 1.0]],
        times=[0.0, 1.0],
        equilibrate=rest,
        equilibrate_values=[[2.0], [2.0]],
        jumps=JumpTable(time=[0.0], op=[JumpOp.SET_PARAMETER], index=[0], scale=[-1]),
        jump_values=[[0.0], [0.0]],
    )
    output = solve_batch(
        decay(), batch, SolverOptions(rtol=1e-9), conservation=Conservation(matrix=np.zeros((0, 1)))
    )
    np.testing.assert_allclose(output.trajectories[0, :, 0], 4.0 * np.exp([0, -0.5]), rtol=1e-8)
    assert output.rest_residual[0] < 1e-9
    assert output.status.tolist() == [Status.OK, Status.NO_STEADY_STATE]
    assert np.isnan(output.trajectories[1]).all()


@pytest.mark.parametrize(
    ("bad", "where"),
    [
        ({"rtol": 0}, "rtol"),
        ({"rtol": 1e-17}, "rtol"),
        ({"rtol": float("nan")}, "rtol"),
        ({"rtol": "small"}, "rtol"),
        ({"atol": -1.0}, "atol"),
        ({"atol": (1e-9, 0.0)}, "atol"),
        ({"max_steps": 0}, "max_steps"),
        ({"max_step": -1.0}, "max_step"),
        ({"first_step": np.inf}, "first_step"),
        ({"method": "euler"}, "method"),
    ],
)
def test_options_that_make_no_sense_are_refused(bad, where):
    with pytest.raises(PlanError) as caught:
        SolverOptions(**bad)
    assert caught.value.where == where


def test_options_are_hashable_and_serialisable():
    options = SolverOptions(atol=np.array([1e-9, 1e-8]))
    assert hash(options) == hash(SolverOptions(atol=[1e-9, 1e-8]))
    assert options.as_dict()["atol"] == (1e-9, 1e-8)
    with pytest.raises(PlanError):
        options.atol_of(3)


@pytest.mark.parametrize("times", [[1.0, 0.5], [-1.0, 0.0], [np.nan], [np.inf]])
def test_times_that_make_no_sense_are_refused(times):
    with pytest.raises(PlanError):
        BatchInput(start=[[1.0]], times=times)
