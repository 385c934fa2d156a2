"""Views of a network for people: tables of its parts.

Enters: a :class:`~sigmapath.model.network.ReactionNetwork`. Leaves: tables from id to record, which
the public model shows as ``model.species`` and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sigmapath.expr.nodes import Expr
from sigmapath.expr.render import render
from sigmapath.model.evidence import Evidence, parse_evidence
from sigmapath.model.network import ReactionNetwork
from sigmapath.model.scheme import write_scheme
from sigmapath.model.table import Table
from sigmapath.model.unit_definitions import NetworkUnits
from sigmapath.quantity import Unit, unit_text
from sigmapath.record import record

__all__ = [
    "CompartmentRecord",
    "ObservableRecord",
    "ParameterRecord",
    "ReactionRecord",
    "SpeciesRecord",
    "TotalRecord",
    "compartments_table",
    "observables_table",
    "parameters_table",
    "reactions_table",
    "species_table",
    "totals_table",
]


@record
class ParameterRecord:
    """A parameter; local ones are called ``reaction.parameter``.

    ``value`` is None where ``formula`` (a rule or an initial assignment) gives it; ``role`` is
    "constant", "variable", "assignment rule", "rate rule" or "local". ``low`` and ``high`` are in
    ``unit``.
    """

    id: str
    value: float | None
    unit: str
    role: str
    formula: str
    name: str
    meaning: str
    source: str
    grade: str
    low: float | None
    high: float | None


@record
class SpeciesRecord:
    """A species; ``value`` is its start in the terms of formulas, a concentration or an amount.

    ``measure`` says which; ``role`` is "reacting", "boundary", "constant", "assignment rule" or
    "rate rule". ``value`` is None where ``formula`` gives it, or where it needs a size that the
    model works out.
    """

    id: str
    value: float | None
    unit: str
    measure: str
    compartment: str
    role: str
    formula: str
    name: str
    meaning: str
    source: str
    grade: str
    low: float | None
    high: float | None


@record
class CompartmentRecord:
    """A compartment and its size."""

    id: str
    value: float | None
    unit: str
    role: str
    formula: str
    name: str
    meaning: str
    source: str
    grade: str
    low: float | None
    high: float | None


@record
class ReactionRecord:
    """A reaction: its scheme "A + 2 B -> C" and its rate, extent per time."""

    id: str
    scheme: str
    rate: str
    unit: str
    modifiers: str
    reversible: bool
    name: str
    meaning: str
    source: str
    grade: str


@record
class ObservableRecord:
    """Something that a run can record, by its text."""

    id: str
    unit: str
    formula: str


@record
class TotalRecord:
    """A conserved total: the sum of ``terms`` never changes."""

    id: str
    terms: str
    species: tuple[str, ...]


def _text(unit: Unit | None) -> str:
    return "" if unit is None else unit_text(unit)


def _evidence(evidence: Evidence) -> dict[str, Any]:
    return {
        "meaning": evidence.meaning,
        "source": evidence.source,
        "grade": evidence.grade,
        "low": evidence.low,
        "high": evidence.high,
    }


class _Formulas:
    """What rules and initial assignments say about an id."""

    def __init__(self, network: ReactionNetwork) -> None:
        self.starts = {a.symbol: a.math for a in network.initial_assignments}
        self.rules = {r.variable: ("rate rule", r.math) for r in network.rate_rules}
        self.rules |= {r.variable: ("assignment rule", r.math) for r in network.assignment_rules}

    def role(self, item_id: str, otherwise: str) -> str:
        return self.rules.get(item_id, (otherwise, None))[0]

    def formula(self, item_id: str) -> str:
        """Text of the assignment rule, the rate rule or the start."""
        role, rule = self.rules.get(item_id, ("", None))
        start = self.starts.get(item_id)
        parts = []
        if rule is not None:
            parts.append(render(rule) if role == "assignment rule" else f"rate {render(rule)}")
        if start is not None:
            parts.append(f"start {render(start)}")
        return "; ".join(parts)

    def value(self, item_id: str, value: float | None) -> float | None:
        """Return the plain value, None where a formula overrides it."""
        overridden = item_id in self.starts or self.role(item_id, "") == "assignment rule"
        return None if overridden else value


def parameters_table(network: ReactionNetwork) -> Table[ParameterRecord]:
    """Return all parameters, local ones as ``reaction.parameter`` at the end."""
    units, formulas = NetworkUnits(network), _Formulas(network)
    records = [
        ParameterRecord(
            id=p.id,
            value=formulas.value(p.id, p.value),
            unit=_text(units.by_id(p.units)),
            role=formulas.role(p.id, "constant" if p.constant else "variable"),
            formula=formulas.formula(p.id),
            name=p.name,
            **_evidence(parse_evidence(p.meta.notes)),
        )
        for p in network.parameters
    ]
    for reaction in network.reactions:
        if reaction.kinetic_law is not None:
            records += [
                ParameterRecord(
                    id=f"{reaction.id}.{p.id}",
                    value=p.value,
                    unit=_text(units.by_id(p.units)),
                    role="local",
                    formula="",
                    name=p.name,
                    **_evidence(parse_evidence(p.meta.notes)),
                )
                for p in reaction.kinetic_law.local_parameters
            ]
    return Table("parameter", records, where=network.where)


def species_table(network: ReactionNetwork) -> Table[SpeciesRecord]:
    """Return all species with their start in the terms of formulas."""
    units, formulas = NetworkUnits(network), _Formulas(network)
    sizes = {c.id: formulas.value(c.id, c.size) for c in network.compartments}
    records = []
    for s in network.species:
        size = sizes.get(s.compartment)
        value: float | None
        if s.has_only_substance_units:
            value = s.initial_amount
            if value is None and s.initial_concentration is not None and size is not None:
                value = s.initial_concentration * size
        else:
            value = s.initial_concentration
            if value is None and s.initial_amount is not None and size:
                value = s.initial_amount / size
        role = "constant" if s.constant else "boundary" if s.boundary_condition else "reacting"
        records.append(
            SpeciesRecord(
                id=s.id,
                value=formulas.value(s.id, value),
                unit=_text(units.species(s)),
                measure="amount" if s.has_only_substance_units else "concentration",
                compartment=s.compartment,
                role=formulas.role(s.id, role),
                formula=formulas.formula(s.id),
                name=s.name,
                **_evidence(parse_evidence(s.meta.notes)),
            )
        )
    return Table("species", records, where=network.where)


def compartments_table(network: ReactionNetwork) -> Table[CompartmentRecord]:
    """Return all compartments with their sizes."""
    units, formulas = NetworkUnits(network), _Formulas(network)
    records = (
        CompartmentRecord(
            id=c.id,
            value=formulas.value(c.id, c.size),
            unit=_text(units.size(c)),
            role=formulas.role(c.id, "constant" if c.constant else "variable"),
            formula=formulas.formula(c.id),
            name=c.name,
            **_evidence(parse_evidence(c.meta.notes)),
        )
        for c in network.compartments
    )
    return Table("compartment", records, where=network.where)


def reactions_table(network: ReactionNetwork) -> Table[ReactionRecord]:
    """Return all reactions with scheme and rate."""
    unit = _text(NetworkUnits(network).rate)
    records = []
    for r in network.reactions:
        evidence = parse_evidence(r.meta.notes)
        records.append(
            ReactionRecord(
                id=r.id,
                scheme=write_scheme(r),
                rate="" if r.kinetic_law is None else render(r.kinetic_law.math),
                unit=unit,
                modifiers=", ".join(r.modifiers),
                reversible=r.reversible,
                name=r.name,
                meaning=evidence.meaning,
                source=evidence.source,
                grade=evidence.grade,
            )
        )
    return Table("reaction", records, where=network.where)


def observables_table(
    observables: Mapping[str, Expr], units: Mapping[str, str], *, where: str = ""
) -> Table[ObservableRecord]:
    """Return everything that runs of the lowered model can record."""
    records = (
        ObservableRecord(id=text, unit=units.get(text, ""), formula=render(math))
        for text, math in observables.items()
    )
    return Table("observable", records, where=where)


def totals_table(
    totals: Iterable[tuple[str, Iterable[tuple[float, str]]]], *, where: str = ""
) -> Table[TotalRecord]:
    """Return the conserved totals, given as (name, [(coefficient, species id), ...])."""
    records = []
    for name, terms in totals:
        listed = list(terms)
        text = " + ".join(s if c == 1.0 else f"{c:g} {s}" for c, s in listed)
        records.append(TotalRecord(id=name, terms=text, species=tuple(s for _, s in listed)))
    return Table("total", records, where=where)
