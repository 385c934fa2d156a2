"""Batches in SIMD lanes: what a run gives depends on nothing but the run.

The oracle is the scalar loop, which has oracles of its own (tests/solvers, tests/oracle).
"""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.errors import PlanError
from sigmapath.simulate import batch
from sigmapath.simulate.batch import chunk_input
from sigmapath.solvers.lanes.code import native_width
from sigmapath.solvers.lanes.worker import make_lane_workers
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.solve import solve_batch
from sigmapath.solvers.workspace import make_worker
from sigmapath.status import Status

_WIDTHS = (1, 2, 4, 8)
# A receptor with a stiff cascade behind it, a condition on a state, a term in time, a power.
_CASCADE = """
model cascade
  compartment cell = 2;
  species L in cell, R in cell, C in cell, K in cell, P in cell;
  L = 0.3; R = 1; C = 0; K = 1; P = 0;
  on = 3; off = 0.5; cat = 400; back = 150; slow = 0.02; level = 0.35; n = 1.7; swing = 0.1;
  bind: L + R -> C; cell * (on * L * R - off * C);
  act: K -> P; cell * cat * C * K * (1 + swing * sin(0.3 * time));
  rest: P -> K; cell * back * P^n;
  gone: C -> ; cell * slow * C * piecewise(5 * (P - level), P > level, 0);
end
"""
_BAD = """
model growth
  species x, y; x = 1; y = 0;
  k = 1; q = 2; kd = 0.3;
  x' = k * x^q - kd * x; y' = x - y;
end
"""
_DOSES = [
    sp.dose("L", 0.4, time=3.0, ii=7.0, addl=2),
    sp.dose("R", 2.0, time=5.0, dur=4.0),
]
_TIMES = np.linspace(0.0, 30.0, 31)
_READOUTS = {
    name: text
    for name, text in (
        ("final", "final(P)"),
        ("peak", "peak(C)"),
        ("when", "time_to_peak(C)"),
        ("low", "trough(L, after=2)"),
        ("auc", "auc(P, after=1, until=20)"),
        ("mean", "mean(R)"),
        ("at", "at(C, 12.5)"),
        ("first", "threshold_time(P, 0.3)"),
    )
}


@pytest.fixture(scope="module")
def cascade():
    return sp.from_antimony(_CASCADE)


def _members(n, seed=3):
    rng = np.random.default_rng(seed)
    spread = 10.0 ** rng.uniform(-0.4, 0.4, (n, 5))
    names = ("on", "off", "cat", "back", "slow")
    nominal = (3.0, 0.5, 400.0, 150.0, 0.02)
    return {name: nominal[k] * spread[:, k] for k, name in enumerate(names)}


def _sweep(model, members, **options):
    kept = {"readouts": _READOUTS, "observables": ["P", "C + L"], "doses": _DOSES, **options}
    members = sp.ensemble(members=members, nominal=False)
    return model.sweep({"n": [1.5, 1.7]}, _TIMES, ensemble=members, **kept)


def _close(a, b, **tolerance):
    assert set(a.data_vars) == set(b.data_vars)
    for name in a.data_vars:
        np.testing.assert_allclose(a[name].values, b[name].values, err_msg=name, **tolerance)


@pytest.mark.parametrize("lanes", [2, 4, 8])
def test_lanes_agree_with_the_scalar_loop(cascade, lanes):
    members = _members(11)
    ours = _sweep(cascade, members, lanes=lanes)
    scalar = _sweep(cascade, members, lanes=1, method="rodas5p")
    # Both are within rtol of the truth; the same steps bring them much nearer to each other.
    _close(ours, scalar, rtol=2e-6, atol=1e-8)
    assert (ours["status"] == 0).all()
    assert f'"lanes": {lanes}' in ours.attrs["options"]
    assert ours.attrs["model_fingerprint"] != scalar.attrs["model_fingerprint"]


def test_results_do_not_depend_on_threads_chunks_or_order(cascade):
    members = _members(61)
    once = _sweep(cascade, members, lanes=4, threads=1)
    again = _sweep(cascade, members, lanes=4, threads=3)
    turned = _sweep(cascade, {k: v[::-1] for k, v in members.items()}, lanes=4, threads=2)
    few = _sweep(cascade, {k: v[:3] for k, v in members.items()}, lanes=4)
    for name in once.data_vars:
        np.testing.assert_array_equal(once[name].values, again[name].values)
        np.testing.assert_array_equal(
            once[name].values, turned[name].isel(member=slice(None, None, -1)).values
        )
        np.testing.assert_array_equal(once[name].isel(member=slice(3)).values, few[name].values)


