"""Continuous functions whose sign changes the solver must locate.

Enters: triggers and every expression of the right-hand side. Leaves: one difference per relation
that depends on a state or on time, each once.
"""

from __future__ import annotations

from collections.abc import Iterable

from sigmapath.expr.nodes import Expr, postorder
from sigmapath.expr.simplify import add, neg
from sigmapath.lower.order import symbols_of
from sigmapath.lower.system import Definition

__all__ = ["dynamic_ids", "switching_functions"]

_RELATIONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})


def _is_dynamic(root: Expr, dynamic: set[str]) -> bool:
    return any(
        node.op == "time" or (node.op == "sym" and node.value in dynamic)
        for node in postorder([root])
    )


def dynamic_ids(changing: Iterable[str], definitions: Iterable[Definition]) -> set[str]:
    """``changing`` ids, and those of definitions that depend on these or on time."""
    dynamic = set(changing)
    for definition in definitions:
        if _is_dynamic(definition.math, dynamic):
            dynamic.add(definition.id)
    return dynamic


def switching_functions(roots: Iterable[Expr], dynamic: set[str]) -> tuple[Expr, ...]:
    """``left - right`` of every relation below the roots that can change during a run.

    Equality switches too: a solver that steps over the moment at which two sides are equal would
    miss it. Opposite differences are one function.
    """
    found: dict[Expr, None] = {}
    for node in postorder(roots):
        if node.op not in _RELATIONS:
            continue
        difference = add(node.args[0], neg(node.args[1]))
        if neg(difference) in found or difference in found:
            continue
        if any(_is_dynamic(side, dynamic) for side in node.args):
            found[difference] = None
    return tuple(item for item in found if symbols_of(item) or item.op != "num")
