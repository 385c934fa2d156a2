"""Every registered method shows its order, at the ends of steps and between them."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import forced, linear, oscillator, robertson

from sigmapath.kernels import Pattern
from sigmapath.solvers.batch import BatchInput
from sigmapath.solvers.linalg.symbolic import lu_program
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.registry import METHODS
from sigmapath.solvers.solve import solve_batch
from sigmapath.solvers.workspace import explicit_reach
from sigmapath.status import STAT_NAMES, Status

ONE_STEP = [name for name in METHODS if name != "bdf"]


def errors(kernels, method, start, exact, times, n_steps, **others):
    found = []
    for n in n_steps:
        options = SolverOptions(method=method, fixed_step=times[-1] / n, **others)
        output = solve_batch(kernels, BatchInput(start=[start], times=times), options)
        assert output.status[0] == Status.OK
        assert output.stats[0, 0] == n
        found.append(np.abs(output.trajectories[0] - exact(times)).max())
    return np.array(found)


def slope(n_steps, error):
    return -np.polyfit(np.log(n_steps), np.log(error), 1)[0]


def wave(t):
    return np.column_stack([np.cos(t), np.sin(t)])


@pytest.mark.parametrize("name", ONE_STEP)
def test_the_end_value_converges_with_the_order_of_the_method(name):
    n = np.array([8, 12, 16, 24, 32])
    exact = lambda t: np.column_stack([np.sin(t), np.cos(t), np.sin(t) ** 2, t])  # noqa: E731
    error = errors(oscillator(), name, [0.0, 1.0], exact, np.array([6.0]), n)
    assert slope(n, error) > METHODS[name].tableau.order - 0.35


@pytest.mark.parametrize("name", ONE_STEP)
def test_non_autonomous_problems_keep_the_order(name):
    n = np.array([16, 24, 32, 48])
    error = errors(forced(), name, [1.0, 1.0, 0.0], wave, np.array([4.0]), n)
    assert slope(n, error) > METHODS[name].tableau.order - 0.4


@pytest.mark.parametrize("name", ONE_STEP)
def test_dense_output_converges_with_its_order(name):
    n = np.array([8, 12, 16, 24, 32])
    times = np.linspace(0.0, 6.0, 997)
    exact = lambda t: np.column_stack([np.sin(t), np.cos(t), np.sin(t) ** 2, t])  # noqa: E731
    error = errors(oscillator(), name, [0.0, 1.0], exact, times, n)
    # The uniform error of an order-4 interpolant falls with h^5, next to a result of order 5.
    assert slope(n, error) > METHODS[name].tableau.dense_order + 0.6


@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_every_order_of_the_multistep_method_shows(order):
    n = np.array([60, 90, 120, 180, 240])
    exact = lambda t: np.column_stack([np.sin(t), np.cos(t), np.sin(t) ** 2, t])  # noqa: E731
    options = {"max_order": order, "rtol": 1e-10}
    error = errors(oscillator(), "bdf", [0.0, 1.0], exact, np.array([6.0]), n, **options)
    assert order - 0.35 < slope(n, error) < order + 0.9
    error = errors(forced(), "bdf", [1.0, 1.0, 0.0], wave, np.array([4.0]), n, **options)
    assert slope(n, error) > order - 0.4
    # The dense output between the steps follows them.
    times = np.linspace(0.0, 6.0, 997)
    error = errors(oscillator(), "bdf", [0.0, 1.0], exact, times, n, **options)
    assert slope(n, error) > order - 0.35


def test_dense_output_of_the_multistep_method_is_continuous_across_steps():
    times = np.linspace(0.0, 6.0, 20_001)
    batch = BatchInput(start=[[0.0, 1.0]], times=times)
    y = solve_batch(oscillator(), batch, SolverOptions(method="bdf", rtol=1e-5)).trajectories[0]
    # Second differences of smooth curves are of the order of the spacing squared.
    assert np.abs(np.diff(y, 2, axis=0)).max() < 2e-5


def test_the_multistep_method_spares_factors_and_rates():
    batch = BatchInput(start=[[1e4, 1.0, 0.0]], times=np.linspace(0.0, 10.0, 51))
    few, many = (
        dict(zip(STAT_NAMES, solve_batch(forced(), batch, options).stats[0].tolist(), strict=True))
        for options in (SolverOptions(method="bdf"), SolverOptions(method="rodas5p"))
    )
    assert few["n_factor"] < 0.3 * few["n_steps"]
    assert few["n_rhs"] < 2.5 * few["n_steps"]
    assert many["n_factor"] >= many["n_steps"]


def test_the_stiff_method_does_not_mind_stiffness():
    output = solve_batch(
        forced(),
        BatchInput(start=[[1e8, 1.0, 0.0]], times=np.linspace(0.0, 10.0, 51)),
        SolverOptions(method="rodas5p", rtol=1e-8),
    )
    assert output.status[0] == Status.OK
    # An explicit method would need some 10 * 1e8 / 3 steps.
    assert output.stats[0, 0] < 1000
    np.testing.assert_allclose(output.trajectories[0], wave(np.linspace(0, 10, 51)), atol=1e-6)


@pytest.mark.parametrize("method", ["auto", *METHODS])
@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8, 1e-10])
def test_linear_systems_meet_the_tolerance(method, rtol):
    from scipy.linalg import expm

    rng = np.random.default_rng(7)
    a = rng.normal(size=(3, 3)) - 3.0 * np.eye(3)
    y0 = np.array([1.0, 2.0, 0.5])
    times = np.linspace(0.0, 3.0, 31)
    batch = BatchInput(start=[[*a.ravel(), *y0]], times=times)
    output = solve_batch(linear(), batch, SolverOptions(method=method, rtol=rtol))
    exact = np.array([expm(a * t) @ y0 for t in times])
    error = np.abs(output.trajectories[0] - exact) / (np.abs(exact) + 1e-3)
    # One component passes through zero: the many small steps of BDF show there.
    size = error.max() if method != "bdf" else np.sqrt(np.mean(error**2))
    assert size < 10.0 * rtol


def test_auto_takes_the_explicit_method_only_where_it_is_cheap():
    times = np.array([10.0])
    mild = [-1.0, 0, 0, 0, -2.0, 0, 0, 0, -3.0, 1, 1, 1]
    stiff = [-1e6, 0, 0, 0, -2.0, 0, 0, 0, -3.0, 1, 1, 1]
    output = solve_batch(linear(), BatchInput(start=[mild, stiff], times=times), SolverOptions())
    assert output.method.tolist() == [METHODS["tsit5"].code, METHODS["rodas5p"].code]


def test_auto_notices_stiffness_that_shows_only_later():
    # Robertson's problem: J at the start is mild, a few steps later nothing is.
    from sigmapath.solvers.workspace import make_worker

    kernels = robertson()
    batch = BatchInput(start=[[1.0, 0.0, 0.0]], times=[1e3])
    output = solve_batch(kernels, batch, worker=make_worker(kernels))
    assert output.method[0] == len(METHODS)
    assert output.stats[0, 0] < 250


def test_auto_stays_explicit_longer_where_factors_are_dear():
    def reach(columns):
        n = len(columns)
        starts = np.cumsum([0, *map(len, columns)])
        pattern = Pattern(row_start=starts, column=np.concatenate(columns))
        return explicit_reach(lu_program(pattern, np.ones(n)))

    rng = np.random.default_rng(1)
    chain = [np.array(sorted({max(i - 1, 0), i})) for i in range(300)]
    tangle = [np.unique([i, *rng.integers(0, 300, 8)]) for i in range(300)]
    assert reach(chain) == 150.0
    assert reach(tangle) > 1000.0


def test_auto_leaves_the_explicit_method_when_a_run_turns_stiff():
    # Non-stiff at the start; from t = 1 on a rate constant is a million times larger.
    from sigmapath.opcodes import JumpOp
    from sigmapath.solvers.batch import JumpTable

    mild = [-1.0, 0, 0, 0, -2.0, 0, 0, 0, -3.0, 1, 1, 1]
    jump = JumpTable(time=[1.0], op=[JumpOp.SET_PARAMETER], index=[0], scale=[-1])
    batch = BatchInput(start=[mild], times=[10.0], jumps=jump, jump_values=[[-1e6]])
    output = solve_batch(linear(), batch, SolverOptions())
    assert output.status[0] == Status.OK
    assert output.method[0] == len(METHODS)
    assert output.stats[0, 0] < 400
    np.testing.assert_allclose(output.trajectories[0, 0, 1:], np.exp([-20.0, -30.0]), atol=1e-9)
