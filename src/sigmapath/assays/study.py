"""The study that an assay is made on: which treatments, for how long, how many replicates.

Enters: doses, contexts and observables by name. Leaves: a frozen :class:`Study`, the arguments of
its runs, what the model reads at the end of each treatment. Called by the assays of this folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from typing import Any

import numpy as np

from sigmapath.assays.checks import require_ok, require_replicates
from sigmapath.assays.replicates import FloatArray
from sigmapath.errors import PlanError
from sigmapath.experiment.protocol import Phase, equilibrate
from sigmapath.record import record
from sigmapath.simulate.engine import Engine
from sigmapath.version import __version__

__all__ = ["VEHICLE", "Arm", "Study", "levels_of", "provenance_of"]

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
        A named context; None is that of the whole study.
    """

    name: str
    doses: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    condition: Any = None


@record
class Study:
    """What is done to the cells before an assay looks at them, and how many are looked at.

    Parameters
    ----------
    until : time
        Length of the treatment.
    n : int
        Replicates per arm, 2 or more: cells, cultures, blots or animals, as the assay says.
    doses : mapping name -> level, optional
        The treatment, against vehicle.
    arms : sequence of Arm, optional
        Arms of your own, in the place of ``doses``; the first is the reference.
    condition : str, optional
        Named context of all arms; that of an arm wins.
    parameters : mapping id -> value, optional
        Of all arms; those of an arm win.
    rest : bool
        Bring the cells to rest before.
    seed : int
        Of the replicates and of the noise.

    Raises
    ------
    PlanError
        If n or the seed is none, doses and arms are given, no arm is, or two arms share a name.
    """

    until: Any
    n: int
    doses: Mapping[str, Any] = field(default_factory=dict)
    arms: Sequence[Arm] | None = None
    condition: Any = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rest: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse a study that makes no sense."""
        require_replicates(self.n, self.seed, where="assay")
        if self.arms is None:
            return
        if self.doses:
            raise PlanError(
                "an assay takes doses or arms, not both", where="assay",
                fix="put the doses into the arms",
            )  # fmt: skip
        names = [arm.name for arm in self.arms]
        if not names or len(set(names)) != len(names):
            raise PlanError(
                "an assay needs arms with names of their own", where="assay",
                found=", ".join(names) or "no arm",
            )  # fmt: skip

    @property
    def treatments(self) -> tuple[Arm, ...]:
        """The arms given, or vehicle and the treatment that the doses describe."""
        if self.arms is not None:
            return tuple(self.arms)
        vehicle = Arm(name=VEHICLE)
        if not self.doses:
            return (vehicle,)
        name = " + ".join(f"{target} {_level(level)}" for target, level in self.doses.items())
        return (vehicle, Arm(name=name, doses=dict(self.doses)))

    def given(self, arm: Arm, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Doses, parameters and condition of an arm: arguments of ``Engine.plan``.

        ``settings`` are parameters of the assay, which those of the study and of the arm win over.
        """
        return {
            "doses": dict(arm.doses),
            "parameters": {**(settings or {}), **self.parameters, **arm.parameters},
            "condition": arm.condition if arm.condition is not None else self.condition,
        }

    def start(self, parameters: Mapping[str, Any] | None = None) -> list[Phase]:
        """The protocol up to the treatment: rest with these parameters held, if it is asked for."""
        return [equilibrate(parameters=parameters)] if self.rest else []

    def stream(self) -> np.random.Generator:
        """Random numbers from the seed, from their beginning."""
        return np.random.default_rng(self.seed)


def _level(level: Any) -> str:
    # A space that does not break keeps number and unit together on a figure.
    return level.strip().replace(" ", "\u00a0") if isinstance(level, str) else f"{level:g}"


def levels_of(
    engine: Engine, study: Study, observables: Sequence[str], *, where: str
) -> FloatArray:
    """Observables at the end of each treatment, shape (n_observable, n_arm).

    Parameters
    ----------
    engine : Engine
    study : Study
    observables : sequence of str
        Ids or formulas.
    where : str
        The assay, for messages.

    Raises
    ------
    UnknownNameError, PlanError
        If a name is not known or the treatment makes no sense.
    SolverError
        If a run fails.
    """
    found = np.empty((len(observables), len(study.treatments)))
    for place, arm in enumerate(study.treatments):
        plan = engine.plan(
            times=study.until,
            protocol=study.start() or None,
            readouts={f"r{i}": f"final({text})" for i, text in enumerate(observables)},
            **study.given(arm),
        )
        raw = engine.run(plan)
        require_ok(raw.status, where=f"{where}, {arm.name}")
        found[:, place] = [float(raw.reduced[f"r{i}"]) for i in range(len(observables))]
    return found


def provenance_of(
    engine: Engine, assay: str, study: Study, *settings: Any, **others: Any
) -> dict[str, Any]:
    """Attributes of a Dataset: the assay, its model, n, seed and the whole protocol as JSON.

    Parameters
    ----------
    engine : Engine
    assay : str
    study : Study
    *settings : frozen records
        Of the assay; their fields are written.
    **others
        Settings that stand in no record.
    """
    protocol = {**asdict(study), **{k: v for one in settings for k, v in asdict(one).items()}}
    protocol |= {"arms": [asdict(arm) for arm in study.treatments], **others}
    return {
        "assay": assay,
        "model": engine.index.model,
        "model_fingerprint": engine.system.fingerprint,
        "n": int(study.n),
        "seed": int(study.seed),
        "error_bars": "standard error of the mean (sem) and standard deviation (sd) over n",
        "protocol": json.dumps(protocol, default=str, sort_keys=True, ensure_ascii=False),
        "sigmapath_version": __version__,
    }
