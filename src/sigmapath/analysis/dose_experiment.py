"""The dose experiment: one ligand, four arms, what each readout does and how strongly.

Enters: an engine, a ligand and the arms of the model (data of ``models/index.toml``). Leaves: a
:class:`DoseExperiment` of curves and time courses. Called by ``sigmapath dose``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sigmapath.analysis.dose_arm import Progress, Setting, curve_of, curve_plan, run_arm
from sigmapath.analysis.dose_input import companion_doses, given_doses
from sigmapath.analysis.dose_response import (
    HIGHEST_DOSE,
    N_DOSES,
    DoseResponse,
    FloatArray,
    default_doses,
)
from sigmapath.analysis.dose_results import DoseExperiment
from sigmapath.experiment.ligands import Ligand
from sigmapath.pathways.dose_arms import DoseArm

__all__ = ["REFERENCE_AGONIST", "run_dose_experiment"]

# The agonist an antagonist is tested against.
REFERENCE_AGONIST = "(+)-pentazocine"


def run_dose_experiment(
    engine: Any,
    ligand: Ligand,
    arms: Sequence[DoseArm],
    *,
    reference: Ligand,
    companions: Mapping[str, str | float] | None = None,
    doses: Sequence[str | float] | FloatArray | None = None,
    condition: str | None = None,
    ensemble: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
) -> DoseExperiment:
    """Run every arm of the dose experiment for one ligand.

    Parameters
    ----------
    engine : Engine
    ligand : Ligand
        The ligand that is dosed.
    arms : sequence of DoseArm
    reference : Ligand
        The agonist that an antagonist is tested against.
    companions : mapping name -> dose, optional
        Other ligands (or inputs), held from t = 0; plain numbers are uM.
    doses : sequence, optional
        At least four positive doses, in any order; plain numbers are uM. By default 41 from 1e-2
        to 1e4 x Ki, widened until every curve is flat at both ends, or 1 mM is reached.
    condition : str, optional
        Named context of the model.
    ensemble : int
        Number of draws from the parameter ranges, for intervals; 0 for none.
    seed : int
        Of the draws.
    progress : callable (what, done, total), optional

    Returns
    -------
    DoseExperiment

    Raises
    ------
    PlanError
        If doses are no doses, or the ligand is among its companions.
    UnknownNameError, UnitError
        If a name is not known, or a unit does not fit. Everything is refused before the first run.

    Notes
    -----
    After Ctrl-C the arms that are finished are returned; KeyboardInterrupt if there is none.
    """
    setting = Setting(
        engine=engine,
        ligand=ligand,
        base={} if condition is None else {"condition": condition},
        ensemble=ensemble,
        seed=seed,
        progress=progress or (lambda what, done, total: None),
    )
    held = companion_doses(companions or {}, ligand, engine)
    against = reference if ligand.type != "agonist" else None
    grid = default_doses(ligand.Ki_uM) if doses is None else given_doses(doses)
    for arm in arms:
        # Whatever cannot be planned is refused now, and not after minutes of work.
        curve_plan(setting, arm, held, grid)
    results = []
    try:
        if doses is None:
            grid = _widened(setting, arms, held, grid)
        for number, arm in enumerate(arms):
            setting.progress(arm.title, number, len(arms))
            results.append(run_arm(setting, arm, held, grid, against))
    except KeyboardInterrupt:
        if not results:
            raise
    setting.progress("done", len(arms), len(arms))
    curves = [s.curve for r in results for s in r.series]
    of_courses = np.array([c.status for r in results for c in r.courses], dtype=np.int8)
    missing = [arm.id for arm in arms[len(results) :]]
    return DoseExperiment(
        ligand=ligand,
        is_antagonist=against is not None,
        arms=tuple(results),
        notes=_notes(ligand, grid, curves, missing),
        status=np.concatenate([*(c.all_status for c in curves), of_courses]),
        is_complete=not missing,
    )


def _notes(
    ligand: Ligand, grid: FloatArray, curves: Sequence[DoseResponse], missing: Sequence[str]
) -> tuple[str, ...]:
    low, high = grid[0] / ligand.Ki_uM, grid[-1] / ligand.Ki_uM
    doses = f"{len(grid)} doses from {low:.3g} to {high:.3g} x Ki"
    notes = [doses + (", up to the limit of 1 mM" if grid[-1] >= HIGHEST_DOSE else "")]
    shapes = [shape for curve in curves for shape in curve.member_shapes]
    failed = sum(shape.kind == "failed" for shape in shapes)
    if failed:
        notes.append(f"{failed} of {len(shapes)} drawn curves have failed runs: not in intervals")
    if missing:
        notes.append(f"interrupted: {', '.join(missing)} not run")
    return tuple(notes)


def _widened(
    setting: Setting, arms: Sequence[DoseArm], held: Mapping[str, float], grid: FloatArray
) -> FloatArray:
    """Doses over which every arm's curve has both its ends, alone and with companions.

    One decade at a time, at most four downwards and up to 1 mM upwards.
    """
    for _ in range(8):
        setting.progress("choosing doses", 0, len(arms))
        kinds = {
            curve_of(setting, arm, given, grid, members=False).shape.kind
            for arm in arms
            for given in ([{}, held] if held else [{}])
        }
        low, high = grid[0], grid[-1]
        if "starts high" in kinds and low > 1e-6 * setting.ligand.Ki_uM:
            low /= 10.0
        if "not saturating" in kinds and high < HIGHEST_DOSE:
            high = min(10.0 * high, HIGHEST_DOSE)
        if (low, high) == (grid[0], grid[-1]):
            break
        grid = np.geomspace(low, high, N_DOSES)
    return grid
