"""``sigmapath docs``: a page per system, made from the models, the claims and their verdicts."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["docs"]


def docs(
    out: Annotated[Path, typer.Option("--out", help="Folder for the pages; made if missing.")],
    evidence: Annotated[
        Path | None,
        typer.Option(
            "--evidence", help="Verdicts of an earlier run (evidence.xml); else the claims are run."
        ),
    ] = None,
    claims: Annotated[
        bool, typer.Option("--claims/--no-claims", help="Say which claims hold.")
    ] = True,
) -> int:
    """Write a page per system: scheme, equations, parameters with sources, claims and verdicts.

    Example: sigmapath docs --out pages
    """
    from sigmapath.cli.files import make_folder
    from sigmapath.cli.screen import progress_bar, say
    from sigmapath.docs.site import write_site
    from sigmapath.docs.verdicts import Verdict, verdicts_of, verdicts_of_file

    verdicts: dict[str, Verdict] = {}
    if claims and evidence is not None:
        verdicts = verdicts_of_file(evidence)
    make_folder(out)
    if claims and evidence is None:
        from sigmapath.api import load
        from sigmapath.evidence.evidence import gather

        @cache
        def engine_of(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
            return load(name)._engine

        with progress_bar("evidence") as advance:
            verdicts = verdicts_of(gather(engine_of, courses=False, progress=advance))
    with progress_bar("pages") as advance:
        written = write_site(out, verdicts, progress=advance)
    say(f"wrote {len(written)} files to {out}; start with {out / 'index.html'}")
    return 0
