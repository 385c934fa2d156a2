"""Laws of elementary steps: mass action, synthesis and transport.

Enters: ids, numbers or expressions. Leaves: an expression of extent per time; what ``volume`` means
is told in :mod:`sigmapath.model.rate_laws`.
"""

from __future__ import annotations

from sigmapath.expr.nodes import Expr, ExprLike, as_expr
from sigmapath.model.rate_laws.arithmetic import (
    Reactant,
    difference,
    powers,
    product,
    within,
)

__all__ = [
    "constant_flux",
    "diffusion",
    "linear_transport",
    "mass_action",
    "reversible_mass_action",
]


def mass_action(k: ExprLike, *reactants: Reactant, volume: ExprLike | None) -> Expr:
    """Return ``volume * k * A * B^n ...``: irreversible mass action.

    Parameters
    ----------
    k : id, number or Expr
        Rate constant [concentration^(1 - order) / time]; no combinatorial factor is applied.
    *reactants : id or (id, order)
        Reactants, each with its order (1 if not given); none gives zero order.
    volume : id, number, Expr or None
        Compartment to multiply by; None leaves ``k A B^n`` as it is.

    Examples
    --------
    A + 2 B -> C with k = 2, A = 3, B = 0.5 in a volume of 1 runs at 2 * 3 * 0.25 = 1.5.

    >>> mass_action("k", "A", ("B", 2), volume="cell")
    mul(cell, mul(k, A, pow(B, 2.0)))

    References
    ----------
    Klipp et al., Systems Biology: A Textbook, 2nd ed., Wiley-VCH 2016, chapter on enzyme
    kinetics (law of mass action, after Guldberg and Waage 1864).
    """
    return within(volume, product(k, *powers(reactants)))


def reversible_mass_action(
    k_forward: ExprLike,
    k_reverse: ExprLike,
    reactants: tuple[Reactant, ...],
    products: tuple[Reactant, ...],
    *,
    volume: ExprLike | None,
) -> Expr:
    """Return ``volume * (kf A B - kr C)``: reversible mass action.

    At equilibrium C / (A B) = kf / kr.

    Parameters
    ----------
    k_forward, k_reverse : id, number or Expr
        Rate constants [concentration^(1 - order) / time].
    reactants, products : tuple of id or (id, order)
        Each with its order (1 if not given).
    volume : id, number, Expr or None
        Compartment to multiply by; None leaves the bracket as it is.

    Examples
    --------
    A + B <-> C with kf = 2, kr = 1, A = B = 1, C = 0.5 in a volume of 1 runs at 2 - 0.5 = 1.5.

    >>> reversible_mass_action("kf", "kr", ("A", "B"), ("C",), volume=None)
    add(mul(kf, A, B), neg(mul(kr, C)))

    References
    ----------
    Klipp et al., Systems Biology: A Textbook, 2nd ed., Wiley-VCH 2016, chapter on enzyme kinetics.
    """
    forward = product(k_forward, *powers(reactants))
    backward = product(k_reverse, *powers(products))
    return within(volume, difference(forward, backward))


def constant_flux(rate: ExprLike, *, volume: ExprLike | None) -> Expr:
    """Return ``volume * rate``: a constant inflow, or synthesis of zero order.

    Parameters
    ----------
    rate : id, number or Expr
        [concentration / time], or [amount / time] with ``volume=None``.
    volume : id, number, Expr or None
        Compartment to multiply by.

    Examples
    --------
    A synthesis of 0.1 uM/s in 2 pL is 0.2 amol/s.

    >>> constant_flux("k_syn", volume="cell")
    mul(cell, k_syn)

    References
    ----------
    Klipp et al., Systems Biology: A Textbook, 2nd ed., Wiley-VCH 2016, chapter on enzyme kinetics.
    """
    return within(volume, as_expr(rate))


def linear_transport(k: ExprLike, s: ExprLike, *, volume: ExprLike | None) -> Expr:
    """Return ``volume * k S``: one-way first-order transport out of the compartment of S.

    Parameters
    ----------
    k : id, number or Expr
        Fraction that leaves per time [1 / time].
    s : id or Expr
        What is transported [concentration in its own compartment].
    volume : id, number, Expr or None
        Compartment *that is left*; the amount that leaves is the amount that arrives, whatever the
        volume on the other side.

    Examples
    --------
    k = 0.1/s, S = 5 uM in 2 pL moves 1 amol/s.

    References
    ----------
    Gibaldi and Perrier, Pharmacokinetics, 2nd ed., Marcel Dekker 1982, chapter 1 (first-order
    transfer between compartments).
    """
    return within(volume, product(k, s))


def diffusion(permeability: ExprLike, s: ExprLike, s_other: ExprLike) -> Expr:
    """Return ``P (S - S_other)``: passive exchange between two compartments.

    Parameters
    ----------
    permeability : id, number or Expr
        Permeability times area [volume / time]; already an extent per time when multiplied by a
        concentration, so no compartment is asked for.
    s, s_other : id or Expr
        Concentrations on the side of departure and on the other side.

    Examples
    --------
    P = 0.5 pL/s, S = 3 uM, S_other = 1 uM moves 1 amol/s; equal concentrations move nothing.

    >>> diffusion("P", "A_in", "A_out")
    mul(P, add(A_in, neg(A_out)))

    References
    ----------
    Fick's first law over a thin membrane: Keener and Sneyd, Mathematical Physiology I, 2nd ed.,
    Springer 2009, chapter 2, doi:10.1007/978-0-387-75847-3.
    """
    return product(permeability, difference(s, s_other))
