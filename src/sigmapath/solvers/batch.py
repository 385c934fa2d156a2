"""What goes into a batch of runs and what comes out: arrays only, no names.

Enters: resolved plans. Leaves: checked records. Made by the simulation layer, used by
:mod:`.solve`.
"""

from __future__ import annotations

from dataclasses import field, fields
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.opcodes import JumpOp, ReducerOp
from sigmapath.record import record

__all__ = ["BatchInput", "BatchOutput", "JumpTable", "ReducerTable", "Rested"]

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_Element = TypeVar("_Element", np.float64, np.int64)

_JUMPS = frozenset(int(op) for op in JumpOp)
_REDUCERS = frozenset(int(op) for op in ReducerOp)


def _floats(values: object, n_dim: int) -> FloatArray:
    array = np.ascontiguousarray(values, dtype=np.float64)
    return array.reshape((0,) * n_dim) if array.size == 0 and array.ndim != n_dim else array


def _integers(values: object) -> IntArray:
    return np.ascontiguousarray(values, dtype=np.int64).reshape(-1)


def _columns(*columns: NDArray[_Element]) -> NDArray[_Element]:
    """Columns of one length and type side by side, row after row in memory."""
    table = np.empty((len(columns[0]), len(columns)), dtype=columns[0].dtype)
    for k, column in enumerate(columns):
        table[:, k] = column
    return table


@record
class JumpTable:
    """Scheduled changes, the same for all runs of a batch; their values differ per run.

    Parameters
    ----------
    time : ndarray, shape (n_jump,)
        Ascending, >= 0 [model time]. Jumps of equal time apply in the order of the table.
    op : ndarray of int64, shape (n_jump,)
        :class:`sigmapath.opcodes.JumpOp`.
    index : ndarray of int64, shape (n_jump,)
        Into p or y, as the op says.
    scale : ndarray of int64, shape (n_jump,)
        Index into p of the divisor of the value (a compartment's size), -1 for none. Read at the
        time of the jump.
    """

    time: FloatArray = field(default_factory=lambda: np.zeros(0))
    op: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    index: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    scale: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __post_init__(self) -> None:
        object.__setattr__(self, "time", _floats(self.time, 1))
        for name in ("op", "index", "scale"):
            object.__setattr__(self, name, _integers(getattr(self, name)))
        sizes = {len(self.time), len(self.op), len(self.index), len(self.scale)}
        if len(sizes) != 1:
            raise PlanError("columns of a jump table differ in length", found=str(sorted(sizes)))
        if not _is_ascending(self.time):
            raise PlanError(
                "jump times must be finite, >= 0 and ascending", found=str(self.time[:20])
            )
        if not set(self.op.tolist()) <= _JUMPS:
            raise PlanError("unknown jump operation", found=str(self.op[:20]))

    def __len__(self) -> int:
        return len(self.time)

    def rows(self) -> IntArray:
        """Columns op, index, scale, shape (n_jump, 3)."""
        return _columns(self.op, self.index, self.scale)


