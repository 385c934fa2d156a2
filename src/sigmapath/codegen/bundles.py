"""Calls of one function that do not wait for each other, made one call for several values.

Enters: a function of the block IR. Leaves: the same work, with bundles in the place of such calls.
Called by :mod:`sigmapath.codegen.compile` for scalar machine code on CPUs for which
:mod:`sigmapath.codegen.lane_math` has functions; the results differ from the C library's by at most
one unit in the last place.

A call's depth is the number of calls that lie on its longest way down to the loads. Calls of equal
depth never need each other, so they can stand together, at the place of the first one's first use;
what they need is moved up before them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sigmapath.codegen.block import (
    Assign,
    Bundle,
    Function,
    Load,
    Operand,
    Statement,
    operands,
    results,
)
from sigmapath.codegen.lane_math import VECTOR_FUNCTIONS

__all__ = ["bundle_width", "in_bundles"]

# The fewest calls that are faster in one, by function. 1 to 4 calls of the C library, against one
# call for 4 values of which some may be padding, on Zen 4 [ns]: pow 26, 34, 45, 56 against 27;
# exp 10, 14, 18, 21 against 16; log 11, 14, 17, 21 against 18.
_FEWEST = {"pow": 2, "exp": 3, "log": 4, "log10": 4}
_HARMLESS = 1.0
# Called once per run, or less than that.
_RARE = frozenset({"initial", "past", "derive"})


def bundle_width(features: str) -> int:
    """Return how many values the bundles of a CPU hold.

    Four with AVX2, whose registers hold four; AVX-512 gains nothing over that, since the look-ups
    in tables go one by one. Two elsewhere.
    """
    return 4 if "+avx2" in features.split(",") else 2


def in_bundles(function: Function, width: int) -> Function:
    """Return ``function`` with bundles of ``width`` values.

    Parameters
    ----------
    function : Function
        A whole function, not yet in parts.
    width : int
        Of every bundle, padding included: code for one width is enough to compile.
    """
    if function.name in _RARE:
        return function
    groups = _bundles(function.body, width)
    if not groups:
        return function
    return replace(function, body=_with_bundles(function.body, groups, width))


def _bundles(body: Sequence[Statement], width: int) -> list[tuple[Assign, ...]]:
    """Calls that go together, in the order in which they stand."""
    depth: dict[str, int] = {}
    groups: dict[tuple[str, int], list[Assign]] = {}
    if sum(isinstance(s, Assign) and s.op in VECTOR_FUNCTIONS for s in body) < 2:
        return []
    for statement in body:
        if isinstance(statement, Assign):
            below = max([depth.get(a, 0) for a in statement.args if isinstance(a, str)], default=0)
            if statement.op in VECTOR_FUNCTIONS:
                groups.setdefault((statement.op, below), []).append(statement)
                below += 1
            depth[statement.name] = below
    return [
        tuple(calls[i : i + width])
        for (op, _), calls in groups.items()
        if len(calls) >= _FEWEST[op]
        for i in range(0, len(calls), width)
        # One that is left over stays a call of the C library.
        if len(calls) - i > 1
    ]


def _with_bundles(
    body: Sequence[Statement], groups: Sequence[tuple[Assign, ...]], width: int
) -> tuple[Statement, ...]:
    bundles = {calls[0].name: _bundle(calls, width) for calls in groups}
    member = {call.name: bundles[calls[0].name] for calls in groups for call in calls}
    made = {s.name: member.get(s.name, s) for s in body if isinstance(s, (Load, Assign))}
    done: set[str] = set()
    ordered: list[Statement] = []
    for statement in body:
        if not isinstance(statement, (Load, Assign)):
            ordered.append(statement)
        elif statement.name in member:
            ordered += _needed(member[statement.name], made, done)
        elif statement.name not in done:
            # Its arguments stand before it, as they did.
            ordered.append(statement)
            done.add(statement.name)
    return tuple(ordered)


def _bundle(calls: Sequence[Assign], width: int) -> Bundle:
    arguments = zip(*[call.args for call in calls], strict=True)
    padding: tuple[Operand, ...] = (_HARMLESS,) * (width - len(calls))
    return Bundle(
        tuple(call.name for call in calls),
        calls[0].op,
        tuple((*argument, *padding) for argument in arguments),
    )


def _needed(bundle: Bundle, made: Mapping[str, Statement], done: set[str]) -> Iterator[Statement]:
    """A bundle after what it needs; nothing that is ``done``, to which all this is added."""
    stack: list[tuple[Statement, bool]] = [(bundle, False)]
    while stack:
        statement, is_ready = stack.pop()
        names = results(statement)
        if names[0] in done:
            continue
        if is_ready:
            done.update(names)
            yield statement
            continue
        stack.append((statement, True))
        needs = [made[a] for a in operands(statement) if isinstance(a, str) and a not in done]
        stack.extend((one, False) for one in reversed(needs))
