"""A planned experiment as changes of the model itself, for export.

Enters: an engine, its network and a plan of one run. Leaves: a network that any SBML simulator runs
to the same trajectory. Called by the public ``to_sbml(parameters=, doses=, protocol=)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError, SolverError
from sigmapath.experiment.plan import RunPlan
from sigmapath.expr.nodes import free_symbols
from sigmapath.io.sbml.bake import with_experiment
from sigmapath.io.sbml.change import Change, ChangeKind
from sigmapath.model.network import ReactionNetwork
from sigmapath.opcodes import JumpOp
from sigmapath.simulate.engine import Engine
from sigmapath.simulate.rest import find_rest, start_of
from sigmapath.status import Status

__all__ = ["bake"]

# Much tighter than a run: the resting state is written as start values that others integrate from.
_REST_RTOL = 1e-10


def bake(engine: Engine, network: ReactionNetwork, plan: RunPlan) -> ReactionNetwork:
    """Return the network with a planned experiment written into it.

    Parameters
    ----------
    engine : Engine
        Of the network.
    network : ReactionNetwork
    plan : RunPlan
        Of one run; its outputs must be the states of the model, in their order. An equilibration
        is run here: its result becomes the initial values.

    Raises
    ------
    PlanError
        If the plan has axes, or something in it cannot be said in SBML.
    SolverError
        If the equilibration finds no steady state.
    """
    if plan.n_runs != 1:
        raise PlanError("only a single run can be written into a model", found=f"{plan.n_runs}")
    given = _given_values(engine, plan)
    resting = _resting_values(engine, plan) if plan.rest is not None else {}
    return with_experiment(
        _without_moved_assignments(engine, network, plan) if resting else network,
        parameters={name: v for name, v in given.items() if name not in resting},
        initial=resting,
        changes=tuple(_changes(engine, plan)),
    )


def _given_values(engine: Engine, plan: RunPlan) -> dict[str, float]:
    """Start values that differ from those of the model."""
    ours, theirs = plan.start, engine.index.values
    differs = (ours != theirs) & ~(np.isnan(ours) & np.isnan(theirs))
    return {engine.index.id_at(i): float(ours[i]) for i in np.flatnonzero(differs).tolist()}


def _resting_values(engine: Engine, plan: RunPlan) -> dict[str, float]:
    """The steady state that the equilibration comes to, in the terms of the ids."""
    found = find_rest(engine, plan, rtol=_REST_RTOL)
    if not found.success:
        raise SolverError(
            f"the equilibration found no steady state: {found.reason}",
            status=int(Status.NO_STEADY_STATE),
            time=0.0,
        )
    return {name: found[name] for name in engine.index.states}


def _without_moved_assignments(
    engine: Engine, network: ReactionNetwork, plan: RunPlan
) -> ReactionNetwork:
    """Replace initial assignments that start from states by what they came to.

    They were worked out before the equilibration moved the states, and must stay as they were.
    """
    moved = set(engine.index.states)
    formulas = {rule.variable: rule.math for rule in network.assignment_rules}
    formulas |= {a.symbol: a.math for a in network.initial_assignments}
    while True:
        more = {n for n, math in formulas.items() if free_symbols(math) & moved} - moved
        if not more:
            break
        moved |= more
    frozen = {a.symbol for a in network.initial_assignments} & moved - set(engine.index.states)
    if not frozen:
        return network
    values, _ = start_of(engine, plan)
    at_start = {n: float(v) for n, v in zip(engine.index.parameters, values, strict=False)}
    kept = tuple(a for a in network.initial_assignments if a.symbol not in frozen)
    return with_experiment(
        replace(network, initial_assignments=kept),
        parameters={name: at_start[name] for name in sorted(frozen)},
    )


def _changes(engine: Engine, plan: RunPlan) -> Iterator[Change]:
    """What happens from t = 0 on, in order."""
    parameters, _ = start_of(engine, plan)
    index = engine.index
    held = _held_at_rest(engine, plan)
    table = plan.jumps
    columns = (table.time, table.op, table.index, table.scale, plan.jump_values)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    # Holds that the equilibration began go on until a row takes them back.
    going_on = dict(held)
    for time, op, i, _, value in rows:
        if time == 0.0 and op in (JumpOp.SET_STATE, JumpOp.HOLD) and index.states[i] in going_on:
            if op == JumpOp.SET_STATE:
                going_on[index.states[i]] = value
            elif not value:
                del going_on[index.states[i]]
    yield from (Change(kind="hold", time=0.0, target=n, value=v) for n, v in going_on.items())
    for place, (time, op, i, scale, value) in enumerate(rows):
        is_parameter = op in (JumpOp.SET_PARAMETER, JumpOp.ADD_PARAMETER)
        target = index.parameters[i] if is_parameter else index.states[i]
        if op == JumpOp.HOLD:
            # A hold that begins is told together with the value before it.
            if not value and not (time == 0.0 and target in held):
                yield Change(kind="release", time=time, target=target)
        elif op in (JumpOp.SET_PARAMETER, JumpOp.SET_STATE):
            if time == 0.0 and target in held:
                if target not in going_on:
                    # Washed away as the run begins: no hold, but a value of its own.
                    yield Change(kind="set", time=0.0, target=target, value=value)
                continue
            follower = rows[place + 1] if place + 1 < len(rows) else None
            begins = follower is not None and follower[:3] == (time, JumpOp.HOLD, i) and follower[4]
            kind: ChangeKind = "hold" if op == JumpOp.SET_STATE and begins else "set"
            yield Change(kind=kind, time=time, target=target, value=value)
        else:
            amount = value if scale >= 0 else value * _volume(engine, target, parameters)
            added: ChangeKind = "infuse" if op == JumpOp.ADD_RATE else "add"
            yield Change(kind=added, time=time, target=target, value=amount)


def _held_at_rest(engine: Engine, plan: RunPlan) -> Mapping[str, float]:
    """States that the equilibration holds, with their values."""
    if plan.rest is None:
        return {}
    columns = (plan.rest.op, plan.rest.index, plan.rest_values)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    set_to: dict[str, float] = {}
    held: dict[str, float] = {}
    for op, i, value in rows:
        if op == JumpOp.SET_STATE:
            set_to[engine.index.states[i]] = value
        elif op == JumpOp.HOLD and value:
            held[engine.index.states[i]] = set_to[engine.index.states[i]]
    return held


def _volume(engine: Engine, target: str, parameters: NDArray[np.float64]) -> float:
    """Volume that turns a rise of the target's value into an amount; 1 for what has none."""
    index = engine.index
    home = index.volumes.get(target)
    if home is None or target in index.amount_terms or target in index.amount_states:
        return 1.0
    size = index.position(home)
    assert size is not None, "a concentration is given only in compartments of constant size"
    return float(parameters[size])
