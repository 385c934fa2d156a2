"""The table of generated functions: which kernel computes which expressions of the system.

Enters: an ``OdeSystem``. Leaves: per kernel the expressions whose values it writes, in the order of
its ``out``. The table drives :mod:`sigmapath.codegen.assemble`; a new kernel is a new row.
"""

from __future__ import annotations

from collections.abc import Callable

from sigmapath.expr.nodes import Expr
from sigmapath.lower.system import OdeSystem
from sigmapath.record import record

__all__ = ["KERNELS", "KernelRow"]


@record
class KernelRow:
    """One row of the table.

    Parameters
    ----------
    name : str
        One of ``KERNEL_NAMES``.
    purpose : str
        One line for the reader of generated code.
    values : callable OdeSystem -> tuple of Expr, or None
        What the function writes; None where the model has no such function.
    labels : callable OdeSystem -> tuple of str
        Comment beside each value; may be shorter than the values.
    """

    name: str
    purpose: str
    values: Callable[[OdeSystem], tuple[Expr, ...] | None]
    labels: Callable[[OdeSystem], tuple[str, ...]] = lambda system: ()


def _some(values: tuple[Expr, ...]) -> tuple[Expr, ...] | None:
    return values or None


def _derivative_labels(system: OdeSystem) -> tuple[str, ...]:
    return tuple(f"d {state.id}/dt" for state in system.states)


def _jacobian_labels(system: OdeSystem) -> tuple[str, ...]:
    ids = [state.id for state in system.states]
    start, column = system.pattern.row_start, system.pattern.column
    return tuple(
        f"d {ids[row]}' / d {ids[int(column[k])]}"
        for row in range(len(ids))
        for k in range(int(start[row]), int(start[row + 1]))
    )


def _event_labels(system: OdeSystem) -> tuple[str, ...]:
    return tuple(system.event_ids)


# "initial", "derive" and "outputs" are not here: the first two have a form of their own, the last
# one comes with what is observed.
KERNELS = (
    KernelRow(
        name="rhs",
        purpose="right-hand side of M dy/dt = f(t, y)",
        values=lambda system: system.derivatives,
        labels=_derivative_labels,
    ),
    KernelRow(
        name="jac",
        purpose="nonzeros of df/dy, row by row",
        values=lambda system: system.jacobian,
        labels=_jacobian_labels,
    ),
    KernelRow(
        name="dfdt",
        purpose="df/dt at fixed y",
        values=lambda system: system.time_derivative,
        labels=_derivative_labels,
    ),
    KernelRow(
        name="roots",
        purpose="functions whose sign changes are located",
        values=lambda system: _some(system.roots),
    ),
    KernelRow(
        name="triggers",
        purpose="1.0 where the trigger of an event is true",
        values=lambda system: _some(system.triggers),
        labels=_event_labels,
    ),
    KernelRow(
        name="delays",
        purpose="time from trigger to execution of each event",
        values=lambda system: _some(system.delays),
        labels=_event_labels,
    ),
    KernelRow(
        name="priorities",
        purpose="priority of each event",
        values=lambda system: _some(system.priorities),
        labels=_event_labels,
    ),
    KernelRow(
        name="assign",
        purpose="new values of all event assignments, event by event",
        values=lambda system: _some(system.assignments),
    ),
    KernelRow(
        name="lags",
        purpose="lags of delayed values",
        values=lambda system: _some(system.lags),
    ),
    KernelRow(
        name="lagged",
        purpose="current values of what is seen delayed",
        values=lambda system: _some(system.lagged),
    ),
)
