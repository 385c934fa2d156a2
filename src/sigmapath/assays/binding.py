"""Radioligand binding on washed membranes: saturation and competition, as an experimenter sees it.

Enters: the engine (or Model) of ``binding_assay`` and ligands by name. Leaves: :class:`Saturation`
and :class:`Competition` records shaped like the data of a paper: points with errors, a fit, what is
worked out from it. BiP has been washed away; depletion, too short an incubation and a cold bath
show as they would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sigmapath.assays.binding_data import Competition, Saturation
from sigmapath.assays.membranes import Incubation, bind, membranes_of
from sigmapath.assays.one_site import cheng_prusoff, fit_competition, fit_saturation
from sigmapath.assays.replicates import FloatArray
from sigmapath.errors import PlanError
from sigmapath.pathways.ligands import ligand_table
from sigmapath.quantity import parse_unit, to_model_units

__all__ = ["Competition", "Saturation", "competition", "saturation"]

NM = 1000.0
BLOCKER, BLOCKER_UM = "haloperidol", 10.0
_CUSTOMARY = Incubation()


def saturation(
    model: Any,
    label: str = "(+)-pentazocine",
    *,
    concentrations: Sequence[Any] | None = None,
    incubation: Incubation = _CUSTOMARY,
) -> Saturation:
    """Bind a labelled ligand at rising concentration; non-specific binding by 10 uM haloperidol.

    Parameters
    ----------
    model : Model or Engine
        Of ``binding_assay``.
    label : str
        A ligand.
    concentrations : sequence, optional
        Of the label (uM if plain numbers); 0.05 to 30 times its affinity, 12 points, by default.
    incubation : Incubation
    """
    engine = membranes_of(model)
    hot = ligand_table()[label]
    added = _concentrations(concentrations, hot.Ki_uM * np.geomspace(0.05, 30.0, 12), "label")
    read = ["bound_total", "bound_nonspecific", "hot"]
    settings, minutes = incubation.settings, incubation.minutes
    open_, _ = bind(engine, hot, None, "hot_total", added, minutes, settings, read)
    blocked, _ = bind(
        engine, hot, ligand_table()[BLOCKER], "hot_total", added, minutes,
        {**settings, "cold_total": BLOCKER_UM}, read,
    )  # fmt: skip
    stream = np.random.default_rng(incubation.seed)
    counted = incubation.counted(NM * open_["bound_total"][0], stream)
    background = incubation.counted(NM * blocked["bound_total"][0], stream)
    specific = counted - background
    free = NM * open_["hot"][0]
    kd, bmax = fit_saturation(free, specific.mean(axis=0))
    return Saturation(
        free=free,
        total=counted.mean(axis=0),
        nonspecific=background.mean(axis=0),
        specific=specific.mean(axis=0),
        sem=_sem(specific),
        kd=kd,
        bmax=bmax,
        n=incubation.n,
        seed=incubation.seed,
    )


def competition(
    model: Any,
    ligand: str,
    *,
    label: str = "(+)-pentazocine",
    label_concentration: Any = "4 nM",
    concentrations: Sequence[Any] | None = None,
    incubation: Incubation = _CUSTOMARY,
) -> Competition:
    """Displace a labelled ligand by rising concentrations of another.

    Parameters
    ----------
    model : Model or Engine
        Of ``binding_assay``.
    ligand, label : str
    label_concentration : float or str
        Added label (uM if a plain number).
    concentrations : sequence, optional
        Of the competitor; 0.01 to 1000 times its affinity, 12 points, by default.
    incubation : Incubation

    Raises
    ------
    PlanError
        If there is no label, or the concentrations are no curve.
    UnknownNameError
        If a ligand is not known.
    """
    engine = membranes_of(model)
    hot, cold = ligand_table()[label], ligand_table()[ligand]
    added = _uM(label_concentration, "label")
    if not added > 0.0:
        raise PlanError(
            "a binding assay needs some labelled ligand", where="label",
            found=str(label_concentration), expected="3 to 5 nM",
        )  # fmt: skip
    tested = _concentrations(concentrations, cold.Ki_uM * np.geomspace(0.01, 1e3, 12), "competitor")
    settings, minutes = {**incubation.settings, "hot_total": added}, incubation.minutes
    given, read = np.concatenate([[0.0], tested]), ["bound_total"]
    runs, _ = bind(engine, hot, cold, "cold_total", given, minutes, settings, read)
    blocked, _ = bind(
        engine, hot, ligand_table()[BLOCKER], "cold_total", np.array([BLOCKER_UM]), minutes,
        settings, read,
    )  # fmt: skip
    kd = saturation(engine, label, incubation=replace(incubation, noise=0.0, n=1)).kd
    total, background = NM * runs["bound_total"][0], NM * blocked["bound_total"][0]
    stream = np.random.default_rng(incubation.seed)
    counted = incubation.counted(total, stream)
    specific = counted - incubation.counted(background, stream)
    percent = 100.0 * specific[:, 1:] / specific[:, :1].mean()
    ic50, _, _ = fit_competition(NM * tested, specific[:, 1:].mean(axis=0))
    return Competition(
        concentration=NM * tested,
        total=counted.mean(axis=0)[1:],
        nonspecific=float(background[0]),
        specific=specific.mean(axis=0)[1:],
        percent=percent.mean(axis=0),
        sem=_sem(percent),
        ic50=ic50,
        ki=cheng_prusoff(ic50, NM * added, kd),
        kd=kd,
        depletion=float(total[0] / (NM * added)),
        n=incubation.n,
        seed=incubation.seed,
    )


def _uM(value: Any, what: str) -> float:
    return float(to_model_units(value, parse_unit("uM"), name=what, where="assay"))


def _concentrations(given: Sequence[Any] | None, default: FloatArray, what: str) -> FloatArray:
    if given is None:
        return default
    values = np.array([_uM(value, what) for value in given])
    if len(values) < 4 or not (values > 0.0).all() or not (np.diff(values) > 0.0).all():
        raise PlanError(
            "a curve needs 4 or more ascending concentrations above 0", where=what,
            found=", ".join(map(str, given)),
        )  # fmt: skip
    return values


def _sem(values: FloatArray) -> FloatArray:
    """Standard error over replicates; 0 for a single one."""
    n = len(values)
    if n < 2:
        return np.zeros(values.shape[1])
    found: FloatArray = values.std(axis=0, ddof=1) / np.sqrt(n)
    return found
