"""Substitution and function definitions."""

from __future__ import annotations

import pytest

from sigmapath.errors import CyclicAssignmentError, ModelError, UnknownNameError
from sigmapath.expr.nodes import symbol
from sigmapath.expr.parse import parse
from sigmapath.expr.rewrite import function_bodies, inline_calls, renamed, substitute


def test_substitution_is_simultaneous():
    assert substitute(parse("x + y"), {"x": symbol("y"), "y": symbol("x")}) is parse("y + x")


def test_what_does_not_change_is_the_same_object():
    root = parse("a*exp(b)")
    assert substitute(root, {"x": symbol("y")}) is root
    assert renamed({"a": "b"})(root) is parse("b*exp(b)")


def test_calls_inside_bodies_and_arguments():
    bodies = function_bodies(
        [("g", ("x", "y"), parse("f(x) - y")), ("f", ("x",), parse("x^2"))], where="m"
    )
    assert inline_calls(bodies)(parse("g(f(a), x)")) is parse("(a^2)^2 - x")


def test_arguments_are_not_captured():
    bodies = function_bodies([("f", ("x", "y"), parse("x - y"))])
    assert inline_calls(bodies)(parse("f(y, x)")) is parse("y - x")


def test_a_function_that_calls_itself():
    with pytest.raises(CyclicAssignmentError) as caught:
        function_bodies([("f", ("x",), parse("f(x)"))])
    assert caught.value.cycle == ("f", "f")


def test_wrong_calls():
    inline = inline_calls(function_bodies([("hill", ("x",), parse("x"))]), where="m")
    with pytest.raises(UnknownNameError) as caught:
        inline(parse("hil(2)"))
    assert caught.value.suggestions == ("hill",)
    with pytest.raises(ModelError) as caught_count:
        inline(parse("hill(2, 3)"))
    assert caught_count.value.found == "2 argument(s)"


def test_a_long_chain_of_functions():
    count = 1100  # deeper than the interpreter stack
    chain = [(f"f{i}", ("x",), parse(f"f{i + 1}(x) + 1")) for i in range(count)]
    bodies = function_bodies([*chain, (f"f{count}", ("x",), parse("x"))])
    assert len(bodies) == count + 1
