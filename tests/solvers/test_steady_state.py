"""Steady states against closed forms, long integrations and known stability."""

from __future__ import annotations

import numpy as np
import pytest
from kernels_by_hand import make_kernels
from scipy.integrate import solve_ivp

from sigmapath.errors import PlanError
from sigmapath.solvers.steady_state import Conservation, Reason, RestMethod, steady_state
from sigmapath.status import Status


def moieties(*rows):
    return Conservation(matrix=np.array(rows, dtype=float))


@pytest.fixture(scope="module")
def binding():
    """R + L <-> C with p = (kon, koff): free L in closed form."""

    def rhs(t, y, p, out):
        v = p[0] * y[0] * y[1] - p[1] * y[2]
        out[0], out[1], out[2] = -v, -v, v

    def jac(t, y, p, out):
        a, b, c = p[0] * y[1], p[0] * y[0], -p[1]
        out[0], out[1], out[2] = -a, -b, -c
        out[3], out[4], out[5] = -a, -b, -c
        out[6], out[7], out[8] = a, b, c

    return make_kernels(rhs, jac, n_state=3, n_param=2, non_negative=[1, 1, 1])


BINDING = moieties([1, 0, 1], [0, 1, 1])


def bound(total_r, total_l, kd):
    b = total_r + total_l + kd
    return 2.0 * total_r * total_l / (b + np.sqrt(b * b - 4.0 * total_r * total_l))


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("kd", [1e-3, 1.0, 1e3])
def test_binding_comes_to_its_closed_form_in_any_unit(binding, scale, kd):
    y = np.array([1.0, 2.0, 0.0]) * scale
    p = np.array([0.7 / scale, 0.7 * kd])
    found = steady_state(binding, y, p, conservation=BINDING)
    exact = bound(scale, 2.0 * scale, kd * scale)
    assert found.status == Status.OK
    assert found.method == RestMethod.INTEGRATION
    np.testing.assert_allclose(found.state[2], exact, rtol=1e-12)
    np.testing.assert_allclose(found.state[0] + found.state[2], scale, rtol=1e-14)
    assert found.residual < 1e-12
    assert found.is_stable
    expected = -(p[0] * (found.state[0] + found.state[1]) + p[1])
    np.testing.assert_allclose(found.eigenvalues, [expected], rtol=1e-10)


def test_a_start_near_rest_is_left_to_newton(binding):
    c = bound(1.0, 2.0, 1.0)
    y = np.array([1.0 - c, 2.0 - c, c]) * 1.02
    found = steady_state(binding, y, np.array([1.0, 1.0]), conservation=BINDING)
    assert found.method == RestMethod.NEWTON
    np.testing.assert_allclose(found.state[2], bound(1.02, 2.04, 1.0), rtol=1e-12)


def test_newton_from_anywhere_when_asked(binding):
    y = np.array([1.0, 2.0, 0.0])
    found = steady_state(
        binding, y, np.array([1.0, 1.0]), conservation=BINDING, newton_reach=np.inf
    )
    assert found.method == RestMethod.NEWTON
    np.testing.assert_allclose(found.state[2], bound(1.0, 2.0, 1.0), rtol=1e-12)


def test_a_held_ligand_keeps_its_value_and_breaks_its_moiety(binding):
    y = np.array([1.0, 2.0, 0.0])
    found = steady_state(binding, y, np.array([1.0, 1.0]), conservation=BINDING, held=[1])
    np.testing.assert_allclose(found.state, [1 / 3, 2.0, 2 / 3], rtol=1e-12)


def test_without_the_table_integration_still_arrives(binding):
    found = steady_state(binding, np.array([1.0, 2.0, 0.0]), np.array([1.0, 1.0]))
    np.testing.assert_allclose(found.state[2], bound(1.0, 2.0, 1.0), rtol=1e-5)
    assert found.status == Status.OK


def test_a_knock_out_leaves_more_null_directions_than_the_table_knows(binding):
    y = np.array([0.3, 2.0, 0.1])
    found = steady_state(binding, y, np.zeros(2), conservation=BINDING)
    np.testing.assert_array_equal(found.state, y)
    assert found.status == Status.OK


def test_a_wrong_table_is_refused(binding):
    with pytest.raises(PlanError, match="does not fit the model"):
        steady_state(binding, np.ones(3), np.ones(2), conservation=moieties([1.0, 0.0, 2.0]))


def test_a_start_that_is_not_finite_is_refused(binding):
    found = steady_state(binding, np.array([np.nan, 1.0, 1.0]), np.ones(2))
    assert (found.status, found.reason) == (Status.NO_STEADY_STATE, Reason.NOT_FINITE)
    assert np.all(np.isnan(found.state))


