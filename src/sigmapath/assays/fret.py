"""FRET by sensitised emission: three images per cell, bleed-through taken off, an efficiency.

Enters: a model and the observable that is the share of donors in complex. Leaves: a Dataset with
the three channels per cell and the corrected efficiency per arm, with an unlinked pair as control.

Optics (three-cube FRET: Gordon, Berry, Liang, Levine and Herman 1998,
doi:10.1016/S0006-3495(98)77976-7; Zal and Gascoigne 2004, doi:10.1529/biophysj.103.022087)::

    I_DD = D (1 - E_app)                              donor excitation, donor emission
    I_AA = A                                          acceptor excitation, acceptor emission
    I_DA = d I_DD + a I_AA + G D E_app                donor excitation, acceptor emission
    Fc   = I_DA - d I_DD - a I_AA,   E_app = Fc / (Fc + G I_DD)

with D and A the signals of unquenched donor and of acceptor, d the bleed-through of the donor, a
the direct excitation of the acceptor and G the ratio of sensitised emission to loss of donor.
E_app is the share of donors in complex times the efficiency inside a complex.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.assays.replicates import (
    FloatArray,
    engine_of,
    factors,
    mean_sd_sem,
    provenance_of,
    require,
    require_replicates,
)
from sigmapath.assays.treatments import Arm, arms_of, levels_of
from sigmapath.errors import PlanError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["OLIGOMER", "apparent_efficiency", "channels", "fret", "transfer_efficiency"]

_WHERE = "FRET"
# The dormant protomer is the oligomer-type form of the model (Mishra 2015,
# doi:10.1042/BJ20141321: agonist and antagonist move the order of oligomers in opposite ways).
OLIGOMER = "1 - (S1R_active + S1R_active_pm) / S1R_total"
UNLINKED = "unlinked pair"


def transfer_efficiency(
    distance_nm: float, R0_nm: float, *, partners: int = 1, acceptor_share: float = 1.0
) -> float:
    """Efficiency of transfer from a donor in a complex, averaged over labelled partners [1].

    Parameters
    ----------
    distance_nm, R0_nm : float
        Between donor and acceptor, and that of half transfer.
    partners : int
        Partners of a donor in its complex: 1 in a pair, n - 1 in an oligomer of n.
    acceptor_share : float
        Probability that a partner carries a working acceptor.

    Notes
    -----
    One acceptor: ``E = 1 / (1 + (r / R0)^6)`` (Foerster 1948, doi:10.1002/andp.19484370105). The
    rates of k acceptors add, ``E_k = k x / (1 + k x)`` with ``x = (R0 / r)^6`` (Koushik, Blank and
    Vogel 2009, doi:10.1371/journal.pone.0008031); k is binomial over the partners.
    """
    rate = (R0_nm / distance_nm) ** 6
    return sum(
        math.comb(partners, k)
        * acceptor_share**k
        * (1.0 - acceptor_share) ** (partners - k)
        * (k * rate / (1.0 + k * rate))
        for k in range(1, partners + 1)
    )


def channels(
    donor: FloatArray, acceptor: FloatArray, efficiency: Any, d: float, a: float, G: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Signals I_DD, I_AA and I_DA of cells, see the module; arrays broadcast."""
    quenched = donor * (1.0 - efficiency)
    transferred = d * quenched + a * acceptor + G * donor * efficiency
    return quenched, acceptor * np.ones_like(quenched), transferred


def apparent_efficiency(
    I_DD: FloatArray, I_AA: FloatArray, I_DA: FloatArray, d: float, a: float, G: float
) -> FloatArray:
    """Corrected efficiency ``Fc / (Fc + G I_DD)``; inverse of :func:`channels`."""
    corrected = I_DA - d * I_DD - a * I_AA
    found: FloatArray = corrected / (corrected + G * I_DD)
    return found


