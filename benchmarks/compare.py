"""``python -m benchmarks compare``: sigmapath beside every peer, in one run, at matched error.

For every case and peer: one warm solve at three tolerances, throughput of a sweep, from file to
first result in a warm process, and a whole cold process. Solves are compared at the error that the
peer reaches: sigmapath is timed at two tolerances that bracket it, in the same rounds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from benchmarks.cases import Case
from benchmarks.peers.base import FloatArray, Peer, Prepared, Solve, Sweep, TimedSolve, Unsupported
from benchmarks.peers.ours import Sigmapath
from benchmarks.processes import measure_cold, measure_ready
from benchmarks.reference import Reference, reference_of, second_methods
from benchmarks.report import Point, Row
from benchmarks.statistics import bracket_error, ratios, scaled_rms_error, spread, time_at_error
from benchmarks.throughput import batch_size, runs_per_second
from benchmarks.timing import interleaved

__all__ = ["Effort", "compare_case", "integrator_alone", "sweep_error"]

TOLERANCES = (1e-4, 1e-6, 1e-8)
# sigmapath's own curve, from loose to tight: finer, so that brackets are narrow.
CURVE = tuple(10.0 ** (-k / 2) for k in range(4, 22))
_SEED = 7
_SWEEP_RTOL = 1e-6
# Solves from which the share of the integrator is taken.
_SHARES = 9
# Runs of a sweep are compared with our own at this tolerance; who is further off than this does
# other work.
_TIGHT, _MOST_APART = 1e-10, 1e-2


def _cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much time goes into the measurement.

    ``rounds`` of a warm solve, at most ``seconds`` each; ``processes`` per cold measurement;
    ``sweep_rounds`` of about ``sweep_seconds`` per side; ``longest`` seconds until a first result.
    """

    rounds: int = 15
    seconds: float = 6.0
    processes: int = 7
    sweep_rounds: int = 5
    sweep_seconds: float = 1.5
    clock: str = "wall"
    what: frozenset[str] = frozenset({"solve", "sweep", "ready", "cold"})
    tolerances: tuple[float, ...] = TOLERANCES
    longest: float = 900.0
    cores: int = field(default_factory=_cores)


QUICK = Effort(rounds=5, seconds=1.5, processes=3, sweep_rounds=3, sweep_seconds=0.4)


def compare_case(
    case: Case, peers: list[Peer], effort: Effort, folder: Path, *, method: str = "auto"
) -> Iterator[Row | Point | str]:
    """Measure one case; yields rows, points of work-precision curves, and remarks.

    Parameters
    ----------
    case : Case
    peers : list of Peer
        Installed.
    effort : Effort
    folder : Path
        For scratch files.
    method : str
        Of sigmapath.
    """
    ours = Sigmapath(method)
    if effort.what & {"solve", "sweep"}:
        prepared = ours.prepare(case)
        reference = reference_of(case, second_methods(peers))
        yield _on_reference(case, reference)
        solvers = [prepared.solve(rtol) for rtol in CURVE]
        errors = [scaled_rms_error(solve(), reference.values) for solve in solvers]
        if "solve" in effort.what:
            yield from _solves(case, solvers, errors, peers, effort, reference)
        if "sweep" in effort.what:
            yield from _sweeps(case, prepared, errors, peers, effort)
    if "ready" in effort.what:
        yield from measure_ready(case, ours, peers, effort.processes, folder, effort.longest)
    if "cold" in effort.what:
        yield from measure_cold(case, ours, peers, effort.processes, folder)


def _on_reference(case: Case, reference: Reference) -> str:
    if not reference.is_usable:
        return (
            f"{case.name}: NO REFERENCE: Rodas5P and {reference.second} at rtol 1e-11 differ by "
            f"{reference.agreement:.1e}; errors below mean nothing"
        )
    return (
        f"{case.name}: {len(case.species)} species; Rodas5P and {reference.second} at rtol 1e-11 "
        f"agree to {reference.agreement:.1e}"
    )


