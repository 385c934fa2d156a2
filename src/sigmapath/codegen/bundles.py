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

# The fewest calls that are faster in one, by function. One call of the C library after the other,
# 1 to 4 of them, against one call for 2 (in the last two, for 4) values on Zen 4 [ns]:
# pow 26, 34, 45, 56 against 23, 23, 27, 27; exp 10, 14, 18, 21 against 13, 13, 16, 16;
# log 11, 14, 17, 21 against 15, 15, 18, 18. Other values of the same bundle are padding.
_FEWEST = {"pow": 2, "exp": 3, "log": 4, "log10": 4}
_HARMLESS = 1.0


def bundle_width(features: str) -> int:
    """Return how many values the bundles of a CPU hold.

    Four with AVX2, whose registers hold four; AVX-512 gains nothing over that, since the look-ups
    in tables go one by one. Two elsewhere.
    """
    return 4 if "+avx2" in features.split(",") else 2


def in_bundles(function: Function, width: int) -> Function:
    """Return ``function`` with bundles of at most ``width`` values.

    Parameters
    ----------
    function : Function
        A whole function, not yet in parts.
    width : int
        A power of two; 1 leaves the function as it is.
    """
    groups = _bundles(function.body, width) if width > 1 else []
    return replace(function, body=_with_bundles(function.body, groups)) if groups else function


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
    body: Sequence[Statement], groups: Sequence[tuple[Assign, ...]]
) -> tuple[Statement, ...]:
    bundles = {calls[0].name: _bundle(calls) for calls in groups}
    member = {call.name: bundles[calls[0].name] for calls in groups for call in calls}
    made: dict[str, Statement] = {}
    for statement in body:
        if isinstance(statement, (Load, Assign)):
            made[statement.name] = member.get(statement.name, statement)
    done: set[str] = set()
    ordered: list[Statement] = []
    for statement in body:
        if isinstance(statement, (Load, Assign)):
            ordered += _needed(statement.name, made, done)
        else:
            ordered.append(statement)
    return tuple(ordered)


def _bundle(calls: Sequence[Assign]) -> Bundle:
    """One bundle, padded to a power of two."""
    width = 1 << (len(calls) - 1).bit_length()
    arguments = zip(*[call.args for call in calls], strict=True)
    padding: tuple[Operand, ...] = (_HARMLESS,) * (width - len(calls))
    return Bundle(
        tuple(call.name for call in calls),
        calls[0].op,
        tuple((*argument, *padding) for argument in arguments),
    )


def _needed(name: str, made: Mapping[str, Statement], done: set[str]) -> Iterator[Statement]:
    """What makes the value ``name``, after what that needs; nothing twice."""
    stack = [(made[name], False)]
    while stack:
        statement, is_ready = stack.pop()
        first = results(statement)[0]
        if first in done:
            continue
        if is_ready:
            done.update(results(statement))
            yield statement
            continue
        stack.append((statement, True))
        needs = [made[a] for a in operands(statement) if isinstance(a, str) and a not in done]
        stack.extend((one, False) for one in reversed(needs))
