"""Mathematics of SBML: libSBML's syntax trees to expressions.

Enters: an ``ASTNode``. Leaves: an :class:`~sigmapath.expr.nodes.Expr`. Called by
:mod:`sigmapath.io.sbml.read` only. The node *type* is read, never a formula text, so ids that look
like words of a formula language (``time``, ``pi``, ``inf``) stay plain symbols. Sections cited are
those of the SBML Level 3 Version 2 core specification; iterative, so depth is no limit here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

from sigmapath.errors import ModelError, UnsupportedFeatureError
from sigmapath.expr.distributions import DISTRIBUTIONS, TRUNCATED
from sigmapath.expr.nodes import FALSE, TIME, TRUE, Expr, apply, number, symbol
from sigmapath.io.sbml.library import library
from sigmapath.quantity.table import AVOGADRO

__all__ = ["expression", "is_readable", "lambda_expression", "scaled"]

_UNARY = [
    "ABS",
    "EXP",
    "LN",
    "FLOOR",
    "CEILING",
    "FACTORIAL",
    "SIN",
    "COS",
    "TAN",
    "SEC",
    "CSC",
    "COT",
    "SINH",
    "COSH",
    "TANH",
    "SECH",
    "CSCH",
    "COTH",
    "ARCSIN",
    "ARCCOS",
    "ARCTAN",
    "ARCSEC",
    "ARCCSC",
    "ARCCOT",
    "ARCSINH",
    "ARCCOSH",
    "ARCTANH",
    "ARCSECH",
    "ARCCSCH",
    "ARCCOTH",
]
_RELATIONS = {"LT": "lt", "LEQ": "le", "GT": "gt", "GEQ": "ge", "EQ": "eq", "NEQ": "ne"}

Builder = Callable[[Any, list[Expr], str], Expr]


def expression(root: Any, where: str) -> Expr:
    """Return the expression of a syntax tree.

    Parameters
    ----------
    root : libsbml.ASTNode
        The mathematics of one element.
    where : str
        The element, for messages.

    Raises
    ------
    ModelError
        If an operator has too few or too many arguments.
    UnsupportedFeatureError
        If an operator belongs to a package or to no SBML mathematics.
    """
    builders = _builders()
    finished: list[Expr] = []
    stack: list[tuple[Any, int]] = [(root, -1)]
    while stack:
        node, count = stack.pop()
        if count < 0:
            children = _children(node)
            stack.append((node, len(children)))
            stack.extend((child, -1) for child in reversed(children))
            continue
        arguments = finished[len(finished) - count :]
        del finished[len(finished) - count :]
        build = builders.get(node.getType())
        if build is None:
            if node.getType() == library().AST_UNKNOWN:
                raise ModelError("a formula has an empty or unknown part", where=where)
            raise UnsupportedFeatureError(f"the MathML element '{_name_of(node)}'", where=where)
        try:
            finished.append(build(node, arguments, where))
        except (ValueError, IndexError) as error:
            raise ModelError(
                "a formula has an operator with a wrong number of arguments",
                where=where,
                found=f"{_name_of(node)} with {count} argument(s)",
                fix="correct the mathematics of this element",
            ) from error
    return finished[0]


def _children(node: Any) -> list[Any]:
    """Arguments of a node, those of a sum or product in one list.

    libSBML reads ``plus`` of n arguments as n - 1 nested sums of two, nested in the first.
    """
    lib = library()
    kind = node.getType()
    if kind not in (lib.AST_PLUS, lib.AST_TIMES):
        return [node.getChild(i) for i in range(node.getNumChildren())]
    backwards: list[Any] = []
    while True:
        count = node.getNumChildren()
        backwards.extend(node.getChild(i) for i in range(count - 1, 0, -1))
        first = node.getChild(0) if count else None
        if first is None:
            break
        if first.getType() != kind or first.getNumChildren() < 2:
            backwards.append(first)
            break
        node = first
    return backwards[::-1]


def lambda_expression(root: Any, where: str) -> tuple[tuple[str, ...], Expr] | None:
    """Return argument names and body of a function definition, None if it has no body."""
    lib = library()

    if root.getType() != lib.AST_LAMBDA:
        raise ModelError("a function definition holds no lambda", where=where, found=_name_of(root))
    children = [root.getChild(i) for i in range(root.getNumChildren())]
    arguments = tuple(child.getName() or "" for child in children if child.isBvar())
    bodies = [child for child in children if not child.isBvar()]
    return (arguments, expression(bodies[-1], where)) if bodies else None


def is_readable(kind: int) -> bool:
    """Whether a type of syntax tree node stands for mathematics that :func:`expression` reads."""
    lib = library()
    structure = (lib.AST_LAMBDA, lib.AST_FUNCTION_PIECEWISE)
    return kind in structure or (kind in _builders() and kind != lib.AST_CSYMBOL_FUNCTION)


def _name_of(node: Any) -> str:
    return node.getName() or node.getOperatorName() or f"type {node.getType()}"


@cache
def _builders() -> dict[int, Builder]:
    """Table: type of a syntax tree node -> function that builds its expression."""
    lib = library()

    table: dict[int, Builder] = {
        lib.AST_INTEGER: lambda node, _a, _w: number(node.getInteger()),
        lib.AST_REAL: lambda node, _a, _w: number(node.getReal()),
        lib.AST_REAL_E: lambda node, _a, _w: number(scaled(node.getMantissa(), node.getExponent())),
        lib.AST_RATIONAL: lambda node, _a, _w: number(_quotient(node)),
        lib.AST_NAME: lambda node, _a, _w: symbol(node.getName() or ""),
        lib.AST_NAME_TIME: lambda _n, _a, _w: TIME,
        lib.AST_NAME_AVOGADRO: lambda _n, _a, _w: number(float(AVOGADRO)),
        lib.AST_CONSTANT_PI: lambda _n, _a, _w: number(math.pi),
        lib.AST_CONSTANT_E: lambda _n, _a, _w: number(math.e),
        lib.AST_CONSTANT_TRUE: lambda _n, _a, _w: TRUE,
        lib.AST_CONSTANT_FALSE: lambda _n, _a, _w: FALSE,
        lib.AST_PLUS: lambda _n, args, _w: _nary("add", args, 0.0),
        lib.AST_TIMES: lambda _n, args, _w: _nary("mul", args, 1.0),
        lib.AST_MINUS: lambda _n, args, _w: _minus(args),
        lib.AST_FUNCTION_ROOT: lambda _n, args, _w: _root(args),
        lib.AST_FUNCTION_LOG: lambda _n, args, _w: _log(args),
        lib.AST_FUNCTION: lambda node, args, _w: apply("call", *args, name=node.getName()),
        lib.AST_CSYMBOL_FUNCTION: _refuse_csymbol,
    }
    plain = {
        "AST_DIVIDE": "div",
        "AST_POWER": "pow",
        "AST_FUNCTION_POWER": "pow",
        "AST_FUNCTION_PIECEWISE": "piecewise",
        "AST_FUNCTION_QUOTIENT": "quotient",
        "AST_FUNCTION_REM": "rem",
        "AST_FUNCTION_MAX": "max",
        "AST_FUNCTION_MIN": "min",
        "AST_FUNCTION_RATE_OF": "rateof",
        "AST_FUNCTION_DELAY": "delay",
        "AST_LOGICAL_NOT": "not",
        "AST_LOGICAL_IMPLIES": "implies",
        "AST_LOGICAL_AND": "and",
        "AST_LOGICAL_OR": "or",
        "AST_LOGICAL_XOR": "xor",
        **{f"AST_FUNCTION_{name}": name.lower() for name in _UNARY},
    }
    for name, (fewest, most) in DISTRIBUTIONS.items():
        kind = getattr(lib, f"AST_DISTRIB_FUNCTION_{name.upper()}")
        table[kind] = _draw(name, fewest, most)
    for type_name, op in plain.items():
        table[getattr(lib, type_name)] = _plain(op)
    for suffix, op in _RELATIONS.items():
        table[getattr(lib, f"AST_RELATIONAL_{suffix}")] = _relation(op)
    return table


def _plain(op: str) -> Builder:
    return lambda _node, args, _where: apply(op, *args)


def _draw(name: str, fewest: int, most: int) -> Builder:
    """Draw from a distribution, with two more arguments where it is truncated."""

    def build(_node: Any, args: list[Expr], _where: str) -> Expr:
        if not (fewest <= len(args) <= most or len(args) == TRUNCATED.get(name)):
            raise ValueError("wrong number of arguments")
        return apply("draw", *args, name=name)

    return build


def _relation(op: str) -> Builder:
    """``a < b < c`` means ``a < b and b < c`` (section 3.4.7); one argument is always true."""

    def build(_node: Any, args: list[Expr], _where: str) -> Expr:
        if len(args) == 2:
            return apply(op, *args)
        if op == "ne":
            raise ValueError("neq takes two arguments")
        return apply("and", *(apply(op, a, b) for a, b in zip(args, args[1:], strict=False)))

    return build


def _nary(op: str, args: list[Expr], empty: float) -> Expr:
    """Sums and products: none is the neutral element, one is itself (MathML 2, section 4.4.3)."""
    if not args:
        return number(empty)
    if len(args) > 1 and args[0].op == op:
        # (a + b) + c is a + b + c, added from the left as well: one shape for one meaning.
        args = [*args[0].args, *args[1:]]
    return args[0] if len(args) == 1 else apply(op, *args)


def _minus(args: list[Expr]) -> Expr:
    if len(args) == 1:
        # MathML has no literal for minus infinity: it is always written as a negation.
        return number(-math.inf) if args[0] is number(math.inf) else apply("neg", args[0])
    first, second = args
    return _nary("add", [first, apply("neg", second)], 0.0)


def _root(args: list[Expr]) -> Expr:
    """``root`` of a degree, 2 where none is given."""
    radicand = args[-1]
    if len(args) == 1 or args[0] is number(2.0):
        return apply("sqrt", radicand)
    degree, radicand = args
    return apply("pow", radicand, apply("div", 1.0, degree))


def _log(args: list[Expr]) -> Expr:
    """``log`` to a base, 10 where none is given."""
    argument = args[-1]
    if len(args) == 1 or args[0] is number(10.0):
        return apply("log10", argument)
    base, argument = args
    return apply("div", apply("ln", argument), apply("ln", base))


def scaled(mantissa: float, exponent: int) -> float:
    """Value of ``mantissa e exponent``, rounded once (libSBML multiplies, which rounds twice)."""
    if not math.isfinite(mantissa):
        return mantissa
    digits, _, own = repr(mantissa).partition("e")
    return float(f"{digits}e{int(own or 0) + exponent}")


def _quotient(node: Any) -> float:
    numerator: int = node.getNumerator()
    denominator: int = node.getDenominator()
    if denominator == 0:
        return math.nan if numerator == 0 else math.copysign(math.inf, numerator)
    return numerator / denominator


def _refuse_csymbol(node: Any, _args: list[Expr], where: str) -> Expr:
    raise UnsupportedFeatureError(f"the csymbol '{node.getName()}'", where=where)
