"""Algebraic rules ``0 = f``: who is determined by which, and solved where that is possible.

Enters: a flat network. Leaves: a network without algebraic rules, in which what a rule determines
linearly has a rule of its own, and the residuals that are left, by the variable each determines.

Which rule determines which variable is a maximum matching between rules and the variables that
nothing else determines (SBML L3V2 section 4.9.5). A residual that is linear in its variable is
solved for it, one rule after the other; the others become algebraic states of a differential-
algebraic system of index 1 (mass 0), which the stiff method integrates and Newton's method starts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sigmapath.errors import ModelError
from sigmapath.expr.calculus import gradient
from sigmapath.expr.nodes import ZERO, Expr, apply, free_symbols, symbol
from sigmapath.expr.rewrite import Rewriter, rebuild, substitute, substituter
from sigmapath.expr.simplify import div, mul, neg
from sigmapath.lower.equations import amount_id
from sigmapath.lower.matching import matched
from sigmapath.lower.order import ordered
from sigmapath.lower.system import Definition
from sigmapath.model.components import AssignmentRule, RateRule, SpeciesReference
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = ["Solved", "solve_algebraic_rules"]


@record
class Solved:
    """A network without algebraic rules.

    Parameters
    ----------
    network : ReactionNetwork
        With assignment rules for the variables that could be solved for.
    implicit : mapping str -> Expr
        Variable -> residual that vanishes at all times, in user terms.
    """

    network: ReactionNetwork
    implicit: Mapping[str, Expr]


def _determined(network: ReactionNetwork) -> set[str]:
    """Ids that rules or reactions determine already."""
    found = {rule.variable for rule in network.assignment_rules}
    found |= {rule.variable for rule in network.rate_rules}
    moved = {reference.species for reference in _references(network)}
    free = {item.id for item in network.species if item.boundary_condition}
    return found | (moved - free)


def _given(network: ReactionNetwork) -> set[str]:
    """Ids that have a value of their own to start from."""
    found = {item.symbol for item in network.initial_assignments}
    found |= {s.id for s in network.species if s.initial_amount is not None}
    found |= {s.id for s in network.species if s.initial_concentration is not None}
    found |= {c.id for c in network.compartments if c.size is not None}
    found |= {p.id for p in network.parameters if p.value is not None}
    return found | {r.id for r in _references(network) if r.stoichiometry is not None}


def _references(network: ReactionNetwork) -> list[SpeciesReference]:
    return [
        reference
        for reaction in network.reactions
        for reference in (*reaction.reactants, *reaction.products)
    ]


def _candidates(network: ReactionNetwork) -> dict[str, int]:
    """Variables that a rule may determine, with a rank: low ranks are taken first.

    First those without any value, which nothing else would give them; last those that events
    assign, because an event would change them to no effect.
    """
    variable = [
        item.id
        for group in (network.species, network.compartments, network.parameters)
        for item in group  # type: ignore[attr-defined]
        if not item.constant
    ]
    variable += [r.id for r in _references(network) if r.id and not r.constant]
    taken, given = _determined(network), _given(network)
    assigned = {item.variable for event in network.events for item in event.assignments}
    return {
        name: 2 * (name in assigned) + (name in given) for name in variable if name not in taken
    }


def _expansion(network: ReactionNetwork, names: frozenset[str]) -> Callable[[Expr], Expr]:
    """Rewriter that writes out every definition that depends on the named variables.

    A rule that mentions ``x`` and ``a = 2 x`` has to be solved for both occurrences. The
    concentration of a species whose compartment is to be determined is such a definition as well.
    """
    definitions = [Definition(id=r.variable, math=r.math) for r in network.assignment_rules]
    definitions += [
        Definition(id=r.id, math=r.kinetic_law.math)
        for r in network.reactions
        if r.kinetic_law is not None
    ]
    defined = {item.id for item in definitions}
    definitions += [
        Definition(id=s.id, math=div(symbol(amount_id(s.id)), symbol(s.compartment)))
        for s in network.species
        if s.compartment in names
        and not s.has_only_substance_units
        and s.id not in names
        and s.id not in defined
    ]
    written: dict[str, Expr] = {}
    depends = set(names)
    for item in ordered(definitions, where=network.where):
        if not free_symbols(item.math).isdisjoint(depends):
            depends.add(item.id)
            written[item.id] = substitute(item.math, written)
    return lambda math: substitute(math, written)


def _opaque(held: dict[str, Expr]) -> Rewriter:
    """Rewriter that hides delayed values and rates of change behind names, kept in ``held``."""

    def rule(node: Expr, args: tuple[Expr, ...]) -> Expr:
        if node.op not in ("delay", "rateof"):
            return rebuild(node, args)
        name = f"hidden#{len(held)}"
        held[name] = node
        return symbol(name)

    return Rewriter(rule)


def _rate_of(variable: str) -> Expr:
    return apply("rateof", symbol(variable))


def _solution(residual: Expr, unknown: Expr) -> Expr | None:
    """Value of a symbol, or of a rate of change, in which the residual is linear; or None."""
    held: dict[str, Expr] = {}
    plain = _opaque(held)(residual)
    names = [name for name, node in held.items() if node is unknown]
    names = [str(unknown.value)] if unknown.op == "sym" else names
    if len(names) != 1:
        return None
    slope = gradient(plain, names).get(names[0], ZERO)
    if slope is ZERO or names[0] in free_symbols(slope):
        return None
    rest = substitute(plain, {names[0]: ZERO})
    return substitute(neg(div(rest, slope)), held)


def _edges(residuals: Sequence[Expr], names: frozenset[str]) -> list[list[str]]:
    """For each residual the variables on which, or on whose rates, it depends smoothly."""
    result = []
    for residual in residuals:
        held: dict[str, Expr] = {}
        plain = _opaque(held)(residual)
        rates = {
            name: str(node.args[0].value)
            for name, node in held.items()
            if node.op == "rateof" and node.args[0].op == "sym" and node.args[0].value in names
        }
        mentioned = sorted(free_symbols(plain) & names)
        slopes = gradient(plain, [*mentioned, *rates])
        smooth = {rates.get(name, name) for name in slopes}
        result.append(sorted(smooth))
    return result


def solve_algebraic_rules(network: ReactionNetwork) -> Solved:
    """Replace algebraic rules by assignment rules and residuals.

    Raises
    ------
    ModelError
        If there are more rules than variables for them to determine.
    """
    if not network.algebraic_rules:
        return Solved(network=network, implicit={})
    rank = _candidates(network)
    names = frozenset(rank)
    expand = _expansion(network, names)
    residuals = [expand(rule.math) for rule in network.algebraic_rules]
    edges = _edges(residuals, names)
    partner = matched(edges, rank)
    for k, variable in enumerate(partner):
        if variable is None:
            raise ModelError(
                "the algebraic rule determines no variable",
                where=f"{network.where}: algebraic rule {k + 1}",
                found=", ".join(edges[k][:5]) or "no variable that is free",
                expected="a variable that is not constant and that no other rule, reaction or "
                "algebraic rule determines",
                fix="make one of its variables not constant, or remove the rule",
            )
    chosen = [str(variable) for variable in partner]
    solutions: dict[str, Expr] = {}
    rates: dict[str, Expr] = {}
    implicit: dict[str, Expr] = {}
    for residual, variable in zip(residuals, chosen, strict=True):
        rate = _solution(residual, _rate_of(variable))
        if rate is not None:
            rates[variable] = rate
            continue
        residual = substitute(residual, solutions)
        solution = _solution(residual, symbol(variable))
        if solution is None:
            implicit[variable] = residual
        else:
            # What was solved before may mention this variable: it is an assignment rule as well.
            solutions[variable] = solution
    solved = _with_rules(network, solutions, rates, implicit)
    return Solved(network=solved, implicit=_plain(network, implicit))


def _plain(network: ReactionNetwork, formulas: Mapping[str, Expr]) -> Mapping[str, Expr]:
    """Formulas in user terms: the amount of S is ``S * C``."""
    amounts = {amount_id(s.id): mul(symbol(s.id), symbol(s.compartment)) for s in network.species}
    change = substituter(amounts)
    return {variable: change(math) for variable, math in formulas.items()}


def _with_rules(
    network: ReactionNetwork,
    solutions: Mapping[str, Expr],
    rates: Mapping[str, Expr],
    implicit: Mapping[str, Expr],
) -> ReactionNetwork:
    """The network with solved variables under assignment rules, solved rates under rate rules.

    Event assignments to what a rule determines are left out: the rule holds again at once, whatever
    the event sets (section 4.9.2).
    """
    plain = _plain(network, solutions)
    determined = {*solutions, *implicit}
    return replace(
        network,
        algebraic_rules=(),
        assignment_rules=(
            *network.assignment_rules,
            *(AssignmentRule(variable=name, math=math) for name, math in plain.items()),
        ),
        rate_rules=(
            *network.rate_rules,
            *(RateRule(variable=name, math=math) for name, math in _plain(network, rates).items()),
        ),
        initial_assignments=tuple(
            item for item in network.initial_assignments if item.symbol not in solutions
        ),
        events=tuple(
            replace(
                event,
                assignments=tuple(
                    item for item in event.assignments if item.variable not in determined
                ),
            )
            for event in network.events
        ),
    )
