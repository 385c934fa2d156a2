"""Allocate once everything a worker needs; compiled code allocates nothing.

Enters: kernels and options. Leaves: a :class:`Worker`, to be used by one thread at a time and as
often as wanted. Called by :func:`sigmapath.solvers.solve.solve_batch` and by the simulator.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError, UnsupportedFeatureError
from sigmapath.kernels import KERNEL_NAMES, Kernels
from sigmapath.record import record
from sigmapath.solvers import layout as at
from sigmapath.solvers.conservation import Conservation
from sigmapath.solvers.elimination import elimination_program
from sigmapath.solvers.library import drive, part_addresses
from sigmapath.solvers.linalg.symbolic import (
    elimination_cost,
    factor_time,
    n_jacobian,
    n_matrix_values,
)
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.registry import METHODS
from sigmapath.solvers.tables import address_table, set_addresses, set_last
from sigmapath.status import STAT_NAMES

__all__ = ["Worker", "explicit_reach", "make_worker"]


# Multiply-subtracts of one factorisation from which on ``auto`` takes the multistep method: between
# 3e3 (93 states, even) and 5e3 (60 states with much fill, twice as fast).
_LARGE = 4000
_EXPLICIT_REACH = 150.0
# Numbers that the history of delayed quantities may hold, per worker (32 MB).
_HISTORY = 4_000_000


@record(eq=False)
class Worker:
    """The arrays of one thread, in the order in which the compiled loop unpacks them.

    Parameters
    ----------
    kernels : Kernels
        Kept alive as long as their addresses are in use.
    options : SolverOptions
    static : tuple of ndarray
        address, size, program, event, target, tune; shared and never written.
    buffers : tuple of ndarray
        vec, jac, lu, p, q, obs, root, clock, flag, stat, memory, queue, due, scratch, part,
        history, lag.
    table : ndarray of int64
        Addresses and shapes of all of these, which is what compiled code is given.
    moieties : ndarray, shape (n_moiety, n_state), optional
        Conserved sums, for equilibration.
    """

    kernels: Kernels
    options: SolverOptions
    static: tuple[Any, ...]
    buffers: tuple[Any, ...]
    table: NDArray[np.int64]
    moieties: NDArray[np.float64] | None = None

    @property
    def loop(self) -> Callable[[int, float, float], float]:
        """The compiled loop, a function of the address of a chunk's table."""
        return drive()

    @property
    def scalar(self) -> Worker:
        """The worker for one run at a time: itself."""
        return self

    def sibling(self) -> Worker:
        """Return a worker for another thread, with arrays of its own and the same of all else."""
        buffers = tuple(array.copy() for array in self.buffers)
        table = self.table.copy()
        set_addresses(table, buffers, first=len(self.static))
        return replace(self, buffers=buffers, table=table)

    def table_with(self, arrays: tuple[NDArray[Any], ...]) -> NDArray[np.int64]:
        """Return the table completed by the arrays of a batch, which the caller keeps alive."""
        table = self.table.copy()
        set_last(at.Work, table, arrays)
        return table

    def work(self) -> at.Work:
        """Return the arrays by name, for use from Python."""
        none = (np.zeros((0, 2), dtype=np.int64), np.zeros((0, 3)), np.zeros(0), np.zeros((0, 3)))
        return at.Work._make((*self.static, *self.buffers, *none, self.table))

    @property
    def vec(self) -> NDArray[np.float64]:
        """Rows of state length, see :mod:`sigmapath.solvers.layout`."""
        return self.buffers[0]  # type: ignore[no-any-return]


