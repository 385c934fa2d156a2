"""``python -m benchmarks load``: how the time to a first result grows with the size of a model.

Every sample is a process of its own with imports and solvers warm: another model has been loaded
and run in it. Cold: nothing is known of the model. Warm: an earlier process has left in the cache
whatever the program keeps. libRoadRunner is measured as it comes, with its newer compiler (LLJIT,
its quickest setting), and warm by loading the state that it saved.

``first`` is from the file to the first trajectory, ``ready`` the same less a second solve.
"""

from __future__ import annotations

import csv
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import Case, generated_case, small_case
from benchmarks.processes import fresh_cache, run_process
from benchmarks.statistics import power_law, spread

__all__ = ["Sample", "measure_load", "plot_load", "write_load"]

# Beyond this a sample is not repeated [s].
_LONG = 20.0

_OURS = """
import sys, tempfile, time
import numpy as np
import sigmapath as sp
warm, path, end = sys.argv[1], sys.argv[2], float(sys.argv[3])
with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
    # A text that no cache knows: libSBML, lowering and LLVM are all warm afterwards.
    file.write(open(warm).read() + f"<!-- {time.time_ns()} -->")
    file.flush()
    sp.load(file.name).simulate(np.linspace(0, 1, 3))
times = np.linspace(0, end, 101)
start = time.perf_counter()
model = sp.load(path)
model.simulate(times, rtol=1e-6)
first = time.perf_counter()
model.simulate(times, rtol=1e-6)
print(first - start, time.perf_counter() - first)
"""

_PEER = """
import os, sys, time
import roadrunner
warm, path, end, mode, state = sys.argv[1], sys.argv[2], float(sys.argv[3]), *sys.argv[4:]
if mode == "lljit":
    roadrunner.Config.setValue(roadrunner.Config.LLVM_BACKEND, roadrunner.Config.LLJIT)
roadrunner.RoadRunner(warm).simulate(0, 1, 3)
start = time.perf_counter()
if os.path.exists(state):
    model = roadrunner.RoadRunner()
    model.loadState(state)
else:
    model = roadrunner.RoadRunner(path)
model.integrator.relative_tolerance = 1e-6
model.integrator.absolute_tolerance = 1e-9
model.simulate(0, end, 101)
first = time.perf_counter()
model.reset()
model.simulate(0, end, 101)
print(first - start, time.perf_counter() - first)
if not os.path.exists(state):
    model.saveState(state)
"""