def fret(
    model: Any,
    fraction: str = OLIGOMER,
    *,
    doses: Mapping[str, Any] | None = None,
    arms: Sequence[Arm] | None = None,
    until: Any = "1 h",
    condition: Any = None,
    parameters: Mapping[str, Any] | None = None,
    rest: bool = True,
    distance_nm: float = 5.0,
    R0_nm: float = 4.9,
    partners: int = 1,
    acceptor_share: float = 0.5,
    donor_bleed_through: float = 0.5,
    cross_excitation: float = 0.15,
    G: float = 2.5,
    photons: float = 2e4,
    cv_expression: float = 0.3,
    cv_fraction: float = 0.15,
    n: int = 20,
    seed: int = 0,
) -> xr.Dataset:
    """Image cells that express a donor and an acceptor fusion, in three channels.

    Parameters
    ----------
    model : Model or Engine
    fraction : str
        Observable (id or formula) that is the share of donors in complex, e.g. the oligomer-type
        share of S1R (default) or ``S1R_CaN_complex`` (S1R-CFP with the N-type channel, s1r_cell).
    doses, arms, until, condition, parameters, rest
        As for :func:`sigmapath.assays.co_immunoprecipitation`.
    distance_nm : float
        Between the fluorophores of a complex. Assumed, 4 to 8 nm.
    R0_nm : float
        CFP to YFP 4.9 nm (Patterson, Piston and Barisas 2000, doi:10.1006/abio.2000.4708), 4.7 to
        5.4 nm for other cyan and yellow pairs.
    partners : int
        Partners of a donor in its complex, see :func:`transfer_efficiency`.
    acceptor_share : float
        Probability that a partner carries a working acceptor [1]: 0.5 for equal expression of both
        fusions in a homo-oligomer. Assumed, 0.3 to 0.9.
    donor_bleed_through, cross_excitation, G : float
        d, a and G of the module's formulas [1]; properties of a microscope, measured on cells with
        one fluorophore and on a tandem. Assumed, 0.3 to 0.7, 0.03 to 0.3 and 1.5 to 5 for CFP-YFP.
    photons : float
        Mean counts of the unquenched donor per cell; shot noise is Poisson. ``inf``: no noise.
        Assumed, 1e3 to 1e6.
    cv_expression : float
        Of both fusions, from cell to cell [1]. Assumed, 0.2 to 0.8.
    cv_fraction : float
        Of the share in complex, from cell to cell [1]; a share stays at or below 1. Assumed, 0.05
        to 0.3.
    n, seed : int
        Cells per arm; of the noise.

    Returns
    -------
    xarray.Dataset
        Dimensions ``arm`` (the control "unlinked pair" first) and ``cell``. ``I_DD``, ``I_AA``,
        ``I_DA`` [counts], ``Fc``, ``efficiency`` [%] per cell; ``efficiency_mean``,
        ``efficiency_sd``, ``efficiency_sem``, ``efficiency_true`` [%] and ``fraction`` per arm;
        ``d``, ``a``: the coefficients as measured on n single-label cells each.

    Raises
    ------
    PlanError
        If the protocol makes no sense, or the fraction leaves 0 to 1.
    UnknownNameError
        If a name is not known.
    """
    engine = engine_of(model)
    optics = (donor_bleed_through, cross_excitation, G)
    _require_protocol(distance_nm, R0_nm, partners, acceptor_share, optics, photons)
    for what, cv in (("expression", cv_expression), ("complexes", cv_fraction)):
        require(0.0 <= cv < 2.0, f"the spread of {what}", found=cv, expected="0 or more, below 2",
                where=_WHERE)  # fmt: skip
    require_replicates(n, seed, where=_WHERE)
    treatments = arms_of(doses, arms)
    (share,) = levels_of(
        engine, treatments, [fraction], where=_WHERE, until=until, condition=condition,
        parameters=parameters, rest=rest,
    )  # fmt: skip
    if not ((share > -1e-9) & (share < 1.0 + 1e-9)).all():
        raise PlanError(
            "the share of donors in complex leaves 0 to 1", where=fraction,
            found=", ".join(f"{value:.4g}" for value in share),
            fix="give a formula that is a share, e.g. complex / total",
        )  # fmt: skip
    share = np.concatenate([[0.0], np.clip(share, 0.0, 1.0)])
    inside = transfer_efficiency(
        distance_nm, R0_nm, partners=partners, acceptor_share=acceptor_share
    )
    stream = np.random.default_rng(seed)
    cells = np.minimum(share[:, None] * factors(stream, cv_fraction, (len(share), n)), 1.0)
    images, measured = _images(cells * inside, optics, photons, cv_expression, stream)
    names = [UNLINKED, *(arm.name for arm in treatments)]
    return _dataset(
        engine, names, images, measured, share, inside, n, seed,
        protocol={
            "fraction": fraction, "until": until, "condition": condition,
            "distance_nm": distance_nm, "R0_nm": R0_nm, "partners": partners,
            "acceptor_share": acceptor_share, "donor_bleed_through": donor_bleed_through,
            "cross_excitation": cross_excitation, "G": G, "photons": photons,
            "cv_expression": cv_expression, "cv_fraction": cv_fraction,
        },
    )  # fmt: skip


