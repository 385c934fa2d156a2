"""Bring every run of a batch to rest before its clock starts.

Enters: start values and the changes that hold during equilibration. Leaves: p, y, infusions and
holds of each run at its steady state. Called by :func:`.solve.solve_batch` before the loop.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers import layout as at
from sigmapath.solvers import rest as slot
from sigmapath.solvers.advance import settle_start
from sigmapath.solvers.batch import Rested
from sigmapath.solvers.begin import apply_all, begin_run
from sigmapath.solvers.compiled import kept
from sigmapath.solvers.rest_search import find_steady_state, new_rest
from sigmapath.solvers.workspace import Worker
from sigmapath.status import Status

__all__ = ["equilibrate_runs"]

OK, BAD_START, NOT_RUN = int(Status.OK), int(Status.BAD_START), int(Status.NOT_RUN)
N, Y, FORCING, HELD, R_RESIDUAL = at.N, at.Y, at.FORCING, at.HELD, slot.R_RESIDUAL


@kept
def _equilibrate_chunk(
    work: Any,
    rest: Any,
    table: Any,
    starts: Any,
    values: Any,
    states: Any,
    parameters: Any,
    status: Any,
    residual: Any,
    stop_flag: Any,
) -> None:
    """Find the steady state of every run; ``states`` has rows y, infusions, holds per run."""
    for run in range(starts.shape[0]):
        if stop_flag[0] != 0:
            return
        begin_run(work, starts[run])
        apply_all(work, table, values[run])
        code = BAD_START
        if settle_start(work, 0.0):
            code = find_steady_state(work, rest)
            residual[run] = rest.result[R_RESIDUAL]
        status[run] = code
        for i in range(work.size[N]):
            states[run, 0, i] = work.vec[Y, i]
            states[run, 1, i] = work.vec[FORCING, i]
            states[run, 2, i] = work.vec[HELD, i]
        for j in range(len(work.p)):
            parameters[run, j] = work.p[j]


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
    states = np.full((n_run, 3, int(work.size[N])), np.nan)
    parameters = np.full((n_run, len(work.p)), np.nan)
    status = np.full(n_run, NOT_RUN, dtype=np.int64)
    residual = np.full(n_run, np.nan)
    _equilibrate_chunk(
        work, rest, table, starts, values, states, parameters, status, residual, stop_flag
    )
    return Rested(states=states, parameters=parameters, status=status, residual=residual)
