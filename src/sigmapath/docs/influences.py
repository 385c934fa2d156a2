"""The network of a page as nodes and arrows: what becomes what, what speeds it up or slows it down.

Enters: an :class:`~sigmapath.docs.excerpt.Excerpt`. Leaves: a :class:`Diagram`; nothing is placed
yet. The sign of an influence is that of the derivative of the rate at the start of the model.
"""

from __future__ import annotations

from collections.abc import Mapping

from sigmapath.docs.excerpt import Excerpt
from sigmapath.docs.start import start_values
from sigmapath.errors import SigmapathError
from sigmapath.expr.calculus import gradient
from sigmapath.expr.evaluate import evaluate
from sigmapath.expr.nodes import Expr, free_symbols
from sigmapath.expr.rewrite import substitute
from sigmapath.model.components import Reaction
from sigmapath.model.evidence import parse_evidence
from sigmapath.record import record

__all__ = ["Arrow", "Diagram", "Node", "diagram"]


@record
class Node:
    """A thing in the scheme.

    ``kind`` is "species", "variable" (a level, a gate, a current), "outside" (read from elsewhere),
    "input" (set by the experiment) or "step" (a reaction of several partners, or one that others
    act on).
    """

    id: str
    kind: str


@record
class Arrow:
    """An arrow; ``kind`` is "becomes", "back and forth", "raises", "lowers" or "changes"."""

    tail: str
    head: str
    kind: str


@record
class Diagram:
    """Nodes and arrows of one scheme."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]


def diagram(part: Excerpt) -> Diagram:
    """Return nodes and arrows of what a page shows.

    Formulas are followed through helper quantities down to species, variables and inputs. Turnover
    that nothing acts on is left out.
    """
    reader = _Reader(part)
    sheet = _Sheet(part)
    for reaction in part.reactions:
        _draw_reaction(reaction, reader, sheet)
    rules = [(rule.variable, rule.math) for rule in part.rate_rules]
    rules += [(rule.variable, rule.math) for rule in part.assignment_rules]
    for variable, math in rules:
        for name, sign in reader.influences(math, variable).items():
            sheet.point(name, variable, _word(sign))
    arrows = sheet.arrows
    used = {end for pair in arrows for end in pair}
    steps = [name for name in sheet.steps if name in used]
    nodes = [Node(id=name, kind=reader.kind(name)) for name in reader.order(used - set(steps))]
    nodes += [Node(id=name, kind="step") for name in steps]
    joined = _back_and_forth(arrows, used - set(steps))
    return Diagram(
        nodes=tuple(nodes),
        arrows=tuple(Arrow(tail=a, head=b, kind=kind) for (a, b), kind in joined.items()),
    )


class _Sheet:
    """Arrows as they are drawn, one for each pair of ends."""

    def __init__(self, part: Excerpt) -> None:
        self.arrows: dict[tuple[str, str], str] = {}
        self.steps: list[str] = []
        self._as_one = part.as_one
        self._dropped = part.dropped

    def one(self, name: str) -> str:
        """The node that stands for a species."""
        return self._as_one.get(name, name)

    def point(self, tail: str, head: str, kind: str) -> None:
        """Draw an arrow; two of different kinds between the same ends become one of both."""
        ends = self.one(tail), self.one(head)
        if ends[0] == ends[1] or {tail, head} & self._dropped:
            return
        known = self.arrows.get(ends)
        self.arrows[ends] = kind if known in (None, kind) else "changes"


def _draw_reaction(reaction: Reaction, reader: _Reader, sheet: _Sheet) -> None:
    left = [sheet.one(s.species) for s in reaction.reactants]
    right = [sheet.one(s.species) for s in reaction.products]
    law = reaction.kinetic_law.math if reaction.kinetic_law is not None else None
    acting = {} if law is None else reader.influences(law)
    acting = {n: sign for n, sign in acting.items() if sheet.one(n) not in (*left, *right)}
    if not left or not right:
        for name, sign in acting.items():
            for end in left or right:
                sheet.point(name, end, _word(sign if right else -sign))
        return
    if len(left) == len(right) == 1 and not acting:
        sheet.point(left[0], right[0], "becomes")
        return
    sheet.steps.append(reaction.id)
    for name in left:
        sheet.point(name, reaction.id, "becomes")
    for name in right:
        sheet.point(reaction.id, name, "becomes")
    for name, sign in acting.items():
        sheet.point(name, reaction.id, _word(sign))


def _word(sign: int) -> str:
    return "raises" if sign > 0 else "lowers" if sign < 0 else "changes"


def _back_and_forth(
    arrows: Mapping[tuple[str, str], str], things: set[str]
) -> dict[tuple[str, str], str]:
    """Join two plain arrows between the same things into one with two heads."""
    joined: dict[tuple[str, str], str] = {}
    for (tail, head), kind in arrows.items():
        both = {tail, head} <= things and kind == arrows.get((head, tail)) == "becomes"
        if both and (head, tail) in joined:
            joined[head, tail] = "back and forth"
        else:
            joined[tail, head] = kind
    return joined


class _Reader:
    """What formulas depend on, seen from one page."""

    def __init__(self, part: Excerpt) -> None:
        network = part.network
        self._network = network
        self._shown = part.shown
        self._species = {s.id for s in network.species}
        self._moving = self._species | {rule.variable for rule in network.rate_rules}
        notes = [(p.id, p.meta.notes) for p in network.parameters]
        notes += [(s.id, s.meta.notes) for s in network.species]
        self._inputs = {name for name, text in notes if parse_evidence(text).grade == "input"}
        assigned = {rule.variable: rule.math for rule in network.assignment_rules}
        self._own = {r.variable for r in part.assignment_rules}
        self._inner = {
            name: math
            for name, math in assigned.items()
            if name not in self._own and name not in self._species
        }
        self._values = start_values(network, self._inputs)
        # An inward current is negative: more of it is what the arrow is about.
        self._turned = {
            p.id for p in network.parameters if p.units == "pA" and self._values.get(p.id, 0.0) < 0
        }

    def influences(self, math: Expr, of: str = "") -> dict[str, int]:
        """Signs of what a formula depends on: species, variables, quantities shown, inputs.

        ``of`` is what the formula is about; it is no influence on itself.
        """
        for _ in range(len(self._inner)):
            helpers = free_symbols(math) & set(self._inner)
            if not helpers:
                break
            math = substitute(math, {name: self._inner[name] for name in helpers})
        known = self._moving | self._inputs | self._own
        names = sorted((free_symbols(math) & known) - {of})
        slopes = gradient(math, names)
        turn = -1 if of in self._turned else 1
        return {
            name: self._sign(slopes[name]) * turn * (-1 if name in self._turned else 1)
            for name in names
            if name in slopes
        }

    def _sign(self, slope: Expr) -> int:
        try:
            value = float(evaluate(slope, self._values))
        except SigmapathError:
            return 0
        return (value > 0.0) - (value < 0.0)

    def kind(self, name: str) -> str:
        """Kind of a node, see :class:`Node`."""
        if name in self._inputs:
            return "input"
        if name in self._own or name in self._shown:
            return "variable" if name not in self._species else "species"
        reacting = {
            side.species
            for r in self._network.reactions
            if r.id in self._shown
            for side in (*r.reactants, *r.products)
        }
        return "species" if name in reacting else "outside"

    def order(self, names: set[str]) -> list[str]:
        """Names in the order of the model."""
        network = self._network
        listed = [s.id for s in network.species] + [p.id for p in network.parameters]
        return [name for name in dict.fromkeys(listed) if name in names]
