"""The default absolute tolerance follows the scale of the model."""

from __future__ import annotations

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.simulate.tolerances import with_tolerances
from sigmapath.solvers.options import SolverOptions

MODEL = """
model scaled()
  compartment cell = 1; species A in cell, B in cell, C in cell;
  A = {a}; B = {b}; C = 0; k = {k};
  R: A + B -> C; cell * k * A * B;
end
"""
TIMES = np.linspace(0.0, 3.0, 7)


def complex_of(scale: float) -> np.ndarray:
    """C of A + B -> C with A = 2, B = 1 in units of ``scale``; k makes the times equal."""
    model = sp.from_antimony(MODEL.format(a=2.0 * scale, b=scale, k=1.0 / scale))
    return model.run(times=TIMES, observables=["C"]).trajectories["C"] / scale


@pytest.mark.parametrize("scale", [1e-3, 1e-6, 1e-9, 1e-12])
def test_a_model_in_molar_units_is_as_right_as_one_in_micromolar(scale):
    # d(c)/dt = (2 - c) (1 - c): c = 2 (e^t - 1) / (2 e^t - 1).
    growth = np.exp(TIMES)
    exact = 2.0 * (growth - 1.0) / (2.0 * growth - 1.0)
    np.testing.assert_allclose(complex_of(scale), exact, rtol=1e-5, atol=1e-12)


def tolerances(text: str, options: SolverOptions) -> dict[str, float]:
    engine = sp.from_antimony(text)._engine
    kernels = engine.kernels()
    found = with_tolerances(options, engine.system, kernels).atol_of(kernels.n_state)
    return dict(zip([s.id for s in engine.system.states], found, strict=True))


def test_large_starts_do_not_loosen_and_missing_ones_take_the_typical_scale():
    found = tolerances(MODEL.format(a=100.0, b=1e-8, k=1.0), SolverOptions(rtol=1e-6))
    typical = np.sqrt(100.0 * 1e-8)
    assert found == pytest.approx({"A": 1e-9, "B": 1e-9 * typical, "C": 1e-9 * typical})


def test_models_of_order_one_keep_the_plain_default():
    found = tolerances(MODEL.format(a=1.0, b=1.0, k=1.0), SolverOptions(rtol=1e-4))
    assert list(found.values()) == pytest.approx([1e-7] * 3, rel=1e-12)


def test_a_tolerance_that_is_given_is_kept():
    found = tolerances(MODEL.format(a=1e-9, b=1e-9, k=1.0), SolverOptions(atol=1e-5))
    assert set(found.values()) == {1e-5}


def test_a_sweep_and_a_single_run_have_the_same_bytes():
    model = sp.from_antimony(MODEL.format(a=2e-9, b=1e-9, k=1e9))
    swept = model.sweep({"A": [1e-9, 5e-9]}, TIMES, observables=["C"])
    alone = model.simulate(TIMES, initial={"A": 5e-9}, observables=["C"], tier="quick")
    np.testing.assert_array_equal(swept["C"].sel(A=5e-9), alone["C"])
