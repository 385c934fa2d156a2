"""Value-numbered scalar operations: the form in which code generation thinks about formulas.

Enters: expressions of an ``OdeSystem``, through :mod:`sigmapath.codegen.translate`. Leaves: a
table of nodes in which equal operations on equal arguments are one entry. Used by
:mod:`sigmapath.codegen.assemble`, which picks statements from it.

A node is a small tuple ``(op, *arguments)`` and is referred to by its index. Indices grow from
arguments to users, so ascending index order is a topological order.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from sigmapath.codegen.block import BOOLEAN_RESULT

__all__ = ["Graph", "Node", "Reach"]

# ("const", float), ("load", array, index) or (operation, argument index, ...).
Node = tuple[Any, ...]


class Reach(IntEnum):
    """What a node depends on, at most; CONSTANT is a number and nothing but."""

    CONSTANT = 0
    PARAMETERS = 1
    VARYING = 2


class Graph:
    """Append-only table of scalar operations.

    Attributes
    ----------
    nodes : list of tuple
        Operation and argument indices of each node.
    reach : list of Reach
        What each node depends on.
    names : dict int -> str
        Readable names: ids of the definitions whose value the node is.
    comments : dict int -> str
        Comments of those definitions.
    """

    __slots__ = ("_index", "comments", "names", "nodes", "reach")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.reach: list[Reach] = []
        self.names: dict[int, str] = {}
        self.comments: dict[int, str] = {}
        self._index: dict[Any, int] = {}

    def copy(self) -> Graph:
        """Return a graph that can grow without touching this one."""
        twin = Graph()
        twin.nodes = list(self.nodes)
        twin.reach = list(self.reach)
        twin.names = dict(self.names)
        twin.comments = dict(self.comments)
        twin._index = dict(self._index)
        return twin

    def is_boolean(self, node: int) -> bool:
        """Whether the node is a truth value (one bit) and not a number."""
        return self.nodes[node][0] in BOOLEAN_RESULT

    def constant_value(self, node: int) -> float | None:
        """The number of a constant node, None for all others."""
        entry = self.nodes[node]
        return float(entry[1]) if entry[0] == "const" else None

    def _add(self, key: Any, node: Node, reach: Reach) -> int:
        index = self._index.get(key)
        if index is None:
            index = len(self.nodes)
            self.nodes.append(node)
            self.reach.append(reach)
            self._index[key] = index
        return index

    def constant(self, value: float) -> int:
        """Node of a number; -0.0 and 0.0 differ, every NaN is the same node."""
        bits = struct.pack("<d", math.nan if value != value else value)
        return self._add(bits, ("const", value), Reach.CONSTANT)

    def load(self, array: str, index: int, reach: Reach) -> int:
        """Node of ``array[index]``, one of the arrays t, y and p."""
        node = ("load", array, index)
        return self._add(node, node, reach)

    def op(self, operation: str, *arguments: int) -> int:
        """Node of ``operation(arguments)``; arithmetic on numbers alone is done here."""
        reach = max([self.reach[a] for a in arguments], default=Reach.CONSTANT)
        node = (operation, *arguments)
        if reach is Reach.CONSTANT:
            if operation in _FOLDED:
                return self.constant(_FOLDED[operation](*(self.nodes[a][1] for a in arguments)))
            # What is not done here (the logarithm of 2, say) is left to "derive".
            reach = Reach.PARAMETERS
        return self._add(node, node, reach)

    def negative(self, node: int) -> int:
        """Node of ``-node``; the negative of a negative is the thing itself."""
        entry = self.nodes[node]
        return int(entry[1]) if entry[0] == "neg" else self.op("neg", node)

    def sum(self, left: int, right: int) -> int:
        """Node of ``left + right``, as a subtraction where ``right`` is a negative."""
        positive = self._without_sign(right)
        if positive is not None:
            return self.op("sub", left, positive)
        entry = self.nodes[left]
        if entry[0] == "neg":
            return self.op("sub", right, int(entry[1]))
        return self.op("add", left, right)

    def product(self, left: int, right: int) -> int:
        """Node of ``left * right``; factors 1 and -1 cost nothing, a sign moves outside.

        Both are exact: multiplying by 1 and moving a sign never round.
        """
        for factor, other in ((left, right), (right, left)):
            if self.constant_value(factor) == 1.0:
                return other
        if self.reach[left] is Reach.CONSTANT and self.reach[right] is Reach.CONSTANT:
            return self.op("mul", left, right)
        for factor, other in ((left, right), (right, left)):
            positive = self._without_sign(factor)
            if positive is not None:
                return self.negative(self.product(positive, other))
        return self.op("mul", left, right)

    def quotient(self, left: int, right: int) -> int:
        """Node of ``left / right``; signs move outside, which is exact."""
        if self.constant_value(right) == 1.0:
            return left
        if self.reach[left] is not Reach.CONSTANT or self.reach[right] is not Reach.CONSTANT:
            positive = self._without_sign(left)
            if positive is not None:
                return self.negative(self.quotient(positive, right))
            positive = self._without_sign(right)
            if positive is not None:
                return self.negative(self.quotient(left, positive))
        return self.op("div", left, right)

    def _without_sign(self, node: int) -> int | None:
        """``x`` where the node is plainly ``-x``, None otherwise."""
        entry = self.nodes[node]
        if entry[0] == "neg":
            return int(entry[1])
        value = self.constant_value(node)
        return self.constant(-value) if value is not None and value < 0.0 else None

    def number(self, node: int) -> int:
        """The node as a number: truth values become 1.0 and 0.0."""
        return self.op("number", node) if self.is_boolean(node) else node

    def truth(self, node: int) -> int:
        """The node as a truth value: every number but 0 is true, NaN included."""
        if self.is_boolean(node):
            return node
        entry = self.nodes[node]
        return int(entry[1]) if entry[0] == "number" else self.op("truth", node)


def _divide(a: float, b: float) -> float:
    """IEEE division: Python raises where the standard gives an infinity or NaN."""
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


_FOLDED: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _divide,
    "neg": lambda a: -a,
}
