"""How exactly, with which method and how long at most to integrate.

Enters: what the user asked for. Leaves: a frozen, validated record, hashable and serialisable.
Called by the public functions; read when a worker is made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.record import record
from sigmapath.solvers.registry import METHOD_NAMES, METHODS

__all__ = ["UNDERSHOOT", "SolverOptions"]

# Below this, rounding errors of the evaluation dominate and steps are rejected for ever.
_SMALLEST_RTOL = 1e-14
# A promised non-negative state may undershoot by the error tolerated, a few times atol.
UNDERSHOOT = 10.0


@record
class SolverOptions:
    """Options of an integration.

    Parameters
    ----------
    method : str
        "auto" (explicit for runs that are not stiff, otherwise the stiff method that suits the
        size), "rodas5p" (Rosenbrock-Wanner, stiff, order 5), "tsit5" (explicit Runge-Kutta, order
        5), "bdf" (backward differentiation formulas, stiff, orders 1 to 5: large models).
    rtol : float
        Relative tolerance of the local error, between 1e-14 and 1.
    atol : float or iterable of float, optional
        Absolute tolerance in the units of the states, one number or one per state; a state far
        below its own is not controlled at all. By default 1e-3 * rtol times the scale of each
        state, at most 1, which runs take from the start values of the model
        (:mod:`sigmapath.simulate.tolerances`): models in mol/L are as right as those in uM. Where
        no model is known, the scale is 1.
    max_steps : int
        Most steps, rejected ones included, per run.
    max_step : float
        Longest step [model time]; infinity for none.
    first_step : float
        First step of a run [model time]; 0 to have it estimated.
    max_order : int
        Highest order of "bdf", 1 to 5; 2 or less for lightly damped oscillations.
    fixed_step : float
        If positive, every step has this length and no error is controlled: for tests of order.
    event_seed : int
        Events of equal priority at one instant execute in random order (SBML L3V2 section
        4.12.3): this number draws the order, which is the same in every run; 0 is declared order.

    Raises
    ------
    PlanError
        If a value makes no sense; says which and what to do.
    """

    method: str = "auto"
    rtol: float = 1e-6
    atol: float | tuple[float, ...] | None = None
    max_steps: int = 100_000
    max_step: float = math.inf
    first_step: float = 0.0
    fixed_step: float = 0.0
    max_order: int = 5
    event_seed: int = 1

    def __post_init__(self) -> None:
        if self.method not in METHOD_NAMES:
            raise PlanError(
                "unknown integration method",
                where="method",
                found=str(self.method),
                expected="one of " + ", ".join(METHOD_NAMES),
            )
        rtol = _number("rtol", self.rtol)
        if not _SMALLEST_RTOL <= rtol <= 1.0:
            raise PlanError(
                "rtol is outside what double precision can deliver",
                where="rtol",
                found=str(self.rtol),
                expected=f"a number from {_SMALLEST_RTOL:g} to 1",
                fix="use 1e-6 for everyday work, 1e-10 for references",
            )
        object.__setattr__(self, "rtol", rtol)
        object.__setattr__(self, "atol", _checked_atol(self.atol))
        for name in ("max_step", "first_step", "fixed_step"):
            object.__setattr__(self, name, _number(name, getattr(self, name)))
        if self.max_step <= 0.0:
            raise _not_positive("max_step", self.max_step, "leave it out for no limit")
        for name in ("first_step", "fixed_step"):
            value = getattr(self, name)
            if value < 0.0 or math.isinf(value):
                raise _not_positive(name, value, "leave it out to have it chosen")
        if self.max_order not in range(1, METHODS["bdf"].tableau.order + 1):
            raise _not_positive("max_order", self.max_order, "give a whole number from 1 to 5")
        if isinstance(self.max_steps, bool) or int(self.max_steps) != self.max_steps:
            raise _not_positive("max_steps", self.max_steps, "give a whole number")
        if self.max_steps < 1:
            raise _not_positive("max_steps", self.max_steps, "give a whole number")
        if int(self.event_seed) != self.event_seed or self.event_seed < 0:
            raise _not_positive("event_seed", self.event_seed, "give 0 or a positive whole number")

    def atol_of(self, n_state: int) -> NDArray[np.float64]:
        """Absolute tolerance of each state, shape (n_state,).

        Raises
        ------
        PlanError
            If ``atol`` was given per state and their number differs.
        """
        if self.atol is None:
            return np.full(n_state, 1e-3 * self.rtol)
        if isinstance(self.atol, tuple):
            if len(self.atol) != n_state:
                raise PlanError(
                    "atol has the wrong number of values",
                    where="atol",
                    found=f"{len(self.atol)} values",
                    expected=f"one number, or {n_state}: one per state",
                )
            return np.array(self.atol)
        return np.full(n_state, self.atol)

    @property
    def code(self) -> int:
        """Method as the compiled loop knows it; after the last registered one comes auto."""
        return METHODS[self.method].code if self.method in METHODS else len(METHODS)

    def as_dict(self) -> dict[str, Any]:
        """All options as plain values, for provenance."""
        return asdict(self)


def _number(name: str, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if math.isnan(number):
        raise PlanError(f"{name} is not a number", where=name, found=repr(value))
    return number


def _not_positive(name: str, value: object, fix: str) -> PlanError:
    return PlanError(f"{name} makes no sense", where=name, found=str(value), fix=fix)


def _checked_atol(atol: object) -> float | tuple[float, ...] | None:
    if atol is None:
        return None
    is_many = isinstance(atol, Iterable) and not isinstance(atol, str) and np.ndim(atol) > 0  # type: ignore[arg-type]
    values = tuple(_number("atol", a) for a in atol) if is_many else (_number("atol", atol),)  # type: ignore[attr-defined]
    for value in values:
        if not 0.0 < value < math.inf:
            raise PlanError(
                "atol must be positive and finite",
                where="atol",
                found=str(value),
                fix="leave it out, or give the smallest amount that matters",
            )
    return values if is_many else values[0]
