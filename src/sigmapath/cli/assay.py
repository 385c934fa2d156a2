"""``sigmapath assay NAME``: virtual assays, with the data a paper would show.

One command per assay; the binding assays are here, the others in ``assay_cells`` and
``assay_patch``.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sigmapath.cli import assay_cells, assay_patch
from sigmapath.cli import options as o

__all__ = ["group"]

group = typer.Typer(
    name="assay",
    help="Run a virtual assay: what an experimenter would have measured, with its errors.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    rich_markup_mode=None,
)

Label = Annotated[str, typer.Option("--label", help="Labelled ligand.")]
Minutes = Annotated[float, typer.Option("--minutes", help="Of the incubation.")]
Celsius = Annotated[float, typer.Option("--celsius", help="Of the incubation.")]
Noise = Annotated[
    float, typer.Option("--noise", help="Coefficient of variation of one counted filter.")
]
N = Annotated[int, typer.Option("--n", help="Replicates.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of the noise.")]


def _incubation(
    minutes: Minutes = 90.0,
    celsius: Celsius = 37.0,
    noise: Noise = 0.0,
    n: N = 3,
    seed: Seed = 0,
) -> Any:
    """Options that make an Incubation."""
    from sigmapath.assays import Incubation

    return Incubation(minutes=minutes, celsius=celsius, noise=noise, n=n, seed=seed)


@group.command("competition", short_help="Displace a radioligand: IC50 and Ki.")
@o.takes(incubation=_incubation)
def competition(
    *,
    ligand: Annotated[str, typer.Argument(help="The competitor.")],
    label: Label = "(+)-pentazocine",
    label_concentration: Annotated[
        str, typer.Option("--label-concentration", help="Of the labelled ligand.")
    ] = "4 nM",
    incubation: Any,
    plot: o.PlotOption = None,
) -> int:
    """Displace a radioligand from washed membranes; prints points and fit as CSV.

    Example: sigmapath assay competition fluvoxamine --noise 0.08 --n 4 --plot ki.png
    """
    from sigmapath.api import load
    from sigmapath.assays import competition as run
    from sigmapath.assays.membranes import MODEL
    from sigmapath.cli.files import check_outputs, write_figure
    from sigmapath.cli.screen import say

    check_outputs(None, plot)
    found = run(
        load(MODEL), ligand, label=label, label_concentration=label_concentration,
        incubation=incubation,
    )  # fmt: skip
    print("competitor [nM],total [nM],specific [nM],specific [%],sem [%]")
    _print_rows(found.concentration, found.total, found.specific, found.percent, found.sem)
    say(f"IC50 {found.ic50:.3g} nM, Ki {found.ki:.3g} nM (Cheng-Prusoff, Kd {found.kd:.3g} nM)")
    if found.depletion > 0.1:
        say(f"the label is used up: {100 * found.depletion:.0f} % is bound, so Ki is too high")
    if plot is not None:
        write_figure(plot, lambda: found.plot().figure)
    return 0


@group.command("saturation", short_help="Bind a radioligand: Kd and Bmax.")
@o.takes(incubation=_incubation)
def saturation(
    *,
    ligand: Annotated[str, typer.Argument(help="The labelled ligand.")] = "(+)-pentazocine",
    incubation: Any,
    plot: o.PlotOption = None,
) -> int:
    """Bind a radioligand to washed membranes at rising concentration; prints points as CSV.

    Example: sigmapath assay saturation --noise 0.08 --plot kd.png
    """
    from sigmapath.api import load
    from sigmapath.assays import saturation as run
    from sigmapath.assays.membranes import MODEL
    from sigmapath.cli.files import check_outputs, write_figure
    from sigmapath.cli.screen import say

    check_outputs(None, plot)
    bound = run(load(MODEL), ligand, incubation=incubation)
    print("free [nM],total [nM],nonspecific [nM],specific [nM],sem [nM]")
    _print_rows(bound.free, bound.total, bound.nonspecific, bound.specific, bound.sem)
    say(f"Kd {bound.kd:.3g} nM, Bmax {bound.bmax:.3g} nM, n = {bound.n}")
    if plot is not None:
        write_figure(plot, lambda: bound.plot().figure)
    return 0


def _print_rows(*columns: Any) -> None:
    for row in zip(*columns, strict=True):
        print(",".join(f"{value:.6g}" for value in row))


group.command("calcium-imaging", short_help="Film cells loaded with Fluo-4: dF/F0.")(
    assay_cells.calcium_imaging
)
group.command("patch-clamp", short_help="Voltage steps on a patch-clamped cell: the I-V.")(
    assay_patch.patch_clamp
)
group.command("patch-ramp", short_help="A voltage ramp on a patch-clamped cell.")(
    assay_patch.patch_ramp
)
group.command("patch-wash", short_help="A drug washed in and out under test pulses.")(
    assay_patch.patch_wash
)
group.command("co-ip", short_help="Co-immunoprecipitation: % of vehicle.")(assay_cells.co_ip)
group.command("fret", short_help="FRET in three channels: corrected efficiency.")(assay_cells.fret)
group.command("neurite-outgrowth", short_help="Cells with neurites (a proxy).")(
    assay_cells.neurite_outgrowth
)
group.command("ppi", short_help="Prepulse inhibition (a proxy).")(assay_cells.ppi)


@group.callback(invoke_without_command=True)
def _list(
    context: typer.Context,
    wanted: Annotated[bool, typer.Option("--list", help="List the assays and exit.")] = False,
) -> None:
    if wanted:
        from sigmapath.cli.screen import table

        rows = [(c.name or "", c.short_help or "") for c in group.registered_commands]
        print(table(("assay", "what it gives"), rows))
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
