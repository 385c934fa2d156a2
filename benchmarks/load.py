"""``python -m benchmarks load``: how the time to ready grows with the size of a model.

Every size in a process of its own, imports and solvers warm, the model unknown to the caches.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.cases import generated_case
from benchmarks.peers.base import Peer
from benchmarks.peers.ours import Sigmapath
from benchmarks.processes import ready_seconds
from benchmarks.statistics import power_law, spread

__all__ = ["measure_load"]


def measure_load(sizes: list[int], peers: list[Peer], rounds: int, folder: Path) -> None:
    """Print seconds to ready for generated networks, and the exponent of growth.

    Parameters
    ----------
    sizes : list of int
        Species; 1.75 times as many reactions.
    peers : list of Peer
        Those without a script for this are left out.
    rounds : int
        Processes per size and program, in turn.
    folder : Path
    """
    programs: list[Peer] = [Sigmapath(), *(p for p in peers if p.ready_script() is not None)]
    medians: dict[str, list[float]] = {program.name: [] for program in programs}
    print(f"{'species':>8} " + " ".join(f"{program.name:>20}" for program in programs))
    for size in sizes:
        case = generated_case(size, folder)
        samples: dict[str, list[float]] = {program.name: [] for program in programs}
        for _ in range(rounds):
            for program in programs:
                samples[program.name].append(ready_seconds(program, case, folder)[0])
        found = {name: spread(values) for name, values in samples.items()}
        for name, value in found.items():
            medians[name].append(value.median)
        print(f"{size:>8} " + " ".join(f"{value!s:>20}" for value in found.values()), flush=True)
    if len(sizes) > 1:
        for name, values in medians.items():
            print(f"{name}: time to ready grows as size^{power_law(sizes, values):.2f}")
