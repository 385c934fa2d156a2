"""Run a batch: allocate the results, hand everything to the compiled loop.

Enters: kernels, a batch, options. Leaves: a ``BatchOutput``. Called by the simulation layer, in
several threads with a chunk each; a single run is a batch of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

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
from sigmapath.solvers.tables import address_of, address_table, set_first
from sigmapath.solvers.workspace import Worker, make_worker
from sigmapath.status import STAT_NAMES, Status

if TYPE_CHECKING:
    from sigmapath.solvers.lanes.worker import LaneWorker

__all__ = ["OpenBatch", "PreparedRun", "close_batch", "open_batch", "seat", "solve_batch"]

FloatArray = NDArray[np.float64]


def solve_batch(
    kernels: Kernels,
    batch: BatchInput,
    options: SolverOptions | None = None,
    stop_flag: NDArray[np.int64] | None = None,
    *,
    worker: Worker | LaneWorker | None = None,
    conservation: Conservation | None = None,
    rested: Rested | None = None,
    into: BatchOutput | None = None,
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
        Made by :func:`make_worker` for the same kernels, or a worker for lanes; spares the
        allocations. One thread at a time.
    conservation : Conservation, optional
        Conserved moieties of the model, for equilibration; ignored when a worker is given.
    rested : Rested, optional
        What :func:`sigmapath.solvers.equilibrate.equilibrate_runs` found for these runs before, so
        that runs with the same equilibration share one search.
    into : BatchOutput, optional
        Arrays of this batch's shape, of which trajectories, readouts, counters and times are
        written in place. They need not hold anything; trajectories may be None.

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
    if stop_flag is None:
        stop_flag = np.zeros(1, dtype=np.int64)
    opened = open_batch(worker, batch, stop_flag, rested=rested, into=into)
    chunk, held = seat(worker, opened)
    worker.loop(address_of(chunk), 1.0, 0.0)
    del held
    return close_batch(opened)


class OpenBatch(NamedTuple):
    """A batch made ready to run, and everything that must live as long as it runs.

    Any number of workers may run it together, each with a ``chunk`` of its own from :func:`seat`.
    """

    batch: BatchInput
    chunk: NDArray[np.int64]
    room: _Room
    rest_residual: FloatArray
    order: NDArray[np.int64]
    queue: NDArray[np.int64]
    held: tuple[Any, ...]


def open_batch(
    worker: Worker | LaneWorker,
    batch: BatchInput,
    stop_flag: NDArray[np.int64],
    *,
    rested: Rested | None = None,
    into: BatchOutput | None = None,
    order: NDArray[np.int64] | None = None,
    ended: NDArray[np.int64] | None = None,
) -> OpenBatch:
    """Make a batch ready for the loops of workers; parameters as for :func:`solve_batch`.

    Parameters
    ----------
    worker : Worker
        One of those that are to run it; brings runs to rest where that is asked for.
    order : ndarray of int64, shape (n_run,), optional
        Runs in the order in which they are to begin; by default from the first to the last.
    ended : ndarray of int64, shape (1,), optional
        Counts runs that have ended, of this batch and any other that it is given to.
    """
    _check_batch(worker.kernels, batch)
    room = _room(worker.kernels, batch, into)
    rest_residual = np.full(batch.n_run, np.nan)
    if batch.equilibrate is not None and rested is None:
        rested = _equilibrated(worker.scalar, batch, stop_flag)
    if rested is not None:
        room.outcome[:, 0], rest_residual = rested.status, rested.residual
    if order is None:
        order = np.arange(batch.n_run)
    queue = np.zeros(1, dtype=np.int64)
    if ended is None:
        ended = np.zeros(1, dtype=np.int64)
    counters = (stop_flag, order, queue, ended)
    # What is given by address alone must be held by a name until the loop returns.
    chunk, held = _chunk(batch, room, rested or _NOT_RESTED, counters)
    return OpenBatch(batch, chunk, room, rest_residual, order, queue, held)


def seat(
    worker: Worker | LaneWorker, opened: OpenBatch
) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Return the table with which a worker runs an open batch, and what to hold meanwhile."""
    batch = opened.batch
    assert batch.tables is not None
    # The table of jumps goes first; the rest is for the worker, with memory for the readouts.
    readouts = (*batch.tables[1:], np.zeros((len(batch.reducers), 3)))
    own = worker.table_with(readouts)
    chunk = opened.chunk.copy()
    set_first(chunk, own)
    return chunk, (own, *readouts)


def close_batch(opened: OpenBatch) -> BatchOutput:
    """Return what the loops have left of a batch, when all of them have returned."""
    room, keeps = opened.room, opened.batch.keep_trajectories
    # Every thread that finds no run waiting counts the queue up once more.
    n_begun = min(int(opened.queue[0]), opened.batch.n_run)
    not_begun = opened.order[n_begun:]
    # Those brought to rest and then not begun had another status so far.
    room.outcome[not_begun, 0] = int(Status.NOT_RUN)
    not_run = room.outcome[:, 0] == Status.NOT_RUN
    if keeps and not_run.any():
        room.trajectories[not_run] = np.nan
    return BatchOutput(
        trajectories=room.trajectories if keeps else None,
        reduced=room.reduced,
        status=room.outcome[:, 0].astype(np.int8),
        method=room.outcome[:, 1].astype(np.int8),
        stats=room.stats,
        t_stop=room.t_stop,
        rest_residual=opened.rest_residual,
        final_state=room.final,
    )