def _images(
    efficiency: FloatArray,
    optics: tuple[float, float, float],
    photons: float,
    cv: float,
    stream: np.random.Generator,
) -> tuple[tuple[FloatArray, ...], tuple[float, float, float]]:
    """Counts of all cells, each of shape (n_arm, n), and the coefficients measured on controls."""
    size, n = efficiency.shape, efficiency.shape[1]
    bright = photons if math.isfinite(photons) else 1.0
    d, a, gain = optics

    def seen(signals: tuple[FloatArray, ...]) -> tuple[FloatArray, ...]:
        if not math.isfinite(photons):
            return signals
        return tuple(stream.poisson(signal).astype(float) for signal in signals)

    def expressed(shape: tuple[int, ...]) -> FloatArray:
        return bright * factors(stream, cv, shape)

    nothing = np.zeros((1, n))
    donor_only = seen(channels(expressed((1, n)), nothing, 0.0, d, a, gain))
    acceptor_only = seen(channels(nothing, expressed((1, n)), 0.0, d, a, gain))
    measured = (
        float(donor_only[2].sum() / donor_only[0].sum()),
        float(acceptor_only[2].sum() / acceptor_only[1].sum()),
        gain,
    )
    images = channels(expressed(size), expressed(size), efficiency, d, a, gain)
    return seen(images), measured


def _dataset(
    engine: Any,
    names: Sequence[str],
    images: tuple[FloatArray, ...],
    measured: tuple[float, float, float],
    share: FloatArray,
    inside: float,
    n: int,
    seed: int,
    *,
    protocol: Mapping[str, Any],
) -> xr.Dataset:
    import xarray as xr

    d, a, gain = measured
    percent = 100.0 * apparent_efficiency(images[0], images[1], images[2], d, a, gain)
    mean, sd, sem = mean_sd_sem(percent, axis=1)
    cells, counts = ("arm", "cell"), {"units": "counts"}
    label = {"units": "%", "long_name": "FRET efficiency"}
    corrected = images[2] - d * images[0] - a * images[1]
    return xr.Dataset(
        {
            "I_DD": (cells, images[0], {**counts, "long_name": "donor channel"}),
            "I_AA": (cells, images[1], {**counts, "long_name": "acceptor channel"}),
            "I_DA": (cells, images[2], {**counts, "long_name": "FRET channel"}),
            "Fc": (cells, corrected, {**counts, "long_name": "corrected FRET"}),
            "efficiency": (cells, percent, label),
            "efficiency_mean": (("arm",), mean, label),
            "efficiency_sd": (("arm",), sd, label),
            "efficiency_sem": (("arm",), sem, label),
            "efficiency_true": (("arm",), 100.0 * share * inside, label),
            "fraction": (("arm",), share, {"units": "1", "long_name": "donors in complex"}),
            "d": ((), d, {"units": "1", "long_name": "bleed-through of the donor"}),
            "a": ((), a, {"units": "1", "long_name": "direct excitation of the acceptor"}),
        },
        coords={"arm": list(names), "cell": np.arange(n)},
        attrs=provenance_of(engine, "fret", n=n, seed=seed, protocol=protocol),
    )


def _require_protocol(
    distance_nm: float,
    R0_nm: float,
    partners: int,
    acceptor_share: float,
    optics: tuple[float, float, float],
    photons: float,
) -> None:
    d, a, gain = optics
    is_count = isinstance(partners, int) and not isinstance(partners, bool)
    for what, value, is_fine, expected in (
        ("the distance", distance_nm, 0.5 <= distance_nm <= 100.0, "0.5 to 100 nm"),
        ("R0", R0_nm, 0.5 <= R0_nm <= 20.0, "0.5 to 20 nm"),
        ("the number of partners", partners, is_count and 1 <= partners <= 20, "1 to 20"),
        ("the labelled share", acceptor_share, 0.0 < acceptor_share <= 1.0, "above 0, to 1"),
        ("the bleed-through", d, 0.0 <= d < 10.0, "0 or more, below 10"),
        ("the cross-excitation", a, 0.0 <= a < 10.0, "0 or more, below 10"),
        ("G", gain, 0.0 < gain < 100.0, "above 0, below 100"),
        ("the number of photons", photons, 10.0 <= photons <= 1e15 or photons == math.inf,
         "10 to 1e15, or inf for no noise"),
    ):  # fmt: skip
        require(is_fine, what, found=value, expected=expected, where=_WHERE)
