"""How expressions move with time while everything that has a derivative stands still, or is apart.

Enters: expressions and the ordered definitions they use. Leaves: a degree in time. Called where
conditions on time are told from conditions on states, and by the stochastic simulation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sigmapath.expr.nodes import Expr, postorder
from sigmapath.lower.system import Definition

__all__ = ["AFFINE", "CONSTANT", "OTHER", "TimeDegrees"]

# Degree in time: constant, affine, anything else.
CONSTANT, AFFINE, OTHER = range(3)


class TimeDegrees:
    """Degree in time of every expression over a system's ids.

    Parameters
    ----------
    definitions : iterable of Definition
        Topologically ordered.
    moving : collection of str
        Ids that move in ways of their own: their degree is ``OTHER``. All ids that are neither
        these nor definitions are constant.
    """

    def __init__(self, definitions: Iterable[Definition], moving: Collection[str] = ()) -> None:
        self._known: dict[Expr, int] = {}
        self._ids: dict[str, int] = dict.fromkeys(moving, OTHER)
        for definition in definitions:
            self._ids[definition.id] = self(definition.math)

    def __call__(self, root: Expr) -> int:
        """Degree of ``root``; linear in the size of what has not been seen yet."""
        for node in postorder([root], self._known):
            self._known[node] = self._degree(node, [self._known[a] for a in node.args])
        return self._known[root]

    def _degree(self, node: Expr, args: list[int]) -> int:
        if node.op == "time":
            return AFFINE
        if node.op == "sym":
            return self._ids.get(str(node.value), CONSTANT)
        highest = max(args, default=CONSTANT)
        if highest == CONSTANT:
            return CONSTANT
        if node.op in ("add", "neg"):
            return highest
        if node.op == "mul":
            return min(sum(args), OTHER)
        if node.op == "div" and args[1] == CONSTANT:
            return args[0]
        return OTHER
