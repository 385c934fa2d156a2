"""Every registered method shows its order, at the ends of steps and between them."""

from __future__ import annotations

import numpy as np
import pytest
from small_models import forced, linear, oscillator

from sigmapath.solvers.batch import BatchInput
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.registry import METHODS
from sigmapath.solvers.solve import solve_batch
from sigmapath.status import Status


def errors(kernels, method, start, exact, times, n_steps):
    found = []
    for n in n_steps:
        options = SolverOptions(method=method, fixed_step=times[-1] / n)
        output = solve_batch(kernels, BatchInput(start=[start], times=times), options)
        assert output.status[0] == Status.OK
        assert output.stats[0, 0] == n
        found.append(np.abs(output.trajectories[0] - exact(times)).max())
    return np.array(found)


def slope(n_steps, error):
    return -np.polyfit(np.log(n_steps), np.log(error), 1)[0]


def wave(t):
    return np.column_stack([np.cos(t), np.sin(t)])


@pytest.mark.parametrize("name", METHODS)
def test_the_end_value_converges_with_the_order_of_the_method(name):
    n = np.array([8, 12, 16, 24, 32])
    exact = lambda t: np.column_stack([np.sin(t), np.cos(t), np.sin(t) ** 2, t])  # noqa: E731
    error = errors(oscillator(), name, [0.0, 1.0], exact, np.array([6.0]), n)
    assert slope(n, error) > METHODS[name].tableau.order - 0.35


@pytest.mark.parametrize("name", METHODS)
def test_non_autonomous_problems_keep_the_order(name):
    n = np.array([16, 24, 32, 48])
    error = errors(forced(), name, [1.0, 1.0, 0.0], wave, np.array([4.0]), n)
    assert slope(n, error) > METHODS[name].tableau.order - 0.4


@pytest.mark.parametrize("name", METHODS)
def test_dense_output_converges_with_its_order(name):
    n = np.array([8, 12, 16, 24, 32])
    times = np.linspace(0.0, 6.0, 997)
    exact = lambda t: np.column_stack([np.sin(t), np.cos(t), np.sin(t) ** 2, t])  # noqa: E731
    error = errors(oscillator(), name, [0.0, 1.0], exact, times, n)
    # The uniform error of an order-4 interpolant falls with h^5, next to a result of order 5.
    assert slope(n, error) > METHODS[name].tableau.dense_order + 0.6


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
    assert error.max() < 10.0 * rtol


def test_auto_takes_the_explicit_method_only_where_it_is_cheap():
    times = np.array([10.0])
    mild = [-1.0, 0, 0, 0, -2.0, 0, 0, 0, -3.0, 1, 1, 1]
    stiff = [-1e6, 0, 0, 0, -2.0, 0, 0, 0, -3.0, 1, 1, 1]
    output = solve_batch(linear(), BatchInput(start=[mild, stiff], times=times), SolverOptions())
    assert output.method.tolist() == [METHODS["tsit5"].code, METHODS["rodas5p"].code]


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
