"""The reference meaning of every operator against the standard library and identities."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sigmapath.errors import ModelError, UnknownNameError
from sigmapath.expr.evaluate import FUNCTIONS, evaluate
from sigmapath.expr.nodes import ARITY, apply, number, symbol

INF, NAN = math.inf, math.nan


def value(op, *args):
    return evaluate(apply(op, *map(float, args)), {})


def test_every_operator_has_a_meaning():
    # A draw has no value of its own, only a distribution; the rest is replaced by lowering.
    leaves = {"num", "sym", "time", "call", "delay", "rateof", "draw"}
    assert set(FUNCTIONS) == set(ARITY) - leaves


@pytest.mark.parametrize(
    "op", ["sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "sqrt", "log10", "floor"]
)
def test_standard_functions(op):
    for x in (0.3, 1.7, 4.0):
        assert value(op, x) == pytest.approx(getattr(math, op)(x), rel=1e-15)


@pytest.mark.parametrize(
    "op", ["sin", "cos", "tan", "sec", "csc", "cot", "sinh", "cosh", "tanh", "sech", "csch", "coth"]
)
def test_inverse_functions_invert(op):
    for x in (0.2, 0.9):
        assert value("arc" + op, value(op, x)) == pytest.approx(x, rel=1e-12)


@pytest.mark.parametrize(
    ("op", "args", "expected"),
    [
        ("arccot", (-1,), -math.pi / 4),
        ("arccot", (0,), math.pi / 2),
        ("factorial", (0,), 1.0),
        ("factorial", (2.5,), math.gamma(3.5)),
        ("factorial", (-1,), NAN),
        ("factorial", (400,), INF),
        ("quotient", (7, -2), -3.0),
        ("quotient", (-7, -2), 3.0),
        ("rem", (7, -2), 1.0),
        ("rem", (-7, 2), -1.0),
        ("pow", (-2, 3), -8.0),
        ("pow", (-2, 0.5), NAN),
        ("pow", (0, 0), 1.0),
        ("div", (1, 0), INF),
        ("div", (0, 0), NAN),
        ("ln", (0,), -INF),
        ("ln", (-1,), NAN),
        ("add", (), 0.0),
        ("mul", (), 1.0),
        ("and", (), 1.0),
        ("or", (), 0.0),
        ("xor", (), 0.0),
        ("min", (3, -2, 5), -2.0),
        ("max", (3, -2, 5), 5.0),
        ("and", (2, -1), 1.0),
        ("and", (2, 0), 0.0),
        ("or", (0, 0.5), 1.0),
        ("xor", (1, 1, 1), 1.0),
        ("not", (0.1,), 0.0),
        ("implies", (0, 0), 1.0),
        ("implies", (1, 0), 0.0),
        ("eq", (2, 2), 1.0),
        ("ne", (2, 2), 0.0),
        ("eq", (NAN, NAN), 0.0),
        ("ne", (NAN, NAN), 1.0),
        ("lt", (1, NAN), 0.0),
        ("piecewise", (1, 0), NAN),
        ("piecewise", (1, 0, 2, 1), 2.0),
        ("piecewise", (1, 1, 2, 1), 1.0),
        ("piecewise", (1, 0, 7), 7.0),
        ("piecewise", (5,), 5.0),
    ],
)
def test_edges(op, args, expected):
    assert value(op, *args) == pytest.approx(expected, rel=1e-14, nan_ok=True)


def test_pieces_that_do_not_apply_do_no_harm():
    root = apply("piecewise", apply("ln", "x"), apply("gt", "x", 0.0), number(3.0))
    found = evaluate(root, {"x": np.array([-1.0, math.e])})
    np.testing.assert_allclose(found, [3.0, 1.0])


def test_missing_values_and_calls_are_named():
    with pytest.raises(UnknownNameError) as caught:
        evaluate(symbol("kon"), {"k_on": 1.0})
    assert caught.value.suggestions == ("k_on",)
    with pytest.raises(ModelError):
        evaluate(apply("rateof", "x"), {"x": 1.0})
