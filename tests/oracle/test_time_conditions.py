"""Conditions on time switch at the very float that the model says, and steps end there.

Oracles: closed forms of x' = r(t) - k x with piecewise constant r, the clauses of SBML Level 3
Version 2 Core, section 4.12, on events, and integrals of step functions.
"""

from __future__ import annotations

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.errors import SolverError
from sigmapath.status import Status

METHODS = ["rodas5p", "tsit5", "bdf"]
C, K = 10.0, 0.3
BEFORE, AFTER = float(np.nextafter(C, 0.0)), float(np.nextafter(C, 20.0))
TIMES = np.array([0.0, 1.0, 5.0, 9.9, BEFORE, C, AFTER, 10.1, 12.0, 20.0])
FORCED = """model forced
  x = 0; r = 1; c = 10; k = 0.3; n = 0; last = -1;
  x' = piecewise(r, time {op} c, 0) - k * x;
  u := piecewise(1, time {op} c, 0);
  at (time {op} c): n = n + 1, last = time;
end"""


def relax(t, start, level):
    """x(t) of x' = level - k x."""
    return level / K + (start - level / K) * np.exp(-K * np.maximum(t, 0.0))


def forced(op, times):
    """x of the forced model."""
    if op in ("<", "<="):
        return np.where(times <= C, relax(times, 0.0, 1.0), relax(times - C, relax(C, 0.0, 1.0), 0))
    if op == "==":
        return np.zeros_like(times)
    return np.where(times <= C, 0.0, relax(times - C, 0.0, 1.0))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("op", ["<", "<=", ">", ">=", "=="])
def test_forcing_and_events_at_a_parameter_time(op, method):
    model = sp.from_antimony(FORCED.format(op=op))
    seen = ["x", "n", "last", "u"]
    simulator = model.simulator(TIMES, observables=seen, method=method, rtol=1e-8, atol=1e-11)
    x, n, last, u = simulator.run().T
    np.testing.assert_allclose(x, forced(op, TIMES), atol=1e-8)
    holds = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
    holds["=="] = np.equal
    np.testing.assert_array_equal(u, holds[op](TIMES, C))
    # Triggers that hold at the start do not fire.
    first = {">": AFTER, ">=": C, "==": C}.get(op, np.inf)
    np.testing.assert_array_equal(n, first <= TIMES)
    np.testing.assert_array_equal(last, np.where(first <= TIMES, first, -1.0))
    if method != "bdf":
        # No step looks across the switch.
        assert simulator.stats["n_rejected"] == 0


