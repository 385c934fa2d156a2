"""Whether two networks have the same mathematics, whatever their formulas look like.

Enters: two networks. Leaves: what differs, in words. Called by
:mod:`sigmapath.io.antimony_write`. Names, notes and units of display are no mathematics; formulas
are compared by their values at random points, because translators regroup sums and products.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping

from sigmapath.expr.evaluate import evaluate
from sigmapath.expr.nodes import Expr, free_symbols, postorder, symbol
from sigmapath.expr.rewrite import Rewriter, function_bodies, inline_calls, rebuild
from sigmapath.io.sbml.level3 import in_level_3
from sigmapath.model.components import Event, Reaction, Species
from sigmapath.model.network import ReactionNetwork

__all__ = ["differences"]

# Translators write 15 digits.
TOLERANCE = 1e-12
POINTS = 6

_FOLDED = frozenset({"num", "neg", "add", "mul", "div", "pow"})


def differences(first: ReactionNetwork, second: ReactionNetwork) -> list[str]:
    """Return what the second network lost or changed of the first one's mathematics."""
    a, b = _Side(in_level_3(first)), _Side(in_level_3(second))
    found = [
        f"{name}: {_shown(a.values.get(name))} became {_shown(b.values.get(name))}"
        for name in sorted(a.values.keys() | b.values.keys())
        if not _same_values(a.values.get(name), b.values.get(name))
    ]
    for name in sorted(a.formulas.keys() | b.formulas.keys()):
        one, two = a.formulas.get(name), b.formulas.get(name)
        if one is None or two is None:
            found.append(f"{name} is {'lost' if two is None else 'new'}")
        elif not same_formula(one, two):
            found.append(f"{name} changed")
    return found


Value = float | str | bool | None


def _shown(value: tuple[Value, ...] | None) -> str:
    return "nothing" if value is None else "(" + ", ".join(map(str, value)) + ")"


def _same_values(a: tuple[Value, ...] | None, b: tuple[Value, ...] | None) -> bool:
    if a is None or b is None or len(a) != len(b):
        return a is b
    return all(
        math.isclose(x, y, rel_tol=TOLERANCE, abs_tol=0.0) or (math.isnan(x) and math.isnan(y))
        if isinstance(x, float) and isinstance(y, float)
        else x == y
        for x, y in zip(a, b, strict=True)
    )


def same_formula(a: Expr, b: Expr) -> bool:
    """Whether two formulas have the same values; delays and rates count as unknown symbols."""
    a, b = _opaque(a), _opaque(b)
    if a is b:
        return True
    names = sorted(free_symbols(a, b))
    for k in range(POINTS):
        # Irrational multiples spread without a random generator, and are the same every time.
        point = {
            n: 0.1 + 3.0 * math.modf((i + 1) * (k + 1) * 0.618034)[0] for i, n in enumerate(names)
        }
        one = float(evaluate(a, point, time=0.7 + k))
        two = float(evaluate(b, point, time=0.7 + k))
        same = math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-12)
        if not same and not (math.isnan(one) and math.isnan(two)):
            return False
    return True


def _opaque(root: Expr) -> Expr:
    """Formula with ``delay`` and ``rateof`` replaced by symbols of their text."""

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        fresh = rebuild(node, args)
        return symbol(repr(fresh)) if node.op in {"delay", "rateof"} else fresh

    return Rewriter(rule)(root)