def _solves(
    case: Case,
    solvers: list[Solve],
    errors: list[float],
    peers: list[Peer],
    effort: Effort,
    reference: Reference,
) -> Iterator[Row | Point | str]:
    for peer in peers:
        try:
            theirs = peer.prepare(case)
            pairs = [(rtol, theirs.solve(rtol)) for rtol in effort.tolerances]
        except Unsupported as reason:
            yield f"{case.name}: {peer.name} left out: {reason}"
            continue
        for rtol, solve in pairs:
            error = _error_of(theirs, solve, reference)
            if not np.isfinite(error):
                yield f"{case.name}: {peer.name} fails at rtol {rtol:g}"
                continue
            row, point = _matched(case, peer.name, rtol, error, solve, solvers, errors, effort)
            yield row
            if isinstance(solve, TimedSolve):
                yield integrator_alone(row, solve)
            yield point
    yield from _own_curve(case, solvers, errors, effort)


def _matched(
    case: Case,
    peer: str,
    rtol: float,
    error: float,
    solve: Solve,
    solvers: list[Solve],
    errors: list[float],
    effort: Effort,
) -> tuple[Row, Point]:
    """One peer at one tolerance against the curve of sigmapath, measured in the same rounds."""
    place = bracket_error(errors, error)
    calls = {"loose": solvers[place.loose], "peer": solve, "tight": solvers[place.tight]}
    samples = interleaved(calls, rounds=effort.rounds, seconds=effort.seconds, clock=effort.clock)
    ours = [
        time_at_error(loose, tight, place.share)
        for loose, tight in zip(samples["loose"], samples["tight"], strict=True)
    ]
    reached = error if place.inside else errors[place.tight]
    row = Row(
        case=case.name,
        what=f"warm solve, rtol {rtol:g}",
        peer=peer,
        unit="s",
        ours=spread(ours).median,
        theirs=spread(samples["peer"]).median,
        ratio=ratios(ours, samples["peer"]),
        our_error=reached,
        their_error=error,
    )
    point = Point(
        case=case.name, program=peer, rtol=rtol, error=error, seconds=spread(samples["peer"]).median
    )
    return row, point


def integrator_alone(row: Row, solve: TimedSolve) -> Row:
    """The same comparison against the peer's integrator alone, its front end not counted.

    What share of the time it takes is told by CPU clocks, so that a busy machine does not change
    it; the wall times are those of the whole solve.
    """
    shares = []
    for _ in range(_SHARES):
        start = time.thread_time()
        solve()
        shares.append(solve.integrating / (time.thread_time() - start))
    share = spread(shares).median
    scaled = {name: getattr(row.ratio, name) * share for name in ("median", "low", "high")}
    return replace(
        row,
        what=f"{row.what}, solver only",
        theirs=row.theirs * share,
        ratio=replace(row.ratio, **scaled),
    )


