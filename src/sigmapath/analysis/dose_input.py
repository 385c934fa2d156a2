"""Doses as people give them to a dose experiment.

Enters: numbers and texts with units. Leaves: plain numbers in uM, or the unit of an input. Called
by :mod:`sigmapath.analysis.dose_experiment`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sigmapath.analysis.dose_response import FloatArray
from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.experiment.ligands import Ligand
from sigmapath.quantity import parse_unit, to_model_units

__all__ = ["DOSE_UNIT", "companion_doses", "given_doses"]

DOSE_UNIT = "uM"


def given_doses(doses: Sequence[str | float] | FloatArray) -> FloatArray:
    """Doses as typed, in uM and in rising order.

    Raises
    ------
    PlanError
        If there are fewer than four different doses, or one is not positive.
    UnitError
        If a unit is no concentration.
    """
    unit = parse_unit(DOSE_UNIT)
    values = [to_model_units(dose, unit, name="dose", where="doses") for dose in doses]
    grid = np.unique(np.array(values, dtype=np.float64))
    if grid.size and not grid[0] > 0.0:
        raise PlanError(
            "a dose must be above 0",
            where="doses",
            found=f"{grid[0]:g} {DOSE_UNIT}",
            fix="leave it out: vehicle, which is dose 0, is always added",
        )
    if grid.size < 4:
        raise PlanError(
            "a dose response needs at least four different doses",
            where="doses",
            found=f"{grid.size}",
            fix="give more, for example 1nM:10uM:41",
        )
    return grid


def companion_doses(
    pairs: Mapping[str, str | float], ligand: Ligand, engine: Any
) -> dict[str, float]:
    """Doses given together with the ligand, in uM; plain numbers are uM already.

    Raises
    ------
    UnknownNameError
        If a name is neither a ligand nor an id of the model.
    UnitError
        If a dose is no concentration.
    PlanError
        If it is no positive number, or the ligand is its own companion.
    """
    micromolar = parse_unit(DOSE_UNIT)
    found: dict[str, float] = {}
    for name, value in pairs.items():
        known = engine.ligands.find(name)
        if known is not None and known.name == ligand.name:
            raise PlanError(
                f"{ligand.name} is the ligand that is dosed, so it cannot be held as well",
                where="given with the ligand",
                found=name,
                fix="name another ligand",
            )
        if known is None and engine.index.position(name) is None:
            raise UnknownNameError(
                "ligand",
                name,
                engine.ligands.spellings,
                where="given with the ligand",
                fix="sigmapath ligands lists them",
            )
        unit = micromolar if known is not None else parse_unit(engine.index.units[name])
        level = to_model_units(value, unit, name=name, where="given with the ligand")
        if level < 0.0:
            raise PlanError(
                "a dose cannot be negative", where=f"given with the ligand: {name}",
                found=str(value),
            )  # fmt: skip
        found[known.name if known is not None else name] = level
    return found
