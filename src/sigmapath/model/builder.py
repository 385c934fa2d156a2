"""The Python front end: build a reaction network step by step.

Enters: names, numbers, units and laws as a modeller writes them. Leaves: a validated, immutable
:class:`~sigmapath.model.network.ReactionNetwork`. :class:`ModelBuilder`, with its
:class:`~sigmapath.model.parts.Parts`, is the only mutable object of this layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sigmapath.errors import SigmapathError
from sigmapath.expr.nodes import Expr, ExprLike
from sigmapath.model.components import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    Event,
    EventAssignment,
    FunctionDefinition,
    InitialAssignment,
    KineticLaw,
    LocalParameter,
    Meta,
    Parameter,
    RateRule,
    Reaction,
    Species,
    Trigger,
)
from sigmapath.model.evidence import Evidence, write_evidence
from sigmapath.model.issue import raise_errors
from sigmapath.model.network import ModelUnits, ReactionNetwork
from sigmapath.model.parts import Parts, name_of
from sigmapath.model.scheme import read_scheme
from sigmapath.model.validate import check_network

__all__ = ["ModelBuilder"]


class ModelBuilder:
    """Collects the parts of a model; :meth:`build` returns the network.

    Methods that name a quantity return its symbol, so that laws can be written as Python
    arithmetic. Laws are text, symbols and numbers, or the constructors of
    :mod:`sigmapath.model.rate_laws`; a kinetic law is extent per time. Mistakes are collected and
    raised together by :meth:`build`.

    Parameters
    ----------
    id : str
        Id of the model.
    name, notes : str
        For people.
    substance, time, volume, area, length, extent : str
        Units of the model as text ("amol", "s", "pL"); extent is substance if not given.

    Examples
    --------
    >>> m = ModelBuilder("decay", substance="amol", time="s", volume="pL")
    >>> cell = m.compartment("cell", 1.0)
    >>> a = m.species("A", "cell", concentration=10.0)
    >>> k = m.parameter("k", 0.1, units="1/s")
    >>> m.reaction("A -> ", k * a * cell, id="decay_of_A")
    >>> m.build().reactions[0].id
    'decay_of_A'
    """

    def __init__(
        self,
        id: str,
        *,
        name: str = "",
        notes: str = "",
        substance: str = "",
        time: str = "",
        volume: str = "",
        area: str = "",
        length: str = "",
        extent: str = "",
    ) -> None:
        self._id, self._name, self._notes = id, name, notes
        self._parts = Parts()
        roles = {"time": time, "volume": volume, "area": area, "length": length}
        roles |= {"substance": substance, "extent": extent or substance}
        named = {role: self._parts.unit_id(text, f"unit of {role}") for role, text in roles.items()}
        self._units = ModelUnits(**named)

    # -- quantities --------------------------------------------------------------------------

    def unit(self, id: str, text: str) -> None:
        """Define the unit ``id`` as ``text``, for example ``unit("per_uM_s", "1/(uM s)")``."""
        self._parts.define_unit(id, text)

    def compartment(
        self,
        id: str,
        size: float | None = None,
        *,
        units: str = "",
        dimensions: float = 3.0,
        constant: bool | None = None,
        name: str = "",
        notes: str = "",
    ) -> Expr:
        """Add a compartment of ``size`` in ``units`` (the model's, if not given)."""
        return self._parts.quantity(
            Compartment(
                id=id,
                name=name,
                size=size,
                units=self._parts.unit_id(units, f"compartment {id}"),
                spatial_dimensions=dimensions,
                meta=Meta(notes=notes),
            ),
            constant,
        )

    def species(
        self,
        id: str,
        compartment: str | Expr,
        *,
        concentration: float | None = None,
        amount: float | None = None,
        units: str = "",
        counts_amount: bool = False,
        boundary: bool = False,
        constant: bool = False,
        name: str = "",
        notes: str = "",
    ) -> Expr:
        """Add a species with an initial concentration or an initial amount.

        Parameters
        ----------
        id : str
            In formulas it means the concentration, or the amount with ``counts_amount``.
        compartment : str or Expr
            Where it is.
        concentration, amount : float, optional
            Initial value in model units; at most one of the two.
        units : str
            Unit of *amount* of this species; the model's substance unit if not given.
        counts_amount : bool
            SBML's hasOnlySubstanceUnits.
        boundary : bool
            Reactions do not change it.
        constant : bool
            Nothing changes it.
        name, notes : str
            For people.
        """
        if concentration is not None and amount is not None:
            self._parts.problem(
                "two_initial_values",
                f"species {id}",
                "both an initial concentration and an initial amount are given",
                "give one of the two",
            )
        return self._parts.quantity(
            Species(
                id=id,
                compartment=name_of(compartment),
                name=name,
                initial_amount=amount,
                initial_concentration=concentration,
                substance_units=self._parts.unit_id(units, f"species {id}"),
                has_only_substance_units=counts_amount,
                boundary_condition=boundary,
                meta=Meta(notes=notes),
            ),
            constant,
        )

    def parameter(
        self,
        id: str,
        value: float | None = None,
        *,
        units: str = "",
        constant: bool | None = None,
        name: str = "",
        notes: str = "",
        evidence: Evidence | None = None,
    ) -> Expr:
        """Add a parameter; one that rules or events change is made variable by itself.

        Parameters
        ----------
        id : str
            Its id.
        value : float, optional
            In ``units``; none for a parameter that a rule or initial assignment defines.
        units : str
            Unit as text ("1/(uM s)"), or the id of a unit.
        constant : bool, optional
            Whether it may change; None decides by whether anything changes it.
        name, notes : str
            For people.
        evidence : Evidence, optional
            Meaning, source, grade and range, written into the notes.

        Returns
        -------
        Expr
            The symbol of the parameter.
        """
        text = write_evidence(evidence) if evidence is not None else notes
        return self._parts.quantity(
            Parameter(
                id=id,
                name=name,
                value=value,
                units=self._parts.unit_id(units, f"parameter {id}"),
                meta=Meta(notes=text),
            ),
            constant,
        )

    # -- what happens ------------------------------------------------------------------------

    def reaction(
        self,
        scheme: str,
        law: ExprLike | None = None,
        *,
        id: str = "",
        modifiers: Sequence[str | Expr] = (),
        local: Mapping[str, float] | None = None,
        reversible: bool | None = None,
        compartment: str | Expr = "",
        name: str = "",
        notes: str = "",
    ) -> None:
        """Add a reaction.

        Parameters
        ----------
        scheme : str
            "A + 2 B -> C"; ``<->`` marks it reversible, a side may be empty.
        law : text, number or Expr, optional
            Kinetic law, extent per time.
        id : str
            "R1", "R2", ... in order of definition if not given.
        modifiers : sequence of str or Expr
            Species that the law uses without changing them; those that are missing here are found
            in the law.
        local : mapping str -> float, optional
            Parameters of this law alone.
        reversible : bool, optional
            Overrides the arrow.
        compartment : str or Expr
            Where it takes place, for people.
        name, notes : str
            For people.
        """
        rid = id or f"R{len(self._parts.of(Reaction)) + 1}"
        where = f"reaction {rid}"
        try:
            reactants, products, arrow = read_scheme(scheme)
        except SigmapathError as error:
            self._parts.mistake("bad_scheme", where, error)
            return
        locals_ = tuple(LocalParameter(id=key, value=v) for key, v in (local or {}).items())
        math = None if law is None else self._parts.math(law, f"kinetic law of {where}")
        kinetic_law = None if math is None else KineticLaw(math=math, local_parameters=locals_)
        self._parts.add(
            Reaction(
                id=rid,
                reactants=reactants,
                products=products,
                modifiers=tuple(map(name_of, modifiers)),
                kinetic_law=kinetic_law,
                name=name,
                reversible=arrow if reversible is None else reversible,
                compartment=name_of(compartment),
                meta=Meta(notes=notes),
            )
        )

    def assignment_rule(self, variable: str | Expr, math: ExprLike) -> None:
        """Let ``variable = math`` hold at all times."""
        self._parts.rule(AssignmentRule, "assignment rule", variable, math)

    def rate_rule(self, variable: str | Expr, math: ExprLike) -> None:
        """Let ``d variable / dt = math``."""
        self._parts.rule(RateRule, "rate rule", variable, math)

    def algebraic_rule(self, math: ExprLike) -> None:
        """Let ``0 = math`` hold at all times."""
        parsed = self._parts.math(math, "algebraic rule")
        if parsed is not None:
            self._parts.add(AlgebraicRule(math=parsed))

    def initial_assignment(self, variable: str | Expr, math: ExprLike) -> None:
        """Let ``variable`` start at ``math``."""
        parsed = self._parts.math(math, f"initial assignment of {name_of(variable)}")
        if parsed is not None:
            self._parts.add(InitialAssignment(symbol=name_of(variable), math=parsed))

    def event(
        self,
        trigger: ExprLike,
        assignments: Mapping[str, ExprLike],
        *,
        id: str = "",
        delay: ExprLike | None = None,
        priority: ExprLike | None = None,
        initial_value: bool = True,
        persistent: bool = True,
        use_values_from_trigger_time: bool = True,
        name: str = "",
    ) -> None:
        """Add an event: when ``trigger`` turns true, every id of ``assignments`` gets its value.

        ``delay`` waits between trigger and execution, ``priority`` orders simultaneous events,
        ``initial_value`` is the trigger's value before the start, and an event that is not
        ``persistent`` is dropped if its trigger turns false during the delay.
        """
        where = f"event {id or len(self._parts.of(Event)) + 1}"
        read = self._parts.math
        condition = read(trigger, f"trigger of {where}")
        values = {v: read(m, f"{where}, assignment of {v}") for v, m in assignments.items()}
        if condition is None:
            return
        self._parts.add(
            Event(
                id=id,
                name=name,
                trigger=Trigger(math=condition, initial_value=initial_value, persistent=persistent),
                assignments=tuple(
                    EventAssignment(variable=v, math=m) for v, m in values.items() if m is not None
                ),
                delay=None if delay is None else read(delay, f"delay of {where}"),
                priority=None if priority is None else read(priority, f"priority of {where}"),
                use_values_from_trigger_time=use_values_from_trigger_time,
            )
        )

    def function(self, id: str, arguments: Sequence[str], body: ExprLike) -> None:
        """Define ``id(arguments...) = body`` for use in formulas."""
        parsed = self._parts.math(body, f"function {id}")
        if parsed is not None:
            self._parts.add(FunctionDefinition(id=id, arguments=tuple(arguments), body=parsed))

    def build(self) -> ReactionNetwork:
        """Return the network.

        Raises
        ------
        ModelError
            One error that lists everything that is wrong.
        """
        network = self._network()
        issues = [*self._parts.issues, *check_network(network)]
        raise_errors(issues, where=f"model {self._id}")
        return network

    def _network(self) -> ReactionNetwork:
        return self._parts.network(
            id=self._id, name=self._name, notes=self._notes, units=self._units
        )
