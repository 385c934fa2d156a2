"""Calls that rest on time alone, taken out of a function: a stimulus that decays, a rhythm.

Enters: functions of the block IR, and at which times each is wanted. Leaves: one function that
makes all those calls, and the functions without them. Used by :mod:`sigmapath.codegen.inline`.

A step evaluates the right-hand side at times that it knows beforehand. Worked out together, equal
calls are made once and others stand side by side (:mod:`.bundles`), and no stage waits for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sigmapath.codegen.block import (
    OPERATIONS,
    Assign,
    Function,
    Load,
    Operand,
    Statement,
    Store,
    operands,
    results,
)

__all__ = ["TIMED", "timed_calls", "together", "without_calls"]

# The array from which a function without its calls reads what they gave.
TIMED = "timed"
_CHEAP = frozenset(
    ("add", "sub", "mul", "div", "neg", "abs", "sqrt", "floor", "ceil", "trunc", "minimum")
    + ("maximum", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not", "truth")
    + ("number", "select")
)
_CALLS = frozenset(OPERATIONS) - _CHEAP


def timed_calls(function: Function) -> tuple[str, ...]:
    """Names of the values of calls that rest on time, and on nothing else that varies."""
    rests_on: dict[str, frozenset[str]] = {}
    found = []
    for statement in function.body:
        if isinstance(statement, Load):
            rests_on[statement.name] = frozenset({statement.array})
        elif isinstance(statement, Assign):
            below = [rests_on[a] for a in statement.args if isinstance(a, str)]
            arrays = rests_on[statement.name] = frozenset().union(*below)
            if statement.op in _CALLS and "t" in arrays and arrays <= {"t", "p"}:
                found.append(statement.name)
    return tuple(found)


def without_calls(function: Function) -> Function:
    """The function with its timed calls read from array ``TIMED``, in their order."""
    calls = {name: k for k, name in enumerate(timed_calls(function))}
    body = [
        Load(s.name, TIMED, calls[s.name]) if isinstance(s, Assign) and s.name in calls else s
        for s in function.body
    ]
    return replace(function, body=_needed(body))


def together(requests: Sequence[tuple[Function, int]]) -> Function:
    """One function for the timed calls of several.

    Parameters
    ----------
    requests : sequence of (Function, int)
        Functions, and which of the times t[0], t[1], ... each sees.

    Returns
    -------
    function : Function
        Its ``out`` holds the values of the first request, then those of the second, ...
    """
    known: dict[object, str] = {}
    body: list[Statement] = []
    n_stored = 0
    for function, time in requests:
        calls = timed_calls(function)
        stores = [Store("out", n_stored + k, name) for k, name in enumerate(calls)]
        n_stored += len(calls)
        computed = [s for s in function.body if not isinstance(s, Store)]
        names: dict[str, str] = {}
        for statement in _needed([*computed, *stores]):
            body += _at_time(statement, time, names, known)
    return Function(name="timed", purpose="calls that rest on time alone", body=tuple(body))


def _at_time(
    statement: Statement, time: int, names: dict[str, str], known: dict[object, str]
) -> list[Statement]:
    """A statement as it is at one of the times; none where its value is known already."""

    def renamed(operand: Operand) -> Operand:
        return names[operand] if isinstance(operand, str) else operand

    if isinstance(statement, Store):
        return [statement._replace(value=renamed(statement.value))]
    made: Load | Assign
    if isinstance(statement, Load):
        made = statement._replace(slot=time) if statement.array == "t" else statement
    else:
        assert isinstance(statement, Assign)
        made = statement._replace(args=tuple(renamed(a) for a in statement.args))
    # What it does, without its name.
    content = (type(made), *made[1:3])
    is_new = content not in known
    name = known.setdefault(content, f"c{len(known)}")
    names[statement.name] = name
    return [made._replace(name=name)] if is_new else []


def _needed(body: Sequence[Statement]) -> tuple[Statement, ...]:
    """Stores, and what they rest on."""
    wanted: set[str] = set()
    kept: list[Statement] = []
    for statement in reversed(body):
        if isinstance(statement, Store) or not wanted.isdisjoint(results(statement)):
            kept.append(statement)
            wanted.update(a for a in operands(statement) if isinstance(a, str))
    return tuple(reversed(kept))
