"""The sign of a formula, from the signs of its symbols: zero, positive, negative or mixed.

Enters: an expression and what is known of its symbols. Leaves: a sign, used by the checks for dead
reactions and for rates that may run backwards. It is an interval argument on four values, so a
"mixed" may be avoidable, but "zero" and the pure signs are certain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sigmapath.expr.nodes import Expr, postorder

__all__ = ["MINUS", "MIXED", "PLUS", "UNKNOWN", "ZERO_SIGN", "sign_of"]

ZERO_SIGN, PLUS, MINUS, MIXED, UNKNOWN = "0", "+", "-", "+-", "?"
# Functions of one argument that keep its sign, zero included.
_ODD = frozenset({"sqrt", "sinh", "tanh", "arcsin", "arctan", "arcsinh", "arctanh", "floor"})


def sign_of(root: Expr, symbol_sign: Callable[[str], str]) -> str:
    """Return the sign of ``root``.

    Parameters
    ----------
    root : Expr
    symbol_sign : callable
        id -> sign of that quantity.

    Returns
    -------
    str
        :data:`ZERO_SIGN`, :data:`PLUS` (at or above zero), :data:`MINUS`, :data:`MIXED` (a
        difference of positive terms) or :data:`UNKNOWN`.
    """
    signs: dict[Expr, str] = {}
    for node in postorder([root]):
        if node.op == "sym":
            signs[node] = symbol_sign(str(node.value))
        elif node.op == "num":
            signs[node] = sign_of_number(float(node.value))  # type: ignore[arg-type]
        elif node.op == "time":
            signs[node] = PLUS
        else:
            signs[node] = _sign(node, [signs[argument] for argument in node.args])
    return signs[root]


def sign_of_number(value: float) -> str:
    """Return the sign of a number; NaN is unknown."""
    if value == 0.0:
        return ZERO_SIGN
    return PLUS if value > 0.0 else MINUS if value < 0.0 else UNKNOWN


def _sign(node: Expr, signs: list[str]) -> str:
    match node.op:
        case "add":
            return _sum(signs)
        case "neg":
            return {PLUS: MINUS, MINUS: PLUS}.get(signs[0], signs[0])
        case "mul":
            return _product(signs)
        case "div":
            return ZERO_SIGN if signs[0] == ZERO_SIGN else _product(signs)
        case "pow":
            # 0^0 is 1, so a zero base counts as zero under a positive exponent only.
            if signs[0] == ZERO_SIGN:
                return ZERO_SIGN if signs[1] == PLUS else UNKNOWN
            return PLUS if signs[0] == PLUS else UNKNOWN
        case "exp" | "cosh" | "abs" | "factorial":
            return ZERO_SIGN if node.op == "abs" and signs[0] == ZERO_SIGN else PLUS
        case "piecewise":
            values = signs[::2]
            return values[0] if len(set(values)) == 1 else _joined(values)
        case "max" | "min":
            return _extreme(node.op, signs)
        case "delay" | "rem":
            return signs[0]
    if node.op in _ODD:
        return signs[0]
    return UNKNOWN


def _sum(signs: Sequence[str]) -> str:
    present = set(signs) - {ZERO_SIGN}
    if not present:
        return ZERO_SIGN
    if UNKNOWN in present:
        return UNKNOWN
    return next(iter(present)) if len(present) == 1 else MIXED


def _product(signs: Sequence[str]) -> str:
    if ZERO_SIGN in signs:
        return ZERO_SIGN
    for undecided in (UNKNOWN, MIXED):
        if undecided in signs:
            return undecided
    return MINUS if sum(sign == MINUS for sign in signs) % 2 else PLUS


def _joined(signs: Sequence[str]) -> str:
    """Sign of a value that is one of several."""
    present = set(signs) - {ZERO_SIGN}
    if UNKNOWN in present or not present:
        return UNKNOWN if present else ZERO_SIGN
    return next(iter(present)) if len(present) == 1 else MIXED


def _extreme(op: str, signs: Sequence[str]) -> str:
    """Sign of the largest ("max") or smallest ("min") of several values."""
    outward, inward = (PLUS, MINUS) if op == "max" else (MINUS, PLUS)
    if outward in signs:
        return outward
    if ZERO_SIGN in signs:
        return ZERO_SIGN if set(signs) <= {ZERO_SIGN, inward} else outward
    return _joined(signs)
