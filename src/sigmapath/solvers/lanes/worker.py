"""Allocate once everything that a thread needs to run in lanes.

Enters: kernels, scalar and for lanes, and options. Leaves: a :class:`LaneWorker`, which
:func:`sigmapath.solvers.solve.solve_batch` takes in the place of a scalar one. Called by the
simulation layer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.kernels import Bodies, Kernels
from sigmapath.record import record
from sigmapath.solvers.conservation import Conservation
from sigmapath.solvers.elimination import elimination_program
from sigmapath.solvers.lanes import slots
from sigmapath.solvers.lanes.code import lu_addresses, step_addresses
from sigmapath.solvers.layout import Lanes, Work
from sigmapath.solvers.library import lane_loop
from sigmapath.solvers.linalg.symbolic import DENSE, elimination_cost, n_matrix_values
from sigmapath.solvers.linalg.unrolled import is_unrollable
from sigmapath.solvers.options import UNDERSHOOT, SolverOptions
from sigmapath.solvers.tableaux import RODAS5P
from sigmapath.solvers.tables import WORDS, address_of, address_table, set_last
from sigmapath.solvers.workspace import Worker, make_worker

__all__ = ["LaneWorker", "make_lane_workers", "suits_lanes"]

# Rows at the start of a cache line, which is also the widest vector [bytes].
_ALIGNMENT = 64
# Multiply-subtracts of a factorisation up to which lanes are faster.
_MOST_WORK = 100_000


@record(eq=False)
class LaneWorker:
    """The arrays of one thread that runs in lanes.

    Parameters
    ----------
    kernels : Kernels
        For one run at a time.
    lane_kernels : Kernels
        For ``width`` runs at a time; kept alive as long as their addresses are in use.
    scalar : Worker
        For what is done before runs start.
    homes : tuple of Worker
        One per lane, for what happens rarely.
    arrays : tuple of ndarray
        In the order of ``layout.Lanes``.
    table : ndarray of int64
        Addresses and shapes of these.
    home_tables : ndarray of int64, shape (width, n)
        Tables of the homes, a batch's readouts in them; their addresses are in ``arrays``.
    """

    kernels: Kernels
    lane_kernels: Kernels
    scalar: Worker
    homes: tuple[Worker, ...]
    arrays: tuple[NDArray[Any], ...]
    table: NDArray[np.int64]
    home_tables: NDArray[np.int64]
    _held: list[Any] = field(default_factory=list)

    @property
    def loop(self) -> Callable[[int, float, float], float]:
        """The compiled loop, a function of the address of a chunk's table."""
        return lane_loop()

    def table_with(self, arrays: tuple[NDArray[Any], ...]) -> NDArray[np.int64]:
        """Return the table completed by the arrays of a batch."""
        named = Lanes._make(self.arrays)
        if (named.count[slots.RUN] >= 0).any():
            # Runs of an earlier batch are under way, of the same plan.
            return self.table
        *shared, memory = arrays
        memories = np.zeros((len(self.homes), *memory.shape))
        set_last(Work, self.home_tables[0], (*shared, memories[0]))
        own = self.home_tables[:, -WORDS * len(arrays) :]
        own[1:] = own[0]
        # Each lane remembers for itself.
        own[:, -WORDS] += memory.nbytes * np.arange(len(self.homes))
        self._held[:] = [memories, shared]
        return self.table


def suits_lanes(kernels: Kernels, options: SolverOptions) -> bool:
    """Whether runs of a model can go in lanes under these options.

    Not those with events, delays, algebraic states or a fast part, nor by other methods than
    Rodas5P, which "auto" takes as well; nor where elimination is so much work that a multistep
    method of few factorisations is faster one run at a time.
    """
    is_plain = kernels.n_state > 0 and kernels.n_lag == 0 and not kernels.has_fast
    has_events = kernels.events.n_event > 0
    if not is_plain or has_events or (kernels.mass == 0.0).any():
        return False
    if options.method not in ("auto", "rodas5p") or options.fixed_step > 0.0:
        return False
    program = _program(kernels)
    return bool(program[0] != DENSE and elimination_cost(program) <= _MOST_WORK)


def _program(kernels: Kernels) -> NDArray[np.int64]:
    """Elimination program for lanes: full rows at the end pay where there is no code of its own."""
    program = elimination_program(kernels, is_sparse=True)
    return program if is_unrollable(program) else elimination_program(kernels)


