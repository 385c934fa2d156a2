"""Stochastic simulation: replicates of a plan, kept or reduced to means and standard deviations.

Enters: a reaction network and experiments as the engine takes them. Leaves: a
:class:`sigmapath.results.raw.RawResult` with the dimension ``replicate`` or ``statistic``. Called
by the public ``Model`` where ``method="ssa"``.

The random numbers of a run depend on the seed, its replicate and its place on the axes only, and
moments are merged in a fixed order: the same call gives the same bytes on any number of threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.codegen.compile import Backend, Tier, with_outputs
from sigmapath.errors import PlanError
from sigmapath.experiment.condition import Condition
from sigmapath.experiment.ensemble import ParameterRange
from sigmapath.experiment.ligands import LigandTable
from sigmapath.experiment.plan import PlanAxis, RunPlan
from sigmapath.kernels import Kernels
from sigmapath.lower.draws import COUNT, POINT, REPLICATE
from sigmapath.lower.hazards import HAZARD, REFUSED
from sigmapath.lower.propensities import JumpProcess, jump_process
from sigmapath.model.network import ReactionNetwork
from sigmapath.opcodes import Distribution, JumpOp
from sigmapath.record import record
from sigmapath.results.raw import RawResult
from sigmapath.simulate.engine import Engine, run_options
from sigmapath.simulate.replicates import Replicates, run_replicates
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.ssa_batch import MOST_FIRINGS, Drawing, Jumping, make_stochastic_worker

__all__ = ["StochasticEngine"]

# Where reactions are events of the integration, each takes a few steps.
_MOST_STEPS = 10**9
_RUNS_FOR_FAST_TIER = 16


@record
class _Compiled:
    """Kernels of a jump process; ``keepers`` holds the code behind the addresses."""

    kernels: Kernels
    jumping: Jumping | None
    drawing: Drawing | None
    keepers: tuple[Kernels, ...]


class StochasticEngine:
    """A network made ready for stochastic runs; never changes.

    Parameters
    ----------
    network : ReactionNetwork
    ligands, conditions, ranges, inputs, long_names
        As for :class:`sigmapath.simulate.engine.Engine`.
    """

    def __init__(
        self,
        network: ReactionNetwork,
        *,
        ligands: LigandTable | None = None,
        conditions: Mapping[str, Condition] | None = None,
        ranges: Sequence[ParameterRange] = (),
        inputs: Sequence[str] = (),
        long_names: Mapping[str, str] | None = None,
    ) -> None:
        self.process: JumpProcess = jump_process(network)
        self.engine = Engine(
            self.process.system,
            ligands=ligands,
            conditions=conditions,
            ranges=ranges,
            inputs=inputs,
            default_observables=self.process.recorded,
            long_names=long_names,
        )

    def run(
        self,
        *,
        replicates: int = 1,
        moments: bool = False,
        seed: int = 0,
        options: Mapping[str, Any] | None = None,
        **experiment: Any,
    ) -> RawResult:
        """Run an experiment a number of times.

        Parameters
        ----------
        replicates : int
            At least 1.
        moments : bool
            Keep mean and standard deviation over the replicates (divisor n - 1) instead of the
            trajectories; memory does not grow with the replicates.
        seed : int
            From 0 to 2^63 - 1.
        options : mapping
            As for :meth:`sigmapath.simulate.engine.Engine.run`; ``max_steps`` limits the firings
            of a run.
        **experiment
            As for :meth:`sigmapath.simulate.engine.Engine.plan`; no readouts, no rest.

        Returns
        -------
        RawResult
            Dimensions: axes, then "replicate" or "statistic", then time. Failed runs are NaN with
            a status; moments that a failed run belongs to are NaN with the first such status.

        Raises
        ------
        PlanError
            If the experiment has no meaning for a stochastic run.
        """
        given = {k: v for k, v in (options or {}).items() if k != "method" and v is not None}
        chosen = run_options(given)
        n = _checked("replicates", replicates, 1, 2**32)
        seed = _checked("seed", seed, 0, 2**63)
        plan = self.engine.plan(seed=seed, **experiment)
        self._require_sense(plan)
        tier: Tier = chosen.tier or (
            "fast" if n * plan.n_runs >= _RUNS_FOR_FAST_TIER and chosen.backend == "llvm"
            else "quick"
        )  # fmt: skip
        compiled = self._compiled(plan, chosen.backend, tier)
        solver = chosen.solver
        if "max_steps" not in given:
            solver = replace(solver, max_steps=_MOST_STEPS)
        work = Replicates(
            plan=plan,
            make_worker=lambda: make_stochastic_worker(
                compiled.kernels,
                solver,
                seed=seed,
                jumping=compiled.jumping,
                drawing=compiled.drawing,
                refused_at=_place(self.process, REFUSED),
                most_firings=int(given.get("max_steps", MOST_FIRINGS)),
            ),
            n_replicates=n,
            n_output=len(plan.outputs),
            moments=bool(moments),
        )
        output = run_replicates(work, threads=chosen.threads, progress=chosen.progress)
        last = (
            _axis("statistic", np.array(["mean", "sd"]))
            if moments
            else _axis("replicate", np.arange(n, dtype=np.float64))
        )
        return RawResult.from_run(
            replace(plan, axes=(*plan.axes, last), seed=seed),
            output,
            fingerprint=compiled.kernels.fingerprint,
            options={
                **_relevant(solver, self.process.mode),
                "method": f"ssa ({self.process.mode})",
                "replicates": n,
                "backend": chosen.backend,
                "tier": tier,
            },
        )

    def _require_sense(self, plan: RunPlan) -> None:
        """Refuse what a stochastic run cannot do."""
        if len(plan.reducers):
            raise PlanError(
                "readouts are not worked out in stochastic runs",
                fix="record observables and reduce the trajectories",
            )
        if plan.rest is not None:
            raise PlanError(
                "a stochastic run has no steady state to start from",
                where="protocol",
                fix="start earlier, or from initial values",
            )
        ops = plan.jumps.op
        if self.process.mode == "direct" and (ops == JumpOp.ADD_RATE).any():
            raise PlanError(
                "an infusion adds fractions of items, which a stochastic run cannot count",
                where="doses",
                fix="give single doses, or write the infusion as a reaction of order zero",
            )
        if self.process.mode == "hazard":
            self._require_free(plan)

    def _require_free(self, plan: RunPlan) -> None:
        """Refuse to hold a species that the event of the firings changes."""
        states = {state.id for state in self.process.system.states}
        if HAZARD not in states:
            return
        events = self.process.system.events
        last = len(self.process.system.event_ids) - 2
        fired = events.target[events.assign_start[last] : events.assign_start[last + 1]]
        is_state = events.target_is_state[events.assign_start[last] : events.assign_start[last + 1]]
        moved = set(fired[is_state == 0].tolist())
        held = (plan.jumps.op == JumpOp.SET_PARAMETER) & np.isin(plan.jumps.index, list(moved))
        if held.any():
            name = self.engine.index.id_at(int(plan.jumps.index[held][0]))
            raise PlanError(
                f"'{name}' is held, but reactions whose rates depend on time change it",
                where="doses",
                fix="give an initial value, or add amounts by sp.dose",
            )

    def _compiled(self, plan: RunPlan, backend: Backend, tier: Tier) -> _Compiled:
        process, system = self.process, self.process.system
        kernels = self.engine.kernels(plan.outputs, backend=backend, tier=tier)
        keepers: list[Kernels] = []

        def address(expressions: Sequence[Any]) -> int:
            keepers.append(with_outputs(kernels, system, expressions))
            return keepers[-1].address("outputs")

        jumping = drawing = None
        if process.mode == "direct":
            jumping = Jumping(
                rates=address(process.rates),
                gains=address(process.changes),
                first=process.first,
                state=process.state,
                volume=process.volume,
                timed_roots=process.timed_roots,
            )
        if process.draws:
            arguments = [argument for draw in process.draws for argument in draw.args]
            places = {q.id: j for j, q in enumerate(system.parameters)}
            drawing = Drawing(
                arguments=address(arguments),
                n_arguments=len(arguments),
                rows=_draw_rows(process, places),
                replicate=places[REPLICATE],
                point=places[POINT],
                count=places[COUNT],
            )
        return _Compiled(kernels=kernels, jumping=jumping, drawing=drawing, keepers=tuple(keepers))


def _place(process: JumpProcess, name: str) -> int:
    """Place of a parameter in p, -1 if there is none."""
    ids = [quantity.id for quantity in process.system.parameters]
    return ids.index(name) if name in ids else -1


def _draw_rows(process: JumpProcess, places: Mapping[str, int]) -> NDArray[np.int64]:
    rows, first = [], 0
    for draw in process.draws:
        code = int(Distribution[draw.distribution.upper()])
        rows.append((draw.owner, code, len(draw.args), first, places[draw.id]))
        first += len(draw.args)
    return np.array(rows, dtype=np.int64)


def _relevant(solver: SolverOptions, mode: str) -> dict[str, Any]:
    """Solver options that bear on the result."""
    if mode == "hazard":
        return solver.as_dict()
    return {"event_seed": solver.event_seed}


def _axis(name: str, coordinates: NDArray[Any]) -> PlanAxis:
    """An axis along which no value of the plan moves."""
    n, none = len(coordinates), np.zeros(0, dtype=np.int64)
    empty = np.zeros((n, 0))
    return PlanAxis(
        name=name,
        unit="",
        coordinates=coordinates,
        start_index=none,
        start_values=empty,
        jump_index=none,
        jump_values=empty,
        rest_index=none,
        rest_values=empty,
    )


def _checked(name: str, value: Any, least: int, bound: int) -> int:
    is_whole = not isinstance(value, bool) and isinstance(value, (int, np.integer))
    if not is_whole or not least <= int(value) < bound:
        raise PlanError(
            f"{name} must be a whole number",
            where=name,
            found=repr(value),
            expected=f"from {least} to {bound - 1}",
        )
    return int(value)
