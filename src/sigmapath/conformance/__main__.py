"""``python -m sigmapath.conformance DIR``: run the cases of any copy of the suite.

The semantic cases where DIR holds them; ``DIR/stochastic`` runs the stochastic ones. Every case is
simulated with the product's default tolerances: rtol 1e-6, or a hundredth of the relative tolerance
that the case is compared with where that is smaller, and an absolute tolerance per state that the
model's own start values give.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sigmapath.conformance.constructs import GOOD, constructs_table
from sigmapath.conformance.crew import run_cases
from sigmapath.conformance.manifest import read_manifest
from sigmapath.conformance.stochastic import (
    RUNS,
    find_stochastic_cases,
    judge_stochastic,
    stochastic_table,
)
from sigmapath.conformance.suite import find_cases, read_case, read_tags
from sigmapath.conformance.table import pass_table, summary, write_csv
from sigmapath.errors import SigmapathError

__all__ = ["main"]


def _arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sigmapath.conformance",
        description="Run semantic cases of the SBML Test Suite and print the pass table by tag.",
    )
    parser.add_argument("folder", type=Path, help="folder of cases, or one with semantic/ inside")
    parser.add_argument("--case", nargs="+", default=[], metavar="N", help="only these cases")
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds per case (60)")
    parser.add_argument("--out", type=Path, help="write case, verdict, reason as CSV")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"of a stochastic case ({RUNS})")
    parser.add_argument(
        "--constructs", action="store_true", help="print passes by construct, as in the README"
    )
    parser.add_argument(
        "--known", type=Path, metavar="FOLDER", help="with --constructs: manifests, nothing is run"
    )
    parser.add_argument("--manifest", type=Path, help="write the manifest of the tests")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Return 0 if every case passes or is unsupported, 1 if any does not, 2 for bad input."""
    arguments = _arguments(given)
    stochastic = find_stochastic_cases(arguments.folder)
    if arguments.known is not None:
        return _known_constructs(arguments.folder, arguments.known)
    if stochastic and not (arguments.folder / "stochastic").is_dir():
        return _run_stochastic(stochastic, arguments)
    try:
        folders = find_cases(arguments.folder, arguments.case)
        tags = {folder.name: read_case(folder).tags for folder in folders}
    except SigmapathError as error:
        print(error, file=sys.stderr)
        return 2
    outcomes = run_cases(folders, jobs=arguments.jobs, limit=arguments.limit)
    if arguments.constructs:
        print(constructs_table({o.number: o.verdict for o in outcomes}, tags))
    else:
        print(pass_table(outcomes, tags))
    print()
    for outcome in outcomes:
        if outcome.verdict != "pass":
            print(f"{outcome.number} {outcome.verdict}: {outcome.reason}")
    print(summary(outcomes))
    if arguments.out is not None:
        write_csv(arguments.out, outcomes, tags)
    if arguments.manifest is not None:
        from sigmapath.conformance.manifest import write_manifest

        write_manifest(arguments.manifest, outcomes)
    return 0 if all(o.verdict in ("pass", "unsupported") for o in outcomes) else 1


def _run_stochastic(folders: Sequence[Path], arguments: argparse.Namespace) -> int:
    """Judge the stochastic cases; the manifest that is written has their verdicts."""
    wanted = {text.zfill(5) for text in arguments.case}
    chosen = [folder for folder in folders if not wanted or folder.name in wanted]
    outcomes = []
    for folder in chosen:
        outcomes.append(judge_stochastic(folder, runs=arguments.runs))
        print(stochastic_table(outcomes[-1:], arguments.runs).splitlines()[0], flush=True)
    print("\n".join(stochastic_table(outcomes, arguments.runs).splitlines()[len(outcomes) :]))
    is_good = all(outcome.verdict in ("pass", "excursions") for outcome in outcomes)
    if arguments.manifest is not None:
        lines = [f"{o.number} {'pass' if o.verdict in GOOD else o.verdict}\n" for o in outcomes]
        arguments.manifest.write_text("".join(lines), encoding="utf-8")
    return 0 if is_good else 1


def _known_constructs(suite: Path, manifests: Path) -> int:
    """Print the table of constructs from manifests, for the tags of a copy of the suite."""
    semantic = read_manifest(manifests / "manifest.txt")
    stochastic = read_manifest(manifests / "manifest_stochastic.txt")
    print(
        constructs_table(
            semantic,
            {folder.name: read_case(folder).tags for folder in find_cases(suite)},
            stochastic,
            {folder.name: read_tags(folder) for folder in find_stochastic_cases(suite)},
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
