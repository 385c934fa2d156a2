"""Checks of names and roles: is the network a legal SBML model.

Enters: a :class:`~sigmapath.model.formulas.NetworkIndex`. Leaves: issues, most of them errors,
because the mathematics of such a model is not defined. Section numbers are those of the SBML
Level 3 Version 2 core specification.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from sigmapath.errors import near_matches
from sigmapath.expr.nodes import Expr, free_symbols, postorder
from sigmapath.model.components import FunctionDefinition, Reaction
from sigmapath.model.formulas import NetworkIndex, event_name, named_items
from sigmapath.model.issue import Issue, Severity

__all__ = ["STRUCTURE_CHECKS"]

_SID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Names that results use for themselves; such an id appears there as id(...).
_RESERVED = frozenset({"time", "status"})
_VARIABLE_KINDS = ("compartment", "species", "parameter", "species reference")


def _issue(severity: Severity, code: str, where: str, what: str, fix: str = "") -> Issue:
    return Issue(severity=severity, code=code, where=where, what=what, fix=fix)


def _error(code: str, where: str, what: str, fix: str = "") -> Issue:
    return _issue("error", code, where, what, fix)


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = near_matches(name, known)
    return f"did you mean {', '.join(near)}?" if near else "define it, or correct the name"


def check_ids(index: NetworkIndex) -> Iterator[Issue]:
    """Report ids given twice, ids that are no SId, and ids that results reserve (section 3.3)."""
    holders: dict[str, list[str]] = {}
    for kind, item_id, _ in named_items(index.network):
        holders.setdefault(item_id, []).append(kind)
    for item_id, kinds in holders.items():
        if len(kinds) > 1:
            yield _error(
                "duplicate_id",
                f"{kinds[1]} {item_id}",
                f"the id '{item_id}' is already taken by a {kinds[0]}",
                "rename one of the two",
            )
        if not _SID.fullmatch(item_id):
            yield _error(
                "bad_id",
                f"{kinds[0]} {item_id[:60]}",
                "this is not an id: letters, digits and underscores, not starting with a digit",
            )
        if item_id in _RESERVED:
            what = f"results reserve the name '{item_id}'; there it appears as id({item_id})"
            yield _issue("info", "reserved_name", f"{kinds[0]} {item_id}", what)
    unit_ids = Counter(d.id for d in index.network.unit_definitions)
    for unit_id, count in unit_ids.items():
        if count > 1:
            yield _error("duplicate_id", f"unit {unit_id}", f"this unit is defined {count} times")
    for reaction in index.network.reactions:
        if reaction.kinetic_law is not None:
            counted = Counter(p.id for p in reaction.kinetic_law.local_parameters)
            for name in (n for n, count in counted.items() if count > 1):
                where = f"kinetic law of reaction {reaction.id}"
                yield _error("duplicate_id", where, f"the local parameter '{name}' stands twice")


def check_symbols(index: NetworkIndex) -> Iterator[Issue]:
    """Report names in formulas that the model does not have, and misused functions."""
    functions = {f.id: f for f in index.network.function_definitions}
    values = [name for name, (kind, _) in index.items.items() if kind not in ("function", "event")]
    known = frozenset(values)
    for formula in index.formulas:
        local = {p.id for p in formula.local}
        for name in sorted(free_symbols(formula.math) - known - local):
            yield _error(
                "unknown_symbol",
                formula.where,
                f"unknown name '{name}'",
                _symbol_fix(name, {*known, *local}),
            )
        yield from _check_calls(formula.math, formula.where, functions)
    for function in functions.values():
        where = f"function {function.id}"
        for name in sorted(free_symbols(function.body) - set(function.arguments)):
            yield _error(
                "unknown_symbol",
                where,
                f"uses '{name}', which is not one of its arguments",
                "pass it as an argument (section 4.3.2)",
            )
        yield from _check_calls(function.body, where, functions)


def _symbol_fix(name: str, known: set[str]) -> str:
    bare = name.removeprefix("[").removesuffix("]")
    if bare != name and bare in known:
        return f"a formula of the model writes {bare}; [{bare}] is for observables"
    return _did_you_mean(name, known)


def _check_calls(
    math: Expr, where: str, functions: dict[str, FunctionDefinition]
) -> Iterator[Issue]:
    for node in postorder([math]):
        if node.op != "call":
            continue
        function = functions.get(str(node.value))
        if function is None:
            fix = _did_you_mean(str(node.value), functions)
            yield _error("unknown_function", where, f"unknown function '{node.value}'", fix)
        elif len(function.arguments) != len(node.args):
            yield _error(
                "wrong_arguments",
                where,
                f"{function.id} takes {len(function.arguments)} argument(s), got {len(node.args)}",
            )


def check_references(index: NetworkIndex) -> Iterator[Issue]:
    """Report species, compartments and conversion factors that are named but not there."""
    network = index.network
    for species in network.species:
        where = f"species {species.id}"
        yield from _expect(index, species.compartment, "compartment", where)
        if species.conversion_factor:
            yield from _expect(index, species.conversion_factor, "parameter", where)
    if network.conversion_factor:
        yield from _expect(index, network.conversion_factor, "parameter", "model")
    for reaction in network.reactions:
        where = f"reaction {reaction.id}"
        if reaction.compartment:
            yield from _expect(index, reaction.compartment, "compartment", where)
        for reference in (*reaction.reactants, *reaction.products):
            yield from _expect(index, reference.species, "species", where)
        for modifier in reaction.modifiers:
            yield from _expect(index, modifier, "species", where)


def _expect(index: NetworkIndex, name: str, kind: str, where: str) -> Iterator[Issue]:
    found = index.items.get(name, ("", None))[0]
    if found == kind:
        return
    known = [item_id for item_id, (other, _) in index.items.items() if other == kind]
    what = f"'{name}' is a {found}, not a {kind}" if found else f"unknown {kind} '{name}'"
    yield _error(f"unknown_{kind}", where, what, _did_you_mean(name, known))


def check_targets(index: NetworkIndex) -> Iterator[Issue]:
    """Report what is determined twice, or changed although constant (sections 4.8, 4.9, 4.12)."""
    network = index.network
    ruled = Counter(r.variable for r in network.assignment_rules)
    ruled.update(r.variable for r in network.rate_rules)
    for variable, count in ruled.items():
        if count > 1:
            yield _error(
                "two_rules", f"rules of {variable}", f"{count} rules determine '{variable}'"
            )
        yield from _check_target(index, variable, f"{index.ruled[variable]} of {variable}", True)
    started = Counter(a.symbol for a in network.initial_assignments)
    for target, count in started.items():
        where = f"initial assignment of {target}"
        if count > 1:
            yield _error("two_rules", where, f"{count} initial assignments of '{target}'")
        if index.ruled.get(target) == "assignment rule":
            yield _error("two_rules", where, f"an assignment rule already determines '{target}'")
        yield from _check_target(index, target, where, False)
    for position, event in enumerate(network.events):
        where = event_name(network, position)
        assigned = Counter(a.variable for a in event.assignments)
        for variable, count in assigned.items():
            if count > 1:
                yield _error("two_rules", where, f"assigns '{variable}' {count} times")
            if index.ruled.get(variable) == "assignment rule":
                yield _error(
                    "two_rules", where, f"assigns '{variable}', which has an assignment rule"
                )
            yield from _check_target(index, variable, where, True)


def _check_target(index: NetworkIndex, name: str, where: str, changes: bool) -> Iterator[Issue]:
    kind, item = index.items.get(name, ("", None))
    if kind not in _VARIABLE_KINDS:
        known = [i for i, (k, _) in index.items.items() if k in _VARIABLE_KINDS]
        what = f"a {kind} cannot be assigned: '{name}'" if kind else f"unknown name '{name}'"
        yield _error("unknown_symbol", where, what, _did_you_mean(name, known))
    elif changes and item.constant:
        yield _error(
            "constant_changed",
            where,
            f"the {kind} '{name}' is constant",
            "declare it as not constant, or remove what changes it",
        )


def check_reaction_roles(index: NetworkIndex) -> Iterator[Issue]:
    """Report reactions whose species cannot be changed by them (section 4.11.3, table 6)."""
    for reaction in index.network.reactions:
        where = f"reaction {reaction.id}"
        for reference in (*reaction.reactants, *reaction.products):
            kind, species = index.items.get(reference.species, ("", None))
            if kind != "species" or species.boundary_condition:
                continue
            if species.constant:
                yield _error(
                    "constant_changed",
                    where,
                    f"would change the constant species '{species.id}'",
                    "make it a boundary species, or not constant",
                )
            if species.id in index.ruled:
                yield _error(
                    "reaction_and_rule",
                    where,
                    f"would change '{species.id}', which has a {index.ruled[species.id]}",
                    "make it a boundary species, or remove the rule",
                )
        yield from _check_law(reaction, index, where)


def _check_law(reaction: Reaction, index: NetworkIndex, where: str) -> Iterator[Issue]:
    if reaction.kinetic_law is None:
        yield _issue(
            "warning", "no_kinetic_law", where, "has no kinetic law, so it changes nothing"
        )
        return
    declared = {r.species for r in (*reaction.reactants, *reaction.products)}
    declared |= set(reaction.modifiers) | {p.id for p in reaction.kinetic_law.local_parameters}
    for name in sorted(free_symbols(reaction.kinetic_law.math) - declared):
        if index.items.get(name, ("", None))[0] == "species":
            yield _issue(
                "warning",
                "undeclared_modifier",
                where,
                f"uses the species '{name}' without naming it",
                "name it as a modifier",
            )


def check_values(index: NetworkIndex) -> Iterator[Issue]:
    """Report quantities that formulas use and nothing gives a value."""
    if index.network.algebraic_rules:
        return
    used = {s for f in index.formulas for s in free_symbols(f.math)}
    for item_id, (kind, item) in index.items.items():
        match kind:
            case "parameter":
                missing = item.value is None
            case "compartment":
                missing = item.size is None and item.spatial_dimensions != 0.0
            case "species":
                missing = item.initial_amount is None and item.initial_concentration is None
            case _:
                continue
        determined = index.ruled.get(item_id) == "assignment rule" or item_id in index.started
        if missing and not determined and (item_id in used or kind == "species"):
            yield _issue(
                "warning",
                "no_value",
                f"{kind} {item_id}",
                "has no value, no rule and no initial assignment",
                "give it a value in the model, or with every run",
            )


STRUCTURE_CHECKS = (
    check_ids,
    check_symbols,
    check_references,
    check_targets,
    check_reaction_roles,
    check_values,
)