@record
class ReducerTable:
    """Readouts to work out in the loop; each is defined in :mod:`sigmapath.solvers.reducers`.

    Parameters
    ----------
    op : ndarray of int64, shape (n_reducer,)
        :class:`sigmapath.opcodes.ReducerOp`.
    output : ndarray of int64, shape (n_reducer,)
        Which observable.
    after, until : ndarray, shape (n_reducer,)
        Window [model time]; -inf and inf mean the whole run. START and AT read ``after`` only,
        FINAL ``until`` only.
    level : ndarray, shape (n_reducer,)
        Of THRESHOLD_TIME, in units of the observable.
    """

    op: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    output: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    after: FloatArray = field(default_factory=lambda: np.zeros(0))
    until: FloatArray = field(default_factory=lambda: np.zeros(0))
    level: FloatArray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        for name in ("op", "output"):
            object.__setattr__(self, name, _integers(getattr(self, name)))
        for name in ("after", "until", "level"):
            object.__setattr__(self, name, _floats(getattr(self, name), 1))
        columns = (self.op, self.output, self.after, self.until, self.level)
        if len({len(column) for column in columns}) != 1:
            raise PlanError("columns of a reducer table differ in length")
        if not set(self.op.tolist()) <= _REDUCERS:
            raise PlanError("unknown readout operation", found=str(self.op[:20]))
        if np.isnan(self.after).any() or np.isnan(self.until).any():
            raise PlanError("a readout window is not a number")

    def __len__(self) -> int:
        return len(self.op)

    def windows(self, t_end: float) -> FloatArray:
        """Columns after, until, level, shape (n_reducer, 3), clipped of their infinities.

        Raises
        ------
        PlanError
            If a window is reversed or reaches outside the run.
        """
        if not len(self):
            return np.zeros((0, 3))
        after = np.where(np.isneginf(self.after), 0.0, self.after)
        until = np.where(np.isposinf(self.until), t_end, self.until)
        only_after = np.isin(self.op, (int(ReducerOp.START), int(ReducerOp.AT)))
        until = np.where(only_after, after, until)
        bad = (after < 0.0) | (until > t_end) | (after > until)
        if bad.any():
            k = int(np.argmax(bad))
            raise PlanError(
                "a readout window does not lie within the run",
                found=f"from {after[k]:g} to {until[k]:g}",
                expected=f"0 <= after <= until <= {t_end:g}",
                fix="change the window or simulate longer",
            )
        return _columns(after, until, self.level)


@record
class BatchInput:
    """Everything about a batch of runs that is not the model.

    Parameters
    ----------
    start : ndarray, shape (n_run, n_start)
        Start values q of each run, see :mod:`sigmapath.kernels`.
    times : ndarray, shape (n_time,)
        Output grid, ascending, >= 0, repeats allowed; integration always starts at t = 0. A value
        at t is the value after everything that happens at t.
    t_end : float, optional
        End of the runs; by default the last of ``times``.
    jumps : JumpTable
    jump_values : ndarray, shape (n_run, n_jump)
    equilibrate : JumpTable, optional
        Changes to make before a steady state is sought and taken as the state at t = 0; their
        times do not matter. None starts from the initial values.
    equilibrate_values : ndarray, shape (n_run, n_equilibrate_jump)
    reducers : ReducerTable
    keep_trajectories : bool
    tables : tuple of ndarray
        Worked out here, whatever is given: rows of the jumps, shape (n_jump, 3); of the reducers
        codes, shape (n_reducer, 2), windows, shape (n_reducer, 3), and their edges, ascending.
    """

    start: FloatArray
    times: FloatArray = field(default_factory=lambda: np.zeros(0))
    t_end: float | None = None
    jumps: JumpTable = field(default_factory=JumpTable)
    jump_values: FloatArray | None = None
    equilibrate: JumpTable | None = None
    equilibrate_values: FloatArray | None = None
    reducers: ReducerTable = field(default_factory=ReducerTable)
    keep_trajectories: bool = True
    tables: tuple[IntArray, IntArray, FloatArray, FloatArray] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", _floats(self.start, 2))
        object.__setattr__(self, "times", _floats(self.times, 1))
        if self.start.ndim != 2:
            raise PlanError("start values must have shape (n_run, n_start)")
        if not _is_ascending(self.times):
            raise PlanError(
                "output times must be finite, >= 0 and ascending", found=str(self.times[:20])
            )
        last = float(self.times[-1]) if len(self.times) else 0.0
        t_end = last if self.t_end is None else float(self.t_end)
        if not (0.0 <= t_end < np.inf) or t_end < last:
            raise PlanError(
                "the end time must be finite, >= 0 and not before the last output time",
                found=str(t_end),
                expected=f"at least {last:g}",
            )
        object.__setattr__(self, "t_end", t_end)
        values = _values(self.jump_values, len(self.start), len(self.jumps), "jump")
        object.__setattr__(self, "jump_values", values)
        n_before = len(self.equilibrate) if self.equilibrate is not None else 0
        values = _values(self.equilibrate_values, len(self.start), n_before, "equilibrate")
        object.__setattr__(self, "equilibrate_values", values)
        windows = self.reducers.windows(t_end)
        # np.unique would import numpy.ma, which takes longer than a small simulation.
        edges = np.array(sorted(set(windows[:, :2].ravel().tolist())), dtype=np.float64)
        codes = _columns(self.reducers.op, self.reducers.output)
        object.__setattr__(self, "tables", (self.jumps.rows(), codes, windows, edges))

    def with_runs(
        self,
        start: FloatArray,
        jump_values: FloatArray | None,
        equilibrate_values: FloatArray | None,
    ) -> BatchInput:
        """Return other runs of the same experiment; what they share is not checked again."""
        n_run = len(start)
        n_before = len(self.equilibrate) if self.equilibrate is not None else 0
        other = object.__new__(BatchInput)
        for shared in fields(self):
            object.__setattr__(other, shared.name, getattr(self, shared.name))
        for name, values in (
            ("start", _floats(start, 2)),
            ("jump_values", _values(jump_values, n_run, len(self.jumps), "jump")),
            ("equilibrate_values", _values(equilibrate_values, n_run, n_before, "equilibrate")),
        ):
            object.__setattr__(other, name, values)
        return other

    @property
    def n_run(self) -> int:
        """Number of runs."""
        return len(self.start)


