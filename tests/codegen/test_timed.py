"""Calls that rest on time alone: taken out and put back, a function says what it said before."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigmapath.codegen.block import Assign, Function, Load, Store
from sigmapath.codegen.timed import timed_calls, together, without_calls

OPERATIONS = {
    "add": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "sin": lambda a, b: math.sin(a),
    "exp": lambda a, b: math.exp(min(a, 3.0)),
    "lt": lambda a, b: a < b,
}
BINARY = ("add", "mul", "lt")
LOADS = (Load("t0", "t", 0), Load("y0", "y", 0), Load("p0", "p", 0), Load("p1", "p", 1))


def value_of(function, **arrays):
    """What an interpreter makes of a function: its ``out`` by place."""
    known, out = {}, {}
    for statement in function.body:
        if isinstance(statement, Load):
            known[statement.name] = arrays[statement.array][statement.slot]
        elif isinstance(statement, Assign):
            values = [known.get(a, a) for a in statement.args]
            known[statement.name] = OPERATIONS[statement.op](values[0], values[-1])
        else:
            out[statement.slot] = known.get(statement.value, statement.value)
    return out


def made(choices):
    """A function from numbers; comparisons serve as numbers, which the interpreter allows."""
    body, names = list(LOADS), [load.name for load in LOADS]
    for k, (op, i, j) in enumerate(choices):
        arguments = (names[i % len(names)], names[j % len(names)])
        body.append(Assign(f"x{k}", op, arguments if op in BINARY else arguments[:1]))
        names.append(f"x{k}")
    body += [Store("out", k, name) for k, name in enumerate(names[-3:])]
    return Function(name="rhs", purpose="", body=tuple(body))


CHOICES = st.lists(
    st.tuples(st.sampled_from(tuple(OPERATIONS)), st.integers(0, 99), st.integers(0, 99)),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(CHOICES, st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_a_function_says_the_same_with_its_calls_made_elsewhere(choices, first, second):
    function = made(choices)
    times, y, p = (first, second), (0.7,), (0.3, -1.1)
    calls = together([(function, 0), (function, 1)])
    found = value_of(calls, t=times, p=p)
    n = len(timed_calls(function))
    rest = without_calls(function)
    assert not timed_calls(rest)
    for k, time in enumerate(times):
        timed = [found[k * n + i] for i in range(n)]
        expected = value_of(function, t=(time,), y=y, p=p)
        assert value_of(rest, t=(time,), y=y, p=p, timed=timed) == pytest.approx(expected)


def test_what_rests_on_a_state_or_on_no_time_stays():
    body = (
        *LOADS,
        Assign("stimulus", "exp", ("t0",)),
        Assign("mixed", "mul", ("t0", "y0")),
        Assign("answer", "exp", ("mixed",)),
        Assign("constant", "exp", ("p0",)),
        Assign("sum", "add", ("stimulus", "answer")),
        Assign("all", "add", ("sum", "constant")),
        Store("out", 0, "all"),
    )
    function = Function(name="rhs", purpose="", body=body)
    assert timed_calls(function) == ("stimulus",)
    left = [s.name for s in without_calls(function).body if isinstance(s, Assign)]
    assert left == ["mixed", "answer", "constant", "sum", "all"]


def test_equal_calls_at_equal_times_are_made_once():
    decay = (LOADS[0], Assign("x", "exp", ("t0",)), Store("out", 0, "x"))
    twice = Function(name="rhs", purpose="", body=decay)
    again = Function(name="jac", purpose="", body=decay)
    found = together([(twice, 0), (again, 0), (twice, 1)])
    assert sum(isinstance(s, Assign) for s in found.body) == 2
    assert value_of(found, t=(0.0, 1.0)) == {0: 1.0, 1: 1.0, 2: math.e}
