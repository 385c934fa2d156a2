"""Expressions to value-numbered operations.

Enters: expressions over ids. Leaves: nodes of a :class:`~sigmapath.codegen.graph.Graph`. Called by
:mod:`sigmapath.codegen.assemble`.

What is rewritten on the way, and what that costs in accuracy (u = 2**-53):

- Factors that depend on parameters alone are gathered: ``k * S / V`` becomes ``(k / V) * S``, whose
  first factor is worked out once per parameter set. At most one rounding is added, 1.5 u instead of
  1 u; products that overflow or underflow by themselves (beyond 1e308) may differ.
- Powers: see :mod:`sigmapath.codegen.powers`.
- Reciprocal functions follow their definitions: sec x = 1/cos x, arccot x = arctan(1/x), ...
  (SBML Level 3 Version 2 core, section 3.4.6; the branches of Abramowitz & Stegun 4.4 and 4.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from sigmapath.codegen.graph import Graph, Reach
from sigmapath.codegen.powers import power
from sigmapath.errors import CodegenError
from sigmapath.expr.nodes import Expr

__all__ = ["Translator"]

# expression operator -> block operation with the same argument.
_SAME = {
    "abs": "abs",
    "exp": "exp",
    "ln": "log",
    "log10": "log10",
    "sqrt": "sqrt",
    "floor": "floor",
    "ceiling": "ceil",
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "sinh": "sinh",
    "cosh": "cosh",
    "tanh": "tanh",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
}
# f(x) = 1 / g(x)
_RECIPROCAL = {
    "sec": "cos",
    "csc": "sin",
    "cot": "tan",
    "sech": "cosh",
    "csch": "sinh",
    "coth": "tanh",
}
# f(x) = g(1 / x)
_OF_RECIPROCAL = {
    "arcsec": "acos",
    "arccsc": "asin",
    "arccot": "atan",
    "arcsech": "acosh",
    "arccsch": "asinh",
    "arccoth": "atanh",
}
_RELATIONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
_FACTORED = frozenset({"mul", "div", "neg"})


class _Form(NamedTuple):
    """A product: parameters_top / parameters_bottom * top / bottom."""

    parameters_top: tuple[int, ...]
    parameters_bottom: tuple[int, ...]
    top: int | None
    bottom: int | None

    @property
    def has_parameters(self) -> bool:
        return bool(self.parameters_top or self.parameters_bottom)


class Translator:
    """Adds expressions to a graph; remembers what it has seen.

    Parameters
    ----------
    graph : Graph
        Grows in place.
    symbols : mapping str -> int
        The node of every id; :meth:`define` adds to a copy of it.
    non_negative : collection of int
        Nodes of the states that are promised to be non-negative.
    where : str
        Model id, for messages.
    """

    def __init__(
        self,
        graph: Graph,
        symbols: Mapping[str, int],
        *,
        non_negative: Iterable[int] = (),
        where: str = "",
    ) -> None:
        self.graph = graph
        self.symbols = dict(symbols)
        self._non_negative = frozenset(non_negative)
        self._where = where
        self._nodes: dict[Expr, int] = {}
        self._forms: dict[Expr, _Form] = {}

    def copy(self, graph: Graph) -> Translator:
        """Return a translator that goes on from here into ``graph``, a copy of this one's."""
        twin = Translator(graph, self.symbols, non_negative=self._non_negative, where=self._where)
        twin._nodes = dict(self._nodes)
        twin._forms = dict(self._forms)
        return twin

    def define(self, name: str, node: int) -> None:
        """Let the id ``name`` mean ``node`` from here on."""
        self.symbols[name] = node

    def node(self, expression: Expr) -> int:
        """Return the node of an expression; iterative, so depth is no limit."""
        nodes = self._nodes
        stack = [expression]
        while stack:
            current = stack[-1]
            if current in nodes:
                stack.pop()
                continue
            waiting = [argument for argument in current.args if argument not in nodes]
            if waiting:
                stack.extend(reversed(waiting))
            else:
                nodes[current] = self._translate(current)
                stack.pop()
        return nodes[expression]

    def number(self, expression: Expr) -> int:
        """Return the node of an expression as a number (truth values as 1.0 and 0.0)."""
        return self.graph.number(self.node(expression))

    def _translate(self, expression: Expr) -> int:
        op = expression.op
        graph = self.graph
        if op == "num":
            return graph.constant(float(expression.value or 0.0))
        if op == "sym":
            return self._symbol(str(expression.value))
        if op == "time":
            return graph.load("t", 0, Reach.VARYING)
        if op in _FACTORED:
            form = self._form(expression)
            self._forms[expression] = form
            return self._value(form)
        if op in _RELATIONS or op in _LOGIC:
            return self._logical(expression)
        if op == "piecewise":
            return self._piecewise(expression)
        arguments = [graph.number(self._nodes[a]) for a in expression.args]
        if op in _SAME:
            return graph.op(_SAME[op], *arguments)
        if op in _RECIPROCAL:
            return graph.quotient(graph.constant(1.0), graph.op(_RECIPROCAL[op], *arguments))
        if op in _OF_RECIPROCAL:
            inverse = graph.quotient(graph.constant(1.0), *arguments)
            return graph.op(_OF_RECIPROCAL[op], inverse)
        if op == "pow":
            base, exponent = arguments
            return power(graph, base, exponent, self._non_negative)
        if op in _NUMERIC:
            return _NUMERIC[op](graph, arguments)
        raise CodegenError(
            f"the operator {op!r} has no machine form",
            where=self._where,
            expected="an expression whose calls, delays and rates lowering has replaced",
        )

    def _symbol(self, name: str) -> int:
        try:
            return self.symbols[name]
        except KeyError:
            raise CodegenError(
                "a formula uses an id that is no parameter, state or earlier definition",
                where=self._where,
                found=name,
            ) from None

    # -- products ------------------------------------------------------------------------------

    def _form(self, expression: Expr) -> _Form:
        if expression.op == "neg":
            inner = self._factor(expression.args[0], may_open=True)
            return inner._replace(parameters_top=(self.graph.constant(-1.0), *inner.parameters_top))
        opened = self._may_open(expression.args)
        factors = [self._factor(argument, may_open=opened) for argument in expression.args]
        if expression.op == "div":
            return self._quotient_form(*factors)
        form = _Form((), (), None, None)
        for factor in factors:
            form = self._product_form(form, factor)
        return form

    def _may_open(self, arguments: tuple[Expr, ...]) -> bool:
        """Whether taking nested products apart brings parameters together.

        Otherwise they stay whole, so that other formulas can share them.
        """
        count = 0
        for argument in arguments:
            form = self._forms.get(argument)
            if form is not None:
                count += form.has_parameters
            else:
                count += self.graph.reach[self._nodes[argument]] is not Reach.VARYING
        return count > 1

    def _factor(self, argument: Expr, *, may_open: bool) -> _Form:
        form = self._forms.get(argument)
        if form is not None and may_open:
            return form
        node = self.graph.number(self._nodes[argument])
        if self.graph.reach[node] is Reach.VARYING:
            return _Form((), (), node, None)
        return _Form((node,), (), None, None)

    def _varying(self, form: _Form) -> int | None:
        if form.bottom is None:
            return form.top
        top = self.graph.constant(1.0) if form.top is None else form.top
        return self.graph.quotient(top, form.bottom)

    def _product_form(self, left: _Form, right: _Form) -> _Form:
        if left.bottom is not None and right.bottom is not None:
            # (a/b) * (c/d) keeps its two divisions: b*d could overflow where the quotients do not.
            top: int | None = self.graph.product(self._some(left), self._some(right))
            bottom = None
        else:
            tops = [node for node in (left.top, right.top) if node is not None]
            top = self.graph.product(*tops) if len(tops) == 2 else (tops[0] if tops else None)
            bottom = left.bottom if left.bottom is not None else right.bottom
        return _Form(
            left.parameters_top + right.parameters_top,
            left.parameters_bottom + right.parameters_bottom,
            top,
            bottom,
        )

    def _some(self, form: _Form) -> int:
        node = self._varying(form)
        return self.graph.constant(1.0) if node is None else node

    def _quotient_form(self, left: _Form, right: _Form) -> _Form:
        divisor = self._varying(right)
        if divisor is None:
            top, bottom = left.top, left.bottom
        elif left.bottom is None:
            top, bottom = left.top, divisor
        else:
            top, bottom = self._varying(left), divisor
        return _Form(
            left.parameters_top + right.parameters_bottom,
            left.parameters_bottom + right.parameters_top,
            top,
            bottom,
        )

    def _value(self, form: _Form) -> int:
        graph = self.graph
        factor = self._product(form.parameters_top)
        if form.parameters_bottom:
            factor = graph.quotient(factor, self._product(form.parameters_bottom))
        value = factor if form.top is None else graph.product(factor, form.top)
        return value if form.bottom is None else graph.quotient(value, form.bottom)

    def _product(self, nodes: Iterable[int]) -> int:
        value = self.graph.constant(1.0)
        for node in nodes:
            value = self.graph.product(value, node)
        return value

    # -- truth values --------------------------------------------------------------------------

    def _logical(self, expression: Expr) -> int:
        graph, op = self.graph, expression.op
        if op in _RELATIONS:
            return graph.op(op, *(graph.number(self._nodes[a]) for a in expression.args))
        arguments = [graph.truth(self._nodes[a]) for a in expression.args]
        if op == "not":
            return graph.op("not", arguments[0])
        if op == "implies":
            return graph.op("or", graph.op("not", arguments[0]), arguments[1])
        if not arguments:
            # The empty "and" is true, the empty "or" and "xor" are false (MathML 2, 4.4.3).
            return graph.truth(graph.constant(1.0 if op == "and" else 0.0))
        value = arguments[0]
        for argument in arguments[1:]:
            value = graph.op(op, value, argument)
        return value

    def _piecewise(self, expression: Expr) -> int:
        graph = self.graph
        nodes = [self._nodes[a] for a in expression.args]
        last = nodes.pop() if len(nodes) % 2 else None
        value = graph.constant(float("nan")) if last is None else graph.number(last)
        for k in range(len(nodes) - 2, -1, -2):
            condition = graph.truth(nodes[k + 1])
            value = graph.op("select", condition, graph.number(nodes[k]), value)
        return value


