"""Evaluate an OdeSystem by walking its expressions: slow, obvious, and free of generated code."""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.expr.evaluate import evaluate, evaluate_many
from sigmapath.lower.system import OdeSystem


def start(system: OdeSystem, **given: float) -> tuple[dict[str, float], np.ndarray]:
    """Parameters by id and the start of y; ``given`` replaces start values in user terms."""
    values = {item.id: item.value for item in (*system.parameters, *system.states)} | given
    settable = set(values)
    for item in system.initial:
        if item.id not in settable or np.isnan(values[item.id]):
            values[item.id] = evaluate(item.math, values)
    y = np.array(evaluate_many(list(system.initial_states), values), dtype=float)
    return {item.id: values[item.id] for item in system.parameters}, y


def environment(
    system: OdeSystem, p: dict[str, float], y: np.ndarray, t: Any = 0.0
) -> dict[str, Any]:
    """Values of every symbol."""
    values: dict[str, Any] = dict(p)
    values |= {item.id: value for item, value in zip(system.states, y, strict=True)}
    for item in system.definitions:
        values[item.id] = evaluate(item.math, values, t)
    return values


def rhs(system: OdeSystem, p: dict[str, float], y: np.ndarray, t: Any = 0.0) -> np.ndarray:
    return np.array(evaluate_many(list(system.derivatives), environment(system, p, y, t), t))


def dense_jacobian(
    system: OdeSystem, p: dict[str, float], y: np.ndarray, t: float = 0.0
) -> np.ndarray:
    values = evaluate_many(list(system.jacobian), environment(system, p, y, t), t)
    n = len(system.states)
    result = np.zeros((n, n))
    start_of = system.pattern.row_start
    for i in range(n):
        row = slice(int(start_of[i]), int(start_of[i + 1]))
        result[i, system.pattern.column[row]] = values[row]
    return result


def observe(
    system: OdeSystem, name: str, p: dict[str, float], y: np.ndarray, t: float = 0.0
) -> float:
    return float(evaluate(system.observables[name], environment(system, p, y, t), t))
