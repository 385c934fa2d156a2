"""Throughput of sweeps: how many runs a second, and how large a batch to take."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.cases import Case
from benchmarks.peers.base import FloatArray, Sweep

__all__ = ["batch_size", "runs_per_second"]

# No batch holds more trajectories than this many bytes.
_LARGEST_BATCH = 200e6


def batch_size(sweep: Sweep, case: Case, seconds: float, n_cores: int) -> int:
    """Runs that take about ``seconds``, from a short trial; bounded by memory."""
    trial = 8 * n_cores
    sweep.run(case.draws(trial, 0))
    rate, _ = runs_per_second(sweep, case.draws(trial, 0))
    bound = _LARGEST_BATCH / (8.0 * len(case.times) * max(1, len(case.species)))
    return int(max(n_cores, min(rate * seconds, bound)))


def runs_per_second(sweep: Sweep, values: FloatArray) -> tuple[float, int]:
    """Runs per second of wall time, and how many failed."""
    start = time.perf_counter()
    found = sweep.run(values)
    elapsed = time.perf_counter() - start
    failed = int(np.count_nonzero(np.isnan(found[:, -1, :]).any(axis=1)))
    return len(values) / elapsed, failed
