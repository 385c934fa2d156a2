"""lower(): the ordered list of passes from the reaction network to mathematics.

Enters: a ReactionNetwork. Leaves: an OdeSystem. Each pass is a pure function of its own module.
"""

from __future__ import annotations

from dataclasses import replace

from sigmapath.expr.nodes import Expr
from sigmapath.expr.rewrite import Rewriter
from sigmapath.lower.equations import as_integrated, build_equations
from sigmapath.lower.events import lower_events
from sigmapath.lower.fingerprint import fingerprint
from sigmapath.lower.flatten import (
    check_symbols,
    inline_functions,
    promote_locals,
    refuse_unsupported,
)
from sigmapath.lower.formulas import formulas
from sigmapath.lower.jacobian import jacobian
from sigmapath.lower.observables import observables
from sigmapath.lower.rates import resolve_rates
from sigmapath.lower.roles import Roles, assign_roles
from sigmapath.lower.roots import dynamic_ids, switching_functions
from sigmapath.lower.start import start_values
from sigmapath.lower.stoichiometry import net_stoichiometry
from sigmapath.lower.system import OdeSystem
from sigmapath.model.network import ReactionNetwork

__all__ = ["flatten", "lower"]


def flatten(network: ReactionNetwork) -> ReactionNetwork:
    """The network without functions and local parameters, every symbol known."""
    flat = promote_locals(network)
    flat = inline_functions(flat)
    flat = refuse_unsupported(flat)
    return check_symbols(flat)


def _chain(first: Rewriter, second: Rewriter) -> Rewriter:
    """One rewriter after another, as a function of an expression."""
    return lambda expression: second(first(expression))  # type: ignore[return-value]


def _with_integrated_starts(roles: Roles, change: Rewriter) -> Roles:
    def changed(start: Expr | None) -> Expr | None:
        return None if start is None else change(start)

    return replace(
        roles,
        parameters=tuple(replace(item, start=changed(item.start)) for item in roles.parameters),
        states=tuple(replace(item, start=changed(item.start)) for item in roles.states),
    )


def lower(network: ReactionNetwork) -> OdeSystem:
    """Turn a reaction network into ordered, sparse mathematics.

    Parameters
    ----------
    network : ReactionNetwork
        As a front end or the builder made it.

    Returns
    -------
    OdeSystem

    Raises
    ------
    UnsupportedFeatureError
        For a construct that cannot be lowered, with its element and id.
    UnknownNameError, CyclicAssignmentError, DuplicateIdError, ModelError
        For a model that contradicts itself, with the place.

    Notes
    -----
    Time and memory grow in proportion to the size of the network.
    """
    where = network.where
    flat = flatten(network)
    stoichiometry = net_stoichiometry(flat)
    roles = assign_roles(flat, stoichiometry)
    equations = build_equations(flat, stoichiometry, roles)

    integrated = as_integrated(roles)
    everything = [integrated(math) for _, math in formulas(flat)]
    equations, without_rates = resolve_rates(equations, everything, roles, where)
    change = _chain(integrated, without_rates)
    roles = _with_integrated_starts(roles, change)

    events = lower_events(flat, roles, change)
    quantities = (*roles.parameters, *roles.states)
    initial, initial_states = start_values(quantities, roles.states, equations, where)
    values, pattern, by_time = jacobian(roles.states, equations.definitions, equations.derivatives)
    running = [item.math for item in equations.definitions] + list(equations.derivatives)
    dynamic = dynamic_ids(roles.states, equations.definitions)
    system = OdeSystem(
        model_id=network.id,
        where=where,
        parameters=roles.parameters,
        states=roles.states,
        definitions=equations.definitions,
        derivatives=equations.derivatives,
        mass=(1.0,) * len(roles.states),
        jacobian=values,
        pattern=pattern,
        time_derivative=by_time,
        initial=initial,
        initial_states=initial_states,
        roots=switching_functions([*running, *events.triggers], dynamic),
        triggers=events.triggers,
        delays=events.delays,
        priorities=events.priorities,
        assignments=events.assignments,
        events=events.table,
        event_ids=events.ids,
        lags=(),
        lagged=(),
        observables=observables(flat, roles, equations),
        observable_units={},
        moieties=(),
        time_unit="",
        fingerprint="",
    )
    return replace(system, fingerprint=fingerprint(system))
