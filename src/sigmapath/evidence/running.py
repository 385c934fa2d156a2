"""Run what the experiments of claims ask for, every distinct run once.

Enters: experiments, and a way to get the engine of a model by name. Leaves: :class:`Recorded`
values by run. Plans are made, and so refused, before the first run starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sigmapath.errors import PlanError, SigmapathError
from sigmapath.evidence.measures import FloatArray, Measure, Recorded, parse_measure
from sigmapath.evidence.specs import Check, Experiment, PhaseSpec, RunSpec
from sigmapath.experiment.ensemble import Ensemble, ensemble
from sigmapath.experiment.plan import RunPlan
from sigmapath.experiment.protocol import Phase, equilibrate, phase
from sigmapath.experiment.readouts import parse_readout
from sigmapath.quantity import parse_unit, to_model_units
from sigmapath.record import record
from sigmapath.simulate.engine import Engine

__all__ = ["Draws", "EngineSource", "Members", "Results", "run_experiments", "wanted_measures"]

EngineSource = Callable[[str], Engine]


@record
class Draws:
    """So many draws within a factor of the nominal values."""

    n: int
    seed: int
    factor: float

    def __call__(self, engine: Engine) -> Ensemble:
        """Make the ensemble for the engine of a model."""
        return ensemble(self.n, ranges=engine.ranges, seed=self.seed, factor=self.factor)


# A number of draws, members, or what makes members for the engine of a model.
Members = int | Ensemble | Callable[[Engine], Ensemble] | None
# Courses are drawn in the report and searched for half-times; finer than any feature asked for.
_COURSE_POINTS = 241
_PHASE_POINTS = 61


@dataclass(slots=True)
class _Wanted:
    """What one run has to record."""

    readouts: dict[str, None] = field(default_factory=dict)
    courses: dict[str, None] = field(default_factory=dict)
    first_asked: str = ""


@record(eq=False)
class Results:
    """What all runs left behind, by run.

    Parameters
    ----------
    by_run : mapping RunSpec -> Recorded
    n_member : int
        Members of every run, the nominal one included.
    n_runs : int
    draws : mapping id -> ndarray, shape (n_member,)
        Parameters that differ between members.
    """

    by_run: Mapping[RunSpec, Recorded]
    n_member: int
    n_runs: int
    draws: Mapping[str, FloatArray] = field(default_factory=dict)

    def of(self, experiment: Experiment) -> dict[str, Recorded]:
        """Runs of one experiment by their names in it."""
        return {
            name: self.by_run[spec] for name, spec in experiment.runs.items() if spec in self.by_run
        }


def wanted_measures(check: Check, runs: Mapping[str, RunSpec]) -> list[tuple[str, Measure]]:
    """Every (run, measure) that a check reads."""
    found = []
    for text in check.of:
        for name in check.runs_of_own():
            binding = bool(runs[name].binding)
            spelled = f"spread({text})" if check.op == "conserved" else text
            found.append((name, parse_measure(spelled, binding=binding)))
    for other in (check.share_of, check.more_than):
        if other is not None:
            found += wanted_measures(other, runs)
    references = [(m.reference, m) for _, m in found if m.reference]
    return found + references


def run_experiments(
    experiments: Iterable[Experiment],
    engine_of: EngineSource,
    *,
    ensemble: Members = None,
    seed: int = 0,
    courses: bool = True,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Results:
    """Run every distinct run of some experiments.

    Parameters
    ----------
    experiments : iterable of Experiment
    engine_of : callable name -> Engine
    ensemble : int or Ensemble, optional
        Members of every run; member 0 is nominal.
    seed : int
    courses : bool
        Record the course of every readout's observable, for the report.
    progress : callable (done, total), optional
    **options
        Solver options.

    Raises
    ------
    SigmapathError
        If an experiment makes no sense for its model; says which claim and run.
    """
    wanted = _collect(experiments, courses=courses)
    plans: dict[RunSpec, tuple[Engine, RunPlan]] = {}
    for spec, asked in wanted.items():
        if spec.binding:
            continue
        try:
            plans[spec] = _plan(spec, asked, engine_of, ensemble, seed)
        except SigmapathError as error:
            raise PlanError(
                "the experiment makes no sense for its model", where=asked.first_asked,
                found=str(error),
            ) from error  # fmt: skip
    total = sum(plan.n_runs for _, plan in plans.values())
    drawn = ensemble.n if isinstance(ensemble, Draws) else ensemble
    n_member = max(_n_member(plans.values()), drawn + 1 if isinstance(drawn, int) else 1)
    done, recorded = 0, {}
    for spec, asked in wanted.items():
        if spec.binding:
            recorded[spec] = _binding(spec, asked, engine_of, ensemble, n_member, seed)
            continue
        engine, plan = plans[spec]
        recorded[spec] = _recorded(spec, engine.run(plan, **options), n_member)
        done += plan.n_runs
        if progress is not None:
            progress(done, total)
    draws = _draws(plans.values())
    return Results(by_run=recorded, n_member=n_member, n_runs=total, draws=draws)


def _draws(plans: Iterable[tuple[Engine, RunPlan]]) -> dict[str, FloatArray]:
    """Columns of the member axis by parameter id; equal in every plan that draws them."""
    found: dict[str, FloatArray] = {}
    for engine, plan in plans:
        for axis in plan.axes:
            if axis.name != "member":
                continue
            for column, position in zip(axis.start_values.T, axis.start_index, strict=True):
                found.setdefault(engine.index.id_at(int(position)), column)
    return found


def _times(spec: RunSpec, asked: _Wanted) -> FloatArray | str | None:
    """Times of a run; where its courses are recorded, short phases have points of their own."""
    if spec.until or not spec.phases or not asked.courses:
        return spec.until
    lengths = [
        to_model_units(p.duration, parse_unit("s"), name="duration", where=asked.first_asked)
        for p in spec.phases
    ]
    edges = np.concatenate([[0.0], np.cumsum(lengths)])
    inside = [
        np.linspace(start, stop, _PHASE_POINTS)
        for start, stop in zip(edges[:-1], edges[1:], strict=True)
        if stop - start < 0.2 * edges[-1]
    ]
    return np.unique(np.concatenate([np.linspace(0.0, edges[-1], _COURSE_POINTS), *inside]))


def _n_member(plans: Iterable[tuple[Engine, RunPlan]]) -> int:
    """Members of every run; the same for all, because they are made the same way."""
    sizes = {len(a) for _, plan in plans for a in plan.axes if a.name == "member"}
    return max(sizes, default=1)


def _collect(experiments: Iterable[Experiment], *, courses: bool) -> dict[RunSpec, _Wanted]:
    wanted: dict[RunSpec, _Wanted] = {}
    for experiment in experiments:
        for check in (*experiment.checks, *experiment.controls):
            for name, taken in wanted_measures(check, experiment.runs):
                spec = experiment.runs[name]
                entry = wanted.setdefault(
                    spec, _Wanted(first_asked=f"claim {experiment.claim}, run {name}")
                )
                entry.readouts |= dict.fromkeys(taken.readouts)
                if taken.course:
                    entry.courses[taken.course] = None
                elif courses and not spec.binding and not spec.curve_of:
                    for text in taken.readouts:
                        entry.courses[parse_readout(text).observable] = None
    return wanted


def _plan(
    spec: RunSpec,
    asked: _Wanted,
    engine_of: EngineSource,
    ensemble: Members,
    seed: int,
) -> tuple[Engine, RunPlan]:
    engine = engine_of(spec.model)
    phases = [_phase(entry) for entry in spec.phases]
    protocol: list[Phase] = [equilibrate(), *phases] if spec.rest else phases
    axes = {spec.curve_of: curve_doses(spec.curve)} if spec.curve_of and spec.curve else None
    plan = engine.plan(
        times=window_times(spec.window) if spec.window else _times(spec, asked),
        points=_COURSE_POINTS,
        axes=axes,
        doses=dict(spec.doses) or None,
        parameters=dict(spec.parameters) or None,
        condition=list(spec.condition) or None,
        protocol=protocol or None,
        observables=list(asked.courses) or None,
        readouts=list(asked.readouts) or None,
        keep_trajectories=bool(asked.courses),
        ensemble=ensemble(engine) if callable(ensemble) else ensemble,
        seed=seed,
    )
    return engine, plan


def _phase(entry: PhaseSpec) -> Phase:
    return phase(
        entry.duration, doses=dict(entry.doses) or None, parameters=dict(entry.parameters) or None
    )


def curve_doses(text: str | None) -> list[float]:
    """Doses [uM] of "1 nM : 10 uM : 9", log-spaced, the vehicle (0) first.

    Raises
    ------
    PlanError
        If the text is not of this form.
    """
    parts = [part.strip() for part in (text or "").split(":")]
    if len(parts) != 3 or not parts[2].isdigit() or int(parts[2]) < 2:
        raise PlanError(
            "not a range of doses", where="curve", found=str(text), expected="1 nM : 10 uM : 9"
        )
    unit = parse_unit("uM")
    first, last = (to_model_units(part, unit, name="dose", where="curve") for part in parts[:2])
    if not 0.0 < first < last:
        raise PlanError("doses of a curve ascend from above 0", where="curve", found=str(text))
    return [0.0, *np.geomspace(first, last, int(parts[2])).tolist()]


def window_times(text: str) -> FloatArray:
    """Times [s] of "900 s : 901 s : 2001".

    Raises
    ------
    PlanError
        If the text is not of this form.
    """
    parts = [part.strip() for part in text.split(":")]
    if len(parts) != 3 or not parts[2].isdigit() or int(parts[2]) < 2:
        raise PlanError("not a window", where="window", found=text, expected="900 s : 901 s : 2001")
    unit = parse_unit("s")
    first, last = (to_model_units(part, unit, name="time", where="window") for part in parts[:2])
    return np.linspace(first, last, int(parts[2]))


def _recorded(spec: RunSpec, raw: Any, n_member: int) -> Recorded:
    """Bring a raw result to (member, ...) arrays."""
    doses = np.array(curve_doses(spec.curve)) if spec.curve_of else np.empty(0)
    inner = (len(doses),) if spec.curve_of else ()
    status = np.asarray(raw.status, dtype=np.int64).reshape(n_member, -1)
    return Recorded(
        readouts={k: np.asarray(v).reshape(n_member, *inner) for k, v in raw.reduced.items()},
        courses={
            k: np.asarray(v).reshape(n_member, *inner, -1) for k, v in raw.trajectories.items()
        },
        times=np.asarray(raw.times),
        doses=doses,
        status=status.max(axis=1),
        units=dict(raw.units),
    )


def _binding(
    spec: RunSpec,
    asked: _Wanted,
    engine_of: EngineSource,
    ensemble: Members,
    n_member: int,
    seed: int,
) -> Recorded:
    from sigmapath.assays.binding_numbers import binding_numbers
    from sigmapath.assays.membranes import MODEL

    factor = ensemble.factor if isinstance(ensemble, Draws) else None
    members = ensemble.n if isinstance(ensemble, Draws) else ensemble
    try:
        numbers = binding_numbers(
            dict(spec.binding),
            engine_of(MODEL),
            members=members,
            n_member=n_member,
            seed=seed,
            factor=factor,
        )
    except SigmapathError as error:
        raise PlanError(
            "the assay makes no sense", where=asked.first_asked, found=str(error)
        ) from error
    return Recorded(
        readouts={name: numbers[name] for name in asked.readouts},
        courses={},
        times=np.empty(0),
        doses=np.empty(0),
        status=np.zeros(n_member, dtype=np.int64),
        units={},
    )