@pytest.mark.parametrize(
    "arguments",
    [
        {"rtol": 0.0},
        {"tolerance": -1.0},
        {"newton_reach": np.nan},
        {"held": [3]},
        {"conservation": moieties([1.0, 1.0])},
    ],
)
def test_bad_arguments_are_refused(binding, arguments):
    with pytest.raises(PlanError):
        steady_state(binding, np.ones(3), np.ones(2), **arguments)


@pytest.fixture(scope="module")
def switch():
    """Self-activating gene: roots of y = 0.05 + 2 y^4 / (1 + y^4), the middle one unstable."""

    def rhs(t, y, p, out):
        z = y[0] ** 4
        out[0] = p[0] + p[1] * z / (1.0 + z) - y[0]

    def jac(t, y, p, out):
        z = y[0] ** 4
        out[0] = p[1] * 4.0 * y[0] ** 3 / (1.0 + z) ** 2 - 1.0

    return make_kernels(rhs, jac, n_state=1, n_param=2, non_negative=[1])


SWITCH = np.array([0.05, 2.0])


def switch_roots():
    # y (1 + y^4) = p0 (1 + y^4) + p1 y^4
    roots = np.roots([1.0, -(SWITCH[0] + SWITCH[1]), 0.0, 0.0, 1.0, -SWITCH[0]])
    return np.sort(roots[np.abs(roots.imag) < 1e-9].real)


def test_a_switch_goes_to_the_branch_of_its_basin(switch):
    low, middle, high = switch_roots()
    for start in (0.0, 0.5 * middle, 0.98 * middle, 1.02 * middle, 1.5, 10.0):
        found = steady_state(switch, np.array([start]), SWITCH)
        expected = low if start < middle else high
        np.testing.assert_allclose(found.state[0], expected, rtol=1e-9, err_msg=str(start))
        assert found.is_stable


def test_an_unstable_start_is_not_taken_for_rest(switch):
    _, middle, _ = switch_roots()
    found = steady_state(switch, np.array([middle]), SWITCH)
    assert (found.status, found.reason) == (Status.NO_STEADY_STATE, Reason.UNSTABLE)


@pytest.fixture(scope="module")
def toggle():
    """Two genes that repress each other: on the diagonal a trajectory runs into the saddle."""

    def rhs(t, y, p, out):
        out[0] = p[0] / (1.0 + y[1] ** 2) - y[0]
        out[1] = p[0] / (1.0 + y[0] ** 2) - y[1]

    def jac(t, y, p, out):
        out[0], out[3] = -1.0, -1.0
        out[1] = -2.0 * p[0] * y[1] / (1.0 + y[1] ** 2) ** 2
        out[2] = -2.0 * p[0] * y[0] / (1.0 + y[0] ** 2) ** 2

    return make_kernels(rhs, jac, n_state=2, n_param=1, non_negative=[1, 1])


def test_a_symmetric_start_that_runs_into_a_saddle_is_refused(toggle):
    found = steady_state(toggle, np.array([3.0, 3.0]), np.array([5.0]))
    assert (found.status, found.reason) == (Status.NO_STEADY_STATE, Reason.UNSTABLE)


def test_the_toggle_off_the_diagonal_agrees_with_a_long_integration(toggle):
    p = np.array([5.0])
    found = steady_state(toggle, np.array([3.0, 2.9]), p)
    ode = solve_ivp(
        lambda t, y: [5.0 / (1 + y[1] ** 2) - y[0], 5.0 / (1 + y[0] ** 2) - y[1]],
        (0.0, 200.0),
        [3.0, 2.9],
        method="LSODA",
        rtol=1e-11,
        atol=1e-13,
    )
    np.testing.assert_allclose(found.state, ode.y[:, -1], rtol=1e-8)


@pytest.fixture(scope="module")
def brusselator():
    """Oscillates where b > 1 + a^2; the fixed point is (a, b / a)."""

    def rhs(t, y, p, out):
        v = y[0] * y[0] * y[1]
        out[0] = p[0] - (p[1] + 1.0) * y[0] + v
        out[1] = p[1] * y[0] - v

    def jac(t, y, p, out):
        out[0] = 2.0 * y[0] * y[1] - p[1] - 1.0
        out[1] = y[0] * y[0]
        out[2] = p[1] - 2.0 * y[0] * y[1]
        out[3] = -y[0] * y[0]

    return make_kernels(rhs, jac, n_state=2, n_param=2, non_negative=[1, 1])


@pytest.mark.parametrize(
    ("start", "reason"), [((0.5, 0.5), Reason.OSCILLATING), ((1.0, 3.0), Reason.UNSTABLE)]
)
@pytest.mark.parametrize("newton_reach", [0.0, 0.1, np.inf])
def test_an_oscillator_has_no_steady_state(brusselator, start, reason, newton_reach):
    p = np.array([1.0, 3.0])
    found = steady_state(brusselator, np.array(start), p, newton_reach=newton_reach)
    assert found.status == Status.NO_STEADY_STATE
    if newton_reach > 0.0:
        assert found.reason == reason


