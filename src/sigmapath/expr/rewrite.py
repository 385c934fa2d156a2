"""Rewrite whole graphs: substitute symbols, inline function definitions, map over nodes.

Enters: expressions. Leaves: expressions; shared subexpressions are rewritten once, depth is no
limit. Called by lowering and by the edge that resolves observables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sigmapath.errors import CyclicAssignmentError, ModelError, UnknownNameError
from sigmapath.expr.nodes import Expr, apply, postorder, symbol

__all__ = [
    "Rewriter",
    "function_bodies",
    "inline_calls",
    "rebuild",
    "renamed",
    "substitute",
    "substituter",
]


def rebuild(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """``node`` with other arguments; the same object if they are the same."""
    if all(a is b for a, b in zip(node.args, args, strict=True)):
        return node
    return apply(node.op, *args, name=None if node.value is None else str(node.value))


class Rewriter:
    """A memoised bottom-up map: ``rule(node, rewritten arguments)`` gives each node's image.

    One instance may serve many expressions; what they share is rewritten once.
    """

    __slots__ = ("_done", "_rule")

    def __init__(self, rule: Callable[[Expr, tuple[Expr, ...]], Expr]) -> None:
        self._rule = rule
        self._done: dict[Expr, Expr] = {}

    def __call__(self, root: Expr) -> Expr:
        """Image of ``root``."""
        done = self._done
        found = done.get(root)
        if found is not None:
            return found
        stack = [(root, False)]
        while stack:
            node, expanded = stack.pop()
            if expanded:
                done[node] = self._rule(node, tuple([done[a] for a in node.args]))
            elif node not in done:
                stack.append((node, True))
                stack.extend([(a, False) for a in node.args if a not in done])
        return done[root]


def substitute(root: Expr, values: Mapping[str, Expr]) -> Expr:
    """Replace symbols by expressions, all at once (a replacement is not searched again)."""
    return substituter(values)(root)


def substituter(values: Mapping[str, Expr]) -> Rewriter:
    """Return a memoised :func:`substitute` for many expressions and one set of values."""

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        if node.op == "sym":
            return values.get(str(node.value), node)
        return rebuild(node, args)

    return Rewriter(rule)


def function_bodies(
    definitions: Iterable[tuple[str, tuple[str, ...], Expr]], *, where: str = ""
) -> dict[str, tuple[tuple[str, ...], Expr]]:
    """Bodies of function definitions with all inner calls inlined.

    Parameters
    ----------
    definitions : iterable of (name, argument names, body)
    where : str
        The model, for messages.

    Raises
    ------
    CyclicAssignmentError
        If functions call each other in a circle.
    UnknownNameError, ModelError
        If a call names no function or gives another number of arguments.
    """
    source = {name: (arguments, body) for name, arguments, body in definitions}
    done: dict[str, tuple[tuple[str, ...], Expr]] = {}
    for first in source:
        path: list[str] = [first]
        while path:
            name = path[-1]
            arguments, body = source[name]
            missing = [
                called for called in _called(body) if called in source and called not in done
            ]
            if missing and missing[0] in path:
                start = path.index(missing[0])
                raise CyclicAssignmentError([*path[start:], missing[0]], where=where)
            if missing:
                path.append(missing[0])
                continue
            if name not in done:
                done[name] = (
                    arguments,
                    inline_calls(done, where=f"{where}, function {name}")(body),
                )
            path.pop()
    return done


def _called(body: Expr) -> list[str]:
    """Names of the functions a body calls, in order, each once."""
    return list(dict.fromkeys(str(n.value) for n in postorder([body]) if n.op == "call"))


def inline_calls(
    functions: Mapping[str, tuple[tuple[str, ...], Expr]], *, where: str = ""
) -> Rewriter:
    """Return a rewriter that replaces calls by the bodies of :func:`function_bodies`."""

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        if node.op != "call":
            return rebuild(node, args)
        name = str(node.value)
        if name not in functions:
            raise UnknownNameError("function", name, functions, where=where)
        arguments, body = functions[name]
        if len(arguments) != len(args):
            raise ModelError(
                f"function {name} takes {len(arguments)} argument(s)",
                where=where,
                found=f"{len(args)} argument(s)",
            )
        return substitute(body, dict(zip(arguments, args, strict=True)))

    return Rewriter(rule)


def renamed(names: Mapping[str, str]) -> Rewriter:
    """Return a rewriter that renames symbols."""
    return substituter({old: symbol(new) for old, new in names.items()})
