"""Fast reactions: so much faster than the others that they are at rest at every moment.

Enters: rates of change, split into what slow and what fast reactions give. Leaves: the right-hand
side ``share * slow + SPEED * fast``. SBML L3V1 section 4.11.1 (fast): the fast reactions define
the subset that is in quasi-equilibrium while the others move the system along.

The limit of infinite speed is taken numerically, and not by setting the fast rates to zero: that
equation has several roots where a rate is a product, and none that is determined where a rate
constant is zero for a while; which root is meant, only the dynamics tell. So fast rates are
multiplied by SPEED, which leaves an error of the order 1 / SPEED for rate constants of one size,
and at the start and after every event the solver sets the share of the slow part to zero and lets
the fast part come to rest with the time standing still.
"""

from __future__ import annotations

from sigmapath.expr.nodes import ZERO, Expr, number, symbol
from sigmapath.expr.simplify import add, mul
from sigmapath.lower.system import SLOW_SHARE
from sigmapath.model.network import ReactionNetwork

__all__ = ["fast_reactions", "joined"]

# Larger values lose digits of the slow part in the solution of the linear systems (the loss is
# about SPEED * 1e-16 of it), smaller ones leave the quasi-equilibrium.
SPEED = 1e9


def fast_reactions(network: ReactionNetwork) -> frozenset[str]:
    """Ids of the fast reactions that have a rate."""
    return frozenset(r.id for r in network.reactions if r.fast and r.kinetic_law is not None)


def joined(slow: Expr, fast: Expr) -> Expr:
    """Right-hand side of one state of a model with fast reactions."""
    parts = [mul(symbol(SLOW_SHARE), slow)] if slow is not ZERO else []
    if fast is not ZERO:
        parts.append(mul(number(SPEED), fast))
    return add(*parts) if parts else ZERO
