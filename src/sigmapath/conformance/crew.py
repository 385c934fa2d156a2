"""Processes that run cases, each case on its own clock.

Enters: folders of cases. Leaves: an outcome per case, in the order of the folders. A worker that
dies or runs over its limit costs one case: it is replaced and the run goes on.
"""

from __future__ import annotations

import multiprocessing
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from sigmapath.conformance.judge import Outcome, judge

__all__ = ["run_cases"]

# Seconds that a worker's first case may take longer: it imports, and may compile the solvers.
_FIRST = 300.0


def _serve(connection: Connection, task: Callable[[Path], Outcome]) -> None:
    """Body of a worker: folders in, outcomes out, until None."""
    while (folder := connection.recv()) is not None:
        connection.send(task(folder))


@dataclass(slots=True, kw_only=True)
class _Worker:
    process: Any
    connection: Connection
    case: Path | None = None
    deadline: float = 0.0
    is_warm: bool = False


def _hired(task: Callable[[Path], Outcome]) -> _Worker:
    # Spawned, not forked: a worker starts in the same state on every platform.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, task), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process=process, connection=ours)


def _lost(worker: _Worker, limit: float) -> Outcome | None:
    """Outcome of the case of a worker that is dead or late, None while it may go on."""
    assert worker.case is not None
    name = worker.case.name
    if not worker.process.is_alive():
        reason = f"exit code {worker.process.exitcode}"
        return Outcome(number=name, verdict="crash", reason=reason)
    if time.monotonic() > worker.deadline:
        return Outcome(number=name, verdict="timeout", reason=f"{limit:g} s", seconds=limit)
    return None


def _dismiss(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.connection.close()


def run_cases(
    folders: Sequence[Path],
    *,
    jobs: int = 1,
    limit: float = 60.0,
    report: Callable[[Outcome], None] = lambda outcome: None,
    task: Callable[[Path], Outcome] = judge,
) -> tuple[Outcome, ...]:
    """Run every case in one of ``jobs`` processes.

    Parameters
    ----------
    folders : sequence of Path
    jobs : int
        Processes.
    limit : float
        Seconds a case may take; the first case of a process has more, for it imports everything.
    report : callable
        Told of every outcome as it comes.
    task : callable
        What is done with a folder; importable by name, for it runs in another process.

    Returns
    -------
    tuple of Outcome
        In the order of ``folders``.
    """
    waiting = deque(folders)
    workers = [_hired(task) for _ in range(max(1, min(jobs, len(folders))))]
    outcomes: dict[str, Outcome] = {}

    def keep(outcome: Outcome) -> None:
        outcomes[outcome.number] = outcome
        report(outcome)

    try:
        while waiting or any(worker.case is not None for worker in workers):
            for worker in workers:
                if worker.case is None and waiting:
                    worker.case = waiting.popleft()
                    worker.deadline = time.monotonic() + limit + (0 if worker.is_warm else _FIRST)
                    worker.connection.send(worker.case)
            busy = [worker for worker in workers if worker.case is not None]
            wait([worker.connection for worker in busy], timeout=0.5)
            for worker in busy:
                outcome = _received(worker)
                if outcome is not None:
                    keep(outcome)
                    worker.case, worker.is_warm = None, True
                elif (outcome := _lost(worker, limit)) is not None:
                    keep(outcome)
                    _dismiss(worker)
                    workers[workers.index(worker)] = _hired(task)
    finally:
        for worker in workers:
            _dismiss(worker)
    return tuple(outcomes[folder.name] for folder in folders)


def _received(worker: _Worker) -> Outcome | None:
    """What the worker has sent, None if nothing; a closed connection is noticed elsewhere."""
    try:
        outcome: Outcome | None = worker.connection.recv() if worker.connection.poll() else None
    except (EOFError, OSError):
        worker.process.join(timeout=5.0)
        return None
    return outcome
