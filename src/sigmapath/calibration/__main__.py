"""``python -m sigmapath.calibration [NAME]``: list the calibrations, or repeat one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from sigmapath.calibration.fitting import Fit, Objective, fit
from sigmapath.calibration.specs import Calibration, calibration_names, find_calibration
from sigmapath.errors import SigmapathError, UnknownNameError

__all__ = ["main"]


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sigmapath.calibration",
        description="Repeat the fits behind the constants that are graded fitted.",
    )
    parser.add_argument("name", nargs="?", help="a calibration; all are listed if left out")
    parser.add_argument("--steps", type=int, default=30, help="most steps of the search (30)")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Return 0 if the committed values are those of the fit, 1 if not, 2 for bad input."""
    arguments = _arguments(given)
    try:
        if arguments.name is None:
            for name in calibration_names():
                print(_listed(find_calibration(name)))
            return 0
        calibration = find_calibration(arguments.name)
        found = repeat(calibration, most_steps=arguments.steps)
    except SigmapathError as error:
        print(f"sigmapath: {error}", file=sys.stderr)
        return 2
    print(report(calibration, found))
    return 0 if found.reproduces else 1


def repeat(calibration: Calibration, *, most_steps: int = 30, quiet: bool = False) -> Fit:
    """Fit a calibration again from its start, beside the values of its model."""
    from sigmapath.io.load import load_network
    from sigmapath.pathways.ligands import ligand_table
    from sigmapath.pathways.registry import model_conditions, model_path
    from sigmapath.simulate.engine import Engine
    from sigmapath.simulate.prepared import prepare

    network = load_network(model_path(calibration.model))
    values = {p.id: p.value for p in network.parameters}
    for name in calibration.free:
        if values.get(name) is None:
            raise UnknownNameError(
                "parameter", name, values, where=f"calibration {calibration.name}"
            )
    committed = {name: float(values[name] or 0.0) for name in calibration.free}
    prepared = prepare(network)
    engine = Engine(
        prepared.system,
        ligands=ligand_table(),
        conditions=model_conditions(),
        inputs=prepared.inputs,
    )

    def said(step: int, squares: float) -> None:
        if not quiet:
            print(f"step {step}: sum of squares {squares:.2f}", file=sys.stderr)

    return fit(Objective(calibration, engine), committed, most_steps=most_steps, progress=said)


def _listed(calibration: Calibration) -> str:
    figures = dict.fromkeys(t.figure for t in calibration.targets if t.figure)
    lines = [
        f"{calibration.name}: {calibration.title}",
        f"  model {calibration.model}; {len(calibration.targets)} targets, "
        f"{len(calibration.free)} free: {', '.join(calibration.free)}",
        *(f"  figure: {figure}" for figure in figures),
    ]
    if calibration.claims:
        lines.append(f"  claims used as targets: {', '.join(calibration.claims)}")
    return "\n".join(lines)


def report(calibration: Calibration, found: Fit) -> str:
    """What the fit found, as a table of targets and one of parameters."""
    width = max(len(str(target)) for target in calibration.targets)
    lines = [f"{'target':{width}}  {'wanted':>14}  {'start':>9}  {'fitted':>9}  {'committed':>9}"]
    for target, *three in zip(
        calibration.targets, found.start, found.found, found.at_committed, strict=True
    ):
        numbers = "  ".join(f"{value:9.4g}" for value in three)
        lines.append(f"{target!s:{width}}  {target.wanted:>14}  {numbers}")
    width = max(map(len, calibration.free))
    lines += ["", f"{'parameter':{width}}  {'start':>9}  {'fitted':>9}  {'x/:':>6}  committed"]
    for name, start in calibration.free.items():
        lines.append(
            f"{name:{width}}  {start:9.3g}  {found.values[name]:9.3g}  "
            f"{found.factor[name]:6.2f}  {found.committed[name]:9.3g}"
        )
    verdict = "lie within" if found.reproduces else "DO NOT lie within"
    lines += [
        "",
        f"sum of squares {found.chi2:.2f} fitted, {found.chi2_committed:.2f} committed; the "
        f"committed values {verdict} the uncertainty of the fit (a difference of "
        f"{found.allowed:.1f} is the edge at 95 %). {found.n_runs} runs; {found.message}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