def test_a_damped_oscillation_comes_to_rest(brusselator):
    found = steady_state(brusselator, np.array([0.5, 0.5]), np.array([1.0, 1.9]))
    np.testing.assert_allclose(found.state, [1.0, 1.9], rtol=1e-9)
    assert found.eigenvalues[0].imag != 0.0
    assert found.is_stable


@pytest.fixture(scope="module")
def chain():
    """-> A -> B ->, rates p; zero or first order. J is bidiagonal."""

    def rhs(t, y, p, out):
        out[0] = p[0] - p[1] * y[0]
        out[1] = p[1] * y[0] - p[2] * y[1]

    def jac(t, y, p, out):
        out[0], out[1], out[2], out[3] = -p[1], 0.0, p[1], -p[2]

    return make_kernels(rhs, jac, n_state=2, n_param=3, non_negative=[1, 1])


def test_everything_decays_to_nothing(chain):
    found = steady_state(chain, np.array([1.0, 0.0]), np.array([0.0, 1.0, 1e-6]))
    assert found.status == Status.OK
    np.testing.assert_allclose(found.state, 0.0, atol=1e-15)


def test_widely_spread_time_scales(chain):
    p = np.array([3.0, 1e6, 1e-6])
    found = steady_state(chain, np.zeros(2), p)
    np.testing.assert_allclose(found.state, [3e-6, 3e6], rtol=1e-12)


def test_production_without_removal_is_named(chain):
    found = steady_state(chain, np.array([1.0, 1.0]), np.array([1.0, 1.0, 0.0]))
    assert (found.status, found.reason) == (Status.NO_STEADY_STATE, Reason.GROWING)


def test_a_second_order_decay_is_at_rest_when_nothing_that_counts_is_left():
    def rhs(t, y, p, out):
        out[0] = -y[0] * y[0]

    def jac(t, y, p, out):
        out[0] = -2.0 * y[0]

    kernels = make_kernels(rhs, jac, n_state=1, non_negative=[1])
    found = steady_state(kernels, np.ones(1), np.zeros(0))
    assert found.status == Status.OK
    assert 0.0 <= found.state[0] < 1e-9


def test_a_time_dependent_model_is_refused():
    def rhs(t, y, p, out):
        out[0] = np.sin(t[0]) - y[0]

    def jac(t, y, p, out):
        out[0] = -1.0

    def dfdt(t, y, p, out):
        out[0] = np.cos(t[0])

    kernels = make_kernels(rhs, jac, n_state=1, dfdt=dfdt)
    found = steady_state(kernels, np.ones(1), np.zeros(0))
    assert (found.status, found.reason) == (Status.NO_STEADY_STATE, Reason.TIME_DEPENDENT)


def test_a_start_outside_the_reach_of_rates_is_told(chain):
    found = steady_state(chain, np.array([1.0, 0.0]), np.array([1.0, 1.0, 1e-9]), max_steps=3)
    assert (found.status, found.reason) == (Status.NO_STEADY_STATE, Reason.STILL_MOVING)


def test_an_algebraic_state_follows():
    """dy0/dt = 1 - y1, 0 = y1 - y0^2: rest at (1, 1), eigenvalue -2."""

    def rhs(t, y, p, out):
        out[0] = 1.0 - y[1]
        out[1] = y[1] - y[0] * y[0]

    def jac(t, y, p, out):
        out[0], out[1], out[2], out[3] = 0.0, -1.0, -2.0 * y[0], 1.0

    kernels = make_kernels(rhs, jac, n_state=2, mass=[1.0, 0.0])
    found = steady_state(kernels, np.array([2.0, 4.0]), np.zeros(0))
    np.testing.assert_allclose(found.state, [1.0, 1.0], rtol=1e-9)
    np.testing.assert_allclose(found.eigenvalues, [-2.0], rtol=1e-9)


def test_a_model_without_states():
    def nothing(t, y, p, out):
        pass

    kernels = make_kernels(nothing, nothing, n_state=0)
    found = steady_state(kernels, np.zeros(0), np.zeros(0))
    assert found.status == Status.OK
    assert found.is_stable


def test_the_same_call_gives_the_same_bytes(binding):
    arguments = (binding, np.array([1.0, 2.0, 0.0]), np.array([0.3, 1.7]))
    first = steady_state(*arguments, conservation=BINDING)
    second = steady_state(*arguments, conservation=BINDING)
    assert first.state.tobytes() == second.state.tobytes()
    assert first.residual == second.residual
