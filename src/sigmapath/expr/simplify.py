"""Sums, products, quotients and powers that tidy themselves; and a whole-graph simplification.

Enters: expressions. Leaves: expressions with the same value wherever every subexpression is finite.
Called by the derivatives, by lowering and by anybody who wants a readable formula.

The invariant, exactly: ``simplify(e)`` equals ``e`` up to rounding for every environment in which
all subexpressions of ``e`` are finite. ``0 * x`` is therefore 0 and ``x - x`` is 0, which
derivatives need, although IEEE says NaN for an infinite x. Mathematics that a model gives is
lowered as written and never passes through here, so its NaN and infinities survive.

Every rewrite shrinks the expression or moves a sign or a number outwards, so one bottom-up sweep
terminates.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from sigmapath.expr.nodes import BOOLEAN_OPS, NAN, ONE, ZERO, Expr, apply, number, postorder

__all__ = ["add", "div", "mul", "neg", "power", "simplify", "simplify_node"]


# Nested sums and products with more arguments than this stay nested: to flatten each link of a long
# chain again would take time quadratic in its length.
_LONG = 16


def _split_sign(term: Expr) -> tuple[float, Expr]:
    """``term`` as number times rest; the rest is ONE for a plain number."""
    factor = 1.0
    while term.op == "neg":
        factor, term = -factor, term.args[0]
    if term.op == "num":
        return factor * float(term.value or 0.0), ONE
    if term.op == "mul" and term.args and term.args[0].op == "num":
        rest = term.args[1:]
        factor *= float(term.args[0].value or 0.0)
        return factor, rest[0] if len(rest) == 1 else apply("mul", *rest)
    return factor, term


def _scaled(factor: float, rest: Expr) -> Expr:
    """``factor * rest`` with the number in front and -1 as a minus sign."""
    if rest is ONE or factor == 0.0:
        return number(factor) if factor != 0.0 else ZERO
    if factor == 1.0:
        return rest
    if factor == -1.0:
        return apply("neg", rest)
    return apply("mul", number(factor), *_factors(rest))


def _flat(op: str, args: Iterable[Expr]) -> list[Expr]:
    """Arguments of nested sums (or products) as one list, order kept."""
    flat: list[Expr] = []
    stack = list(args)[::-1]
    while stack:
        node = stack.pop()
        if node.op == op and len(node.args) <= _LONG:
            stack.extend(reversed(node.args))
        else:
            flat.append(node)
    return flat


def _factors(product: Expr) -> tuple[Expr, ...]:
    """Factors of a short product, else the expression itself."""
    is_short = product.op == "mul" and len(product.args) <= _LONG
    return product.args if is_short else (product,)


def add(*terms: Expr) -> Expr:
    """Sum: nested sums flattened, numbers added, like terms collected, zeros dropped."""
    counts: dict[Expr, float] = {}
    for term in _flat("add", terms):
        factor, rest = _split_sign(term)
        counts[rest] = counts.get(rest, 0.0) + factor
    kept = [_scaled(factor, rest) for rest, factor in counts.items() if factor != 0.0]
    if not kept:
        return ZERO
    return kept[0] if len(kept) == 1 else apply("add", *kept)


def neg(term: Expr) -> Expr:
    """Minus ``term``; a double sign cancels."""
    factor, rest = _split_sign(term)
    return _scaled(-factor, rest)


def mul(*factors: Expr) -> Expr:
    """Product: nested products flattened, numbers and signs in front, like powers collected."""
    scale = 1.0
    powers: dict[Expr, float] = {}
    for factor in _flat("mul", factors):
        sign, rest = _split_sign(factor)
        scale *= sign
        if rest is ONE:
            continue
        for part in _factors(rest):
            base, exponent = _base_and_exponent(part)
            powers[base] = powers.get(base, 0.0) + exponent
    if scale == 0.0:
        return ZERO
    kept = [power(base, number(exponent)) for base, exponent in powers.items()]
    if not kept:
        return number(scale)
    return _scaled(scale, kept[0] if len(kept) == 1 else apply("mul", *kept))


def _base_and_exponent(factor: Expr) -> tuple[Expr, float]:
    """Positive numeric powers open up, so that x * x^2 becomes x^3; other factors stay whole."""
    if factor.op == "pow" and factor.args[1].op == "num":
        exponent = float(factor.args[1].value or 0.0)
        # Negative powers stay apart: x^2 * x^-1 is not x where x is 0.
        if exponent > 0.0:
            return factor.args[0], exponent
    return factor, 1.0


def div(top: Expr, bottom: Expr) -> Expr:
    """Quotient: numbers folded, 0 and 1 dropped, signs moved out."""
    bottom_factor, bottom_rest = _split_sign(bottom)
    top_factor, top_rest = _split_sign(top)
    if top_factor == 0.0 and not (bottom_rest is ONE and bottom_factor == 0.0):
        return ZERO
    if bottom_rest is ONE and bottom_factor != 0.0:
        return _scaled(top_factor / bottom_factor, top_rest)
    if bottom_factor < 0.0:
        return _scaled(-1.0, div(top, neg(bottom)))
    if top_factor < 0.0:
        return _scaled(-1.0, div(neg(top), bottom))
    return apply("div", top, bottom)


def power(base: Expr, exponent: Expr) -> Expr:
    """Power: exponents 0 and 1, numbers, and whole powers of whole powers."""
    if exponent.op != "num":
        return apply("pow", base, exponent)
    n = float(exponent.value or 0.0)
    if n == 0.0:
        return ONE
    if n == 1.0:
        return base
    if base.op == "pow" and base.args[1].op == "num" and n > 0.0 and n.is_integer():
        inner = float(base.args[1].value or 0.0)
        if inner > 0.0 and inner.is_integer():
            return power(base.args[0], number(inner * n))
    return _folded("pow", (base, exponent))


def _folded(op: str, args: tuple[Expr, ...]) -> Expr:
    """``op(args)``, as a number if all arguments are numbers and the value is finite."""
    node = apply(op, *args)
    if args and all(argument.op == "num" for argument in args):
        from sigmapath.expr.evaluate import evaluate

        value = float(evaluate(node, {}))
        if math.isfinite(value):
            return number(value)
    return node


def _logic(op: str, args: tuple[Expr, ...]) -> Expr:
    """And, or: the neutral element dropped, the absorbing one wins."""
    absorbing = op == "or"
    kept: list[Expr] = []
    for argument in _flat(op, args):
        if argument.op == "num":
            if (argument.value != 0.0) == absorbing:
                return ONE if absorbing else ZERO
        elif argument not in kept:
            kept.append(argument)
    if not kept:
        return ZERO if absorbing else ONE
    # A single number that is no relation keeps its connective: the value of "and" is 0 or 1.
    if len(kept) == 1 and kept[0].op in BOOLEAN_OPS:
        return kept[0]
    return apply(op, *kept)


def _piecewise(args: tuple[Expr, ...]) -> Expr:
    """Pieces that can never apply dropped; a condition that is always true ends the list."""
    kept: list[Expr] = []
    otherwise: Expr | None = args[-1] if len(args) % 2 else None
    for value, condition in zip(args[:-1:2], args[1::2], strict=False):
        if condition.op == "num":
            if condition.value == 0.0:
                continue
            otherwise = value
            break
        kept += [value, condition]
    while kept and otherwise is not None and kept[-2] is otherwise:
        del kept[-2:]
    if not kept:
        return NAN if otherwise is None else otherwise
    return apply("piecewise", *kept, *(() if otherwise is None else (otherwise,)))


def simplify_node(node: Expr, args: tuple[Expr, ...]) -> Expr:
    """``node`` with arguments ``args``, which are simplified already, rewritten locally."""
    match node.op:
        case "num" | "sym" | "time":
            return node
        case "add":
            return add(*args)
        case "mul":
            return mul(*args)
        case "neg":
            return neg(args[0])
        case "div":
            return div(args[0], args[1])
        case "pow":
            return power(args[0], args[1])
        case "and" | "or":
            return _logic(node.op, args)
        case "piecewise":
            return _piecewise(args)
        case "call" | "delay" | "rateof" | "draw":
            return apply(node.op, *args, name=None if node.value is None else str(node.value))
        case _:
            return _folded(node.op, args)


def simplify(root: Expr) -> Expr:
    """Return ``root`` with every node rewritten once, bottom up; see the module's invariant."""
    done: dict[Expr, Expr] = {}
    for node in postorder([root]):
        done[node] = simplify_node(node, tuple(done[argument] for argument in node.args))
    return done[root]
