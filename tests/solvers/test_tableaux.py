"""The coefficients satisfy the order conditions of their theory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sigmapath.solvers.tableaux import RODAS5P, TSIT5


def conditions_to_order_5(a, b, c):
    """Residuals of the 17 order conditions (Hairer, Norsett & Wanner I, table II.2.1)."""
    one = np.ones_like(b)
    ac, acc, aac = a @ c, a @ c**2, a @ (a @ c)
    return {
        "t1": b @ one - 1,
        "t2": b @ c - 1 / 2,
        "t3a": b @ c**2 - 1 / 3,
        "t3b": b @ ac - 1 / 6,
        "t4a": b @ c**3 - 1 / 4,
        "t4b": b @ (c * ac) - 1 / 8,
        "t4c": b @ acc - 1 / 12,
        "t4d": b @ aac - 1 / 24,
        "t5a": b @ c**4 - 1 / 5,
        "t5b": b @ (c**2 * ac) - 1 / 10,
        "t5c": b @ (c * acc) - 1 / 15,
        "t5d": b @ (c * aac) - 1 / 30,
        "t5e": b @ ac**2 - 1 / 20,
        "t5f": b @ (a @ c**3) - 1 / 20,
        "t5g": b @ (a @ (c * ac)) - 1 / 40,
        "t5h": b @ (a @ acc) - 1 / 60,
        "t5i": b @ (a @ aac) - 1 / 120,
    }


def test_tsit5_satisfies_all_conditions_of_order_five():
    worst = max(map(abs, conditions_to_order_5(TSIT5.a, TSIT5.weight, TSIT5.node).values()))
    assert worst < 1e-13


@pytest.mark.parametrize("theta", [0.2, 0.5, 0.9, 1.0])
def test_tsit5_dense_output_is_of_order_four(theta):
    b = TSIT5.power @ theta ** np.arange(1, 5)
    a, c = TSIT5.a, TSIT5.node
    exact = {
        "1": (b.sum(), theta),
        "2": (b @ c, theta**2 / 2),
        "3a": (b @ c**2, theta**3 / 3),
        "3b": (b @ a @ c, theta**3 / 6),
        "4a": (b @ c**3, theta**4 / 4),
        "4b": (b @ (c * (a @ c)), theta**4 / 8),
        "4c": (b @ a @ c**2, theta**4 / 12),
        "4d": (b @ a @ a @ c, theta**4 / 24),
    }
    for name, (found, wanted) in exact.items():
        assert found == pytest.approx(wanted, abs=2e-13), name


def test_rodas5p_satisfies_the_classical_conditions_for_autonomous_systems():
    # Hairer & Wanner II, table IV.7.1: where a tree's node has one branch only, beta takes the
    # place of alpha; with several branches alpha stays.
    alpha, gamma, b = RODAS5P.classical()
    beta = alpha + gamma
    a, bt = alpha.sum(1), beta.sum(1)
    residuals = [
        b.sum() - 1,
        b @ bt - 1 / 2,
        b @ a**2 - 1 / 3,
        b @ beta @ bt - 1 / 6,
        b @ a**3 - 1 / 4,
        b @ (a * (alpha @ bt)) - 1 / 8,
        b @ beta @ a**2 - 1 / 12,
        b @ beta @ beta @ bt - 1 / 24,
        b @ a**4 - 1 / 5,
        b @ (a**2 * (alpha @ bt)) - 1 / 10,
        b @ (alpha @ bt) ** 2 - 1 / 20,
        b @ (a * (alpha @ a**2)) - 1 / 15,
        b @ (a * (alpha @ beta @ bt)) - 1 / 30,
        b @ beta @ a**3 - 1 / 20,
        b @ beta @ (a * (alpha @ bt)) - 1 / 40,
        b @ beta @ beta @ a**2 - 1 / 60,
        b @ beta @ beta @ beta @ bt - 1 / 120,
    ]
    assert np.abs(residuals).max() < 1e-12


def test_rodas5p_is_stable_at_infinity():
    alpha, gamma, b = RODAS5P.classical()
    beta = alpha + gamma
    # R(z) = 1 + z b (I - z beta)^-1 1 for z -> -infinity.
    at_infinity = 1.0 - b @ np.linalg.solve(beta, np.ones(8))
    assert abs(at_infinity) < 1e-10


@pytest.mark.parametrize("tableau", [RODAS5P, TSIT5], ids=lambda t: t.name)
def test_a_misprinted_coefficient_is_noticed(tableau):
    node = tableau.node.copy()
    node[2] += 1e-6
    with pytest.raises(AssertionError, match=tableau.name):
        dataclasses.replace(tableau, node=node)