def _chain(operation: str, empty: float) -> Callable[[Graph, list[int]], int]:
    def build(graph: Graph, arguments: list[int]) -> int:
        if not arguments:
            return graph.constant(empty)
        value = arguments[0]
        for argument in arguments[1:]:
            value = graph.op(operation, value, argument)
        return value

    return build


def _sum(graph: Graph, arguments: list[int]) -> int:
    value = arguments[0] if arguments else graph.constant(0.0)
    for argument in arguments[1:]:
        value = graph.sum(value, argument)
    return value


def _factorial(graph: Graph, arguments: list[int]) -> int:
    return graph.op("tgamma", graph.op("add", arguments[0], graph.constant(1.0)))


def _quotient(graph: Graph, arguments: list[int]) -> int:
    return graph.op("trunc", graph.op("div", *arguments))


def _remainder(graph: Graph, arguments: list[int]) -> int:
    return graph.op("fmod", *arguments)


_LOGIC = frozenset({"and", "or", "xor", "not", "implies"})
_NUMERIC: dict[str, Callable[[Graph, list[int]], int]] = {
    "add": _sum,
    # The smallest and greatest of nothing, as neutral elements.
    "min": _chain("minimum", float("inf")),
    "max": _chain("maximum", float("-inf")),
    "factorial": _factorial,
    "quotient": _quotient,
    "rem": _remainder,
}
