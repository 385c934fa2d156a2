"""Throughput of sweeps: how many runs a second, and how large a batch to take."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.cases import Case
from benchmarks.peers.base import FloatArray, Sweep

__all__ = ["batch_size", "runs_per_second"]

# No batch holds more trajectories than this many bytes.
_LARGEST_BATCH = 250e6
_MOST_TRIALS = 4


def batch_size(sweep: Sweep, case: Case, seconds: float, n_cores: int) -> int:
    """Runs that take about ``seconds``, from ever longer trials; bounded by memory.

    Not fewer than the program's ``least``: one that runs a fixed number at a time takes as long for
    one of them, which is no sweep.
    """
    bound = int(_LARGEST_BATCH / (8.0 * len(case.times) * max(1, len(case.species))))
    least = max(n_cores, min(sweep.least, bound))
    n = max(8 * n_cores, least)
    sweep.run(case.draws(n, 0))
    for _ in range(_MOST_TRIALS):
        rate, _ = runs_per_second(sweep, case.draws(n, 0))
        wanted = max(least, min(int(rate * seconds), bound))
        # A short trial measures what a sweep costs before its first run.
        if wanted <= 2 * n:
            return wanted
        n = wanted
    return n


def runs_per_second(
    sweep: Sweep, values: FloatArray, *, clock: str = "wall", n_cores: int = 1
) -> tuple[float, int]:
    """Runs per second, and how many failed.

    By the clock "cpu", a second is one in which ``n_cores`` cores worked for the sweep: what others
    do on the machine does not count then, and neither does a core that had nothing to do.
    """
    begun, busy = time.perf_counter(), _worked(sweep)
    found = sweep.run(values)
    elapsed = time.perf_counter() - begun
    if clock == "cpu":
        elapsed = (_worked(sweep) - busy) / n_cores
    failed = int(np.count_nonzero(np.isnan(found[:, -1, :]).any(axis=1)))
    return len(values) / elapsed, failed


def _worked(sweep: Sweep) -> float:
    """CPU time of this process, and of those that the sweep has started [s]."""
    return time.process_time() + getattr(sweep, "elsewhere", 0.0)
