"""Command line of the benchmarks: ``python -m benchmarks NAME``."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from benchmarks.agreement import compare_folder, print_table, write_table
from benchmarks.cases import (
    Case,
    cases_of_folder,
    generated_case,
    robertson_case,
    s1r_mam_case,
)
from benchmarks.compare import QUICK, Effort, compare_case
from benchmarks.limit import measure_limit, print_limits, write_limits
from benchmarks.load import measure_load, plot_load, write_load
from benchmarks.methods import (
    METHODS,
    measure_methods,
    print_outcomes,
    verdicts,
    write_outcomes,
)
from benchmarks.pathway import measure_doses, measure_sweep
from benchmarks.peers.registry import installed_peers, peer_names
from benchmarks.report import (
    Point,
    Row,
    machine_line,
    print_header,
    print_row,
    work_precision,
    write_csv,
)
from benchmarks.timing import CLOCKS

_PARTS = ("solve", "sweep", "ready", "cold")


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def _names(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


def _peer_option(parser: argparse.ArgumentParser) -> None:
    known = ", ".join(peer_names())
    parser.add_argument("--peers", type=_names, help=f"comma list of {known}; default: all")


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", type=Path, help="folder with models.tsv and SBML files")
    parser.add_argument("--only", type=_names, help="comma list of models of that folder")
    parser.add_argument("--generated", type=_numbers, default=[], help="sizes, e.g. 100,400,1200")
    parser.add_argument("--no-s1r", action="store_true", help="leave s1r_mam out")
    parser.add_argument("--what", type=_names, default=list(_PARTS), help=f"of {', '.join(_PARTS)}")
    parser.add_argument("--method", default="auto", help="integration method of sigmapath")
    parser.add_argument(
        "--clock", choices=sorted(CLOCKS), default="wall", help="of solves and sweeps"
    )
    parser.add_argument("--quick", action="store_true", help="few rounds: a look, not a result")
    parser.add_argument("--rtol", type=float, action="append", help="of the peers' warm solves")
    parser.add_argument("--processes", type=int, help="per measurement of ready and cold")
    parser.add_argument("--longest", type=float, default=900.0, help="seconds to a first result")
    parser.add_argument("--csv", type=Path, help="write the comparisons here")
    parser.add_argument("--plot", type=Path, help="write work-precision curves here (.png, .pdf)")
    _peer_option(parser)


def _add_load(parser: argparse.ArgumentParser) -> None:
    sizes = [10, 100, 500, 1200, 2500, 3750, 5000]
    parser.add_argument("--sizes", type=_numbers, default=sizes, help="reactions, comma list")
    parser.add_argument("--wiring", choices=("local", "random"), default="local")
    parser.add_argument("--rounds", type=int, default=3, help="processes per size and program")
    parser.add_argument("--longest", type=float, default=600.0, help="seconds per process")
    parser.add_argument("--alone", action="store_true", help="without libRoadRunner")
    parser.add_argument("--csv", type=Path, help="write the times here")
    parser.add_argument("--plot", type=Path, help="draw them here (.png, .pdf)")


def _cases(given: argparse.Namespace, folder: Path) -> list[Case]:
    cases = [] if given.no_s1r else [s1r_mam_case(folder)]
    if given.models is not None:
        cases += cases_of_folder(given.models, set(given.only) if given.only else None)
    return cases + [generated_case(size, folder) for size in given.generated]


def _compare(given: argparse.Namespace, folder: Path) -> None:
    unknown = set(given.what) - set(_PARTS)
    if unknown:
        raise SystemExit(
            f"unknown part {', '.join(sorted(unknown))}; known are {', '.join(_PARTS)}"
        )
    effort = QUICK if given.quick else Effort()
    effort = replace(
        effort,
        clock=given.clock,
        what=frozenset(given.what),
        tolerances=tuple(given.rtol or effort.tolerances),
        processes=given.processes or effort.processes,
        longest=given.longest,
    )
    peers, absent = installed_peers(given.peers)
    print(machine_line())
    print("; ".join(f"{peer.name} {peer.version()}" for peer in peers))
    for line in absent:
        print(line)
    print("A ratio above 1: sigmapath is that many times faster. Warm solves: at the peer's error.")
    print_header()
    rows: list[Row] = []
    points: list[Point] = []
    try:
        for case in _cases(given, folder):
            for found in compare_case(case, peers, effort, folder, method=given.method):
                if isinstance(found, Row):
                    rows.append(found)
                    print_row(found)
                elif isinstance(found, Point):
                    points.append(found)
                else:
                    print(f"# {found}", flush=True)
    finally:
        if given.csv is not None:
            write_csv(given.csv, rows)
        if given.plot is not None and points:
            work_precision(given.plot, points)


def _add_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", type=Path, help="folder with models.tsv and SBML files")
    parser.add_argument("--only", type=_names, help="comma list of models of that folder")
    parser.add_argument("--generated", type=_numbers, default=[], help="sizes, e.g. 100,400,1200")
    parser.add_argument("--no-s1r", action="store_true", help="leave s1r_mam out")
    parser.add_argument("--method", default="auto", help="integration method")
    parser.add_argument("--rtol", type=float, default=1e-6)
    parser.add_argument("--rounds", type=int, default=7, help="samples per function")
    parser.add_argument("--csv", type=Path, help="write the numbers here")


def _limit(given: argparse.Namespace, folder: Path) -> None:
    print(machine_line())
    limits = [
        measure_limit(case, rtol=given.rtol, method=given.method, rounds=given.rounds)
        for case in _cases(given, folder)
    ]
    print_limits(limits)
    if given.csv is not None:
        write_limits(given.csv, limits)


def _load(given: argparse.Namespace, folder: Path) -> None:
    has_peer = not given.alone
    for line in installed_peers(["roadrunner"])[1] if has_peer else ():
        print(line)
        has_peer = False
    print(f"{machine_line()}; {given.wiring} wiring")
    samples = measure_load(
        given.sizes,
        given.rounds,
        folder,
        wiring=given.wiring,
        longest=given.longest,
        has_peer=has_peer,
    )
    if given.csv is not None:
        write_load(given.csv, samples)
    if given.plot is not None:
        plot_load(given.plot, samples)


def _add_agree(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="searched for SBML files")
    parser.add_argument("--rtol", type=float, default=1e-10, help="of both programs")
    parser.add_argument("--longest", type=float, default=300.0, help="seconds per run")
    parser.add_argument("--csv", type=Path, help="write the table here")


def _agree(given: argparse.Namespace, folder: Path) -> None:
    if not given.folder.is_dir():
        raise SystemExit(f"{given.folder} is no folder")
    found = print_table(compare_folder(given.folder, rtol=given.rtol, longest=given.longest))
    if given.csv is not None:
        write_table(given.csv, found)


def _add_methods(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", type=Path, help="folder with models.tsv and SBML files")
    parser.add_argument("--only", type=_names, help="comma list of models of that folder")
    parser.add_argument("--generated", type=_numbers, default=[], help="sizes, e.g. 100,400,1200")
    parser.add_argument("--no-s1r", action="store_true", help="leave s1r_mam out")
    parser.add_argument("--methods", type=_names, default=list(METHODS), help="comma list")
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall", help="of warm solves")
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds of timing")
    parser.add_argument("--rtol", type=float, action="append", help="may be given several times")
    parser.add_argument("--csv", type=Path, help="write the numbers here")


def _methods(given: argparse.Namespace, folder: Path) -> None:
    """Times at rtol 1e-6; without timing (``accuracy``) errors at three tolerances."""
    rtols = given.rtol or ([1e-6] if given.rounds else [1e-4, 1e-6, 1e-8])
    peers, _ = installed_peers()
    print(machine_line())
    cases = [*_cases(given, folder), *([] if given.only else [robertson_case(folder)])]
    found = print_outcomes(
        one
        for case in cases
        for one in measure_methods(
            case, rtols, peers, rounds=given.rounds, clock=given.clock, methods=given.methods
        )
    )
    for line in verdicts(found):
        print(line)
    if given.csv is not None:
        write_outcomes(given.csv, found)


def _add_accuracy(parser: argparse.ArgumentParser) -> None:
    _add_methods(parser)
    parser.set_defaults(rounds=0)


def _add_pathway(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=10_000, help="of the sweep; 1000000 to be sure")
    parser.add_argument("--rounds", type=int, default=30)


def _pathway(given: argparse.Namespace, _folder: Path) -> None:
    print(machine_line())
    for line in (*measure_doses(given.rounds), *measure_sweep(given.runs)):
        print(line)


# name -> (what it does, options, action); a further measurement is a further line.
_COMMANDS: dict[
    str,
    tuple[
        str, Callable[[argparse.ArgumentParser], None], Callable[[argparse.Namespace, Path], None]
    ],
] = {
    "compare": ("sigmapath beside its peers, at matched error", _add_compare, _compare),
    "limit": ("where the time of a warm solve goes", _add_limit, _limit),
    "load": ("time to ready for networks of growing size", _add_load, _load),
    "methods": ("every method on every case: times and errors", _add_methods, _methods),
    "accuracy": ("every method on every case: errors at three tolerances", _add_accuracy, _methods),
    "pathway": ("the shipped pathway: 41 doses, and a large sweep", _add_pathway, _pathway),
    "agree": ("published models against libRoadRunner, at tight tolerance", _add_agree, _agree),
}


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="|".join(_COMMANDS))
    for name, (text, add, action) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        add(command)
        command.set_defaults(action=action)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sigmapath-benchmarks-") as folder:
        given.action(given, Path(folder))


if __name__ == "__main__":
    main()
