"""Run a batch of stochastic runs: allocate the results, hand everything to the compiled loop.

Enters: kernels, a jump process as addresses and index tables, a batch with a stream per run.
Leaves: a ``BatchOutput``. Called by :mod:`sigmapath.simulate.stochastic`, in several threads with
a chunk each.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sigmapath.kernels import Kernels, Pattern
from sigmapath.record import record
from sigmapath.solvers.batch import BatchInput, BatchOutput
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.solve import solve_batch
from sigmapath.solvers.workspace import Worker, make_worker
from sigmapath.status import STAT_NAMES, Status

__all__ = ["Drawing", "Jumping", "StochasticWorker", "make_stochastic_worker", "simulate_runs"]

IntArray = NDArray[np.int64]

# A population that explodes would run for ever; beyond this a run ends with TOO_MANY_STEPS.
MOST_FIRINGS = 10**10


@record(eq=False)
class Jumping:
    """A jump process for the compiled loop; see :class:`sigmapath.solvers.ssa.JumpTables`.

    Parameters
    ----------
    rates, gains : int
        Addresses of kernels: propensities, shape (n_reaction,), and what a firing adds to the
        amounts, shape (n_change,).
    first, state, volume, timed_roots : ndarray of int64
    """

    rates: int
    gains: int
    first: IntArray
    state: IntArray
    volume: IntArray
    timed_roots: IntArray


@record(eq=False)
class Drawing:
    """Random draws of a model; see :func:`sigmapath.solvers.draws.draw_block`.

    Parameters
    ----------
    arguments : int
        Address of the kernel that writes all arguments.
    n_arguments : int
    rows : ndarray of int64, shape (n_draw, 5)
    replicate, point, count : int
        Places in p, and in the start values.
    """

    arguments: int
    n_arguments: int
    rows: IntArray
    replicate: int
    point: int
    count: int

    @property
    def n_at_start(self) -> int:
        """Number of draws in initial assignments."""
        return int((self.rows[:, 0] < 0).sum())


@record(eq=False)
class StochasticWorker:
    """The arrays of one thread.

    Parameters
    ----------
    worker : Worker
        With a draw block if the model draws.
    jumping : tuple of ndarray, or None
        Fields of ``JumpTables``; None where reactions are events of the model.
    buffers : tuple of ndarray
        Amounts, gains, propensities.
    drawing : Drawing or None
    refused_at : int
        Place in p that is 1 after a run that a negative propensity ended; -1 for none.
    """

    worker: Worker
    jumping: tuple[IntArray, ...] | None
    buffers: tuple[NDArray[np.float64], ...]
    drawing: Drawing | None
    refused_at: int = -1


def make_stochastic_worker(
    kernels: Kernels,
    options: SolverOptions,
    *,
    seed: int,
    jumping: Jumping | None,
    drawing: Drawing | None,
    refused_at: int = -1,
    most_firings: int = MOST_FIRINGS,
) -> StochasticWorker:
    """Allocate what one thread needs.

    Parameters
    ----------
    kernels : Kernels
        With the outputs to record.
    options : SolverOptions
        Of the integration between events, where ``jumping`` is None; else only its event seed.
    seed : int
        Below 2^63.
    jumping : Jumping, optional
    drawing : Drawing, optional
    refused_at : int
        See :class:`StochasticWorker`.
    most_firings : int
    """
    n = kernels.n_state
    if jumping is not None:
        # The loop of firings solves no equations: no Jacobian to order.
        nothing = Pattern(
            row_start=np.zeros(n + 1, dtype=np.int64), column=np.zeros(0, dtype=np.int64)
        )
        kernels = replace(kernels, pattern=nothing)
    room = 0 if drawing is None else drawing.n_arguments
    worker = make_worker(replace(kernels, n_p=kernels.n_p + room), options)
    if drawing is not None:
        worker = _with_draws(worker, drawing, seed, kernels.n_p)
    if jumping is None:
        return StochasticWorker(
            worker=worker, jumping=None, buffers=(), drawing=drawing, refused_at=refused_at
        )
    is_counted = np.zeros(n, dtype=np.int64)
    is_counted[jumping.state] = 1
    tables = (
        np.array([jumping.rates, jumping.gains], dtype=np.int64),
        jumping.first,
        jumping.state,
        jumping.volume,
        is_counted,
        jumping.timed_roots,
        np.array([seed], dtype=np.int64),
        np.array([most_firings], dtype=np.int64),
    )
    buffers = (
        np.zeros(max(n, 1)),
        np.zeros(max(len(jumping.state), 1)),
        np.zeros(max(len(jumping.first) - 1, 1)),
    )
    return StochasticWorker(worker=worker, jumping=tables, buffers=buffers, drawing=drawing)


def _with_draws(worker: Worker, drawing: Drawing, seed: int, arguments_at: int) -> Worker:
    """Return the worker with a draw block behind its parts."""
    from sigmapath.solvers.draws import draw_block
    from sigmapath.solvers.layout import Work
    from sigmapath.solvers.tables import address_table

    block = draw_block(
        drawing.arguments,
        drawing.rows,
        seed=seed,
        arguments_at=arguments_at,
        replicate=drawing.replicate,
        point=drawing.point,
        count=drawing.count,
    )
    place = Work._fields.index("part") - len(worker.static)
    buffers = list(worker.buffers)
    buffers[place] = np.concatenate([buffers[place], block])
    return replace(
        worker, buffers=tuple(buffers), table=address_table(Work, (*worker.static, *buffers))
    )


def simulate_runs(
    owner: StochasticWorker,
    batch: BatchInput,
    streams: IntArray,
    stop_flag: NDArray[np.int64],
) -> BatchOutput:
    """Simulate every run of a batch, one after another, in this thread.

    Parameters
    ----------
    owner : StochasticWorker
    batch : BatchInput
        Without equilibration and readouts. Its start values are written where the model draws them.
    streams : ndarray of int64, shape (n_run, 2)
        Replicate (below 2^32) and point (below 2^24) of each run: with the seed they fix all its
        random numbers.
    stop_flag : ndarray of int64, shape (1,)
        Nonzero stops within a moment.

    Returns
    -------
    BatchOutput
        ``n_steps`` counts firings. The same bytes however runs are grouped.
    """
    is_drawn = np.ones(batch.n_run, dtype=np.int64)
    drawing = owner.drawing
    if drawing is not None:
        batch.start[:, drawing.replicate] = streams[:, 0]
        batch.start[:, drawing.point] = streams[:, 1]
        batch.start[:, drawing.count] = 0.0
        if drawing.n_at_start:
            from sigmapath.solvers.draws import draw_starts

            draw_starts(owner.worker.table, batch.start, drawing.n_at_start, is_drawn)
    if owner.jumping is None:
        output = solve_batch(owner.worker.kernels, batch, stop_flag=stop_flag, worker=owner.worker)
    else:
        output = _simulate_jumps(owner, batch, streams, stop_flag)
    if owner.refused_at >= 0:
        _explain(owner, batch, output)
    output.status[is_drawn == 0] = int(Status.BAD_START)
    assert output.trajectories is not None
    output.trajectories[output.status != 0] = np.nan
    return output


def _explain(owner: StochasticWorker, batch: BatchInput, output: BatchOutput) -> None:
    """Tell negative propensities from other failures: a failed run is run again and looked at."""
    assert batch.jump_values is not None
    p = owner.worker.work().p
    for run in np.flatnonzero(np.isin(output.status, (Status.NOT_FINITE, Status.BAD_START))):
        one = replace(
            batch,
            start=batch.start[run : run + 1],
            jump_values=batch.jump_values[run : run + 1],
            equilibrate_values=None,
        )
        solve_batch(owner.worker.kernels, one, worker=owner.worker)
        if p[owner.refused_at] == 1.0:
            output.status[run] = int(Status.NEGATIVE_RATE)


def _simulate_jumps(
    owner: StochasticWorker, batch: BatchInput, streams: IntArray, stop_flag: NDArray[np.int64]
) -> BatchOutput:
    from sigmapath.solvers.ssa import JumpTables, run_jumps

    assert owner.jumping is not None
    worker, n_run = owner.worker, batch.n_run
    trajectories = np.full((n_run, len(batch.times), worker.kernels.n_output), np.nan)
    outcome = np.full(n_run, int(Status.NOT_RUN), dtype=np.int64)
    stats = np.zeros((n_run, len(STAT_NAMES)), dtype=np.int64)
    t_stop = np.zeros(n_run)
    run_jumps(
        worker.table,
        JumpTables(*owner.jumping),
        (batch.times, np.array([batch.t_end]), batch.jumps.time, batch.jumps.rows()),
        batch.start,
        streams,
        batch.jump_values,
        owner.buffers,
        trajectories,
        outcome,
        stats,
        t_stop,
        stop_flag,
    )
    return BatchOutput(
        trajectories=trajectories,
        reduced=np.zeros((n_run, 0)),
        status=outcome.astype(np.int8),
        method=np.zeros(n_run, dtype=np.int8),
        stats=stats,
        t_stop=t_stop,
        rest_residual=np.full(n_run, np.nan),
        final_state=np.zeros((n_run, 0)),
    )
