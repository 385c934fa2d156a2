"""Laws of the expression language, over random expressions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from tests.expr.random_expressions import NAMES, anything, logic, smooth, values

from sigmapath.expr.calculus import derivative, gradient
from sigmapath.expr.evaluate import evaluate, evaluate_many
from sigmapath.expr.nodes import TIME, ZERO, apply, postorder, symbol
from sigmapath.expr.parse import parse
from sigmapath.expr.render import render
from sigmapath.expr.rewrite import Rewriter, substitute
from sigmapath.expr.simplify import simplify


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


@settings(max_examples=300, deadline=None)
@given(anything(), values)
def test_text_reads_back_to_the_same_value(root, at):
    again = parse(render(root))
    assert same(evaluate(root, at, 0.7), evaluate(again, at, 0.7))


def is_tame(root, at) -> bool:
    """Whether rounding is not magnified: moderate values, no small denominators."""
    parts = list(postorder([root]))
    found = dict(zip(parts, evaluate_many(parts, at, 0.7), strict=True))
    small = any(n.op == "div" and abs(found[n.args[1]]) < 1e-2 for n in parts)
    return not small and all(np.isfinite(v) and abs(v) < 1e4 for v in found.values())


@settings(max_examples=300, deadline=None)
@given(smooth(), values)
def test_simplify_keeps_values(root, at):
    assume(is_tame(root, at))
    value = evaluate(root, at, 0.7)
    assert evaluate(simplify(root), at, 0.7) == pytest.approx(value, rel=1e-6, abs=1e-6)


@settings(max_examples=200, deadline=None)
@given(logic(), values)
def test_simplify_keeps_truth(root, at):
    assert evaluate(simplify(root), at) == evaluate(root, at)


@settings(max_examples=300, deadline=None)
@given(smooth(), values)
def test_derivatives_are_those_of_the_complex_step(root, at):
    # Squire and Trapp (1998), SIAM Rev. 40, 110-112, doi:10.1137/S003614459631241X.
    assume(is_tame(root, at))
    step = 1e-30
    slopes = gradient(root, NAMES)
    for name in NAMES:
        moved = {key: complex(v, step if key == name else 0.0) for key, v in at.items()}
        numeric = complex(evaluate(root, moved, 0.7)).imag / step
        exact = evaluate(slopes.get(name, ZERO), at, 0.7)
        assert exact == pytest.approx(numeric, rel=1e-6, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(smooth(), values)
def test_time_is_a_variable_like_any_other(root, at):
    by_time = derivative(root, TIME)
    by_name = derivative(as_symbol(root), "tau")
    assert same(evaluate(by_time, at, 0.7), evaluate(by_name, {**at, "tau": 0.7}))


def as_symbol(root):
    def rule(node, args):
        if node is TIME:
            return symbol("tau")
        return apply(node.op, *args) if args else node

    return Rewriter(rule)(root)


@settings(max_examples=100, deadline=None)
@given(anything(), smooth(), values)
def test_substitution_is_evaluation_in_steps(root, inner, at):
    value = evaluate(inner, at, 0.7)
    direct = evaluate(substitute(root, {"x": inner}), at, 0.7)
    assert same(direct, evaluate(root, {**at, "x": value}, 0.7))


@settings(max_examples=100, deadline=None)
@given(anything())
def test_arrays_are_evaluated_point_by_point(root):
    grid = np.linspace(-2.0, 2.0, 7)
    together = np.broadcast_to(evaluate(root, {"x": grid, "y": 0.3, "z": -1.2}, 0.7), grid.shape)
    alone = [evaluate(root, {"x": x, "y": 0.3, "z": -1.2}, 0.7) for x in grid]
    np.testing.assert_allclose(together, alone, rtol=1e-12, equal_nan=True)
