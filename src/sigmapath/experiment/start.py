"""Start values of a run: the model's, a ligand's, a condition's, the user's.

Enters: settings by name. Leaves: the vector of start values, and which of them the user sets.
"""

from __future__ import annotations

from collections.abc import Mapping

from sigmapath.errors import PlanError
from sigmapath.experiment.condition import Condition
from sigmapath.experiment.dosing import Value
from sigmapath.experiment.plan import FloatArray
from sigmapath.experiment.targets import Scope, Target
from sigmapath.record import record

__all__ = ["StartValues", "initial_target", "parameter_target", "start_values"]


@record
class StartValues:
    """Start values, and which of them the user sets (position -> where)."""

    values: FloatArray
    explicit: Mapping[int, str]
    from_condition: frozenset[int]


def start_values(
    scope: Scope,
    parameters: Mapping[str, Value] | None,
    initial: Mapping[str, Value] | None,
    condition: Condition,
) -> StartValues:
    """Return the start values of a run before axes move them.

    Parameters
    ----------
    scope : Scope
    parameters, initial : mapping name -> value
        Explicit settings; they win over the condition.
    condition : Condition

    Raises
    ------
    PlanError
        If something is set by the wrong word, or both by ``parameters`` and ``initial``.
    UnknownNameError, UnitError
    """
    index = scope.index
    values = index.values.copy()
    for use in scope.slots.values():
        if index.position(f"Kd_{use.slot}") is None:
            raise PlanError(
                f"the slot {use.slot} has no affinity Kd_{use.slot}, so {use.ligand.name} cannot "
                "be told from any other ligand",
                where=f"model {index.model}",
                fix=f"add the parameter Kd_{use.slot}, or give {use.slot} by its id",
            )
        for name, constant in use.ligand.slot_values(use.slot).items():
            position = index.position(name)
            if position is not None:
                values[position] = constant
    label = f"condition {condition.name}"
    from_condition: set[int] = set()
    explicit: dict[int, str] = {}
    for where, settings, check in (
        (label, condition.parameters, parameter_target),
        (label, condition.initial, initial_target),
        ("parameters", parameters or {}, parameter_target),
        ("initial", initial or {}, initial_target),
    ):
        for name, value in settings.items():
            target = check(scope, name, where)
            if explicit.get(target.position, where) != where:
                raise PlanError(
                    f"{target.id} is set twice", where="parameters and initial", found=name,
                    fix="keep one of them",
                )  # fmt: skip
            values[target.position] = scope.value(target, value, where=where)
            if where == label:
                from_condition.add(target.position)
            else:
                explicit[target.position] = where
    return StartValues(values=values, explicit=explicit, from_condition=frozenset(from_condition))


def parameter_target(scope: Scope, name: str, where: str) -> Target:
    """Resolve what ``parameters`` may set: everything but species that change, and all inputs.

    Inputs are what an experiment sets, whatever the model makes of them (free ligands are species).
    """
    target = scope.target(name, where=where)
    is_species = target.is_state and scope.index.kinds[target.id] == "species"
    if is_species and target.id not in scope.index.inputs:
        raise PlanError(
            f"{target.id} is a species, not a parameter", where=where,
            fix=f"give its start value as initial={{'{name}': ...}}, or hold it by doses",
        )  # fmt: skip
    return target


def initial_target(scope: Scope, name: str, where: str) -> Target:
    """Resolve what ``initial`` may set: species, and other quantities that change."""
    target = scope.target(name, where=where)
    if not target.is_state and scope.index.kinds[target.id] != "species":
        raise PlanError(
            f"{target.id} is a {scope.index.kinds[target.id].replace('_', ' ')}, not a species",
            where=where, fix=f"give it as parameters={{'{name}': ...}}",
        )  # fmt: skip
    return target