_PEERS = {"libRoadRunner": "mcjit", "libRoadRunner LLJIT": "lljit"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Median seconds of one program at one size."""

    program: str
    state: str
    n_reaction: int
    ready: float
    first: float


def measure_load(
    sizes: list[int], rounds: int, folder: Path, *, wiring: str, longest: float, has_peer: bool
) -> list[Sample]:
    """Print seconds to the first result for generated networks, ratios and exponents of growth.

    Parameters
    ----------
    sizes : list of int
        Reactions.
    rounds : int
        Processes per size and program, in turn; one where a process takes long.
    folder : Path
    wiring : {"local", "random"}
        See :mod:`benchmarks.generated`.
    longest : float
        Seconds after which a peer is given up for this size and those above.
    has_peer : bool
        Whether libRoadRunner is measured too.
    """
    samples: list[Sample] = []
    given_up: set[str] = set()
    print(f"{'reactions':>9} {'program':<20} {'cold: first':>12} {'ratio':>7} {'ready':>8}", end="")
    print(f" {'warm: first':>12} {'ratio':>7} {'ready':>8}  [s]")
    for size in sizes:
        case = generated_case(max(3, round(size / 1.75)), folder, wiring=wiring)
        n_reaction = case.path.read_text().count("<reaction ")
        ours: dict[str, Sample] = {}
        for name in ["sigmapath", *(_PEERS if has_peer else ())]:
            if name in given_up:
                continue
            found = _measured(name, case, n_reaction, rounds, folder, longest)
            if found is None:
                given_up.add(name)
                print(f"{n_reaction:>9} {name:<20} {f'over {longest:g}':>12}", flush=True)
                continue
            samples += found
            ours = ours or {one.state: one for one in found}
            _print_line(n_reaction, name, found, ours)
    _print_growth(samples)
    return samples


def _measured(
    name: str, case: Case, n_reaction: int, rounds: int, folder: Path, longest: float
) -> list[Sample] | None:
    times: dict[str, list[tuple[float, float]]] = {"cold": [], "warm": []}
    for _ in range(rounds):
        cache, state = fresh_cache(folder, "cache-load"), folder / "state.rr"
        state.unlink(missing_ok=True)
        for key in times:
            found = _once(name, case, folder, cache, state, longest)
            if found is None:
                return None
            times[key].append(found)
        if times["cold"][-1][0] > _LONG:
            break
    shutil.rmtree(folder / "cache-load", ignore_errors=True)
    return [
        Sample(
            program=name,
            state=key,
            n_reaction=n_reaction,
            first=spread([first for first, _ in pairs]).median,
            ready=spread([max(first - again, 1e-6) for first, again in pairs]).median,
        )
        for key, pairs in times.items()
    ]


def _once(
    name: str, case: Case, folder: Path, cache: Path, state: Path, longest: float
) -> tuple[float, float] | None:
    """Seconds to the first result and of a second solve; None where that takes too long."""
    arguments = [str(small_case(folder).path), str(case.path), f"{case.end_time:.17g}"]
    script = _OURS
    if name in _PEERS:
        script = _PEER
        arguments += [_PEERS[name], str(state)]
    text = run_process([sys.executable, "-c", script, *arguments], cache, longest)
    if text is None:
        return None
    first, again = text.split()[-2:]
    return float(first), float(again)


def _print_line(n_reaction: int, name: str, found: list[Sample], ours: dict[str, Sample]) -> None:
    line = f"{n_reaction:>9} {name:<20}"
    for one in found:
        ratio = one.first / ours[one.state].first
        line += f" {one.first:>12.4g} {'' if one.program == 'sigmapath' else f'{ratio:.2f}':>7}"
        line += f" {one.ready:>8.3g}"
    print(line, flush=True)


def _print_growth(samples: list[Sample]) -> None:
    """Exponents of least-squares fits seconds = c * reactions^k, over all sizes and the upper."""
    for name, state in dict.fromkeys((one.program, one.state) for one in samples):
        own = [one for one in samples if (one.program, one.state) == (name, state)]
        upper = [one for one in own if one.n_reaction >= 400]
        parts = []
        for what in ("first", "ready"):
            for label, part in (("all", own), ("from 400 reactions", upper)):
                if len(part) > 1:
                    sizes = [one.n_reaction for one in part]
                    k = power_law(sizes, [getattr(one, what) for one in part])
                    parts.append(f"{what}, {label}: {k:.2f}")
        if parts:
            print(f"{name}, {state}: exponent of growth: " + "; ".join(parts))


def write_load(path: Path, samples: list[Sample]) -> None:
    """One line per program, state and size."""
    names = ("program", "state", "n_reaction", "ready", "first")
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([getattr(one, name) for name in names] for one in samples)


def plot_load(path: Path, samples: list[Sample]) -> None:
    """Seconds to the first result against reactions, cold and warm side by side."""
    from matplotlib.figure import Figure

    styles = {
        "sigmapath": {"color": "black", "marker": "o", "linewidth": 2.2},
        "libRoadRunner": {"color": "#D55E00", "marker": "s"},
        "libRoadRunner LLJIT": {"color": "#0072B2", "marker": "D"},
    }
    figure = Figure(figsize=(10.5, 4.2), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for ax, state in zip(axes, ("cold", "warm"), strict=True):
        for name, style in styles.items():
            own = [one for one in samples if (one.program, one.state) == (name, state)]
            if own:
                sizes, values = [o.n_reaction for o in own], [o.first for o in own]
                ax.loglog(sizes, values, label=name, **style)
        ax.set_title(state, loc="left", fontweight="bold")
        ax.set_xlabel("reactions")
        ax.grid(alpha=0.25)
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("file to first trajectory [s]")
    axes[0].legend(frameon=False)
    figure.savefig(path, dpi=150)
