"""lower(): the ordered list of passes from the reaction network to mathematics.

Enters: a ReactionNetwork. Leaves: an OdeSystem. Each pass is a pure function of its own module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sigmapath.expr.nodes import Expr
from sigmapath.expr.rewrite import Rewriter
from sigmapath.lower.algebraic import solve_algebraic_rules
from sigmapath.lower.conservation import conserved_moieties
from sigmapath.lower.degrees import TimeDegrees
from sigmapath.lower.delays import Delayed, name_delays
from sigmapath.lower.draws import refuse_draws
from sigmapath.lower.equations import Equations, as_integrated, build_equations
from sigmapath.lower.events import LoweredEvents, lower_events
from sigmapath.lower.fast import fast_reactions
from sigmapath.lower.fingerprint import fingerprint
from sigmapath.lower.flatten import (
    check_symbols,
    inline_functions,
    promote_locals,
)
from sigmapath.lower.formulas import formulas
from sigmapath.lower.jacobian import jacobian
from sigmapath.lower.observables import observables
from sigmapath.lower.rates import resolve_rates
from sigmapath.lower.roles import Roles, assign_roles
from sigmapath.lower.roots import dynamic_ids, switching_functions
from sigmapath.lower.signs import promised_non_negative
from sigmapath.lower.start import start_values
from sigmapath.lower.stoichiometry import net_stoichiometry, require_coefficients
from sigmapath.lower.system import OdeSystem, Quantity, delayed_id
from sigmapath.lower.units import observable_units, time_unit
from sigmapath.model.network import ReactionNetwork

__all__ = ["flatten", "lower"]


def flatten(network: ReactionNetwork) -> ReactionNetwork:
    """The network without functions and local parameters, every symbol known."""
    flat = promote_locals(network)
    flat = refuse_draws(inline_functions(flat))
    return check_symbols(flat)


def _chain(first: Rewriter, second: Rewriter) -> Rewriter:
    """One rewriter after another, as a function of an expression."""
    return lambda expression: second(first(expression))  # type: ignore[return-value]


def _completed(
    items: tuple[Quantity, ...], change: Rewriter, units: Mapping[str, str]
) -> tuple[Quantity, ...]:
    """Quantities with starts in integrated terms and with units."""
    return tuple(
        replace(
            item,
            start=None if item.start is None else change(item.start),
            unit=units.get(item.id, ""),
        )
        for item in items
    )


def _with_promises(
    roles: Roles, equations: Equations, events: LoweredEvents
) -> tuple[Quantity, ...]:
    """States that say whether they stay non-negative."""
    assigned: dict[str, list[Expr]] = {}
    parameters = list(roles.parameters)
    # What follows the new values are volumes that they are multiplied by.
    news = events.assignments[: len(events.table.target)]
    for is_state, i, new in zip(
        events.table.target_is_state, events.table.target, news, strict=True
    ):
        if is_state:
            assigned.setdefault(roles.states[i].id, []).append(new)
        else:
            # Of whatever sign the event makes it.
            parameters[i] = replace(parameters[i], value=float("nan"))
    promises = promised_non_negative(
        parameters, roles.states, equations.definitions, equations.derivatives, assigned
    )
    return tuple(
        replace(state, non_negative=promise and state.id not in roles.implicit)
        for state, promise in zip(roles.states, promises, strict=True)
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
    solved = solve_algebraic_rules(flatten(network))
    flat = solved.network
    require_coefficients(flat)
    stoichiometry = net_stoichiometry(flat)
    roles = assign_roles(flat, stoichiometry, solved.implicit)
    equations = build_equations(flat, stoichiometry, roles)

    integrated = as_integrated(roles)
    everything = [integrated(math) for _, math in formulas(flat)]
    equations, without_delays, delayed = name_delays(equations, everything)
    everything = [*map(without_delays, everything), *delayed.values, *delayed.lags]
    equations, without_rates = resolve_rates(equations, everything, roles, where)
    change = _chain(_chain(integrated, without_delays), without_rates)
    delayed = Delayed(
        values=tuple(map(without_rates, delayed.values)),
        lags=tuple(map(without_rates, delayed.lags)),
    )
    units = observable_units(flat)
    roles = replace(
        roles,
        parameters=_completed(roles.parameters, change, units),
        states=_completed(roles.states, change, units),
    )
    events = lower_events(flat, roles, change)
    roles = replace(roles, states=_with_promises(roles, equations, events))
    quantities = (*roles.parameters, *roles.states)
    initial, initial_states, past = start_values(
        quantities, roles.states, equations, delayed, where
    )
    values, pattern, by_time = jacobian(roles.states, equations.definitions, equations.derivatives)
    running = [item.math for item in equations.definitions] + list(equations.derivatives)
    seen = observables(flat, roles, equations)
    running += [*delayed.lags, *delayed.values]
    changing = [*(s.id for s in roles.states), *map(delayed_id, range(len(delayed.lags)))]
    dynamic = dynamic_ids(changing, equations.definitions)
    degree = TimeDegrees(equations.definitions, changing)
    roots, n_timed = switching_functions([*running, *events.triggers], dynamic, degree)
    system = OdeSystem(
        model_id=network.id,
        where=where,
        parameters=roles.parameters,
        states=roles.states,
        definitions=equations.definitions,
        derivatives=equations.derivatives,
        mass=tuple(0.0 if state.id in roles.implicit else 1.0 for state in roles.states),
        jacobian=values,
        pattern=pattern,
        time_derivative=by_time,
        initial=initial,
        initial_states=initial_states,
        roots=roots,
        n_timed=n_timed,
        triggers=events.triggers,
        delays=events.delays,
        priorities=events.priorities,
        assignments=events.assignments,
        events=events.table,
        event_ids=events.ids,
        lags=delayed.lags,
        lagged=delayed.values,
        past=past,
        has_fast=bool(fast_reactions(flat)),
        observables=seen,
        observable_units={name: units.get(name, "") for name in seen},
        moieties=conserved_moieties(flat, stoichiometry, roles, equations.derivatives),
        time_unit=time_unit(flat),
        fingerprint="",
    )
    return replace(system, fingerprint=fingerprint(system))
