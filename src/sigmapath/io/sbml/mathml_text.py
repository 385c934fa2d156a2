"""Expressions to MathML text.

Enters: an :class:`~sigmapath.expr.nodes.Expr`. Leaves: the content of a ``math`` element. Called
by :mod:`sigmapath.io.sbml.write`. Numbers keep every bit (libSBML's own writer keeps 15 digits).
"""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.expr.nodes import Expr, postorder
from sigmapath.io.sbml.mathml import scaled
from sigmapath.quantity.table import AVOGADRO

__all__ = ["LEVEL_3_VERSION_2_OPS", "lambda_text", "mathml_text"]

# Shared subexpressions are written out each time; a graph of a few nodes can stand for 2^60.
MAX_NODES = 5_000_000

# Section 3.4.1 lists what Version 2 adds to the MathML of Version 1.
LEVEL_3_VERSION_2_OPS = frozenset({"max", "min", "quotient", "rem", "implies", "rateof"})

_ELEMENTS = {
    "add": "plus",
    "mul": "times",
    "neg": "minus",
    "div": "divide",
    "pow": "power",
    "sqrt": "root",
    "log10": "log",
    "le": "leq",
    "ge": "geq",
    "ne": "neq",
}
_CSYMBOL = (
    '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/{0}"> {0} </csymbol>'
)
# Section 3.3 of the package specification, doi:10.1515/jib-2020-0018.
_DRAW = _CSYMBOL.replace("symbols/{0}", "symbols/distrib/{0}")
_TIME = _CSYMBOL.format("time")
_CONSTANTS = {
    math.inf: "<infinity/>",
    -math.inf: "<apply><minus/><infinity/></apply>",
    math.pi: "<pi/>",
    math.e: "<exponentiale/>",
    float(AVOGADRO): _CSYMBOL.format("avogadro"),
}


def mathml_text(root: Expr, where: str) -> str:
    """Return the MathML of an expression, without the enclosing ``math`` element.

    Raises
    ------
    UnsupportedFeatureError
        If it would be larger than MAX_NODES elements written out.
    """
    _require_bounded(root, where)
    pieces: list[str] = []
    # The stack holds nodes still to be written and closing text, so depth is no limit.
    stack: list[Expr | str] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
        elif not item.args and item.op in {"num", "sym", "time"}:
            pieces.append(_leaf(item))
        elif item.op == "piecewise":
            stack.extend(reversed(_piecewise(item)))
        else:
            operator, arguments = _application(item)
            pieces.append(f"<apply>{operator}")
            stack.append("</apply>")
            stack.extend(reversed(arguments))
    return "".join(pieces)


def lambda_text(arguments: tuple[str, ...], body: Expr, where: str) -> str:
    """Return the MathML of a function definition, without the enclosing ``math`` element."""
    variables = "".join(f"<bvar><ci> {escape(name)} </ci></bvar>" for name in arguments)
    return f"<lambda>{variables}{mathml_text(body, where)}</lambda>"


def _require_bounded(root: Expr, where: str) -> None:
    sizes: dict[Expr, int] = {}
    for node in postorder([root]):
        sizes[node] = 1 + sum(sizes[argument] for argument in node.args)
    if sizes[root] > MAX_NODES:
        raise UnsupportedFeatureError(
            f"a formula of {sizes[root]} operations",
            where=where,
            fix="define its repeated parts by assignment rules",
        )


def _leaf(node: Expr) -> str:
    if node.op == "time":
        return _TIME
    if node.op == "sym":
        return f"<ci> {escape(str(node.value))} </ci>"
    assert isinstance(node.value, float)
    return _number(node.value)


def _number(value: float) -> str:
    if math.isnan(value):
        return "<notanumber/>"
    if value in _CONSTANTS:
        return _CONSTANTS[value]
    if value.is_integer() and abs(value) < 2**31 and repr(value) != "-0.0":
        return f'<cn type="integer"> {int(value)} </cn>'
    mantissa, _, exponent = repr(value).partition("e")
    if not exponent:
        return f"<cn> {mantissa} </cn>"
    return _e_notation(mantissa, int(exponent), value)


def _e_notation(mantissa: str, exponent: int, value: float) -> str:
    """A number in e-notation, with its point put where the mantissa loses no digit as a double."""
    sign = "-" if mantissa.startswith("-") else ""
    digits = mantissa.lstrip("-").replace(".", "")
    for shift in range(len(digits)):
        shown = f"{sign}{digits[: shift + 1]}.{digits[shift + 1 :] or '0'}"
        if scaled(float(shown), exponent - shift) == value:
            return f'<cn type="e-notation"> {shown} <sep/> {exponent - shift} </cn>'
    return f"<cn> {value!r} </cn>"


def _application(node: Expr) -> tuple[str, tuple[Expr, ...]]:
    """Operator element and arguments of a node; ``a + (-b)`` is written as a difference."""
    if node.op == "add" and len(node.args) == 2 and node.args[1].op == "neg":
        return "<minus/>", (node.args[0], node.args[1].args[0])
    return _operator(node), node.args


def _operator(node: Expr) -> str:
    if node.op == "call":
        return f"<ci> {escape(str(node.value))} </ci>"
    if node.op == "delay":
        return _CSYMBOL.format("delay")
    if node.op == "rateof":
        return _CSYMBOL.format("rateOf")
    if node.op == "draw":
        return _DRAW.format(escape(str(node.value)))
    return f"<{_ELEMENTS.get(node.op, node.op)}/>"


def _piecewise(node: Expr) -> list[Expr | str]:
    items: list[Expr | str] = ["<piecewise>"]
    for i in range(0, len(node.args) - 1, 2):
        items += ["<piece>", node.args[i], node.args[i + 1], "</piece>"]
    if len(node.args) % 2:
        items += ["<otherwise>", node.args[-1], "</otherwise>"]
    return [*items, "</piecewise>"]
