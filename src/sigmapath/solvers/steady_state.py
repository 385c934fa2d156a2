"""Find the steady state of a compiled model: one call, with eigenvalues.

Enters: kernels, a start, parameters, conserved moieties. Leaves: a :class:`SteadyState`. Called by
the layer that runs models; batches are brought to rest by :mod:`.equilibrate`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.kernels import Kernels
from sigmapath.record import record
from sigmapath.solvers import layout as at
from sigmapath.solvers import rest as slot
from sigmapath.solvers.conservation import Conservation, no_conservation
from sigmapath.solvers.layout import Rest
from sigmapath.solvers.library import rest_function
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.rest import new_rest
from sigmapath.solvers.rest_outcome import Reason, RestMethod
from sigmapath.solvers.tables import address_of
from sigmapath.solvers.workspace import make_worker
from sigmapath.status import Status

__all__ = ["Conservation", "Reason", "RestMethod", "SteadyState", "steady_state"]

FloatArray = NDArray[np.float64]

N, RTOL, MASK, CLAMP, MASS = at.N, at.RTOL, at.MASK, at.CLAMP, at.MASS
ATOL, Y, RATE, HELD = at.ATOL, at.Y, at.RATE, at.HELD
R_METHOD, R_REASON, R_RESIDUAL, R_STEP = slot.R_METHOD, slot.R_REASON, slot.R_RESIDUAL, slot.R_STEP
R_ITERATIONS, R_STEPS, R_TIME = slot.R_ITERATIONS, slot.R_STEPS, slot.R_TIME

# The part of the largest |eigenvalue| that rounding in J and in the reduction may leave.
_EIGENVALUE_NOISE = 1e-11


@record
class SteadyState:
    """A state at rest, or why there is none.

    Parameters
    ----------
    state : ndarray, shape (n_state,)
        NaN where nothing was found.
    status : Status
        OK or NO_STEADY_STATE.
    method : RestMethod
        Which method found it.
    reason : Reason
        NONE, or why nothing was found; its ``message`` says what to do.
    residual : float
        Net over gross turnover, the largest over all states: max_i |f_i| / g_i with
        g_i = sum_j |df_i/dy_j| (|y_j| + floor). The same as |f_i| timescale_i / (|y_i| + floor)
        with each state's own turnover time.
    step : float
        Size of the last Newton step relative to the state: the estimated distance to the root.
    n_iterations, n_steps : int
        Newton iterations, and accepted steps of all integrations.
    time : float
        How long the last integration ran [model time].
    eigenvalues : ndarray of complex, shape (n_independent,)
        Of the Jacobian reduced by the moieties, largest real part first; empty if none was found.
    is_stable : bool
        No eigenvalue has a positive real part (beyond rounding). False beside status OK means
        that the unstable direction needs a species that is absent.
    """

    state: FloatArray
    status: Status
    method: RestMethod
    reason: Reason
    residual: float
    step: float
    n_iterations: int
    n_steps: int
    time: float
    eigenvalues: NDArray[np.complex128]
    is_stable: bool


def steady_state(
    kernels: Kernels,
    y: FloatArray,
    p: FloatArray,
    *,
    conservation: Conservation | None = None,
    held: Sequence[int] = (),
    rtol: float = 1e-6,
    atol: float | FloatArray | None = None,
    tolerance: float = 1e-9,
    newton_reach: float = 0.1,
    max_steps: int = 5000,
) -> SteadyState:
    """Find the steady state that the system comes to from ``y``.

    Parameters
    ----------
    kernels : Kernels
    y : ndarray, shape (n_state,)
        Start [model units]; sets the conserved totals.
    p : ndarray, shape (n_p,)
        Parameters, derived tail included.
    conservation : Conservation, optional
        The model's conserved moieties; needed for Newton's method to know the totals.
    held : sequence of int
        States that are clamped at their start value.
    rtol, atol : float
        Tolerances of the integration; atol in state units, 1e-3 rtol by default.
    tolerance : float
        Accepted relative size of the last Newton step, and residual.
    newton_reach : float
        How far from the start, relatively, a root found by Newton's method alone may lie. inf
        takes any attracting root (it may be another branch of a switch than the one that the
        system would come to); 0 always integrates.
    max_steps : int
        Limit of integration steps per trajectory.

    Returns
    -------
    SteadyState

    Raises
    ------
    PlanError
        If y or p has the wrong length, a tolerance is not positive, a held index is not a state,
        or the table of moieties does not fit the model.
    """
    table = no_conservation(kernels.n_state) if conservation is None else conservation
    _check(kernels, y, p, table, held)
    _check_limits(tolerance, newton_reach, max_steps)
    each = tuple(atol.tolist()) if isinstance(atol, np.ndarray) else atol
    work = _work_for(kernels, y, p, held, SolverOptions(method="rodas5p", rtol=rtol, atol=each))
    rest = new_rest(
        work,
        table.matrix,
        tolerance=tolerance,
        newton_reach=newton_reach,
        max_steps=max_steps,
    )
    _check_table(kernels, work, rest, table)
    status = Status(int(rest_function("rest_start")(address_of(rest.table), 0.0, 0.0)))
    is_found = status == Status.OK
    eigenvalues = _eigenvalues(kernels, work, rest) if is_found else np.zeros(0, dtype=complex)
    return SteadyState(
        state=work.vec[Y, : kernels.n_state].copy()
        if is_found
        else np.full(kernels.n_state, np.nan),
        status=status,
        method=RestMethod(int(rest.result[R_METHOD])),
        reason=Reason(int(rest.result[R_REASON])),
        residual=float(rest.result[R_RESIDUAL]),
        step=float(rest.result[R_STEP]),
        n_iterations=int(rest.result[R_ITERATIONS]),
        n_steps=int(rest.result[R_STEPS]),
        time=float(rest.result[R_TIME]),
        eigenvalues=eigenvalues,
        is_stable=is_found and _is_stable(eigenvalues),
    )


def _check(
    kernels: Kernels, y: FloatArray, p: FloatArray, table: Conservation, held: Sequence[int]
) -> None:
    """Raise PlanError where the arrays do not fit the model."""
    expected = {"y": (y, kernels.n_state), "p": (p, kernels.n_p)}
    for name, (array, length) in expected.items():
        if array.shape != (length,):
            raise PlanError(
                f"{name} has the wrong shape",
                where="steady state",
                found=f"shape {array.shape}",
                expected=f"shape ({length},)",
            )
    if table.matrix.shape[1] != kernels.n_state:
        raise PlanError(
            "the table of conserved moieties belongs to another model",
            where="steady state",
            found=f"{table.matrix.shape[1]} columns",
            expected=f"{kernels.n_state} columns, one per state",
        )
    if any(not 0 <= i < kernels.n_state for i in held):
        raise PlanError(
            "a held state does not exist",
            where="steady state",
            found=str(tuple(held)),
            expected=f"indices from 0 to {kernels.n_state - 1}",
        )


def _check_limits(tolerance: float, newton_reach: float, max_steps: int) -> None:
    """Raise PlanError for a limit that makes no sense."""
    limits = {"tolerance": tolerance, "max_steps": float(max_steps)}
    for name, value in limits.items():
        if not 0.0 < value < np.inf:
            raise PlanError(
                f"{name} must be positive and finite", where="steady state", found=str(value)
            )
    if not newton_reach >= 0.0:
        raise PlanError(
            "newton_reach must not be negative", where="steady state", found=str(newton_reach)
        )


def _work_for(
    kernels: Kernels, y: FloatArray, p: FloatArray, held: Sequence[int], options: SolverOptions
) -> at.Work:
    """Allocate a worker and put the start in place."""
    worker = make_worker(kernels, options)
    work = worker.work()
    work.vec[Y, : kernels.n_state] = y
    work.p[: kernels.n_p] = p
    work.vec[HELD, list(held)] = 1.0
    work.flag[at.HAS_HELD] = int(len(held) > 0)
    return work


def _linearise(rest: Rest, *, sets_floor: bool = False) -> None:
    """Leave J, gross turnovers and the reduced moieties of row Y."""
    rest_function("rest_linearise")(address_of(rest.table), float(sets_floor), 0.0)


def _dense_jacobian(kernels: Kernels, values: FloatArray) -> FloatArray:
    pattern = kernels.pattern
    dense = np.zeros((kernels.n_state, kernels.n_state))
    rows = np.repeat(np.arange(kernels.n_state), np.diff(pattern.row_start))
    dense[rows, pattern.column] = values
    return dense


def _eigenvalues(kernels: Kernels, work: at.Work, rest: Rest) -> NDArray[np.complex128]:
    """Return the eigenvalues that govern small disturbances at row Y, largest real part first.

    Dependent states follow the independent ones through the totals, held states stand still,
    algebraic states follow at once: with dy_D = -L dy_I and 0 = J_AI dy_I + J_AA dy_A, what
    remains is J_II - J_ID L - J_IA J_AA^-1 J_AI (written with J_ID L already taken off).
    """
    _linearise(rest)
    jacobian = _dense_jacobian(kernels, work.jac)
    moiety_of = rest.moiety_of
    dependent = np.flatnonzero(moiety_of >= 0)
    free = np.flatnonzero((moiety_of < 0) & (work.vec[MASK] == 0.0))
    links = rest.reduced[moiety_of[dependent]][:, free]
    reduced = jacobian[np.ix_(free, free)] - jacobian[np.ix_(free, dependent)] @ links
    is_algebraic = kernels.mass[free] == 0.0
    slow, fast = np.flatnonzero(~is_algebraic), np.flatnonzero(is_algebraic)
    if len(fast):
        follow = np.linalg.solve(reduced[np.ix_(fast, fast)], reduced[np.ix_(fast, slow)])
        reduced = reduced[np.ix_(slow, slow)] - reduced[np.ix_(slow, fast)] @ follow
    if not len(reduced):
        return np.zeros(0, dtype=np.complex128)
    values = np.linalg.eigvals(reduced).astype(np.complex128)
    return values[np.lexsort((values.imag, -values.real))]


def _is_stable(eigenvalues: NDArray[np.complex128]) -> bool:
    if not len(eigenvalues):
        return True
    noise = _EIGENVALUE_NOISE * float(np.abs(eigenvalues).max())
    return bool(eigenvalues.real.max() <= noise)


def _check_table(kernels: Kernels, work: at.Work, rest: Rest, table: Conservation) -> None:
    """Raise PlanError if the moieties are not what this model with these volumes conserves."""
    _linearise(rest, sets_floor=True)
    defect = table.defect(_dense_jacobian(kernels, work.jac))
    if defect > 1e-8:
        raise PlanError(
            "the table of conserved moieties does not fit the model",
            where="steady state",
            found=f"|L J| / |L| |J| = {defect:.1e}",
            expected="zero up to rounding; with concentrations as states the volumes belong in it",
        )
