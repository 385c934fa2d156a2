"""A sweep in one process per core, for programs whose runs do not share a process well.

And the faster of several ways to sweep, where a program offers more than one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np

from benchmarks.cases import Case
from benchmarks.peers.base import FloatArray, Sweep
from benchmarks.throughput import batch_size, runs_per_second

__all__ = ["FastestSweep", "ProcessSweep", "Runner"]

# One batch, in one process: shape (n, n_swept) to (n, n_time, n_species), NaN where a run failed;
# (n, 1, n_species) where only the last output point is handed over.
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
        self.elsewhere = 0.0
        """CPU time that the processes have spent on runs [s]."""
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
        found = [pipe.recv() for pipe in self.pipes]
        self.elsewhere += sum(seconds for _, seconds in found)
        return np.concatenate([part for part, _ in found])

    def close(self) -> None:
        """End the processes."""
        for pipe in self.pipes:
            pipe.send(None)
        for process in self.processes:
            process.join(10)


class FastestSweep:
    """The fastest of several ways to do the same runs; ``how`` is its name.

    Parameters
    ----------
    ways : mapping name -> Sweep
        The others are closed.
    case : Case
    seconds : float, optional
        That each of them runs for, three times in turn, before one is taken.
    """

    def __init__(self, ways: Mapping[str, Sweep], case: Case, seconds: float = 0.3) -> None:
        sizes = {name: batch_size(way, case, seconds, 1) for name, way in ways.items()}
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(3):
            for name, way in ways.items():
                rates[name].append(runs_per_second(way, case.draws(sizes[name], number))[0])
        middle = {name: float(np.median(found)) for name, found in rates.items()}
        best = max(middle, key=middle.__getitem__)
        others = [f"{name} {rate / middle[best]:.2f}" for name, rate in middle.items()]
        self.how = f"{best} (rates: {', '.join(others)})"
        self.chosen = ways[best]
        self.least = self.chosen.least
        for name, way in ways.items():
            if name != best:
                way.close()

    def run(self, values: FloatArray) -> FloatArray:
        """As the chosen one does."""
        return self.chosen.run(values)

    @property
    def elsewhere(self) -> float:
        """CPU time of processes that the chosen one has started [s]."""
        return getattr(self.chosen, "elsewhere", 0.0)

    def close(self) -> None:
        """End the chosen one."""
        self.chosen.close()


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
        begun = time.process_time()
        found = run(values)
        pipe.send((found, time.process_time() - begun))
