"""The steady state of a model under fixed settings, by name.

Enters: an engine and a plan with an equilibration. Leaves: a :class:`RestReport`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import UnknownNameError, UnsupportedFeatureError
from sigmapath.experiment.plan import RunPlan
from sigmapath.expr.nodes import postorder
from sigmapath.kernels import Kernels
from sigmapath.lower.roots import dynamic_ids
from sigmapath.lower.system import OdeSystem
from sigmapath.opcodes import JumpOp
from sigmapath.record import record
from sigmapath.simulate.engine import Engine, run_options
from sigmapath.simulate.moieties import conservation_of
from sigmapath.simulate.tolerances import call_once, start_point, with_tolerances

__all__ = ["RestReport", "find_rest", "start_of"]

FloatArray = NDArray[np.float64]

# The part of the largest |eigenvalue| below which rounding may have made it.
_NEUTRAL = 1e-11


@record
class RestReport(Mapping[str, float]):
    """A steady state: a mapping id -> value over states and observables, and how it was found.

    Parameters
    ----------
    levels, units : mapping id -> value, unit
        Everything observable, in user terms; NaN if no steady state was found.
    states : tuple of str
        Ids of the states among them.
    success : bool
    method : str
        "newton", "integration" or "none".
    reason : str
        Why nothing was found; "" on success.
    residual : float
        Largest net over gross turnover of any state [1].
    eigenvalues : ndarray of complex
        Of the Jacobian reduced by the conserved moieties [1/time], largest real part first.
    is_stable : bool
    n_iterations, n_steps : int
        Newton iterations and integration steps it took.
    """

    levels: Mapping[str, float]
    units: Mapping[str, str]
    states: tuple[str, ...]
    success: bool
    method: str
    reason: str
    residual: float
    eigenvalues: NDArray[np.complex128]
    is_stable: bool
    n_iterations: int
    n_steps: int

    def __getitem__(self, name: str) -> float:
        if name not in self.levels:
            raise UnknownNameError("observable", name, self.levels)
        return self.levels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.levels)

    def __len__(self) -> int:
        return len(self.levels)

    def rows(self) -> list[tuple[str, float, str]]:
        """(id, value, unit) of every state."""
        return [(name, self.levels[name], self.units.get(name, "")) for name in self.states]

    def summary(self) -> str:
        """Return one sentence: which method succeeded, the residual and the stability."""
        if not self.success:
            return f"no steady state: {self.reason}"
        kind = "stable" if self.is_stable else "not stable"
        slowest = _slowest(self.eigenvalues)
        return (
            f"{kind} steady state by {self.method} ({self.n_iterations} Newton iterations, "
            f"{self.n_steps} integration steps), residual {self.residual:.2g}{slowest}"
        )

    def to_pandas(self) -> Any:
        """Table with the columns value and unit."""
        import pandas as pd

        return pd.DataFrame(
            {"value": dict(self.levels), "unit": {n: self.units.get(n, "") for n in self.levels}}
        )


def _slowest(eigenvalues: NDArray[np.complex128]) -> str:
    """Say how slowly the slowest disturbance fades that fades at all."""
    rates = -eigenvalues.real
    fading = rates[rates > _NEUTRAL * np.abs(eigenvalues).max(initial=0.0)]
    n_neutral = int((np.abs(rates) <= _NEUTRAL * np.abs(eigenvalues).max(initial=0.0)).sum())
    text = f", slowest rate {fading.min():.3g}" if fading.size else ""
    if n_neutral:
        text += f", {n_neutral} directions in which nothing drives the system"
    return text


def find_rest(engine: Engine, plan: RunPlan, **options: Any) -> RestReport:
    """Find the steady state that the settings of a plan's equilibration lead to.

    Parameters
    ----------
    engine : Engine
    plan : RunPlan
        Of one run; its outputs are reported.
    **options
        rtol, atol, backend, tier.

    Raises
    ------
    UnsupportedFeatureError
        If an event fires at the start, or by the clock.
    """
    from sigmapath.solvers.steady_state import steady_state

    chosen = run_options(options)
    kernels = engine.kernels(plan.outputs, backend=chosen.backend, tier=chosen.tier or "quick")
    solver = with_tolerances(chosen.solver, engine.system, kernels)
    p, y = start_point(kernels, plan.start)
    held = _apply(kernels, plan, p, y)
    _refuse_unseen_events(engine.system, kernels, y, p)
    found = steady_state(
        kernels,
        y,
        p,
        conservation=conservation_of(engine.system, plan.start),
        held=held,
        rtol=solver.rtol,
        atol=solver.atol_of(kernels.n_state),
    )
    out = np.full(kernels.n_output, np.nan)
    if found.status == 0:
        call_once(kernels, "outputs", np.zeros(1), found.state, p, out)
    levels = {o.name: float(v) for o, v in zip(plan.outputs, out, strict=True)}
    return RestReport(
        levels=levels,
        units={o.name: o.unit for o in plan.outputs},
        states=tuple(name for name in engine.index.states if name in levels),
        success=found.status == 0,
        method=found.method.name.lower(),
        reason="" if found.status == 0 else found.reason.message,
        residual=found.residual,
        eigenvalues=found.eigenvalues,
        is_stable=found.is_stable,
        n_iterations=found.n_iterations,
        n_steps=found.n_steps,
    )


def _refuse_unseen_events(
    system: OdeSystem, kernels: Kernels, y: FloatArray, p: FloatArray
) -> None:
    """Refuse events that the search, for which time stands still, would pass over.

    Those that the approach to rest sets off are seen by the search itself.
    """
    if not system.triggers:
        return
    by_time = dynamic_ids((), system.definitions)
    is_true = np.zeros(len(system.triggers))
    call_once(kernels, "triggers", np.zeros(1), y, p, is_true)
    for k, (name, trigger) in enumerate(zip(system.event_ids, system.triggers, strict=True)):
        what = ""
        if any(
            n.op == "time" or (n.op == "sym" and n.value in by_time) for n in postorder([trigger])
        ):
            what = "an event that depends on time"
        elif is_true[k] and not system.events.initial_value[k]:
            what = "an event that fires at the start"
        if what:
            raise UnsupportedFeatureError(
                f"the steady state of a model with {what}",
                where=f"event {name}",
                fix="simulate past the event, and set what it assigns by hand",
            )


def start_of(engine: Engine, plan: RunPlan) -> tuple[FloatArray, FloatArray]:
    """Parameters (with their derived tail) and states of a plan before anything happens."""
    return start_point(engine.kernels(plan.outputs), plan.start)


def _apply(kernels: Kernels, plan: RunPlan, p: FloatArray, y: FloatArray) -> list[int]:
    """Make the changes of the equilibration; returns the states that are held."""
    held = []
    rows = plan.rest
    if rows is not None:
        for op, index, value in zip(rows.op, rows.index, plan.rest_values, strict=True):
            if op == JumpOp.SET_PARAMETER:
                p[index] = value
            elif op == JumpOp.SET_STATE:
                y[index] = value
            elif op == JumpOp.HOLD and value:
                held.append(int(index))
        call_once(kernels, "derive", np.zeros(1), y, p, p)
    return held
