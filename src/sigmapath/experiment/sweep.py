"""Sweeps: designed axes, each a named dimension of the result.

Enters: ``{name: values}``. Leaves: coordinates in model units. What an axis drives:

- a name that a phase of the protocol sets, or that a scheduled dose gives: the value there (in all
  phases and administrations of that name);
- a ligand, an input of the model that is absent until applied (a stress), or a name in the
  call-level ``doses``: a level held from t = 0, not in the equilibration;
- another parameter: its value everywhere, the equilibration included;
- a species: its initial value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.experiment.targets import Scope, Target
from sigmapath.record import record

__all__ = ["AxesLike", "Axis", "resolve_axes"]

AxesLike = Mapping[str, Sequence[Any] | NDArray[Any]] | None


@record
class Axis:
    """One axis: whose values, and which, in model units; ``unit`` is theirs."""

    target: Target
    values: NDArray[np.float64]
    unit: str


def resolve_axes(axes: AxesLike, scope: Scope, scales: Mapping[int, int]) -> tuple[Axis, ...]:
    """Resolve names and units of axes, in the order given.

    Parameters
    ----------
    axes : mapping name -> values
    scope : Scope
    scales : mapping position -> int
        For targets of scheduled doses: what their amounts are divided by (-1 nothing, -2 unclear).
        Values of such an axis are amounts.

    Raises
    ------
    PlanError
        If an axis is empty, has a value twice or one that is no finite number, or two axes name the
        same thing.
    UnknownNameError, UnitError
        As for parameters and doses.
    """
    found: list[Axis] = []
    owners: dict[int, str] = {}
    for name, values in (axes or {}).items():
        where = f"axis {name}"
        target = scope.target(name, where="axes")
        if target.position in owners:
            raise PlanError(
                f"two axes drive {target.id}", where="axes",
                found=f"{owners[target.position]} and {name}", fix="keep one of them",
            )  # fmt: skip
        owners[target.position] = name
        given = _listed(values, where)
        if target.position in scales:
            converted, unit = _amounts(given, target, scope, scales[target.position], where)
        else:
            converted = _converted(given, target, scope, where)
            unit = target.unit
        found.append(Axis(target=target, values=_unique(converted, where), unit=unit))
    return tuple(found)


def _entry(where: str, i: int) -> str:
    return f"{where}, entry {i + 1}"


def _listed(values: Any, where: str) -> list[Any]:
    if isinstance(values, str) or np.ndim(values) != 1:
        raise PlanError(
            "an axis is a list of values", where=where, found=repr(values),
            expected='for example [0, 0.1, 1] or ["10 nM", "1 uM"]',
        )  # fmt: skip
    if len(values) == 0:
        raise PlanError("an axis needs one value or more", where=where, found="an empty list")
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _converted(given: list[Any], target: Target, scope: Scope, where: str) -> Sequence[float]:
    """Values in model units; long lists of plain numbers at once."""
    if set(map(type, given)) <= {float, int} and all(map(math.isfinite, given)):
        return given
    return [scope.value(target, v, where=_entry(where, i)) for i, v in enumerate(given)]


def _amounts(
    given: list[Any], target: Target, scope: Scope, scale: int, where: str
) -> tuple[Sequence[float], str]:
    converted = []
    for i, value in enumerate(given):
        amount, own_scale = scope.amount(target, value, where=_entry(where, i))
        if own_scale != scale:
            raise PlanError(
                "the axis and the doses it drives must both be amounts, or both concentrations",
                where=where, found=str(value), fix="give units everywhere, of the same kind",
            )  # fmt: skip
        converted.append(amount)
    return converted, scope.amount_unit(target, scale)


def _unique(values: Sequence[float], where: str) -> NDArray[np.float64]:
    converted = np.array(values, dtype=np.float64)
    ordered = np.sort(converted)
    is_repeat = ordered[1:] == ordered[:-1]
    if is_repeat.any():
        twice = ordered[1:][is_repeat][0]
        raise PlanError(
            "an axis has a value twice", where=where, found=f"{twice:g}", fix="drop the repeat"
        )
    return converted
