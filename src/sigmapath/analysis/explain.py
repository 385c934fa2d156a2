"""Why a readout differs between two runs: a ranked table of reactions, and a sentence.

Enters: two runs of one model, described by :class:`Run`, and a readout. Leaves: an
:class:`Explanation`. Behind ``sp.explain`` and ``sigmapath why``. The method is in
:mod:`sigmapath.analysis.explain_shares`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.analysis.explain_mesh import mesh_of, weights_of
from sigmapath.analysis.explain_rates import along, processes
from sigmapath.analysis.explain_shares import Shares, shares
from sigmapath.errors import PlanError, SolverError
from sigmapath.experiment.observables import resolve_observables
from sigmapath.experiment.plan import RunPlan
from sigmapath.experiment.protocol import equilibrate
from sigmapath.experiment.readouts import Readout, as_readout
from sigmapath.expr.rewrite import substitute
from sigmapath.opcodes import JumpOp, ReducerOp
from sigmapath.record import record
from sigmapath.simulate.engine import Engine
from sigmapath.status import Status

__all__ = ["Explanation", "Reason", "Run", "explain", "explained_readout"]

FloatArray = NDArray[np.float64]
_LINEAR = (
    ReducerOp.FINAL, ReducerOp.AT, ReducerOp.PEAK, ReducerOp.TROUGH, ReducerOp.AUC, ReducerOp.MEAN,
)  # fmt: skip
_ALIASES = (("max", "peak"), ("min", "trough"))
_RTOL = 1e-8


@record
class Run:
    """One run of a model, as ``model.simulate`` takes it.

    Parameters
    ----------
    model : Model or Engine
    until : end time, optional
        The end of the protocol if left out.
    doses, parameters, initial : mapping, optional
    condition : str, optional
    protocol : list of phases, optional
        By default the model is brought to rest first.
    name : str
        In the sentence; made of doses and condition if left out.
    """

    model: Any
    until: Any = None
    doses: Any = None
    parameters: Mapping[str, Any] | None = None
    initial: Mapping[str, Any] | None = None
    condition: Any = None
    protocol: Any = field(default_factory=lambda: [equilibrate()])
    name: str = ""

    @property
    def words(self) -> str:
        """What is said of the run."""
        if self.name:
            return self.name
        parts = (
            [f"{k} {v}" for k, v in self.doses.items()] if isinstance(self.doses, Mapping) else []
        )
        parts += [f"{k} = {v}" for k, v in (self.parameters or {}).items()]
        parts += [str(self.condition)] if self.condition is not None else []
        return ", ".join(parts) or "vehicle"


@record
class Reason:
    """One line of an explanation.

    Parameters
    ----------
    process : str
        Id of a reaction, ``x'`` for the rate rule of x, or words in brackets.
    scheme : str
    contribution : float
        In the unit of the readout.
    percent : float
        Of the difference.
    driver : str
        What acts on the process most: a state, or "the experiment".
    """

    process: str
    scheme: str
    contribution: float
    percent: float
    driver: str


@record
class Explanation:
    """Why run B differs from run A.

    Parameters
    ----------
    readout, unit : str
    value_a, value_b : float
    run_a, run_b : str
        In words.
    reasons : tuple of Reason
        Processes, largest contribution first.
    rest : tuple of Reason
        What no process accounts for: states at the start, inputs in the observable's formula.
    remainder : float
        Difference less all contributions: steps of the mesh, and the time of a peak that moves.
    """

    readout: str
    unit: str
    value_a: float
    value_b: float
    run_a: str
    run_b: str
    reasons: tuple[Reason, ...]
    rest: tuple[Reason, ...]
    remainder: float

    @property
    def difference(self) -> float:
        """Value of run B less that of run A."""
        return self.value_b - self.value_a

    @property
    def sentence(self) -> str:
        """The explanation in words."""
        from sigmapath.analysis.explain_text import sentence

        return sentence(self)

    def to_pandas(self) -> Any:
        """The table as a DataFrame, remainder last."""
        import pandas as pd

        rows = [
            (r.process, r.contribution, r.percent, r.driver, r.scheme)
            for r in (*self.reasons, *self.rest)
        ]
        whole = self.difference
        share = 100.0 * self.remainder / whole if whole else float("nan")
        rows.append(("(remainder)", self.remainder, share, "", ""))
        names = ["process", "contribution", "percent", "driver", "scheme"]
        return pd.DataFrame(rows, columns=names)


def explained_readout(readout: Readout | str) -> Readout:
    """The readout, ``max`` and ``min`` understood as peak and trough.

    Raises
    ------
    PlanError
        For readouts that are times or folds: their differences do not split into a sum.
    """
    if isinstance(readout, str):
        for word, meant in _ALIASES:
            readout = re.sub(rf"^\s*{word}\s*\(", f"{meant}(", readout)
    found = as_readout(readout)
    if found.op not in _LINEAR or found.fold:
        raise PlanError(
            "this readout cannot be split among reactions", where="why", found=found.text,
            expected="final, at, peak (max), trough (min), auc or mean",
        )  # fmt: skip
    return found


def explain(run_a: Run, run_b: Run, readout: Readout | str) -> Explanation:
    """Which reactions account for the difference of a readout between two runs.

    Parameters
    ----------
    run_a, run_b : Run
        Of one model and one length; B is explained against A.
    readout : Readout or text
        final, at, peak (or max), trough (or min), auc or mean of an observable.

    Returns
    -------
    Explanation
        Contributions add up to the difference; what is left is the remainder.

    Raises
    ------
    PlanError
        If the runs are not of one model and length, or the readout cannot be split.
    UnsupportedFeatureError
        For models with events, delays, algebraic rules or fast reactions.
    SolverError
        If a run fails.

    Notes
    -----
    The share of a reaction is its Aumann-Shapley value: how much of the difference is lost if other
    species and the experiment act less and less on that reaction, averaged over how much they act
    on all others (:mod:`sigmapath.analysis.explain_shares` has the formulas and sources). The
    answer of a reaction to its own reactants and products is mass action and carries no share: in
    ``A -> B -> C`` with a drug on the first, the first has it all. A peak is read at the time of
    one run's peak, or half at each; what its shift leaves over is in the remainder.
    """
    asked = explained_readout(readout)
    engine = _common_engine(run_a, run_b)
    names = (run_a.words, run_b.words)
    run_a, run_b = _same_ligands(engine, run_a, run_b)
    plans = tuple(_plan(engine, run, readouts={"value": asked}) for run in (run_a, run_b))
    if plans[0].t_end != plans[1].t_end:
        raise PlanError(
            "two runs that are compared have one length", where="why",
            found=f"{plans[0].t_end:g} and {plans[1].t_end:g} {engine.index.time_unit}",
        )  # fmt: skip
    if not plans[0].t_end > 0.0:
        raise PlanError(
            "runs of no length have nothing to explain", where="why", found="0",
            expected="an end after 0",
        )  # fmt: skip
    values = [
        _value(engine, plan, run, "value") for plan, run in zip(plans, (run_a, run_b), strict=True)
    ]
    mesh = mesh_of(plans, asked, _peak_times(engine, (run_a, run_b), asked))
    system = engine.system
    observable = resolve_observables([asked.observable], engine.index)[0]
    driven = _driven(engine, plans)
    found = processes(system, driven, substitute(observable.expr, system.observables))
    courses = [_courses(engine, run, mesh) for run in (run_a, run_b)]
    rates = along(found, mesh, courses[0], courses[1])
    difference = np.column_stack(
        [courses[1][name] - courses[0][name] for name in found.states]
    ).reshape(len(mesh), len(found.states))
    weights = weights_of(asked, plans[0], mesh, rates.observable, values[1] - values[0])
    split = shares(rates, mesh, difference, weights)
    return _explanation(asked, plans[0].readouts[0].unit, values, names, found, split)


def _common_engine(run_a: Run, run_b: Run) -> Engine:
    engines = [getattr(run.model, "_engine", run.model) for run in (run_a, run_b)]
    if not all(isinstance(engine, Engine) for engine in engines):
        raise PlanError(
            "a run needs a model", where="why", found=type(run_a.model).__name__,
            fix='sp.Run(model=sp.load("s1r_mam"), until="6 h")',
        )  # fmt: skip
    if engines[0].system.fingerprint != engines[1].system.fingerprint:
        raise PlanError(
            "two runs that are compared are of one model", where="why",
            found=f"{engines[0].index.model} and {engines[1].index.model}",
        )  # fmt: skip
    found: Engine = engines[0]
    return found


def _same_ligands(engine: Engine, run_a: Run, run_b: Run) -> tuple[Run, Run]:
    """Give each run the other's ligands at dose 0, so that constants of slots are alike."""
    if not all(run.doses is None or isinstance(run.doses, Mapping) for run in (run_a, run_b)):
        return run_a, run_b
    a, b = (
        {known.name if (known := engine.ligands.find(n)) else n: v for n, v in run.doses.items()}
        if run.doses
        else {}
        for run in (run_a, run_b)
    )
    names = [name for name in dict.fromkeys((*a, *b)) if name in engine.ligands]
    # In one order, because slots are handed out as ligands are met.
    alike = [
        replace(run, doses={**{n: own.get(n, 0.0) for n in names}, **own} or None)
        for run, own in ((run_a, a), (run_b, b))
    ]
    return alike[0], alike[1]