class _Side:
    """One network as two tables: plain values, and formulas with functions written out."""

    def __init__(self, network: ReactionNetwork) -> None:
        self.network = network
        bodies = function_bodies(
            ((f.id, f.arguments, f.body) for f in network.function_definitions),
            where=network.where,
        )
        self.inline = inline_calls(bodies, where=network.where)
        # An initial assignment of a plain number says no more than a value does.
        given = {p.id for p in network.parameters} | {c.id for c in network.compartments}
        self.constants: dict[str, float] = {
            a.symbol: float(evaluate(a.math, {}))
            for a in network.initial_assignments
            if a.symbol in given and all(n.op in _FOLDED for n in postorder([a.math]))
        }
        self.values: dict[str, tuple[Value, ...]] = dict(self.plain())
        self.formulas: dict[str, Expr] = {
            name: self.inline(math_) for name, math_ in self.written()
        }

    def plain(self) -> Iterator[tuple[str, tuple[Value, ...]]]:
        network = self.network
        ruled = {r.variable for r in network.assignment_rules}
        ruled |= {a.symbol for a in network.initial_assignments}
        sizes: Mapping[str, float | None] = {c.id: c.size for c in network.compartments}
        yield "conversion factor of the model", (network.conversion_factor,)
        for c in network.compartments:
            size = self.constants.get(c.id, None if c.id in ruled else c.size)
            # Points differ from regions in formulas; lines, areas and volumes do not.
            yield f"compartment {c.id}", (size, c.spatial_dimensions == 0)
        for s in network.species:
            start = None if s.id in ruled else _start(s, sizes)
            yield (
                f"species {s.id}",
                (
                    s.compartment,
                    start,
                    s.has_only_substance_units,
                    s.boundary_condition or s.constant,
                    s.conversion_factor,
                ),
            )
        for p in network.parameters:
            value = self.constants.get(p.id, None if p.id in ruled else p.value)
            yield f"parameter {p.id}", (value,)
        for reaction in network.reactions:
            law = reaction.kinetic_law
            yield f"reaction {reaction.id}", (law is not None,)
            for local in law.local_parameters if law is not None else ():
                yield f"parameter {_lifted(reaction, local.id)}", (local.value,)
            for name, count in _stoichiometries(reaction).items():
                yield f"stoichiometry of {name} in {reaction.id}", (count,)
        for name, event in _named_events(network.events):
            flags = (event.trigger.initial_value, event.trigger.persistent)
            yield name, (*flags, event.use_values_from_trigger_time)

    def written(self) -> Iterator[tuple[str, Expr]]:
        network = self.network
        for a in network.initial_assignments:
            if a.symbol in self.constants:
                continue
            yield f"initial assignment of {a.symbol}", a.math
        for rule in network.assignment_rules:
            yield f"assignment rule of {rule.variable}", rule.math
        for rate in network.rate_rules:
            yield f"rate rule of {rate.variable}", rate.math
        for i, algebraic in enumerate(network.algebraic_rules):
            yield f"algebraic rule {i + 1}", algebraic.math
        for reaction in network.reactions:
            if reaction.kinetic_law is not None:
                yield f"kinetic law of {reaction.id}", _with_lifted_parameters(reaction)
        for name, event in _named_events(network.events):
            yield f"trigger of {name}", event.trigger.math
            if event.delay is not None:
                yield f"delay of {name}", event.delay
            if event.priority is not None:
                yield f"priority of {name}", event.priority
            for item in event.assignments:
                yield f"assignment of {item.variable} in {name}", item.math


def _named_events(events: tuple[Event, ...]) -> Iterator[tuple[str, Event]]:
    """Events in order; translators make up ids for those without."""
    for i, event in enumerate(events):
        yield f"event {i + 1}", event


def _start(species: Species, sizes: Mapping[str, float | None]) -> float | None:
    """Start amount, as far as it is a number."""
    if species.initial_amount is not None:
        return species.initial_amount
    size = sizes.get(species.compartment)
    if species.initial_concentration is None or size is None:
        return species.initial_concentration
    return species.initial_concentration * size


def _stoichiometries(reaction: Reaction) -> Mapping[str, float | None]:
    """Side and species -> total fixed stoichiometry; variable ones by their id."""
    totals: Counter[str] = Counter()
    variable: dict[str, float | None] = {}
    for side, references in (("reactant", reaction.reactants), ("product", reaction.products)):
        for reference in references:
            if reference.stoichiometry is None or not reference.constant:
                variable[f"{side} {reference.species} ({reference.id})"] = reference.stoichiometry
            else:
                totals[f"{side} {reference.species}"] += reference.stoichiometry  # type: ignore[assignment]
    return {**totals, **variable}


def _lifted(reaction: Reaction, local: str) -> str:
    """The id that libAntimony gives to a local parameter, which it makes global."""
    return f"{reaction.id}_{local}"


def _with_lifted_parameters(reaction: Reaction) -> Expr:
    """Kinetic law with local parameters under the ids that :func:`_lifted` gives them."""
    law = reaction.kinetic_law
    assert law is not None
    names = {p.id: _lifted(reaction, p.id) for p in law.local_parameters}

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        if node.op == "sym" and node.value in names:
            return symbol(names[str(node.value)])
        return rebuild(node, args)

    return Rewriter(rule)(law.math)
