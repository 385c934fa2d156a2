"""Laws of inhibited enzymes: competitive, uncompetitive and non-competitive.

Enters: ids, numbers or expressions. Leaves: an expression of extent per time; what ``volume`` means
is told in :mod:`sigmapath.model.rate_laws`.
"""

from __future__ import annotations

from sigmapath.expr.nodes import Expr, ExprLike
from sigmapath.model.rate_laws.arithmetic import (
    product,
    ratio,
    total,
    within,
)

__all__ = [
    "competitive_inhibition",
    "noncompetitive_inhibition",
    "uncompetitive_inhibition",
]


def competitive_inhibition(
    v_max: ExprLike,
    k_m: ExprLike,
    k_i: ExprLike,
    s: ExprLike,
    inhibitor: ExprLike,
    *,
    volume: ExprLike | None,
) -> Expr:
    """Return ``volume * Vmax S / (Km (1 + I/Ki) + S)``: the inhibitor binds the free enzyme.

    Parameters
    ----------
    v_max : id, number or Expr
        Largest rate [concentration / time].
    k_m, k_i : id, number or Expr
        Michaelis constant and dissociation constant of the inhibitor [concentration].
    s, inhibitor : id or Expr
        Substrate and inhibitor [concentration].
    volume : id, number, Expr or None
        Compartment to multiply by; None leaves the textbook law.

    Examples
    --------
    Vmax = 10, Km = 1, Ki = 1, S = 2, I = 1 gives 10 * 2 / (1 * 2 + 2) = 5.

    References
    ----------
    Cornish-Bowden, Fundamentals of Enzyme Kinetics, 4th ed., Wiley-Blackwell 2012, chapter 6.
    """
    free = total(1, ratio(inhibitor, k_i))
    return within(volume, ratio(product(v_max, s), total(product(k_m, free), s)))


def uncompetitive_inhibition(
    v_max: ExprLike,
    k_m: ExprLike,
    k_i: ExprLike,
    s: ExprLike,
    inhibitor: ExprLike,
    *,
    volume: ExprLike | None,
) -> Expr:
    """Return ``volume * Vmax S / (Km + S (1 + I/Ki))``: the inhibitor binds the complex only.

    Parameters
    ----------
    v_max : id, number or Expr
        Largest rate [concentration / time].
    k_m, k_i : id, number or Expr
        Michaelis constant and dissociation constant of the inhibitor [concentration].
    s, inhibitor : id or Expr
        Substrate and inhibitor [concentration].
    volume : id, number, Expr or None
        Compartment to multiply by; None leaves the textbook law.

    Examples
    --------
    Vmax = 10, Km = 1, Ki = 1, S = 2, I = 1 gives 10 * 2 / (1 + 2 * 2) = 4.

    References
    ----------
    Cornish-Bowden, Fundamentals of Enzyme Kinetics, 4th ed., Wiley-Blackwell 2012, chapter 6.
    """
    bound = total(1, ratio(inhibitor, k_i))
    return within(volume, ratio(product(v_max, s), total(k_m, product(s, bound))))


def noncompetitive_inhibition(
    v_max: ExprLike,
    k_m: ExprLike,
    k_i: ExprLike,
    s: ExprLike,
    inhibitor: ExprLike,
    *,
    volume: ExprLike | None,
) -> Expr:
    """Return ``volume * Vmax S / ((Km + S) (1 + I/Ki))``: free enzyme and complex bind alike.

    Parameters
    ----------
    v_max : id, number or Expr
        Largest rate [concentration / time].
    k_m, k_i : id, number or Expr
        Michaelis constant and dissociation constant of the inhibitor [concentration].
    s, inhibitor : id or Expr
        Substrate and inhibitor [concentration].
    volume : id, number, Expr or None
        Compartment to multiply by; None leaves the textbook law.

    Examples
    --------
    Vmax = 12, Km = 1, Ki = 1, S = 2, I = 1 gives 12 * 2 / (3 * 2) = 4.

    References
    ----------
    Cornish-Bowden, Fundamentals of Enzyme Kinetics, 4th ed., Wiley-Blackwell 2012, chapter 6
    (pure non-competitive case of mixed inhibition).
    """
    bound = total(1, ratio(inhibitor, k_i))
    return within(volume, ratio(product(v_max, s), product(total(k_m, s), bound)))