def _own_curve(
    case: Case, solvers: list[Solve], errors: list[float], effort: Effort
) -> Iterator[Point]:
    for rtol, solve, error in zip(CURVE, solvers, errors, strict=True):
        samples = interleaved(
            {"ours": solve}, rounds=max(3, effort.rounds // 3), seconds=1.0, clock=effort.clock
        )
        seconds = spread(samples["ours"]).median
        yield Point(case=case.name, program="sigmapath", rtol=rtol, error=error, seconds=seconds)


def _error_of(prepared: Prepared, solve: Solve, reference: Reference) -> float:
    found = prepared.observe(solve()) if hasattr(prepared, "observe") else solve()
    return scaled_rms_error(found, reference.values)


def _sweeps(
    case: Case, ours: Prepared, errors: list[float], peers: list[Peer], effort: Effort
) -> Iterator[Row | str]:
    """Sweeps at the peer's error: sigmapath takes its loosest tolerance that reaches it."""
    if not case.swept:
        yield f"{case.name}: no sweep, the case names no parameters to vary"
        return
    check = case.draws(4 * effort.cores, _SEED)
    wanted = ours.sweep(_TIGHT, effort.cores).run(check)
    for peer in peers:
        try:
            theirs = peer.prepare(case).sweep(_SWEEP_RTOL, effort.cores)
        except Unsupported:
            continue
        try:
            # Of a program that hands over the last output point, that counts, and of us then too.
            known = wanted[:, -theirs.run(check[:1]).shape[1] :]
            error = sweep_error(theirs, check, known)
            if not error < _MOST_APART:
                yield f"{case.name}: sweep of {peer.name} left out: its error is {error:.1e}"
                continue
            mine, reached = _sweep_at(ours, error, errors, effort.cores, check, known)
            yield _sweep_pair(case, peer.name, mine, theirs, effort, (reached, error))
        finally:
            theirs.close()


def sweep_error(sweep: Sweep, draws: FloatArray, wanted: FloatArray) -> float:
    """Error of the runs that end well, in a batch as large as the program wants; NaN if none do.

    ``draws`` are repeated up to ``sweep.least``: in small batches it may run by another method.
    ``wanted``, shape (n, n_time, n_species), are the last output points of each run.
    """
    n_run = max(sweep.least, len(draws))
    found = sweep.run(np.resize(draws, (n_run, draws.shape[1])))[: len(draws), -wanted.shape[1] :]
    good = np.isfinite(found).all(axis=(1, 2)) & np.isfinite(wanted).all(axis=(1, 2))
    return scaled_rms_error(found[good], wanted[good]) if good.any() else np.nan


def _sweep_at(
    ours: Prepared,
    error: float,
    errors: list[float],
    n_cores: int,
    draws: FloatArray,
    wanted: FloatArray,
) -> tuple[Sweep, float]:
    """The loosest sweep that reaches ``error``, looked for from somewhat looser than a solve."""
    first = max(0, bracket_error(errors, error).tight - 2)
    for rtol in CURVE[first:]:
        mine = ours.sweep(rtol, n_cores)
        reached = sweep_error(mine, draws, wanted)
        if reached <= error:
            break
    return mine, reached


def _sweep_pair(
    case: Case,
    peer: str,
    mine: Sweep,
    theirs: Sweep,
    effort: Effort,
    errors: tuple[float, float],
) -> Row:
    """Runs per second of both, in turn."""
    sizes = [batch_size(side, case, effort.sweep_seconds, effort.cores) for side in (mine, theirs)]
    rates: tuple[list[float], list[float]] = ([], [])
    failed = [0, 0]
    for program, n in zip((mine, theirs), sizes, strict=True):
        program.run(case.draws(n, _SEED))  # untimed: large batches may be compiled differently
    for number in range(effort.sweep_rounds):
        for side, (program, n) in enumerate(zip((mine, theirs), sizes, strict=True)):
            draws = case.draws(n, _SEED + number)
            rate, bad = runs_per_second(program, draws, clock=effort.clock, n_cores=effort.cores)
            rates[side].append(rate)
            failed[side] += bad
    return Row(
        case=case.name,
        what=f"sweep, {effort.cores} cores, rtol {_SWEEP_RTOL:g}",
        peer=peer,
        unit="runs/s",
        ours=spread(rates[0]).median,
        theirs=spread(rates[1]).median,
        ratio=ratios(rates[1], rates[0]),
        our_error=errors[0],
        their_error=errors[1],
        note=_note(theirs, failed, [n * effort.sweep_rounds for n in sizes]),
    )


def _note(theirs: Sweep, failed: list[int], total: list[int]) -> str:
    """How the peer does its sweep, where it says so, and runs that failed."""
    parts = [theirs.how] if hasattr(theirs, "how") else []
    if any(failed):
        parts.append(f"failed: {failed[0]} of {total[0]} here, {failed[1]} of {total[1]} there")
    return "; ".join(parts)
