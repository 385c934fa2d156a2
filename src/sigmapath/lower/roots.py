"""Continuous functions whose sign changes the solver must locate.

Enters: triggers and every expression of the right-hand side. Leaves: one difference per relation
that depends on a state or on time, each once; conditions on time alone last.
"""

from __future__ import annotations

from collections.abc import Iterable

from sigmapath.expr.nodes import Expr, apply, postorder
from sigmapath.expr.simplify import add, neg
from sigmapath.lower.degrees import AFFINE, TimeDegrees
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


def _difference(left: Expr, right: Expr) -> Expr:
    """``left - right`` as it is compared: rounded once, so that its sign is the relation's.

    The sign turns where the left side is zero, which makes no difference to where it changes.
    """
    if right.op == "num" and right.value == 0.0:
        return left
    if left.op == "num" and left.value == 0.0:
        return right
    return apply("add", left, apply("neg", right))


def switching_functions(
    roots: Iterable[Expr], dynamic: set[str], degree: TimeDegrees
) -> tuple[tuple[Expr, ...], int]:
    """``left - right`` of every relation below the roots that can change during a run.

    Equality switches too: a solver that steps over the moment at which two sides are equal would
    miss it. Opposite differences are one function.

    Parameters
    ----------
    roots : iterable of Expr
    dynamic : set of str
        Ids that change, see :func:`dynamic_ids`.
    degree : TimeDegrees
        With all states and delayed values among what moves in ways of its own.

    Returns
    -------
    functions : tuple of Expr
    n_timed : int
        So many, the last ones, are affine in time and rest on nothing else that moves between
        jumps and events: when they change their sign can be told in advance.
    """
    found: dict[Expr, None] = {}
    timed: dict[Expr, None] = {}
    for node in postorder(roots):
        if node.op not in _RELATIONS or not any(_is_dynamic(a, dynamic) for a in node.args):
            continue
        difference = add(node.args[0], neg(node.args[1]))
        if difference.op == "num":
            continue
        left, right = node.args
        if degree(_difference(left, right)) == AFFINE:
            # To the last bit: a condition of this kind switches at a float that is known.
            if _difference(right, left) not in timed:
                timed[_difference(left, right)] = None
        elif neg(difference) not in found:
            found[difference] = None
    return (*found, *timed), len(timed)
