"""Expressions to text: infix that :mod:`sigmapath.expr.parse` reads back.

Enters: an expression. Leaves: text with the fewest brackets. Iterative, so depth is no limit; the
length is bounded, because a shared graph can be exponentially longer as text.
"""

from __future__ import annotations

import math

from sigmapath.errors import ModelError
from sigmapath.expr.nodes import Expr, postorder
from sigmapath.expr.parse import CONSTANTS

__all__ = ["render"]

MAX_LENGTH = 1_000_000

# How tightly the text of a node holds together; see the grammar of sigmapath.expr.parse.
_LOGIC, _RELATION, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(7)

_RELATIONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
Text = tuple[str, int]


def _bracketed(text: Text, at_least: int) -> str:
    return text[0] if text[1] >= at_least else f"({text[0]})"


def _unsigned(text: Text) -> str:
    """A term fit to stand after a minus: no sum, and no sign of its own."""
    open_sign = text[0].startswith("-")
    return f"({text[0]})" if open_sign or text[1] < _PRODUCT else text[0]


def _number(value: float) -> Text:
    if math.isnan(value):
        return "nan", _ATOM
    if math.isinf(value):
        return ("inf", _ATOM) if value > 0 else ("-inf", _SIGN)
    whole = value.is_integer() and abs(value) < 1e15 and math.copysign(1.0, value) == 1.0
    text = str(int(value)) if whole or (value.is_integer() and -1e15 < value < 0) else repr(value)
    return text, _SIGN if text.startswith("-") else _ATOM


def _name(name: str) -> str:
    return f"id({name})" if name in CONSTANTS else name


def _sum(node: Expr, args: list[Text]) -> str:
    parts: list[str] = []
    for term, text in zip(node.args, args, strict=True):
        # A product after the minus needs none; a sum does: a - (b + c).
        if term.op == "neg" and parts:
            parts.append(" - " + text[0][1:])
        elif parts and text[1] == _SIGN:
            parts.append(f" + ({text[0]})")
        else:
            parts.append((" + " if parts else "") + _bracketed(text, _PRODUCT))
    return "".join(parts)


def _infix(node: Expr, args: list[Text]) -> Text:
    match node.op:
        case "num":
            return _number(float(node.value or 0.0))
        case "sym":
            return _name(str(node.value)), _ATOM
        case "time":
            return "time", _ATOM
        case "neg":
            # -(a * b) and (-a) * b are the same float, so a product needs no brackets.
            return "-" + _unsigned(args[0]), min(_SIGN, max(_PRODUCT, args[0][1]))
        case "add" if len(args) > 1:
            return _sum(node, args), _SUM
        case "mul" if len(args) > 1:
            first = _bracketed(args[0], _PRODUCT)
            # Only a leading product may stay open: a * (b / c) is not (a * b) / c in floats.
            rest = [_bracketed(text, _POWER) for text in args[1:]]
            if node.args[0].op == "mul":
                first = f"({first})"
            return " * ".join([first, *rest]), _PRODUCT
        case "div":
            return f"{_bracketed(args[0], _PRODUCT)} / {_bracketed(args[1], _POWER)}", _PRODUCT
        case "pow":
            return f"{_bracketed(args[0], _ATOM)}^{_bracketed(args[1], _ATOM)}", _POWER
        case "and" | "or" if len(args) > 1:
            joint = " && " if node.op == "and" else " || "
            return joint.join(_bracketed(text, _RELATION) for text in args), _LOGIC
        case "not":
            return "!" + _bracketed(args[0], _POWER), _SIGN
        case op if op in _RELATIONS:
            left, right = (_bracketed(text, _SUM) for text in args)
            return f"{left} {_RELATIONS[op]} {right}", _RELATION
        case "add" | "mul" if len(args) == 1:
            return args[0]
        case "add" | "mul":
            return ("0" if node.op == "add" else "1"), _ATOM
    name = {"call": str(node.value), "draw": str(node.value), "rateof": "rateOf"}.get(
        node.op, node.op
    )
    return f"{name}({', '.join(text for text, _ in args)})", _ATOM


def _checked(text: Text) -> Text:
    if len(text[0]) > MAX_LENGTH:
        raise ModelError(
            f"the formula is longer than {MAX_LENGTH} characters as text",
            found=text[0][:60],
            fix="look at the definitions it is made of",
        )
    return text


def render(root: Expr) -> str:
    """Return infix text; ``parse(render(e))`` has the value of ``e``.

    Raises
    ------
    ModelError
        If the text would exceed ``MAX_LENGTH`` characters.

    Examples
    --------
    >>> from sigmapath.expr.parse import parse
    >>> render(parse("(k*(S)) / (K + (S))"))
    'k * S / (K + S)'
    """
    done: dict[Expr, Text] = {}
    for node in postorder([root]):
        done[node] = _checked(_infix(node, [done[a] for a in node.args]))
    return done[root][0]
