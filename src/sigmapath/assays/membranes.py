"""Washed membranes with ligands in a bath: what is bound when the incubation ends.

Enters: the engine (or Model) of ``binding_assay`` and ligands. Leaves: bound label without noise,
and counted filters. Called by the binding assays of this folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from sigmapath.assays.checks import require_all
from sigmapath.assays.replicates import FloatArray, factors
from sigmapath.errors import PlanError
from sigmapath.experiment.ensemble import Ensemble, ParameterRange, draw, ensemble
from sigmapath.experiment.ligands import Ligand
from sigmapath.record import record
from sigmapath.simulate.engine import Engine

__all__ = ["MODEL", "Draws", "Incubation", "bind", "drawn_constants", "membranes_of"]

MODEL = "binding_assay"


@record
class Incubation:
    """How membranes are incubated, and how filters are counted.

    Parameters
    ----------
    minutes, celsius : float
    noise : float
        Coefficient of variation of one counted filter [1].
    n, seed : int
        Replicates; of the noise.
    parameters : mapping, optional
        Of the model, e.g. ``receptor_total``.

    Raises
    ------
    PlanError
        If it makes no sense: no incubation, a frozen or boiling bath, noise without replicates.
    """

    minutes: float = 90.0
    celsius: float = 37.0
    noise: float = 0.0
    n: int = 3
    seed: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an incubation that makes no sense."""
        require_all("assay", (
            ("the incubation", self.minutes, self.minutes > 0.0, "more than 0 min"),
            ("the temperature", self.celsius, 0.0 <= self.celsius <= 45.0, "0 to 45 degrees C"),
            ("the noise", self.noise, 0.0 <= self.noise < 1.0, "0 or more, below 1"),
            ("the number of replicates", self.n, self.n >= 1, "1 or more"),
            ("noise without replicates", self.n, self.noise == 0.0 or self.n >= 2,
             "2 or more, for error bars"),
        ))  # fmt: skip

    @property
    def settings(self) -> dict[str, Any]:
        """Parameters of the model."""
        return {"temperature": self.celsius + 273.15, **self.parameters}

    def counted(self, values: FloatArray, stream: np.random.Generator) -> FloatArray:
        """Replicate filters, shape (n, len(values)), with log-normal counting error."""
        return values * factors(stream, self.noise, (self.n, len(values)))


@record
class Draws:
    """Members of an ensemble besides the nominal one: their number, seed and factor."""

    n: int
    seed: int
    factor: float | None = None


def membranes_of(model: Any) -> Engine:
    """The engine of ``binding_assay``; raises PlanError if it is another model."""
    found = getattr(model, "_engine", model)
    if not isinstance(found, Engine) or found.index.position("hot_total") is None:
        raise PlanError(
            "a binding assay runs on the model binding_assay", where="assay",
            found=getattr(model, "id", type(model).__name__), fix='sp.load("binding_assay")',
        )  # fmt: skip
    return found


def bind(
    engine: Engine,
    hot: Ligand,
    cold: Ligand | None,
    axis: str,
    values: FloatArray,
    minutes: float,
    settings: Mapping[str, Any],
    read: Sequence[str],
    draws: Draws | None = None,
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Bound label at the end of the incubation, shape (n_member, n), and the constants drawn."""
    pairs = [(hot, "L1")] + ([(cold, "L2")] if cold is not None else [])
    constants = {
        name: value
        for ligand, slot in pairs
        for name, value in ligand.slot_values(slot).items()
        if engine.index.position(name) is not None
    }
    described: Ensemble | None = None
    drawn: dict[str, FloatArray] = {}
    if draws:
        drawn = drawn_constants(engine, pairs, draws, frozenset(settings) | {axis})
        columns = {k: v for k, v in settings.items() if np.ndim(v) and k != axis}
        settings = {k: v for k, v in settings.items() if k not in columns}
        drawn |= columns
        described = ensemble(members=drawn, nominal=False)
    given = {k: v for k, v in constants.items() if k not in drawn}
    plan = engine.plan(
        times=minutes * 60.0,
        axes={axis: values.tolist()},
        parameters={**given, **{k: v for k, v in settings.items() if k != axis}},
        readouts={name: f"final({name})" for name in read},
        ensemble=described,
    )
    raw = engine.run(plan)
    size = 1 + draws.n if draws else 1
    return {name: np.asarray(raw.reduced[name]).reshape(size, -1) for name in read}, drawn


def drawn_constants(
    engine: Engine,
    pairs: Sequence[tuple[Ligand, str]],
    draws: Draws,
    fixed: frozenset[str],
) -> dict[str, FloatArray]:
    """Constants of the nominal member and of the draws."""
    wide = ensemble(draws.n, ranges=_ranges(engine, pairs), seed=draws.seed, factor=draws.factor)
    columns = draw(wide, fixed=fixed)
    nominal = {r.id: r.nominal for r in wide.ranges}
    return {k: np.concatenate([[nominal[k]], column]) for k, column in columns.items()}


def _ranges(engine: Engine, pairs: Sequence[tuple[Ligand, str]]) -> list[ParameterRange]:
    """Ranges of the model with those of the ligands in their slots."""
    of_ligands = {
        entry.id: entry
        for ligand, slot in pairs
        for entry in ligand.slot_ranges(slot)
        if engine.index.position(entry.id) is not None
    }
    return [r for r in engine.ranges if r.id not in of_ligands] + list(of_ligands.values())
