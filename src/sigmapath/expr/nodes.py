"""The closed expression language: immutable, hash-consed nodes.

Enters: mathematics from any front end. Leaves: nodes that every later stage shares. Two equal
expressions are the same object, so equality is identity, hashing is free and a pass over a graph
visits every shared subexpression once.

The language is that of SBML MathML: real numbers only, booleans are 1.0 and 0.0.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any
from weakref import WeakValueDictionary

__all__ = [
    "ARITY",
    "BOOLEAN_OPS",
    "FALSE",
    "NAN",
    "ONE",
    "TIME",
    "TRUE",
    "ZERO",
    "Expr",
    "ExprLike",
    "apply",
    "as_expr",
    "free_symbols",
    "number",
    "postorder",
    "symbol",
]

# op -> (fewest, most) arguments; None is "any number".
_UNARY = tuple(
    "neg abs exp ln log10 sqrt floor ceiling factorial "  # noqa: SIM905
    "sin cos tan sec csc cot sinh cosh tanh sech csch coth "
    "arcsin arccos arctan arcsec arccsc arccot "
    "arcsinh arccosh arctanh arcsech arccsch arccoth not rateof".split()
)
_BINARY = ["div", "pow", "quotient", "rem", "lt", "le", "gt", "ge", "eq", "ne", "implies", "delay"]
_NARY = ["add", "mul", "min", "max", "and", "or", "xor"]

ARITY: dict[str, tuple[int, int | None]] = {
    "num": (0, 0),
    "sym": (0, 0),
    "time": (0, 0),
    **{op: (1, 1) for op in _UNARY},
    **{op: (2, 2) for op in _BINARY},
    **{op: (0, None) for op in _NARY},
    # value1, condition1, value2, condition2, ..., [otherwise]; NaN where nothing applies.
    "piecewise": (1, None),
    # A call of a function definition; the name is in ``value``.
    "call": (0, None),
    # A random number: its distribution is in ``value``, arguments as the SBML package distrib has
    # them. Equal draws are one node, yet every place it stands in is a draw of its own.
    "draw": (1, 4),
}

BOOLEAN_OPS = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not", "implies"})


# What __repr__ shows at most; a shared graph can be exponentially larger as text, and a debugger or
# a failing test must not hang on it. sigmapath.expr.render writes whole expressions.
_REPR_NODES = 200
_REPR_DEPTH = 50


class Expr:
    """One node: an operator and its arguments, or a number, or the name of a quantity.

    Attributes
    ----------
    op : str
        Key of :data:`ARITY`.
    args : tuple of Expr
        Arguments, empty for leaves.
    value : float or str or None
        The number of "num", the id of "sym", the function of "call", the distribution of "draw",
        otherwise None.
    """

    __slots__ = ("__weakref__", "args", "op", "value")

    op: str
    args: tuple[Expr, ...]
    value: float | str | None

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("expressions are immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return _intern, (self.op, self.args, self.value)

    def __repr__(self) -> str:
        return _text(self, [_REPR_NODES], 0)

    def __add__(self, other: ExprLike) -> Expr:
        return apply("add", self, other)

    def __radd__(self, other: ExprLike) -> Expr:
        return apply("add", other, self)

    def __sub__(self, other: ExprLike) -> Expr:
        return apply("add", self, apply("neg", other))

    def __rsub__(self, other: ExprLike) -> Expr:
        return apply("add", other, apply("neg", self))

    def __mul__(self, other: ExprLike) -> Expr:
        return apply("mul", self, other)

    def __rmul__(self, other: ExprLike) -> Expr:
        return apply("mul", other, self)

    def __truediv__(self, other: ExprLike) -> Expr:
        return apply("div", self, other)

    def __rtruediv__(self, other: ExprLike) -> Expr:
        return apply("div", other, self)

    def __pow__(self, other: ExprLike) -> Expr:
        return apply("pow", self, other)

    def __rpow__(self, other: ExprLike) -> Expr:
        return apply("pow", other, self)

    def __neg__(self) -> Expr:
        return apply("neg", self)


def _text(node: Expr, left: list[int], depth: int) -> str:
    left[0] -= 1
    if left[0] < 0 or depth > _REPR_DEPTH:
        return "…"
    if node.op in ("num", "sym"):
        return str(node.value)
    if node.op == "time":
        return "time"
    parts = []
    for argument in node.args:
        parts.append(_text(argument, left, depth + 1))
        if left[0] < 0:
            break
    return f"{node.value if node.op in ('call', 'draw') else node.op}({', '.join(parts)})"


ExprLike = Expr | float | int | str

_interned: WeakValueDictionary[tuple[Any, ...], Expr] = WeakValueDictionary()


def _intern(op: str, args: tuple[Expr, ...], value: float | str | None) -> Expr:
    # repr tells -0.0 from 0.0 and makes all NaN one node, which float equality would not.
    key = (op, tuple(map(id, args)), repr(value))
    node = _interned.get(key)
    if node is None:
        fresh = object.__new__(Expr)
        object.__setattr__(fresh, "op", op)
        object.__setattr__(fresh, "args", args)
        object.__setattr__(fresh, "value", value)
        node = _interned.setdefault(key, fresh)
    return node


def number(value: float) -> Expr:
    """Return the node of a real number."""
    return _intern("num", (), float(value))


def symbol(name: str) -> Expr:
    """Return the node of a quantity of the model, by its id."""
    return _intern("sym", (), name)


def as_expr(value: ExprLike) -> Expr:
    """Return ``value`` as a node: numbers become "num", text becomes the symbol of that id."""
    if isinstance(value, Expr):
        return value
    return symbol(value) if isinstance(value, str) else number(value)


def apply(op: str, *args: ExprLike, name: str | None = None) -> Expr:
    """Return ``op(args...)``; nothing is simplified.

    Parameters
    ----------
    op : str
        Key of :data:`ARITY`.
    *args : Expr, number or id
        Arguments.
    name : str, optional
        The function definition that "call" calls, the distribution of "draw".

    Raises
    ------
    ValueError
        If the operator is unknown or takes another number of arguments.
    """
    if op not in ARITY:
        raise ValueError(f"unknown operator {op!r}")
    fewest, most = ARITY[op]
    if len(args) < fewest or (most is not None and len(args) > most):
        raise ValueError(f"{op} takes {fewest} argument(s), got {len(args)}")
    return _intern(op, tuple(as_expr(argument) for argument in args), name)


TIME = _intern("time", (), None)
ZERO = number(0.0)
ONE = number(1.0)
NAN = number(float("nan"))
TRUE = ONE
FALSE = ZERO


def postorder(roots: Iterable[Expr], known: Container[Expr] = ()) -> Iterator[Expr]:
    """Yield every distinct node below ``roots`` once, arguments before their users.

    Nodes in ``known`` are left out, with what is only below them. The order depends on the
    expressions only. Iterative, so depth is no limit.
    """
    seen: set[Expr] = set()
    # A node alone is still to be opened, in a tuple it follows its arguments.
    stack: list[Expr | tuple[Expr]] = []
    for root in roots:
        stack.append(root)
        while stack:
            node = stack.pop()
            if isinstance(node, tuple):
                yield node[0]
            elif node not in seen and node not in known:
                seen.add(node)
                if node.args:
                    stack.append((node,))
                    stack.extend(node.args[::-1])
                else:
                    yield node


def free_symbols(*roots: Expr) -> frozenset[str]:
    """Ids of all quantities that the expressions mention."""
    return frozenset(str(node.value) for node in postorder(roots) if node.op == "sym")
