"""The Python front end: build a reaction network step by step.

Enters: names, numbers, units and laws as a modeller writes them. Leaves: a validated, immutable
:class:`~sigmapath.model.network.ReactionNetwork`. :class:`ModelBuilder` is the only mutable object
of this layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sigmapath.errors import SigmapathError
from sigmapath.expr.nodes import Expr, ExprLike, free_symbols, number, symbol
from sigmapath.expr.parse import parse
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
    UnitDefinition,
)
from sigmapath.model.evidence import Evidence, write_evidence
from sigmapath.model.issue import Issue, raise_errors
from sigmapath.model.network import ModelUnits, ReactionNetwork
from sigmapath.model.scheme import read_scheme
from sigmapath.model.unit_definitions import SBML_UNIT_KINDS, definition_from_text
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
        self._issues: list[Issue] = []
        self._definitions: dict[str, UnitDefinition] = {}
        self._parts: dict[type, list[Any]] = {}
        self._constant: dict[str, bool | None] = {}
        roles = {"time": time, "volume": volume, "area": area, "length": length}
        roles |= {"substance": substance, "extent": extent or substance}
        named = {role: self._unit_id(text, f"unit of {role}") for role, text in roles.items()}
        self._units = ModelUnits(**named)

    # -- quantities --------------------------------------------------------------------------

    def unit(self, id: str, text: str) -> None:
        """Define the unit ``id`` as ``text``, for example ``unit("per_uM_s", "1/(uM s)")``."""
        try:
            definition = definition_from_text(text, id)
        except SigmapathError as error:
            self._mistake("bad_unit", f"unit {id}", error)
            return
        if self._definitions.setdefault(id, definition) != definition:
            self._problem("duplicate_id", f"unit {id}", f"the unit '{id}' is defined twice")

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
        return self._quantity(
            Compartment(
                id=id,
                name=name,
                size=size,
                units=self._unit_id(units, f"compartment {id}"),
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
            self._problem(
                "two_initial_values",
                f"species {id}",
                "both an initial concentration and an initial amount are given",
                "give one of the two",
            )
        return self._quantity(
            Species(
                id=id,
                compartment=_name(compartment),
                name=name,
                initial_amount=amount,
                initial_concentration=concentration,
                substance_units=self._unit_id(units, f"species {id}"),
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
        return self._quantity(
            Parameter(
                id=id,
                name=name,
                value=value,
                units=self._unit_id(units, f"parameter {id}"),
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
        rid = id or f"R{len(self._of(Reaction)) + 1}"
        where = f"reaction {rid}"
        try:
            reactants, products, arrow = read_scheme(scheme)
        except SigmapathError as error:
            self._mistake("bad_scheme", where, error)
            return
        locals_ = tuple(LocalParameter(id=key, value=v) for key, v in (local or {}).items())
        math = None if law is None else self._math(law, f"kinetic law of {where}")
        kinetic_law = None if math is None else KineticLaw(math=math, local_parameters=locals_)
        self._add(
            Reaction(
                id=rid,
                reactants=reactants,
                products=products,
                modifiers=tuple(map(_name, modifiers)),
                kinetic_law=kinetic_law,
                name=name,
                reversible=arrow if reversible is None else reversible,
                compartment=_name(compartment),
                meta=Meta(notes=notes),
            )
        )

    def assignment_rule(self, variable: str | Expr, math: ExprLike) -> None:
        """Let ``variable = math`` hold at all times."""
        self._rule(AssignmentRule, "assignment rule", variable, math)

    def rate_rule(self, variable: str | Expr, math: ExprLike) -> None:
        """Let ``d variable / dt = math``."""
        self._rule(RateRule, "rate rule", variable, math)

    def algebraic_rule(self, math: ExprLike) -> None:
        """Let ``0 = math`` hold at all times."""
        parsed = self._math(math, "algebraic rule")
        if parsed is not None:
            self._add(AlgebraicRule(math=parsed))

    def initial_assignment(self, variable: str | Expr, math: ExprLike) -> None:
        """Let ``variable`` start at ``math``."""
        parsed = self._math(math, f"initial assignment of {_name(variable)}")
        if parsed is not None:
            self._add(InitialAssignment(symbol=_name(variable), math=parsed))

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
        where = f"event {id or len(self._of(Event)) + 1}"
        condition = self._math(trigger, f"trigger of {where}")
        values = {v: self._math(m, f"{where}, assignment of {v}") for v, m in assignments.items()}
        if condition is None:
            return
        self._add(
            Event(
                id=id,
                name=name,
                trigger=Trigger(math=condition, initial_value=initial_value, persistent=persistent),
                assignments=tuple(
                    EventAssignment(variable=v, math=m) for v, m in values.items() if m is not None
                ),
                delay=None if delay is None else self._math(delay, f"delay of {where}"),
                priority=None if priority is None else self._math(priority, f"priority of {where}"),
                use_values_from_trigger_time=use_values_from_trigger_time,
            )
        )

    def function(self, id: str, arguments: Sequence[str], body: ExprLike) -> None:
        """Define ``id(arguments...) = body`` for use in formulas."""
        parsed = self._math(body, f"function {id}")
        if parsed is not None:
            self._add(FunctionDefinition(id=id, arguments=tuple(arguments), body=parsed))

    def build(self) -> ReactionNetwork:
        """Return the network.

        Raises
        ------
        ModelError
            One error that lists everything that is wrong.
        """
        network = self._network()
        raise_errors([*self._issues, *check_network(network)], where=f"model {self._id}")
        return network

    # -- inside ------------------------------------------------------------------------------

    def _network(self) -> ReactionNetwork:
        changed = {rule.variable for kind in (AssignmentRule, RateRule) for rule in self._of(kind)}
        changed |= {a.variable for event in self._of(Event) for a in event.assignments}
        species = {s.id for s in self._of(Species)}

        def settled(item: Any) -> Any:
            declared = self._constant[item.id]
            return replace(item, constant=item.id not in changed if declared is None else declared)

        return ReactionNetwork(
            id=self._id,
            name=self._name,
            where=f"model {self._id}",
            units=self._units,
            unit_definitions=tuple(self._definitions.values()),
            function_definitions=tuple(self._of(FunctionDefinition)),
            compartments=tuple(map(settled, self._of(Compartment))),
            species=tuple(map(settled, self._of(Species))),
            parameters=tuple(map(settled, self._of(Parameter))),
            initial_assignments=tuple(self._of(InitialAssignment)),
            assignment_rules=tuple(self._of(AssignmentRule)),
            rate_rules=tuple(self._of(RateRule)),
            algebraic_rules=tuple(self._of(AlgebraicRule)),
            reactions=tuple(_with_modifiers(r, species) for r in self._of(Reaction)),
            events=tuple(self._of(Event)),
            meta=Meta(notes=self._notes),
        )

    def _of(self, kind: type) -> list[Any]:
        return self._parts.setdefault(kind, [])

    def _add(self, item: Any) -> None:
        self._of(type(item)).append(item)

    def _quantity(self, item: Any, constant: bool | None) -> Expr:
        self._constant[item.id] = constant
        self._add(item)
        return symbol(item.id)

    def _rule(self, kind: type, words: str, variable: str | Expr, math: ExprLike) -> None:
        parsed = self._math(math, f"{words} of {_name(variable)}")
        if parsed is not None:
            self._add(kind(variable=_name(variable), math=parsed))

    def _math(self, math: ExprLike, where: str) -> Expr | None:
        if isinstance(math, Expr):
            return math
        if not isinstance(math, str):
            return number(math)
        try:
            return parse(math)
        except SigmapathError as error:
            self._mistake("bad_formula", where, error)
            return None

    def _unit_id(self, text: str, where: str) -> str:
        """Return the id of a unit given as id or text; defines it if it is new."""
        text = text.strip()
        if not text or text in self._definitions or text in SBML_UNIT_KINDS:
            return text
        try:
            definition = definition_from_text(text)
        except SigmapathError as error:
            self._mistake("bad_unit", where, error)
            return ""
        self._definitions.setdefault(definition.id, definition)
        return definition.id

    def _mistake(self, code: str, where: str, error: SigmapathError) -> None:
        self._problem(code, where, str(error))

    def _problem(self, code: str, where: str, what: str, fix: str = "") -> None:
        issue = Issue(severity="error", code=code, where=where, what=what, fix=fix)
        self._issues.append(issue)


def _name(item: str | Expr) -> str:
    return str(item.value) if isinstance(item, Expr) else item


def _with_modifiers(reaction: Reaction, species: set[str]) -> Reaction:
    """Add the species that the law uses and nothing else names (section 4.11.4)."""
    if reaction.kinetic_law is None:
        return reaction
    taking_part = {r.species for r in (*reaction.reactants, *reaction.products)}
    local = {p.id for p in reaction.kinetic_law.local_parameters}
    used = free_symbols(reaction.kinetic_law.math) & species - taking_part - local
    missing = sorted(used - set(reaction.modifiers))
    return replace(reaction, modifiers=(*reaction.modifiers, *missing))
