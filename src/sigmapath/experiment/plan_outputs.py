"""What a plan looks at: observables over time, and readouts.

Enters: observables and readouts as the user gave them. Leaves: :class:`PlanOutputs`, with names
resolved. Called by :func:`sigmapath.experiment.build.build_plan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sigmapath.errors import PlanError
from sigmapath.experiment.observables import Observable, resolve_observables
from sigmapath.experiment.plan import PlanReadout, ReducerRows
from sigmapath.experiment.readouts import Readout
from sigmapath.experiment.reducers import ReadoutsLike, named_readouts, reducer_rows
from sigmapath.experiment.targets import Scope
from sigmapath.names import NameIndex
from sigmapath.record import record

__all__ = ["PlanOutputs", "plan_outputs_of"]


@record(eq=False)
class PlanOutputs:
    """The fields of a :class:`~sigmapath.experiment.plan.RunPlan` that say what is looked at."""

    outputs: tuple[Observable, ...]
    n_recorded: int
    reducers: ReducerRows
    readouts: tuple[PlanReadout, ...]
    keep_trajectories: bool


def plan_outputs_of(
    scope: Scope,
    observables: Sequence[str] | str | None,
    readouts: ReadoutsLike,
    t_end: float,
    *,
    keep: bool | None,
    usual: tuple[Observable, ...] | None = None,
) -> PlanOutputs:
    """Resolve what is looked at; arguments as of ``build_plan``, ``keep`` is keep_trajectories."""
    index, asked = scope.index, named_readouts(readouts)
    kept = not asked if keep is None else keep
    recorded: tuple[Observable, ...] = ()
    if observables is not None:
        recorded = resolve_observables(observables, index)
    elif kept:
        recorded = usual or resolve_observables(index.default_observables, index)
    outputs = _with_those_of_readouts(recorded, [r.observable for r in asked.values()], index)
    _require_new_names(asked, recorded)
    reducers, plan_readouts = reducer_rows(asked, outputs, scope, t_end)
    return PlanOutputs(
        outputs=outputs,
        n_recorded=len(recorded),
        reducers=reducers,
        readouts=plan_readouts,
        keep_trajectories=kept,
    )


def _with_those_of_readouts(
    recorded: tuple[Observable, ...], texts: Sequence[str], index: NameIndex
) -> tuple[Observable, ...]:
    """Outputs of the kernels: what is recorded, then what only readouts need."""
    if not texts:
        return recorded
    names = {output.name for output in recorded}
    return recorded + tuple(o for o in resolve_observables(texts, index) if o.name not in names)


def _require_new_names(readouts: Mapping[str, Readout], recorded: Sequence[Observable]) -> None:
    for output in recorded if readouts else ():
        if output.name in readouts:
            raise PlanError(
                "a readout and an observable have one name", where="readouts", found=output.name,
                fix="name the readout otherwise",
            )  # fmt: skip
