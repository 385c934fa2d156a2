"""Run a plan on all cores: chunks of runs in threads, memory flat, order irrelevant.

Enters: a setup and a plan. Leaves: one :class:`BatchOutput` over all runs. Called by
:mod:`sigmapath.simulate.engine`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.experiment.plan import JumpRows, RunPlan
from sigmapath.simulate.crew import Crew
from sigmapath.simulate.portions import Portions
from sigmapath.simulate.workers import Setup
from sigmapath.solvers.batch import BatchInput, BatchOutput, JumpTable, ReducerTable, Rested
from sigmapath.solvers.solve import OpenBatch, close_batch, open_batch, seat
from sigmapath.solvers.tables import address_of
from sigmapath.status import STAT_NAMES, Status

if TYPE_CHECKING:
    from sigmapath.simulate.workers import AnyWorker
    from sigmapath.solvers.lanes.stream import LaneStream

__all__ = ["Progress", "available_threads", "chunk_input", "run_batch"]

Progress = Callable[[int, int], None]

# Runs per chunk: long enough that handing out work costs nothing, short enough that the last
# chunks of the threads end together and progress moves.
_LARGEST_CHUNK = 256
_LARGEST_LANE_CHUNK = 512
_CHUNKS_PER_THREAD = 8
_LEAST_PER_LANE = 4
# Up to so many runs are one portion for all threads. More would keep all waiting while one thread
# makes them ready.
_MOST_TOGETHER = 1024
# Equilibrations kept in memory at once; more are found beside their runs.
_MOST_SHARED = 4096


def available_threads() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_batch(
    setup: Setup,
    plan: RunPlan,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    meanwhile: Callable[[BatchOutput], object] | None = None,
) -> BatchOutput:
    """Integrate every run of a plan.

    Parameters
    ----------
    setup : Setup
        Of kernels with the outputs of the plan.
    plan : RunPlan
    threads : int, optional
        By default one per core this process may use.
    progress : callable (done, total), optional
        Called from the calling thread.
    meanwhile : callable (output), optional
        Called there too, once, while other threads fill the arrays of the output, which is the one
        returned; not if Ctrl-C comes first.

    Returns
    -------
    BatchOutput
        The same bytes whatever the number of threads. After Ctrl-C, what was done; the rest has
        the status INTERRUPTED or NOT_RUN.
    """
    n_threads = min(_checked_threads(threads), plan.n_runs)
    _require_memory(plan)
    workers = setup.bench.take(n_threads)
    crew = Crew(workers)
    whole = chunk_input(plan, 0, plan.n_runs if plan.n_runs <= _MOST_TOGETHER else 0)
    rested = _shared_rest(crew, plan, whole)
    result = _empty(setup, plan)
    runs = _Runs(plan, whole, rested, result)
    _run_all(crew, setup.lanes, runs, progress, meanwhile)
    if not crew.stop[0]:
        setup.bench.put_back(workers)
    elif result.trajectories is not None:
        result.trajectories[result.status == Status.NOT_RUN] = np.nan
    return result


class _Runs(NamedTuple):
    """All runs of a plan, and where their results go; ``whole`` has all of them or none."""

    plan: RunPlan
    whole: BatchInput
    rested: tuple[Rested, Callable[[int, int], NDArray[np.int64]]] | None
    result: BatchOutput

    def open(self, worker: AnyWorker, lo: int, hi: int, crew: Crew) -> _Portion:
        """Make the runs lo .. hi - 1 ready."""
        into = _part(self.result, lo, hi)
        is_all = hi - lo == self.whole.n_run
        opened = open_batch(
            worker,
            self.whole if is_all else _with_runs(self.whole, self.plan, lo, hi),
            crew.stop,
            rested=None if self.rested is None else self.rested[0].take(self.rested[1](lo, hi)),
            into=into,
            # From the last to the first: axes mostly ascend, and the higher a dose the longer a
            # run. Short ones at the end let all threads end together.
            order=np.arange(hi - lo)[::-1].copy(),
            ended=crew.ended,
        )
        return _Portion(opened, into)


class _Portion(NamedTuple):
    """Some of the runs, made ready."""

    opened: OpenBatch
    into: BatchOutput

    def close(self) -> None:
        """Store what has come of them."""
        _store(self.into, close_batch(self.opened))


def _run_all(
    crew: Crew,
    lanes: int,
    runs: _Runs,
    progress: Progress | None,
    meanwhile: Callable[[BatchOutput], object] | None,
) -> None:
    """Let the threads run all portions of the plan.

    Few runs are one portion, which all threads run together. Of many, each thread has portions of
    its own, as where each run is first brought to a rest of its own, which takes its thread long.
    """
    n_threads, n_runs = len(crew.workers), runs.plan.n_runs
    has_own_rests = runs.whole.equilibrate is not None and runs.rested is None
    is_shared = n_runs <= _MOST_TOGETHER and not has_own_rests
    spans = [(0, n_runs)] if is_shared else _spans(n_runs, n_threads, lanes)
    if is_shared:
        n_threads = min(n_threads, -(-n_runs // lanes))
    portions = Portions(
        n_threads if is_shared else 1, partial(runs.open, crew=crew), _Portion.close
    )
    streams = _streams(crew.workers) if lanes > 1 else {}

    def solve(worker: AnyWorker, lo: int, hi: int) -> None:
        opened = portions.enter(worker, lo, hi).opened
        crew.under_way(worker)
        if streams:
            leave = partial(portions.leave, lo)
            streams[id(worker)].feed(opened, leave, is_last=is_shared)
        else:
            chunk, held = seat(worker, opened)
            worker.loop(address_of(chunk), 1.0, 0.0)
            del held
            portions.leave(lo)

    def finish(worker: AnyWorker) -> None:
        if streams:
            streams[id(worker)].finish()

    done = 0

    def report() -> None:
        nonlocal done
        before, done = done, int(crew.ended[0])
        if progress is not None and done > before:
            progress(done, n_runs)

    crew.work_through(
        spans,
        solve,
        report,
        finish,
        n_each=n_threads if is_shared else 0,
        meanwhile=None if meanwhile is None else partial(meanwhile, runs.result),
    )


def _streams(workers: Sequence[AnyWorker]) -> dict[int, LaneStream]:
    """A stream per worker for lanes, under the worker's id."""
    from sigmapath.solvers.lanes.stream import LaneStream
    from sigmapath.solvers.lanes.worker import LaneWorker

    return {id(w): LaneStream(w) for w in workers if isinstance(w, LaneWorker)}


