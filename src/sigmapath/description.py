"""What a model is: its parts as tables, its equations, its code, its files.

Enters: the stages of a model. Leaves: records, text. The public ``Model`` is such a description,
with experiments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sigmapath.errors import ModelError, PlanError

if TYPE_CHECKING:
    from sigmapath.experiment.condition import Condition
    from sigmapath.model.issue import Issue
    from sigmapath.model.network import ReactionNetwork
    from sigmapath.model.table import Table
    from sigmapath.simulate.stages import Stages

__all__ = ["Description"]

# Later than anything that an experiment schedules [model time]; nothing is integrated to here.
_NO_END = 1e300


class Description:
    """A model to look at. Immutable.

    Parameters
    ----------
    stages : Stages
        The model itself, from its network to its engines.
    name : str, optional
        Of a packaged pathway; by default the network's id.
    """

    def __init__(self, stages: Stages, *, name: str | None = None) -> None:
        self._stages = stages
        self._name = name or stages.id

    def __repr__(self) -> str:
        n = self.network
        return f"<Model {self.id}: {len(n.species)} species, {len(n.reactions)} reactions>"

    @property
    def id(self) -> str:
        """Name of the packaged pathway, or the id of the model."""
        return self._name

    @property
    def network(self) -> ReactionNetwork:
        """The reaction network as defined."""
        return self._stages.network

    @property
    def species(self) -> Table[Any]:
        """Species: id -> record; ``.to_pandas()`` for a table."""
        from sigmapath.model.describe import species_table

        return species_table(self.network)

    @property
    def reactions(self) -> Table[Any]:
        """Reactions: id -> record with scheme and rate."""
        from sigmapath.model.describe import reactions_table

        return reactions_table(self.network)

    @property
    def parameters(self) -> Table[Any]:
        """Parameters: id -> record with value, unit, source, grade and range."""
        from sigmapath.model.describe import parameters_table

        return parameters_table(self.network)

    @property
    def compartments(self) -> Table[Any]:
        """Compartments: id -> record."""
        from sigmapath.model.describe import compartments_table

        return compartments_table(self.network)

    @property
    def observables(self) -> Table[Any]:
        """Everything a run can record: text -> record. Formulas over these are allowed too."""
        from sigmapath.model.describe import observables_table

        system = self._stages.described
        # Quantities of our own making, such as those that hold random draws, are no model ids.
        shown = {name: math for name, math in system.observables.items() if "#" not in name}
        return observables_table(shown, system.observable_units, where=self.id)

    @property
    def conserved(self) -> Table[Any]:
        """Conserved totals: name -> record with its terms."""
        from sigmapath.model.describe import totals_table

        return totals_table(self._stages.totals(), where=self.id)

    @property
    def conditions(self) -> dict[str, Condition]:
        """Named contexts of the model: those of the packaged ones that it can take."""
        from sigmapath.experiment.condition import conditions_of

        if not self._stages.conditions:
            return {}
        system = self._stages.described
        ids = [quantity.id for quantity in (*system.parameters, *system.states)]
        return conditions_of(self._stages.conditions, ids)

    def check(self) -> list[Issue]:
        """Return what is wrong or doubtful: units, totals, dead reactions, signs, sources."""
        from sigmapath.model.issue import refusal
        from sigmapath.model.validate import check_network, describe_totals

        issues = check_network(self.network)
        if any(issue.severity == "error" for issue in issues):
            return issues
        try:
            totals = self._stages.totals()
        except ModelError as error:
            return [refusal(error), *issues]
        return [*issues, *describe_totals(totals)]

    def equations(self) -> str:
        """Return reactions, rules and differential equations as text."""
        from sigmapath.model.equations import equations

        return equations(self.network)

    def source(self, *, backend: str = "numba") -> str:
        """Return the generated code: numba source, or LLVM IR with ``backend="llvm"``."""
        from sigmapath.codegen.compile import source_text

        if backend not in ("numba", "llvm"):
            raise PlanError("unknown backend", found=backend, expected="numba or llvm")
        return source_text(self._stages.engine.system, backend=backend)  # type: ignore[arg-type]

    def describe(self) -> str:
        """Return an overview as text: what the model holds, with units and sources."""
        from sigmapath.model.overview import overview

        return overview(self.network, name=self.id, conditions=self.conditions)

    def to_sbml(
        self,
        *,
        parameters: Mapping[str, Any] | None = None,
        initial: Mapping[str, Any] | None = None,
        doses: Any = None,
        protocol: Any = None,
        condition: Any = None,
        until: Any = None,
    ) -> str:
        """Return the model as SBML Level 3 Version 2.

        Parameters
        ----------
        parameters, initial, condition, doses, protocol : optional
            As for :meth:`simulate`: baked in, changes over time as SBML events.
        until : time, optional
            What happens later is left out; by default nothing is.

        Raises
        ------
        PlanError
            If something of the experiment cannot be said in SBML.
        SolverError
            If ``protocol`` brings the model to rest and no steady state is found.
        """
        from sigmapath.io.sbml.write import network_to_sbml

        given = (parameters, initial, doses, protocol, condition)
        if all(entry is None for entry in given):
            return network_to_sbml(self.network)
        from sigmapath.simulate.bake import bake

        plan = self._stages.engine.plan(
            times=_NO_END if until is None else until, observables=self._stages.engine.index.states,
            parameters=parameters, initial=initial, doses=doses, protocol=protocol,
            condition=condition,
        )  # fmt: skip
        return network_to_sbml(bake(self._stages.engine, self.network, plan))

    def to_antimony(self) -> str:
        """Return the model as Antimony; refuses what Antimony cannot say."""
        from sigmapath.io.antimony_write import network_to_antimony

        return network_to_antimony(self.network)
