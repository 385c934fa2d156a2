"""Delayed values against solutions by the method of steps: polynomials from lag to lag."""

from __future__ import annotations

import math

import numpy as np
import pytest

import sigmapath as sp

TIMES = np.linspace(0.0, 6.0, 61)
METHODS = ["auto", "tsit5", "rodas5p", "bdf"]


def solved(text, name, method):
    model = sp.from_antimony(text)
    return model.simulate(TIMES, observables=[name], method=method)[name].values


@pytest.mark.parametrize("method", METHODS)
def test_a_ramp_that_is_seen_one_lag_late(method):
    text = "model m\n P' = 1; P = 3; y = 5; y' = -0.1 * delay(P, 1)\nend"
    late = np.maximum(TIMES - 1.0, 0.0)
    exact = 5.0 - 0.3 * TIMES - 0.05 * late**2
    np.testing.assert_allclose(solved(text, "y", method), exact, rtol=1e-6, atol=3e-6)


@pytest.mark.parametrize("method", METHODS)
def test_decay_at_the_rate_of_one_lag_before(method):
    """y' = -y(t - 1), y = 1 before: sum over k of (-1)^k (t - k + 1)^k / k! for t >= k - 1."""
    text = "model m\n y = 1; y' = -delay(y, 1)\nend"
    exact = sum(
        (-1.0) ** k * np.maximum(TIMES - k + 1.0, 0.0) ** k / math.factorial(k) for k in range(1, 9)
    )
    np.testing.assert_allclose(solved(text, "y", method), 1.0 + exact, rtol=0.0, atol=3e-6)


@pytest.mark.parametrize("method", ["auto", "rodas5p"])
def test_a_lag_that_grows_with_time_does_not_cut_the_steps(method):
    """What is seen is always the value at -0.01, so its echo would always lie 0.01 ahead."""
    text = "model m\n P' = 1; P = 3; y = 5; y' = -0.1 * delay(P, time + 0.01)\nend"
    found = sp.from_antimony(text).simulate(TIMES, observables=["y"], method=method)
    np.testing.assert_allclose(found["y"].values, 5.0 - 0.3 * TIMES, rtol=1e-6)
    assert found.attrs["n_steps"] < 60
