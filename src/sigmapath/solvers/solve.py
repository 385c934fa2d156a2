"""Run a batch: allocate the results, hand everything to the compiled loop.

Enters: kernels, a batch, options. Leaves: a ``BatchOutput``. Called by the simulation layer, in
several threads with a chunk each; a single run is a batch of one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.kernels import Kernels
from sigmapath.opcodes import JumpOp
from sigmapath.solvers.batch import BatchInput, BatchOutput, JumpTable, Rested
from sigmapath.solvers.conservation import Conservation
from sigmapath.solvers.layout import Chunk
from sigmapath.solvers.library import drive
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.tables import address_table
from sigmapath.solvers.workspace import Worker, make_worker
from sigmapath.status import STAT_NAMES, Status

__all__ = ["jump_rows", "solve_batch"]

FloatArray = NDArray[np.float64]


def solve_batch(
    kernels: Kernels,
    batch: BatchInput,
    options: SolverOptions | None = None,
    stop_flag: NDArray[np.int64] | None = None,
    *,
    worker: Worker | None = None,
    conservation: Conservation | None = None,
    rested: Rested | None = None,
) -> BatchOutput:
    """Integrate every run of a batch, one after another, in this thread.

    Parameters
    ----------
    kernels : Kernels
    batch : BatchInput
    options : SolverOptions, optional
        Ignored when a worker is given: it carries its own.
    stop_flag : ndarray of int64, shape (1,), optional
        Another thread sets it to a nonzero value to stop within a few dozen steps; the run then
        under way becomes INTERRUPTED, those after it NOT_RUN, those before it stay.
    worker : Worker, optional
        Made by :func:`make_worker` for the same kernels; spares the allocations. One thread at a
        time.
    conservation : Conservation, optional
        Conserved moieties of the model, for equilibration; ignored when a worker is given.
    rested : Rested, optional
        What :func:`sigmapath.solvers.equilibrate.equilibrate_runs` found for these runs before, so
        that runs with the same equilibration share one search.

    Returns
    -------
    BatchOutput
        The same bytes whatever ran before and however runs are grouped into batches.

    Raises
    ------
    PlanError
        If shapes or indices of the batch do not fit the model.
    """
    if worker is None:
        worker = make_worker(kernels, options, conservation=conservation)
    _check_batch(kernels, batch)
    n_run = batch.n_run
    n_time = len(batch.times) if batch.keep_trajectories else 0
    keeps = batch.keep_trajectories
    trajectories = np.empty((n_run if keeps else 1, n_time, kernels.n_output))
    reduced = np.full((n_run, len(batch.reducers)), np.nan)
    final = np.full((n_run, kernels.n_state), np.nan)
    # Columns: status, method used.
    outcome = np.full((n_run, 2), int(Status.NOT_RUN), dtype=np.int64)
    outcome[:, 1] = 0
    stats = np.zeros((n_run, len(STAT_NAMES)), dtype=np.int64)
    t_stop = np.zeros(n_run)
    rest_residual = np.full(n_run, np.nan)
    if stop_flag is None:
        stop_flag = np.zeros(1, dtype=np.int64)
    if batch.equilibrate is not None and rested is None:
        from sigmapath.solvers.equilibrate import equilibrate_runs

        assert batch.equilibrate_values is not None
        table = jump_rows(batch.equilibrate)
        rested = equilibrate_runs(worker, table, batch.start, batch.equilibrate_values, stop_flag)
    if rested is None:
        rested = Rested(states=np.zeros((0, 3, 0)), parameters=np.zeros((0, 0)))
    else:
        outcome[:, 0], rest_residual = rested.status, rested.residual
    readouts = _readouts(batch)
    work_table = worker.table_with(readouts)
    arrays = (
        work_table,
        batch.times if keeps else batch.times[:0],
        np.array([batch.t_end], dtype=np.float64),
        batch.jumps.time,
        jump_rows(batch.jumps),
        batch.start,
        batch.jump_values,
        rested.states,
        rested.parameters,
        trajectories,
        reduced,
        final,
        outcome,
        stats,
        t_stop,
        stop_flag,
    )
    chunk = address_table(Chunk, arrays)  # type: ignore[arg-type]
    drive()(chunk.__array_interface__["data"][0], 0.0, 0.0)
    not_run = outcome[:, 0] == Status.NOT_RUN
    if keeps and not_run.any():
        trajectories[not_run] = np.nan
    return BatchOutput(
        trajectories=trajectories if keeps else None,
        reduced=reduced,
        status=outcome[:, 0].astype(np.int8),
        method=outcome[:, 1].astype(np.int8),
        stats=stats,
        t_stop=t_stop,
        rest_residual=rest_residual,
        final_state=final,
    )


def _readouts(batch: BatchInput) -> tuple[Any, ...]:
    """Arrays of the reducers: codes, window, edges, memory; see ``layout.Work``."""
    assert batch.t_end is not None
    window = batch.reducers.windows(batch.t_end)
    codes = np.ascontiguousarray(np.column_stack([batch.reducers.op, batch.reducers.output]))
    return codes, window, np.unique(window[:, :2]), np.zeros((len(batch.reducers), 3))


def jump_rows(jumps: JumpTable) -> NDArray[np.int64]:
    """Columns op, index, scale of a jump table, shape (n_jump, 3)."""
    return np.ascontiguousarray(np.column_stack([jumps.op, jumps.index, jumps.scale]))


def _check_batch(kernels: Kernels, batch: BatchInput) -> None:
    if batch.start.shape[1] != kernels.n_start:
        raise PlanError(
            "start values do not fit the model",
            found=f"{batch.start.shape[1]} values per run",
            expected=f"{kernels.n_start}",
        )
    if len(batch.reducers) and not (
        batch.reducers.output.min() >= 0 and batch.reducers.output.max() < kernels.n_output
    ):
        raise PlanError("a readout asks for an observable that the model does not have")
    for table in (batch.jumps, batch.equilibrate):
        if table is not None and len(table):
            _check_jumps(kernels, table)


def _check_jumps(kernels: Kernels, jumps: JumpTable) -> None:
    of_parameter = np.isin(jumps.op, (int(JumpOp.SET_PARAMETER), int(JumpOp.ADD_PARAMETER)))
    size = np.where(of_parameter, kernels.n_param, kernels.n_state)
    if ((jumps.index < 0) | (jumps.index >= size)).any() or (jumps.scale >= kernels.n_p).any():
        raise PlanError("a jump refers to a parameter or state that the model does not have")
