"""The model that an assay runs on: its engine, its network, the engine of a changed network.

Enters: a Model, or an Engine where that is enough. Leaves: engines and networks. Called by the
assays of this folder.
"""

from __future__ import annotations

from typing import Any

from sigmapath.errors import PlanError
from sigmapath.model.network import ReactionNetwork
from sigmapath.simulate.engine import Engine
from sigmapath.simulate.prepared import prepare

__all__ = ["engine_of", "engine_with", "network_of"]


def engine_of(model: Any) -> Engine:
    """The engine of a Model, or the engine itself.

    Raises
    ------
    PlanError
        If it is neither.
    """
    found = getattr(model, "_engine", model)
    if not isinstance(found, Engine):
        raise PlanError(
            "an assay runs on a model", where="assay", found=type(model).__name__,
            fix='sp.load("s1r_mam")',
        )  # fmt: skip
    return found


def network_of(model: Any) -> ReactionNetwork:
    """The reaction network of a Model; an engine alone has none.

    Raises
    ------
    PlanError
    """
    network = getattr(model, "network", None)
    if not isinstance(network, ReactionNetwork):
        raise PlanError(
            "this assay adds reactions, so it needs the model and not its engine", where="assay",
            found=type(model).__name__, fix='sp.load("s1r_mam")',
        )  # fmt: skip
    return network


def engine_with(model: Any, network: ReactionNetwork) -> Engine:
    """Engine of a changed network, with the ligands and contexts of the model it came from."""
    own = engine_of(model)
    prepared = prepare(network)
    return Engine(
        prepared.system,
        ligands=own.ligands,
        conditions=own.conditions,
        ranges=prepared.ranges,
        inputs=prepared.inputs,
        default_observables=prepared.default_observables,
        long_names=prepared.long_names,
    )
