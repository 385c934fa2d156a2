"""Arithmetic of expressions as rate laws write it.

Enters: ids, numbers and expressions. Leaves: expressions. Called by the rate laws of this folder.
"""

from __future__ import annotations

from sigmapath.expr.nodes import Expr, ExprLike, apply, as_expr

__all__ = ["Reactant", "difference", "powers", "product", "ratio", "total", "within"]

Reactant = ExprLike | tuple[ExprLike, float]


def product(*factors: ExprLike) -> Expr:
    """Return the product; a single factor is itself."""
    return as_expr(factors[0]) if len(factors) == 1 else apply("mul", *factors)


def total(*terms: ExprLike) -> Expr:
    """Return the sum."""
    return apply("add", *terms)


def difference(first: ExprLike, second: ExprLike) -> Expr:
    """Return first less second."""
    return total(first, apply("neg", second))


def ratio(first: ExprLike, second: ExprLike) -> Expr:
    """Return first over second."""
    return apply("div", first, second)


def within(volume: ExprLike | None, law: Expr) -> Expr:
    """Return the extent per time of a textbook law in a volume; None leaves it as it is."""
    return law if volume is None else product(volume, law)


def powers(reactants: tuple[Reactant, ...]) -> list[Expr]:
    """Return each reactant to the power of its order."""
    factors = []
    for reactant in reactants:
        species, order = reactant if isinstance(reactant, tuple) else (reactant, 1)
        factors.append(as_expr(species) if order == 1 else apply("pow", species, order))
    return factors
