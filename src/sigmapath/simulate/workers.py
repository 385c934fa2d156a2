"""What runs of one kind share, made once: machine code, solver options, and workers.

Enters: kernels, options, conserved moieties. Leaves: a :class:`Setup`. Made by
:mod:`sigmapath.simulate.engine`, which keeps the last few; used by :mod:`.batch`.

A worker's arrays are written anew by every run, so what a run gives does not depend on who used
them before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from sigmapath.codegen.compile import Tier
from sigmapath.kernels import Kernels
from sigmapath.record import record
from sigmapath.simulate.room import Room
from sigmapath.solvers.conservation import Conservation
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.workspace import Worker, make_worker

if TYPE_CHECKING:
    from sigmapath.solvers.lanes.worker import LaneWorker

    AnyWorker: TypeAlias = Worker | LaneWorker

__all__ = ["Bench", "Setup", "new_setup", "pays_for_own_code"]

# From this many runs on it pays to compile an LU and a step of the model's own; below, those that
# serve every model give the first result sooner. Part of the provenance, as the tier is.
_RUNS_FOR_OWN_CODE = 8
# Memory that idle workers of one setup may hold [bytes].
_MOST_IDLE = 32 << 20


def pays_for_own_code(n_runs: int) -> bool:
    """Whether so many runs are worth machine code of the model's own for the solver."""
    return n_runs >= _RUNS_FOR_OWN_CODE


class Bench:
    """Where workers wait for their next batch.

    Parameters
    ----------
    make : callable (count) -> list of workers
    """

    def __init__(self, make: Callable[[int], list[AnyWorker]]) -> None:
        self._make = make
        self._idle: deque[AnyWorker] = deque()
        self._size = 0

    def take(self, count: int) -> list[AnyWorker]:
        """Return so many workers, of nobody else until they are put back."""
        taken: list[AnyWorker] = []
        while len(taken) < count:
            try:
                taken.append(self._idle.pop())
            except IndexError:
                taken.extend(self._make(count - len(taken)))
        return taken

    def put_back(self, workers: list[AnyWorker]) -> None:
        """Take back workers of which no run is under way."""
        for worker in workers:
            # All are alike.
            self._size = self._size or _n_bytes(worker)
            if (len(self._idle) + 1) * self._size <= _MOST_IDLE:
                self._idle.append(worker)


def _n_bytes(worker: AnyWorker) -> int:
    """Memory of a worker's own."""
    alone: int = sum(array.nbytes for array in worker.scalar.buffers)
    if isinstance(worker, Worker):
        return alone
    return alone * (1 + len(worker.homes)) + sum(array.nbytes for array in worker.arrays)


@record(eq=False)
class Setup:
    """How one kind of question is worked out.

    Parameters
    ----------
    kernels : Kernels
        With the outputs of the question.
    lane_kernels : Kernels or None
        The same for SIMD lanes, where runs go several at a time.
    tier : str
    options : SolverOptions
        With tolerances.
    has_own_code : bool
    bench : Bench
    room : Room
        For time courses.
    """

    kernels: Kernels
    lane_kernels: Kernels | None
    tier: Tier
    options: SolverOptions
    has_own_code: bool
    bench: Bench
    room: Room

    @property
    def lanes(self) -> int:
        """How many runs at a time each thread takes."""
        return 1 if self.lane_kernels is None else self.lane_kernels.lanes


def new_setup(
    kernels: Kernels,
    lane_kernels: Kernels | None,
    options: SolverOptions,
    *,
    tier: Tier,
    conservation: Conservation | None,
    has_own_code: bool,
    room: Room,
) -> Setup:
    """Return a setup without workers yet.

    Parameters
    ----------
    kernels, lane_kernels, options, tier, has_own_code, room
        See :class:`Setup`.
    conservation : Conservation or None
        Conserved moieties, for equilibrations.
    """

    def make(count: int) -> list[AnyWorker]:
        if lane_kernels is not None:
            # Imported where it is needed: a single run has no use for lanes.
            from sigmapath.solvers.lanes.worker import make_lane_workers
            from sigmapath.solvers.library import lane_loop

            # First of all: where it is to be compiled, other parts are compiled beside it.
            lane_loop()
            return list(
                make_lane_workers(
                    kernels, lane_kernels, options, conservation=conservation, count=count
                )
            )
        first = make_worker(kernels, options, conservation=conservation, is_unrolled=has_own_code)
        return [first, *(first.sibling() for _ in range(count - 1))]

    return Setup(
        kernels=kernels,
        lane_kernels=lane_kernels,
        tier=tier,
        options=options,
        has_own_code=has_own_code,
        bench=Bench(make),
        room=room,
    )
