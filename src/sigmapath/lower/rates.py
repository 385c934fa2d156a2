"""rateOf(x): the rate of change of any quantity as a definition of its own.

Enters: Equations and every other expression that may hold ``rateOf``. Leaves: both with each
``rateOf(x)`` replaced by the symbol of a definition ``rateOf(x)`` (section 3.4.6 of SBML L3V2).
"""

from __future__ import annotations

from collections.abc import Sequence

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.expr.calculus import Row, derivative, differentiate, gradient
from sigmapath.expr.nodes import ONE, TIME, ZERO, Expr, free_symbols, postorder, symbol
from sigmapath.expr.rewrite import Rewriter, rebuild
from sigmapath.expr.simplify import add, mul
from sigmapath.lower.equations import Equations
from sigmapath.lower.order import ordered, symbols_of
from sigmapath.lower.roles import Roles
from sigmapath.lower.system import Definition

__all__ = ["rate_definitions", "resolve_rates", "total_derivatives"]


def _rate_id(name: str) -> str:
    return f"rateOf({name})"


def rate_symbols() -> Rewriter:
    """Rewriter that replaces ``rateOf(x)`` by the symbol ``rateOf(x)``."""

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        if node.op != "rateof":
            return rebuild(node, args)
        if args[0].op == "sym":
            return symbol(_rate_id(str(args[0].value)))
        # SBML writes rates of ids only; flattening puts a converted id, a formula, in their place.
        inner = free_symbols(args[0])
        slopes = gradient(args[0], sorted(inner))
        terms = [mul(slope, symbol(_rate_id(name))) for name, slope in slopes.items()]
        return add(derivative(args[0], TIME), *terms)

    return Rewriter(rule)


def total_derivatives(
    names: Sequence[str], equations: Equations, roles: Roles, where: str
) -> list[Expr]:
    """dx/dt of quantities along the solution, by the chain rule through the definitions.

    Raises
    ------
    UnsupportedFeatureError
        If a quantity's definition itself uses a rate of change (a second derivative), or depends
        on an algebraic state.
    """
    _refuse_implicit(names, equations, roles, where)
    leaves: dict[Expr, Row] = {TIME: {TIME: ONE}}
    for state, rate in zip(roles.states, equations.derivatives, strict=True):
        leaves[symbol(state.id)] = {} if rate is ZERO else {TIME: rate}
    known: dict[Expr, Row] = {}
    wanted = ordered(equations.definitions, wanted=names, where=where)
    for definition in wanted:
        second = [
            name for name in symbols_of(definition.math) if name.startswith(("rateOf(", "delay#"))
        ]
        if second:
            raise UnsupportedFeatureError(
                f"the rate of change of {definition.id}, which depends on "
                + ("a delayed value" if second[0].startswith("delay#") else second[0])
                + ",",
                where=where,
            )
        (row,) = differentiate([definition.math], leaves, known)
        leaves[symbol(definition.id)] = row
    return [leaves.get(symbol(name), {}).get(TIME, ZERO) for name in names]


def _refuse_implicit(names: Sequence[str], equations: Equations, roles: Roles, where: str) -> None:
    """Refuse rates of algebraic states, whose right-hand side is a residual and no rate."""
    if not roles.implicit:
        return
    used = [symbol(name) for name in names]
    used += [d.math for d in ordered(equations.definitions, wanted=names, where=where)]
    for name in symbols_of(*used):
        if name in roles.implicit:
            raise UnsupportedFeatureError(
                f"the rate of change of {name}, which an algebraic rule determines,", where=where
            )


def rate_definitions(
    roots: Sequence[Expr], equations: Equations, roles: Roles, where: str
) -> list[Definition]:
    """Definitions of every ``rateOf(x)`` symbol that the roots mention."""
    names = list(
        dict.fromkeys(
            name[len("rateOf(") : -1] for name in symbols_of(*roots) if name.startswith("rateOf(")
        )
    )
    rates = total_derivatives(names, equations, roles, where)
    return [
        Definition(id=_rate_id(name), math=rate, comment=f"rate of change of {name}")
        for name, rate in zip(names, rates, strict=True)
    ]


def resolve_rates(
    equations: Equations, others: Sequence[Expr], roles: Roles, where: str
) -> tuple[Equations, Rewriter]:
    """Replace rates of change in the equations; ``others`` are further users of rates.

    Returns
    -------
    Equations
        Without rateOf nodes, with the definitions of the rates.
    Rewriter
        To be applied to ``others`` and to every later expression.
    """
    everything = [d.math for d in equations.definitions] + list(equations.derivatives)
    everything += others
    replace_rates = rate_symbols()
    if not any(node.op == "rateof" for node in postorder(everything)):
        return equations, replace_rates
    plain = Equations(
        definitions=tuple(
            Definition(id=d.id, math=replace_rates(d.math), comment=d.comment)
            for d in equations.definitions
        ),
        derivatives=tuple(map(replace_rates, equations.derivatives)),
    )
    rates = rate_definitions([replace_rates(root) for root in everything], plain, roles, where)
    definitions = ordered([*plain.definitions, *rates], where=where)
    return Equations(definitions=definitions, derivatives=plain.derivatives), replace_rates
