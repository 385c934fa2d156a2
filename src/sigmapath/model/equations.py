"""The equations of a network as text: schemes with rates, rules, balances, events.

Enters: a :class:`~sigmapath.model.network.ReactionNetwork`. Leaves: plain text, as the network
defines them, before any lowering.
"""

from __future__ import annotations

from sigmapath.expr.render import render
from sigmapath.model.components import Event, SpeciesReference
from sigmapath.model.network import ReactionNetwork
from sigmapath.model.scheme import write_scheme

__all__ = ["equations"]


def equations(network: ReactionNetwork) -> str:
    """Return the model as readable text.

    Reactions read ``id: A + B -> C; rate``; balances are of amounts, because a kinetic law is
    amount per time: ``d amount(A)/dt = -R1 + 2 R2``.
    """
    sections = {
        "Functions": [
            f"{f.id}({', '.join(f.arguments)}) = {render(f.body)}"
            for f in network.function_definitions
        ],
        "Reactions": _reaction_lines(network),
        "Balances": [f"d amount({s})/dt = {_sum(terms)}" for s, terms in _balances(network)],
        "Rate rules": [f"d {r.variable}/dt = {render(r.math)}" for r in network.rate_rules],
        "Assignment rules": [f"{r.variable} = {render(r.math)}" for r in network.assignment_rules],
        "Algebraic rules": [f"0 = {render(r.math)}" for r in network.algebraic_rules],
        "Start": [f"{a.symbol}(0) = {render(a.math)}" for a in network.initial_assignments],
        "Events": [_event_line(event, i) for i, event in enumerate(network.events, 1)],
    }
    blocks = [
        "\n".join([title, *(f"  {x}" for x in rows)]) for title, rows in sections.items() if rows
    ]
    return "\n\n".join(blocks) if blocks else "This model has no equations."


def _reaction_lines(network: ReactionNetwork) -> list[str]:
    lines = []
    for r in network.reactions:
        rate = "no kinetic law" if r.kinetic_law is None else render(r.kinetic_law.math)
        modified = f"  [with {', '.join(r.modifiers)}]" if r.modifiers else ""
        lines.append(f"{r.id}: {write_scheme(r)}; {rate}{modified}")
    return lines


def _balances(network: ReactionNetwork) -> list[tuple[str, list[tuple[str, str]]]]:
    """(species, [(signed stoichiometry, reaction)]) of every species that reactions change."""
    moving = {s.id for s in network.species if not (s.boundary_condition or s.constant)}
    terms: dict[str, dict[str, float]] = {}
    named: dict[str, list[tuple[str, str]]] = {}
    for reaction in network.reactions:
        for sign, side in ((-1.0, reaction.reactants), (1.0, reaction.products)):
            for reference in side:
                if reference.species not in moving:
                    continue
                fixed = _fixed(reference)
                if fixed is None:
                    label = reference.id or "?"
                    mark = "-" if sign < 0 else "+"
                    named.setdefault(reference.species, []).append((f"{mark}{label}", reaction.id))
                else:
                    net = terms.setdefault(reference.species, {})
                    net[reaction.id] = net.get(reaction.id, 0.0) + sign * fixed
    return [
        (
            s.id,
            [(f"{c:+g}", r) for r, c in terms.get(s.id, {}).items() if c] + named.get(s.id, []),
        )
        for s in network.species
        if s.id in terms or s.id in named
    ]


def _fixed(reference: SpeciesReference) -> float | None:
    if reference.stoichiometry_math is not None or not reference.constant:
        return None
    return reference.stoichiometry


def _sum(terms: list[tuple[str, str]]) -> str:
    parts = []
    for position, (coefficient, reaction) in enumerate(terms):
        sign, size = coefficient[0], coefficient[1:]
        factor = reaction if size == "1" else f"{size} {reaction}"
        if position == 0:
            parts.append(f"-{factor}" if sign == "-" else factor)
        else:
            parts.append(f"{sign} {factor}")
    return " ".join(parts) or "0"


def _event_line(event: Event, number: int) -> str:
    changes = ", ".join(f"{a.variable} = {render(a.math)}" for a in event.assignments)
    after = f" after {render(event.delay)}" if event.delay is not None else ""
    return f"{event.id or f'event {number}'}: at {render(event.trigger.math)}{after}: {changes}"
