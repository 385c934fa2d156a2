"""Treatments of an assay: the arms, and what the model reads at the end of each.

Enters: doses, contexts and observables by name. Leaves: numbers per arm, without error. Called by
the assays that look at cells once, at the end of a treatment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.assays.replicates import require_ok
from sigmapath.errors import PlanError
from sigmapath.experiment.protocol import equilibrate
from sigmapath.record import record
from sigmapath.simulate.engine import Engine

__all__ = ["VEHICLE", "Arm", "arms_of", "levels_of"]

FloatArray = NDArray[np.float64]
VEHICLE = "vehicle"


@record
class Arm:
    """One treatment: what is held from t = 0, in which context.

    Parameters
    ----------
    name : str
        On the figure.
    doses, parameters : mapping name -> level
    condition : str or None
        A named context; None is that of the whole assay.
    """

    name: str
    doses: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    condition: Any = None


def arms_of(doses: Mapping[str, Any] | None, arms: Sequence[Arm] | None) -> tuple[Arm, ...]:
    """Vehicle and the treatment that ``doses`` describes, or the arms given.

    Raises
    ------
    PlanError
        If both are given, no arm is, or two arms share a name.
    """
    if arms is not None:
        if doses:
            raise PlanError(
                "an assay takes doses or arms, not both", where="assay",
                fix="put the doses into the arms",
            )  # fmt: skip
        names = [arm.name for arm in arms]
        if not names or len(set(names)) != len(names):
            raise PlanError(
                "an assay needs arms with names of their own", where="assay",
                found=", ".join(names) or "no arm",
            )  # fmt: skip
        return tuple(arms)
    vehicle = Arm(name=VEHICLE)
    if not doses:
        return (vehicle,)
    name = " + ".join(f"{target} {_level(level)}" for target, level in doses.items())
    return (vehicle, Arm(name=name, doses=dict(doses)))


def _level(level: Any) -> str:
    # A space that does not break keeps number and unit together on a figure.
    return level.strip().replace(" ", "\u00a0") if isinstance(level, str) else f"{level:g}"


def levels_of(
    engine: Engine,
    arms: Sequence[Arm],
    observables: Sequence[str],
    *,
    where: str,
    until: Any,
    condition: Any = None,
    parameters: Mapping[str, Any] | None = None,
    rest: bool = True,
) -> FloatArray:
    """Observables at the end of each treatment, shape (n_observable, n_arm).

    Parameters
    ----------
    engine : Engine
    arms : sequence of Arm
    observables : sequence of str
        Ids or formulas.
    where : str
        The assay, for messages.
    until : time
    condition, parameters
        Of all arms; those of an arm win.
    rest : bool
        Bring the cells to rest before.

    Raises
    ------
    UnknownNameError, PlanError
        If a name is not known or the treatment makes no sense.
    SolverError
        If a run fails.
    """
    found = np.empty((len(observables), len(arms)))
    for place, arm in enumerate(arms):
        plan = engine.plan(
            times=until,
            doses=dict(arm.doses),
            parameters={**(parameters or {}), **arm.parameters},
            condition=arm.condition if arm.condition is not None else condition,
            protocol=[equilibrate()] if rest else None,
            readouts={f"r{i}": f"final({text})" for i, text in enumerate(observables)},
        )
        raw = engine.run(plan)
        require_ok(raw.status, where=f"{where}, {arm.name}")
        found[:, place] = [float(raw.reduced[f"r{i}"]) for i in range(len(observables))]
    return found
