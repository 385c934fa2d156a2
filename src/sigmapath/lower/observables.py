"""What a user may observe, in user terms, and how a formula over it is resolved.

Enters: Roles and Equations. Leaves: a mapping name -> expression over parameters, states, time and
definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sigmapath.errors import UnknownNameError, UnsupportedFeatureError
from sigmapath.expr.nodes import TIME, Expr, postorder, symbol
from sigmapath.expr.parse import FUNCTION_NAMES
from sigmapath.expr.rewrite import substitute
from sigmapath.expr.simplify import div, mul
from sigmapath.lower.equations import Equations, amount_id, concentration_id
from sigmapath.lower.roles import Roles, points
from sigmapath.model.network import ReactionNetwork

__all__ = ["observables", "resolve"]


def observables(network: ReactionNetwork, roles: Roles, equations: Equations) -> Mapping[str, Expr]:
    """Every observable name of a flat network, in the order of the source."""
    found: dict[str, Expr] = {}
    as_amount = {item.id for item in roles.states if item.state_is_amount}
    sizeless = points(network)
    for species in network.species:
        this, size = symbol(species.id), symbol(species.compartment)
        ratio, plain = concentration_id(species.id), amount_id(species.id)
        if species.id in as_amount:
            found[species.id] = found[ratio] = symbol(ratio)
            found[plain] = this
        elif species.compartment in sizeless:
            found[species.id] = found[plain] = this
        elif species.has_only_substance_units:
            found[species.id] = found[plain] = this
            found[ratio] = div(this, size)
        else:
            found[species.id] = found[ratio] = this
            found[plain] = mul(this, size)
    for item in (*roles.states, *roles.parameters):
        found.setdefault(item.id, symbol(item.id))
    for definition in equations.definitions:
        found.setdefault(definition.id, symbol(definition.id))
    found.setdefault("time", TIME)
    return MappingProxyType(found)


def resolve(formula: Expr, known: Mapping[str, Expr], *, where: str = "") -> Expr:
    """Take a formula over observable names to the symbols of the OdeSystem.

    Parameters
    ----------
    formula : Expr
        For example ``parse("S1R_free / S1R_total")``.
    known : mapping str -> Expr
        ``OdeSystem.observables``.
    where : str
        For the message.

    Raises
    ------
    UnknownNameError
        If the formula mentions a name that the model does not have.
    UnsupportedFeatureError
        If it asks for a rate of change or a delayed value.
    """
    for node in postorder([formula]):
        if node.op == "sym" and node.value not in known:
            raise UnknownNameError("observable", str(node.value), known, where=where)
        if node.op == "call":
            raise UnknownNameError("function", str(node.value), FUNCTION_NAMES, where=where)
        if node.op in ("rateof", "delay"):
            name = {"rateof": "rateOf(x)", "delay": "delay(x, lag)"}[node.op]
            raise UnsupportedFeatureError(
                f"{name} in an observable",
                where=where,
                fix="define it in the model by an assignment rule",
            )
    return substitute(formula, known)
