"""Co-immunoprecipitation: a blot of what an antibody pulls down, as % of vehicle.

Enters: a model, the observable that is the complex, treatments. Leaves: a Dataset with the lanes
input, IgG and IP per treatment, shaped like the blot and the bar chart of a paper.

The lysate holds what the cell held at the end of the treatment. The antibody binds a share of the
bait (its efficiency), each wash lets the complex come apart by first order with its own koff, and
IgG and beads hold a share of the prey that has nothing to do with the bait::

    IP  = efficiency * complex * exp(-koff * n_wash * t_wash) + IgG
    IgG = background * prey * carry_over ** n_wash

Free prey is washed away with the buffer, so nothing re-binds during washes. % of vehicle is taken
after the IgG lane is subtracted, as densitometry does. Protocol: seed guides 000 and 003.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.assays.checks import is_count, require_all
from sigmapath.assays.replicates import FloatArray, factors, mean_sd_sem, summarised
from sigmapath.assays.study import Study, levels_of, provenance_of
from sigmapath.assays.subject import engine_of
from sigmapath.record import record
from sigmapath.simulate.engine import Engine

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["PullDown", "co_immunoprecipitation", "washed"]

_WHERE = "co-immunoprecipitation"
_CUSTOMARY = Study(until="24 h", n=4)


def washed(koff: float, minutes: float, washes: int) -> float:
    """Share of a complex left after washes: first-order dissociation, ``exp(-koff t)``.

    Parameters
    ----------
    koff : float
        Dissociation rate of the complex at the temperature of the washes [1/s].
    minutes : float
        Of one wash.
    washes : int

    Notes
    -----
    The integrated first-order rate law, without re-binding: what dissociates is diluted and drawn
    off with the buffer.
    """
    return math.exp(-koff * 60.0 * minutes * washes)


@record
class PullDown:
    """Antibody, beads and washes.

    Parameters
    ----------
    efficiency : float
        Share of the bait that the antibody pulls down [1]. Assumed, 0.3 to 0.95.
    koff : float
        Dissociation rate of the complex in the washes [1/s]. Assumed, 1e-5 to 1e-3 at 4 degrees C:
        a complex that a pull-down shows must outlast tens of minutes.
    washes : int
    wash_minutes : float
        Number and length of the washes. Seed guides: 3 to 5 washes.
    background : float
        Prey that IgG and beads hold before washing, as a share of all prey [1]. Assumed, 0.002 to
        0.05.
    carry_over : float
        Share of that background which outlasts one wash [1]. Assumed, 0.3 to 0.9.
    input_share : float
        Share of the lysate loaded in the input lane [1]; 1 to 10 % is customary.
    """

    efficiency: float = 0.7
    koff: float = 1e-4
    washes: int = 4
    wash_minutes: float = 5.0
    background: float = 0.02
    carry_over: float = 0.7
    input_share: float = 0.05

    def __post_init__(self) -> None:
        """Refuse a pull-down that makes no sense."""
        require_all(_WHERE, (
            ("the efficiency of the antibody", self.efficiency, 0.0 < self.efficiency <= 1.0,
             "above 0, to 1"),
            ("koff", self.koff, 0.0 <= self.koff < math.inf, "0 or more, per second"),
            ("the number of washes", self.washes, is_count(self.washes, 100, least=0), "0 to 100"),
            ("the length of a wash", self.wash_minutes, 0.0 <= self.wash_minutes < math.inf,
             "0 min or more"),
            ("the IgG background", self.background, 0.0 <= self.background < 1.0,
             "0 or more, below 1"),
            ("the carry-over", self.carry_over, 0.0 <= self.carry_over <= 1.0, "0 to 1"),
            ("the share in the input lane", self.input_share, 0.0 < self.input_share <= 1.0,
             "above 0, to 1"),
        ))  # fmt: skip

    def lanes(self, held: FloatArray, total: FloatArray) -> FloatArray:
        """Prey in the lanes input, IgG and IP, shape (n_arm, 3): the formulas of the module.

        Parameters
        ----------
        held, total : ndarray, shape (n_arm,)
            Complex in the lysate, and all prey.
        """
        left = self.efficiency * washed(self.koff, self.wash_minutes, self.washes)
        igg = self.background * self.carry_over**self.washes * total
        return np.stack([self.input_share * total, igg, left * held + igg], axis=1)


def co_immunoprecipitation(
    model: Any,
    study: Study = _CUSTOMARY,
    *,
    complex: str = "S1R_BiP",
    prey: str | None = None,
    pull_down: PullDown | None = None,
    cv_blot: float = 0.15,
    cv_culture: float = 0.1,
) -> xr.Dataset:
    """Pull down a bait and blot for the prey that came with it.

    Parameters
    ----------
    model : Model or Engine
    study : Study
        Replicates are independent blots.
    complex : str
        Observable that is the complex: an id or a formula, e.g. ``S1R_BiP``,
        ``IP3R3 * theta_IP3R3`` (S1R-IP3R3) or ``S1R_GluN1_complex``.
    prey : str, optional
        Observable of all prey in the lysate (input lane, IgG background). By default ``S1R_total``
        where the complex is counted in its unit (BiP is pulled down, S1R blotted), otherwise the
        complex itself.
    pull_down : PullDown, optional
    cv_blot, cv_culture : float
        Coefficients of variation of one band (densitometry) and of one culture (shared by its
        lanes). Assumed, 0.05 to 0.3 each.

    Returns
    -------
    xarray.Dataset
        Dimensions ``arm``, ``lane`` (input, IgG, IP) and ``replicate``. ``band`` [unit of the
        prey], its ``band_mean`` and ``band_sem``; ``percent`` of the mean of vehicle per blot, its
        ``percent_mean``, ``percent_sd``, ``percent_sem`` [%]; ``complex`` in the cell, without
        error; ``enrichment``, mean IP over mean IgG [1].

    Raises
    ------
    PlanError
        If a spread makes no sense.
    UnknownNameError
        If an observable, a ligand or the condition is not known.
    """
    engine = engine_of(model)
    pull_down = pull_down or PullDown()
    require_all(_WHERE, (
        (f"the noise of a {what}", cv, 0.0 <= cv < 1.0, "0 or more, below 1")
        for what, cv in (("band", cv_blot), ("culture", cv_culture))
    ))  # fmt: skip
    blotted = prey or _default_prey(engine, complex)
    held, total = levels_of(engine, study, [complex, blotted], where=_WHERE)
    exact = pull_down.lanes(held, total)
    stream, n_arm = study.stream(), len(held)
    culture = factors(stream, cv_culture, (n_arm, 1, study.n))
    band = exact[:, :, None] * culture * factors(stream, cv_blot, (n_arm, 3, study.n))
    provenance = provenance_of(
        engine, "co-ip", study, pull_down, complex=complex, prey=blotted, cv_blot=cv_blot,
        cv_culture=cv_culture,
    )  # fmt: skip
    unit = engine.index.observables.get(complex, "")
    data = _dataset(band, unit, provenance)
    return data.assign(
        complex=(("arm",), held, {"units": unit, "long_name": "complex in the cell"})
    ).assign_coords(arm=[arm.name for arm in study.treatments])


def _default_prey(engine: Engine, complex: str) -> str:
    units = engine.index.observables
    alike = "S1R_total" in units and units.get(complex) == units["S1R_total"]
    return "S1R_total" if alike else complex


def _percent_of_first(specific: FloatArray) -> FloatArray:
    """% of the mean of the first arm, shape as given; NaN where vehicle has no band at all."""
    reference = specific[0].mean()
    return 100.0 * specific / (reference if reference > 0.0 else np.nan)


def _dataset(band: FloatArray, unit: str, attrs: dict[str, Any]) -> xr.Dataset:
    """What the blot shows."""
    import xarray as xr

    mean, _, sem = mean_sd_sem(band, axis=2)
    percent = _percent_of_first(band[:, 2] - band[:, 1])
    in_percent = {"units": "%", "long_name": "% of vehicle"}
    with np.errstate(divide="ignore", invalid="ignore"):
        enrichment = mean[:, 2] / mean[:, 1]
    return xr.Dataset(
        {
            "band": (("arm", "lane", "replicate"), band, {"units": unit, "long_name": "band"}),
            "band_mean": (("arm", "lane"), mean, {"units": unit, "long_name": "band"}),
            "band_sem": (("arm", "lane"), sem, {"units": unit}),
            **summarised("percent", ("arm", "replicate"), percent, in_percent, over="replicate"),
            "enrichment": (("arm",), enrichment, {"units": "1", "long_name": "IP over IgG"}),
        },
        coords={"lane": ["input", "IgG", "IP"], "replicate": np.arange(band.shape[2])},
        attrs=attrs,
    )
