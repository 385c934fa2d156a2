"""A whole pathway: every kernel against the reference evaluator, both backends alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from calls import call, start

from sigmapath.codegen.compile import compile_model, with_outputs
from sigmapath.expr.evaluate import evaluate_many

MODELS = Path(__file__).parents[2] / "models"


def _lowered(name):
    from sigmapath.io import load
    from sigmapath.lower.pipeline import lower

    return lower(load.load_network(MODELS / f"{name}.ant"))


def _reference(system, p, y, time, expressions):
    """Values of ``expressions`` and of their terms' magnitude, without code generation."""
    values = {q.id: v for q, v in zip(system.parameters, p, strict=False)}
    values |= {q.id: v for q, v in zip(system.states, y, strict=True)}
    for definition in system.definitions:
        values[definition.id] = evaluate_many([definition.math], values, time)[0]
    return np.array(evaluate_many(list(expressions), values, time), dtype=float)


@pytest.mark.parametrize(("name", "backend"), [("s1r_mam", "llvm"), ("mitochondria", "numba")])
def test_kernels_have_the_values_of_the_mathematics(name, backend):
    system = _lowered(name)
    names = sorted(system.observables)
    observed = [system.observables[key] for key in names]
    kernels = with_outputs(compile_model(system, backend=backend), system, observed)
    p, y = start(kernels, system)
    rng = np.random.default_rng(3)
    for time in (0.0, 12.5):
        y = np.abs(y) * rng.uniform(0.5, 2.0, y.shape) + 1e-6
        for kernel, expressions in {
            "rhs": system.derivatives,
            "jac": system.jacobian,
            "outputs": observed,
        }.items():
            found = call(kernels, kernel, y, p, len(expressions), t=time)
            expected = _reference(system, p, y, time, expressions)
            # Sums cancel: an error of 1e-12 of the largest value is rounding.
            scale = np.nanmax(np.abs(expected[np.isfinite(expected)]))
            np.testing.assert_allclose(
                found, expected, rtol=1e-10, atol=1e-13 * scale, err_msg=kernel
            )
