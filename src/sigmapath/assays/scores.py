"""Scores: neurite outgrowth of cultures and prepulse inhibition of animals.

Enters: a model and treatments. Leaves: Datasets with a score per culture or animal, its mean and
its error. Both are proxies and carry the attribute ``proxy``: the model has no neurites and no
animal, so an index of the model is mapped to the score by an assumed relation stated in the
docstring. Orders and signs of arms mean something, sizes do not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sigmapath.assays.checks import is_count, require_all
from sigmapath.assays.replicates import FloatArray, factors, summarised
from sigmapath.assays.study import Arm, Study, levels_of, provenance_of
from sigmapath.assays.subject import engine_of
from sigmapath.errors import PlanError

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["SURFACE_NMDAR", "bearing", "gate", "neurite_outgrowth", "prepulse_inhibition"]

_CULTURES = Study(until="72 h", n=6)
_ANIMALS = Study(until="24 h", n=10)
# Working NMDA receptors at the surface, over rest.
SURFACE_NMDAR = "NMDAR_expression * GluN1 * f_surface / f_surface_rest"


def bearing(length_um: Any, cv: float, criterion_um: float) -> Any:
    """Share of cells whose longest neurite passes a criterion, for log-normal lengths [1].

    Parameters
    ----------
    length_um : float or ndarray
        Mean length.
    cv : float
        Coefficient of variation of the lengths of cells.
    criterion_um : float

    Notes
    -----
    ``P(x > c) = erfc((ln c - m) / (s sqrt 2)) / 2`` with ``s^2 = ln(1 + cv^2)`` and
    ``m = ln(mean) - s^2 / 2``: the log-normal distribution, see
    :func:`sigmapath.assays.replicates.factors`.
    """
    s = math.sqrt(math.log1p(cv * cv))
    place = (math.log(criterion_um) - np.log(length_um) + 0.5 * s * s) / (s * math.sqrt(2.0))
    share = np.vectorize(math.erfc, otypes=[float])(place) / 2.0
    return share if np.ndim(length_um) else float(share)


def neurite_outgrowth(
    model: Any,
    study: Study = _CULTURES,
    *,
    index: str = "outgrowth",
    length_um: float = 5.0,
    cv_cells: float = 0.6,
    criterion_um: float = 40.0,
    cells: int = 100,
    cv_culture: float = 0.1,
) -> xr.Dataset:
    """Count cells with neurites and measure their longest neurite; a proxy.

    Parameters
    ----------
    model : Model or Engine
        With the index of outgrowth, e.g. ``neurotrophin`` or ``s1r_cell``.
    study : Study
        Replicates are cultures; NGF is an input like a ligand. The seed guide fixes cells after 24
        to 72 h.
    index : str
        Observable to which mean length is proportional (the integral of ERK activity in the model;
        S1R agonists raise NGF-induced sprouting: Takebayashi, Hayashi and Su 2002,
        doi:10.1124/jpet.102.041970). Proportionality is assumed.
    length_um : float
        Mean longest neurite of the first arm [um]. Assumed, 2 to 15 without NGF.
    cv_cells : float
        Of the lengths of cells, log-normal [1]. Assumed, 0.4 to 1.
    criterion_um : float
        A cell bears a neurite above this: a few cell diameters, as is customary [um]. Assumed,
        15 to 60.
    cells : int
        Counted per culture. Assumed, 50 to 300.
    cv_culture : float
        Of the mean length, from culture to culture [1]. Assumed, 0.05 to 0.3.

    Returns
    -------
    xarray.Dataset
        Dimensions ``arm`` and ``culture``. ``bearing`` [%], ``length`` [um], each with ``_mean``,
        ``_sd`` and ``_sem`` per arm; ``index`` and ``bearing_expected`` without error.

    Raises
    ------
    PlanError
        If the protocol makes no sense or the index is not above 0.
    UnknownNameError
        If a name is not known.
    """
    where = "neurite outgrowth"
    engine = engine_of(model)
    require_all(where, (
        ("the length", length_um, 0.0 < length_um < 1e4, "above 0, below 10000 um"),
        ("the spread of cells", cv_cells, 0.0 < cv_cells < 3.0, "above 0, below 3"),
        ("the criterion", criterion_um, 0.0 < criterion_um < 1e4, "above 0, below 10000 um"),
        ("the number of cells", cells, is_count(cells, 1_000_000), "1 to 1000000"),
        ("the spread of cultures", cv_culture, 0.0 <= cv_culture < 2.0, "0 or more, below 2"),
    ))  # fmt: skip
    (level,) = levels_of(engine, study, [index], where=where)
    _require_positive(level, index)
    mean_length = length_um * level / level[0]
    stream, size = study.stream(), (len(level), study.n)
    cultures = mean_length[:, None] * factors(stream, cv_culture, size)
    lengths = cultures[:, :, None] * factors(stream, cv_cells, (*size, cells))
    scores = {
        "bearing": (100.0 * (lengths > criterion_um).mean(axis=2), "%", "cells with neurites"),
        "length": (lengths.mean(axis=2), "um", "longest neurite"),
    }
    provenance = provenance_of(
        engine, "neurite-outgrowth", study, index=index, length_um=length_um, cv_cells=cv_cells,
        criterion_um=criterion_um, cells=cells, cv_culture=cv_culture,
    )  # fmt: skip
    proxy = "mean neurite length is taken as proportional to the index of the model"
    expected = 100.0 * bearing(mean_length, cv_cells, criterion_um)
    return _scores("culture", study, scores, {**provenance, "proxy": proxy}).assign(
        index=(("arm",), level, {"units": "1", "long_name": index}),
        bearing_expected=(("arm",), expected, {"units": "%"}),
    )


def gate(drive: Any, inhibition: float, half_drive: float) -> Any:
    """Prepulse inhibition at a drive relative to rest [1]: ``inhibition (1 + K) x / (K + x)``.

    A saturating relation through ``inhibition`` at x = 1, never above 1; assumed, because no
    source gives one. ``half_drive`` is K.
    """
    return np.clip(inhibition * (1.0 + half_drive) * drive / (half_drive + drive), 0.0, 1.0)


def prepulse_inhibition(
    model: Any,
    study: Study = _ANIMALS,
    *,
    drive: str = SURFACE_NMDAR,
    deficit: Mapping[str, Any] | None = None,
    inhibition: float = 0.6,
    half_drive: float = 1.0,
    trials: int = 10,
    cv_trial: float = 0.3,
    cv_animal: float = 0.25,
) -> xr.Dataset:
    """Score %PPI, ``100 (1 - prepulse-pulse / pulse-alone)``, of animals; a proxy.

    Parameters
    ----------
    model : Model or Engine
        ``s1r_cell`` for the default drive.
    study : Study
        Replicates are animals. With ``doses`` the arms are vehicle, the deficit, and the deficit
        with the treatment.
    drive : str
        Observable that stands for gating, 1 in a resting cell: working NMDA receptors at the
        surface by default, because blockers of the NMDA receptor take PPI away (Geyer, Krebs-
        Thomson, Braff and Swerdlow 2001, doi:10.1007/s002130100811). Assumed.
    deficit : mapping, optional
        Parameters that make the deficit; ``{"NMDAR_expression": 0.4}``, a stand-in for an open-
        channel blocker, by default. Assumed, 0.2 to 0.7.
    inhibition : float
        PPI of a resting animal [1]. Assumed, 0.4 to 0.8.
    half_drive : float
        K of :func:`gate` [1]. Assumed, 0.3 to 3.
    trials : int
        Of each kind per animal. Assumed, 8 to 12.
    cv_trial, cv_animal : float
        Of the startle amplitude, from trial to trial and from animal to animal [1]. Assumed, 0.2 to
        0.5 each.

    Returns
    -------
    xarray.Dataset
        Dimensions ``arm`` and ``animal``. ``ppi`` [%] and ``startle`` (pulse alone, relative) with
        ``_mean``, ``_sd`` and ``_sem`` per arm; ``drive`` and ``ppi_expected`` without error.

    Raises
    ------
    PlanError
        If the protocol makes no sense or the drive is not above 0.
    UnknownNameError
        If a name is not known.

    Notes
    -----
    The formula of %PPI is that of the seed guide 001, with means over the trials of an animal.
    """
    where = "prepulse inhibition"
    engine = engine_of(model)
    require_all(where, (
        ("the inhibition at rest", inhibition, 0.0 < inhibition < 1.0, "above 0, below 1"),
        ("the drive of half effect", half_drive, 0.0 < half_drive < 1e3, "above 0, below 1000"),
        ("the number of trials", trials, is_count(trials, 10_000), "1 to 10000"),
        ("the spread of trials", cv_trial, 0.0 <= cv_trial < 2.0, "0 or more, below 2"),
        ("the spread of animals", cv_animal, 0.0 <= cv_animal < 2.0, "0 or more, below 2"),
    ))  # fmt: skip
    lost = dict(deficit) if deficit is not None else {"NMDAR_expression": 0.4}
    study = _with_deficit(study, lost)
    (level,) = levels_of(engine, study, [drive], where=where)
    _require_positive(level, drive)
    gated = gate(level / level[0], inhibition, half_drive)
    stream, size = study.stream(), (len(level), study.n)
    animal = factors(stream, cv_animal, size)
    pulse = animal * factors(stream, cv_trial, (*size, trials)).mean(axis=2)
    both = (1.0 - gated[:, None]) * animal * factors(stream, cv_trial, (*size, trials)).mean(axis=2)
    scores = {
        "ppi": (100.0 * (1.0 - both / pulse), "%", "prepulse inhibition"),
        "startle": (pulse, "1", "startle, pulse alone"),
    }
    provenance = provenance_of(
        engine, "ppi", study, drive=drive, deficit=lost, inhibition=inhibition,
        half_drive=half_drive, trials=trials, cv_trial=cv_trial, cv_animal=cv_animal,
    )  # fmt: skip
    proxy = "gating is taken as a saturating function of the drive of the model"
    return _scores("animal", study, scores, {**provenance, "proxy": proxy}).assign(
        drive=(("arm",), level, {"units": "1", "long_name": drive}),
        ppi_expected=(("arm",), 100.0 * gated, {"units": "%"}),
    )


def _with_deficit(study: Study, lost: Mapping[str, Any]) -> Study:
    """The study with an arm that has the deficit, and the treatment on top of it."""
    if study.arms is not None:
        return study
    vehicle, *treated = study.treatments
    arms = [vehicle, Arm(name="deficit", parameters=lost)]
    arms += [Arm(name=f"deficit + {a.name}", doses=a.doses, parameters=lost) for a in treated]
    return replace(study, doses={}, arms=arms)


def _require_positive(level: FloatArray, observable: str) -> None:
    if not (np.isfinite(level).all() and (level >= 0.0).all() and level[0] > 0.0):
        raise PlanError(
            "a score needs an index above 0 in its first arm, and nowhere below 0",
            where=observable, found=", ".join(f"{value:.4g}" for value in level),
        )  # fmt: skip


def _scores(
    replicate: str,
    study: Study,
    scores: Mapping[str, tuple[FloatArray, str, str]],
    attrs: Mapping[str, Any],
) -> xr.Dataset:
    """Scores per replicate with mean, sd and sem per arm."""
    import xarray as xr

    found: dict[str, Any] = {}
    for name, (values, unit, label) in scores.items():
        words = {"units": unit, "long_name": label}
        found |= summarised(name, ("arm", replicate), values, words, over=replicate)
    return xr.Dataset(
        found,
        coords={"arm": [arm.name for arm in study.treatments], replicate: np.arange(study.n)},
        attrs=attrs,
    )