def _plan(engine: Engine, run: Run, **wanted: Any) -> RunPlan:
    times = wanted.pop("times", run.until)
    return engine.plan(
        times=times, doses=run.doses, parameters=run.parameters, initial=run.initial,
        condition=run.condition, protocol=run.protocol, **wanted,
    )  # fmt: skip


def _value(engine: Engine, plan: RunPlan, run: Run, name: str) -> float:
    raw = engine.run(plan, rtol=_RTOL)
    _require_ok(raw, run)
    return float(raw.reduced[name])


def _require_ok(raw: Any, run: Run) -> None:
    status = Status(int(raw.status))
    if status is not Status.OK:
        raise SolverError(
            f"the run failed: {status.message}", status=int(status), time=float(raw.t_stop),
            run=run.words,
        )  # fmt: skip


def _driven(engine: Engine, plans: Sequence[RunPlan]) -> list[str]:
    """States that the experiment sets, adds to or holds in one of the runs."""
    on_states = (JumpOp.SET_STATE, JumpOp.ADD_STATE, JumpOp.ADD_RATE, JumpOp.HOLD)
    places = {
        int(i)
        for plan in plans
        for i, op in zip(plan.jumps.index, plan.jumps.op, strict=True)
        if op in on_states
    }
    return [engine.index.states[i] for i in sorted(places)]


