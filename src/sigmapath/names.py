# ruff: noqa: D102  the fields of the protocols are documented on the records that have them
"""NameIndex: what a model's names mean to arrays, without the model.

Enters: ids, units and start values of a lowered model. Leaves: experiments resolve names against it
and results take units from it. The contract between the two stands here, below both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sigmapath.record import record

__all__ = ["NameIndex", "QuantityLike", "SystemLike"]


class QuantityLike(Protocol):
    """What is asked of a parameter or state (``lower.system.Quantity`` has it)."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def unit(self) -> str: ...
    @property
    def volume(self) -> str: ...
    @property
    def is_amount(self) -> bool: ...
    @property
    def state_is_amount(self) -> bool: ...


class SystemLike(Protocol):
    """What is asked of a lowered model (``lower.system.OdeSystem`` has it)."""

    @property
    def model_id(self) -> str: ...
    @property
    def parameters(self) -> Sequence[QuantityLike]: ...
    @property
    def states(self) -> Sequence[QuantityLike]: ...
    @property
    def observables(self) -> Mapping[str, object]: ...
    @property
    def observable_units(self) -> Mapping[str, str]: ...
    @property
    def time_unit(self) -> str: ...


@record
class NameIndex:
    """Ids of a model and where they stand in its arrays.

    Parameters
    ----------
    model : str
        Id of the model, for messages.
    parameters : tuple of str
        Settable ids in the order of p[:n_param].
    states : tuple of str
        Ids of the states in the order of y.
    values : ndarray, shape (n_start,)
        Start values in user terms, parameters first; NaN where the model works them out.
    kinds : mapping id -> str
        "parameter", "local_parameter", "compartment", "species" or "stoichiometry".
    units : mapping id -> str
        Readable units of parameters and states in user terms, "" where the model has none.
    volumes : mapping species id -> compartment id
    amount_terms : frozenset of str
        Species whose user terms are amounts (hasOnlySubstanceUnits).
    amount_states : frozenset of str
        Species integrated as amounts although their user terms are concentrations.
    observables : mapping name -> unit
        Every name a user may observe.
    default_observables : tuple of str
        What is recorded when the user asks for nothing in particular.
    inputs : frozenset of str
        Ids that an experiment applies (stresses, ligand slots) and that are absent until then: on
        an axis they act like doses, from t = 0 on.
    time_unit : str
    long_names : mapping name -> str
        What observables are in words, for figures; those left out are called by their id.
    """

    model: str
    parameters: tuple[str, ...]
    states: tuple[str, ...]
    values: NDArray[np.float64]
    kinds: Mapping[str, str]
    units: Mapping[str, str]
    volumes: Mapping[str, str]
    amount_terms: frozenset[str]
    amount_states: frozenset[str]
    observables: Mapping[str, str]
    default_observables: tuple[str, ...]
    inputs: frozenset[str]
    time_unit: str
    long_names: Mapping[str, str]
    _positions: Mapping[str, int] = field(repr=False, compare=False)

    @classmethod
    def from_system(
        cls,
        system: SystemLike,
        *,
        inputs: Iterable[str] = (),
        default_observables: Sequence[str] | None = None,
        long_names: Mapping[str, str] | None = None,
    ) -> NameIndex:
        """Index a lowered model.

        Parameters
        ----------
        system : OdeSystem
        inputs : iterable of str
            Ids that an experiment sets. Those whose value is 0 (stresses, stimuli, free ligands:
            absent until applied) act like doses on an axis; the others (a gene dose of 1, the
            medium) describe the cell and act like parameters, in the equilibration too.
        default_observables : sequence of str, optional
            By default the species among the states, or all states if there is none.
        long_names : mapping name -> str, optional
            Observables in words.
        """
        quantities = (*system.parameters, *system.states)
        positions = {quantity.id: i for i, quantity in enumerate(quantities)}
        absent = {quantity.id for quantity in quantities if quantity.value == 0.0}
        if default_observables is None:
            species = tuple(s.id for s in system.states if s.kind == "species")
            default_observables = species or tuple(s.id for s in system.states)
        return cls(
            model=system.model_id,
            parameters=tuple(q.id for q in system.parameters),
            states=tuple(q.id for q in system.states),
            values=np.array([q.value for q in quantities], dtype=np.float64),
            kinds={q.id: q.kind for q in quantities},
            units={q.id: q.unit for q in quantities},
            volumes={q.id: q.volume for q in quantities if q.volume},
            amount_terms=frozenset(q.id for q in quantities if q.is_amount),
            amount_states=frozenset(q.id for q in quantities if q.state_is_amount),
            observables={
                name: system.observable_units.get(name, "") for name in system.observables
            },
            default_observables=tuple(default_observables),
            inputs=frozenset(inputs) & absent,
            time_unit=system.time_unit,
            long_names=dict(long_names or {}),
            _positions=positions,
        )

    @property
    def n_param(self) -> int:
        """Number of settable quantities that are no states."""
        return len(self.parameters)

    @property
    def n_start(self) -> int:
        """Length of the start values: settable quantities, then states."""
        return len(self.parameters) + len(self.states)

    def position(self, name: str) -> int | None:
        """Place of an id among the start values, None if it cannot be set."""
        return self._positions.get(name)

    def id_at(self, position: int) -> str:
        """Id at a place among the start values."""
        split = position - len(self.parameters)
        return self.states[split] if split >= 0 else self.parameters[position]

    @property
    def settable(self) -> tuple[str, ...]:
        """All ids that have a start value."""
        return self.parameters + self.states
