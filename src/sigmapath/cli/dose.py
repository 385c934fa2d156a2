"""``sigmapath dose``: the main job, from a ligand's name to a table and a figure."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from sigmapath.cli import options as o
from sigmapath.cli.values import dose_range, pairs

__all__ = ["dose"]


def dose(
    ligand: Annotated[str, typer.Argument(help="Name or alias of a ligand (sigmapath ligands).")],
    with_: Annotated[
        list[str],
        typer.Option("--with", metavar="NAME=CONC", help='Another ligand, e.g. "NE-100=1 uM".'),
    ] = [],  # noqa: B006  typer reads the default, nobody changes it
    doses: Annotated[
        str | None,
        typer.Option("--doses", help="start:stop:n (log-spaced), e.g. 1nM:10uM:41, or a list."),
    ] = None,
    readout: Annotated[
        list[str],
        typer.Option(
            "--readout", help="An arm (e.g. XBP1s_auc) or a readout, e.g. peak(CHOP); repeats."
        ),
    ] = [],  # noqa: B006
    condition: o.ConditionOption = None,
    model: o.ModelOption = "s1r_mam",
    ensemble: o.Ensemble = 0,
    seed: o.SeedOfDraws = 0,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the files (made if missing).")
    ] = None,
) -> int:
    """Dose a ligand and watch the pathway answer: a table, a figure and a file of data.

    Writes dose_<ligand>.png and dose_<ligand>.csv: one row per readout, curve and dose, dose 0
    being vehicle, with response, fit, status (0 = ok) and the range of the draws.

    Example: sigmapath dose "(+)-pentazocine" --with "NE-100=1 uM"
    """
    from sigmapath.api import load
    from sigmapath.cli.files import check_outputs, write_figure
    from sigmapath.cli.screen import progress_bar, say
    from sigmapath.pathways.ligands import ligand_table

    found = ligand_table()[ligand]
    companions = pairs(with_, "--with")
    given = None if doses is None else dose_range(doses)
    loaded = load(model)
    folder = _folder(out)
    stem = folder / f"dose_{_slug(found.name)}"
    figure_path, table_path = stem.with_suffix(".png"), stem.with_suffix(".csv")
    check_outputs(table_path, figure_path)
    with progress_bar(found.name) as advance:
        said: list[str] = []

        def show(what: str, done: int, total: int) -> None:
            advance(done, total)
            if not said:
                say(f"dosing {found.name} in {loaded.id}")
            if what != "done" and what not in said:
                say(f"  {what}")
            said.append(what)

        experiment = loaded.dose_experiment(
            found.name,
            companions=companions,
            doses=given,
            readouts=readout or None,
            condition=condition,
            ensemble=ensemble,
            seed=seed,
            progress=show,
        )
    from sigmapath.analysis.dose_table import experiment_csv, summary_rows
    from sigmapath.cli.files import INTERRUPTED, report_status
    from sigmapath.cli.screen import table

    header, rows = summary_rows(experiment)
    print(table(header, rows))
    for note in experiment.notes:
        say(note)
    _write(table_path, experiment_csv(experiment))
    write_figure(figure_path, lambda: _figure(experiment))
    code = report_status(experiment.status)
    return code if experiment.is_complete else INTERRUPTED


def _figure(experiment: Any) -> Any:
    from sigmapath.plot.dose_figure import dose_figure

    return dose_figure(experiment)


def _slug(name: str) -> str:
    """File-name part for a ligand: "(+)-pentazocine" becomes "pentazocine"."""
    spelled = name.lower().replace("(-)", "minus ")
    return re.sub(r"[^a-z0-9]+", "_", spelled).strip("_")


def _folder(out: Path | None) -> Path:
    from sigmapath.errors import OutputError

    if out is None:
        return Path()
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            "the folder cannot be made", where=str(out), found=error.strerror or str(error)
        ) from error
    return out


def _write(path: Path, text: str) -> None:
    from sigmapath.cli.screen import say
    from sigmapath.results.storage import write_text

    write_text(path, text)
    say(f"wrote {path}")
