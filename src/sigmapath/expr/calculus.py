"""Derivatives of expressions, for many variables at once.

Enters: expressions and the derivatives of their leaves. Leaves: for each expression a sparse map
variable -> derivative. Called by lowering for the Jacobian, df/dt and rates of change.

Forward accumulation over the graph with sparse rows: each node is visited once however many
expressions share it, and a node carries only the variables it depends on. Relations, connectives,
``floor``, ``ceiling`` and ``quotient`` are piecewise constant, so their derivative is 0; piecewise,
``min`` and ``max`` differentiate piece by piece and keep their conditions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sigmapath.errors import ModelError
from sigmapath.expr.nodes import (
    BOOLEAN_OPS,
    ONE,
    TIME,
    ZERO,
    Expr,
    apply,
    number,
    postorder,
    symbol,
)
from sigmapath.expr.simplify import add, div, mul, neg, power, simplify_node

__all__ = ["Row", "derivative", "differentiate", "gradient"]

# Derivatives by variable; the keys are leaves: symbols or the time.
Row = Mapping[Expr, Expr]

_EMPTY: Row = {}
_STEPS = BOOLEAN_OPS | {"floor", "ceiling", "quotient", "num"}


def _one_minus_square(x: Expr) -> Expr:
    return add(ONE, neg(power(x, number(2.0))))


def _square(x: Expr) -> Expr:
    return power(x, number(2.0))


def _sqrt(x: Expr) -> Expr:
    return apply("sqrt", x)


def _factorial_slope(x: Expr) -> Expr:
    # The language has no digamma function. A central difference with h = 1e-4 is exact to about
    # 1e-8 relative, ample for a Jacobian; the value itself is not touched.
    h = number(1e-4)
    above, below = apply("factorial", add(x, h)), apply("factorial", add(x, neg(h)))
    return div(add(above, neg(below)), number(2e-4))


# d f(x) / dx of the functions of one argument (Abramowitz and Stegun 1964, 3.3, 4.3-4.6).
# The second argument is the node f(x) itself, to be shared.
_SLOPES: dict[str, Callable[[Expr, Expr], Expr]] = {
    "abs": lambda x, f: apply("piecewise", -ONE, apply("lt", x, ZERO), ONE),
    "exp": lambda x, f: f,
    "ln": lambda x, f: div(ONE, x),
    "log10": lambda x, f: div(ONE, mul(apply("ln", number(10.0)), x)),
    "sqrt": lambda x, f: div(number(0.5), f),
    "factorial": lambda x, f: _factorial_slope(x),
    "sin": lambda x, f: apply("cos", x),
    "cos": lambda x, f: neg(apply("sin", x)),
    "tan": lambda x, f: add(ONE, _square(f)),
    "sec": lambda x, f: mul(f, apply("tan", x)),
    "csc": lambda x, f: neg(mul(f, apply("cot", x))),
    "cot": lambda x, f: neg(add(ONE, _square(f))),
    "sinh": lambda x, f: apply("cosh", x),
    "cosh": lambda x, f: apply("sinh", x),
    "tanh": lambda x, f: _one_minus_square(f),
    "sech": lambda x, f: neg(mul(f, apply("tanh", x))),
    "csch": lambda x, f: neg(mul(f, apply("coth", x))),
    "coth": lambda x, f: _one_minus_square(f),
    "arcsin": lambda x, f: div(ONE, _sqrt(_one_minus_square(x))),
    "arccos": lambda x, f: neg(div(ONE, _sqrt(_one_minus_square(x)))),
    "arctan": lambda x, f: div(ONE, add(ONE, _square(x))),
    "arccot": lambda x, f: neg(div(ONE, add(ONE, _square(x)))),
    "arcsec": lambda x, f: div(ONE, mul(_square(x), _sqrt(_one_minus_square(div(ONE, x))))),
    "arccsc": lambda x, f: neg(div(ONE, mul(_square(x), _sqrt(_one_minus_square(div(ONE, x)))))),
    "arcsinh": lambda x, f: div(ONE, _sqrt(add(_square(x), ONE))),
    "arccosh": lambda x, f: div(ONE, mul(_sqrt(add(x, neg(ONE))), _sqrt(add(x, ONE)))),
    "arctanh": lambda x, f: div(ONE, _one_minus_square(x)),
    "arcsech": lambda x, f: neg(div(ONE, mul(x, _sqrt(_one_minus_square(x))))),
    "arccsch": lambda x, f: neg(div(ONE, mul(_square(x), _sqrt(add(ONE, div(ONE, _square(x))))))),
    "arccoth": lambda x, f: div(ONE, _one_minus_square(x)),
}


def _scaled(row: Row, factor: Expr) -> Row:
    return {variable: mul(slope, factor) for variable, slope in row.items()}


def _sum_of(rows: Iterable[Row]) -> Row:
    terms: dict[Expr, list[Expr]] = {}
    for row in rows:
        for variable, slope in row.items():
            terms.setdefault(variable, []).append(slope)
    return {
        variable: parts[0] if len(parts) == 1 else add(*parts) for variable, parts in terms.items()
    }


def _product(node: Expr, rows: list[Row]) -> Row:
    args = node.args
    return _sum_of(
        _scaled(row, mul(*args[:i], *args[i + 1 :])) for i, row in enumerate(rows) if row
    )


def _quotient(node: Expr, rows: list[Row]) -> Row:
    (top, bottom), (top_row, bottom_row) = node.args, rows
    over_bottom = {variable: div(slope, bottom) for variable, slope in top_row.items()}
    if not bottom_row:
        return over_bottom
    ratio = neg(div(div(top, bottom), bottom))
    return _sum_of([over_bottom, _scaled(bottom_row, ratio)])


def _power(node: Expr, rows: list[Row]) -> Row:
    (base, exponent), (base_row, exponent_row) = node.args, rows
    parts: list[Row] = []
    if base_row:
        less = add(exponent, number(-1.0))
        parts.append(_scaled(base_row, mul(exponent, power(base, less))))
    if exponent_row:
        # x^n ln(x) tends to 0 with x for n > 0, but is 0 * -inf when computed there.
        grows = apply("gt", base, ZERO)
        slope = apply("piecewise", mul(node, apply("ln", base)), grows, ZERO)
        parts.append(_scaled(exponent_row, slope))
    return _sum_of(parts)


def _pieces(node: Expr, values: list[Row], conditions: tuple[Expr, ...]) -> Row:
    """Derivative piece by piece; an otherwise is a value more than there are conditions."""
    variables = dict.fromkeys(variable for row in values for variable in row)
    result: dict[Expr, Expr] = {}
    for variable in variables:
        args: list[Expr] = []
        for k, row in enumerate(values):
            args.append(row.get(variable, ZERO))
            args += conditions[k : k + 1]
        slope = simplify_node(node, tuple(args))
        if slope is not ZERO:
            result[variable] = slope
    return result


def _extremum(node: Expr, rows: list[Row]) -> Row:
    """``max(a, b, c)`` is a where a >= b and a >= c, else b where b >= c, else c."""
    relation = "ge" if node.op == "max" else "le"
    args = node.args
    conditions = []
    for i in range(len(args) - 1):
        wins = [apply(relation, args[i], other) for other in args[i + 1 :]]
        conditions.append(wins[0] if len(wins) == 1 else apply("and", *wins))
    return _pieces(apply("piecewise", ZERO), rows, tuple(conditions))


def _row(node: Expr, rows: list[Row]) -> Row:
    """Derivatives of a node from those of its arguments, at least one of which is not empty."""
    match node.op:
        case "add":
            return _sum_of(rows)
        case "neg":
            return {variable: neg(slope) for variable, slope in rows[0].items()}
        case "mul":
            return _product(node, rows)
        case "div":
            return _quotient(node, rows)
        case "pow":
            return _power(node, rows)
        case "piecewise":
            return _pieces(node, rows[::2], node.args[1::2])
        case "min" | "max":
            return _extremum(node, rows)
        case "rem":
            minus_quotient = neg(apply("quotient", *node.args))
            return _sum_of([rows[0], _scaled(rows[1], minus_quotient)])
        case _:
            if node.op not in _SLOPES:
                raise ModelError(f"{node.op} has no derivative", found=repr(node)[:100])
            return _scaled(rows[0], _SLOPES[node.op](node.args[0], node))


def differentiate(
    roots: Iterable[Expr], leaves: Mapping[Expr, Row], known: dict[Expr, Row] | None = None
) -> list[Row]:
    """Derivatives of expressions by the chain rule.

    Parameters
    ----------
    roots : iterable of Expr
        Free of function calls, ``delay`` and ``rateOf``.
    leaves : mapping leaf -> {variable: derivative}
        What symbols (and the time) depend on; a leaf that is not listed is constant. A variable
        itself is ``{x: {x: ONE}}``; a defined quantity carries the row of its definition.
    known : dict, optional
        Rows found so far, shared between calls with the same ``leaves``; extended in place.

    Returns
    -------
    list of {variable: derivative}
        One row per root, without zero entries, in order of first appearance.

    Raises
    ------
    ModelError
        If an operator without a derivative depends on a variable.
    """
    rows: dict[Expr, Row] = {} if known is None else known
    roots = list(roots)
    for node in postorder(roots, rows):
        if node.op in _STEPS:
            rows[node] = _EMPTY
        elif not node.args:
            rows[node] = leaves.get(node, _EMPTY)
        else:
            inner = [rows[argument] for argument in node.args]
            row = _row(node, inner) if any(inner) else _EMPTY
            rows[node] = {v: slope for v, slope in row.items() if slope is not ZERO}
    return [rows[root] for root in roots]


def gradient(root: Expr, variables: Iterable[str]) -> dict[str, Expr]:
    """Derivatives of one expression by the named symbols; zero ones are left out."""
    leaves: dict[Expr, Row] = {}
    for name in variables:
        leaf = symbol(name)
        leaves[leaf] = {leaf: ONE}
    (row,) = differentiate([root], leaves)
    return {str(variable.value): slope for variable, slope in row.items()}


def derivative(root: Expr, variable: str | Expr) -> Expr:
    """Derivative of one expression by one symbol, or by the time (pass the node ``TIME``)."""
    leaf = symbol(variable) if isinstance(variable, str) else variable
    if leaf is not TIME and leaf.op != "sym":
        raise ValueError("the variable must be a symbol or the time")
    (row,) = differentiate([root], {leaf: {leaf: ONE}})
    return row.get(leaf, ZERO)
