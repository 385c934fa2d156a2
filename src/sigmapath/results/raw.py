"""Results as they leave the loop: arrays by name, with units, without labels around them.

Enters: a run plan and the output of its batch. Leaves: files written directly, or a Dataset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sigmapath.record import record
from sigmapath.results.provenance import missing_values, provenance
from sigmapath.status import STAT_NAMES

__all__ = ["BatchLike", "PlanLike", "RawAxis", "RawResult"]

FloatArray = NDArray[np.float64]


class PlanLike(Protocol):
    """What is asked of a plan (``experiment.plan.RunPlan`` has it)."""

    @property
    def model(self) -> str:
        """Id of the model."""

    @property
    def time_unit(self) -> str:
        """Unit of the times."""

    @property
    def times(self) -> FloatArray:
        """Shape (n_time,)."""

    @property
    def seed(self) -> int | None:
        """Of what was drawn."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""

    @property
    def axes(self) -> Sequence[Any]:
        """Records with name, unit and coordinates."""

    @property
    def recorded(self) -> Sequence[Any]:
        """Records with name, unit and long_name."""

    @property
    def readouts(self) -> Sequence[Any]:
        """Records with name, text and unit."""

    @property
    def ligands(self) -> Sequence[tuple[str, str]]:
        """Slots and the ligands in them."""

    def combine(self, reduced: FloatArray) -> FloatArray:
        """Turn reducers into readouts."""


class BatchLike(Protocol):
    """What is asked of a batch (``solvers.batch.BatchOutput`` has it)."""

    @property
    def trajectories(self) -> FloatArray | None:
        """Shape (n_run, n_time, n_output), or None."""

    @property
    def reduced(self) -> FloatArray:
        """Shape (n_run, n_reducer)."""

    @property
    def status(self) -> NDArray[np.int8]:
        """Shape (n_run,)."""

    @property
    def stats(self) -> NDArray[np.int64]:
        """Shape (n_run, len(STAT_NAMES))."""

    @property
    def t_stop(self) -> FloatArray:
        """Time reached, shape (n_run,)."""


@record(eq=False)
class RawAxis:
    """One dimension: its name, unit and coordinates, shape (n,)."""

    name: str
    unit: str
    coordinates: FloatArray


@record(eq=False)
class RawResult:
    """Arrays of a whole experiment; ``shape`` is the lengths of the axes, () for a single run.

    Parameters
    ----------
    axes : tuple of RawAxis
    times : ndarray, shape (n_time,)
    time_unit : str
    trajectories : mapping name -> ndarray, shape (*shape, n_time)
        Observables over time; empty if they were not kept.
    reduced : mapping name -> ndarray, shape (*shape)
        Readouts.
    units : mapping name -> str
        Of observables and readouts.
    long_names : mapping name -> str
        Observables in words, readouts spelled out.
    status : ndarray of int8, shape (*shape)
        See :class:`sigmapath.status.Status`. A run that failed is NaN everywhere.
    stats : ndarray of int64, shape (*shape, len(STAT_NAMES))
    t_stop : ndarray, shape (*shape)
        Time that each run reached.
    attrs : mapping str -> str or int
        Provenance.
    """

    axes: tuple[RawAxis, ...]
    times: FloatArray
    time_unit: str
    trajectories: Mapping[str, FloatArray]
    reduced: Mapping[str, FloatArray]
    units: Mapping[str, str]
    long_names: Mapping[str, str]
    status: NDArray[np.int8]
    stats: NDArray[np.int64]
    t_stop: FloatArray
    attrs: Mapping[str, str | int]

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return tuple(len(axis.coordinates) for axis in self.axes)

    @classmethod
    def from_run(
        cls,
        plan: PlanLike,
        output: BatchLike,
        *,
        fingerprint: str,
        options: Mapping[str, Any],
    ) -> RawResult:
        """Name the arrays of a batch that has run: :meth:`of_arrays`, then :meth:`fill`."""
        named = cls.of_arrays(plan, output, fingerprint=fingerprint, options=options)
        named.fill(plan, output)
        return named

    @classmethod
    def of_arrays(
        cls,
        plan: PlanLike,
        output: BatchLike,
        *,
        fingerprint: str,
        options: Mapping[str, Any],
    ) -> RawResult:
        """Name the arrays of a batch, which may still be running: their values do not matter here.

        Parameters
        ----------
        plan : RunPlan
        output : BatchOutput
            Of all runs of the plan. Its arrays are taken over.
        fingerprint : str
        options : mapping
        """
        shape = plan.shape
        trajectories: dict[str, FloatArray] = {}
        if output.trajectories is not None:
            whole = output.trajectories.reshape(*shape, *output.trajectories.shape[1:])
            trajectories = {o.name: whole[..., i] for i, o in enumerate(plan.recorded)}
        readouts = {r.name: np.full(shape, np.nan) for r in plan.readouts}
        kept = plan.recorded if output.trajectories is not None else ()
        return cls(
            axes=tuple(
                RawAxis(name=a.name, unit=a.unit, coordinates=a.coordinates) for a in plan.axes
            ),
            times=plan.times,
            time_unit=plan.time_unit,
            trajectories=trajectories,
            reduced=readouts,
            units={entry.name: entry.unit for entry in (*kept, *plan.readouts)},
            long_names={
                **{o.name: o.long_name for o in kept},
                **{r.name: r.text for r in plan.readouts},
            },
            status=output.status.reshape(shape),
            stats=output.stats.reshape(*shape, len(STAT_NAMES)),
            t_stop=output.t_stop.reshape(shape),
            attrs=provenance(
                model=plan.model,
                fingerprint=fingerprint,
                options=options,
                seed=plan.seed,
                ligands=dict(plan.ligands),
            ),
        )

    def fill(self, plan: PlanLike, output: BatchLike) -> None:
        """Let runs of the batch that failed be NaN, and work out readouts, when all have ended."""
        failed = output.status != 0
        if output.trajectories is not None and failed.any():
            output.trajectories[failed] = np.nan
        combined = plan.combine(output.reduced)
        combined[failed] = np.nan
        for i, readout in enumerate(plan.readouts):
            self.reduced[readout.name][...] = combined[:, i].reshape(self.shape)

    def with_missing_values(self, names: Sequence[str]) -> RawResult:
        """Return the same with ids without a value at the start, which made runs fail."""
        return replace(self, attrs={**self.attrs, **missing_values(names)})

    def labels(self) -> dict[str, str]:
        """Names of observables and readouts as labels beside those of the axes.

        A name that is a dimension already (an axis over ``k_on`` with ``k_on`` observed), or that
        is ``time`` or ``status``, becomes ``id(name)``.
        """
        taken = {"time", "status", *self.axis_labels().values()}
        return {
            name: f"id({name})" if name in taken else name
            for name in (*self.trajectories, *self.reduced)
        }

    def axis_labels(self) -> dict[str, str]:
        """Names of axes as dimensions: an axis over an id ``time`` becomes ``id(time)``."""
        return {
            axis.name: f"id({axis.name})" if axis.name in ("time", "status") else axis.name
            for axis in self.axes
        }
