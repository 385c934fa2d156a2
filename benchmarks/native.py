"""The compiled right-hand side and Jacobian of a model as plain Python callables.

For peers that are integrators without a front end of their own (SciPy, CVODE): they get the same
machine code that sigmapath's solvers call, so what is compared is the integrator. This is the one
place of the benchmarks that looks inside sigmapath.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.peers.base import FloatArray, Unsupported

__all__ = ["NativeSystem"]

_FUNCTION = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)


class NativeSystem:
    """Right-hand side, Jacobian, initial state and observables of one case.

    The arrays that machine code reads and writes are made once; a call copies y in and the result
    out, which costs less than making addresses anew.
    """

    def __init__(self, case: Case) -> None:
        import sigmapath as sp

        engine = sp.load(case.path)._engine
        plan = engine.plan(times=case.times, observables=case.species)
        kernels = engine.kernels(plan.outputs, tier="fast")
        if kernels.events.n_event or kernels.n_lag or not kernels.mass.all():
            raise Unsupported(f"{case.name} has events, delays or algebraic equations")
        self._kernels, self._functions = kernels, {}
        for name in ("initial", "derive", "rhs", "jac", "outputs"):
            if kernels.address(name):
                self._functions[name] = _FUNCTION(kernels.address(name))
        self.n_state, self.n_output = kernels.n_state, kernels.n_output
        self._t, self._p = np.zeros(1), np.zeros(kernels.n_p)
        self._y = np.zeros(kernels.n_state)
        self._dydt, self._jac = np.zeros(kernels.n_state), np.zeros(kernels.pattern.nnz)
        self.columns = kernels.pattern.column
        starts = kernels.pattern.row_start
        self.rows = np.repeat(np.arange(kernels.n_state), np.diff(starts))
        self.row_start = starts
        self.initial = self._initial(np.array(plan.start, dtype=np.float64))
        at = [self._t.ctypes.data, self._y.ctypes.data, self._p.ctypes.data]
        self._rhs_call = (self._functions["rhs"], (*at, self._dydt.ctypes.data))
        self._jac_call = (self._functions["jac"], (*at, self._jac.ctypes.data))

    def _initial(self, start: FloatArray) -> FloatArray:
        y = np.zeros(self.n_state)
        self._call("initial", start, y)
        self._call("derive", y, self._p)
        return y

    def _call(self, name: str, y: FloatArray, out: FloatArray) -> None:
        if name in self._functions:
            arrays = (self._t, y, self._p, out)
            self._functions[name](*[array.ctypes.data for array in arrays])

    def rhs(self, t: float, y: FloatArray) -> FloatArray:
        """dy/dt; the array is reused by the next call."""
        self._t[0] = t
        self._y[:] = y
        function, addresses = self._rhs_call
        function(*addresses)
        return self._dydt

    def jac_values(self, t: float, y: FloatArray) -> FloatArray:
        """Nonzeros of df/dy, row by row; the array is reused by the next call."""
        self._t[0] = t
        self._y[:] = y
        function, addresses = self._jac_call
        function(*addresses)
        return self._jac

    def outputs(self, times: FloatArray, states: FloatArray) -> FloatArray:
        """Observables of a trajectory, shape (n_time, n_output)."""
        found = np.empty((len(times), self.n_output))
        row = np.empty(self.n_output)
        for i, (t, y) in enumerate(zip(times, states, strict=True)):
            self._t[0] = t
            self._call("outputs", np.ascontiguousarray(y), row)
            found[i] = row
        return found

    def pattern(self) -> Any:
        """Sparsity pattern as a SciPy matrix of ones."""
        from scipy.sparse import csr_matrix

        shape = (self.n_state, self.n_state)
        return csr_matrix((np.ones(len(self.columns)), (self.rows, self.columns)), shape=shape)