@record
class Rested:
    """What equilibration found, run by run.

    Parameters
    ----------
    states : ndarray, shape (n_run, 3, n_state)
        State, infusions and held flags.
    parameters : ndarray, shape (n_run, n_p)
    status : ndarray of int64, shape (n_run,)
    residual : ndarray, shape (n_run,)
        See :class:`sigmapath.solvers.steady_state.SteadyState`.
    """

    states: FloatArray
    parameters: FloatArray
    status: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    residual: FloatArray = field(default_factory=lambda: np.zeros(0))

    def take(self, runs: IntArray) -> Rested:
        """Return the rows of these runs; a row may serve several."""
        return Rested(
            states=self.states[runs],
            parameters=self.parameters[runs],
            status=self.status[runs],
            residual=self.residual[runs],
        )


@record
class BatchOutput:
    """What a batch of runs gave; a failed run is NaN plus its status.

    Parameters
    ----------
    trajectories : ndarray, shape (n_run, n_time, n_output), or None
    reduced : ndarray, shape (n_run, n_reducer)
    status : ndarray of int8, shape (n_run,)
        :class:`sigmapath.status.Status`.
    method : ndarray of int8, shape (n_run,)
        Codes of :data:`sigmapath.solvers.registry.METHODS`; one past the last: began explicit,
        went over to the stiff method.
    stats : ndarray of int64, shape (n_run, len(STAT_NAMES))
    t_stop : ndarray, shape (n_run,)
        Time reached.
    rest_residual : ndarray, shape (n_run,)
        Of the steady state before t = 0; NaN where none was asked for.
    final_state : ndarray, shape (n_run, n_state)
    """

    trajectories: FloatArray | None
    reduced: FloatArray
    status: NDArray[np.int8]
    method: NDArray[np.int8]
    stats: IntArray
    t_stop: FloatArray
    rest_residual: FloatArray
    final_state: FloatArray


def _is_ascending(times: FloatArray) -> bool:
    """Whether times are finite, at least 0 and in order."""
    if times.ndim != 1:
        return False
    # The comparisons are false for what is not a number.
    in_order = bool((times[1:] >= times[:-1]).all())
    return not len(times) or (in_order and bool(0.0 <= times[0] <= times[-1] < np.inf))


def _values(values: object, n_run: int, n_jump: int, what: str) -> FloatArray:
    if values is None and n_jump == 0:
        return np.zeros((n_run, 0))
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.shape != (n_run, n_jump):
        raise PlanError(
            f"{what} values have the wrong shape",
            found=str(array.shape),
            expected=f"({n_run}, {n_jump})",
        )
    return array
