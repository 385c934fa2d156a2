"""Random draws as quantities that a stochastic run writes before they are read.

Enters: a flat network whose formulas may hold ``draw`` nodes (SBML package distrib). Leaves: a
network without them, and a :class:`Draw` per place. Called by :mod:`sigmapath.lower.propensities`.

Each place where a draw stands is a draw of its own, made anew whenever its formula is evaluated
(package specification, section 3.4, doi:10.1515/jib-2020-0018): initial assignments once, events
when they fire and again when they are carried out. In rules, kinetic laws and triggers, which are
evaluated at every instant, a draw is noise without a time scale and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.expr.nodes import Expr, apply, postorder, symbol
from sigmapath.lower.formulas import event_place, formulas, map_formulas
from sigmapath.model.components import Parameter
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = [
    "COUNT",
    "POINT",
    "REPLICATE",
    "START",
    "Draw",
    "has_draws",
    "refuse_draws",
    "without_draws",
]

# Owner of the draws of initial assignments.
START = -1

# Settable quantities that tell a run's random numbers apart. The "#" is illegal in SBML ids.
REPLICATE, POINT, COUNT = "draw#replicate", "draw#point", "draw#count"


@record
class Draw:
    """One place where a random number stands.

    Parameters
    ----------
    id : str
        Settable quantity that holds the number.
    distribution : str
        Of :data:`sigmapath.expr.distributions.DISTRIBUTIONS`.
    args : tuple of Expr
        Over ids of the network in user terms, and earlier draws of the same owner.
    owner : int
        Position of the event, or ``START``.
    """

    id: str
    distribution: str
    args: tuple[Expr, ...]
    owner: int


def has_draws(network: ReactionNetwork) -> bool:
    """Whether any formula holds a draw; function definitions must be inlined."""
    return any(node.op == "draw" for _, math in formulas(network) for node in postorder([math]))


def refuse_draws(network: ReactionNetwork) -> ReactionNetwork:
    """Return the network as it is, for deterministic mathematics.

    Raises
    ------
    UnsupportedFeatureError
        For the first draw, with its place.
    """
    for place, math in formulas(network):
        for node in postorder([math]):
            if node.op == "draw":
                raise UnsupportedFeatureError(
                    f"a random draw, {node.value}(), in deterministic simulation",
                    where=f"{network.where}: {place}",
                    fix='simulate with method="ssa"',
                )
    return network


@dataclass(slots=True)
class _Collector:
    """Takes draws out of formulas, place by place; lives for one call of without_draws."""

    where: str
    owners: dict[str, int]
    found: list[Draw] = field(default_factory=list)

    def take_out(self, place: str, math: Expr) -> Expr:
        """The formula with symbols in place of draws."""
        drawn: set[Expr] = set()
        for node in postorder([math]):
            if node.op == "draw" or any(argument in drawn for argument in node.args):
                drawn.add(node)
        if math not in drawn:
            return math
        owner = self._owner(place)
        # A tree walk, because two places that share a node are two draws; only along draws.
        done: list[Expr] = []
        stack: list[tuple[Expr, bool]] = [(math, False)]
        while stack:
            node, is_open = stack.pop()
            if node not in drawn:
                done.append(node)
            elif not is_open:
                stack.append((node, True))
                stack.extend((argument, False) for argument in reversed(node.args))
            else:
                args = tuple(done[len(done) - len(node.args) :])
                del done[len(done) - len(node.args) :]
                done.append(self._image(node, args, owner))
        return done[0]

    def _image(self, node: Expr, args: tuple[Expr, ...], owner: int) -> Expr:
        if node.op != "draw":
            return apply(node.op, *args, name=None if node.value is None else str(node.value))
        name = f"draw#{len(self.found) + 1}"
        self.found.append(Draw(id=name, distribution=str(node.value), args=args, owner=owner))
        return symbol(name)

    def _owner(self, place: str) -> int:
        if place.startswith("initial assignment of "):
            return START
        event, _, part = place.rpartition(", ")
        if event in self.owners and part != "trigger":
            return self.owners[event]
        raise UnsupportedFeatureError(
            "a random draw where the value is needed at every instant",
            where=f"{self.where}: {place}",
            fix="draw in an initial assignment or an event assignment",
        )


def without_draws(network: ReactionNetwork) -> tuple[ReactionNetwork, tuple[Draw, ...]]:
    """Return the network with a settable quantity in place of each draw, and the draws.

    Parameters
    ----------
    network : ReactionNetwork
        Flat: function definitions inlined, local parameters promoted.

    Raises
    ------
    UnsupportedFeatureError
        For a draw in a rule, a kinetic law, a stoichiometry or a trigger.
    """
    if not has_draws(network):
        return network, ()
    events = {event_place(event, k): k for k, event in enumerate(network.events)}
    collector = _Collector(network.where, events)
    changed = map_formulas(network, collector.take_out)
    names = (*(draw.id for draw in collector.found), REPLICATE, POINT, COUNT)
    holders = tuple(Parameter(id=name, value=0.0, constant=False) for name in names)
    return (
        replace(changed, parameters=(*changed.parameters, *holders)),
        tuple(collector.found),
    )
