"""Whole processes: from nothing to a first trajectory on disk, and from file to first result.

sigmapath runs on a machine where its solvers are compiled and a small other model has been run:
``known`` adds the caches of the model itself, ``unknown`` has none of them (the cache folder is put
back before every process).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.cases import Case, small_case
from benchmarks.peers.base import Peer
from benchmarks.peers.ours import Sigmapath
from benchmarks.report import Row
from benchmarks.statistics import ratios, spread

__all__ = [
    "Ready",
    "fresh_cache",
    "measure_cold",
    "measure_ready",
    "ready_seconds",
    "run_process",
    "warmed_cache",
]

_CACHE = "SIGMAPATH_CACHE_DIR"
_NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"
_LONGEST = 900.0
# What is left of a load from which a solve was taken off is no shorter than the clock tells [s].
_SHORTEST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """Seconds until the file is read, until the first result, and that without a second solve."""

    loaded: float
    first: float = float("inf")
    ready: float = float("inf")


def _environment(cache: Path) -> dict[str, str]:
    """Environment of a measured process: a cache, and byte code of Python as installations have.

    Where Python is told to write none, a source tree would be compiled anew in every process, which
    happens to no user, while the peers come compiled.
    """
    kept = {name: value for name, value in os.environ.items() if name != _NO_BYTE_CODE}
    return {**kept, _CACHE: str(cache)}


def _run(
    command: list[str], environment: Mapping[str, str], longest: float = _LONGEST
) -> tuple[float, str]:
    """Wall seconds of a process and its output; stops everything if it fails."""
    start = time.perf_counter()
    done = subprocess.run(
        command, env=dict(environment), capture_output=True, text=True, timeout=longest
    )
    elapsed = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:4])} ... failed:\n{done.stderr[-2000:]}")
    return elapsed, done.stdout


def run_process(command: list[str], cache: Path, longest: float) -> str | None:
    """Output of a process with this cache folder; None where it takes longer than ``longest``."""
    try:
        done = subprocess.run(
            command, env=_environment(cache), capture_output=True, text=True, timeout=longest
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise SystemExit(f"{command[0]} ... failed:\n{done.stderr[-2000:]}")
    return done.stdout


def warmed_cache(folder: Path) -> Path:
    """A cache folder of a machine on which sigmapath has run, but not the case's model."""
    cache = folder / "cache-warmed"
    if not cache.exists():
        cache.mkdir(mode=0o700)
        small = small_case(folder)
        command = Sigmapath().cold_command(small, str(folder / "warm-up.csv"))
        _run(command, _environment(cache))
    return cache


def fresh_cache(folder: Path, name: str) -> Path:
    """A copy of the warmed cache, as it was before the case's model was seen."""
    cache = folder / name
    shutil.rmtree(cache, ignore_errors=True)
    shutil.copytree(warmed_cache(folder), cache)
    return cache


def _row(case: Case, what: str, peer: str, ours: list[float], theirs: list[float]) -> Row:
    return Row(
        case=case.name,
        what=what,
        peer=peer,
        unit="s",
        ours=spread(ours).median,
        theirs=spread(theirs).median,
        ratio=ratios(ours, theirs),
    )


def measure_cold(
    case: Case, ours: Sigmapath, peers: list[Peer], n: int, folder: Path
) -> Iterator[Row]:
    """Wall time of whole processes, in turn: sigmapath unknown, sigmapath known, peer."""
    out = str(folder / "cold.csv")
    command = ours.cold_command(case, out)
    for peer in peers:
        their_command = peer.cold_command(case, out)
        if their_command is None:
            continue
        unknown, known, theirs = [], [], []
        for _ in range(n):
            cache = fresh_cache(folder, "cache-cold")
            unknown.append(_run(command, _environment(cache))[0])
            known.append(_run(command, _environment(cache))[0])
            theirs.append(_run(their_command, _environment(cache))[0])
        yield _row(case, "cold process, known model", peer.name, known, theirs)
        yield _row(case, "cold process, unknown model", peer.name, unknown, theirs)


def ready_seconds(program: Peer, case: Case, folder: Path, longest: float) -> Ready:
    """Seconds from file to first result, and of that without a solve, in a warm process of its own.

    A program that loads the model and then does not finish within ``longest`` has no first result.
    """
    script = program.ready_script()
    if script is None:
        raise ValueError(f"{program.name} has no script for this")
    warm = small_case(folder).path
    command = [sys.executable, "-c", script, str(warm), str(case.path), f"{case.end_time:.17g}"]
    environment = _environment(fresh_cache(folder, "cache-ready"))
    try:
        printed = _run(command, environment, longest)[1]
    except subprocess.TimeoutExpired as stopped:
        words = (stopped.stdout or b"").split()
        return Ready(loaded=float(words[-1]) if words else np.inf)
    loaded, first, again = (float(word) for word in printed.split()[-3:])
    return Ready(loaded=loaded, first=first, ready=max(first - again, _SHORTEST))


def measure_ready(
    case: Case, ours: Sigmapath, peers: list[Peer], n: int, folder: Path, longest: float = _LONGEST
) -> Iterator[Row | str]:
    """From file to first result of an unknown model, libraries imported and warmed.

    In a second row without the time of a solve, which is that of the next solve: what a program
    compiles or works out while it solves for the first time is counted as loading.
    """
    for peer in peers:
        if peer.ready_script() is None:
            continue
        mine, theirs = [], []
        for _ in range(n):
            mine.append(ready_seconds(ours, case, folder, longest))
            theirs.append(ready_seconds(peer, case, folder, longest))
            if not np.isfinite(theirs[-1].first):
                break
        if not np.isfinite(theirs[-1].first):
            yield (
                f"{case.name}: {peer.name} has no first result within {longest:g} s, the file was "
                f"read after {theirs[-1].loaded:.3g} s; first result here: {mine[-1].first:.3g} s"
            )
            continue
        for what, name in (
            ("load to first result, unknown model", "first"),
            ("the same without a solve", "ready"),
        ):
            pair = [[getattr(one, name) for one in side] for side in (mine, theirs)]
            yield _row(case, what, peer.name, *pair)
