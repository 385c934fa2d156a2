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
from sigmapath.simulate.engine import Engine

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["co_immunoprecipitation", "washed"]

_WHERE = "co-immunoprecipitation"


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


def co_immunoprecipitation(
    model: Any,
    complex: str = "S1R_BiP",
    *,
    prey: str | None = None,
    doses: Mapping[str, Any] | None = None,
    arms: Sequence[Arm] | None = None,
    until: Any = "24 h",
    condition: Any = None,
    parameters: Mapping[str, Any] | None = None,
    rest: bool = True,
    efficiency: float = 0.7,
    koff: float = 1e-4,
    washes: int = 4,
    wash_minutes: float = 5.0,
    background: float = 0.02,
    carry_over: float = 0.7,
    input_share: float = 0.05,
    cv_blot: float = 0.15,
    cv_culture: float = 0.1,
    n: int = 4,
    seed: int = 0,
) -> xr.Dataset:
    """Pull down a bait and blot for the prey that came with it.

    Parameters
    ----------
    model : Model or Engine
    complex : str
        Observable that is the complex: an id or a formula, e.g. ``S1R_BiP``,
        ``IP3R3 * theta_IP3R3`` (S1R-IP3R3) or ``S1R_GluN1_complex``.
    prey : str, optional
        Observable of all prey in the lysate (input lane, IgG background). By default ``S1R_total``
        where the complex is counted in its unit (BiP is pulled down, S1R blotted), otherwise the
        complex itself.
    doses, arms, condition, parameters
        Treatment against vehicle, or arms of your own (:class:`Arm`).
    until : time
        Length of the treatment.
    rest : bool
        Bring the cells to rest before.
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
    cv_blot, cv_culture : float
        Coefficients of variation of one band (densitometry) and of one culture (shared by its
        lanes). Assumed, 0.05 to 0.3 each.
    n, seed : int
        Independent blots; of the noise.

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
        If the protocol makes no sense.
    UnknownNameError
        If an observable, a ligand or the condition is not known.
    """
    engine = engine_of(model)
    _require_protocol(
        efficiency, koff, washes, wash_minutes, background, carry_over, input_share, cv_blot,
        cv_culture,
    )  # fmt: skip
    require_replicates(n, seed, where=_WHERE)
    blotted = prey or _default_prey(engine, complex)
    treatments = arms_of(doses, arms)
    held, total = levels_of(
        engine, treatments, [complex, blotted], where=_WHERE, until=until, condition=condition,
        parameters=parameters, rest=rest,
    )  # fmt: skip
    left = efficiency * washed(koff, wash_minutes, washes)
    igg = background * carry_over**washes * total
    exact = np.stack([input_share * total, igg, left * held + igg], axis=1)
    stream = np.random.default_rng(seed)
    culture = factors(stream, cv_culture, (len(treatments), 1, n))
    band = exact[:, :, None] * culture * factors(stream, cv_blot, (len(treatments), 3, n))
    percent = _percent_of_first(band[:, 2] - band[:, 1])
    return _dataset(
        engine, treatments, band, percent, held, n, seed,
        protocol={
            "complex": complex, "prey": blotted, "until": until,
            "condition": condition, "efficiency": efficiency, "koff": koff, "washes": washes,
            "wash_minutes": wash_minutes, "background": background, "carry_over": carry_over,
            "input_share": input_share, "cv_blot": cv_blot, "cv_culture": cv_culture,
        },
    )  # fmt: skip


def _default_prey(engine: Engine, complex: str) -> str:
    units = engine.index.observables
    alike = "S1R_total" in units and units.get(complex) == units["S1R_total"]
    return "S1R_total" if alike else complex


def _percent_of_first(specific: FloatArray) -> FloatArray:
    """% of the mean of the first arm, shape as given; NaN where vehicle has no band at all."""
    reference = specific[0].mean()
    return 100.0 * specific / (reference if reference > 0.0 else np.nan)


def _dataset(
    engine: Engine,
    arms: Sequence[Arm],
    band: FloatArray,
    percent: FloatArray,
    held: FloatArray,
    n: int,
    seed: int,
    *,
    protocol: Mapping[str, Any],
) -> xr.Dataset:
    import xarray as xr

    unit = engine.index.observables.get(str(protocol["complex"]), "")
    mean, _, sem = mean_sd_sem(band, axis=2)
    percent_mean, percent_sd, percent_sem = mean_sd_sem(percent, axis=1)
    in_percent = {"units": "%", "long_name": "% of vehicle"}
    with np.errstate(divide="ignore", invalid="ignore"):
        enrichment = mean[:, 2] / mean[:, 1]
    return xr.Dataset(
        {
            "band": (("arm", "lane", "replicate"), band, {"units": unit, "long_name": "band"}),
            "band_mean": (("arm", "lane"), mean, {"units": unit, "long_name": "band"}),
            "band_sem": (("arm", "lane"), sem, {"units": unit}),
            "percent": (("arm", "replicate"), percent, in_percent),
            "percent_mean": (("arm",), percent_mean, in_percent),
            "percent_sd": (("arm",), percent_sd, in_percent),
            "percent_sem": (("arm",), percent_sem, in_percent),
            "complex": (("arm",), held, {"units": unit, "long_name": "complex in the cell"}),
            "enrichment": (("arm",), enrichment, {"units": "1", "long_name": "IP over IgG"}),
        },
        coords={
            "arm": [arm.name for arm in arms],
            "lane": ["input", "IgG", "IP"],
            "replicate": np.arange(n),
        },
        attrs=provenance_of(engine, "co-ip", n=n, seed=seed, protocol=protocol),
    )


def _require_protocol(
    efficiency: float,
    koff: float,
    washes: int,
    wash_minutes: float,
    background: float,
    carry_over: float,
    input_share: float,
    cv_blot: float,
    cv_culture: float,
) -> None:
    is_count = isinstance(washes, int) and not isinstance(washes, bool)
    for what, value, is_fine, expected in (
        ("the efficiency of the antibody", efficiency, 0.0 < efficiency <= 1.0, "above 0, to 1"),
        ("koff", koff, 0.0 <= koff < math.inf, "0 or more, per second"),
        ("the number of washes", washes, is_count and 0 <= washes <= 100, "0 to 100"),
        ("the length of a wash", wash_minutes, 0.0 <= wash_minutes < math.inf, "0 min or more"),
        ("the IgG background", background, 0.0 <= background < 1.0, "0 or more, below 1"),
        ("the carry-over", carry_over, 0.0 <= carry_over <= 1.0, "0 to 1"),
        ("the share in the input lane", input_share, 0.0 < input_share <= 1.0, "above 0, to 1"),
        ("the noise of a band", cv_blot, 0.0 <= cv_blot < 1.0, "0 or more, below 1"),
        ("the noise of a culture", cv_culture, 0.0 <= cv_culture < 1.0, "0 or more, below 1"),
    ):
        require(is_fine, what, found=value, expected=expected, where=_WHERE)
