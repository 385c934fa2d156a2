"""Run a plan on all cores: chunks of runs in threads, memory flat, order irrelevant.

Enters: kernels, a plan, options. Leaves: one :class:`BatchOutput` over all runs. Called by
:mod:`sigmapath.simulate.engine`; the compiled loop releases the GIL, so threads are enough.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.experiment.plan import JumpRows, RunPlan
from sigmapath.kernels import Kernels
from sigmapath.solvers.batch import BatchInput, BatchOutput, JumpTable, ReducerTable
from sigmapath.solvers.conservation import Conservation
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.solve import solve_batch
from sigmapath.solvers.workspace import Worker, make_worker
from sigmapath.status import STAT_NAMES, Status

__all__ = ["Progress", "available_threads", "chunk_input", "run_batch"]

Progress = Callable[[int, int], None]

# Runs per chunk: long enough that handing out work costs nothing, short enough that the last
# chunks of the threads end together and progress moves.
_LARGEST_CHUNK = 256
_CHUNKS_PER_THREAD = 8
# How often the waiting thread looks up, so that Ctrl-C is answered at once [s].
_PATIENCE = 0.2


def available_threads() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_batch(
    kernels: Kernels,
    plan: RunPlan,
    options: SolverOptions,
    *,
    conservation: Conservation | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> BatchOutput:
    """Integrate every run of a plan.

    Parameters
    ----------
    kernels : Kernels
        With the outputs of the plan.
    plan : RunPlan
    options : SolverOptions
    conservation : Conservation, optional
        Conserved moieties, for the equilibration.
    threads : int, optional
        By default one per core this process may use.
    progress : callable (done, total), optional
        Called from the calling thread.

    Returns
    -------
    BatchOutput
        The same bytes whatever the number of threads. After Ctrl-C, what was done; the rest has
        the status INTERRUPTED or NOT_RUN.
    """
    n_threads = _checked_threads(threads)
    total = plan.n_runs
    size = max(1, min(_LARGEST_CHUNK, -(-total // (n_threads * _CHUNKS_PER_THREAD))))
    spans = [(lo, min(lo + size, total)) for lo in range(0, total, size)]
    result = _empty(kernels, plan)
    if len(spans) == 1 or n_threads == 1:
        return _in_this_thread(kernels, plan, options, conservation, spans, result, progress)
    stop = np.zeros(1, dtype=np.int64)
    idle: SimpleQueue[Worker] = SimpleQueue()
    first = make_worker(kernels, options)
    idle.put(first)
    for _ in range(min(n_threads, len(spans)) - 1):
        idle.put(make_worker(kernels, options))

    def solve(lo: int, hi: int) -> int:
        worker = idle.get()
        try:
            output = solve_batch(kernels, chunk_input(plan, lo, hi), stop_flag=stop, worker=worker)
        finally:
            idle.put(worker)
        _store(result, output, lo, hi)
        return hi - lo

    with ThreadPoolExecutor(n_threads) as pool:
        _watch({pool.submit(solve, lo, hi) for lo, hi in spans}, total, stop, progress)
    return result


def _watch(
    waiting: set[Future[int]],
    total: int,
    stop: NDArray[np.int64],
    progress: Progress | None,
) -> None:
    """Wait for all chunks; on Ctrl-C ask the loops to stop and keep what is done."""
    done_runs = 0
    while waiting:
        try:
            done, waiting = wait(waiting, timeout=_PATIENCE, return_when=FIRST_COMPLETED)
            for future in done:
                done_runs += future.result()
            if progress is not None and done:
                progress(done_runs, total)
        except KeyboardInterrupt:
            stop[0] = 1


def _in_this_thread(
    kernels: Kernels,
    plan: RunPlan,
    options: SolverOptions,
    conservation: Conservation | None,
    spans: list[tuple[int, int]],
    result: BatchOutput,
    progress: Progress | None,
) -> BatchOutput:
    """Run the chunks one after another; the loop runs beside, so that Ctrl-C is heard."""
    worker = make_worker(kernels, options)
    stop = np.zeros(1, dtype=np.int64)
    failure: list[BaseException] = []

    def solve_all() -> None:
        try:
            for lo, hi in spans:
                batch = chunk_input(plan, lo, hi)
                _store(result, solve_batch(kernels, batch, stop_flag=stop, worker=worker), lo, hi)
        except BaseException as error:  # handed to the caller's thread
            failure.append(error)

    thread = threading.Thread(target=solve_all)
    thread.start()
    while thread.is_alive():
        try:
            thread.join(_PATIENCE)
        except KeyboardInterrupt:
            stop[0] = 1
    if failure:
        raise failure[0]
    if progress is not None:
        progress(plan.n_runs, plan.n_runs)
    return result


def chunk_input(plan: RunPlan, lo: int, hi: int) -> BatchInput:
    """Runs lo .. hi - 1 of a plan as the solvers take them."""
    chunk = plan.chunk(lo, hi)
    rows = plan.reducers
    return BatchInput(
        start=chunk.start,
        times=plan.times,
        t_end=plan.t_end,
        jumps=_table(plan.jumps),
        jump_values=chunk.jump_values,
        equilibrate=None if plan.rest is None else _table(plan.rest),
        equilibrate_values=None if plan.rest is None else chunk.rest_values,
        reducers=ReducerTable(
            op=rows.op, output=rows.output, after=rows.after, until=rows.until, level=rows.level
        ),
        keep_trajectories=plan.keep_trajectories,
    )


def _table(rows: JumpRows) -> JumpTable:
    return JumpTable(time=rows.time, op=rows.op, index=rows.index, scale=rows.scale)


def _empty(kernels: Kernels, plan: RunPlan) -> BatchOutput:
    n, n_time = plan.n_runs, len(plan.times)
    keeps = plan.keep_trajectories
    return BatchOutput(
        trajectories=np.full((n, n_time, plan.n_recorded), np.nan) if keeps else None,
        reduced=np.full((n, len(plan.reducers)), np.nan),
        status=np.full(n, int(Status.NOT_RUN), dtype=np.int8),
        method=np.zeros(n, dtype=np.int8),
        stats=np.zeros((n, len(STAT_NAMES)), dtype=np.int64),
        t_stop=np.zeros(n),
        rest_residual=np.full(n, np.nan),
        final_state=np.zeros((0, kernels.n_state)),
    )


def _store(result: BatchOutput, output: BatchOutput, lo: int, hi: int) -> None:
    """Copy a chunk into its place; chunks never overlap, so threads need no lock."""
    if result.trajectories is not None and output.trajectories is not None:
        recorded = result.trajectories.shape[2]
        result.trajectories[lo:hi] = output.trajectories[:, :, :recorded]
    for name in ("reduced", "status", "method", "stats", "t_stop", "rest_residual"):
        getattr(result, name)[lo:hi] = getattr(output, name)


def _checked_threads(threads: int | None) -> int:
    if threads is None:
        return available_threads()
    if isinstance(threads, bool) or int(threads) != threads or threads < 1:
        raise PlanError("threads must be a whole number of at least 1", found=str(threads))
    return int(threads)
