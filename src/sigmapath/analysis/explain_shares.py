"""Aumann-Shapley shares of the processes in the difference between two runs.

Enters: processes along two runs (:class:`~sigmapath.analysis.explain_rates.Along`) and the weights
that make a readout of an observable's course. Leaves: one share per process; shares add up.

The difference D of the states obeys, exactly (M: mean slopes; N: stoichiometry; own: the states
that a process moves itself; d: what constants and inputs change directly in a rate)::

    D' = N M_own D + N Lambda (M_other D + d),     Lambda = 1

The first term is the response of a process to its own reactants and products: mass action, always
on. The second is how other species, constants and inputs act on a process; Lambda = diag(l_r)
switches that for each process r. With l = 0 for all, run B is run A; with l = 1 it is run B. The
share of process r is the Aumann-Shapley value, the integral of the effect of l_r along the diagonal
(Aumann and Shapley 1974, Values of Non-Atomic Games; the limit of Shapley's substitution of one
process after the other over all orders, as players become small)::

    share_r = integral from 0 to 1 of (d readout / d l_r)(l, ..., l) dl

Shares add up to the difference of the readout by construction; a process whose rate nothing else
touches has none; links of one chain share what they carry alike. Slopes by the adjoint of the
trapezoidal rule (Cao, Li, Petzold and Serban 2003, doi:10.1137/S1064827501380630), the integral by
Gauss-Legendre.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sigmapath.analysis.explain_rates import Along
from sigmapath.record import record

__all__ = ["Shares", "shares"]

FloatArray = NDArray[np.float64]
_LINKS = 6  # points of the Gauss-Legendre rule


@record(eq=False)
class Shares:
    """Shares in the difference of a readout.

    Parameters
    ----------
    process : ndarray, shape (n_process,)
    through : ndarray, shape (n_process, n_state)
        Part of each share by the state that acts on the process; the rest of a row is direct.
    direct : ndarray, shape (n_process,)
        Part of each share by constants and inputs of the experiment.
    start : float
        Of the difference of the states at t = 0.
    formula : float
        Of constants and inputs in the observable's own formula.
    discretisation : float
        What the steps of the trapezoidal rule leave over.
    """

    process: FloatArray
    through: FloatArray
    direct: FloatArray
    start: float
    formula: float
    discretisation: float


def shares(found: Along, times: FloatArray, difference: FloatArray, weights: FloatArray) -> Shares:
    """Work the shares out.

    Parameters
    ----------
    found : Along
    times : ndarray, shape (n_time,)
        Ascending.
    difference : ndarray, shape (n_time, n_state)
        States of run B less those of run A.
    weights : ndarray, shape (n_time,)
        The readout is the sum of these times the observable.
    """
    keep = found.own[None]
    other = np.where(keep, 0.0, found.slope)
    responding = _moved(found.factor, found.slope - other)
    acting = _moved(found.factor, other)
    direct = found.rate_difference - np.matmul(found.slope, difference[..., None])[..., 0]
    h = 0.5 * np.diff(times)
    drift = np.matmul(responding + acting, difference[..., None])[..., 0] + direct @ found.factor.T
    defect = np.diff(difference, axis=0) - h[:, None] * (drift[1:] + drift[:-1])
    gain = weights[:, None] * found.observable_slope
    formula = weights * (
        found.observable[1] - found.observable[0] - (found.observable_slope * difference).sum(1)
    )
    n_process, n_state = found.own.shape
    through, by_input = np.zeros((n_process, n_state)), np.zeros(n_process)
    start = left = 0.0
    nodes, node_weights = np.polynomial.legendre.leggauss(_LINKS)
    for node, weight in zip(0.5 * (nodes + 1.0), 0.5 * node_weights, strict=True):
        system = responding + node * acting
        source = node * (h[:, None] * ((direct[1:] + direct[:-1]) @ found.factor.T) + defect)
        states, costates, first = _solve(system, h, source, node * difference[0], gain)
        pull = h[:, None] * (costates @ found.factor)
        # Each end of a step counts with the costate of the step.
        at_ends = np.zeros((len(times), n_process))
        at_ends[1:] += pull
        at_ends[:-1] += pull
        through += weight * np.einsum("kr,krj,kj->rj", at_ends, other, states, optimize=True)
        by_input += weight * (at_ends * direct).sum(axis=0)
        start += weight * float(first @ difference[0])
        left += weight * float((costates * defect).sum())
    return Shares(
        process=through.sum(axis=1) + by_input,
        through=through,
        direct=by_input,
        start=start,
        formula=float(formula.sum()),
        discretisation=left,
    )


def _moved(factor: FloatArray, slope: FloatArray) -> FloatArray:
    """Stoichiometry times slopes, shape (n_time, n_state, n_state); few factors are not 0."""
    from scipy.sparse import csr_array

    n_time, n_process, n_state = slope.shape
    rows = np.ascontiguousarray(slope.transpose(1, 0, 2)).reshape(n_process, n_time * n_state)
    product = np.asarray(csr_array(factor) @ rows).reshape(n_state, n_time, n_state)
    return np.ascontiguousarray(product.transpose(1, 0, 2))


def _solve(
    system: FloatArray, h: FloatArray, source: FloatArray, first: FloatArray, gain: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """States of the linear system, costates of its steps, and the costate of the first state.

    Parameters
    ----------
    system : ndarray, shape (n_time, n, n)
    h : ndarray, shape (n_time - 1,)
        Half steps.
    source : ndarray, shape (n_time - 1, n)
    first : ndarray, shape (n,)
    gain : ndarray, shape (n_time, n)
    """
    from scipy.linalg import lu_factor, lu_solve

    n_time, n, _ = system.shape
    identity = np.eye(n)
    factored = [
        lu_factor(identity - h[k] * system[k + 1], check_finite=False) for k in range(n_time - 1)
    ]
    states, costates = np.empty((n_time, n)), np.empty((n_time - 1, n))
    states[0] = first
    for k in range(n_time - 1):
        right = states[k] + h[k] * (system[k] @ states[k]) + source[k]
        states[k + 1] = lu_solve(factored[k], right, check_finite=False)
    costate = gain[-1]
    for k in range(n_time - 2, -1, -1):
        costates[k] = lu_solve(factored[k], costate, trans=1, check_finite=False)
        costate = costates[k] + h[k] * (system[k].T @ costates[k]) + gain[k]
    return states, costates, costate
