"""Where the time of a warm solve goes: the model's kernels against everything else.

Enters: cases. Leaves: a table on stdout and, if asked for, CSV. Counters of a solve say how often
each kernel was called; each is timed by itself in a compiled loop, but right-hand side and solve in
turn, as stages call them: the code of a large model does not fit into the nearest cache twice.
What is left of the solve is the solver's own: sums over stages, error norms, interpolation, the
loop, and making the array that the user gets.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arithmetic import bound, factor_operations, operations, solve_operations
from benchmarks.cases import Case
from benchmarks.native import Parts
from benchmarks.timing import interleaved

__all__ = ["Limit", "measure_limit", "print_limits", "write_limits"]

_KERNELS = ("rhs", "jac", "factor", "solve", "outputs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One solve taken apart; times in seconds.

    Parameters
    ----------
    model, method : str
    n_state, n_steps : int
    solve : float
        Shortest time of ``simulator.run()``: what disturbs only adds.
    calls : dict kernel -> int
    times : dict kernel -> float
        Of all its calls together.
    bound : float
        What the arithmetic of all kernels would take at the rate of this CPU, scalar code.
    """

    model: str
    method: str
    n_state: int
    n_steps: int
    solve: float
    calls: dict[str, int]
    times: dict[str, float]
    bound: float

    @property
    def share(self) -> dict[str, float]:
        """Share of the solve of each kernel, and of everything else."""
        shares = {name: value / self.solve for name, value in self.times.items()}
        return {**shares, "else": 1.0 - sum(shares.values())}


def measure_limit(case: Case, *, rtol: float, method: str, rounds: int) -> Limit:
    """Take one warm solve apart."""
    import sigmapath as sp

    simulator = sp.load(case.path).simulator(
        case.times, observables=case.species, rtol=rtol, method=method
    )
    simulator.run()
    stats = simulator.stats
    parts = Parts(case, simulator)
    calls = {
        "rhs": stats["n_rhs"],
        "jac": stats["n_jac"],
        "factor": stats["n_factor"],
        "solve": stats["n_solve"],
        "outputs": len(case.times),
    }
    found: dict[str, list[float]] = {name: [] for name in _KERNELS if calls[name]}
    solves: list[float] = []
    turns: list[float] = []
    apart: list[float] = []
    for _ in range(rounds):
        # In turn, so that whatever disturbs the machine meets all of them.
        solves += interleaved({"run": simulator.run}, rounds=1, clock="cpu")["run"]
        for name, samples in found.items():
            samples.append(parts.seconds(name))
        if calls["solve"]:
            turns.append(parts.seconds_of_turn())
            apart.append(parts.seconds_apart())
    times = {name: min(samples) * calls[name] for name, samples in found.items()}
    if turns:
        # What both take beyond their times alone, shared out in proportion to these.
        ratio = max(1.0, min(turns) / min(apart))
        n_turn = min(calls["rhs"], calls["solve"])
        for name in ("rhs", "solve"):
            times[name] += (ratio - 1.0) * n_turn * min(found[name])
    return Limit(
        model=case.name,
        method=method,
        n_state=parts.n_state,
        n_steps=stats["n_steps"] + stats["n_rejected"],
        solve=min(solves),
        calls=calls,
        times=times,
        bound=bound(_counts(parts, calls)),
    )


def _counts(parts: Parts, calls: dict[str, int]) -> list[tuple[Counter[str], int]]:
    kernels = [(operations(f), calls[f.name]) for f in parts.functions() if f.name in calls]
    lu = [
        (factor_operations(parts.program), calls["factor"]),
        (solve_operations(parts.program), calls["solve"]),
    ]
    return kernels + lu


def print_limits(limits: list[Limit]) -> None:
    """One line per model, shares in percent."""
    columns = "".join(f"{name:>9}" for name in (*_KERNELS, "else"))
    print(f"{'model':<16}{'states':>7}{'steps':>7}{'solve us':>11}{columns}{'bound us':>11}")
    for one in limits:
        share = one.share
        cells = "".join(f"{100 * share.get(name, 0.0):>8.1f}%" for name in (*_KERNELS, "else"))
        print(
            f"{one.model:<16}{one.n_state:>7}{one.n_steps:>7}{1e6 * one.solve:>11.1f}{cells}"
            f"{1e6 * one.bound:>11.1f}"
        )
    print("else: sums over stages, error norms, interpolation, the loop, the array handed over.")
    print("bound: arithmetic of rhs, jac, factor and solve alone, one number per register.")


def write_limits(path: Path, limits: list[Limit]) -> None:
    """Write one row per model and kernel."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "method", "kernel", "calls", "seconds", "solve_seconds", "bound"])
        for one in limits:
            for name, seconds in one.times.items():
                row = [one.model, one.method, name, one.calls[name], seconds, one.solve, one.bound]
                writer.writerow(row)