def make_worker(
    kernels: Kernels,
    options: SolverOptions | None = None,
    *,
    program: NDArray[np.int64] | None = None,
    conservation: Conservation | None = None,
    is_unrolled: bool = True,
) -> Worker:
    """Allocate a worker for one model.

    Parameters
    ----------
    kernels : Kernels
    options : SolverOptions, optional
    program : ndarray of int64, optional
        Elimination program of another form than :func:`.elimination_program` gives it.
    conservation : Conservation, optional
        Conserved moieties of the model; needed for batches that equilibrate.
    is_unrolled : bool
        Whether the LU may be code of its own; otherwise its program is walked: the same numbers up
        to rounding, slower, and nothing to compile.

    Raises
    ------
    PlanError
        If the options do not fit the model.
    UnsupportedFeatureError
        If the kernels are compiled for SIMD lanes.
    """
    options = options or SolverOptions()
    _check(kernels, options)
    if program is None:
        program = elimination_program(kernels)
    n, n_event = kernels.n_state, kernels.events.n_event
    n_assign = len(kernels.events.target)
    vec = np.zeros((at.N_ROW, max(n, 1)))
    vec[at.ATOL, :n] = options.atol_of(n)
    vec[at.MASS, :n] = kernels.mass
    vec[at.CLAMP, :n] = kernels.non_negative
    width = max(n_event, kernels.events.n_assigned, 1)
    static = (
        kernels.addresses,
        _sizes(kernels, options, program),
        program,
        *_events(kernels),
        _tune(options, program),
    )
    buffers = (
        vec,
        np.zeros(max(kernels.pattern.nnz, 1)),
        np.zeros(max(n_matrix_values(program), 1)),
        np.zeros(max(kernels.n_p, 1)),
        np.zeros(max(kernels.n_start, 1)),
        np.zeros((at.N_OBS, max(kernels.n_output, 1))),
        np.zeros((at.N_ROOT_ROW, max(kernels.n_root, 1))),
        np.zeros(at.N_CLOCK),
        np.zeros(at.N_FLAG, dtype=np.int64),
        np.zeros(len(STAT_NAMES), dtype=np.int64),
        np.zeros(max(n_event, 1), dtype=np.int64),
        np.zeros((at.N_QUEUE if n_event else 1, 2), dtype=np.int64),
        np.zeros((at.N_QUEUE if n_event else 1, 1 + n_assign)),
        np.zeros((4, width)),
        _parts(program, is_unrolled, kernels, static[1]),
        np.zeros((_stretches(kernels.n_lag), 2 + 5 * kernels.n_lag)),
        np.zeros((at.N_LAG_ROW, max(kernels.n_lag, 1))),
    )
    return Worker(
        kernels=kernels,
        options=options,
        static=static,
        buffers=buffers,
        table=address_table(at.Work, (*static, *buffers)),
        moieties=None if conservation is None else conservation.matrix,
    )


