"""The shipped pathway at work: a dose-response with time courses, and a large sweep.

Enters: the number of runs of the sweep. Leaves: lines of text. The sweep crosses tunicamycin with
an agonist, each run 24 h from rest, and keeps four readouts; how much time and memory so many runs
take, and how many runs of a sample of them libRoadRunner does in a second, where it is installed.
"""

from __future__ import annotations

import importlib.util
import math
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cases import N_POINTS, Case
from benchmarks.peers.base import FloatArray
from benchmarks.peers.workers import ProcessSweep, Runner
from benchmarks.timing import interleaved

__all__ = ["measure_doses", "measure_sweep"]

_LIGAND = "(+)-pentazocine"
_TIMES = np.linspace(0.0, 86_400.0, 101)
_DOSES = np.logspace(-3.0, 2.0, 41)
_READOUTS = (
    "peak(Ca_mito)",
    "auc(XBP1s)",
    "peak(NRF2_nuc)",
    "final(S1R_released)",
)
_LOOKED_AT = ("Ca_mito", "XBP1s", "NRF2_nuc", "S1R_released")
# Runs that libRoadRunner does, per core.
_SAMPLE = 150
_RTOL = 1e-6


def measure_doses(rounds: int) -> Iterator[str]:
    """41 doses with full time courses against ten warm single solves; medians of the rounds.

    Both from the model's start values, and both from rest as ``model.dose_response`` does it: rest
    is found once for all doses, and in every single solve, whose parameters may be others.
    """
    import sigmapath as sp

    model = sp.load("s1r_mam")
    axes = {_LIGAND: _DOSES}
    for start, protocol in (("from the start values", None), ("from rest", [sp.equilibrate()])):
        single = model.simulator(_TIMES, doses={_LIGAND: 0.1}, protocol=protocol)
        calls = {
            "41 doses": lambda p=protocol: model.sweep(axes, _TIMES, protocol=p),
            "41 doses, one at a time": lambda p=protocol: model.sweep(
                axes, _TIMES, protocol=p, lanes=1
            ),
            "one warm solve": single.run,
        }
        measured = interleaved(calls, rounds=rounds)
        best = {name: min(times) for name, times in measured.items()}
        middle = {name: float(np.median(times)) for name, times in measured.items()}
        yield f"{start}: median (fastest) of {rounds} rounds"
        ten = 10.0 * middle.pop("one warm solve")
        ten_best = 10.0 * best["one warm solve"]
        yield f"{'10 warm single solves':<26} {1e3 * ten:8.2f} ({1e3 * ten_best:.2f}) ms"
        for name, seconds in middle.items():
            yield (
                f"{name:<26} {1e3 * seconds:8.2f} ({1e3 * best[name]:.2f}) ms   "
                f"{seconds / ten:.2f} ({best[name] / ten_best:.2f}) times ten single solves"
            )


def measure_sweep(n_runs: int) -> Iterator[str]:
    """A sweep of about ``n_runs`` runs: time, runs per second, memory, failures."""
    import sigmapath as sp

    model = sp.load("s1r_mam")
    side = max(2, math.isqrt(n_runs))
    axes = {"tunicamycin": np.linspace(0.0, 5.0, side), _LIGAND: np.logspace(-3.0, 1.0, side)}
    begun = time.perf_counter()
    found = model.sweep(axes, "24 h", readouts=_READOUTS, protocol=[sp.equilibrate()])
    seconds = time.perf_counter() - begun
    failed = int((found["status"].to_numpy() != 0).sum())
    rate = side * side / seconds
    yield f"{side * side} runs of 24 h from rest, {len(_READOUTS)} readouts: {seconds:.1f} s"
    yield f"{rate:.0f} runs/s, {failed} failed, at most {_peak_memory():.0f} MB"
    if importlib.util.find_spec("roadrunner") is None:
        yield "libRoadRunner is not installed: pip install libroadrunner"
        return
    ours = np.stack([found[name].to_numpy().ravel() for name in _READOUTS], axis=1)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    n_cores = cores or 1
    picked = np.random.default_rng(0).integers(0, side * side, _SAMPLE * n_cores)
    grid = np.stack(np.meshgrid(*axes.values(), indexing="ij"), axis=-1).reshape(-1, 2)
    theirs, seconds = _elsewhere(model, grid[picked], n_cores)
    their_rate = len(picked) / seconds
    gap = np.abs(ours[picked] - theirs) / np.abs(theirs).max(axis=0)
    yield (
        f"libRoadRunner, {len(picked)} of these runs, a process on each of {n_cores} cores: "
        f"{their_rate:.0f} runs/s; {rate / their_rate:.1f} times as many here"
    )
    yield f"largest difference of a readout: {gap.max():.1e} of its largest value"


def _elsewhere(model: Any, values: FloatArray, n_cores: int) -> tuple[FloatArray, float]:
    """Readouts of the runs of some rows (tunicamycin, ligand) by libRoadRunner, and its time [s].

    It starts from the rest that stands in the file, as we do from the one that all runs share.
    """
    import sigmapath as sp

    # Any ligand that is there: its level is set run by run, its constants stand in the file.
    doses = {"tunicamycin": 1.0, _LIGAND: 1.0}
    text = model.to_sbml(protocol=[sp.equilibrate()], doses=doses)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s1r_mam.xml"
        path.write_text(text, encoding="utf-8")
        case = Case(
            name="s1r_mam",
            path=path,
            end_time=_TIMES[-1],
            species=_LOOKED_AT,
            sizes=(0.0,) * len(_LOOKED_AT),
            swept=("tunicamycin", "L1"),
            nominal=(1.0, 1.0),
        )
        sweep = ProcessSweep(_runner, case, _RTOL, n_cores)
        try:
            sweep.run(values[:n_cores])
            begun = time.perf_counter()
            courses = sweep.run(values)
            seconds = time.perf_counter() - begun
        finally:
            sweep.close()
    calcium, spliced, nuclear, released = np.moveaxis(courses, -1, 0)
    area = np.trapezoid(spliced, case.times, axis=1)
    columns = (calcium.max(axis=1), area, nuclear.max(axis=1), released[:, -1])
    return np.stack(columns, axis=1), seconds


def _runner(case: Case, rtol: float) -> Runner:
    """The baked model in libRoadRunner, loaded once; a dose is the level of a boundary species."""
    import roadrunner

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_CRITICAL)
    runner = roadrunner.RoadRunner(str(case.path))
    runner.timeCourseSelections = [f"[{name}]" for name in case.species]
    runner.integrator.relative_tolerance = rtol
    runner.integrator.absolute_tolerance = 1e-3 * rtol
    runner.integrator.maximum_num_steps = 1_000_000
    stress, ligand = case.swept
    stress_at = [list(runner.model.getGlobalParameterIds()).index(stress)]
    ligand_at = [list(runner.model.getBoundarySpeciesIds()).index(ligand)]

    def run(values: FloatArray) -> FloatArray:
        found = np.full((len(values), N_POINTS, len(case.species)), np.nan)
        for i, (level, dose) in enumerate(values.tolist()):
            runner.model.setGlobalParameterValues(stress_at, [level])
            runner.reset()
            runner.model.setBoundarySpeciesConcentrations(ligand_at, [dose])
            try:
                found[i] = runner.simulate(0, case.end_time, N_POINTS)
            except RuntimeError:
                continue
        return found

    return run


def _peak_memory() -> float:
    """Largest resident memory of this process [MB]."""
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