_AT_REST = {
    "protocol": [sp.equilibrate(), sp.phase(30.0, doses={"L": 0.4})],
    "doses": None,
    "parameters": {"swing": 0.0},
}


@pytest.mark.parametrize("largest", [3, 1000])
@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("given", [{}, _AT_REST], ids=["from the start", "each from its own rest"])
def test_runs_do_not_depend_on_the_portions_they_are_handed_out_in(
    cascade, monkeypatch, largest, lanes, given
):
    members = _members(19)
    whole = _sweep(cascade, members, lanes=lanes, threads=1, **given)
    told = []
    for name in ("_LARGEST_CHUNK", "_LARGEST_LANE_CHUNK", "_MOST_TOGETHER"):
        monkeypatch.setattr(batch, name, largest)
    parts = _sweep(
        cascade, members, lanes=lanes, threads=3, progress=lambda *now: told.append(now), **given
    )
    for name in whole.data_vars:
        np.testing.assert_array_equal(whole[name].values, parts[name].values)
    assert parts.attrs["n_steps"] == whole.attrs["n_steps"]
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1] == (38, 38)


def test_held_species_start_at_rest_and_protocols(cascade):
    given = {
        "protocol": [
            sp.equilibrate(doses={"L": 0.05}),
            sp.phase(10.0, doses={"L": 0.4}),
            sp.washout(20.0),
        ],
        "doses": None,
        "parameters": {"swing": 0.0},
    }
    ours = _sweep(cascade, _members(5), lanes=8, **given)
    scalar = _sweep(cascade, _members(5), lanes=1, method="rodas5p", **given)
    _close(ours, scalar, rtol=2e-6, atol=1e-8)


def test_a_bad_run_costs_its_neighbours_nothing():
    model = sp.from_antimony(_BAD)
    k = np.array([0.2, 5.0, 0.1, 1e308, 0.25, 0.15, -0.3, 0.22, 0.12, 4.0, 0.05])
    good = np.isin(k, (5.0, 4.0, 1e308), invert=True)
    times = np.linspace(0.0, 8.0, 9)

    def run(values):
        members = sp.ensemble(members={"k": values}, nominal=False)
        return model.simulate(times, ensemble=members, lanes=4, max_steps=3000)

    with_bad, without = run(k), run(k[good])
    status = with_bad["status"].values
    assert (status[good] == Status.OK).all()
    assert (status[~good] != Status.OK).all()
    assert set(status[~good]) <= {
        Status.STEP_TOO_SMALL,
        Status.NOT_FINITE,
        Status.BAD_START,
        Status.TOO_MANY_STEPS,
    }
    assert np.isnan(with_bad["x"].values[~good]).all()
    for name in ("x", "y", "status"):
        np.testing.assert_array_equal(with_bad[name].values[good], without[name].values)


def test_the_step_limit_is_a_status(cascade):
    ours = _sweep(cascade, _members(6), lanes=4, max_steps=20)
    assert (ours["status"] == Status.TOO_MANY_STEPS).all()
    assert np.isnan(ours["final"]).all()


def _lanes_taken(model, n):
    members = sp.ensemble(members=_members(n), nominal=False)
    data = model.simulate([0.0, 0.1], ensemble=members)
    return json.loads(data.attrs["options"])["lanes"]


def test_batches_take_lanes_by_themselves(cascade):
    assert _lanes_taken(cascade, 31) == 1
    assert _lanes_taken(cascade, 32) == min(4, native_width())
    assert _lanes_taken(cascade, 512) == native_width()


def test_models_that_take_long_to_compile_have_lanes_in_large_batches_only():
    chain = "".join(f"J{i}: S{i} -> S{i + 1}; on * S{i}; " for i in range(130))
    species = ", ".join(f"S{i}" for i in range(131))
    start = " ".join(f"S{i} = 0;" for i in range(1, 131))
    rest = "off = 1; cat = 1; back = 1; slow = 1;"
    model = sp.from_antimony(f"species {species}; S0 = 1; {start} on = 1; {rest} {chain}")
    assert _lanes_taken(model, 100) == 1