def _parts(
    program: NDArray[np.int64], is_unrolled: bool, kernels: Kernels, size: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Addresses of the parts, with the model's own LU among them."""
    rare = {"consistent": bool(size[at.MUST_SETTLE]), "delays": bool(kernels.n_lag)}
    rare["bdf"] = at.BDF in (size[at.REQUESTED_METHOD], size[at.STIFF_METHOD])
    parts = part_addresses(name for name, is_used in rare.items() if is_used)
    if is_unrolled:
        # Imported where it is needed: few runs wait for no code of their own.
        from sigmapath.solvers.own_code import own_parts

        own = own_parts(program, kernels)
        for slot, address in own.items():
            parts[slot] = address
    return parts


def _stiff_method(kernels: Kernels, options: SolverOptions, program: NDArray[np.int64]) -> int:
    """Code of the method that ``auto`` takes where a run is stiff.

    Rodas5P reaches the same error in two to three times fewer steps, each with factors of its own
    and eight solves. So the multistep method, with factors for many steps, wins where these cost
    more than everything else. Delays keep steps short and start them anew.
    """
    is_large = elimination_cost(program) >= _LARGE and not kernels.n_lag
    return at.BDF if options.method == "auto" and is_large else at.RODAS5P


def explicit_reach(program: NDArray[np.int64]) -> float:
    """Spectral radius of J times time, up to which ``auto`` goes with the explicit method.

    Up to about 150 it needs fewer evaluations (six a step of length 3.5 over the radius) than the
    stiff method spends on its twenty to fifty steps; more where factors cost more than evaluations,
    whose cost is about that of the entries of J.
    """
    return _EXPLICIT_REACH * max(1.0, factor_time(program) / (4.0 * max(n_jacobian(program), 1)))


def _stretches(n_lag: int) -> int:
    """Rows of the history: what fits into _HISTORY values, 1 for models without delays."""
    return max(64, _HISTORY // (2 + 5 * n_lag)) if n_lag else 1


def _check(kernels: Kernels, options: SolverOptions) -> None:
    if kernels.lanes != 1:
        raise UnsupportedFeatureError("a scalar loop over kernels compiled for SIMD lanes")
    is_explicit = options.method in METHODS and not METHODS[options.method].is_implicit
    if is_explicit and (kernels.mass == 0.0).any():
        raise PlanError(
            "an explicit method cannot integrate algebraic states",
            where="method",
            found=options.method,
            fix='use method="rodas5p" or "auto"',
        )


def _sizes(
    kernels: Kernels, options: SolverOptions, program: NDArray[np.int64]
) -> NDArray[np.int64]:
    size = np.zeros(at.N_SIZE, dtype=np.int64)
    size[at.N] = kernels.n_state
    size[at.N_PARAM] = kernels.n_param
    size[at.N_P] = kernels.n_p
    size[at.N_OUTPUT] = kernels.n_output
    if kernels.address("roots"):
        size[at.N_ROOT] = kernels.n_root - kernels.n_timed
        size[at.N_TIMED] = kernels.n_timed
    size[at.N_EVENT] = kernels.events.n_event
    size[at.N_ASSIGN] = len(kernels.events.target)
    size[at.HAS_CLAMP] = int(kernels.non_negative.any())
    size[at.REQUESTED_METHOD] = options.code
    size[at.TIE_SEED] = options.event_seed
    size[at.HAS_FACTOR] = int((kernels.events.factor >= 0).any())
    size[at.HAS_ALGEBRAIC] = int((kernels.mass == 0.0).any())
    size[at.HAS_FAST] = int(kernels.has_fast)
    size[at.SLOW_SHARE] = kernels.n_param + kernels.n_lag
    size[at.MAX_ORDER] = options.max_order
    size[at.STIFF_METHOD] = _stiff_method(kernels, options, program)
    size[at.N_LAG] = kernels.n_lag
    size[at.MUST_SETTLE] = int(size[at.HAS_ALGEBRAIC] or size[at.HAS_FAST])
    return size


def _tune(options: SolverOptions, program: NDArray[np.int64]) -> NDArray[np.float64]:
    tune = np.zeros(at.N_TUNE)
    tune[at.RTOL] = options.rtol
    tune[at.MAX_STEP] = options.max_step
    tune[at.FIRST_STEP] = options.first_step
    tune[at.MAX_STEPS] = options.max_steps
    tune[at.FIXED_STEP] = options.fixed_step
    tune[at.EXPLICIT_REACH] = explicit_reach(program)
    return tune


def _events(kernels: Kernels) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Event and target tables, shapes (n_event, N_EV) and (n_assign, 3)."""
    events = kernels.events
    table = np.zeros((max(events.n_event, 1), at.N_EV), dtype=np.int64)
    target = np.zeros((max(len(events.target), 1), 3), dtype=np.int64)
    if events.n_event:
        table[:, at.EV_FIRST] = events.assign_start[:-1]
        table[:, at.EV_LAST] = events.assign_start[1:]
        table[:, at.EV_INITIAL] = events.initial_value
        table[:, at.EV_PERSISTENT] = events.persistent
        table[:, at.EV_AT_TRIGGER] = events.from_trigger_time
        # A flag without the function behind it would call address 0.
        table[:, at.EV_DELAY] = events.has_delay if kernels.address("delays") else 0
        table[:, at.EV_PRIORITY] = events.has_priority if kernels.address("priorities") else 0
    if len(events.target):
        target[:, 0] = events.target_is_state
        target[:, 1] = events.target
        target[:, 2] = events.factor if len(events.factor) else -1
    return table, target


assert len(KERNEL_NAMES) == at.A_PAST + 1  # the addresses are unpacked by position
