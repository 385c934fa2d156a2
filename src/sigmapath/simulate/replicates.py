"""Replicates of every point of a plan in threads: trajectories, or moments in flat memory.

Enters: a plan, a maker of workers, a number of replicates. Leaves: one ``BatchOutput``. Called by
:mod:`sigmapath.simulate.stochastic`.

Replicates are run in blocks of fixed size. Mean and sum of squares of a block are found by the
two-pass formula and merged in the order of the blocks by Chan, Golub and LeVeque 1983, Am. Stat.
37, 242, doi:10.1080/00031305.1983.10483115, eq. 2.1, so threads change no bit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.experiment.plan import RunPlan
from sigmapath.record import record
from sigmapath.simulate.batch import Progress, available_threads, chunk_input
from sigmapath.solvers.batch import BatchInput, BatchOutput
from sigmapath.solvers.ssa_batch import StochasticWorker, simulate_runs
from sigmapath.status import STAT_NAMES, Status

__all__ = ["Replicates", "run_replicates"]

FloatArray = NDArray[np.float64]

# Part of the meaning of a result: moments are merged block by block.
_BLOCK = 64
# Blocks in flight per thread; bounds the memory.
_AHEAD = 4
# How often the waiting thread looks up, so that Ctrl-C is answered at once [s].
_PATIENCE = 0.2


@record
class Replicates:
    """What is to be run.

    Parameters
    ----------
    plan : RunPlan
    make_worker : callable
        Allocates what one thread needs.
    n_replicates, n_output : int
    moments : bool
    """

    plan: RunPlan
    make_worker: Callable[[], StochasticWorker]
    n_replicates: int
    n_output: int
    moments: bool


@dataclass(slots=True)
class _Moments:
    """Running mean and sum of squared deviations of one point, shape (n_time, n_output)."""

    shape: tuple[int, int]
    n: int = 0
    status: int = 0
    mean: FloatArray = field(init=False)
    squares: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.mean = np.zeros(self.shape)
        self.squares = np.zeros(self.shape)

    def add(self, values: FloatArray, status: NDArray[np.int8]) -> None:
        """Merge a block of runs."""
        failed = status[status != 0]
        if len(failed) and self.status == 0:
            self.status = int(failed[0])
        n = len(values)
        total = self.n + n
        # An infinite observable (the logarithm of 0) has the deviation NaN, in silence.
        with np.errstate(invalid="ignore", over="ignore"):
            mean = values.mean(axis=0)
            away = mean - self.mean
            self.squares += ((values - mean) ** 2).sum(axis=0) + away**2 * (self.n * n / total)
            self.mean += away * (n / total)
        self.n = total

    def statistics(self) -> FloatArray:
        """Mean and standard deviation, shape (2, n_time, n_output); one run has no deviation."""
        variance = self.squares / (self.n - 1) if self.n > 1 else np.full(self.shape, np.nan)
        return np.stack([self.mean, np.sqrt(variance)])


def _blocks(work: Replicates) -> Iterator[tuple[int, int, int]]:
    """Point, first and last replicate of every block, in order."""
    for point in range(work.plan.n_runs):
        for low in range(0, work.n_replicates, _BLOCK):
            yield point, low, min(low + _BLOCK, work.n_replicates)


def _input(plan: RunPlan, point: int, n: int) -> BatchInput:
    """One point of the plan, n times."""
    one = chunk_input(plan, point, point + 1)
    assert one.jump_values is not None
    return BatchInput(
        start=np.repeat(one.start, n, axis=0),
        times=one.times,
        t_end=one.t_end,
        jumps=one.jumps,
        jump_values=np.repeat(one.jump_values, n, axis=0),
    )


def _result(future: Future[BatchOutput], stop: NDArray[np.int64]) -> BatchOutput:
    """Wait for a block; Ctrl-C stops the loops and lets what is done be kept."""
    while True:
        try:
            return future.result(_PATIENCE)
        except NotDone:
            continue
        except KeyboardInterrupt:
            stop[0] = 1


def run_replicates(
    work: Replicates, *, threads: int | None = None, progress: Progress | None = None
) -> BatchOutput:
    """Run all replicates of all points.

    Parameters
    ----------
    work : Replicates
    threads : int, optional
        By default one per core this process may use.
    progress : callable (done, total), optional
        Called from the calling thread.

    Returns
    -------
    BatchOutput
        Over points and replicates, or over points and the two statistics; the same bytes whatever
        the number of threads.
    """
    plan = work.plan
    if plan.n_runs >= 1 << 24:
        raise PlanError("too many points for stochastic runs", found=str(plan.n_runs))
    n_threads = available_threads() if threads is None else threads
    if isinstance(n_threads, bool) or int(n_threads) != n_threads or n_threads < 1:
        raise PlanError("threads must be a whole number of at least 1", found=str(threads))
    n_blocks = plan.n_runs * -(-work.n_replicates // _BLOCK)
    n_threads = min(int(n_threads), n_blocks)
    stop = np.zeros(1, dtype=np.int64)
    idle: SimpleQueue[StochasticWorker] = SimpleQueue()
    for _ in range(n_threads):
        idle.put(work.make_worker())

    def one(point: int, low: int, high: int) -> BatchOutput:
        owner = idle.get()
        try:
            streams = np.empty((high - low, 2), dtype=np.int64)
            streams[:, 0], streams[:, 1] = np.arange(low, high), point
            return simulate_runs(owner, _input(plan, point, high - low), streams, stop)
        finally:
            idle.put(owner)

    sink = _Sink(work)
    waiting: deque[tuple[tuple[int, int, int], Future[BatchOutput]]] = deque()
    with ThreadPoolExecutor(n_threads) as pool:
        blocks = _blocks(work)
        total = plan.n_runs * work.n_replicates
        done = 0
        while True:
            while len(waiting) < _AHEAD * n_threads and (block := next(blocks, None)) is not None:
                waiting.append((block, pool.submit(one, *block)))
            if not waiting:
                return sink.output()
            block, future = waiting.popleft()
            sink.take(block, _result(future, stop))
            done += block[2] - block[1]
            if progress is not None:
                progress(done, total)


class _Sink:
    """Takes blocks in order and makes the result."""

    def __init__(self, work: Replicates) -> None:
        self._work = work
        points, n = work.plan.n_runs, 2 if work.moments else work.n_replicates
        self._shape = (len(work.plan.times), work.n_output)
        self._per_point = n
        self._values = np.full((points * n, *self._shape), np.nan)
        self._status = np.full(points * n, int(Status.NOT_RUN), dtype=np.int8)
        self._stats = np.zeros((points * n, len(STAT_NAMES)), dtype=np.int64)
        self._t_stop = np.zeros(points * n)
        self._moments = _Moments(self._shape)

    def take(self, block: tuple[int, int, int], output: BatchOutput) -> None:
        """Store or merge one block."""
        point, low, high = block
        assert output.trajectories is not None
        base = point * self._per_point
        if not self._work.moments:
            rows = slice(base + low, base + high)
            self._values[rows] = output.trajectories[:, :, : self._shape[1]]
            self._status[rows] = output.status
            self._stats[rows] = output.stats
            self._t_stop[rows] = output.t_stop
            return
        if low == 0:
            self._moments = _Moments(self._shape)
        self._moments.add(output.trajectories, output.status)
        self._stats[base] += output.stats.sum(axis=0)
        if high == self._work.n_replicates:
            rows = slice(base, base + 2)
            self._values[rows] = self._moments.statistics()
            self._status[rows] = self._moments.status
            self._t_stop[rows] = self._work.plan.t_end

    def output(self) -> BatchOutput:
        """Everything that was taken."""
        n: Any = len(self._status)
        return BatchOutput(
            trajectories=self._values,
            reduced=np.zeros((n, 0)),
            status=self._status,
            method=np.zeros(n, dtype=np.int8),
            stats=self._stats,
            t_stop=self._t_stop,
            rest_residual=np.full(n, np.nan),
            final_state=np.zeros((n, 0)),
        )
