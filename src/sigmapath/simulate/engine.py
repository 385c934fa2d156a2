"""Engine: one model made ready to run; plans in, raw results out.

Enters: a reaction network and what surrounds it (ligands, conditions, parameter ranges). Leaves:
:class:`sigmapath.results.raw.RawResult`. Called by the public ``Model`` and the analyses. An engine
never changes: the same plan gives the same bytes whatever ran before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from sigmapath.codegen.compile import Backend, Tier, compile_model, with_outputs
from sigmapath.errors import PlanError
from sigmapath.experiment.build import build_plan
from sigmapath.experiment.condition import Condition
from sigmapath.experiment.ensemble import Ensemble, ParameterRange, ensemble
from sigmapath.experiment.ligands import LigandTable
from sigmapath.experiment.observables import Observable, resolve_observables
from sigmapath.experiment.plan import RunPlan
from sigmapath.expr.nodes import Expr
from sigmapath.expr.rewrite import substitute
from sigmapath.kernels import Kernels
from sigmapath.lower.system import OdeSystem
from sigmapath.names import NameIndex
from sigmapath.opcodes import JumpOp
from sigmapath.record import record
from sigmapath.results.raw import RawResult
from sigmapath.simulate.batch import Progress, run_batch
from sigmapath.simulate.kept import Kept
from sigmapath.simulate.moieties import conservation_of
from sigmapath.simulate.room import Room
from sigmapath.simulate.tolerances import with_tolerances
from sigmapath.simulate.workers import Setup, new_setup, pays_for_own_code
from sigmapath.solvers.batch import BatchOutput
from sigmapath.solvers.conservation import Conservation
from sigmapath.solvers.options import SolverOptions
from sigmapath.status import Status

__all__ = ["RUNS_FOR_LANES", "Engine", "run_options", "without_value"]

# Sweeps of at least this many runs are worth the optimising compiler, and those that go in lanes of
# their own accord; below it the quick tier gives the first result sooner. Part of every result's
# fingerprint.
_RUNS_FOR_FAST_TIER = 64
_BAD_START = int(Status.BAD_START)
_View = TypeVar("_View")

_SOLVER_WORDS = (
    "method",
    "rtol",
    "atol",
    "max_steps",
    "max_step",
    "first_step",
    "max_order",
    "event_seed",
)
_RUN_WORDS = ("backend", "tier", "lanes", "threads", "progress")
# From this many runs on SIMD lanes are worth their compilation: of small models, which take less
# than a second, and of all. Few runs go by fours, so that all lanes of all threads are busy to the
# end. Plan and model decide, never what happens to be compiled: the same experiment gives the same
# numbers.
_RUNS_FOR_LANES_OF_SMALL, RUNS_FOR_LANES = 32, 256
_SMALL, _FEW_LANES = 128, 4
_WIDTHS = (1, 2, 4, 8)
# Kinds of question whose machine code and workers an engine keeps at hand.
_KEPT = 8


@record
class RunOptions:
    """How a plan is run: solver options, backend, tier, SIMD lanes and threads."""

    solver: SolverOptions
    backend: Backend = "llvm"
    tier: Tier | None = None
    lanes: int | None = None
    threads: int | None = None
    progress: Progress | None = field(default=None, compare=False)


def run_options(given: Mapping[str, Any]) -> RunOptions:
    """Check and sort the keyword options of a run.

    Raises
    ------
    PlanError
        If an option is unknown or a value makes no sense.
    """
    unknown = [name for name in given if name not in (*_SOLVER_WORDS, *_RUN_WORDS)]
    if unknown:
        raise PlanError(
            f"unknown option '{unknown[0]}'", expected=", ".join((*_SOLVER_WORDS, *_RUN_WORDS))
        )
    for name, choices in (("backend", ("llvm", "numba")), ("tier", (None, "quick", "fast"))):
        if given.get(name, choices[0]) not in choices:
            raise PlanError(
                f"unknown {name}",
                found=str(given[name]),
                expected=" or ".join(str(choice) for choice in choices if choice),
            )
    if given.get("lanes") is not None and given["lanes"] not in _WIDTHS:
        raise PlanError("unknown number of lanes", found=str(given["lanes"]), expected="1, 2, 4, 8")
    solver = {name: given[name] for name in _SOLVER_WORDS if given.get(name) is not None}
    others = {name: given[name] for name in _RUN_WORDS if name in given}
    return RunOptions(solver=SolverOptions(**solver), **others)


class Engine:
    """A lowered model with its surroundings.

    Parameters
    ----------
    system : OdeSystem
    ligands : LigandTable
        What names beyond the model's ids may mean.
    conditions : mapping name -> Condition
    ranges : sequence of ParameterRange
        What an ensemble draws from.
    inputs : iterable of str
        Ids that act like doses on an axis.
    default_observables : sequence of str, optional
        Recorded when nothing in particular is asked for.
    long_names : mapping id -> str, optional
        What ids are in words, for figures.
    """

    def __init__(
        self,
        system: OdeSystem,
        *,
        ligands: LigandTable | None = None,
        conditions: Mapping[str, Condition] | None = None,
        ranges: Sequence[ParameterRange] = (),
        inputs: Sequence[str] = (),
        default_observables: Sequence[str] | None = None,
        long_names: Mapping[str, str] | None = None,
    ) -> None:
        self.system = system
        self.ligands = ligands if ligands is not None else LigandTable(())
        self.conditions = dict(conditions or {})
        self.ranges = tuple(ranges)
        self.index = NameIndex.from_system(
            system,
            inputs=inputs,
            default_observables=default_observables,
            long_names=long_names,
        )
        # None of them changes a result: they hold what would otherwise be made again.
        self._room = Room()
        self._setups: Kept[Setup] = Kept(_KEPT)
        self._conservations: Kept[Conservation] = Kept(_KEPT)

    def conservation(self, plan: RunPlan) -> Conservation:
        """Conserved moieties under the start values of a plan, as the rest search takes them."""
        moved = {int(i) for axis in plan.axes for i in axis.start_index}
        if plan.rest is not None:
            moved |= {int(i) for i in plan.rest.index[plan.rest.op == JumpOp.SET_PARAMETER]}
        names = frozenset(self.index.id_at(i) for i in moved)
        return self._conservations.get(
            (plan.start.tobytes(), names), lambda: conservation_of(self.system, plan.start, names)
        )

    def plan(
        self, *, ensemble: int | Ensemble | None = None, seed: int = 0, **experiment: Any
    ) -> RunPlan:
        """Resolve an experiment; see :func:`sigmapath.experiment.build.build_plan`.

        Parameters
        ----------
        ensemble : int or Ensemble, optional
            A number of draws from the model's parameter ranges, or members of your own.
        seed : int
            Of the draws.
        **experiment
            times, axes, doses, parameters, initial, condition, protocol, observables, readouts.
        """
        return build_plan(
            self.index,
            conditions=self.conditions,
            ligands=self.ligands,
            ensemble=self._ensemble(ensemble, seed),
            usual=self._usual,
            **experiment,
        )

    @cached_property
    def _usual(self) -> tuple[Observable, ...]:
        """What is observed where nothing in particular is asked for."""
        return resolve_observables(self.index.default_observables, self.index)

    def _ensemble(self, given: int | Ensemble | None, seed: int) -> Ensemble | None:
        if given is None or isinstance(given, Ensemble):
            return given
        return ensemble(given, ranges=self.ranges, seed=seed)

    def kernels(
        self,
        outputs: Sequence[Observable] = (),
        *,
        backend: Backend = "llvm",
        tier: Tier = "quick",
        lanes: int = 1,
    ) -> Kernels:
        """Compiled model with the given observables, for one run at a time or several."""
        kernels = compile_model(self.system, backend=backend, tier=tier, lanes=lanes)
        return with_outputs(kernels, self.system, [self._resolved(o.expr) for o in outputs])

    def _resolved(self, expr: Expr) -> Expr:
        """A formula over observable names, over what kernels know."""
        return substitute(expr, self.system.observables)

    def run(self, plan: RunPlan, **options: Any) -> RawResult:
        """Run a plan.

        Parameters
        ----------
        plan : RunPlan
        **options
            Solver options (method, rtol, atol, max_steps, max_step, first_step, max_order), backend
            ("llvm" or "numba"), tier ("quick" or "fast"; by default fast for sweeps), lanes (runs
            at a time per thread: 1, 2, 4 or 8; by default what the CPU takes for large batches of
            models without events and delays, up to 4 for batches of 32 runs of small ones,
            otherwise 1), threads, progress (callable
            (done, total)).

        Returns
        -------
        RawResult
            Failed runs are NaN with a status.
        """
        return self.run_with(plan, None, **options)[0]

    def run_with(
        self, plan: RunPlan, look: Callable[[RawResult], _View] | None, **options: Any
    ) -> tuple[RawResult, _View | None]:
        """Run a plan, and make a view of the result beside the runs.

        Parameters
        ----------
        plan : RunPlan
        look : callable or None
            Given a result whose arrays hold anything yet, and hold the values in the end.
        **options
            As for :meth:`run`.

        Returns
        -------
        raw, view : RawResult and what ``look`` returned
        """
        chosen = run_options(options)
        setup = self._setup(plan, chosen)
        made: list[tuple[RawResult, _View | None]] = []

        def name(output: BatchOutput) -> None:
            raw = RawResult.of_arrays(
                plan,
                output,
                fingerprint=(setup.lane_kernels or setup.kernels).fingerprint,
                options=_described(chosen, setup),
            )
            made.append((raw, None if look is None else look(raw)))

        output = run_batch(
            setup, plan, threads=chosen.threads, progress=chosen.progress, meanwhile=name
        )
        if not made:
            # Ctrl-C came in between.
            name(output)
        raw, view = made[0]
        raw.fill(plan, output)
        if (output.status == _BAD_START).any():
            raw = raw.with_missing_values(self._missing_values(plan))
        return raw, view

    def _setup(self, plan: RunPlan, chosen: RunOptions) -> Setup:
        """What a plan is run with: made for the first plan of its kind, then kept."""
        n_runs = plan.n_runs
        has_own_code, most_lanes = pays_for_own_code(n_runs), self._most_lanes(n_runs)
        is_worth_it = n_runs >= _RUNS_FOR_FAST_TIER or most_lanes != 1
        tier: Tier = chosen.tier or (
            "fast" if is_worth_it and chosen.backend == "llvm" else "quick"
        )
        conservation = self.conservation(plan) if plan.rest is not None else None
        looked_at = tuple([output.expr for output in plan.outputs])
        moieties = None if conservation is None else conservation.matrix.tobytes()
        asked = (chosen.solver, chosen.backend, tier, chosen.lanes)

        def make() -> Setup:
            kernels = self.kernels(plan.outputs, backend=chosen.backend, tier=tier)
            lanes = _lanes(chosen, kernels, most_lanes)
            lane_kernels = None
            if lanes > 1:
                lane_kernels = self.kernels(plan.outputs, tier=tier, lanes=lanes)
            return new_setup(
                kernels,
                lane_kernels,
                with_tolerances(chosen.solver, self.system, kernels),
                tier=tier,
                conservation=conservation,
                has_own_code=has_own_code,
                room=self._room,
            )

        return self._setups.get((*asked, has_own_code, most_lanes, moieties, looked_at), make)

    def _most_lanes(self, n_runs: int) -> int:
        """How many lanes so many runs are worth; 0 is as many as the CPU has."""
        if n_runs >= RUNS_FOR_LANES:
            return 0
        is_small = len(self.system.states) <= _SMALL
        return _FEW_LANES if is_small and n_runs >= _RUNS_FOR_LANES_OF_SMALL else 1

    def _missing_values(self, plan: RunPlan) -> list[str]:
        """Ids to which neither the model nor the plan gives a value to start with."""
        given = {self.index.id_at(int(i)) for axis in plan.axes for i in axis.start_index}
        return [name for name in without_value(self.system, plan.start) if name not in given]


def _described(chosen: RunOptions, setup: Setup) -> dict[str, Any]:
    """Options of a run as its provenance gives them."""
    return {
        **chosen.solver.as_dict(),
        "backend": chosen.backend,
        "tier": setup.tier,
        "lanes": setup.lanes,
        "own_code": setup.has_own_code,
    }


def without_value(system: OdeSystem, start: NDArray[np.float64]) -> list[str]:
    """Ids of quantities that start as NaN and that the model does not work out either."""
    quantities = (*system.parameters, *system.states)
    places = np.flatnonzero(np.isnan(start)).tolist()
    return [quantities[i].id for i in places if quantities[i].start is None]


def _lanes(chosen: RunOptions, kernels: Kernels, most: int) -> int:
    """How many runs at a time each thread takes, of its own accord at most ``most`` if not 0.

    Raises
    ------
    PlanError
        If lanes are asked for where there cannot be any.
    """
    if chosen.lanes == 1 or (chosen.lanes is None and most == 1):
        return 1
    from sigmapath.solvers.lanes.code import native_width
    from sigmapath.solvers.lanes.worker import suits_lanes

    if chosen.backend == "llvm" and suits_lanes(kernels, chosen.solver):
        return chosen.lanes or min(most or native_width(), native_width())
    if chosen.lanes is not None:
        raise PlanError(
            "this model or method does not run in lanes",
            where="lanes",
            found=str(chosen.lanes),
            expected="a model without events, delays, algebraic rules and fast reactions, "
            'method "auto" or "rodas5p", backend "llvm"',
            fix="leave lanes out",
        )
    return 1
