"""Stochastic cases of the SBML Test Suite: run many times, compare mean and deviation.

Enters: the folder of a case. Leaves: a :class:`StochasticOutcome`. Called by the tests and by
``python -m sigmapath.conformance DIR/stochastic``.

The criterion is that of the suite: with n runs, reference mean mu and deviation sigma::

    Z = sqrt(n) (mean - mu) / sigma             within meanRange
    Y = sqrt(n / 2) (sd^2 / sigma^2 - 1)        within sdRange

at every time. A correct simulator leaves those ranges now and then, as the suite says: 50 points
with |Z| < 3 do so in one case of eight, and Y of an exponential law has the deviation 2, not 1, so
50 points with |Y| < 5 do so in every second case. So a case passes "clean" with every point inside,
and passes with "excursions" that are at most 5% of its points and at most twice as far as the range
reaches; a case beyond that is run at a second seed, where it must pass. A wrong mean or deviation
leaves the range at most points, and farther with more runs.

Where no deviation is given (a law without moments), the runs' own is used in Z. Where the reference
deviation is zero, Z and Y have no value, and the runs have to agree with the reference exactly; not
compared are formulas without a finite value there (the logarithm of 0 at the start of case 00056).
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sigmapath.conformance.suite import models_of
from sigmapath.errors import ParseError, SigmapathError
from sigmapath.record import record
from sigmapath.status import Status

__all__ = [
    "StochasticCase",
    "StochasticOutcome",
    "find_stochastic_cases",
    "judge_stochastic",
    "read_stochastic_case",
    "stochastic_table",
]

FloatArray = NDArray[np.float64]

# Runs that the suite asks for.
RUNS = 10_000
# Share of points that may lie outside their range, and how far in units of the range.
_FEW, _FAR = 0.05, 2.0


@record
class StochasticCase:
    """One stochastic case.

    Parameters
    ----------
    number : str
    model : Path
    times : ndarray, shape (n_time,)
    amount : frozenset of str
        Species reported as amounts.
    mean_range, sd_range : tuple of float
    reference : mapping
        ``X-mean`` and ``X-sd`` -> ndarray, shape (n_time,).
    """

    number: str
    model: Path
    times: FloatArray
    amount: frozenset[str]
    mean_range: tuple[float, float]
    sd_range: tuple[float, float]
    reference: dict[str, FloatArray]

    @property
    def variables(self) -> tuple[str, ...]:
        """What is compared, in the order of the reference."""
        return tuple(name[: -len("-mean")] for name in self.reference if name.endswith("-mean"))


@record
class StochasticOutcome:
    """What became of one case.

    Parameters
    ----------
    number : str
    verdict : str
        "pass", "excursions", "wrong", "refused" or "failed".
    reason : str
    n_outside, n_points : int
        Of the comparisons at the first seed.
    n_seeds : int
        How many seeds were needed.
    seconds : float
    """

    number: str
    verdict: str
    reason: str = ""
    n_outside: int = 0
    n_points: int = 0
    n_seeds: int = 1
    seconds: float = 0.0


def _pair(text: str) -> tuple[float, float]:
    low, high = re.findall(r"[-+0-9.eE]+", text)
    return float(low), float(high)


def read_stochastic_case(folder: Path) -> StochasticCase:
    """Return the record of one case.

    Raises
    ------
    ParseError
        If a file is missing or a setting cannot be read.
    """
    number = folder.name
    try:
        text = (folder / f"{number}-settings.txt").read_text(encoding="utf-8")
        pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
        settings = {key.strip(): value.strip() for key, value in pairs}
        start, duration = float(settings["start"]), float(settings["duration"])
        steps = int(settings["steps"])
        lines = (folder / f"{number}-results.csv").read_text(encoding="utf-8").split()
        names = [name.strip() for name in lines[0].split(",")]
        values = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
        return StochasticCase(
            number=number,
            model=list(models_of(folder))[-1][1],
            times=start + duration * np.arange(steps + 1) / steps,
            amount=frozenset(name.strip() for name in settings["amount"].split(",")),
            mean_range=_pair(settings["meanRange"]),
            sd_range=_pair(settings["sdRange"]),
            reference={name: values[:, k] for k, name in enumerate(names) if k > 0},
        )
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise ParseError(
            "the stochastic case cannot be read", file=str(folder), found=str(error)
        ) from error


def _scores(
    case: StochasticCase, moments: dict[str, FloatArray], n: int
) -> list[tuple[str, FloatArray, tuple[float, float]]]:
    """Z and Y of every variable with their ranges; infinite where zero deviation is missed."""
    scores = []
    for name in case.variables:
        mean, sd = moments[name]
        mu, sigma = case.reference[f"{name}-mean"], case.reference.get(f"{name}-sd")
        scale = sd if sigma is None else sigma
        with np.errstate(invalid="ignore", divide="ignore"):
            z = np.sqrt(n) * (mean - mu) / scale
            same = np.isclose(mean, mu, rtol=1e-9, atol=0.0) | ~np.isfinite(mean)
            z[(scale == 0.0) & same] = 0.0
            scores.append((f"{name}-mean", z, case.mean_range))
            if sigma is not None:
                y = np.sqrt(n / 2.0) * ((sd / sigma) ** 2 - 1.0)
                y[(sigma == 0.0) & ((sd == 0.0) | ~np.isfinite(mean))] = 0.0
                scores.append((f"{name}-sd", y, case.sd_range))
    return scores


@record
class _Comparison:
    """Points outside their range, all points, the farthest in units of its range, in words."""

    outside: int
    points: int
    farthest: float
    words: str

    @property
    def is_good(self) -> bool:
        few = self.outside <= _FEW * self.points
        return few and self.farthest <= _FAR


def _compared(case: StochasticCase, moments: dict[str, FloatArray], n: int) -> _Comparison:
    outside, points, farthest, words = 0, 0, 0.0, ""
    for name, score, (low, high) in _scores(case, moments, n):
        reach = np.where(score < 0.0, score / low, score / high)
        reach[np.isnan(reach)] = np.inf
        outside += int((reach >= 1.0).sum())
        points += len(score)
        k = int(np.argmax(reach))
        if reach[k] >= max(1.0, farthest):
            farthest, words = float(reach[k]), f"{name} at {case.times[k]:g}: {score[k]:.2f}"
    return _Comparison(outside=outside, points=points, farthest=farthest, words=words)


def _names(case: StochasticCase, species: set[str]) -> dict[str, str]:
    """Variable -> text under which the model records it."""
    amounts = case.amount & species
    return {name: f"amount({name})" if name in amounts else name for name in case.variables}


def judge_stochastic(
    folder: Path, *, runs: int = RUNS, seed: int = 1, threads: int | None = None
) -> StochasticOutcome:
    """Run the case in ``folder`` and judge it; a case outside is run once more at another seed.

    Each case has seeds of its own, made from ``seed`` and its number: equal random numbers would
    make the excursions of one case those of all.
    """
    from sigmapath.api import load

    began = time.perf_counter()
    case = read_stochastic_case(folder)
    found: list[_Comparison] = []
    try:
        model = load(case.model)
        names = _names(case, {item.id for item in model.network.species})
        for attempt in range(2):
            result = model.run(
                times=case.times,
                observables=list(names.values()),
                method="ssa",
                replicates=runs,
                moments=True,
                seed=1000 * int(case.number) + 2 * seed + attempt,
                threads=threads,
            )
            status = Status(int(result.status[0]))
            if status != Status.OK:
                return StochasticOutcome(
                    number=case.number, verdict="failed", reason=status.meaning
                )
            moments = {name: result.trajectories[text] for name, text in names.items()}
            found.append(_compared(case, moments, runs))
            if found[-1].is_good:
                break
    except SigmapathError as error:
        return StochasticOutcome(number=case.number, verdict="refused", reason=str(error))
    clean = found[0].outside == 0
    return StochasticOutcome(
        number=case.number,
        verdict="pass" if clean else "excursions" if found[-1].is_good else "wrong",
        reason=found[0].words,
        n_outside=found[0].outside,
        n_points=found[0].points,
        n_seeds=len(found),
        seconds=time.perf_counter() - began,
    )


def find_stochastic_cases(folder: Path) -> tuple[Path, ...]:
    """Return the folders of the stochastic cases below ``folder`` (or ``folder/stochastic``)."""
    root = folder / "stochastic" if (folder / "stochastic").is_dir() else folder
    if not root.is_dir():
        return ()
    cases = sorted(path for path in root.iterdir() if re.fullmatch(r"\d{5}", path.name))
    return tuple(path for path in cases if _is_stochastic(path))


def _is_stochastic(case: Path) -> bool:
    settings = case / f"{case.name}-settings.txt"
    return settings.is_file() and "meanRange" in settings.read_text(encoding="utf-8")


def stochastic_table(outcomes: Sequence[StochasticOutcome], runs: int) -> str:
    """A line per case with its excursions, then the counts and the rule that was applied."""
    lines = []
    for outcome in outcomes:
        where = f"{outcome.n_outside} of {outcome.n_points} outside" if outcome.n_outside else ""
        where += f", {outcome.n_seeds} seeds" if outcome.n_seeds > 1 else ""
        line = f"{outcome.number} {outcome.verdict:10} {outcome.seconds:7.2f} s {where}"
        lines.append(f"{line} {outcome.reason}".rstrip())
    clean = sum(outcome.verdict == "pass" for outcome in outcomes)
    good = clean + sum(outcome.verdict == "excursions" for outcome in outcomes)
    out, points = sum(o.n_outside for o in outcomes), sum(o.n_points for o in outcomes)
    lines += [
        f"{good} of {len(outcomes)} stochastic cases pass, {clean} of them without excursions;",
        f"{out} of {points} points outside at the first seed, {runs} runs each",
        f"rule: at most {_FEW:.0%} of the points of a case outside their range, none farther than "
        f"{_FAR:g} times the range; a case beyond that is judged by a second seed",
    ]
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Judge all cases below a folder and print a line each; 0 if none is wrong."""
    runs = int(arguments[1]) if len(arguments) > 1 else RUNS
    outcomes = [judge_stochastic(p, runs=runs) for p in find_stochastic_cases(Path(arguments[0]))]
    print(stochastic_table(outcomes, runs))
    return 0 if all(outcome.verdict in ("pass", "excursions") for outcome in outcomes) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
