"""Batches of one plan one after the other through one worker for lanes, which never runs empty.

Enters: open batches. Leaves: word of each batch that is over for this worker. Called by the
simulation layer, one stream per thread; several streams may run the same batches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers.lanes import slots
from sigmapath.solvers.lanes.worker import LaneWorker
from sigmapath.solvers.layout import Lanes
from sigmapath.solvers.solve import OpenBatch, seat
from sigmapath.solvers.tables import address_of

__all__ = ["LaneStream"]


class _Seat(NamedTuple):
    """A batch that runs of this worker may belong to."""

    chunk: NDArray[np.int64]
    leave: Callable[[], None]
    held: tuple[Any, ...]


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
        self._seats: list[_Seat] = []

    def feed(self, opened: OpenBatch, leave: Callable[[], None], *, is_last: bool = False) -> None:
        """Take runs of a batch until none of them waits.

        Parameters
        ----------
        opened : OpenBatch
            Different from those before in start values and values of jumps only.
        leave : callable
            Called when the last of its runs in these lanes has ended, now or in a later call.
        is_last : bool
            Whether to bring all runs that are under way to their end.
        """
        chunk, held = seat(self._worker, opened)
        self._seats.append(_Seat(chunk, leave, (opened, held)))
        self._worker.loop(address_of(chunk), float(is_last), 0.0)
        self._stand_up()

    def finish(self) -> None:
        """Bring all runs that are under way to their end."""
        if self._seats:
            self._worker.loop(address_of(self._seats[-1].chunk), 1.0, 0.0)
            self._stand_up()

    def _stand_up(self) -> None:
        """Leave the batches that none of the lanes is busy with."""
        count = self._count
        busy = set(count[slots.CHUNK, count[slots.RUN] >= 0].tolist())
        over = [one for one in self._seats if address_of(one.chunk) not in busy]
        self._seats = [one for one in self._seats if address_of(one.chunk) in busy]
        for one in over:
            one.leave()