@pytest.mark.parametrize("options", [{"method": "tsit5"}, {"backend": "numba"}])
def test_what_cannot_run_in_lanes_says_so(cascade, options):
    with pytest.raises(PlanError, match="lanes"):
        cascade.simulate(1.0, lanes=4, **options)


def test_models_with_events_run_scalar():
    model = sp.from_antimony("species A; A = 0; J: -> A; 1; E: at A > 2: A = 0;")
    members = sp.ensemble(members={"A": np.linspace(0.0, 1.0, 600)}, nominal=False)
    assert '"lanes": 1' in model.simulate(3.0, ensemble=members).attrs["options"]
    with pytest.raises(PlanError, match="lanes"):
        model.simulate(3.0, lanes=2)


def _prepared(model, n, **given):
    engine = model._engine
    members = sp.ensemble(members=_members(n), nominal=False)
    plan = engine.plan(times=_TIMES, observables=["P", "C"], ensemble=members, **given)
    return engine, plan


@pytest.mark.parametrize("lanes", _WIDTHS)
def test_every_width_of_the_loop(cascade, lanes):
    engine, plan = _prepared(cascade, 13, doses=_DOSES)
    options = SolverOptions(method="rodas5p")
    scalar = engine.kernels(plan.outputs, tier="fast")
    vector = engine.kernels(plan.outputs, tier="fast", lanes=lanes)
    (worker,) = make_lane_workers(scalar, vector, options)
    runs = chunk_input(plan, 0, plan.n_runs)
    ours = solve_batch(scalar, runs, worker=worker)
    alone = solve_batch(scalar, runs, worker=make_worker(scalar, options))
    np.testing.assert_array_equal(ours.status, alone.status)
    np.testing.assert_allclose(ours.trajectories, alone.trajectories, rtol=2e-6, atol=1e-8)
    np.testing.assert_allclose(ours.final_state, alone.final_state, rtol=2e-6, atol=1e-8)
    # Steps are counted as there, give or take where rounding tips the balance.
    assert abs(ours.stats[:, 0] - alone.stats[:, 0]).max() <= 3
    # The same worker again: nothing is left over.
    again = solve_batch(scalar, runs, worker=worker)
    np.testing.assert_array_equal(ours.trajectories, again.trajectories)


def test_a_large_model_looks_up_the_places_of_its_factors(cascade, monkeypatch):
    from sigmapath.solvers.linalg import unrolled

    monkeypatch.setattr(unrolled, "_MOST_UPDATES", 0)
    engine, plan = _prepared(cascade, 13, doses=_DOSES)
    scalar = engine.kernels(plan.outputs, tier="fast")
    vector = engine.kernels(plan.outputs, tier="fast", lanes=2)
    for options in (SolverOptions(method="rodas5p"), SolverOptions(method="auto", rtol=1e-8)):
        (worker,) = make_lane_workers(scalar, vector, options)
        batch = chunk_input(plan, 0, plan.n_runs)
        ours = solve_batch(scalar, batch, worker=worker)
        alone = solve_batch(scalar, batch, worker=make_worker(scalar, options))
        np.testing.assert_array_equal(ours.status, alone.status)
        np.testing.assert_allclose(ours.trajectories, alone.trajectories, rtol=2e-6, atol=1e-8)


def test_interruption_keeps_what_is_done(cascade):
    engine, plan = _prepared(cascade, 4000)
    options = SolverOptions(method="rodas5p", rtol=1e-10)
    scalar = engine.kernels(plan.outputs)
    vector = engine.kernels(plan.outputs, lanes=4)
    (worker,) = make_lane_workers(scalar, vector, options)
    stop = np.zeros(1, dtype=np.int64)
    timer = threading.Timer(0.1, lambda: stop.__setitem__(0, 1))
    timer.start()
    output = solve_batch(scalar, chunk_input(plan, 0, 4000), stop_flag=stop, worker=worker)
    timer.join()
    assert output.trajectories is not None
    done = output.status == Status.OK
    stopped = output.status == Status.INTERRUPTED
    assert done.any()
    assert 0 < stopped.sum() <= 4
    assert ((output.status == Status.NOT_RUN) | done | stopped).all()
    assert np.isfinite(output.trajectories[done]).all()
    assert np.isnan(output.trajectories[~done]).all()
