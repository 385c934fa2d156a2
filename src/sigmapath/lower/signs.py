"""Which states can never fall below zero.

Enters: states, definitions, derivatives. Leaves: for each state whether the model promises that it
stays at or above zero. The promise is quasi-positivity: a system that starts non-negative stays so
if no derivative is negative where its own state is zero and the others are not negative (Haddad,
Chellaboina and Hui, "Nonnegative and Compartmental Dynamical Systems", 2010, chapter 2).

Signs are worked out from the form of the expressions, so a promise that only algebra could prove is
not given. Parameters count as non-negative if their value is, like the rate constants they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sigmapath.expr.evaluate import evaluate
from sigmapath.expr.nodes import BOOLEAN_OPS, Expr, postorder
from sigmapath.lower.system import Definition, Quantity

__all__ = ["promised_non_negative"]

# (can be negative, can be positive)
Sign = tuple[bool, bool]
_ZERO: Sign = (False, False)
_UP: Sign = (False, True)
_DOWN: Sign = (True, False)
_ANY: Sign = (True, True)

_NEVER_NEGATIVE = BOOLEAN_OPS | {"exp", "cosh", "sech", "arccos", "arccosh", "arcsech"}
_ODD = {"sinh", "tanh", "arctan", "arcsinh", "quotient", "floor", "ceiling"}
# A definition that depends on more states than this (a grand total) is not looked at again with
# one of them at zero; its general sign holds there too.
_LARGE = 64
_MOST_ROUNDS = 20


def _any_of(signs: Sequence[Sign]) -> Sign:
    return any(s[0] for s in signs), any(s[1] for s in signs)


def _product(signs: Sequence[Sign]) -> Sign:
    result = _UP
    for sign in signs:
        result = (
            (result[0] and sign[1]) or (result[1] and sign[0]),
            (result[0] and sign[0]) or (result[1] and sign[1]),
        )
    return result


def _number_sign(value: float) -> Sign:
    return _ANY if value != value else (value < 0.0, value > 0.0)


def _power(base: Sign, exponent: Expr) -> Sign:
    value = float(exponent.value or 0.0) if exponent.op == "num" else 0.0
    if base == _ZERO and value > 0.0:
        return _ZERO
    if not base[0] or (exponent.op == "num" and value % 2.0 == 0.0):
        return _UP
    return _ANY


def _node_sign(node: Expr, signs: Sequence[Sign]) -> Sign:
    if node.args and all(argument.op == "num" for argument in node.args):
        return _number_sign(float(evaluate(node, {})))
    match node.op:
        case "num":
            return _number_sign(float(node.value or 0.0))
        case "time":
            return _UP
        case "add" | "min" | "max":
            return _any_of(signs)
        case "neg":
            return signs[0][1], signs[0][0]
        case "mul" | "div":
            return _product(signs)
        case "pow":
            return _power(signs[0], node.args[1])
        case "abs" | "sqrt":
            return _ZERO if signs[0] == _ZERO else _UP
        case "piecewise":
            return _any_of([*signs[:-1:2], *signs[len(signs) - len(signs) % 2 :]])
        case op if op in _NEVER_NEGATIVE:
            return _UP
        case op if op in _ODD and not signs[0][0] and not any(s[0] for s in signs):
            return signs[0]
    return _ANY


@dataclass(slots=True)
class _Signs:
    """Signs of symbols, of definitions in general, and the states each definition depends on."""

    symbols: dict[str, Sign]
    definitions: Mapping[str, Definition]
    depends: Mapping[str, frozenset[str]]
    general: dict[Expr, Sign] = field(default_factory=dict)

    def of(self, root: Expr, zero: str = "") -> Sign:
        """Sign of an expression, where state ``zero`` is zero if one is given."""
        if not zero:
            return self._walk(root, "", self.general, {})
        return self._walk(root, zero, {}, {})

    def _walk(
        self,
        root: Expr,
        zero: str,
        done: dict[Expr, Sign],
        defined: dict[str, Sign],
        depth: int = 0,
    ) -> Sign:
        for node in postorder([root], done):
            if node.op == "sym":
                done[node] = self._symbol(str(node.value), zero, done, defined, depth)
            else:
                done[node] = _node_sign(node, [done[a] for a in node.args])
        return done[root]

    def _symbol(
        self, name: str, zero: str, done: dict[Expr, Sign], defined: dict[str, Sign], depth: int
    ) -> Sign:
        if zero and name == zero:
            return _ZERO
        states = self.depends.get(name, frozenset())
        if zero in states and len(states) <= _LARGE and depth < 30:
            if name not in defined:
                math = self.definitions[name].math
                defined[name] = self._walk(math, zero, done, defined, depth + 1)
            return defined[name]
        return self.symbols.get(name, _ANY)


def _dependencies(
    states: Sequence[Quantity], definitions: Sequence[Definition]
) -> dict[str, frozenset[str]]:
    """States that each definition depends on; all of a large set are not told apart."""
    own = {state.id for state in states}
    found: dict[str, frozenset[str]] = {}
    for definition in definitions:
        used: set[str] = set()
        for node in postorder([definition.math]):
            if node.op == "sym":
                name = str(node.value)
                used |= {name} if name in own else found.get(name, frozenset())
        found[definition.id] = frozenset(used)
    return found


def _signs(
    parameters: Sequence[Quantity],
    states: Sequence[Quantity],
    definitions: Sequence[Definition],
    depends: Mapping[str, frozenset[str]],
    promised: set[str],
) -> _Signs:
    symbols = {item.id: (_ANY if item.value < 0.0 else _UP) for item in parameters}
    symbols |= {item.id: (_UP if item.id in promised else _ANY) for item in states}
    signs = _Signs(
        symbols=symbols, definitions={item.id: item for item in definitions}, depends=depends
    )
    for definition in definitions:
        signs.symbols[definition.id] = signs.of(definition.math)
    return signs


def promised_non_negative(
    parameters: Sequence[Quantity],
    states: Sequence[Quantity],
    definitions: Sequence[Definition],
    derivatives: Sequence[Expr],
    assigned: Mapping[str, Sequence[Expr]],
) -> tuple[bool, ...]:
    """Work out the promise for every state.

    Parameters
    ----------
    parameters, states : sequence of Quantity
    definitions : sequence of Definition
        Topologically ordered.
    derivatives : sequence of Expr, one per state
    assigned : mapping state id -> expressions that events assign to it

    Returns
    -------
    tuple of bool, one per state
    """
    depends = _dependencies(states, definitions)
    promised = {state.id for state in states if not state.value < 0.0}
    for _ in range(_MOST_ROUNDS):
        signs = _signs(parameters, states, definitions, depends, promised)
        broken = {
            state.id
            for state, rate in zip(states, derivatives, strict=True)
            if state.id in promised
            and (
                signs.of(rate, state.id)[0]
                or (state.start is not None and signs.of(state.start)[0])
                or any(signs.of(new)[0] for new in assigned.get(state.id, ()))
            )
        }
        if not broken:
            return tuple(state.id in promised for state in states)
        promised -= broken
    return (False,) * len(states)
