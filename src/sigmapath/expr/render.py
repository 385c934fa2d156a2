"""Expressions to text: infix that :mod:`sigmapath.expr.parse` reads back, and LaTeX.

Enters: an expression. Leaves: text with the fewest brackets. Iterative, so depth is no limit; the
length is bounded, because a shared graph can be exponentially longer as text.
"""

from __future__ import annotations

import math
import re

from sigmapath.errors import ModelError
from sigmapath.expr.nodes import Expr, postorder
from sigmapath.expr.parse import CONSTANTS

__all__ = ["render", "render_latex"]

MAX_LENGTH = 1_000_000

# How tightly the text of a node holds together; see the grammar of sigmapath.expr.parse.
_LOGIC, _RELATION, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(7)

_RELATIONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_LATEX_RELATIONS = {
    "lt": "<",
    "le": r"\le",
    "gt": ">",
    "ge": r"\ge",
    "eq": "=",
    "ne": r"\ne",
}
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


def _latex_name(name: str) -> str:
    return r"\mathrm{" + re.sub(r"([_#%&$])", r"\\\1", name) + "}"


def _latex_number(value: float) -> Text:
    text, level = _number(value)
    if "e" in text and text not in ("inf", "-inf"):
        mantissa, exponent = text.split("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}", min(level, _PRODUCT)
    return text.replace("inf", r"\infty").replace("nan", r"\mathrm{NaN}"), level


def _latex_cases(args: list[Text]) -> str:
    rows = [
        rf"{value} & \text{{if }} {condition}"
        for (value, _), (condition, _) in zip(args[:-1:2], args[1::2], strict=False)
    ]
    if len(args) % 2:
        rows.append(rf"{args[-1][0]} & \text{{otherwise}}")
    return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


def _latex(node: Expr, args: list[Text]) -> Text:
    match node.op:
        case "num":
            return _latex_number(float(node.value or 0.0))
        case "sym":
            return _latex_name(str(node.value)), _ATOM
        case "time":
            return "t", _ATOM
        case "mul" if len(args) > 1:
            rest = [_latex_unsigned(text) for text in args[1:]]
            return r" \, ".join([_latex_bracketed(args[0], _PRODUCT), *rest]), _PRODUCT
        case "add" if len(args) > 1:
            text, level = _infix(node, args)
            return text, level
        case "neg":
            return "-" + _latex_unsigned(args[0]), min(_SIGN, max(_PRODUCT, args[0][1]))
        case "div":
            return rf"\frac{{{args[0][0]}}}{{{args[1][0]}}}", _POWER
        case "pow":
            return f"{_latex_bracketed(args[0], _ATOM)}^{{{args[1][0]}}}", _POWER
        case "sqrt":
            return rf"\sqrt{{{args[0][0]}}}", _ATOM
        case "piecewise":
            return _latex_cases(args), _SUM
        case "rateof":
            return rf"\frac{{d}}{{dt}} {args[0][0]}", _PRODUCT
        case op if op in _LATEX_RELATIONS:
            return f"{args[0][0]} {_LATEX_RELATIONS[op]} {args[1][0]}", _RELATION
        case "and" | "or":
            joint = r" \land " if node.op == "and" else r" \lor "
            return joint.join(_latex_bracketed(text, _RELATION) for text in args), _LOGIC
        case "add" | "mul":
            return _infix(node, args)
    name = _latex_name(str(node.value) if node.op in ("call", "draw") else node.op)
    return rf"{name}\left({', '.join(text for text, _ in args)}\right)", _ATOM


def _latex_bracketed(text: Text, at_least: int) -> str:
    return text[0] if text[1] >= at_least else rf"\left({text[0]}\right)"


def _latex_unsigned(text: Text) -> str:
    open_sign = text[0].startswith("-")
    return _latex_bracketed(text, _ATOM + 1 if open_sign else _PRODUCT)


def render_latex(root: Expr) -> str:
    r"""Return LaTeX for mathematics mode, names upright.

    Examples
    --------
    >>> from sigmapath.expr.parse import parse
    >>> render_latex(parse("k * S / (K + S)"))
    '\\frac{\\mathrm{k} \\, \\mathrm{S}}{\\mathrm{K} + \\mathrm{S}}'
    """
    done: dict[Expr, Text] = {}
    for node in postorder([root]):
        done[node] = _checked(_latex(node, [done[a] for a in node.args]))
    return done[root][0]