@pytest.mark.parametrize("lanes", [1, 2, 4, 8])
@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
def test_integrals_and_extremes_end_at_the_switch(op, lanes):
    text = FORCED.format(op=op).replace(f"  at (time {op} c): n = n + 1, last = time;\n", "")
    values = np.array([3.0, 7.25, 25.0, 20.0, 0.5, 1e-9])
    data = sp.from_antimony(text).sweep(
        {"c": values},
        20.0,
        readouts={
            "all": "auc(u)",
            "part": "auc(u, after=1, until=7.25)",
            "top": "peak(x)",
            "when": "time_to_peak(x)",
            "at": "at(x, 7.25)",
        },
        lanes=lanes,
        rtol=1e-8,
        atol=1e-11,
    )
    ends = np.minimum(values, 20.0)
    inside = np.clip(values, 1.0, 7.25) - 1.0
    if op in ("<", "<="):
        top, when = relax(ends, 0.0, 1.0), ends
        at = np.where(values >= 7.25, relax(7.25, 0.0, 1.0), relax(7.25 - values, top, 0.0))
    else:
        ends, inside = 20.0 - ends, 6.25 - inside
        top, when = relax(ends, 0.0, 1.0), np.where(ends > 0.0, 20.0, 0.0)
        at = relax(np.maximum(7.25 - values, 0.0), 0.0, 1.0)
    np.testing.assert_allclose(data["all"], ends, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(data["part"], inside, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(data["top"], top, atol=1e-8)
    np.testing.assert_allclose(data["when"], when, rtol=1e-12)
    np.testing.assert_allclose(data["at"], at, atol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_an_event_moves_the_time_of_the_next(method):
    model = sp.from_antimony(
        """model moving
          x = 0; next = 0.1; n = 0; last = 0; x' = piecewise(1, time < next, -1);
          at (time >= next): next = 2 * time + 0.1, n = n + 1, last = time;
        end"""
    )
    times = [0.05, 0.1, 0.29, 0.31, 0.7, 5.0]
    expected, n, when = [], [], 0.1
    due = []
    while when <= 5.0:
        due.append(when)
        when = 2.0 * when + 0.1
    for t in times:
        n.append(sum(d <= t for d in due))
        expected.append(max([0.0, *(d for d in due if d <= t)]))
    data = model.simulator(times, observables=["x", "n", "last"], method=method).run()
    np.testing.assert_array_equal(data[:, 1], n)
    np.testing.assert_array_equal(data[:, 2], expected)
    # The condition holds again as soon as it has failed.
    np.testing.assert_allclose(data[:, 0], times, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_an_event_on_a_state_moves_a_switch(method):
    # x = t passes 2; from then on the end of the forcing of y is 3 and no longer 8.
    model = sp.from_antimony(
        """model moved
          x = 0; y = 0; stop = 8; x' = 1; y' = piecewise(1, time <= stop, 0);
          at (x > 2): stop = 3;
        end"""
    )
    times = [1.0, 2.5, 3.0, 4.0, 10.0]
    data = model.simulator(times, observables=["y"], method=method).run()
    np.testing.assert_allclose(data[:, 0], [1.0, 2.5, 3.0, 3.0, 3.0], rtol=1e-11)


@pytest.mark.parametrize("lanes", [1, 4])
def test_many_things_at_one_instant(lanes):
    # Three conditions, a dose and a sample at t = 3; what is at the end or beyond it does nothing.
    model = sp.from_antimony(
        """model busy
          a = 3; b = 6; far = 7; species S; S = 0; T = 0; U = 0; V = 0; u = 0;
          S' = piecewise(1, time <= a, 0); T' = piecewise(1, time < a, 2);
          U' = piecewise(1, b > 2 * time, 0); V' = piecewise(1, time > 1000, 0);
          w := piecewise(1, time >= far, 0);
        end"""
    )
    times = [1.0, 3.0, 5.0, 7.0]
    seen = ["S", "T", "U", "V", "w"]
    data = model.sweep(
        {"far": [7.0, 7.5]},
        times,
        doses=[sp.dose("S", 10.0, time=3.0)],
        observables=seen,
        lanes=lanes,
    )
    expected = {
        "S": [1.0, 13.0, 13.0, 13.0],
        "T": [1.0, 3.0, 7.0, 11.0],
        "U": [1.0, 3.0, 3.0, 3.0],
        "V": [0.0, 0.0, 0.0, 0.0],
    }
    for name, values in expected.items():
        for row in data[name].values:
            np.testing.assert_allclose(row, values, rtol=1e-11, err_msg=name)
    np.testing.assert_array_equal(data["w"].values, [[0, 0, 0, 1], [0, 0, 0, 0]])


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("c", [0.0, 5e-324, 1e-40, 1e-12, 1e-3, -1.0])
def test_switches_at_and_next_to_the_start(c, lanes):
    model = sp.from_antimony(
        """model early
          c = 0; x = 1; y = 0; x' = piecewise(-1, time > c, 1) * x; y' = piecewise(1, time >= c, 0);
        end"""
    )
    data = model.sweep({"c": [c, 0.5]}, [1.0, 2.0], observables=["x", "y"], lanes=lanes, rtol=1e-9)
    start = np.exp(2.0 * max(c, 0.0))
    np.testing.assert_allclose(data["x"].values[0], start * np.exp([-1.0, -2.0]), rtol=1e-8)
    np.testing.assert_allclose(data["y"].values[0], np.array([1.0, 2.0]) - max(c, 0.0), rtol=1e-9)


def test_a_slope_that_is_a_parameter():
    model = sp.from_antimony(
        "model s; a = 0.7; b = 2; x = 0; x' = piecewise(1, b - a * time > 0, 0); end"
    )
    for a, end in ((0.7, 2.0 / 0.7), (-1.0, 9.0), (0.0, 9.0), (1e-3, 9.0), (4.0, 0.5)):
        data = model.simulator([9.0]).run({"a": a})
        np.testing.assert_allclose(data, [[end]], rtol=1e-11)


@pytest.mark.parametrize("method", METHODS)
def test_conditions_on_states_are_found_between_switches(method):
    # x = min(t, 4): the events on x and on time cross inside the same steps.
    model = sp.from_antimony(
        """model both
          x = 0; x' = piecewise(1, time < 4, 0); a = -1; b = -1; d = -1;
          at (x > 1.5): a = time; at (time > 3): b = time; at (x >= 3.5): d = time;
        end"""
    )
    data = model.simulator([10.0], observables=["a", "b", "d"], method=method).run()
    np.testing.assert_allclose(data, [[1.5, 3.0, 3.5]], rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_no_more_steps_than_its_parts_take(method):
    model = sp.from_antimony(FORCED.format(op="<="))
    options = {"observables": ["x"], "method": method, "rtol": 1e-6, "atol": 1e-9}
    whole = model.simulator([C, 20.0], **options)
    middle = whole.run()[0, 0]
    first, second = (model.simulator([C], **options) for _ in range(2))
    first.run({"c": 1e3})
    second.run({"x": middle, "r": 0.0, "c": 1e3})
    # One is the hop from the last float on which the condition holds to the next.
    assert whole.stats["n_steps"] <= first.stats["n_steps"] + second.stats["n_steps"] + 1


def test_a_delayed_quantity_remembers_across_a_switch():
    # x' is 1 up to t = 2, so y' = x(t - 2) is a ramp from t = 2 to 4 and flat behind it.
    model = sp.from_antimony(
        "model d; x = 0; y = 0; x' = piecewise(1, time <= 2, 0); y' = delay(x, 2); end"
    )
    data = model.simulator([2.0, 3.0, 4.0, 6.0], observables=["x", "y"], rtol=1e-9).run()
    np.testing.assert_allclose(data[:, 0], [2.0, 2.0, 2.0, 2.0], rtol=1e-9)
    np.testing.assert_allclose(data[:, 1], [0.0, 0.5, 2.0, 6.0], atol=1e-8)


def test_an_event_that_sets_itself_off_at_every_instant_ends():
    model = sp.from_antimony(
        "model storm; x = 0; x' = 1; last = 1; at (time > last): last = time; end"
    )
    with pytest.raises(SolverError, match="step limit"):
        model.simulator([2.0], max_steps=500).run()


def test_lanes_agree_with_one_run_at_a_time():
    model = sp.from_antimony(
        """model mixed
          species S, T; S = 0; T = 0; k = 0.4; c = 3; level = 1.2;
          make: -> S; piecewise(1 + 0.3 * sin(time), time < c, 0.2);
          turn: S -> T; k * S + piecewise(S - level, S > level, 0);
          lose: T -> ; k * T * piecewise(0.1, time >= 2 * c, 1);
        end"""
    )
    given = {
        "doses": [sp.dose("S", 0.5, time=3.0), sp.dose("T", 0.5, time=6.5)],
        "observables": ["S", "T"],
        "readouts": {"auc_S": "auc(S)", "peak_T": "peak(T)", "late": "mean(T, after=6, until=9)"},
        "rtol": 1e-7,
        "atol": 1e-10,
    }
    values = np.linspace(0.5, 6.0, 12)
    times = np.linspace(0.0, 12.0, 25)
    single = model.sweep({"c": values}, times, lanes=1, method="rodas5p", **given)
    for lanes in (2, 4, 8):
        ours = model.sweep({"c": values}, times, lanes=lanes, **given)
        for name in ours.data_vars:
            np.testing.assert_allclose(ours[name], single[name], rtol=2e-6, atol=1e-9)
    assert (single["status"] == Status.OK).all()
    turned = model.sweep({"c": values[::-1]}, times, lanes=4, **given)
    ours = model.sweep({"c": values}, times, lanes=4, threads=2, **given)
    for name in ("S", "T", "auc_S", "peak_T", "late"):
        np.testing.assert_array_equal(turned[name].values[::-1], ours[name].values)


@pytest.mark.parametrize("lanes", [1, 2])
@pytest.mark.parametrize("method", ["rodas5p", "tsit5", "bdf"])
def test_the_first_step_is_kept_where_a_condition_ends_at_the_start(method, lanes):
    if lanes > 1 and method != "rodas5p":
        pytest.skip("lanes have one method")

    def steps(factor, **options):
        model = sp.from_antimony(f"x = 1; k = 0.3; x' = -k * x * {factor};")
        found = model.simulate([0.0, 2.0], method=method, lanes=lanes, **options)
        assert found["x"].values[-1] == pytest.approx(np.exp(-0.6), rel=1e-5)
        return found.attrs["n_steps"]

    for first_step in (1e-10, 1e-3):
        plain = steps("1", first_step=first_step)
        # Stops a few floats behind zero count as steps.
        assert plain <= steps("piecewise(1, time > 0, 0)", first_step=first_step) <= plain + 2
    assert steps("1", first_step=1e-10) > steps("1", first_step=1e-3) + 3
