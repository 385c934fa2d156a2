"""Checks of chemistry and evidence: what a legal model probably does not mean.

Enters: a :class:`~sigmapath.model.formulas.NetworkIndex`. Leaves: warnings and infos.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from sigmapath.expr.nodes import Expr, free_symbols
from sigmapath.model.components import Parameter, Reaction
from sigmapath.model.evidence import GRADES, Evidence, parse_evidence
from sigmapath.model.formulas import NetworkIndex
from sigmapath.model.issue import Issue, Severity
from sigmapath.model.signs import (
    MINUS,
    MIXED,
    PLUS,
    UNKNOWN,
    ZERO_SIGN,
    sign_of,
    sign_of_number,
)

__all__ = ["CHEMISTRY_CHECKS", "check_evidence"]


def _issue(severity: Severity, code: str, where: str, what: str, fix: str = "") -> Issue:
    return Issue(severity=severity, code=code, where=where, what=what, fix=fix)


def _is_fixed(index: NetworkIndex, item_id: str) -> bool:
    """Whether only its own value gives a quantity its value."""
    return not (item_id in index.ruled or item_id in index.started or item_id in index.jumped)


def _signs(index: NetworkIndex) -> dict[str, str]:
    """Sign of every quantity: species and sizes count as positive, values as they are."""
    signs: dict[str, str] = {}
    for item_id, (kind, item) in index.items.items():
        if kind == "parameter":
            known = _is_fixed(index, item_id) and item.value is not None
            signs[item_id] = sign_of_number(item.value) if known else UNKNOWN
            if signs[item_id] == ZERO_SIGN and parse_evidence(item.meta.notes).grade == "input":
                # Zero until an experiment sets it: how models wait for their stimulus.
                signs[item_id] = PLUS
        else:
            signs[item_id] = UNKNOWN if kind in ("reaction", "species reference") else PLUS
    for rule in index.network.assignment_rules:
        # In the order of the source; a rule over later ones stays unknown, which reports less.
        signs[rule.variable] = sign_of(rule.math, lambda s: signs.get(s, UNKNOWN))
    return signs


def _absent(index: NetworkIndex) -> set[str]:
    """Species that start at zero and that nothing but a reaction may change.

    Boundary species, and species whose notes say "grade: input", are left out: an experiment sets
    them.
    """
    return {
        s.id
        for s in index.network.species
        if not (s.boundary_condition or s.constant)
        and _is_fixed(index, s.id)
        and (s.initial_amount or 0.0) == 0.0
        and (s.initial_concentration or 0.0) == 0.0
        and not (s.initial_amount is None and s.initial_concentration is None)
        and parse_evidence(s.meta.notes).grade != "input"
    }


def check_dead_reactions(index: NetworkIndex) -> Iterator[Issue]:
    """Report reactions whose rate is zero for ever: a constant or a species that stays at zero.

    A species counts as present if it starts above zero, if a rule or event sets it, or if a
    reaction that can run produces it.
    """
    signs, absent = _signs(index), _absent(index)
    laws = {r.id: r for r in index.network.reactions if r.kinetic_law is not None}
    users: dict[str, list[str]] = {}
    for reaction in laws.values():
        for name in free_symbols(reaction.kinetic_law.math):  # type: ignore[union-attr]
            users.setdefault(name, []).append(reaction.id)
    dead = set(laws)
    queue = deque(laws)
    while queue:
        reaction = laws[queue.popleft()]
        if reaction.id not in dead or _law_sign(reaction, signs, absent) == ZERO_SIGN:
            continue
        dead.discard(reaction.id)
        for species in _changed(reaction, index) & absent:
            absent.discard(species)
            queue.extend(users.get(species, ()))
    for reaction_id in (r for r in laws if r in dead):
        yield _dead(laws[reaction_id], index, signs, absent)


def _law_sign(reaction: Reaction, signs: dict[str, str], zero: set[str]) -> str:
    law = reaction.kinetic_law
    assert law is not None
    local = {
        p.id: UNKNOWN if p.value is None else sign_of_number(p.value) for p in law.local_parameters
    }

    def sign(name: str) -> str:
        if name in local:
            return local[name]
        return ZERO_SIGN if name in zero else signs.get(name, UNKNOWN)

    return sign_of(law.math, sign)


def _changed(reaction: Reaction, index: NetworkIndex) -> set[str]:
    changed = set()
    for reference in (*reaction.reactants, *reaction.products):
        kind, species = index.items.get(reference.species, ("", None))
        if kind == "species" and not species.boundary_condition:
            changed.add(reference.species)
    return changed


def _dead(
    reaction: Reaction, index: NetworkIndex, signs: dict[str, str], absent: set[str]
) -> Issue:
    law = reaction.kinetic_law
    assert law is not None
    used = free_symbols(law.math)
    switches = sorted(
        name
        for name in used
        if index.items.get(name, ("", None))[0] == "parameter" and signs[name] == ZERO_SIGN
    )
    missing = sorted(used & absent)
    causes = [*switches, *missing, *(p.id for p in law.local_parameters if p.value == 0.0)]
    reason = (
        f"because {', '.join(causes)} {'is' if len(causes) == 1 else 'are'} zero" if causes else ""
    )
    return _issue(
        "warning",
        "dead_reaction",
        f"reaction {reaction.id}",
        f"never runs, {reason}" if reason else "never runs: its rate is zero",
        "remove it, or give it a rate constant and reactants above zero",
    )


def _signs_without(
    species: str, law: Expr, signs: dict[str, str], rules: dict[str, Expr]
) -> dict[str, str]:
    """Signs while one species is at zero; the rules that ``law`` uses are worked out anew."""
    below: dict[str, frozenset[str]] = {}
    waiting = [name for name in free_symbols(law) if name in rules]
    while waiting:
        name = waiting.pop()
        if name not in below:
            below[name] = frozenset(s for s in free_symbols(rules[name]) if s in rules)
            waiting += below[name]
    found = {**signs, species: ZERO_SIGN} if below else signs
    while below:
        ready = [name for name, needs in below.items() if not needs & below.keys()]
        for name in ready or list(below):
            # What is left when nothing is ready is a loop, which lowering refuses.
            found[name] = sign_of(rules[name], lambda s: found.get(s, UNKNOWN))
            del below[name]
    return found


def check_rate_signs(index: NetworkIndex) -> Iterator[Issue]:
    """Report rates that may drive a species below zero, or an irreversible reaction backwards."""
    signs = _signs(index)
    rules = {r.variable: r.math for r in index.network.assignment_rules}
    for reaction in index.network.reactions:
        if reaction.kinetic_law is None:
            continue
        where = f"reaction {reaction.id}"
        sign = _law_sign(reaction, signs, set())
        if not reaction.reversible and sign in (MINUS, MIXED):
            yield _issue(
                "warning",
                "negative_rate",
                where,
                "is declared irreversible, but its rate "
                + ("is negative" if sign == MINUS else "subtracts and may become negative"),
                "declare it reversible, or split it into two reactions",
            )
        changed = _changed(reaction, index)
        for side, wrong in ((reaction.reactants, PLUS), (reaction.products, MINUS)):
            for species in sorted({r.species for r in side} & changed):
                emptied = _signs_without(species, reaction.kinetic_law.math, signs, rules)
                if _law_sign(reaction, emptied, {species}) == wrong:
                    yield _issue(
                        "warning",
                        "consumes_nothing",
                        where,
                        f"goes on consuming {species} when none is left",
                        f"let the rate fall to zero with {species}",
                    )


def check_evidence(index: NetworkIndex) -> Iterator[Issue]:
    """Report constants without unit, source, grade or range, and values outside their range.

    Only for models that state evidence at all: others would report every parameter.
    """
    graded = [(p, parse_evidence(p.meta.notes)) for p in index.network.parameters]
    if not any(evidence.grade for _, evidence in graded):
        return
    for parameter, evidence in graded:
        if index.ruled.get(parameter.id) != "assignment rule":
            yield from _check_parameter(parameter, evidence)


def _check_parameter(parameter: Parameter, evidence: Evidence) -> Iterator[Issue]:
    where = f"parameter {parameter.id}"
    fields = {
        "unit": parameter.units,
        "meaning": evidence.meaning,
        "source": evidence.source,
        "grade": evidence.grade,
        "range": evidence.is_derived or evidence.low is not None,
    }
    missing = [name for name, given in fields.items() if not given]
    if missing:
        yield _issue(
            "warning",
            "missing_evidence",
            where,
            f"has no {', '.join(missing)}",
            'write "<meaning>. source: ... ; grade: ... ; range: <low> to <high>" in its notes',
        )
    if evidence.grade and evidence.grade not in GRADES:
        yield _issue(
            "warning",
            "unknown_grade",
            where,
            f"has the grade '{evidence.grade}'",
            f"one of {', '.join(GRADES)}",
        )
    low, high, value = evidence.low, evidence.high, parameter.value
    if low is None or high is None or value is None:
        return
    if not low <= value <= high:
        yield _issue(
            "warning",
            "outside_range",
            where,
            f"its value {value:g} is outside its range {low:g} to {high:g}",
        )
    # A share is as uncertain in what it leaves of 1: its range is ten-fold in its odds.
    is_share = parameter.units == "dimensionless" and high < 1.0
    spread = (1.0 - low) / (1.0 - high) if is_share else 1.0
    if evidence.grade == "assumed" and low > 0.0 and high * spread < 9.8 * low:
        yield _issue(
            "info",
            "narrow_range",
            where,
            f"is assumed, but its range {low:g} to {high:g} spans less than ten-fold",
        )


CHEMISTRY_CHECKS = (check_dead_reactions, check_rate_signs, check_evidence)
