"""``sigmapath evidence``: every claim as a small experiment, with its verdict."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from sigmapath.cli import options as o

__all__ = ["evidence"]

_FILES = ("evidence.html", "evidence.xml")


def evidence(
    claim: Annotated[
        list[str], typer.Option("--claim", metavar="ID", help='A claim, e.g. "S1R-02"; repeats.')
    ] = [],  # noqa: B006  typer reads the default, nobody changes it
    module: Annotated[
        list[str],
        typer.Option("--module", metavar="M", help="All claims of LIG, S1R, CA, MITO, UPR, NRF2, "
                     "CH, TR or X; repeats."),
    ] = [],  # noqa: B006
    ensemble: o.Ensemble = 0,
    factor: Annotated[
        float | None,
        typer.Option("--factor", help="Draw constants that nobody measured (assumed, fitted) "
                     "within this factor of their values, e.g. 2, and leave the others; by "
                     "default everything from its graded range."),
    ] = None,
    seed: o.SeedOfDraws = 0,
    summary: Annotated[
        bool, typer.Option("--summary", help="Only how many claims hold and where, not each claim.")
    ] = False,
    arms: Annotated[
        bool,
        typer.Option("--arms", help="Also test each arm of open questions alone (S1R to NRF2)."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for evidence.html and evidence.xml (JUnit); made if "
                     "missing."),
    ] = None,
) -> int:  # fmt: skip
    """Put the claims about the pathway to the test and say which hold.

    Example: sigmapath evidence --module UPR --ensemble 100 --out report
    """
    from sigmapath.api import load
    from sigmapath.cli.files import make_folder
    from sigmapath.cli.screen import progress_bar, say, table
    from sigmapath.evidence.claims import choose_claims, claims_folder, read_claims
    from sigmapath.evidence.evidence import gather
    from sigmapath.evidence.report import claim_rows, count_rows, html_report, junit_report
    from sigmapath.evidence.rivals import rival_arms
    from sigmapath.evidence.summary import summary_lines, summary_rows
    from sigmapath.results.storage import check_writable, write_text

    known = read_claims(claims_folder() / "claims.toml")
    chosen = choose_claims(known, claim, module)
    if out is not None:
        make_folder(out)
        for name in _FILES:
            check_writable(out / name, suffixes=(".html", ".xml"))

    @cache
    def engine_of(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return load(name)._engine

    say(f"testing {len(chosen)} claims" + (f" over {ensemble} draws" if ensemble else ""))
    with progress_bar("evidence") as advance:
        found = gather(
            engine_of,
            claims=claim,
            modules=module,
            ensemble=ensemble or None,
            factor=factor,
            seed=seed,
            courses=out is not None,
            progress=advance,
        )
    rivals = rival_arms(engine_of, claims=claim, modules=module) if arms else ()
    if not summary:
        print(table(*claim_rows(found)))
        print()
        for by in ("module", "tier"):
            print(table(*count_rows(found, by)))
            print()
    print(table(*summary_rows(found)))
    for line in summary_lines(found, factor):
        print(line)
    for rival in rivals:
        print(f"\n{rival.question}. Claims that one of the variants changes:")
        print(table(*rival.rows()))
    if out is not None:
        texts = (html_report(found, rivals), junit_report(found))
        for name, text in zip(_FILES, texts, strict=True):
            write_text(out / name, text)
            say(f"wrote {out / name}")
    return 1 if any(not j.ran[0] for j in found.judgements if j.findings) else 0
