"""``python -m sigmapath.conformance DIR``: run the semantic cases of any copy of the suite."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sigmapath.conformance.crew import run_cases
from sigmapath.conformance.suite import find_cases, read_case
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
    parser.add_argument("--manifest", type=Path, help="write the manifest of the tests")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """Return 0 if every case passes or is unsupported, 1 if any does not, 2 for bad input."""
    arguments = _arguments(given)
    try:
        folders = find_cases(arguments.folder, arguments.case)
        tags = {folder.name: read_case(folder).tags for folder in folders}
    except SigmapathError as error:
        print(error, file=sys.stderr)
        return 2
    outcomes = run_cases(folders, jobs=arguments.jobs, limit=arguments.limit)
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


if __name__ == "__main__":
    sys.exit(main())
