"""Formulas as text: what is read, what is refused and where."""

from __future__ import annotations

import math

import pytest

from sigmapath.errors import ParseError
from sigmapath.expr.evaluate import evaluate
from sigmapath.expr.nodes import TIME, apply, symbol
from sigmapath.expr.parse import parse
from sigmapath.expr.render import render

VALUES = {"a": 3.0, "b": 2.0, "c": -1.5, "[S]": 7.0, "amount(S)": 14.0, "R.k": 0.5, "pi2": 9.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a + b*c", 0.0),
        ("-a^2", -9.0),
        ("2^-b", 0.25),
        ("2**b", 4.0),
        ("a - b - c", 2.5),
        ("a / b / c", -1.0),
        ("a - (b - c)", -0.5),
        ("--a", 3.0),
        ("1e-3 + .5 + 2.", 2.501),
        ("[S] / amount(S) * R.k", 0.25),
        ("[ S ]", 7.0),
        ("ln(exponentiale) + log(exponentiale) + log10(100)", 4.0),
        ("log(2, 8)", 3.0),
        ("root(3, 27)", 3.0),
        ("sqrt(16)", 4.0),
        ("piecewise(1, a < b, 2, a < c, 5)", 5.0),
        ("piecewise(1, a > b)", 1.0),
        ("c < b < a", 1.0),
        ("a > b && !(c > 0)", 1.0),
        ("a < b || c < 0", 1.0),
        ("xor(1, 1, 1)", 1.0),
        ("implies(1, 0)", 0.0),
        ("quotient(-7, 2)", -3.0),
        ("rem(-7, 2)", -1.0),
        ("factorial(5)", 120.0),
        ("min(a, b, c) + max(a, b)", 1.5),
        ("asin(1) * 2 / pi", 1.0),
        ("arccosh(1)", 0.0),
        ("ceil(1.2) + floor(-1.2) + ceiling(0.1)", 1.0),
        ("pow(a, b)", 9.0),
        ("avogadro / 6.02214179e23", 1.0),
        ("time", 4.0),
        ("true + false", 1.0),
        ("pi2", 9.0),
    ],
)
def test_value(text, value):
    assert evaluate(parse(text), VALUES, 4.0) == pytest.approx(value, rel=1e-15, abs=1e-15)


def test_names_of_the_language_can_be_ids():
    assert parse("id(time)") is symbol("time")
    assert parse("time") is TIME
    assert parse("rate(S)") is parse("rateOf(S)") is apply("rateof", "S")
    assert math.isnan(evaluate(parse("nan"), {}))
    assert evaluate(parse("-inf"), {}) == -math.inf


def test_unknown_functions_are_calls():
    assert parse("f(a, b)") is apply("call", "a", "b", name="f")


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("", 1, "a number"),
        ("a b", 3, "an operator"),
        ("2x", 2, "an operator"),
        ("a = b", 3, "=="),
        ("(a", 3, "')'"),
        ("a)", 2, "an operator"),
        ("a +", 4, "a number"),
        ("a ^ b ^ c", 7, "brackets"),
        ("a && b || c", 8, "brackets"),
        ("sin()", 1, ""),
        ("sin(a, b)", 1, ""),
        ("log(a, b, c)", 1, ""),
        ("rate(a + b)", 1, ""),
        ("amount(2)", 8, "id"),
        ("7 % 2", 3, "rem"),
        ("[S", 1, "[S]"),
        ("a & b", 3, "&&"),
        ("a + é", 5, ""),
        ("__import__('os')", 12, ""),
        ("a.b.c", 4, ""),
        ("(" * 100_000, 102, ""),
        ("f(" * 100_000, 203, ""),
    ],
)
def test_refusals_name_the_column(text, column, hint):
    with pytest.raises(ParseError) as caught:
        parse(text, where="observable")
    assert caught.value.column == column
    assert hint in caught.value.expected
    assert str(caught.value).startswith("observable, column")


def test_long_flat_text_and_many_signs_are_no_problem():
    assert evaluate(parse("+".join(["a"] * 20_000)), VALUES) == 60_000.0
    assert evaluate(parse("-" * 50_000 + "a"), VALUES) == 3.0
    with pytest.raises(ParseError):
        parse("a" * 1_000_000)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(k*(S)) / (K + (S))", "k * S / (K + S)"),
        ("a-(b+c)-(-d)", "a - (b + c) - (-d)"),
        ("-(a*b)", "-a * b"),
        ("a/(b/c)", "a / (b / c)"),
        ("a*(b*c)", "a * (b * c)"),
        ("(-a)^(b+1)", "(-a)^(b + 1)"),
        ("!(a<b) && (c>2 || d<1)", "!(a < b) && (c > 2 || d < 1)"),
        ("id(pi) * pi", "id(pi) * 3.141592653589793"),
        ("piecewise(1,a<b,2)", "piecewise(1, a < b, 2)"),
    ],
)
def test_rendering_uses_few_brackets(text, shown):
    assert render(parse(text)) == shown
