"""``sigmapath assay``: virtual assays, with the data a paper would show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["assay"]

_KINDS = ("competition", "saturation")


def assay(
    kind: Annotated[str, typer.Argument(help="competition or saturation.")],
    ligand: Annotated[
        str, typer.Argument(help="The competitor, or the labelled ligand of a saturation.")
    ],
    label: Annotated[
        str, typer.Option("--label", help="Labelled ligand of a competition.")
    ] = "(+)-pentazocine",
    label_concentration: Annotated[
        str, typer.Option("--label-concentration", help="Of the labelled ligand.")
    ] = "4 nM",
    minutes: Annotated[float, typer.Option("--minutes", help="Of the incubation.")] = 90.0,
    celsius: Annotated[float, typer.Option("--celsius", help="Of the incubation.")] = 37.0,
    noise: Annotated[
        float, typer.Option("--noise", help="Coefficient of variation of one counted filter.")
    ] = 0.0,
    n: Annotated[int, typer.Option("--n", help="Replicates.")] = 3,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the noise.")] = 0,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Write a figure: .png, .pdf or .svg.")
    ] = None,
) -> int:
    """Run a radioligand binding assay on washed membranes; prints points and fit as CSV.

    Example: sigmapath assay competition fluvoxamine --noise 0.08 --n 4 --plot ki.png
    """
    from sigmapath.api import load
    from sigmapath.assays.binding import MODEL, competition, saturation
    from sigmapath.cli.files import check_outputs, write_figure
    from sigmapath.cli.screen import say
    from sigmapath.errors import UnknownNameError

    if kind not in _KINDS:
        raise UnknownNameError("assay", kind, _KINDS, where="assay")
    check_outputs(None, plot)
    model = load(MODEL)
    protocol: dict[str, Any] = {
        "minutes": minutes,
        "celsius": celsius,
        "noise": noise,
        "n": n,
        "seed": seed,
    }
    if kind == "saturation":
        bound = saturation(model, ligand, **protocol)
        print("free [nM],total [nM],nonspecific [nM],specific [nM],sem [nM]")
        for row in zip(
            bound.free, bound.total, bound.nonspecific, bound.specific, bound.sem, strict=True
        ):
            print(",".join(f"{value:.6g}" for value in row))
        say(f"Kd {bound.kd:.3g} nM, Bmax {bound.bmax:.3g} nM, n = {n}")
        if plot is not None:
            write_figure(plot, lambda: bound.plot().figure)
        return 0
    found = competition(
        model, ligand, label=label, label_concentration=label_concentration, **protocol
    )
    print("competitor [nM],total [nM],specific [nM],specific [%],sem [%]")
    for row in zip(
        found.concentration, found.total, found.specific, found.percent, found.sem, strict=True
    ):
        print(",".join(f"{value:.6g}" for value in row))
    say(f"IC50 {found.ic50:.3g} nM, Ki {found.ki:.3g} nM (Cheng-Prusoff, Kd {found.kd:.3g} nM)")
    if found.depletion > 0.1:
        say(f"the label is used up: {100 * found.depletion:.0f} % is bound, so Ki is too high")
    if plot is not None:
        write_figure(plot, lambda: found.plot().figure)
    return 0
