"""Start values: initial assignments in the order in which they can be worked out.

Enters: Roles and Equations. Leaves: ordered definitions and the start of each state, over start
symbols: there the id of a quantity means its user terms, also where the state is an amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sigmapath.expr.nodes import Expr, symbol
from sigmapath.expr.rewrite import substituter
from sigmapath.expr.simplify import mul
from sigmapath.lower.delays import Delayed, past_values
from sigmapath.lower.equations import Equations, concentration_id
from sigmapath.lower.order import ordered, symbols_of
from sigmapath.lower.system import Definition, Quantity

__all__ = ["start_values"]


def start_values(
    quantities: Sequence[Quantity],
    states: Sequence[Quantity],
    equations: Equations,
    delayed: Delayed,
    where: str,
) -> tuple[tuple[Definition, ...], tuple[Expr, ...], tuple[Expr, ...]]:
    """Order everything that start values need.

    Parameters
    ----------
    quantities : sequence of Quantity
        Parameters and states, ``start`` in integrated terms.
    states : sequence of Quantity
    equations : Equations
        Without rateOf nodes.
    delayed : Delayed
    where : str
        The model, for messages.

    Returns
    -------
    initial : tuple of Definition
        Of quantities (to be used where no value is given) and of the rules and rates these need.
    initial_states : tuple of Expr
        One per state.
    past : tuple of Expr
        What each delayed quantity was up to the start.

    Raises
    ------
    CyclicAssignmentError
        If initial assignments and rules need each other.
    """
    amounts = [item for item in states if item.state_is_amount]
    to_start = substituter(
        {concentration_id(item.id): symbol(item.id) for item in amounts}
        | {item.id: mul(symbol(item.id), symbol(item.volume)) for item in amounts}
    )
    derived = {concentration_id(item.id) for item in amounts}
    definitions = [
        Definition(id=item.id, math=to_start(item.start), comment="initial assignment")
        for item in quantities
        if item.start is not None
    ]
    wanted = [item.id for item in definitions]
    definitions += [
        Definition(id=item.id, math=to_start(item.math), comment=item.comment)
        for item in equations.definitions
        if item.id not in derived
    ]
    starts = tuple(
        mul(symbol(item.id), symbol(item.volume)) if item.state_is_amount else symbol(item.id)
        for item in states
    )
    wanted += [name for name in symbols_of(*starts) if name not in wanted]
    if not delayed.values:
        return ordered(definitions, wanted=wanted, where=where), starts, ()
    past = past_values(
        list(map(to_start, delayed.values)),
        list(map(to_start, delayed.lags)),
        definitions,
        where,
    )
    known = substituter(past.at_start)
    definitions = [replace(item, math=known(item.math)) for item in definitions]
    return ordered(definitions, wanted=wanted, where=where), starts, past.values
