"""SciPy's LSODA and BDF and SUNDIALS' CVODE, on the right-hand side that sigmapath compiled.

The observables are worked out from the states outside the clock: these programs return states.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.native import NativeSystem
from benchmarks.peers.base import FloatArray, Solve, Sweep, Unsupported

__all__ = ["ScikitSundae", "ScipyBdf", "ScipyLsoda"]

_MOST_STEPS = 1_000_000


class _Integrator:
    """What the three share: no front end, no sweep, no process of their own."""

    name = ""
    how_to_install = ""

    def prepare(self, case: Case) -> _Prepared:
        return _Prepared(case, self.states)

    def states(self, system: NativeSystem, times: FloatArray, rtol: float) -> Solve:
        """Prepare a solve that returns states, shape (n_time, n_state)."""
        raise NotImplementedError

    def cold_command(self, case: Case, out: str) -> None:
        return None

    def ready_script(self) -> None:
        return None


class _Prepared:
    def __init__(
        self, case: Case, make: Callable[[NativeSystem, FloatArray, float], Solve]
    ) -> None:
        self.case, self.system, self.make = case, NativeSystem(case), make

    def solve(self, rtol: float) -> Solve:
        return self.make(self.system, self.case.times, rtol)

    def observe(self, states: FloatArray) -> FloatArray:
        """Values of the species, from states."""
        return self.system.outputs(self.case.times, states)

    def sweep(self, rtol: float, n_cores: int) -> Sweep:
        raise Unsupported("an integrator without a sweep")


class ScipyLsoda(_Integrator):
    """scipy.integrate.odeint: LSODA with its loop in Fortran, the fastest way SciPy offers."""

    name = "SciPy LSODA"
    how_to_install = "pip install scipy"

    def version(self) -> str:
        import scipy

        return str(scipy.__version__)

    def states(self, system: NativeSystem, times: FloatArray, rtol: float) -> Solve:
        from scipy.integrate import odeint

        def solve() -> FloatArray:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return odeint(
                    system.rhs, system.initial, times, tfirst=True,
                    rtol=rtol, atol=1e-3 * rtol, mxstep=_MOST_STEPS,
                )  # fmt: skip

        return solve


class ScipyBdf(ScipyLsoda):
    """scipy.integrate.solve_ivp, BDF with the analytic sparse Jacobian."""

    name = "SciPy BDF"

    def states(self, system: NativeSystem, times: FloatArray, rtol: float) -> Solve:
        from scipy.integrate import solve_ivp
        from scipy.sparse import csr_matrix

        shape = (system.n_state, system.n_state)

        def jac(t: float, y: FloatArray) -> Any:
            values = system.jac_values(t, y).copy()
            return csr_matrix((values, system.columns, system.row_start), shape=shape).tocsc()

        def rhs(t: float, y: FloatArray) -> FloatArray:
            return system.rhs(t, y).copy()

        def solve() -> FloatArray:
            span = (0.0, float(times[-1]))
            found = solve_ivp(
                rhs, span, system.initial, method="BDF", t_eval=times, jac=jac,
                rtol=rtol, atol=1e-3 * rtol,
            )  # fmt: skip
            good = found.y.T
            return good if len(good) == len(times) else np.full((len(times), shape[0]), np.nan)

        return solve


class ScikitSundae(_Integrator):
    """CVODE (BDF) of scikit-sundae with the analytic Jacobian, dense or sparse as is faster."""

    name = "scikit-sundae CVODE"
    how_to_install = "pip install scikit-sundae"

    def version(self) -> str:
        import sksundae

        return str(sksundae.__version__)

    def states(self, system: NativeSystem, times: FloatArray, rtol: float) -> Solve:
        from sksundae.cvode import CVODE

        def rhs(t: float, y: FloatArray, dydt: FloatArray) -> None:
            dydt[:] = system.rhs(t, y)

        def jac(t: float, y: FloatArray, dydt: FloatArray, matrix: FloatArray) -> None:
            matrix[system.rows, system.columns] = system.jac_values(t, y)

        def prepared(options: dict[str, Any]) -> Solve:
            with warnings.catch_warnings():
                # It says that the Jacobian given replaces its own: that is what is wanted.
                warnings.simplefilter("ignore")
                solver = CVODE(
                    rhs, method="BDF", rtol=rtol, atol=1e-3 * rtol, max_num_steps=_MOST_STEPS,
                    **options,
                )  # fmt: skip

            def solve() -> FloatArray:
                found = solver.solve(times, system.initial)
                if found.success and len(found.y) == len(times):
                    return np.asarray(found.y)
                return np.full((len(times), system.n_state), np.nan)

            return solve

        dense = prepared({"linsolver": "dense", "jacfn": jac})
        return _faster(dense, prepared(_sparse_options(system)))


def _faster(one: Solve, other: Solve) -> Solve:
    """Whichever is faster: the size at which sparse beats dense depends on the fill-in."""
    seconds = []
    for solve in (one, other):
        start = time.perf_counter()
        found = solve()
        seconds.append(time.perf_counter() - start if np.isfinite(found).all() else np.inf)
    return one if seconds[0] <= seconds[1] else other


def _sparse_options(system: NativeSystem) -> dict[str, Any]:
    """Options of the sparse solver: it wants the nonzeros column by column."""
    pattern = system.pattern().tocsc()
    pattern.sort_indices()
    order = np.lexsort((system.rows, system.columns))

    def jac(t: float, y: FloatArray, dydt: FloatArray, values: FloatArray) -> None:
        values[:] = system.jac_values(t, y)[order]

    return {"linsolver": "sparse", "sparsity": pattern, "jacfn": jac}
