"""Laws of enzymes: Michaelis-Menten and Hill, one-way and reversible.

Enters: ids, numbers or expressions. Leaves: an expression of extent per time; what ``volume`` means
is told in :mod:`sigmapath.model.rate_laws`.
"""

from __future__ import annotations

from sigmapath.expr.nodes import Expr, ExprLike, apply
from sigmapath.model.rate_laws.arithmetic import (
    difference,
    product,
    ratio,
    total,
    within,
)

__all__ = [
    "hill",
    "michaelis_menten",
    "reversible_hill",
    "reversible_michaelis_menten",
]


def michaelis_menten(
    v_max: ExprLike, k_m: ExprLike, s: ExprLike, *, volume: ExprLike | None
) -> Expr:
    """Return ``volume * Vmax S / (Km + S)``: an irreversible enzyme with one substrate.

    Parameters
    ----------
    v_max : id, number or Expr
        Largest rate [concentration / time]; pass ``kcat * E`` for an explicit enzyme.
    k_m : id, number or Expr
        Michaelis constant [concentration].
    s : id or Expr
        Substrate [concentration].
    volume : id, number, Expr or None
        Compartment to multiply by; None leaves the textbook law.

    Examples
    --------
    Vmax = 10, Km = 2, S = 2 gives half of Vmax: 5.

    >>> michaelis_menten("Vmax", "Km", "S", volume="cell")
    mul(cell, div(mul(Vmax, S), add(Km, S)))

    References
    ----------
    Michaelis and Menten 1913; Johnson and Goody, Biochemistry 50 (2011) 8264,
    doi:10.1021/bi201284u.
    """
    return within(volume, ratio(product(v_max, s), total(k_m, s)))


def reversible_michaelis_menten(
    v_forward: ExprLike,
    v_reverse: ExprLike,
    k_s: ExprLike,
    k_p: ExprLike,
    s: ExprLike,
    p: ExprLike,
    *,
    volume: ExprLike | None,
) -> Expr:
    """Return ``volume * (Vf S/Ks - Vr P/Kp) / (1 + S/Ks + P/Kp)``.

    At equilibrium P/S = Vf Kp / (Vr Ks), the Haldane relation.

    Parameters
    ----------
    v_forward, v_reverse : id, number or Expr
        Largest rates in either direction [concentration / time].
    k_s, k_p : id, number or Expr
        Michaelis constants of substrate and product [concentration].
    s, p : id or Expr
        Substrate and product [concentration].
    volume : id, number, Expr or None
        Compartment to multiply by; None leaves the textbook law.

    Examples
    --------
    Vf = 6, Vr = 3, Ks = Kp = 1, S = 1, P = 1 gives (6 - 3) / 3 = 1.

    References
    ----------
    Cornish-Bowden, Fundamentals of Enzyme Kinetics, 4th ed., Wiley-Blackwell 2012, chapter 2;
    Haldane, Enzymes, Longmans 1930.
    """
    bound_s, bound_p = ratio(s, k_s), ratio(p, k_p)
    net = difference(product(v_forward, bound_s), product(v_reverse, bound_p))
    return within(volume, ratio(net, total(1, bound_s, bound_p)))


def hill(
    v_max: ExprLike, k_half: ExprLike, n: ExprLike, s: ExprLike, *, volume: ExprLike | None
) -> Expr:
    """Return ``volume * Vmax (S/K)^n / (1 + (S/K)^n)``: a sigmoid, irreversible rate.

    The ratio S/K keeps the units right for every exponent; K is the concentration at half of Vmax.

    Parameters
    ----------
    v_max : id, number or Expr
        Largest rate [concentration / time].
    k_half : id, number or Expr
        Concentration of half-maximal rate.
    n : id, number or Expr
        Hill coefficient [1].
    s : id or Expr
        Substrate or activator [concentration].
    volume : id, number, Expr or None
        Compartment to multiply by; None leaves the textbook law.

    Examples
    --------
    Vmax = 10, K = 1, n = 2, S = 3 gives 10 * 9 / 10 = 9.

    References
    ----------
    Hill, J. Physiol. 40 (1910) iv; Weiss, FASEB J. 11 (1997) 835,
    doi:10.1096/fasebj.11.11.9285481.
    """
    scaled = apply("pow", ratio(s, k_half), n)
    return within(volume, ratio(product(v_max, scaled), total(1, scaled)))


def reversible_hill(
    v_max: ExprLike,
    k_eq: ExprLike,
    k_s: ExprLike,
    k_p: ExprLike,
    n: ExprLike,
    s: ExprLike,
    p: ExprLike,
    *,
    volume: ExprLike | None,
) -> Expr:
    """Return the reversible Hill law of one substrate and one product.

    ``volume * Vmax a (1 - P/(S Keq)) (a + b)^(n-1) / (1 + (a + b)^n)`` with a = S/Ks, b = P/Kp,
    written as ``Vmax (a - P/(Ks Keq)) (a + b)^(n-1) / (1 + (a + b)^n)`` so that S = 0 is no
    division by zero. With n = 1 this is the reversible Michaelis-Menten law.

    Parameters
    ----------
    v_max : id, number or Expr
        Largest forward rate [concentration / time].
    k_eq : id, number or Expr
        Equilibrium constant P/S [1].
    k_s, k_p : id, number or Expr
        Half-saturation of substrate and product [concentration].
    n : id, number or Expr
        Hill coefficient [1]; below 1 the law is singular where S = P = 0.
    s, p : id or Expr
        Substrate and product [concentration].
    volume : id, number, Expr or None
        Compartment to multiply by; None leaves the textbook law.

    Examples
    --------
    Vmax = 10, Keq = 4, Ks = Kp = 1, n = 2, S = P = 1: 10 * (1 - 1/4) * 2 / (1 + 4) = 3.

    References
    ----------
    Hofmeyr and Cornish-Bowden, Comput. Appl. Biosci. 13 (1997) 377,
    doi:10.1093/bioinformatics/13.4.377.
    """
    bound = total(ratio(s, k_s), ratio(p, k_p))
    drive = difference(ratio(s, k_s), ratio(p, product(k_s, k_eq)))
    top = product(v_max, drive, apply("pow", bound, difference(n, 1)))
    return within(volume, ratio(top, total(1, apply("pow", bound, n))))
