"""Reaction network to SBML Level 3 text.

Enters: a :class:`~sigmapath.model.network.ReactionNetwork`. Leaves: SBML text that reads back as
the same network. Called by the public interface. The text is written here and not by libSBML,
which keeps 15 digits of a number; equal networks give equal bytes.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape, quoteattr

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.expr.nodes import Expr, postorder
from sigmapath.io.sbml.level3 import formulas, in_level_3
from sigmapath.io.sbml.mathml_text import lambda_text, mathml_text
from sigmapath.model.components import (
    Compartment,
    Constraint,
    Event,
    FunctionDefinition,
    KineticLaw,
    Meta,
    Reaction,
    Species,
    SpeciesReference,
    UnitDefinition,
)
from sigmapath.model.network import ReactionNetwork

__all__ = ["network_to_sbml"]

_XHTML = "http://www.w3.org/1999/xhtml"
_DISTRIB = "http://www.sbml.org/sbml/level3/version1/distrib/version1"
_MATHML = "http://www.w3.org/1998/Math/MathML"
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Value = str | float | bool | None


def network_to_sbml(network: ReactionNetwork) -> str:
    """Return the network as SBML Level 3 Version 2 text, or Version 1 if it has fast reactions.

    Reading it back gives the same records, bit for bit, except that stoichiometry formulas of
    Level 2 become assignment rules.

    Raises
    ------
    UnsupportedFeatureError
        If something in it cannot be written in SBML Level 3.
    """
    source = in_level_3(network)
    lines = _Writer(source).model()
    text = "\n".join(lines) + "\n"
    bad = _NOT_XML.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start())
        raise UnsupportedFeatureError(
            f"the character {bad.group()!r} in SBML", where=lines[line].strip()[:120]
        )
    return text


class _Writer:
    """Writes one network; ``element`` is the only place that makes tags."""

    def __init__(self, network: ReactionNetwork) -> None:
        self.network = network

    def model(self) -> list[str]:
        source = self.network
        core = f"http://www.sbml.org/sbml/level3/version{source.version}/core"
        units = source.units
        body = self.element(
            "model",
            (
                ("id", source.id),
                ("name", source.name),
                ("substanceUnits", units.substance),
                ("timeUnits", units.time),
                ("volumeUnits", units.volume),
                ("areaUnits", units.area),
                ("lengthUnits", units.length),
                ("extentUnits", units.extent),
                ("conversionFactor", source.conversion_factor),
            ),
            source.meta,
            self.lists(),
        )
        return [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<sbml xmlns="{core}"{self.packages()} level="3" version="{source.version}">',
            *body,
            "</sbml>",
        ]

    def element(
        self,
        tag: str,
        attributes: Sequence[tuple[str, Value]],
        meta: Meta | None = None,
        content: Sequence[str] = (),
    ) -> list[str]:
        """Lines of one element; attributes that are None or "" are left out."""
        head = tag
        if meta is not None:
            term = None if meta.sbo_term is None else f"SBO:{meta.sbo_term:07d}"
            attributes = (("metaid", meta.metaid), ("sboTerm", term), *attributes)
            content = [*_notes(meta.notes), *_annotation(meta.annotation), *content]
        for name, value in attributes:
            if isinstance(value, float) and 0 < abs(value) < sys.float_info.min:
                # libSBML reads no numbers of less than full precision, and calls them no numbers.
                raise UnsupportedFeatureError(
                    f"the number {value!r} in SBML",
                    where=f"{name} of {dict(attributes).get('id', tag)}",
                    fix="use 0 instead",
                )
            if value is not None and value != "":
                head += f" {name}={quoteattr(_text(value))}"
        if not content:
            return [f"<{head}/>"]
        return [f"<{head}>", *("  " + line for line in content), f"</{tag}>"]

    def packages(self) -> str:
        """Namespaces of the packages that the mathematics needs."""
        drawn = any(
            node.op == "draw" for _, math in formulas(self.network) for node in postorder([math])
        )
        return f' xmlns:distrib="{_DISTRIB}" distrib:required="true"' if drawn else ""

    def lists(self) -> list[str]:
        source = self.network
        rules = [
            *(
                self.element("assignmentRule", (("variable", r.variable),), r.meta, _math(r.math))
                for r in source.assignment_rules
            ),
            *(
                self.element("rateRule", (("variable", r.variable),), r.meta, _math(r.math))
                for r in source.rate_rules
            ),
            *(
                self.element("algebraicRule", (), r.meta, _math(r.math))
                for r in source.algebraic_rules
            ),
        ]
        parameters = [
            self.element(
                "parameter",
                (
                    ("id", p.id),
                    ("name", p.name),
                    ("value", p.value),
                    ("units", p.units),
                    ("constant", p.constant),
                ),
                p.meta,
            )
            for p in source.parameters
        ]
        initial = [
            self.element("initialAssignment", (("symbol", a.symbol),), a.meta, _math(a.math))
            for a in source.initial_assignments
        ]
        return [
            *self.listed("FunctionDefinitions", map(self.function, source.function_definitions)),
            *self.listed("UnitDefinitions", map(self.unit_definition, source.unit_definitions)),
            *self.listed("Compartments", map(self.compartment, source.compartments)),
            *self.listed("Species", map(self.species, source.species)),
            *self.listed("Parameters", parameters),
            *self.listed("InitialAssignments", initial),
            *self.listed("Rules", rules),
            *self.listed("Constraints", map(self.constraint, source.constraints)),
            *self.listed("Reactions", map(self.reaction, source.reactions)),
            *self.listed("Events", map(self.event, source.events)),
        ]

    def listed(self, name: str, elements: Iterable[list[str]]) -> list[str]:
        lines = ["  " + line for element in elements for line in element]
        return [f"<listOf{name}>", *lines, f"</listOf{name}>"] if lines else []

    def function(self, source: FunctionDefinition) -> list[str]:
        where = f"function definition {source.id}"
        content = _wrapped(lambda_text(source.arguments, source.body, where))
        attributes = (("id", source.id), ("name", source.name))
        return self.element("functionDefinition", attributes, source.meta, content)

    def unit_definition(self, source: UnitDefinition) -> list[str]:
        units = [
            self.element(
                "unit",
                (
                    ("kind", unit.kind),
                    ("exponent", unit.exponent),
                    ("scale", str(unit.scale)),
                    ("multiplier", unit.multiplier),
                ),
            )
            for unit in source.units
        ]
        attributes = (("id", source.id), ("name", source.name))
        return self.element("unitDefinition", attributes, None, self.listed("Units", units))

    def compartment(self, source: Compartment) -> list[str]:
        return self.element(
            "compartment",
            (
                ("id", source.id),
                ("name", source.name),
                ("spatialDimensions", source.spatial_dimensions),
                ("size", source.size),
                ("units", source.units),
                ("constant", source.constant),
            ),
            source.meta,
        )

    def species(self, source: Species) -> list[str]:
        return self.element(
            "species",
            (
                ("id", source.id),
                ("name", source.name),
                ("compartment", source.compartment),
                ("initialAmount", source.initial_amount),
                ("initialConcentration", source.initial_concentration),
                ("substanceUnits", source.substance_units),
                ("hasOnlySubstanceUnits", source.has_only_substance_units),
                ("boundaryCondition", source.boundary_condition),
                ("constant", source.constant),
                ("conversionFactor", source.conversion_factor),
            ),
            source.meta,
        )

    def constraint(self, source: Constraint) -> list[str]:
        content = _math(source.math)
        if source.message:
            content += ["<message>", *_paragraphs(source.message), "</message>"]
        return self.element("constraint", (), source.meta, content)

    def reaction(self, source: Reaction) -> list[str]:
        fast: Value = source.fast if self.network.version == 1 else None
        modifiers = [
            self.element("modifierSpeciesReference", (("species", m),)) for m in source.modifiers
        ]
        return self.element(
            "reaction",
            (
                ("id", source.id),
                ("name", source.name),
                ("reversible", source.reversible),
                ("fast", fast),
                ("compartment", source.compartment),
            ),
            source.meta,
            [
                *self.listed("Reactants", map(self.reference, source.reactants)),
                *self.listed("Products", map(self.reference, source.products)),
                *self.listed("Modifiers", modifiers),
                *self.kinetic_law(source.kinetic_law),
            ],
        )

    def reference(self, source: SpeciesReference) -> list[str]:
        return self.element(
            "speciesReference",
            (
                ("id", source.id),
                ("name", source.name),
                ("species", source.species),
                ("stoichiometry", source.stoichiometry),
                ("constant", source.constant),
            ),
            source.meta,
        )

    def kinetic_law(self, source: KineticLaw | None) -> list[str]:
        if source is None:
            return []
        local = [
            self.element(
                "localParameter",
                (("id", p.id), ("name", p.name), ("value", p.value), ("units", p.units)),
                p.meta,
            )
            for p in source.local_parameters
        ]
        content = [*_math(source.math), *self.listed("LocalParameters", local)]
        return self.element("kineticLaw", (), source.meta, content)

    def event(self, source: Event) -> list[str]:
        trigger = self.element(
            "trigger",
            (
                ("initialValue", source.trigger.initial_value),
                ("persistent", source.trigger.persistent),
            ),
            None,
            _math(source.trigger.math),
        )
        assignments = [
            self.element("eventAssignment", (("variable", a.variable),), None, _math(a.math))
            for a in source.assignments
        ]
        content = trigger
        for tag, formula in (("delay", source.delay), ("priority", source.priority)):
            if formula is not None:
                content = [*content, *self.element(tag, (), None, _math(formula))]
        return self.element(
            "event",
            (
                ("id", source.id),
                ("name", source.name),
                ("useValuesFromTriggerTime", source.use_values_from_trigger_time),
            ),
            source.meta,
            [*content, *self.listed("EventAssignments", assignments)],
        )


def _text(value: str | float | bool) -> str:
    """An attribute's value; numbers with every bit, in the words of XML Schema."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "INF" if value > 0 else "-INF"
    return str(int(value)) if value.is_integer() and abs(value) < 2**31 and value else repr(value)


def _math(math_: Expr, where: str = "") -> list[str]:
    return _wrapped(mathml_text(math_, where))


def _wrapped(mathml: str) -> list[str]:
    return [f'<math xmlns="{_MATHML}">{mathml}</math>']


def _notes(text: str) -> list[str]:
    return ["<notes>", *_paragraphs(text), "</notes>"] if text else []


def _paragraphs(text: str) -> list[str]:
    """Plain text as XHTML: paragraphs, or preformatted where the spacing carries something."""
    lines = text.split("\n")
    if all(line and line == " ".join(re.split(r"[ \t\r\n]+", line)).strip(" ") for line in lines):
        return [f'<p xmlns="{_XHTML}">{escape(line)}</p>' for line in lines]
    # A carriage return would become a line feed when XML is read.
    kept = escape(text, {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})
    return [f'<pre xmlns="{_XHTML}">{kept}</pre>']


def _annotation(xml: str) -> list[str]:
    return [xml] if xml else []