def make_lane_workers(
    kernels: Kernels,
    lane_kernels: Kernels,
    options: SolverOptions,
    *,
    conservation: Conservation | None = None,
    count: int = 1,
) -> list[LaneWorker]:
    """Allocate workers that each run as many runs at a time as ``lane_kernels`` take.

    Parameters
    ----------
    kernels, lane_kernels : Kernels
        Of the same model with the same outputs.
    options : SolverOptions
    conservation : Conservation, optional
        Conserved moieties of the model; needed for batches that equilibrate.
    count : int
        One per thread.

    Raises
    ------
    UnsupportedFeatureError
        If the model or the options do not suit lanes, see :func:`suits_lanes`.
    """
    if not suits_lanes(kernels, options):
        raise UnsupportedFeatureError("lanes with events, delays, algebraic states or fixed steps")
    program = _program(kernels)
    call = _calls(lane_kernels, program, kernels.bodies)
    # Of use before runs start only, and then many times.
    scalar = make_worker(kernels, options, conservation=conservation)
    home = make_worker(kernels, options, program=program, is_unrolled=False)
    workers = []
    for _ in range(count):
        arrays = _arrays(lane_kernels, options, program, call)
        homes = tuple(home.sibling() for _ in range(lane_kernels.lanes))
        home_tables = np.array([one.table for one in homes])
        Lanes._make(arrays).home[:] = [address_of(table) for table in home_tables]
        workers.append(
            LaneWorker(
                kernels=kernels,
                lane_kernels=lane_kernels,
                scalar=scalar.sibling(),
                homes=homes,
                arrays=arrays,
                table=address_table(Lanes, arrays),
                home_tables=home_tables,
            )
        )
    return workers


def _arrays(
    kernels: Kernels,
    options: SolverOptions,
    program: NDArray[np.int64],
    call: NDArray[np.int64],
) -> tuple[NDArray[Any], ...]:
    """The arrays of ``layout.Lanes`` in their order."""
    n, width = kernels.n_state, kernels.lanes
    size = np.zeros(slots.N_LANE_SIZE, dtype=np.int64)
    size[slots.N_STATE] = n
    size[slots.N_OUT] = kernels.n_output
    size[slots.N_ROOT] = kernels.n_root - kernels.n_timed if kernels.address("roots") else 0
    size[slots.N_JAC] = kernels.pattern.nnz
    size[slots.WIDTH] = width
    promised = kernels.non_negative != 0
    level = np.full((3, n), -np.inf)
    level[slots.ATOL] = options.atol_of(n)
    level[slots.LOWEST, promised] = 0.0
    level[slots.REFUSED, promised] = -UNDERSHOOT * level[slots.ATOL, promised]
    count = np.zeros((slots.N_LANE_COUNT, width), dtype=np.int64)
    count[slots.RUN] = -1
    return (
        size,
        call,
        np.zeros(width, dtype=np.int64),
        _aligned(slots.N_LANE_ROW, n, width),
        _aligned(n, RODAS5P.n_stage, width),
        level,
        np.repeat(np.arange(n), np.diff(kernels.pattern.row_start)).astype(np.int64),
        _aligned(max(kernels.pattern.nnz, 1), width),
        _aligned(n_matrix_values(program), width),
        _aligned(max(kernels.n_p, 1), width),
        _aligned(slots.N_OBS, max(kernels.n_output, 1), width),
        _aligned(slots.N_ROOT_ROW, max(kernels.n_root, 1), width),
        _aligned(slots.N_LANE_TIME, width),
        count,
        np.array([options.rtol, 1.0 / n]),
        *_plain(kernels, level[slots.LOWEST]),
    )


def _plain(kernels: Kernels, lowest: NDArray[np.float64]) -> tuple[NDArray[Any], ...]:
    """What it takes to write observables that are states without working them out."""
    states, width = kernels.output_states, kernels.lanes
    n_wide = -(-len(states) // width) * width
    if n_wide == 0 or (states < 0).any():
        n_wide, states = 0, states[:0]
    plain = np.zeros(n_wide, dtype=np.int64)
    plain[: len(states)] = states
    return plain, lowest[plain].copy(), _aligned(width, 5, n_wide)


def _calls(
    kernels: Kernels, program: NDArray[np.int64], bodies: Bodies | None
) -> NDArray[np.int64]:
    call = np.zeros(slots.N_LANE_CALL, dtype=np.int64)
    for name in ("rhs", "jac", "dfdt", "outputs", "roots"):
        call[getattr(slots, f"CALL_{name.upper()}")] = kernels.address(name)
    # One lane is one run at any number of times.
    spread = kernels.spread_outputs or kernels.address("outputs")
    call[slots.CALL_SPREAD_OUTPUTS] = spread
    own = lu_addresses(program, kernels.lanes, bodies, has_time_rate=bool(kernels.address("dfdt")))
    for name, address in {**own, **step_addresses(kernels.lanes)}.items():
        call[getattr(slots, f"CALL_{name.upper()}")] = address
    return call


def _aligned(*shape: int) -> NDArray[np.float64]:
    """Zeros that begin at a cache line."""
    count = int(np.prod(shape))
    spare = _ALIGNMENT // 8
    whole = np.zeros(count + spare)
    skip = (-address_of(whole) % _ALIGNMENT) // 8
    return whole[skip : skip + count].reshape(shape)
