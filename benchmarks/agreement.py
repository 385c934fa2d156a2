"""``python -m benchmarks agree DIR``: every SBML file below a folder, against libRoadRunner.

Enters: a folder. Leaves: a table with one line per model: whether both programs ran it, and the
largest relative difference over all species, assigned and integrated quantities and 101 times. Each
program runs in a process of its own, so that a crash or a hang is one line too. Both run twice, at
the tolerance and a hundred times looser; how far each moves between the two tells who has converged
where they differ.

The time span is that of the measurements beside the file (PEtab's ``measurementData*.tsv``), 100
without any. A difference counts relative to the value plus a thousandth of the quantity's own peak
plus 1e-9 of the largest peak of the model: below those both programs show their rounding.
"""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Agreement", "compare_folder", "difference", "horizon_of", "print_table", "write_table"]

FloatArray = NDArray[np.float64]
N_POINTS = 101
LIMIT = 1e-6
_OWN_SHARE, _MODEL_SHARE = 1e-3, 1e-9
_LOOSER = 100.0
# In units of the states: far below what any of these models holds.
_ATOL_SHARE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What came out for one model.

    Parameters
    ----------
    name : str
        Path below the folder.
    status : str
        "agrees", "differs", "refused" (by sigmapath, with a typed error), "sigmapath failed",
        "peer failed" or "both failed".
    end_time : float
    n_compared : int
        Quantities.
    difference : float
        Largest relative difference; NaN where there is nothing to compare.
    where : str
        The quantity that differs most and the time.
    our_change, their_change : float
        Largest difference of each program from itself at the looser tolerance.
    reason : str
        Of a failure.
    """

    name: str
    status: str
    end_time: float
    n_compared: int = 0
    difference: float = math.nan
    where: str = ""
    our_change: float = math.nan
    their_change: float = math.nan
    reason: str = ""


def compare_folder(folder: Path, *, rtol: float, longest: float) -> Iterable[Agreement]:
    """Yield the outcome for every SBML file below ``folder``, in order of names."""
    files = sorted(p for p in folder.rglob("*") if p.suffix in (".xml", ".sbml") and _is_sbml(p))
    with tempfile.TemporaryDirectory(prefix="sigmapath-agreement-") as scratch:
        for file in files:
            yield _compared(file, str(file.relative_to(folder)), Path(scratch), rtol, longest)


def _is_sbml(path: Path) -> bool:
    with path.open("rb") as file:
        return b"<sbml" in file.read(4000)


def horizon_of(file: Path) -> float:
    """Latest finite time of the measurements beside a model; 100 without any."""
    latest = 0.0
    for table in sorted(file.parent.glob("measurementData*.tsv")):
        with table.open(newline="") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                try:
                    time = float(row.get("time") or "nan")
                except ValueError:
                    continue
                if math.isfinite(time):
                    latest = max(latest, time)
    return latest or 100.0


def difference(found: FloatArray, reference: FloatArray) -> FloatArray:
    """Relative differences, shape as both, (n_time, n_quantity); NaN only where one is NaN."""
    peak = np.nanmax(np.abs(reference), axis=0, initial=0.0)
    floor = _OWN_SHARE * peak + _MODEL_SHARE * np.max(peak, initial=0.0) + 1e-300
    both_nan = np.isnan(found) & np.isnan(reference)
    gap = np.abs(found - reference) / (np.abs(reference) + floor)
    return np.where(both_nan | (found == reference), 0.0, gap)


def _compared(file: Path, name: str, scratch: Path, rtol: float, longest: float) -> Agreement:
    end = horizon_of(file)
    ours = _run("sigmapath", file, end, rtol, longest, scratch)
    theirs = _run("libRoadRunner", file, end, rtol, longest, scratch)
    if isinstance(ours, str) or isinstance(theirs, str):
        reasons = [x for x in (ours, theirs) if isinstance(x, str)]
        if len(reasons) == 2:
            status = "both failed"
        elif isinstance(ours, str):
            status = "refused" if ours.startswith("refused") else "sigmapath failed"
        else:
            status = "peer failed"
        return Agreement(name=name, status=status, end_time=end, reason=" | ".join(reasons))
    names = [n for n in ours[0] if n in set(theirs[0])]
    a, a_loose = (_columns(ours, names, k) for k in (0, 1))
    b, b_loose = (_columns(theirs, names, k) for k in (0, 1))
    gaps = difference(a, b)
    worst = float(np.max(gaps, initial=0.0)) if not np.isnan(gaps).any() else math.nan
    where = ""
    if gaps.size:
        i, j = np.unravel_index(int(np.argmax(np.nan_to_num(gaps, nan=np.inf))), gaps.shape)
        where = f"{names[j]} at {np.linspace(0.0, end, N_POINTS)[i]:.6g}"
    return Agreement(
        name=name,
        status="agrees" if worst < LIMIT else "differs",
        end_time=end,
        n_compared=len(names),
        difference=worst,
        where=where,
        our_change=float(np.max(difference(a_loose, a), initial=0.0)),
        their_change=float(np.max(difference(b_loose, b), initial=0.0)),
    )


def _columns(found: tuple[list[str], FloatArray], names: list[str], k: int) -> FloatArray:
    where = {name: i for i, name in enumerate(found[0])}
    return found[1][k][:, [where[name] for name in names]]


def _run(
    program: str, file: Path, end: float, rtol: float, longest: float, scratch: Path
) -> tuple[list[str], FloatArray] | str:
    """Names and values at both tolerances, or why there are none."""
    out = scratch / "run.npy"
    out.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.agreement", program, str(file)]
    command += [f"{end:.17g}", f"{rtol:.17g}", str(out)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=longest)
    except subprocess.TimeoutExpired:
        return f"{program}: no result after {longest:g} s"
    if done.returncode or not out.exists():
        last = (done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1]
        return f"refused: {last[:300]}" if done.returncode == 3 else f"{program}: {last[:300]}"
    return json.loads(done.stdout.strip().splitlines()[-1]), np.load(out)


# Quantities: every species as a concentration, and whatever rules assign or integrate.
def _quantities(file: Path) -> tuple[list[str], list[str]]:
    import libsbml

    model = libsbml.readSBMLFromFile(str(file)).getModel()
    species = [one.getId() for one in model.getListOfSpecies()]
    known = set(species)
    ruled = [r.getVariable() for r in model.getListOfRules() if not r.isAlgebraic()]
    return species, [name for name in ruled if name not in known]


def _sigmapath(file: Path, end: float, rtol: float) -> tuple[list[str], list[FloatArray]]:
    import sigmapath as sp

    model = sp.load(file)
    known = set(model.observables)
    species, others = _quantities(file)
    pairs = [(f"[{s}]", f"[{s}]" if f"[{s}]" in known else s) for s in species]
    pairs += [(name, name) for name in others if name in known]
    times = np.linspace(0.0, end, N_POINTS)
    runs = [
        model.simulator(
            times,
            observables=[ours for _, ours in pairs],
            rtol=r,
            atol=_ATOL_SHARE * r,
            max_steps=5_000_000,
        ).run()
        for r in (rtol, _LOOSER * rtol)
    ]
    return [name for name, _ in pairs], runs


def _libroadrunner(file: Path, end: float, rtol: float) -> tuple[list[str], list[FloatArray]]:
    import roadrunner

    roadrunner.Logger.setLevel(roadrunner.Logger.LOG_CRITICAL)
    runner = roadrunner.RoadRunner(str(file))
    species, others = _quantities(file)
    names = [f"[{s}]" for s in species] + others
    runner.timeCourseSelections = names
    runner.integrator.maximum_num_steps = 5_000_000
    runs = []
    for r in (rtol, _LOOSER * rtol):
        runner.resetToOrigin()
        runner.integrator.relative_tolerance = r
        runner.integrator.absolute_tolerance = _ATOL_SHARE * r
        runs.append(np.array(runner.simulate(0, end, N_POINTS)))
    return names, runs


_PROGRAMS: dict[str, Any] = {"sigmapath": _sigmapath, "libRoadRunner": _libroadrunner}


def _serve(program: str, file: str, end: str, rtol: str, out: str) -> None:
    from sigmapath.errors import ModelError, UnsupportedFeatureError

    try:
        names, runs = _PROGRAMS[program](Path(file), float(end), float(rtol))
    except (ModelError, UnsupportedFeatureError) as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        raise SystemExit(3) from error
    except Exception as error:
        print(f"{type(error).__name__}: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(1) from error
    np.save(out, np.stack(runs))
    print(json.dumps(names))


_COLUMNS = "{:<44} {:<17} {:>8} {:>6} {:>10} {:>9} {:>9}  {}"


def print_table(found: Iterable[Agreement]) -> list[Agreement]:
    """Print one line per model as soon as it is known, and the sum."""
    print(_COLUMNS.format("model", "status", "until", "values", "difference", "ours", "peer's", ""))
    kept: list[Agreement] = []
    for one in found:
        kept.append(one)
        print(
            _COLUMNS.format(
                one.name.removesuffix(".xml").split("/")[-1][:44],
                one.status,
                f"{one.end_time:.4g}",
                one.n_compared,
                f"{one.difference:.1e}",
                f"{one.our_change:.0e}",
                f"{one.their_change:.0e}",
                one.reason or ("" if one.status == "agrees" else one.where),
            ).rstrip(),
            flush=True,
        )
    counts = {status: sum(o.status == status for o in kept) for status in {o.status for o in kept}}
    print(f"{len(kept)} models: " + ", ".join(f"{n} {s}" for s, n in sorted(counts.items())))
    return kept


def write_table(path: Path, found: Iterable[Agreement]) -> None:
    """One line per model."""
    names = list(Agreement.__dataclass_fields__)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([getattr(one, name) for name in names] for one in found)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
