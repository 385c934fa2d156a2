"""The shipped pathway at work: a dose-response with time courses, and a large sweep.

Enters: the number of runs of the sweep. Leaves: lines of text. The sweep crosses tunicamycin with
an agonist, each run 24 h from rest, and keeps four readouts; its throughput is set beside
libRoadRunner's with ``compare``, here the point is how much time and memory so many runs take.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np

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


def measure_doses(rounds: int) -> Iterator[str]:
    """41 doses with full time courses against ten warm single solves; medians of the rounds."""
    import sigmapath as sp
    from sigmapath.solvers.lanes.code import native_width

    model = sp.load("s1r_mam")
    single = model.simulator(_TIMES, doses={_LIGAND: 0.1})
    axes = {_LIGAND: _DOSES}
    calls = {
        "41 doses, one at a time": lambda: model.sweep(axes, _TIMES, lanes=1),
        "41 doses, in lanes": lambda: model.sweep(axes, _TIMES, lanes=native_width()),
        "one warm solve": single.run,
    }
    found = {name: float(np.median(s)) for name, s in interleaved(calls, rounds=rounds).items()}
    ten = 10.0 * found.pop("one warm solve")
    yield f"{'10 warm single solves':<26} {1e3 * ten:8.2f} ms"
    for name, seconds in found.items():
        yield f"{name:<26} {1e3 * seconds:8.2f} ms   {seconds / ten:.2f} times ten single solves"


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


def _peak_memory() -> float:
    """Largest resident memory of this process [MB]."""
    import resource
    import sys

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)