def _spans(total: int, n_threads: int, lanes: int) -> list[tuple[int, int]]:
    """First and last run of each portion of a thread's own; for lanes, a few per lane at least."""
    size = -(-total // (n_threads * _CHUNKS_PER_THREAD))
    if lanes > 1:
        size = max(size, min(_LEAST_PER_LANE * lanes, -(-total // (2 * n_threads))))
    size = max(1, min(_LARGEST_CHUNK if lanes == 1 else _LARGEST_LANE_CHUNK, size))
    return [(lo, min(lo + size, total)) for lo in range(0, total, size)]


def _shared_rest(
    crew: Crew, plan: RunPlan, whole: BatchInput
) -> tuple[Rested, Callable[[int, int], NDArray[np.int64]]] | None:
    """Equilibrate once for all runs that differ only in what happens after t = 0.

    Returns
    -------
    rested, rows : Rested and a function (lo, hi) -> indices into it, or None
        None if there is no equilibration, or nearly every run has one of its own: then each is
        found beside its run and memory stays flat.
    """
    if whole.equilibrate is None:
        return None
    from sigmapath.solvers.equilibrate import equilibrate_runs

    moving = [axis for axis in plan.axes if len(axis.start_index) or len(axis.rest_index)]
    shape = tuple(len(axis) if axis in moving else 1 for axis in plan.axes)
    count = math.prod(shape)
    if count > _MOST_SHARED or 2 * count > plan.n_runs + 1:
        return None
    runs = (
        np.ravel_multi_index(np.unravel_index(np.arange(count), shape), plan.shape)
        if plan.axes
        else np.zeros(1, dtype=np.int64)
    )
    table = whole.equilibrate.rows()
    parts: dict[int, Rested] = {}

    def find(worker: AnyWorker, lo: int, hi: int) -> None:
        chunks = [plan.chunk(int(run), int(run) + 1) for run in runs[lo:hi]]
        starts = np.concatenate([chunk.start for chunk in chunks])
        values = np.concatenate([chunk.rest_values for chunk in chunks])
        parts[lo] = equilibrate_runs(worker.scalar, table, starts, values, crew.stop)

    spans = _spans(count, len(crew.workers), 1)
    crew.work_through(spans, find, lambda: None)

    def rows(lo: int, hi: int) -> NDArray[np.int64]:
        if not plan.axes:
            return np.zeros(hi - lo, dtype=np.int64)
        places = np.unravel_index(np.arange(lo, hi), plan.shape)
        kept = [p if n > 1 else np.zeros_like(p) for p, n in zip(places, shape, strict=True)]
        return np.ravel_multi_index(kept, shape).astype(np.int64)

    return _joined([parts[lo] for lo, _ in spans]), rows


def _joined(parts: list[Rested]) -> Rested:
    return Rested(
        states=np.concatenate([part.states for part in parts]),
        parameters=np.concatenate([part.parameters for part in parts]),
        status=np.concatenate([part.status for part in parts]),
        residual=np.concatenate([part.residual for part in parts]),
    )


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


def _with_runs(whole: BatchInput, plan: RunPlan, lo: int, hi: int) -> BatchInput:
    """As :func:`chunk_input`, with all that runs share taken from another chunk of the plan."""
    chunk = plan.chunk(lo, hi)
    rest_values = None if plan.rest is None else chunk.rest_values
    return whole.with_runs(chunk.start, chunk.jump_values, rest_values)


def _table(rows: JumpRows) -> JumpTable:
    return JumpTable(time=rows.time, op=rows.op, index=rows.index, scale=rows.scale)


def _require_memory(plan: RunPlan) -> None:
    """Refuse a result that is larger than the memory of the machine, before it fills it."""
    courses = len(plan.times) * plan.n_recorded if plan.keep_trajectories else 0
    others = len(plan.reducers) + len(STAT_NAMES) + 3
    needed = 8 * plan.n_runs * (courses + others)
    if hasattr(os, "sysconf") and needed > (
        memory := os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    ):
        raise PlanError(
            "the result would not fit into memory",
            found=f"{plan.n_runs} runs, {needed / 2**30:.3g} GiB",
            expected=f"less than {memory / 2**30:.3g} GiB",
            fix="take fewer points or runs, or readouts in place of time courses",
        )


def _empty(setup: Setup, plan: RunPlan) -> BatchOutput:
    """Room for all runs; trajectories hold anything yet: the threads that fill them touch them."""
    n, n_time = plan.n_runs, len(plan.times)
    keeps = plan.keep_trajectories
    return BatchOutput(
        trajectories=setup.room.take((n, n_time, plan.n_recorded)) if keeps else None,
        reduced=np.full((n, len(plan.reducers)), np.nan),
        status=np.full(n, int(Status.NOT_RUN), dtype=np.int8),
        method=np.zeros(n, dtype=np.int8),
        stats=np.zeros((n, len(STAT_NAMES)), dtype=np.int64),
        t_stop=np.zeros(n),
        rest_residual=np.full(n, np.nan),
        final_state=np.zeros((0, setup.kernels.n_state)),
    )


def _part(result: BatchOutput, lo: int, hi: int) -> BatchOutput:
    """Views of the runs lo .. hi - 1; parts never overlap, so threads need no lock."""
    return BatchOutput(
        trajectories=None if result.trajectories is None else result.trajectories[lo:hi],
        reduced=result.reduced[lo:hi],
        status=result.status[lo:hi],
        method=result.method[lo:hi],
        stats=result.stats[lo:hi],
        t_stop=result.t_stop[lo:hi],
        rest_residual=result.rest_residual[lo:hi],
        final_state=result.final_state,
    )


def _store(into: BatchOutput, output: BatchOutput) -> None:
    """Copy into its place what was not written there."""
    given, found = into.trajectories, output.trajectories
    if given is not None and found is not None and found is not given:
        given[:] = found[:, :, : given.shape[2]]
    for name in ("status", "method", "rest_residual"):
        getattr(into, name)[:] = getattr(output, name)


def _checked_threads(threads: int | None) -> int:
    if threads is None:
        return available_threads()
    if isinstance(threads, bool) or int(threads) != threads or threads < 1:
        raise PlanError("threads must be a whole number of at least 1", found=str(threads))
    return int(threads)
