"""Batches of one plan one after the other through one worker for lanes, which never runs empty.

Enters: batches. Leaves: their outputs, each as soon as its last run has ended. Called by the
simulation layer, one stream per thread.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers.batch import BatchInput, BatchOutput, Rested
from sigmapath.solvers.lanes import slots
from sigmapath.solvers.lanes.worker import LaneWorker
from sigmapath.solvers.layout import Lanes
from sigmapath.solvers.solve import OpenBatch, close_batch, open_batch
from sigmapath.solvers.tables import address_of
from sigmapath.status import Status

__all__ = ["LaneStream"]

Store = Callable[[BatchOutput], None]


class LaneStream:
    """Runs of several batches in one worker's lanes.

    Parameters
    ----------
    worker : LaneWorker
        Of nobody else until :meth:`finish`.
    """

    def __init__(self, worker: LaneWorker) -> None:
        self._worker = worker
        self._count = Lanes._make(worker.arrays).count
        self._open: list[tuple[OpenBatch, Store]] = []

    def feed(
        self,
        batch: BatchInput,
        store: Store,
        stop_flag: NDArray[np.int64],
        *,
        rested: Rested | None = None,
        into: BatchOutput | None = None,
    ) -> int:
        """Start all runs of a batch; return how many runs belong to batches that have ended.

        Parameters
        ----------
        batch : BatchInput
            Different from those before in start values and values of jumps only.
        store : callable
            Is given the output of the batch when it has ended, now or in a later call.
        stop_flag, rested, into
            As for :func:`sigmapath.solvers.solve.solve_batch`.
        """
        opened = open_batch(self._worker, batch, stop_flag, rested=rested, into=into)
        self._open.append((opened, store))
        begun = self._worker.loop(address_of(opened.chunk), 0.0, 0.0)
        # Fewer than all only where everything is to stop: then this batch ends here.
        opened.room.outcome[int(begun) :, 0] = int(Status.NOT_RUN)
        return self._ended()

    def finish(self) -> int:
        """Bring all runs that are under way to their end; return as :meth:`feed`."""
        if not self._open:
            return 0
        opened = self._open[-1][0]
        self._worker.loop(address_of(opened.chunk), 1.0, float(opened.batch.n_run))
        return self._ended()

    def _ended(self) -> int:
        """Hand out what has ended."""
        count = self._count
        busy = set(count[slots.CHUNK, count[slots.RUN] >= 0].tolist())
        ended = [item for item in self._open if address_of(item[0].chunk) not in busy]
        self._open = [item for item in self._open if address_of(item[0].chunk) in busy]
        for one, store in ended:
            store(close_batch(one, one.batch.n_run))
        return sum(one.batch.n_run for one, _ in ended)
