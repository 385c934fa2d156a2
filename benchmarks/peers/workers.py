"""A sweep in one process per core, for programs whose runs do not share a process well."""

from __future__ import annotations

import os
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np

from benchmarks.cases import N_POINTS, Case
from benchmarks.peers.base import FloatArray

__all__ = ["ProcessSweep", "Runner"]

# One batch, in one process: shape (n, n_swept) to (n, n_time, n_species), NaN where a run failed.
Runner = Callable[[FloatArray], FloatArray]


class ProcessSweep:
    """Processes that load the model before the clock starts, and then run what they are sent.

    Parameters
    ----------
    load : callable (case, rtol) -> Runner
        A function of a module, called once in every process.
    case : Case
    rtol : float
    n_cores : int
        Processes; each is kept on a core of its own where the system allows it.
    at_a_time : int
        Runs that a process wants to be sent at a time.
    """

    def __init__(
        self,
        load: Callable[[Case, float], Runner],
        case: Case,
        rtol: float,
        n_cores: int,
        at_a_time: int = 1,
    ) -> None:
        self.least = at_a_time * n_cores
        self.shape = (N_POINTS, len(case.species))
        context = get_context("spawn")
        self.pipes, self.processes = [], []
        for core in range(n_cores):
            near, far = context.Pipe()
            process = context.Process(
                target=_serve, args=(far, load, case, rtol, core), daemon=True
            )
            process.start()
            # With its own end closed here, a process that dies is an error, not a wait for ever.
            far.close()
            self.pipes.append(near)
            self.processes.append(process)
        for pipe in self.pipes:
            pipe.recv()

    def run(self, values: FloatArray) -> FloatArray:
        """Run one row of ``values`` after another, shared out evenly."""
        for pipe, part in zip(self.pipes, np.array_split(values, len(self.pipes)), strict=True):
            pipe.send(part)
        return np.concatenate([pipe.recv() for pipe in self.pipes]).reshape(-1, *self.shape)

    def close(self) -> None:
        """End the processes."""
        for pipe in self.pipes:
            pipe.send(None)
        for process in self.processes:
            process.join(10)


def _serve(
    pipe: Connection, load: Callable[[Case, float], Runner], case: Case, rtol: float, core: int
) -> None:
    """Serve one process: load, say so, then run what comes."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})
    run = load(case, rtol)
    pipe.send("ready")
    while (values := pipe.recv()) is not None:
        pipe.send(run(values))
