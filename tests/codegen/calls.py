"""Call kernels the way solvers do: by address."""

from __future__ import annotations

import ctypes

import numpy as np

_KERNEL = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)


def call_address(address, t, y, p, n_out):
    """Return ``out``; p may be written, y and t are copied."""
    assert address
    t, y = np.array(t, dtype=float).ravel(), np.array(y, dtype=float)
    out = np.full(max(n_out, 1), -777.0)
    _KERNEL(address)(t.ctypes.data, y.ctypes.data, p.ctypes.data, out.ctypes.data)
    return out[:n_out]


def call(kernels, name, y, p, n_out, t=0.0):
    return call_address(kernels.address(name), t, y, p, n_out)


def start(kernels, system, **given):
    """p and y after ``initial``; ``given`` replaces start values."""
    quantities = (*system.parameters, *system.states)
    q = [given.get(quantity.id, quantity.value) for quantity in quantities]
    p = np.full(kernels.n_p, np.nan)
    y = call(kernels, "initial", q, p, kernels.n_state)
    return p, y


def derive(kernels, p):
    """Refill the derived tail of p."""
    address = kernels.address("derive")
    nothing = np.zeros(1)
    _KERNEL(address)(nothing.ctypes.data, nothing.ctypes.data, p.ctypes.data, p.ctypes.data)
    return p
