"""Kernels written by hand with numba.cfunc: solver tests need no code generation.

Each function takes ``(t, y, p, out)`` as float64 arrays of the lengths that the contract of
:mod:`sigmapath.kernels` gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numba import carray, cfunc, njit, types

from sigmapath.kernels import KERNEL_NAMES, EventTable, Kernels, Pattern

Function = Callable[..., None]

_POINTER = types.CPointer(types.float64)
_SIGNATURE = types.void(_POINTER, _POINTER, _POINTER, _POINTER)


def no_events() -> EventTable:
    """The event table of a model without events."""
    none = np.zeros(0, dtype=np.int64)
    return EventTable(
        assign_start=np.zeros(1, dtype=np.int64),
        target_is_state=none,
        target=none,
        initial_value=none,
        persistent=none,
        from_trigger_time=none,
        has_delay=none,
        has_priority=none,
    )


def full_pattern(n_state: int) -> Pattern:
    """The pattern of a dense Jacobian: values come row by row."""
    return Pattern(
        row_start=np.arange(0, n_state * n_state + 1, n_state or 1, dtype=np.int64)[: n_state + 1],
        column=np.tile(np.arange(n_state, dtype=np.int64), n_state),
    )


def pattern_of(rows: Sequence[Sequence[int]]) -> Pattern:
    """The pattern whose row i has its nonzeros in the columns ``rows[i]``."""
    return Pattern(
        row_start=np.cumsum([0] + [len(row) for row in rows]).astype(np.int64),
        column=np.array([column for row in rows for column in row], dtype=np.int64),
    )


def _compiled(function: Function, n_y: int, n_p: int, n_out: int):
    body = njit(error_model="numpy")(function)

    def kernel(t, y, p, out):
        body(carray(t, 1), carray(y, n_y), carray(p, n_p), carray(out, n_out))

    return cfunc(_SIGNATURE, error_model="numpy")(kernel)


def make_kernels(
    rhs: Function,
    jac: Function,
    *,
    n_state: int,
    n_param: int = 0,
    n_derived: int = 0,
    derive: Function | None = None,
    initial: Function | None = None,
    outputs: Function | None = None,
    n_output: int | None = None,
    pattern: Pattern | None = None,
    mass: Sequence[float] | None = None,
    non_negative: Sequence[int] | None = None,
    events: EventTable | None = None,
    n_root: int = 0,
    **others: Function,
) -> Kernels:
    """Compile functions into ``Kernels``; without ``outputs`` the states are the outputs.

    ``others`` may hold dfdt, roots, triggers, delays, priorities, assign. The default ``initial``
    copies the start values q and knows no defaults: q must not hold NaN.
    """
    n_p = n_param + n_derived
    n_output = n_state if n_output is None else n_output
    pattern = pattern or full_pattern(n_state)
    events = events or no_events()
    n_event = events.n_event

    def copy_start(t, y, p, out):
        for j in range(n_param):
            p[j] = y[j]
        for i in range(n_state):
            out[i] = y[n_param + i]

    def copy_states(t, y, p, out):
        for i in range(n_state):
            out[i] = y[i]

    sizes = {
        "initial": n_state,
        "derive": n_p,
        "rhs": n_state,
        "jac": pattern.nnz,
        "dfdt": n_state,
        "outputs": n_output,
        "roots": n_root,
        "triggers": n_event,
        "delays": n_event,
        "priorities": n_event,
        "assign": len(events.target),
    }
    functions: dict[str, Function | None] = {
        "initial": initial or copy_start,
        "derive": derive,
        "rhs": rhs,
        "jac": jac,
        "outputs": outputs or copy_states,
        **others,
    }
    compiled = {
        name: _compiled(
            function, n_param + n_state if name == "initial" else n_state, n_p, sizes[name]
        )
        for name, function in functions.items()
        if function is not None
    }
    return Kernels(
        addresses=np.array(
            [compiled[name].address if name in compiled else 0 for name in KERNEL_NAMES],
            dtype=np.int64,
        ),
        n_state=n_state,
        n_param=n_param,
        n_p=n_p,
        n_output=n_output,
        n_root=n_root,
        n_lag=0,
        pattern=pattern,
        mass=np.ones(n_state) if mass is None else np.array(mass, dtype=float),
        events=events,
        non_negative=np.zeros(n_state, dtype=np.int64)
        if non_negative is None
        else np.array(non_negative, dtype=np.int64),
        lanes=1,
        backend="numba",
        fingerprint="by hand",
        owner=compiled,
    )
