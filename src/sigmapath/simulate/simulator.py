"""A prepared simulation: names resolved once, then run again and again with other parameters.

Enters: an engine, a plan of one run, options. Leaves: arrays, with no labels around them: the
low-overhead path for optimisers and samplers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sigmapath.errors import PlanError, SolverError
from sigmapath.experiment.plan import RunPlan
from sigmapath.simulate.batch import chunk_input
from sigmapath.simulate.engine import Engine, run_options, without_value
from sigmapath.simulate.tolerances import with_tolerances
from sigmapath.solvers.solve import PreparedRun
from sigmapath.solvers.workspace import make_worker
from sigmapath.status import Status

__all__ = ["Simulator"]

FloatArray = NDArray[np.float64]


class Simulator:
    """One experiment, prepared; ``run`` takes other parameters each time.

    Not for several threads at once: make one per thread.

    Attributes
    ----------
    parameter_ids : tuple of str
        Everything that ``run`` may set, in the order of its array: parameters and compartments,
        then initial values of states, in the units of the model.
    observables : tuple of str
        Columns of the result.
    times : ndarray, shape (n_time,)
    """

    def __init__(self, engine: Engine, plan: RunPlan, **options: Any) -> None:
        if plan.n_runs != 1:
            raise PlanError(
                "a simulator is one run", found=f"{plan.n_runs} runs", fix="use sweep for axes"
            )
        chosen = run_options(options)
        kernels = engine.kernels(plan.outputs, backend=chosen.backend, tier=chosen.tier or "quick")
        worker = make_worker(
            kernels,
            with_tolerances(chosen.solver, engine.system, kernels),
            conservation=engine.conservation(plan) if plan.rest is not None else None,
        )
        self._prepared = PreparedRun(worker, chunk_input(plan, 0, 1))
        self._first: FloatArray = self._prepared.start.copy()
        self._is_first = True
        self._system = engine.system
        self._where = {name: i for i, name in enumerate(engine.index.settable)}
        self._driven = _driven_by_jumps(plan)
        self.parameter_ids = engine.index.settable
        self.observables = tuple(observable.name for observable in plan.recorded)
        self.times: FloatArray = plan.times.copy()
        self.times.setflags(write=False)

    def run(self, parameters: Mapping[str, float] | ArrayLike | None = None) -> FloatArray:
        """Integrate once.

        Parameters
        ----------
        parameters : mapping id -> value, array of shape (len(parameter_ids),), or None
            In model units. None: the values the simulator was made with. NaN in an array lets the
            model work the value out (initial assignments).

        Returns
        -------
        ndarray, shape (len(times), len(observables))
            A new array each time.

        Raises
        ------
        SolverError
            If the run fails; carries status and time.
        PlanError
            If an id is unknown or the array has another length.
        """
        if parameters is not None:
            self._set(parameters)
        elif not self._is_first:
            self._prepared.start[:] = self._first
            self._is_first = True
        prepared = self._prepared
        status = prepared.run()
        if status != 0:
            raise self._failure(status)
        found: FloatArray = prepared.trajectory.copy()
        return found

    @property
    def stats(self) -> dict[str, int]:
        """Counters of the last run: steps, rejections, evaluations, factorisations, solves."""
        return self._prepared.stats

    def _set(self, parameters: Mapping[str, float] | ArrayLike) -> None:
        row = self._prepared.start
        self._is_first = False
        if isinstance(parameters, Mapping):
            row[:] = self._first
            for name, value in parameters.items():
                row[self._position(name)] = value
        else:
            values = np.asarray(parameters, dtype=np.float64)
            if values.shape != row.shape:
                raise PlanError(
                    "wrong number of parameters",
                    where="run",
                    found=f"shape {values.shape}",
                    expected=f"shape {row.shape}, in the order of parameter_ids",
                )
            row[:] = values

    def _failure(self, code: int) -> SolverError:
        status = Status(code)
        what = f"the run failed: {status.message}"
        missing = without_value(self._system, self._prepared.start)
        if status == Status.BAD_START and missing:
            what += f"; no value is given for {', '.join(missing)}"
        return SolverError(what, status=code, time=self._prepared.t_stop)

    def _position(self, name: str) -> int:
        position = self._where.get(name)
        if position is None:
            from sigmapath.errors import UnknownNameError

            raise UnknownNameError("parameter", name, self._where, where="run")
        if position in self._driven:
            raise PlanError(
                f"'{name}' is set by a dose or a phase of this simulator, so a value given to run "
                "would be overwritten",
                where="run",
                fix="give it in doses= when the simulator is made",
            )
        return position


def _driven_by_jumps(plan: RunPlan) -> frozenset[int]:
    """Parameters that a jump at time 0 sets whatever ``run`` is given."""
    from sigmapath.opcodes import JumpOp

    at_start = (plan.jumps.time == 0.0) & (plan.jumps.op == JumpOp.SET_PARAMETER)
    return frozenset(int(i) for i in plan.jumps.index[at_start])
