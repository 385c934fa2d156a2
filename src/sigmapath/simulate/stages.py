"""A model on its way from a file to results: every stage made once, when first needed.

Enters: a network, or a file whose record is known from before, and what surrounds it (contexts,
ligands). Leaves: the network, the lowered system, engines, raw results. Called by the public
``Model``, which holds one of these and nothing else that can change.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sigmapath.errors import ParseError, PlanError

if TYPE_CHECKING:
    import xarray as xr

    from sigmapath.experiment.condition import Condition
    from sigmapath.experiment.ligands import LigandTable
    from sigmapath.lower.system import OdeSystem
    from sigmapath.model.network import ReactionNetwork
    from sigmapath.results.raw import RawResult
    from sigmapath.simulate.engine import Engine
    from sigmapath.simulate.prepared import Origin, Prepared
    from sigmapath.simulate.stochastic import StochasticEngine

__all__ = ["Stages", "read_stages"]

Totals = list[tuple[str, list[tuple[float, str]]]]


def read_stages(
    path: str | os.PathLike[str],
    *,
    conditions: Mapping[str, Condition],
    ligands: Callable[[], LigandTable],
) -> Stages:
    """Return the stages of a model file; it is read here only if it is not known from before.

    Raises
    ------
    ParseError, UnsupportedFeatureError
        As :func:`sigmapath.io.load.load_network`.
    """
    from sigmapath.simulate.prepared import known, origin_of

    origin = origin_of(path)
    prepared = None if origin is None else known(origin)
    network = _read(path) if prepared is None else None
    return Stages(network, origin=origin, prepared=prepared, conditions=conditions, ligands=ligands)


class Stages:
    """A model at every stage.

    Parameters
    ----------
    network : ReactionNetwork or None
        None where ``prepared`` stands for it.
    conditions : mapping name -> Condition
    ligands : callable
        Gives the ligand table.
    origin : Origin, optional
        File that the model comes from.
    prepared : Prepared, optional
        What is known of this file from before.
    """

    def __init__(
        self,
        network: ReactionNetwork | None,
        *,
        conditions: Mapping[str, Condition],
        ligands: Callable[[], LigandTable],
        origin: Origin | None = None,
        prepared: Prepared | None = None,
    ) -> None:
        self._given = network
        self.conditions = dict(conditions)
        self._ligands = ligands
        self._origin = origin
        self._known = prepared

    @property
    def id(self) -> str:
        """Id of the model."""
        return self._known.id if self._known is not None else self.network.id

    @cached_property
    def network(self) -> ReactionNetwork:
        """The network; of a file that is known from before, it is read when first needed."""
        if self._given is not None:
            return self._given
        from sigmapath.simulate.prepared import origin_of

        assert self._origin is not None
        if origin_of(self._origin.path) != self._origin:
            raise ParseError(
                "the file has changed since the model was loaded",
                file=str(self._origin.path),
                fix="load it again",
            )
        return _read(self._origin.path)

    @cached_property
    def prepared(self) -> Prepared:
        """The lowered model; made once, and remembered for the next process."""
        from sigmapath.simulate.prepared import prepare, remember

        if self._known is not None:
            return self._known
        prepared = prepare(self.network)
        if self._origin is not None:
            remember(self._origin, prepared)
        return prepared

    @cached_property
    def described(self) -> OdeSystem:
        """The lowered model to look at; random draws, which only stochastic runs make, are kept."""
        if self._known is not None or "prepared" in self.__dict__:
            return self.prepared.system
        from sigmapath.lower.draws import has_draws
        from sigmapath.lower.flatten import inline_functions
        from sigmapath.lower.propensities import system_of

        if has_draws(inline_functions(self.network)):
            return system_of(self.network)
        return self.prepared.system

    @cached_property
    def engine(self) -> Engine:
        """The model made ready to run."""
        from sigmapath.simulate.engine import Engine

        return Engine(
            self.prepared.system,
            ligands=self._ligands(),
            conditions=self.conditions,
            ranges=self.prepared.ranges,
            inputs=self.prepared.inputs,
            default_observables=self.prepared.default_observables,
            long_names=self.prepared.long_names,
        )

    @cached_property
    def stochastic(self) -> StochasticEngine:
        """The model as a jump process."""
        from sigmapath.simulate.evidence import input_ids, long_names, parameter_ranges
        from sigmapath.simulate.stochastic import StochasticEngine

        return StochasticEngine(
            self.network,
            ligands=self._ligands(),
            conditions=self.conditions,
            ranges=parameter_ranges(self.network),
            inputs=input_ids(self.network),
            long_names=long_names(self.network),
        )

    def totals(self) -> Totals:
        """Conserved totals as (name, [(coefficient, species id)])."""
        system = self.described
        states = system.states
        return [
            (
                moiety.name,
                [
                    (coefficient, states[i].id)
                    for i, coefficient in zip(moiety.states, moiety.coefficients, strict=True)
                ],
            )
            for moiety in system.moieties
        ]

    def run(self, given: Mapping[str, Any], *, progress: Any = None) -> RawResult:
        """Plan and run an experiment.

        Parameters
        ----------
        given : mapping
            Arguments of ``Engine.plan`` and options of a run, side by side.
        progress : callable (done, total), optional

        Raises
        ------
        PlanError
            If replicates or moments are asked for of runs without chance.
        """
        return self._run(given, None, progress)[0]

    def dataset(self, given: Mapping[str, Any]) -> xr.Dataset:
        """As :meth:`run`, as a Dataset, which is put together beside the runs."""
        from sigmapath.results.dataset import add_attributes, to_dataset, unfinished_dataset

        given = dict(given)
        raw, made = self._run(given, unfinished_dataset, given.pop("progress", None))
        if made is None:
            return to_dataset(raw)
        add_attributes(made, raw)
        return made

    def _run(
        self,
        given: Mapping[str, Any],
        look: Callable[[RawResult], xr.Dataset] | None,
        progress: Any,
    ) -> tuple[RawResult, xr.Dataset | None]:
        given = dict(given)
        options = {name: given.pop(name) for name in _OPTIONS if name in given}
        times = given.get("times")
        if isinstance(times, tuple) and len(times) == 2 and isinstance(times[1], int):
            given["times"], given["points"] = times
        asked = {name: given.pop(name, None) for name in ("replicates", "moments")}
        chance = {name: v for name, v in asked.items() if v is not None and v is not False}
        if options.get("method") == "ssa":
            options["progress"] = progress
            return self.stochastic.run(options=options, **chance, **given), None
        if chance:
            raise PlanError(
                f"{' and '.join(chance)}: only stochastic runs have replicates",
                fix='add method="ssa"',
            )
        if given.get("observables") is not None:
            # Trajectories that are asked for by name are kept, beside readouts too.
            given.setdefault("keep_trajectories", True)
        plan = self.engine.plan(**given)
        return self.engine.run_with(plan, look, progress=progress, **options)


def _read(path: str | os.PathLike[str]) -> ReactionNetwork:
    from sigmapath.io.load import load_network

    return load_network(path)


_OPTIONS = (
    "method",
    "rtol",
    "atol",
    "max_steps",
    "max_step",
    "first_step",
    "event_seed",
    "backend",
    "tier",
    "lanes",
    "threads",
)
