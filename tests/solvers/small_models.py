"""Small models with closed-form solutions for the tests of the loop."""

from __future__ import annotations

from functools import cache

import numpy as np
from kernels_by_hand import make_kernels, pattern_of

from sigmapath.kernels import EventTable, Kernels


@cache
def decay() -> Kernels:
    """dx/dt = source - k x with p = (source, k, volume); x(t) is exponential."""

    def rhs(t, y, p, out):
        out[0] = p[0] - p[1] * y[0]

    def jac(t, y, p, out):
        out[0] = -p[1]

    return make_kernels(rhs, jac, n_state=1, n_param=3, non_negative=[1])


@cache
def linear() -> Kernels:
    """dy/dt = A y with p = A row by row, three states."""

    def rhs(t, y, p, out):
        for i in range(3):
            out[i] = p[3 * i] * y[0] + p[3 * i + 1] * y[1] + p[3 * i + 2] * y[2]

    def jac(t, y, p, out):
        for k in range(9):
            out[k] = p[k]

    return make_kernels(rhs, jac, n_state=3, n_param=9)


@cache
def forced() -> Kernels:
    """A stiff, non-autonomous and non-linear problem whose solution is cos(t), sin(t).

    Prothero & Robinson (1974), doi:10.1090/S0025-5718-1974-0331793-2, made non-linear by the
    product with y1; p = (stiffness,).
    """

    def rhs(t, y, p, out):
        out[0] = -np.sin(t[0]) + p[0] * (np.cos(t[0]) - y[0]) * (1.0 + y[1] * y[1])
        out[1] = y[0] + (np.sin(t[0]) - y[1])

    def jac(t, y, p, out):
        out[0] = -p[0] * (1.0 + y[1] * y[1])
        out[1] = 2.0 * p[0] * (np.cos(t[0]) - y[0]) * y[1]
        out[2] = 1.0
        out[3] = -1.0

    def dfdt(t, y, p, out):
        out[0] = -np.cos(t[0]) - p[0] * np.sin(t[0]) * (1.0 + y[1] * y[1])
        out[1] = np.cos(t[0])

    return make_kernels(rhs, jac, n_state=2, n_param=1, dfdt=dfdt)


@cache
def oscillator() -> Kernels:
    """x'' = -x; x(0) = 0, v(0) = 1 gives sin(t). Outputs: x, v, x squared, time."""

    def rhs(t, y, p, out):
        out[0] = y[1]
        out[1] = -y[0]

    def jac(t, y, p, out):
        out[0] = 1.0
        out[1] = -1.0

    def outputs(t, y, p, out):
        out[0] = y[0]
        out[1] = y[1]
        out[2] = y[0] * y[0]
        out[3] = t[0]

    return make_kernels(
        rhs, jac, n_state=2, pattern=pattern_of([[1], [0]]), outputs=outputs, n_output=4
    )


def table(*events: dict, n_assign: int = 1) -> EventTable:
    """Event table from one mapping per event; each owns ``n_assign`` assignments to states."""

    def column(name: str, default: int) -> np.ndarray:
        return np.array([event.get(name, default) for event in events], dtype=np.int64)

    targets = [target for event in events for target in event["targets"]]
    starts = np.cumsum([0] + [len(event["targets"]) for event in events])
    return EventTable(
        assign_start=starts.astype(np.int64),
        target_is_state=np.array([is_state for is_state, _ in targets], dtype=np.int64),
        target=np.array([index for _, index in targets], dtype=np.int64),
        initial_value=column("initial", 1),
        persistent=column("persistent", 1),
        from_trigger_time=column("from_trigger_time", 1),
        has_delay=column("has_delay", 0),
        has_priority=column("has_priority", 0),
    )


@cache
def robertson() -> Kernels:
    """Robertson's problem: three reactions whose constants span nine decades."""

    def rhs(t, y, p, out):
        out[0] = -0.04 * y[0] + 1e4 * y[1] * y[2]
        out[2] = 3e7 * y[1] * y[1]
        out[1] = -out[0] - out[2]

    def jac(t, y, p, out):
        out[0], out[1], out[2] = -0.04, 1e4 * y[2], 1e4 * y[1]
        out[6], out[7], out[8] = 0.0, 6e7 * y[1], 0.0
        for j in range(3):
            out[3 + j] = -out[j] - out[6 + j]

    return make_kernels(rhs, jac, n_state=3, non_negative=[1, 1, 1])
