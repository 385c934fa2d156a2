"""Evaluate expressions numerically: the reference meaning of every operator.

Enters: an expression and values of its symbols, floats or arrays that broadcast. Leaves: a float or
an array. Called by tests, by constant folding and by checks; models run on generated code.

Meanings follow SBML L3V2 section 3.4: a piecewise without a piece that applies is NaN; relations
and connectives are 1.0 and 0.0 and any nonzero number counts as true; ``quotient`` truncates
towards zero and ``rem`` takes the sign of the dividend; ``factorial`` is the gamma function of
x + 1; relations of more than two arguments become "and" in the reader.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from sigmapath.errors import ModelError, UnknownNameError
from sigmapath.expr.nodes import Expr, postorder

__all__ = ["FUNCTIONS", "evaluate", "evaluate_many"]

_gamma = np.frompyfunc(lambda x: _gamma_of(x + 1.0), 1, 1)


def _gamma_of(x: float) -> float:
    try:
        return math.gamma(x)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


def _truth(x: Any) -> Any:
    return np.not_equal(x, 0.0)


def _factorial(x: Any) -> Any:
    return np.asarray(_gamma(x), dtype=float)


def _rem(a: Any, b: Any) -> Any:
    return np.fmod(a, b)


def _piecewise(*args: Any) -> Any:
    value: Any = args[-1] if len(args) % 2 else np.nan
    pieces = args[: len(args) - len(args) % 2]
    for k in range(len(pieces) - 2, -1, -2):
        value = np.where(_truth(pieces[k + 1]), pieces[k], value)
    return value


def _folded(function: Callable[[Any, Any], Any], empty: float) -> Callable[..., Any]:
    return lambda *args: reduce(function, args) if args else empty


def _relation(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: np.where(function(a, b), 1.0, 0.0)


def _connective(function: Callable[[Any, Any], Any], empty: bool) -> Callable[..., Any]:
    return lambda *args: np.where(reduce(function, map(_truth, args), empty), 1.0, 0.0)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "neg": np.negative,
    "abs": np.abs,
    "exp": np.exp,
    "ln": np.log,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "ceiling": np.ceil,
    "factorial": _factorial,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sec": lambda x: 1.0 / np.cos(x),
    "csc": lambda x: 1.0 / np.sin(x),
    "cot": lambda x: 1.0 / np.tan(x),
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sech": lambda x: 1.0 / np.cosh(x),
    "csch": lambda x: 1.0 / np.sinh(x),
    "coth": lambda x: 1.0 / np.tanh(x),
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "arcsec": lambda x: np.arccos(1.0 / x),
    "arccsc": lambda x: np.arcsin(1.0 / x),
    # The branch with values in (-pi/2, pi/2], as in Abramowitz and Stegun (1964) 4.4.8.
    "arccot": lambda x: np.arctan(1.0 / x),
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "arcsech": lambda x: np.arccosh(1.0 / x),
    "arccsch": lambda x: np.arcsinh(1.0 / x),
    "arccoth": lambda x: np.arctanh(1.0 / x),
    "not": lambda x: np.where(_truth(x), 0.0, 1.0),
    "div": np.divide,
    "pow": np.power,
    "quotient": lambda a, b: np.trunc(np.divide(a, b)),
    "rem": _rem,
    "lt": _relation(np.less),
    "le": _relation(np.less_equal),
    "gt": _relation(np.greater),
    "ge": _relation(np.greater_equal),
    "eq": _relation(np.equal),
    "ne": _relation(np.not_equal),
    "implies": lambda a, b: np.where(np.logical_or(~_truth(a), _truth(b)), 1.0, 0.0),
    "add": _folded(np.add, 0.0),
    "mul": _folded(np.multiply, 1.0),
    "min": _folded(np.minimum, math.inf),
    "max": _folded(np.maximum, -math.inf),
    "and": _connective(np.logical_and, True),
    "or": _connective(np.logical_or, False),
    "xor": _connective(np.logical_xor, False),
    "piecewise": _piecewise,
}


def evaluate(root: Expr, values: Mapping[str, Any], time: Any = 0.0) -> Any:
    """Value of one expression.

    Parameters
    ----------
    root : Expr
        Free of function calls, ``delay`` and ``rateOf``.
    values : mapping str -> float or ndarray
        Values of the symbols; arrays broadcast against each other. Complex numbers pass through
        the smooth operators, which complex-step derivatives use.
    time : float or ndarray
        Value of the time symbol.

    Returns
    -------
    float or ndarray

    Raises
    ------
    UnknownNameError
        If a symbol has no value.
    ModelError
        If the expression holds a call, a delay or a rate of change.
    """
    return evaluate_many([root], values, time)[0]


def evaluate_many(roots: list[Expr], values: Mapping[str, Any], time: Any = 0.0) -> list[Any]:
    """Values of several expressions; shared subexpressions are evaluated once."""
    done: dict[Expr, Any] = {}
    with np.errstate(all="ignore"):
        for node in postorder(roots):
            done[node] = _value(node, [done[a] for a in node.args], values, time)
    return [_plain(done[root]) for root in roots]


def _value(node: Expr, args: list[Any], values: Mapping[str, Any], time: Any) -> Any:
    if node.op == "num":
        return np.float64(float(node.value or 0.0))
    if node.op == "sym":
        name = str(node.value)
        if name not in values:
            raise UnknownNameError("quantity", name, values)
        value = values[name]
        return value if isinstance(value, np.ndarray) else np.asarray(value)[()]
    if node.op == "time":
        return np.asarray(time, dtype=float)[()]
    function = FUNCTIONS.get(node.op)
    if function is None:
        raise ModelError(f"{node.op} cannot be evaluated outside a model", found=repr(node)[:100])
    return function(*args)


def _plain(value: Any) -> Any:
    array = np.asarray(value)
    return array[()].item() if array.ndim == 0 else array