def _peak_times(engine: Engine, runs: Sequence[Run], asked: Readout) -> list[float]:
    if asked.op is not ReducerOp.PEAK:
        return []
    timed = replace(asked, op=ReducerOp.TIME_TO_PEAK)
    return [_value(engine, _plan(engine, run, readouts={"t": timed}), run, "t") for run in runs]


def _courses(engine: Engine, run: Run, mesh: FloatArray) -> dict[str, FloatArray]:
    """All constants and states (as integrated) of a run on the mesh."""
    system = engine.system
    seen = engine.index.observables
    texts = {q.id: q.id for q in system.parameters if q.id in seen}
    texts |= {q.id: f"amount({q.id})" if q.state_is_amount else q.id for q in system.states}
    plan = _plan(engine, run, times=mesh, observables=list(texts.values()))
    raw = engine.run(plan, rtol=_RTOL)
    _require_ok(raw, run)
    found = {name: np.asarray(raw.trajectories[text]) for name, text in texts.items()}
    # What belongs to one reaction alone cannot be observed, and nothing moves it.
    fixed = {q.id: i for i, q in enumerate(system.parameters) if q.id not in seen}
    return found | {name: np.full(len(mesh), plan.start[i]) for name, i in fixed.items()}


def _explanation(
    asked: Readout,
    unit: str,
    values: Sequence[float],
    names: Sequence[str],
    found: Any,
    split: Shares,
) -> Explanation:
    difference = values[1] - values[0]

    def percent(value: float) -> float:
        return 100.0 * value / difference if difference else float("nan")

    reasons = [
        Reason(
            process=name,
            scheme=found.schemes[r],
            contribution=float(split.process[r]),
            percent=percent(float(split.process[r])),
            driver=_driver(split, r, found.states),
        )
        for r, name in enumerate(found.names)
    ]
    reasons.sort(key=lambda reason: -abs(reason.contribution))
    rest = tuple(
        Reason(process=f"({words})", scheme="", contribution=v, percent=percent(v), driver="")
        for words, v in (
            ("state at the start", split.start),
            ("inputs in the readout's own formula", split.formula),
        )
        if abs(v) > 1e-9 * abs(difference)
    )
    total = float(split.process.sum()) + sum(r.contribution for r in rest)
    return Explanation(
        readout=asked.text,
        unit=unit,
        value_a=values[0],
        value_b=values[1],
        run_a=names[0],
        run_b=names[1],
        reasons=tuple(reasons),
        rest=rest,
        remainder=difference - total,
    )


def _driver(split: Shares, r: int, states: Sequence[str]) -> str:
    """What most of a share comes from."""
    by_state = np.abs(split.through[r])
    if not by_state.size or abs(split.direct[r]) >= by_state.max():
        return "the experiment" if split.direct[r] else ""
    return states[int(by_state.argmax())]
