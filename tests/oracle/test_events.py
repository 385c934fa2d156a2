"""Events against closed forms and the clauses of SBML Level 3 Version 2 Core, section 4.12."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "solvers"))

from kernels_by_hand import make_kernels
from small_models import table

from sigmapath.solvers.batch import BatchInput
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.solve import solve_batch
from sigmapath.status import Status

METHODS = ["rodas5p", "tsit5", "bdf"]
STATE = 1


def run(kernels, start, times, **options):
    batch = BatchInput(start=[start], times=times)
    return solve_batch(kernels, batch, SolverOptions(**({"rtol": 1e-10} | options)))


def clock_model(triggers, assign, events, n_state=4, **others):
    """State 0 is time (dx/dt = 1), the others are constant; functions see t, y, p, out."""

    def rhs(t, y, p, out):
        for i in range(n_state):
            out[i] = 0.0
        out[0] = 1.0

    def jac(t, y, p, out):
        for k in range(n_state * n_state):
            out[k] = 0.0

    return make_kernels(
        rhs, jac, n_state=n_state, events=events, triggers=triggers, assign=assign, **others
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_bouncing_ball(method):
    g, damping = 9.81, 0.9

    def rhs(t, y, p, out):
        out[0] = y[1]
        out[1] = -9.81

    def jac(t, y, p, out):
        out[0] = 0.0
        out[1] = 1.0
        out[2] = 0.0
        out[3] = 0.0

    def roots(t, y, p, out):
        out[0] = y[0]

    def triggers(t, y, p, out):
        out[0] = 1.0 if y[0] < 0.0 else 0.0

    def assign(t, y, p, out):
        out[0] = -0.9 * y[1]
        out[1] = 0.0

    kernels = make_kernels(
        rhs,
        jac,
        n_state=2,
        n_root=1,
        roots=roots,
        triggers=triggers,
        assign=assign,
        events=table({"targets": [(STATE, 1), (STATE, 0)]}),
    )
    times = np.linspace(0.0, 5.0, 501)
    output = run(kernels, [1.0, 0.0], times, method=method)
    assert output.status[0] == Status.OK

    exact = np.empty_like(times)
    start, height0, speed = 0.0, 1.0, 0.0
    end = np.sqrt(2.0 / g)
    n_bounce = 0
    for k, t in enumerate(times):
        while t > end:
            speed = damping * (g * (end - start) - speed)
            start, height0 = end, 0.0
            end = start + 2.0 * speed / g
            n_bounce += 1
        s = t - start
        exact[k] = height0 + speed * s - 0.5 * g * s * s
    np.testing.assert_allclose(output.trajectories[0, :, 0], exact, atol=1e-8)
    assert output.stats[0, 6] == n_bounce


@pytest.mark.parametrize("method", METHODS)
def test_a_double_crossing_inside_one_step_is_seen(method):
    # x = sin(t) passes 0.99 for 0.28 time units; steps are much longer at this tolerance.
    def rhs(t, y, p, out):
        out[0], out[1], out[2] = y[1], -y[0], 0.0

    def jac(t, y, p, out):
        for k in range(9):
            out[k] = 0.0
        out[1], out[3] = 1.0, -1.0

    def roots(t, y, p, out):
        out[0] = y[0] - 0.99

    def triggers(t, y, p, out):
        out[0] = 1.0 if y[0] > 0.99 else 0.0

    def assign(t, y, p, out):
        out[0] = y[2] + 1.0

    kernels = make_kernels(
        rhs,
        jac,
        n_state=3,
        n_root=1,
        roots=roots,
        triggers=triggers,
        assign=assign,
        events=table({"targets": [(STATE, 2)]}),
    )
    output = run(kernels, [0.0, 1.0, 0.0], [100.0], rtol=1e-5, method=method)
    assert output.trajectories[0, 0, 2] == 16.0


def test_the_time_of_an_event_is_exact_to_rounding():
    def roots(t, y, p, out):
        out[0] = t[0] - 1.0 / 3.0

    def triggers(t, y, p, out):
        out[0] = 1.0 if t[0] >= 1.0 / 3.0 else 0.0

    def assign(t, y, p, out):
        out[0] = t[0]

    kernels = clock_model(triggers, assign, table({"targets": [(STATE, 1)]}), n_root=1, roots=roots)
    output = run(kernels, [0.0] * 4, [1.0])
    assert output.trajectories[0, 0, 1] == pytest.approx(1.0 / 3.0, rel=1e-15)


@pytest.mark.parametrize(("initial", "fires"), [(1, 0.0), (0, 1.0)])
def test_a_trigger_true_at_the_start_fires_only_if_it_was_false_before(initial, fires):
    def triggers(t, y, p, out):
        out[0] = 1.0

    def assign(t, y, p, out):
        out[0] = y[1] + 1.0

    kernels = clock_model(triggers, assign, table({"targets": [(STATE, 1)], "initial": initial}))
    assert run(kernels, [0.0] * 4, [0.0, 1.0]).trajectories[0, :, 1].tolist() == [fires, fires]


@pytest.mark.parametrize(("from_trigger_time", "value"), [(1, 1.0), (0, 1.75)])
def test_a_delayed_event_takes_values_of_its_trigger_or_of_its_execution(from_trigger_time, value):
    def roots(t, y, p, out):
        out[0] = t[0] - 1.0

    def triggers(t, y, p, out):
        out[0] = 1.0 if t[0] >= 1.0 else 0.0

    def delays(t, y, p, out):
        out[0] = 0.75

    def assign(t, y, p, out):
        out[0] = y[0]

    events = table(
        {"targets": [(STATE, 1)], "has_delay": 1, "from_trigger_time": from_trigger_time}
    )
    kernels = clock_model(triggers, assign, events, n_root=1, roots=roots, delays=delays)
    found = run(kernels, [0.0] * 4, [1.7, 1.75 + 1e-9, 3.0]).trajectories[0, :, 1]
    np.testing.assert_allclose(found, [0.0, value, value], rtol=1e-12)


@pytest.mark.parametrize(("persistent", "value"), [(1, 7.0), (0, 0.0)])
def test_a_trigger_that_is_not_persistent_takes_its_event_back(persistent, value):
    def roots(t, y, p, out):
        out[0] = t[0] - 1.0
        out[1] = t[0] - 1.5

    def triggers(t, y, p, out):
        out[0] = 1.0 if 1.0 <= t[0] < 1.5 else 0.0

    def delays(t, y, p, out):
        out[0] = 1.0

    def assign(t, y, p, out):
        out[0] = 7.0

    events = table({"targets": [(STATE, 1)], "has_delay": 1, "persistent": persistent})
    kernels = clock_model(triggers, assign, events, n_root=2, roots=roots, delays=delays)
    assert run(kernels, [0.0] * 4, [3.0]).trajectories[0, 0, 1] == value


def test_priorities_order_simultaneous_events_and_a_cascade_follows():
    # At t = 1 events A (priority 1) and B (priority 5) are due: B doubles first, A adds one; the
    # third fires because A set y2, and reads what both left.
    def roots(t, y, p, out):
        out[0] = t[0] - 1.0

    def triggers(t, y, p, out):
        out[0] = 1.0 if t[0] >= 1.0 else 0.0
        out[1] = 1.0 if t[0] >= 1.0 else 0.0
        out[2] = 1.0 if y[2] > 0.5 else 0.0

    def priorities(t, y, p, out):
        out[0], out[1], out[2] = 1.0, 5.0, 100.0

    def assign(t, y, p, out):
        out[0], out[1] = y[1] + 1.0, 1.0
        out[2] = 2.0 * y[1]
        out[3] = y[1]

    events = table(
        {"targets": [(STATE, 1), (STATE, 2)], "has_priority": 1, "from_trigger_time": 0},
        {"targets": [(STATE, 1)], "has_priority": 1, "from_trigger_time": 0},
        {"targets": [(STATE, 3)], "has_priority": 1, "from_trigger_time": 0},
    )
    kernels = clock_model(triggers, assign, events, n_root=1, roots=roots, priorities=priorities)
    output = run(kernels, [0.0, 3.0, 0.0, 0.0], [2.0])
    assert output.trajectories[0, 0].tolist()[1:] == [7.0, 1.0, 7.0]
    assert output.stats[0, 6] == 3


def test_values_of_trigger_time_are_those_before_other_events_executed():
    def roots(t, y, p, out):
        out[0] = t[0] - 1.0

    def triggers(t, y, p, out):
        out[0] = 1.0 if t[0] >= 1.0 else 0.0
        out[1] = out[0]

    def assign(t, y, p, out):
        out[0], out[1] = y[2], y[1]

    # Both values are taken when the triggers turn true: the two states change places.
    events = table({"targets": [(STATE, 1)]}, {"targets": [(STATE, 2)]})
    kernels = clock_model(triggers, assign, events, n_root=1, roots=roots)
    output = run(kernels, [0.0, 3.0, 5.0, 0.0], [2.0])
    assert output.trajectories[0, 0, 1:3].tolist() == [5.0, 3.0]


def test_events_that_fire_each_other_for_ever_are_a_storm():
    def roots(t, y, p, out):
        out[0] = t[0] - 1.0

    def triggers(t, y, p, out):
        out[0] = 1.0 if t[0] >= 1.0 and y[1] < 0.5 else 0.0
        out[1] = 1.0 if t[0] >= 1.0 and y[1] > 0.5 else 0.0

    def assign(t, y, p, out):
        out[0], out[1] = 1.0, 0.0

    events = table({"targets": [(STATE, 1)]}, {"targets": [(STATE, 1)]})
    kernels = clock_model(triggers, assign, events, n_root=1, roots=roots)
    output = run(kernels, [0.0] * 4, [0.5, 2.0])
    assert output.status[0] == Status.EVENT_STORM
    assert output.t_stop[0] == pytest.approx(1.0)
    assert np.isnan(output.trajectories).all()


@pytest.mark.parametrize("method", METHODS)
def test_events_may_assign_parameters_and_derived_ones_follow(method):
    # dx/dt = -k x with k = 2 q derived; at x = 0.5 the event sets q from 0.5 to 1.5.
    def rhs(t, y, p, out):
        out[0] = -p[1] * y[0]

    def jac(t, y, p, out):
        out[0] = -p[1]

    def derive(t, y, p, out):
        out[1] = 2.0 * out[0]

    def roots(t, y, p, out):
        out[0] = y[0] - 0.5

    def triggers(t, y, p, out):
        out[0] = 1.0 if y[0] < 0.5 else 0.0

    def assign(t, y, p, out):
        out[0] = 1.5

    kernels = make_kernels(
        rhs,
        jac,
        n_state=1,
        n_param=1,
        n_derived=1,
        derive=derive,
        n_root=1,
        roots=roots,
        triggers=triggers,
        assign=assign,
        events=table({"targets": [(0, 0)]}),
    )
    output = run(kernels, [0.5, 1.0], [2.0], method=method)
    exact = 0.5 * np.exp(-3.0 * (2.0 - np.log(2.0)))
    assert output.trajectories[0, 0, 0] == pytest.approx(exact, rel=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_a_condition_in_the_equations_is_met_exactly_without_any_event(method):
    # dx/dt = 1 up to x = 1, then -2 x.
    def rhs(t, y, p, out):
        out[0] = 1.0 if t[0] < 1.0 else -2.0 * y[0]

    def jac(t, y, p, out):
        out[0] = 0.0 if t[0] < 1.0 else -2.0

    def roots(t, y, p, out):
        out[0] = t[0] - 1.0

    kernels = make_kernels(rhs, jac, n_state=1, n_root=1, roots=roots)
    output = run(kernels, [0.0], [1.0, 2.0], method=method)
    np.testing.assert_allclose(output.trajectories[0, :, 0], [1.0, np.exp(-2.0)], rtol=1e-8)
    assert output.stats[0, 6] == 0


def test_a_root_that_stays_at_zero_or_flickers_does_not_stop_the_run():
    # The root is zero up to rounding all along.
    def rhs(t, y, p, out):
        out[0], out[1] = -y[0], -y[0]

    def jac(t, y, p, out):
        out[0], out[1], out[2], out[3] = -1.0, 0.0, -1.0, 0.0

    def roots(t, y, p, out):
        out[0] = (y[0] + 0.1) * 3.0 - 3.0 * y[1]

    kernels = make_kernels(rhs, jac, n_state=2, n_root=1, roots=roots)
    output = run(kernels, [1.0, 1.1], np.linspace(0.0, 5.0, 6))
    assert output.status[0] == Status.OK
    assert output.stats[0, 0] < 5000
    np.testing.assert_allclose(output.trajectories[0, :, 0], np.exp(-np.arange(6.0)), rtol=1e-8)
