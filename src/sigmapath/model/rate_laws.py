"""Rate laws by name: constructors of kinetic laws, each with its formula and source.

Enters: ids, numbers or expressions. Leaves: an expression of *extent per time*, ready for
:meth:`sigmapath.model.builder.ModelBuilder.reaction`.

In SBML a kinetic law is amount per time (section 4.11.5), while textbook laws are concentration
per time. Every constructor therefore asks for ``volume``: the compartment (or area) in which the
reaction takes place, by which the textbook law is multiplied. ``volume=None`` leaves the textbook
law as it is, for species that are counted in amounts or constants that contain the volume.
"""

from __future__ import annotations

from sigmapath.expr.nodes import Expr, ExprLike, apply, as_expr

__all__ = [
    "competitive_inhibition",
    "constant_flux",
    "diffusion",
    "hill",
    "linear_transport",
    "mass_action",
    "michaelis_menten",
    "noncompetitive_inhibition",
    "reversible_hill",
    "reversible_mass_action",
    "reversible_michaelis_menten",
    "uncompetitive_inhibition",
]

Reactant = ExprLike | tuple[ExprLike, float]


def _product(*factors: ExprLike) -> Expr:
    return as_expr(factors[0]) if len(factors) == 1 else apply("mul", *factors)


def _sum(*terms: ExprLike) -> Expr:
    return apply("add", *terms)


def _minus(first: ExprLike, second: ExprLike) -> Expr:
    return _sum(first, apply("neg", second))


def _ratio(first: ExprLike, second: ExprLike) -> Expr:
    return apply("div", first, second)


def _in(volume: ExprLike | None, law: Expr) -> Expr:
    return law if volume is None else _product(volume, law)


def _powers(reactants: tuple[Reactant, ...]) -> list[Expr]:
    factors = []
    for reactant in reactants:
        species, order = reactant if isinstance(reactant, tuple) else (reactant, 1)
        factors.append(as_expr(species) if order == 1 else apply("pow", species, order))
    return factors


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
    return _in(volume, _product(k, *_powers(reactants)))


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
    forward = _product(k_forward, *_powers(reactants))
    backward = _product(k_reverse, *_powers(products))
    return _in(volume, _minus(forward, backward))


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
    return _in(volume, _ratio(_product(v_max, s), _sum(k_m, s)))


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
    bound_s, bound_p = _ratio(s, k_s), _ratio(p, k_p)
    net = _minus(_product(v_forward, bound_s), _product(v_reverse, bound_p))
    return _in(volume, _ratio(net, _sum(1, bound_s, bound_p)))


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
    scaled = apply("pow", _ratio(s, k_half), n)
    return _in(volume, _ratio(_product(v_max, scaled), _sum(1, scaled)))


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
    bound = _sum(_ratio(s, k_s), _ratio(p, k_p))
    drive = _minus(_ratio(s, k_s), _ratio(p, _product(k_s, k_eq)))
    top = _product(v_max, drive, apply("pow", bound, _minus(n, 1)))
    return _in(volume, _ratio(top, _sum(1, apply("pow", bound, n))))


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
    free = _sum(1, _ratio(inhibitor, k_i))
    return _in(volume, _ratio(_product(v_max, s), _sum(_product(k_m, free), s)))


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
    bound = _sum(1, _ratio(inhibitor, k_i))
    return _in(volume, _ratio(_product(v_max, s), _sum(k_m, _product(s, bound))))


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
    bound = _sum(1, _ratio(inhibitor, k_i))
    return _in(volume, _ratio(_product(v_max, s), _product(_sum(k_m, s), bound)))


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
    return _in(volume, as_expr(rate))


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
    return _in(volume, _product(k, s))


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
    return _product(permeability, _minus(s, s_other))
