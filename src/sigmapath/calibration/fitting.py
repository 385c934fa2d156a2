"""The fit: residuals of many parameter sets at once, least squares over their logarithms.

Enters: a :class:`~sigmapath.calibration.specs.Calibration` and the engine of its model. Leaves: a
:class:`Fit`. Everything is compared as a logarithm: a fold of 2 too high weighs what a fold of 2
too low does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from sigmapath.calibration.specs import Calibration, Target
from sigmapath.experiment.ensemble import ensemble
from sigmapath.experiment.protocol import equilibrate, phase
from sigmapath.record import record
from sigmapath.simulate.engine import Engine

__all__ = ["Fit", "Objective", "fit"]

FloatArray = NDArray[np.float64]

# A run that fails, or a readout that is not positive, is as bad as being off by this many standard
# deviations.
_LOST = 100.0
# Edges are soft over this much, as a logarithm: a claim's threshold is met or nearly so.
_EDGE = 0.02
# Step of the finite differences, as a logarithm; the runs are solved to a relative 1e-8.
_STEP = 1e-4
_RTOL = 1e-8


class Objective:
    """Residuals of a calibration for a table of parameter sets.

    Parameters
    ----------
    calibration : Calibration
    engine : Engine
    """

    def __init__(self, calibration: Calibration, engine: Engine) -> None:
        self.calibration = calibration
        self._engine = engine
        self.ids = tuple(calibration.free)
        self.start = np.log(np.array(list(calibration.free.values())))
        bounds = [calibration.bounds.get(name, (1e-12, 1e12)) for name in self.ids]
        self.low, self.high = (np.log(np.array(edge)) for edge in zip(*bounds, strict=True))
        self._prior = np.log(np.array([calibration.priors[name] for name in self.ids]))
        self.n_runs = 0

    def measured(self, x: FloatArray) -> FloatArray:
        """Readouts of the targets, shape (n_target, n_set), of sets of shape (n_set, n_free)."""
        runs: dict[str, dict[str, FloatArray]] = {}
        for name in self.calibration.runs:
            wanted = {t.readout for t in self.calibration.targets if name in (t.run, t.vs)}
            if wanted:
                runs[name] = self._run(name, sorted(wanted), np.exp(x))
        rows = []
        for target in self.calibration.targets:
            values = runs[target.run][target.readout]
            if target.vs is not None:
                with np.errstate(divide="ignore", invalid="ignore"):
                    values = values / runs[target.vs][target.readout]
            rows.append(values)
        return np.array(rows)

    def _run(self, name: str, readouts: list[str], sets: FloatArray) -> dict[str, FloatArray]:
        words = self.calibration.runs[name]
        phases = [
            phase(p["duration"], doses=p.get("doses"), parameters=p.get("parameters"))
            for p in words.get("phases", ())
        ]
        members = {key: sets[:, j] for j, key in enumerate(self.ids)}
        plan = self._engine.plan(
            times=words.get("until"),
            doses=words.get("doses"),
            parameters=words.get("parameters"),
            condition=words.get("condition"),
            protocol=[equilibrate(), *phases],
            readouts=readouts,
            keep_trajectories=False,
            ensemble=ensemble(members=members, nominal=False),
        )
        self.n_runs += plan.n_runs
        raw = self._engine.run(plan, rtol=_RTOL)
        return {key: np.asarray(raw.reduced[key]).reshape(len(sets)) for key in readouts}

    def residuals(self, x: FloatArray) -> FloatArray:
        """Residuals in standard deviations, shape (n_set, n_target + n_free): targets, priors."""
        measured = self.measured(x)
        rows = [
            _residual(target, values)
            for target, values in zip(self.calibration.targets, measured, strict=True)
        ]
        priors = (x - self.start) / self._prior
        return np.concatenate([np.array(rows).T, priors], axis=1)

    def jacobian(self, x: FloatArray) -> FloatArray:
        """Derivatives of the residuals at one set, shape (n_residual, n_free): central."""
        step = _STEP * np.eye(len(x))
        both = self.residuals(np.concatenate([x + step, x - step]))
        slopes: FloatArray = ((both[: len(x)] - both[len(x) :]) / (2 * _STEP)).T
        return slopes


def _residual(target: Target, values: FloatArray) -> FloatArray:
    good = np.isfinite(values) & (values > 0.0)
    logs = np.log(np.where(good, values, 1.0))
    if target.value is not None:
        off = (logs - math.log(target.value)) / math.log(target.within)
    elif target.at_least is not None:
        off = np.maximum(0.0, math.log(target.at_least) - logs) / _EDGE
    else:
        off = np.maximum(0.0, logs - math.log(target.at_most or 1.0)) / _EDGE
    return np.where(good, off, _LOST)


@record(eq=False)
class Fit:
    """What a fit found.

    Parameters
    ----------
    values, committed : mapping id -> number
        Fitted values, and those of the model file.
    factor : mapping id -> float
        One standard deviation of a fitted value, as a factor (from the curvature at the optimum).
    chi2, chi2_committed : float
        Sums of squared residuals, priors included.
    allowed : float
        What ``chi2_committed`` may exceed ``chi2`` by: the 95 % quantile of chi-square with as
        many degrees of freedom as there are free parameters.
    start, found, at_committed : ndarray, shape (n_target,)
        Measured at the start, at the optimum and at the committed values.
    n_runs : int
    message : str
        Why the search stopped.
    """

    values: Mapping[str, float]
    committed: Mapping[str, float]
    factor: Mapping[str, float]
    chi2: float
    chi2_committed: float
    allowed: float
    start: FloatArray
    found: FloatArray
    at_committed: FloatArray
    n_runs: int
    message: str

    @property
    def reproduces(self) -> bool:
        """Whether the committed values lie within the uncertainty of the fit."""
        return self.chi2_committed - self.chi2 <= self.allowed


def fit(
    objective: Objective,
    committed: Mapping[str, float],
    *,
    most_steps: int = 30,
    progress: Callable[[int, float], None] | None = None,
) -> Fit:
    """Fit a calibration from its start.

    Parameters
    ----------
    objective : Objective
    committed : mapping id -> number
        Values of the model file, for comparison only.
    most_steps : int
        Largest number of steps of the search.
    progress : callable (step, sum of squares), optional

    Notes
    -----
    Trust-region reflective least squares (Branch, Coleman and Li 1999,
    doi:10.1137/S1064827595289108) as in scipy, on the logarithms of the parameters.
    """
    from scipy.optimize import least_squares
    from scipy.stats import chi2

    steps = 0

    def one(x: FloatArray) -> FloatArray:
        nonlocal steps
        found: FloatArray = objective.residuals(x[None, :])[0]
        steps += 1
        if progress is not None:
            progress(steps, float(found @ found))
        return found

    result = least_squares(
        one, objective.start, jac=objective.jacobian, bounds=(objective.low, objective.high),
        max_nfev=most_steps, xtol=1e-3, ftol=1e-3, gtol=1e-3,
    )  # fmt: skip
    jac = objective.jacobian(result.x)
    spread = np.sqrt(np.diag(np.linalg.inv(jac.T @ jac)))
    ids = objective.ids
    here = np.log(np.array([committed[name] for name in ids]))
    three = np.stack([objective.start, result.x, here])
    squares = (objective.residuals(three) ** 2).sum(axis=1)
    measured = objective.measured(three)
    return Fit(
        values=dict(zip(ids, np.exp(result.x).tolist(), strict=True)),
        committed={name: committed[name] for name in ids},
        factor=dict(zip(ids, np.exp(spread).tolist(), strict=True)),
        chi2=float(squares[1]),
        chi2_committed=float(squares[2]),
        allowed=float(chi2.ppf(0.95, len(ids))),
        start=measured[:, 0],
        found=measured[:, 1],
        at_committed=measured[:, 2],
        n_runs=objective.n_runs,
        message=str(result.message),
    )