class PreparedRun:
    """One run, prepared once and run again and again: nothing is allocated or checked twice.

    Parameters
    ----------
    worker : Worker
        Of nobody else.
    batch : BatchInput
        Of one run.

    Attributes
    ----------
    start : ndarray, shape (n_start,)
        Start values of the next run; to be written to.
    trajectory : ndarray, shape (n_time, n_output)
        Of the last run; NaN if it failed. The next run overwrites it.

    Raises
    ------
    PlanError
        If the batch does not fit the model.
    """

    def __init__(self, worker: Worker, batch: BatchInput) -> None:
        _check_batch(worker.kernels, batch)
        self._worker, self._batch = worker, batch
        self._stop_flag = np.zeros(1, dtype=np.int64)
        self._room = _room(worker.kernels, batch)
        self.start: FloatArray = batch.start[0]
        self.trajectory: FloatArray = self._room.trajectories[0]
        self._drive = drive()
        self._rested = _NOT_RESTED
        if batch.equilibrate is not None:
            shape = (1, worker.kernels.n_p)
            states = np.zeros((1, 3, worker.kernels.n_state))
            self._rested = Rested(states=states, parameters=np.zeros(shape))
        self._queue = np.zeros(1, dtype=np.int64)
        order, ended = np.zeros((2, 1), dtype=np.int64)
        counters = (self._stop_flag, order, self._queue, ended)
        chunk, held = _chunk(batch, self._room, self._rested, counters)
        opened = OpenBatch(batch, chunk, self._room, np.zeros(0), order, self._queue, held)
        self._chunk, own = seat(worker, opened)
        self._held = (opened, own)
        self._chunk_at = address_of(self._chunk)

    def run(self) -> int:
        """Integrate from ``start``; return the status code."""
        if self._batch.equilibrate is not None:
            found = _equilibrated(self._worker, self._batch, self._stop_flag)
            self._rested.states[:] = found.states
            self._rested.parameters[:] = found.parameters
            self._room.outcome[:, 0] = found.status
        self._queue[0] = 0
        self._drive(self._chunk_at, 0.0, 0.0)
        return int(self._room.outcome[0, 0])

    @property
    def t_stop(self) -> float:
        """Time that the last run reached."""
        return float(self._room.t_stop[0])

    @property
    def stats(self) -> dict[str, int]:
        """Counters of the last run."""
        return dict(zip(STAT_NAMES, self._room.stats[0].tolist(), strict=True))


class _Room(NamedTuple):
    """Where the loop writes the results of a batch, see :class:`.layout.Chunk`."""

    trajectories: FloatArray
    reduced: FloatArray
    final: FloatArray
    outcome: NDArray[np.int64]
    stats: NDArray[np.int64]
    t_stop: FloatArray


_NOT_RESTED = Rested(states=np.zeros((0, 3, 0)), parameters=np.zeros((0, 0)))


def _room(kernels: Kernels, batch: BatchInput, into: BatchOutput | None = None) -> _Room:
    n_run, keeps = batch.n_run, batch.keep_trajectories
    shape = (n_run if keeps else 1, len(batch.times) if keeps else 0, kernels.n_output)
    given = None if into is None else into.trajectories
    outcome = np.full((n_run, 2), int(Status.NOT_RUN), dtype=np.int64)
    outcome[:, 1] = 0
    return _Room(
        trajectories=np.empty(shape) if given is None or given.shape != shape else given,
        reduced=np.full((n_run, len(batch.reducers)), np.nan) if into is None else into.reduced,
        final=np.full((n_run, kernels.n_state), np.nan),
        outcome=outcome,
        stats=np.zeros((n_run, len(STAT_NAMES)), dtype=np.int64) if into is None else into.stats,
        t_stop=np.zeros(n_run) if into is None else into.t_stop,
    )


def _chunk(
    batch: BatchInput,
    room: _Room,
    rested: Rested,
    counters: tuple[NDArray[np.int64], ...],
) -> tuple[NDArray[np.int64], tuple[Any, ...]]:
    """Table of a chunk of no worker yet, and everything that must live as long as it is in use."""
    assert batch.tables is not None
    arrays = (
        np.zeros(0, dtype=np.int64),
        batch.times if batch.keep_trajectories else batch.times[:0],
        np.array([batch.t_end], dtype=np.float64),
        batch.jumps.time,
        batch.tables[0],
        batch.start,
        batch.jump_values,
        rested.states,
        rested.parameters,
        *room,
        *counters,
    )
    return address_table(Chunk, arrays), arrays  # type: ignore[arg-type]


def _equilibrated(worker: Worker, batch: BatchInput, stop_flag: NDArray[np.int64]) -> Rested:
    from sigmapath.solvers.equilibrate import equilibrate_runs

    assert batch.equilibrate is not None
    assert batch.equilibrate_values is not None
    table = batch.equilibrate.rows()
    return equilibrate_runs(worker, table, batch.start, batch.equilibrate_values, stop_flag)


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
    of_parameter = (jumps.op == JumpOp.SET_PARAMETER) | (jumps.op == JumpOp.ADD_PARAMETER)
    size = np.where(of_parameter, kernels.n_param, kernels.n_state)
    if ((jumps.index < 0) | (jumps.index >= size)).any() or (jumps.scale >= kernels.n_p).any():
        raise PlanError("a jump refers to a parameter or state that the model does not have")
