"""Powers: multiplications where the exponent is a small whole number, care where it is not.

Enters: nodes of a graph. Leaves: the node of their power. Called by
:mod:`sigmapath.codegen.translate`.

What that costs in accuracy (u = 2**-53):

- ``x**n`` with a constant whole n, abs(n) <= 16, becomes multiplications, error below abs(n) u;
  ``x**0.5`` becomes ``sqrt(x)`` (which differs from pow at -0.0 and at -inf only).
- The base of any other power reads states that the model promises to be non-negative as
  ``max(state, 0)``: a solver may try a state a hair below zero, where pow is NaN. Only promised
  states are touched, and only through sums, products and quotients; everything else is IEEE pow.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from sigmapath.codegen.graph import Graph, Reach

__all__ = ["power"]

_LARGEST_UNROLLED = 16
_ARITHMETIC = frozenset({"add", "sub", "mul", "div", "neg"})


def power(graph: Graph, base: int, exponent: int, non_negative: AbstractSet[int]) -> int:
    """Return the node of ``base ** exponent``.

    Parameters
    ----------
    graph : Graph
        Grows in place.
    base, exponent : int
        Nodes, numbers both.
    non_negative : set of int
        Nodes of the states that the model promises to be non-negative.
    """
    constant = graph.constant_value(exponent)
    if constant is not None and constant.is_integer():
        if abs(constant) > _LARGEST_UNROLLED:
            return graph.op("pow", base, exponent)
        value = _repeated(graph, base, int(abs(constant)))
        return value if constant >= 0 else graph.quotient(graph.constant(1.0), value)
    base = _clamped(graph, base, non_negative)
    if constant == 0.5:
        return graph.op("sqrt", base)
    if constant == -0.5:
        return graph.quotient(graph.constant(1.0), graph.op("sqrt", base))
    return graph.op("pow", base, exponent)


def _repeated(graph: Graph, base: int, count: int) -> int:
    """base**count by squaring (Knuth, TAOCP vol. 2, section 4.6.3, algorithm A)."""
    result = graph.constant(1.0)
    square = base
    while count:
        if count & 1:
            result = graph.product(result, square)
        count >>= 1
        if count:
            square = graph.product(square, square)
    return result


def _clamped(graph: Graph, base: int, non_negative: AbstractSet[int]) -> int:
    """The base with promised states read as max(state, 0)."""
    if not non_negative or graph.reach[base] is not Reach.VARYING:
        return base
    below: set[int] = set()
    stack = [base]
    while stack:
        node = stack.pop()
        if node not in below:
            below.add(node)
            if graph.nodes[node][0] in _ARITHMETIC:
                stack.extend(graph.nodes[node][1:])
    zero = graph.constant(0.0)
    clamped: dict[int, int] = {}
    for node in sorted(below):
        entry = graph.nodes[node]
        if node in non_negative:
            # Not "maximum": one comparison is enough where 0.0 is known, and NaN stays NaN.
            clamped[node] = graph.op("select", graph.op("lt", node, zero), zero, node)
        elif entry[0] in _ARITHMETIC:
            clamped[node] = graph.op(entry[0], *(clamped[a] for a in entry[1:]))
        else:
            clamped[node] = node
    return clamped[base]
