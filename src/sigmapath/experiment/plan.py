"""RunPlan: an experiment as arrays, nothing left to look up.

Enters: :func:`sigmapath.experiment.build.build_plan` fills it. Leaves: chunks of runs for the
solvers, names and units for results. A plan of 10^6 runs holds its axes, not its runs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sigmapath.experiment.observables import Observable
from sigmapath.record import record

__all__ = [
    "JumpRows",
    "PlanAxis",
    "PlanChunk",
    "PlanReadout",
    "ReducerRows",
    "RunPlan",
]

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@record(eq=False)
class JumpRows:
    """Jump table, in the order in which rows are applied; values come per run.

    Parameters
    ----------
    time : ndarray, shape (n_jump,)
        Ascending [model time].
    op, index, scale : ndarray of int64, shape (n_jump,)
        See :class:`sigmapath.opcodes.JumpOp`; ``scale`` is -1 where nothing divides the value.
    """

    time: FloatArray
    op: IntArray
    index: IntArray
    scale: IntArray

    def __len__(self) -> int:
        return len(self.time)


@record(eq=False)
class PlanAxis:
    """One dimension of the experiment and all numbers that move along it.

    Parameters
    ----------
    name : str
        As the user gave it; "member" for an ensemble.
    unit : str
        Of the coordinates.
    coordinates : ndarray, shape (n,)
    start_index, jump_index, rest_index : ndarray of int64, shape (k,)
        Which start values, jump values and values of the equilibration follow the axis.
    start_values, jump_values, rest_values : ndarray, shape (n, k)
    """

    name: str
    unit: str
    coordinates: FloatArray
    start_index: IntArray
    start_values: FloatArray
    jump_index: IntArray
    jump_values: FloatArray
    rest_index: IntArray
    rest_values: FloatArray

    def __len__(self) -> int:
        return len(self.coordinates)


@record(eq=False)
class ReducerRows:
    """Reducer table, shape (n_reducer,) each; see :class:`sigmapath.opcodes.ReducerOp`.

    ``output`` indexes ``RunPlan.outputs``; ``level`` is NaN where it means nothing.
    """

    op: IntArray
    output: IntArray
    after: FloatArray
    until: FloatArray
    level: FloatArray

    def __len__(self) -> int:
        return len(self.op)


@record
class PlanReadout:
    """One readout of the result: a reducer, divided by another one for a fold.

    Parameters
    ----------
    name : str
        As the user named it.
    text : str
        The readout as text.
    unit : str
    row : int
        Of the reducer table.
    divisor : int
        Row of the divisor, -1 without one.
    factor : float
        The divisor is multiplied by this: the window's length for areas, else 1.
    """

    name: str
    text: str
    unit: str
    row: int
    divisor: int = -1
    factor: float = 1.0


@record(eq=False)
class PlanChunk:
    """Some runs, worked out.

    Parameters
    ----------
    start : ndarray, shape (n_run, n_start)
        Start values q of the kernels: settable quantities, then states; NaN is worked out.
    jump_values : ndarray, shape (n_run, n_jump)
    rest_values : ndarray, shape (n_run, n_rest)
    """

    start: FloatArray
    jump_values: FloatArray
    rest_values: FloatArray


@record(eq=False)
class RunPlan:
    """Everything that is done to a model, resolved and validated.

    Parameters
    ----------
    model : str
    time_unit : str
    times : ndarray, shape (n_time,)
        Output times.
    t_end : float
        Integration goes from 0 to here.
    start : ndarray, shape (n_start,)
        Start values before axes move them.
    jumps : JumpRows
    jump_values : ndarray, shape (n_jump,)
        Before axes move them.
    rest : JumpRows or None
        Settings of the equilibration, applied to the start values before the search for the steady
        state, held through it; None if there is no equilibration. Rows of ``jumps`` at time 0 take
        them back, so holds must persist until then.
    rest_values : ndarray, shape (n_rest,)
    axes : tuple of PlanAxis
        In the order of the dimensions; the last varies fastest.
    outputs : tuple of Observable
        What the kernels work out: first what is recorded over time, then what only readouts need.
    n_recorded : int
        How many of ``outputs`` are recorded over time.
    reducers : ReducerRows
    readouts : tuple of PlanReadout
    keep_trajectories : bool
    ligands : tuple of (slot, ligand name)
    seed : int or None
        Of the ensemble.
    """

    model: str
    time_unit: str
    times: FloatArray
    t_end: float
    start: FloatArray
    jumps: JumpRows
    jump_values: FloatArray
    rest: JumpRows | None
    rest_values: FloatArray
    axes: tuple[PlanAxis, ...]
    outputs: tuple[Observable, ...]
    n_recorded: int
    reducers: ReducerRows
    readouts: tuple[PlanReadout, ...]
    keep_trajectories: bool
    ligands: tuple[tuple[str, str], ...] = ()
    seed: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis; () for a single run."""
        return tuple(len(axis) for axis in self.axes)

    @property
    def n_runs(self) -> int:
        """Number of runs."""
        return math.prod(self.shape)

    @property
    def recorded(self) -> tuple[Observable, ...]:
        """What is recorded over time."""
        return self.outputs[: self.n_recorded]

    def chunk(self, lo: int, hi: int) -> PlanChunk:
        """Work out runs lo .. hi - 1; runs count through the axes, the last one fastest.

        Memory is proportional to hi - lo.
        """
        if not 0 <= lo <= hi <= self.n_runs:
            raise IndexError(f"runs {lo} to {hi} of {self.n_runs}")
        n = hi - lo
        start, jump_values, rest_values = (
            _rows_of(row, n) for row in (self.start, self.jump_values, self.rest_values)
        )
        if self.axes:
            places = np.unravel_index(np.arange(lo, hi), self.shape)
            for axis, place in zip(self.axes, places, strict=True):
                for rows, index, values in (
                    (start, axis.start_index, axis.start_values),
                    (jump_values, axis.jump_index, axis.jump_values),
                    (rest_values, axis.rest_index, axis.rest_values),
                ):
                    if len(index):
                        rows[:, index] = values[place]
        return PlanChunk(start=start, jump_values=jump_values, rest_values=rest_values)

    def combine(self, reduced: FloatArray) -> FloatArray:
        """Turn reducers into readouts.

        Parameters
        ----------
        reduced : ndarray, shape (n_run, n_reducer)

        Returns
        -------
        ndarray, shape (n_run, n_readout)
            A fold whose divisor is 0 is NaN.
        """
        values = np.empty((reduced.shape[0], len(self.readouts)))
        for i, readout in enumerate(self.readouts):
            values[:, i] = reduced[:, readout.row]
            if readout.divisor >= 0:
                divisor = reduced[:, readout.divisor] * readout.factor
                values[:, i] /= np.where(divisor == 0.0, np.nan, divisor)
        return values


def _rows_of(row: FloatArray, n: int) -> FloatArray:
    """The same row n times."""
    rows = np.empty((n, len(row)))
    rows[:] = row
    return rows
