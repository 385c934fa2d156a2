"""Numbers of everything in a model at its start.

Enters: a network. Leaves: a mapping id -> number. Called for the signs of influences, where zeros
are lifted a little because many slopes vanish there, and for the tables, where they are not.
"""

from __future__ import annotations

from collections.abc import Collection

from sigmapath.errors import SigmapathError
from sigmapath.expr.evaluate import evaluate
from sigmapath.expr.nodes import free_symbols
from sigmapath.model.network import ReactionNetwork

__all__ = ["start_values"]

_SMALL = 0.1


def start_values(
    network: ReactionNetwork, lifted: Collection[str] | None = None
) -> dict[str, float]:
    """Return the numbers that can be worked out; reactions are left out.

    Parameters
    ----------
    network : ReactionNetwork
    lifted : collection of str, optional
        Inputs; if given, these and all species and rate-rule variables are above zero.
    """
    values: dict[str, float] = {c.id: c.size or 1.0 for c in network.compartments}
    for s in network.species:
        amount = s.initial_concentration if s.initial_amount is None else s.initial_amount
        if amount is not None:
            values[s.id] = amount
    values |= {p.id: p.value for p in network.parameters if p.value is not None}
    starts = {a.symbol: a.math for a in network.initial_assignments}
    rules = {rule.variable: rule.math for rule in network.assignment_rules}
    moving: set[str] = set()
    if lifted is not None:
        moving = {s.id for s in network.species} | {rule.variable for rule in network.rate_rules}
        moving |= set(lifted)
    values |= {n: _SMALL for n in moving - set(starts) - set(rules) if not values.get(n)}
    left = starts | rules
    while left:
        ready = {k: m for k, m in left.items() if not free_symbols(m) & set(left)}
        for name, math in ready.items():
            del left[name]
            try:
                values[name] = float(evaluate(math, values))
            except SigmapathError:
                continue
            if values[name] == 0.0 and name in moving:
                values[name] = _SMALL
        if not ready:
            break
    return values
