"""Events as tables and expressions, in integrated terms.

Enters: a flat network and Roles. Leaves: :class:`LoweredEvents`, which the pipeline copies into the
OdeSystem. Section 4.12 of SBML L3V2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from sigmapath.errors import ModelError, UnknownNameError
from sigmapath.expr.nodes import ZERO, Expr, symbol
from sigmapath.kernels import EventTable
from sigmapath.lower.formulas import event_place
from sigmapath.lower.roles import Roles
from sigmapath.model.components import Event
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = ["LoweredEvents", "lower_events"]


@record
class LoweredEvents:
    """The event fields of an OdeSystem."""

    triggers: tuple[Expr, ...]
    delays: tuple[Expr, ...]
    priorities: tuple[Expr, ...]
    assignments: tuple[Expr, ...]
    table: EventTable
    ids: tuple[str, ...]


def _targets(roles: Roles) -> dict[str, tuple[int, int]]:
    """Id -> (is it a state, its index)."""
    found = {item.id: (0, j) for j, item in enumerate(roles.parameters)}
    return found | {item.id: (1, i) for i, item in enumerate(roles.states)}


def _check_targets(
    event: Event, place: str, targets: Mapping[str, tuple[int, int]], network: ReactionNetwork
) -> None:
    assigned = {rule.variable for rule in network.assignment_rules}
    seen: set[str] = set()
    for item in event.assignments:
        where = f"{network.where}: {place}"
        if item.variable in assigned:
            raise ModelError(
                f"the event assigns {item.variable}, which an assignment rule defines",
                where=where,
                fix="drop the rule or the event assignment",
            )
        if item.variable not in targets:
            raise UnknownNameError("event target", item.variable, targets, where=where)
        if item.variable in seen:
            raise ModelError(f"the event assigns {item.variable} twice", where=where)
        seen.add(item.variable)


def lower_events(
    network: ReactionNetwork, roles: Roles, change: Callable[[Expr], Expr]
) -> LoweredEvents:
    """Write the events of a flat network; ``change`` takes user terms to integrated terms.

    Raises
    ------
    UnknownNameError, ModelError
        For assignments to unknown, ruled or repeated targets.
    """
    targets = _targets(roles)
    # A concentration whose state is the amount is multiplied by the volume, the one before any
    # assignment of the event takes effect, at the moment of the execution: with values from the
    # trigger time it is the concentration that is remembered (section 4.12.5).
    amounts = {item.id: item.volume for item in roles.states if item.state_is_amount}
    assignments: list[Expr] = []
    volumes: list[str] = []
    start, is_state, index = [0], [], []
    for k, event in enumerate(network.events):
        _check_targets(event, event_place(event, k), targets, network)
        assignments += [change(item.math) for item in event.assignments]
        volumes += [amounts.get(item.variable, "") for item in event.assignments]
        start.append(len(assignments))
        is_state += [targets[item.variable][0] for item in event.assignments]
        index += [targets[item.variable][1] for item in event.assignments]

    distinct = [name for name in dict.fromkeys(volumes) if name]
    place = {name: len(assignments) + k for k, name in enumerate(distinct)}

    def flags(values: list[bool]) -> np.ndarray:
        return np.array(values, dtype=np.int64)

    events = network.events
    table = EventTable(
        assign_start=np.array(start, dtype=np.int64),
        target_is_state=np.array(is_state, dtype=np.int64),
        target=np.array(index, dtype=np.int64),
        initial_value=flags([item.trigger.initial_value for item in events]),
        persistent=flags([item.trigger.persistent for item in events]),
        from_trigger_time=flags([item.use_values_from_trigger_time for item in events]),
        has_delay=flags([item.delay is not None for item in events]),
        has_priority=flags([item.priority is not None for item in events]),
        factor=np.array([place.get(name, -1) for name in volumes], dtype=np.int64),
    )
    return LoweredEvents(
        triggers=tuple(change(item.trigger.math) for item in events),
        delays=tuple(ZERO if item.delay is None else change(item.delay) for item in events),
        priorities=tuple(
            ZERO if item.priority is None else change(item.priority) for item in events
        ),
        assignments=(*assignments, *map(symbol, distinct)),
        table=table,
        ids=tuple(item.id or f"event_{k + 1}" for k, item in enumerate(events)),
    )
