"""Where a model starts, and how small a value of each of its states still matters.

Enters: a lowered model and its kernels. Leaves: start values, and solver options with an absolute
tolerance per state. Called by the engine, the simulator and the search for rest.

A model in mol/L has states of 1e-9 where one in uM has 1e-3; one absolute tolerance for both is
wrong for one of them. So the default is ``1e-3 * rtol`` times the scale of each state, which the
model's own start values give: the state's start value, or if that is smaller the typical one, the
geometric mean of the start values other than zero of all states of its kind. The scale is at most
1, so that large values are held to their relative tolerance and small ones beside them are still
seen. It depends on the model only, never on the experiment: a run has the same tolerances alone and
in a sweep.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sigmapath.kernels import Kernels
from sigmapath.lower.system import OdeSystem
from sigmapath.solvers.options import SolverOptions

__all__ = ["call_once", "start_point", "with_tolerances"]

FloatArray = NDArray[np.float64]

# Below this share of the largest start value of its kind nothing is typical.
_LEAST_SHARE = 1e-12


def with_tolerances(options: SolverOptions, system: OdeSystem, kernels: Kernels) -> SolverOptions:
    """Return the options with an absolute tolerance per state where none is given."""
    if options.atol is not None or not kernels.n_state:
        return options
    quantities = (*system.parameters, *system.states)
    _, y = start_point(kernels, np.array([item.value for item in quantities]))
    scale = _scales(np.abs(y), [item.kind for item in system.states])
    return replace(options, atol=tuple((1e-3 * options.rtol * scale).tolist()))


def _scales(sizes: FloatArray, kinds: Sequence[str]) -> FloatArray:
    """Scale of each state, at most 1; ``sizes`` are absolute start values, shape (n_state,)."""
    scale = np.ones(len(sizes))
    for kind in sorted(set(kinds)):
        mine = np.array([other == kind for other in kinds])
        size = np.where(np.isfinite(sizes[mine]), sizes[mine], 0.0)
        present = size[size > _LEAST_SHARE * size.max(initial=0.0)]
        if present.size:
            typical = float(np.exp(np.log(present).mean()))
            scale[mine] = np.minimum(1.0, np.maximum(size, typical))
    return scale


def start_point(kernels: Kernels, start: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Parameters (with their derived tail) and states at t = 0, for a row of start values."""
    p = np.zeros(max(kernels.n_p, 1))
    y = np.zeros(max(kernels.n_state, 1))
    if kernels.has_fast:
        p[kernels.n_param + kernels.n_lag] = 1.0
    call_once(kernels, "initial", np.zeros(1), start.copy(), p, y)
    return p[: kernels.n_p], y[: kernels.n_state]


def call_once(
    kernels: Kernels, name: str, t: FloatArray, y: FloatArray, p: FloatArray, out: FloatArray
) -> None:
    """Call one kernel from Python; does nothing where the model has none."""
    address = kernels.address(name)
    if address:
        pointer = ctypes.POINTER(ctypes.c_double)
        signature = ctypes.CFUNCTYPE(None, pointer, pointer, pointer, pointer)
        arrays = [a if a.size else np.zeros(1) for a in (t, y, p, out)]
        signature(address)(*(a.ctypes.data_as(pointer) for a in arrays))
