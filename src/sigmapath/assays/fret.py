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
from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.assays.checks import is_count, require_all
from sigmapath.assays.replicates import FloatArray, factors, summarised
from sigmapath.assays.study import Study, levels_of, provenance_of
from sigmapath.assays.subject import engine_of
from sigmapath.errors import PlanError
from sigmapath.record import record

if TYPE_CHECKING:
    import xarray as xr

__all__ = [
    "OLIGOMER",
    "FretOptics",
    "FretPair",
    "apparent_efficiency",
    "channels",
    "fret",
    "transfer_efficiency",
]

_WHERE = "FRET"
_CUSTOMARY = Study(until="1 h", n=20)
# The dormant protomer is the oligomer-type form of the model (Mishra 2015,
# doi:10.1042/BJ20141321: agonist and antagonist move the order of oligomers in opposite ways).
OLIGOMER = "1 - (S1R_active + S1R_active_pm) / S1R_total"
UNLINKED = "unlinked pair"


@record
class FretPair:
    """Donor and acceptor in a complex.

    Parameters
    ----------
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
    """

    distance_nm: float = 5.0
    R0_nm: float = 4.9
    partners: int = 1
    acceptor_share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse a pair that makes no sense."""
        require_all(_WHERE, (
            ("the distance", self.distance_nm, 0.5 <= self.distance_nm <= 100.0, "0.5 to 100 nm"),
            ("R0", self.R0_nm, 0.5 <= self.R0_nm <= 20.0, "0.5 to 20 nm"),
            ("the number of partners", self.partners, is_count(self.partners, 20), "1 to 20"),
            ("the labelled share", self.acceptor_share, 0.0 < self.acceptor_share <= 1.0,
             "above 0, to 1"),
        ))  # fmt: skip

    @property
    def efficiency(self) -> float:
        """Of transfer, from a donor in a complex [1]."""
        return transfer_efficiency(
            self.distance_nm, self.R0_nm, partners=self.partners, acceptor_share=self.acceptor_share
        )


@record
class FretOptics:
    """Microscope: three channels that bleed into each other, and a detector.

    Parameters
    ----------
    donor_bleed_through, cross_excitation, G : float
        d, a and G of the module's formulas [1]; properties of a microscope, measured on cells with
        one fluorophore and on a tandem. Assumed, 0.3 to 0.7, 0.03 to 0.3 and 1.5 to 5 for CFP-YFP.
    photons : float
        Mean counts of the unquenched donor per cell; shot noise is Poisson. ``inf``: no noise.
        Assumed, 1e3 to 1e6.
    """

    donor_bleed_through: float = 0.5
    cross_excitation: float = 0.15
    G: float = 2.5
    photons: float = 2e4

    def __post_init__(self) -> None:
        """Refuse optics that make no sense."""
        d, a, photons = self.donor_bleed_through, self.cross_excitation, self.photons
        require_all(_WHERE, (
            ("the bleed-through", d, 0.0 <= d < 10.0, "0 or more, below 10"),
            ("the cross-excitation", a, 0.0 <= a < 10.0, "0 or more, below 10"),
            ("G", self.G, 0.0 < self.G < 100.0, "above 0, below 100"),
            ("the number of photons", photons, 10.0 <= photons <= 1e15 or photons == math.inf,
             "10 to 1e15, or inf for no noise"),
        ))  # fmt: skip

    @property
    def constants(self) -> tuple[float, float, float]:
        """As (d, a, G)."""
        return self.donor_bleed_through, self.cross_excitation, self.G

    @property
    def brightness(self) -> float:
        """Mean signal of the unquenched donor [counts]; 1 where nothing is counted."""
        return self.photons if math.isfinite(self.photons) else 1.0

    def seen(
        self, signals: tuple[FloatArray, ...], stream: np.random.Generator
    ) -> tuple[FloatArray, ...]:
        """Counts of signals."""
        if not math.isfinite(self.photons):
            return signals
        return tuple(stream.poisson(signal).astype(float) for signal in signals)


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
    study: Study = _CUSTOMARY,
    *,
    fraction: str = OLIGOMER,
    pair: FretPair | None = None,
    optics: FretOptics | None = None,
    cv_expression: float = 0.3,
    cv_fraction: float = 0.15,
) -> xr.Dataset:
    """Image cells that express a donor and an acceptor fusion, in three channels.

    Parameters
    ----------
    model : Model or Engine
    study : Study
        Replicates are cells.
    fraction : str
        Observable (id or formula) that is the share of donors in complex, e.g. the oligomer-type
        share of S1R (default) or ``S1R_CaN_complex`` (S1R-CFP with the N-type channel, s1r_cell).
    pair : FretPair, optional
    optics : FretOptics, optional
    cv_expression : float
        Of both fusions, from cell to cell [1]. Assumed, 0.2 to 0.8.
    cv_fraction : float
        Of the share in complex, from cell to cell [1]; a share stays at or below 1. Assumed, 0.05
        to 0.3.

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
        If a spread makes no sense, or the fraction leaves 0 to 1.
    UnknownNameError
        If a name is not known.
    """
    engine = engine_of(model)
    pair, optics = pair or FretPair(), optics or FretOptics()
    spreads = (("expression", cv_expression), ("complexes", cv_fraction))
    require_all(_WHERE, (
        (f"the spread of {what}", cv, 0.0 <= cv < 2.0, "0 or more, below 2") for what, cv in spreads
    ))  # fmt: skip
    (share,) = levels_of(engine, study, [fraction], where=_WHERE)
    if not ((share > -1e-9) & (share < 1.0 + 1e-9)).all():
        raise PlanError(
            "the share of donors in complex leaves 0 to 1", where=fraction,
            found=", ".join(f"{value:.4g}" for value in share),
            fix="give a formula that is a share, e.g. complex / total",
        )  # fmt: skip
    share = np.concatenate([[0.0], np.clip(share, 0.0, 1.0)])
    stream = study.stream()
    cells = np.minimum(share[:, None] * factors(stream, cv_fraction, (len(share), study.n)), 1.0)
    images, measured = _images(cells * pair.efficiency, optics, cv_expression, stream)
    provenance = provenance_of(
        engine, "fret", study, pair, optics, fraction=fraction, cv_expression=cv_expression,
        cv_fraction=cv_fraction,
    )  # fmt: skip
    data = _dataset(images, (*measured, optics.G), provenance)
    true = 100.0 * share * pair.efficiency
    return data.assign(
        efficiency_true=(("arm",), true, {"units": "%", "long_name": "FRET efficiency"}),
        fraction=(("arm",), share, {"units": "1", "long_name": "donors in complex"}),
    ).assign_coords(arm=[UNLINKED, *(arm.name for arm in study.treatments)])


def _images(
    efficiency: FloatArray, optics: FretOptics, cv: float, stream: np.random.Generator
) -> tuple[tuple[FloatArray, ...], tuple[float, float]]:
    """Counts of all cells, each of shape (n_arm, n), and d and a as measured on controls."""
    size, n = efficiency.shape, efficiency.shape[1]

    def expressed(shape: tuple[int, ...]) -> FloatArray:
        return optics.brightness * factors(stream, cv, shape)

    nothing = np.zeros((1, n))
    donor = optics.seen(channels(expressed((1, n)), nothing, 0.0, *optics.constants), stream)
    acceptor = optics.seen(channels(nothing, expressed((1, n)), 0.0, *optics.constants), stream)
    d = float(donor[2].sum() / donor[0].sum())
    a = float(acceptor[2].sum() / acceptor[1].sum())
    images = channels(expressed(size), expressed(size), efficiency, *optics.constants)
    return optics.seen(images, stream), (d, a)


def _dataset(
    images: tuple[FloatArray, ...], measured: tuple[float, float, float], attrs: dict[str, Any]
) -> xr.Dataset:
    """What the microscope shows."""
    import xarray as xr

    I_DD, I_AA, I_DA = images
    d, a, _ = measured
    percent = 100.0 * apparent_efficiency(I_DD, I_AA, I_DA, *measured)
    cells, counts = ("arm", "cell"), {"units": "counts"}
    label = {"units": "%", "long_name": "FRET efficiency"}
    return xr.Dataset(
        {
            "I_DD": (cells, I_DD, {**counts, "long_name": "donor channel"}),
            "I_AA": (cells, I_AA, {**counts, "long_name": "acceptor channel"}),
            "I_DA": (cells, I_DA, {**counts, "long_name": "FRET channel"}),
            "Fc": (cells, I_DA - d * I_DD - a * I_AA, {**counts, "long_name": "corrected FRET"}),
            **summarised("efficiency", cells, percent, label, over="cell"),
            "d": ((), d, {"units": "1", "long_name": "bleed-through of the donor"}),
            "a": ((), a, {"units": "1", "long_name": "direct excitation of the acceptor"}),
        },
        coords={"cell": np.arange(percent.shape[1])},
        attrs=attrs,
    )
