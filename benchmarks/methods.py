"""``python -m benchmarks methods | accuracy``: every method of sigmapath on every case.

Enters: cases. Leaves: per case, method and tolerance the time of a warm solve, the error reached
and the counters; whether ``auto`` keeps its promise (at most 1.5 times the best) and whether every
method keeps its own (an error below ten times rtol). A method that fails has no time: the explicit
one does on stiff models, and says so.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.cases import Case
from benchmarks.peers.base import FloatArray, Peer
from benchmarks.reference import Reference, reference_of, second_methods
from benchmarks.statistics import scaled_rms_error
from benchmarks.timing import interleaved

__all__ = ["METHODS", "Outcome", "measure_methods", "print_outcomes", "verdicts", "write_outcomes"]

METHODS = ("rodas5p", "tsit5", "bdf", "auto")
MOST_OF_BEST, MOST_OF_RTOL = 1.5, 10.0
_COUNTERS = ("n_steps", "n_rejected", "n_rhs", "n_factor", "n_solve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One method on one case at one tolerance.

    Parameters
    ----------
    case, method : str
    rtol : float
    seconds : float
        Shortest of the rounds, since what disturbs only adds; NaN where the run fails or where
        nothing was timed.
    error : float
        Scaled rms error against the reference; NaN where the run fails.
    least_error : float
        What the reference can tell.
    counters : dict name -> int
    """

    case: str
    method: str
    rtol: float
    seconds: float
    error: float
    least_error: float
    counters: dict[str, int]

    @property
    def is_accurate(self) -> bool:
        """Whether the error is below ten times rtol, as far as the reference can tell."""
        return bool(self.error < max(MOST_OF_RTOL * self.rtol, self.least_error))


def measure_methods(
    case: Case,
    rtols: Sequence[float],
    peers: list[Peer],
    *,
    rounds: int,
    clock: str = "wall",
    methods: Sequence[str] = METHODS,
) -> Iterator[Outcome | str]:
    """Solve one case with every method at every tolerance; yields a remark on the reference first.

    Parameters
    ----------
    case : Case
    rtols : sequence of float
    peers : list of Peer
        For the second method of the reference.
    rounds : int
        Interleaved rounds of timing; 0 to measure errors alone.
    clock, methods
    """
    import sigmapath as sp

    reference = reference_of(case, second_methods(peers))
    yield _on(case, reference)
    model = sp.load(case.path)
    for rtol in rtols:
        runs: dict[str, Callable[[], FloatArray]] = {}
        found: dict[str, tuple[float, dict[str, int]]] = {}
        for method in methods:
            simulator = model.simulator(
                case.times, observables=case.species, rtol=rtol, method=method
            )
            try:
                error = scaled_rms_error(simulator.run(), reference.values)
                runs[method] = simulator.run
            except sp.SigmapathError:
                error = np.nan
            found[method] = (error, simulator.stats)
        times = interleaved(runs, rounds=rounds, seconds=10.0, clock=clock) if rounds else {}
        for method, (error, counters) in found.items():
            yield Outcome(
                case=case.name,
                method=method,
                rtol=rtol,
                seconds=min(times.get(method, [np.nan])),
                error=error,
                least_error=reference.least_error,
                counters=counters,
            )


def _on(case: Case, reference: Reference) -> str:
    agree = f"Rodas5P and {reference.second} at rtol 1e-11 differ by {reference.agreement:.1e}"
    return f"{case.name}: {agree}" + ("" if reference.is_usable else ": NO REFERENCE")


def print_outcomes(found: Iterable[Outcome | str]) -> list[Outcome]:
    """Print a line each as soon as it is known; return the outcomes."""
    line = "{:<16} {:<8} {:>6} {:>10} {:>9} {:>10}  " + " ".join(["{:>10}"] * len(_COUNTERS))
    names = [name.removeprefix("n_") for name in _COUNTERS]
    print(line.format("case", "method", "rtol", "us", "error", "error/rtol", *names))
    kept = []
    for one in found:
        if isinstance(one, str):
            print(f"# {one}", flush=True)
            continue
        kept.append(one)
        failed = np.isnan(one.error)
        print(
            line.format(
                one.case,
                one.method,
                f"{one.rtol:.0e}",
                "-" if np.isnan(one.seconds) else f"{one.seconds * 1e6:.0f}",
                "fails" if failed else f"{one.error:.1e}",
                "" if failed else f"{one.error / one.rtol:.2g}",
                *(one.counters[name] for name in _COUNTERS),
            ),
            flush=True,
        )
    return kept


def verdicts(found: Sequence[Outcome]) -> list[str]:
    """Sentences on both promises: what breaks them, or that nothing does."""
    inaccurate = [
        f"{one.case}, {one.method} at rtol {one.rtol:.0e}: error {one.error / one.rtol:.1f} x rtol"
        for one in found
        if not np.isnan(one.error) and not one.is_accurate
    ]
    lines = [f"above ten times rtol: {text}" for text in inaccurate]
    if not inaccurate:
        lines.append("every error is below ten times rtol")
    worst = {}
    for one in found:
        same = [x.seconds for x in found if (x.case, x.rtol) == (one.case, one.rtol)]
        if one.method == "auto" and not np.isnan(one.seconds):
            worst[f"{one.case} at rtol {one.rtol:.0e}"] = one.seconds / np.nanmin(same)
    if worst:
        place = max(worst, key=lambda key: worst[key])
        lines.append(f"auto takes at most {worst[place]:.2f} times the best ({place})")
        if worst[place] > MOST_OF_BEST:
            lines.append(f"that is more than {MOST_OF_BEST} times")
    return lines


def write_outcomes(path: Path, found: Sequence[Outcome]) -> None:
    """One line per case, method and tolerance."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "method", "rtol", "seconds", "error", "least_error", *_COUNTERS])
        for one in found:
            counters = [one.counters[name] for name in _COUNTERS]
            writer.writerow(
                [one.case, one.method, one.rtol, one.seconds, one.error, one.least_error, *counters]
            )
