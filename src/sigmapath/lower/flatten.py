"""First passes: inline functions, promote local parameters, check the names.

Enters: a ReactionNetwork. Leaves: a ReactionNetwork without function definitions and local
parameters, all of whose symbols are known.
"""

from __future__ import annotations

from dataclasses import replace

from sigmapath.errors import ModelError, UnknownNameError
from sigmapath.expr.nodes import Expr, postorder, symbol
from sigmapath.expr.rewrite import function_bodies, inline_calls, substitute
from sigmapath.lower.formulas import formulas, map_formulas
from sigmapath.model.components import Parameter, Reaction
from sigmapath.model.network import ReactionNetwork

__all__ = ["check_symbols", "inline_functions", "known_ids", "promote_locals"]


def promote_locals(network: ReactionNetwork) -> ReactionNetwork:
    """Make each local parameter ``k`` of reaction ``R`` the parameter ``R.k``.

    A local parameter hides any other quantity of the same id (section 4.11.5). The dot is illegal
    in SBML ids, so the new ids meet no other.
    """
    promoted: list[Parameter] = []
    reactions: list[Reaction] = []
    for reaction in network.reactions:
        law = reaction.kinetic_law
        if law is None or not law.local_parameters:
            reactions.append(reaction)
            continue
        names = {item.id: f"{reaction.id}.{item.id}" for item in law.local_parameters}
        promoted += [
            Parameter(
                id=names[item.id],
                name=item.name,
                value=item.value,
                units=item.units,
                meta=item.meta,
            )
            for item in law.local_parameters
        ]
        math = substitute(law.math, {old: symbol(new) for old, new in names.items()})
        reactions.append(
            replace(reaction, kinetic_law=replace(law, math=math, local_parameters=()))
        )
    return replace(network, reactions=tuple(reactions), parameters=(*network.parameters, *promoted))


def inline_functions(network: ReactionNetwork) -> ReactionNetwork:
    """Replace every call by the body of its function definition.

    Raises
    ------
    UnknownNameError, ModelError, CyclicAssignmentError
        For calls of unknown functions, wrong numbers of arguments, and functions that call
        themselves.
    """
    bodies = function_bodies(
        ((item.id, item.arguments, item.body) for item in network.function_definitions),
        where=network.where,
    )
    inline = inline_calls(bodies, where=network.where)

    def change(place: str, math: Expr) -> Expr:
        try:
            return inline(math)
        except UnknownNameError as error:
            raise UnknownNameError(
                "function", error.name, bodies, where=f"{network.where}: {place}"
            ) from None

    return replace(map_formulas(network, change), function_definitions=())


def known_ids(network: ReactionNetwork) -> set[str]:
    """Ids that formulas may mention (section 3.4.3); species references by their ids."""
    known = {item.id for item in network.species}
    known |= {item.id for item in network.compartments}
    known |= {item.id for item in network.parameters}
    known |= {item.id for item in network.reactions}
    for reaction in network.reactions:
        known |= {r.id for r in (*reaction.reactants, *reaction.products) if r.id}
    return known


def check_symbols(network: ReactionNetwork) -> ReactionNetwork:
    """Return the network as it is, or name the first unknown symbol and its place.

    Raises
    ------
    UnknownNameError
        With the near matches.
    ModelError
        If the rate of a reaction without a kinetic law is used.
    """
    known = known_ids(network)
    lawless = {item.id for item in network.reactions if item.kinetic_law is None}
    for place, math in formulas(network):
        for node in postorder([math]):
            if node.op != "sym":
                continue
            name, where = str(node.value), f"{network.where}: {place}"
            if name not in known:
                raise UnknownNameError("quantity", name, known, where=where)
            if name in lawless:
                raise ModelError(
                    f"the rate of reaction {name} is used, but it has no kinetic law",
                    where=where,
                    fix=f"give {name} a kinetic law",
                )
    return network
