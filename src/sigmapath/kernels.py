"""The contract between chemistry and numerics: what a compiled model offers to a solver.

Made by :mod:`sigmapath.codegen` from an ``OdeSystem``; used by :mod:`sigmapath.solvers`, which
knows no chemistry. Neither side imports the other.

Every function has the same C signature and is handed over as an address (int64, 0 = absent)::

    void f(const double *t, const double *y, double *p, double *out)

========== ============================ ==========================================================
function   out                          meaning
========== ============================ ==========================================================
initial    y, shape (n_state,)          ``y`` holds the start values q, shape (n_start,): first the
                                        settable quantities, then the states, in user terms. NaN in
                                        q means "work out the initial assignment". Writes p and out.
derive     p                            refills the derived tail of p after p[:n_param] changed
rhs        dydt, shape (n_state,)       right-hand side M dy/dt = f(t, y)
jac        values, shape (nnz,)         df/dy in the order of the pattern (row by row)
dfdt       shape (n_state,)             df/dt at fixed y; absent when f does not depend on t
outputs    shape (n_output,)            observables
roots      shape (n_root,)              continuous functions whose sign changes must be located
triggers   shape (n_event,)             1.0 where the event's trigger is true, else 0.0
delays     shape (n_event,)             delay of each event from its trigger [time]
priorities shape (n_event,)             priority of each event (0 where none is given)
assign     shape (n_assign + n_factor,) new values of all event assignments, event by event, then
                                        the factors that EventTable.factor points at
lags       shape (n_lag,)               delay(x, lag): the lags [time]
lagged     shape (n_lag,)               delay(x, lag): the current values of x, to be remembered
past       shape (n_lag,)               the values of x at a time t <= 0; ``y`` holds the start
                                        values q, as for ``initial``
========== ============================ ==========================================================

Layout of p (float64, contiguous, length ``n_p``)::

    [0, n_param)                  settable: parameters, constant compartments, boundary and constant
                                  species, and whatever events assign that is no state
    [n_param, n_param + n_lag)    delayed values, written by the solver before each evaluation
    [n_param + n_lag]             only with fast reactions: the share of the slow part, 1.0, or 0.0
                                  while the solver brings the fast part to rest
    [the rest, n_p)               derived: expressions of p alone, written by ``derive``

The caller allocates everything; kernels allocate nothing, raise nothing, keep nothing and may be
called from any thread. ``out`` never aliases y; for ``derive`` it is p itself. With ``lanes`` > 1
every array carries ``lanes`` values per entry, lane index fastest; t then has ``lanes`` entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sigmapath.record import record

__all__ = ["KERNEL_NAMES", "Bodies", "EventTable", "Inlined", "Kernels", "Pattern"]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

# The order in which addresses are handed to the compiled loop.
KERNEL_NAMES = (
    "initial",
    "derive",
    "rhs",
    "jac",
    "dfdt",
    "outputs",
    "roots",
    "triggers",
    "delays",
    "priorities",
    "assign",
    "lags",
    "lagged",
    "past",
)


@record
class Pattern:
    """Where the Jacobian is structurally nonzero, row by row (CSR), always df_row/dy_column.

    Parameters
    ----------
    row_start : ndarray of int64, shape (n_state + 1,)
    column : ndarray of int64, shape (nnz,)
        Ascending within each row.
    """

    row_start: IntArray
    column: IntArray

    @property
    def nnz(self) -> int:
        """Number of structural nonzeros."""
        return int(self.row_start[-1])


@record
class EventTable:
    """The static part of the model's events: who assigns what, and how triggers behave.

    Parameters
    ----------
    assign_start : ndarray of int64, shape (n_event + 1,)
        Event e owns the assignments assign_start[e] .. assign_start[e + 1].
    target_is_state, target : ndarray of int64, shape (n_assign,)
        1 and the index into y, or 0 and the index into p.
    initial_value, persistent, from_trigger_time, has_delay, has_priority : ndarray of int64,
        shape (n_event,)
        SBML L3 trigger attributes initialValue and persistent, useValuesFromTriggerTime, and
        whether a delay and a priority are given (SBML L3V2 section 4.12).
    factor : ndarray of int64, shape (n_assign,), or empty for none
        Where the output of ``assign`` holds the factor by which a new value is multiplied when it
        is assigned, whenever it was worked out; -1 for none.
    """

    assign_start: IntArray
    target_is_state: IntArray
    target: IntArray
    initial_value: IntArray
    persistent: IntArray
    from_trigger_time: IntArray
    has_delay: IntArray
    has_priority: IntArray
    factor: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def n_event(self) -> int:
        """Number of events."""
        return len(self.initial_value)

    @property
    def n_assigned(self) -> int:
        """Length of the output of ``assign``."""
        return max(len(self.target), int(self.factor.max(initial=-1)) + 1)


class Inlined(NamedTuple):
    """A kernel printed into the middle of a function.

    Parameters
    ----------
    lines : list of str
        LLVM IR without branches.
    values : dict int -> str
        By place in ``out``, the value that the kernel would write there.
    declarations : tuple of str
        Of the functions that the lines call, and those that are in no other module; to stand once
        in the module.
    """

    lines: list[str]
    values: dict[int, str]
    declarations: tuple[str, ...]


class Bodies(Protocol):
    """What a model's kernels consist of, for solvers that print code of the model's own."""

    @property
    def identity(self) -> str:
        """Content hash of the kernels."""

    def size(self, kernel: str) -> int:
        """Number of statements of a kernel."""

    def is_bundled(self, text: str) -> bool:
        """Whether code with such bodies in it calls functions of several values."""

    def bind(self) -> None:
        """Let code that is loaded from now on find those functions."""

    def n_timed_calls(self, kernel: str) -> int:
        """Number of calls of a kernel that rest on time alone, as of a stimulus that decays."""

    def timed(self, requests: Sequence[tuple[str, str]], tag: str, *, opaque: bool) -> Inlined:
        """Print all calls that rest on time alone, of several kernels at several times.

        Parameters
        ----------
        requests : sequence of (kernel, name of a time)
            Its values are numbered through, request by request.
        tag : str
            Put into the names of all values.
        opaque : bool
            Whether pointers have no element type.
        """

    def inlined(
        self,
        kernel: str,
        tag: str,
        given: Mapping[tuple[str, int], str],
        *,
        opaque: bool,
        lanes: int = 1,
    ) -> Inlined:
        """Print the body of a kernel.

        Parameters
        ----------
        kernel : str
            One of ``KERNEL_NAMES``.
        tag : str
            Put into the names of all values, so that one function may hold several bodies.
        given : mapping (array, place) -> str
            Values known by name, of ``t`` and ``y``; everything else is loaded, from ``%p`` above
            all. Where there is ``("timed", 0)``, calls that rest on time alone are not made: their
            values are given, in the order of ``timed``.
        opaque : bool
            Whether pointers have no element type.
        lanes : int
            Numbers in every value.
        """


@record
class Kernels:
    """A compiled model. See the module docstring for signatures, layouts and who allocates.

    Parameters
    ----------
    addresses : ndarray of int64, shape (len(KERNEL_NAMES),)
        Function addresses in the order of ``KERNEL_NAMES``; 0 where the model has no such function.
    n_state, n_param, n_p, n_output, n_root, n_lag : int
        Sizes; ``n_p`` is the whole length of p.
    pattern : Pattern
        Of the Jacobian.
    mass : ndarray of float64, shape (n_state,)
        Diagonal of the mass matrix: 1 for differential, 0 for algebraic states.
    events : EventTable
    non_negative : ndarray of int64, shape (n_state,)
        1 where the model promises that the state never falls below zero.
    n_timed : int
        So many root functions, the last ones, are affine in time and rest on nothing else but p
        without its delayed values: when they change their sign can be told in advance.
    has_fast : bool
        Whether the right-hand side has a fast part that is at rest whenever a run starts anew.
    lanes : int
        SIMD lanes per call; 1 is scalar.
    backend : str
        "numba" or "llvm".
    fingerprint : str
        Content hash of the code, versions and options.
    spread_outputs : int
        Address of ``outputs`` for lanes that are several times of one run: p is a pointer to the
        first value of that run's lane, ``lanes`` doubles from value to value. 0 if there is none.
    output_states : ndarray of int64, shape (n_output,)
        The state that each observable is; -1 where it is something else.
    owner : object
        Keeps the machine code alive; not to be touched.
    bodies : Bodies, optional
        The kernels as text, where the backend has it.
    """

    addresses: IntArray
    n_state: int
    n_param: int
    n_p: int
    n_output: int
    n_root: int
    n_lag: int
    pattern: Pattern
    mass: FloatArray
    events: EventTable
    non_negative: IntArray
    lanes: int
    backend: str
    fingerprint: str
    owner: Any = field(repr=False, compare=False)
    n_timed: int = 0
    has_fast: bool = False
    bodies: Bodies | None = field(default=None, repr=False, compare=False)
    spread_outputs: int = 0
    output_states: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @property
    def n_start(self) -> int:
        """Length of the start values q: settable quantities, then states."""
        return self.n_param + self.n_state

    def address(self, name: str) -> int:
        """Address of one function, 0 if the model has none."""
        return int(self.addresses[KERNEL_NAMES.index(name)])
