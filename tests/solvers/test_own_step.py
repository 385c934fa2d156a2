"""The step printed for one model against the step that serves every model."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.solvers import layout as at
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.own_step import MOST_STATES
from sigmapath.solvers.workspace import make_worker

STEP = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64, ctypes.c_double, ctypes.c_double)


def chain(n: int, inflow: str) -> str:
    """A chain of n species with a ring of feedback, fed by a formula."""
    names = [f"S{k}" for k in range(n)]
    lines = [f"J{k}: S{k} -> S{k + 1}; {0.3 + 0.1 * k} * S{k} * S{k}" for k in range(n - 1)]
    values = "; ".join(f"{name} = {1.0 + 0.2 * k:.1f}" for k, name in enumerate(names))
    return f"model chain\n J: -> S0; {inflow}\n {'; '.join(lines)}\n {values}\nend"


def one_step(kernels, start, is_unrolled):
    """Y_NEW and error norm of one step from the start, with the counters."""
    worker = make_worker(kernels, SolverOptions(rtol=1e-6), is_unrolled=is_unrolled)
    work = worker.work()
    work.q[:] = start
    address = {name: kernels.address(name) for name in ("initial", "derive", "rhs")}
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)
    t, y = np.zeros(1), work.vec[at.Y]
    call(address["initial"])(t.ctypes.data, work.q.ctypes.data, work.p.ctypes.data, y.ctypes.data)
    if address["derive"]:
        at_p = work.p.ctypes.data
        call(address["derive"])(t.ctypes.data, y.ctypes.data, at_p, at_p)
    rate = work.vec[at.RATE].ctypes.data
    call(address["rhs"])(t.ctypes.data, y.ctypes.data, work.p.ctypes.data, rate)
    error = STEP(int(work.part[at.RODAS5P]))(worker.table.ctypes.data, 0.0, 0.05)
    return work.vec[at.Y_NEW].copy(), error, work.stat.tolist(), int(work.part[at.RODAS5P])


@pytest.mark.parametrize(
    "inflow",
    ["0.7", "0.7 + sin(3 * time)", "exp(-0.3 * time) + exp(-0.2 * time * S0) + (1 + time)^1.5"],
)
@pytest.mark.parametrize("n", [1, 2, 7, 8, 9, 13, 25, 120])
def test_it_makes_the_same_step(n, inflow):
    model = sp.from_antimony(chain(n, inflow))
    engine = model._engine
    plan = engine.plan(times=np.linspace(0.0, 1.0, 3))
    kernels = engine.kernels(plan.outputs)
    own, own_error, own_counts, own_address = one_step(kernels, plan.start, True)
    walked, error, counts, address = one_step(kernels, plan.start, False)
    assert own_address != address
    np.testing.assert_allclose(own, walked, rtol=1e-13)
    # Where the estimate is zero but for rounding, that is all there is: 1e-16 over rtol.
    assert own_error == pytest.approx(error, rel=1e-6, abs=1e-9)
    assert own_counts == counts


def test_large_models_take_the_common_step():
    model = sp.from_antimony(chain(MOST_STATES + 1, "0.7"))
    engine = model._engine
    plan = engine.plan(times=np.linspace(0.0, 1.0, 3))
    kernels = engine.kernels(plan.outputs)
    addresses = [one_step(kernels, plan.start, is_unrolled)[3] for is_unrolled in (True, False)]
    assert addresses[0] == addresses[1]


@pytest.mark.parametrize("n", [3, 9, 20])
@pytest.mark.parametrize("which", ["all", "some", "formula"])
def test_output_of_its_own_is_that_of_the_common_loop(n, which):
    model = sp.from_antimony(
        chain(n, "0.7 + sin(3 * time)").replace("\nend", "\n total := S0 + 2 * S1\nend")
    )
    states = [f"S{k}" for k in range(n)]
    observables = {"all": states, "some": ["S2", "S0", "S1"], "formula": ["S1", "total"]}[which]
    times = np.linspace(0.0, 4.0, 57)
    common = model.simulate(times, observables=observables, rtol=1e-9)
    own = model.simulator(times, observables=observables, rtol=1e-9).run()
    expected = np.column_stack([common[name].values for name in observables])
    np.testing.assert_allclose(own, expected, rtol=1e-9)


@pytest.mark.parametrize("n", [1, 7, 9, 30])
def test_states_within_a_step_are_the_quartic_cut_at_zero(n):
    model = sp.from_antimony(chain(n, "piecewise(0.7, S0 > 1.5, 0.1)"))
    kernels = model._engine.kernels()
    assert kernels.non_negative.all()
    worker = make_worker(kernels, SolverOptions())
    work = worker.work()
    assert make_worker(kernels, SolverOptions(), is_unrolled=False).work().part[at.PART_INSIDE] == 0
    rng = np.random.default_rng(n)
    work.vec[:] = rng.normal(size=work.vec.shape)
    work.clock[at.T_LEFT], work.clock[at.T_RIGHT] = 2.0, 6.0
    y, delta, k1, k2, k3 = (
        work.vec[row].copy() for row in (at.Y, at.DELTA, at.DENSE_1, at.DENSE_2, at.DENSE_3)
    )
    STEP(int(work.part[at.PART_INSIDE]))(worker.table.ctypes.data, 3.0, 0.0)
    x = 0.25
    curve = y + x * delta + x * (1.0 - x) * (k1 + x * k2 + x**2 * k3)
    np.testing.assert_allclose(work.vec[at.Y_AT], np.maximum(curve, 0.0), rtol=0.0, atol=1e-14)
