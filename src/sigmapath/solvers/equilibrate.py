"""Bring every run of a batch to rest before its clock starts.

Enters: start values and the changes that hold during equilibration. Leaves: p, y, infusions and
holds of each run at its steady state. Called by :func:`.solve.solve_batch` before the loop.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers import layout as at
from sigmapath.solvers.batch import Rested
from sigmapath.solvers.library import rest_function
from sigmapath.solvers.rest import new_rest
from sigmapath.solvers.tables import address_of, address_table
from sigmapath.solvers.workspace import Worker
from sigmapath.status import Status

__all__ = ["equilibrate_runs"]


def equilibrate_runs(
    worker: Worker,
    table: NDArray[np.int64],
    starts: NDArray[np.float64],
    values: NDArray[np.float64],
    stop_flag: NDArray[np.int64],
) -> Rested:
    """Return what each run has at rest.

    Parameters
    ----------
    worker : Worker
    table : ndarray of int64, shape (n_jump, 3)
        Op, index, scale of the changes that hold during equilibration.
    starts : ndarray, shape (n_run, n_start)
    values : ndarray, shape (n_run, n_jump)
    stop_flag : ndarray of int64, shape (1,)

    Returns
    -------
    Rested
    """
    work = worker.work()
    rest = new_rest(work, worker.moieties)
    n_run = len(starts)
    states = np.full((n_run, 3, int(work.size[at.N])), np.nan)
    parameters = np.full((n_run, len(work.p)), np.nan)
    status = np.full(n_run, int(Status.NOT_RUN), dtype=np.int64)
    residual = np.full(n_run, np.nan)
    # What is given by address alone is held by a name until the search returns.
    arrays = (
        worker.table,
        rest.table,
        table,
        starts,
        values,
        states,
        parameters,
        status,
        residual,
        stop_flag,
    )
    job = address_table(at.Equilibration, arrays)
    rest_function("rest_equilibrate")(address_of(job), 0.0, 0.0)
    return Rested(states=states, parameters=parameters, status=status, residual=residual)
