"""``sigmapath assay calcium-imaging | co-ip | fret | neurite-outgrowth | ppi``: assays on cells."""

from __future__ import annotations

from typing import Annotated

import typer

from sigmapath.cli import options as o
from sigmapath.cli.assay_output import ArmOption, N, Seed, finish, treatments
from sigmapath.cli.values import pairs

__all__ = ["calcium_imaging", "co_ip", "fret", "neurite_outgrowth", "ppi"]

ModelOption = Annotated[str, typer.Option("--model", help="A packaged pathway, or a path.")]
Until = Annotated[str, typer.Option("--until", help="Length of the treatment.")]


def calcium_imaging(
    dose: o.DoseOption = [],  # noqa: B006
    arm: ArmOption = [],  # noqa: B006
    stimulus: Annotated[
        list[str],
        typer.Option("--stimulus", metavar="NAME=CONC", help="Default: GPCR_stimulus=1; repeats."),
    ] = [],  # noqa: B006
    stimulus_time: Annotated[str, typer.Option("--stimulus-time")] = "1 min",
    baseline: Annotated[str, typer.Option("--baseline", help="Frames before it.")] = "30 s",
    recording: Annotated[str, typer.Option("--recording", help="From the first frame.")] = "5 min",
    incubation: Annotated[
        str, typer.Option("--incubation", help="With the treatment, before the film.")
    ] = "12 h",
    dye: Annotated[float, typer.Option("--dye", help="Fluo-4 in the cytosol [uM].")] = 30.0,
    rate: Annotated[float, typer.Option("--rate", help="Frames per second.")] = 2.0,
    photons: Annotated[float, typer.Option("--photons", help="Per cell and frame; or inf.")] = 2e4,
    condition: o.ConditionOption = None,
    set_: o.SetOption = [],  # noqa: B006
    model: ModelOption = "s1r_mam",
    n: N = 12,
    seed: Seed = 0,
    out: o.OutOption = None,
    plot: o.PlotOption = None,
) -> int:
    """Film cells loaded with Fluo-4, which buffers; prints dF/F0 per frame.

    Example: sigmapath assay calcium-imaging --dose "(+)-pentazocine=100 nM" --plot film.png
    """
    from sigmapath.api import load
    from sigmapath.assays import Camera
    from sigmapath.assays import calcium_imaging as run

    arms = treatments(dose, arm)
    given = pairs(stimulus, "--stimulus") or None
    camera = Camera(rate_hz=rate, photons=photons)
    names = ["dff_mean", "dff_sem", "calcium", "calcium_no_dye"]

    def assay() -> object:
        return run(
            load(model), **arms, stimulus=given, stimulus_time=stimulus_time, baseline=baseline,
            recording=recording, incubation=incubation, dye_uM=dye, camera=camera,
            condition=condition, parameters=pairs(set_, "--set"), n=n, seed=seed,
        )  # fmt: skip

    return finish(assay, names, out, plot)


def co_ip(
    complex_: Annotated[
        str, typer.Argument(metavar="COMPLEX", help="The complex: an id or a formula.")
    ] = "S1R_BiP",
    prey: Annotated[str | None, typer.Option("--prey", help="All prey in the lysate.")] = None,
    dose: o.DoseOption = [],  # noqa: B006
    arm: ArmOption = [],  # noqa: B006
    until: Until = "24 h",
    koff: Annotated[float, typer.Option("--koff", help="Of the complex in the washes [1/s].")] = (
        1e-4
    ),
    washes: Annotated[int, typer.Option("--washes")] = 4,
    background: Annotated[float, typer.Option("--background", help="IgG, share of prey.")] = 0.02,
    condition: o.ConditionOption = None,
    set_: o.SetOption = [],  # noqa: B006
    model: ModelOption = "s1r_mam",
    n: N = 4,
    seed: Seed = 0,
    out: o.OutOption = None,
    plot: o.PlotOption = None,
) -> int:
    """Pull down a complex and blot it; prints % of vehicle.

    Example: sigmapath assay co-ip S1R_BiP --dose "(+)-pentazocine=1 uM" --plot blot.png
    """
    from sigmapath.api import load
    from sigmapath.assays import co_immunoprecipitation as run

    arms = treatments(dose, arm)
    names = ["percent_mean", "percent_sd", "percent_sem", "enrichment", "complex"]

    def assay() -> object:
        return run(
            load(model), complex_, prey=prey, **arms, until=until, koff=koff, washes=washes,
            background=background, condition=condition, parameters=pairs(set_, "--set"), n=n,
            seed=seed,
        )  # fmt: skip

    return finish(assay, names, out, plot)


def fret(
    fraction: Annotated[
        str | None,
        typer.Argument(help="Share of donors in complex; default: oligomer-type share of S1R."),
    ] = None,
    dose: o.DoseOption = [],  # noqa: B006
    arm: ArmOption = [],  # noqa: B006
    until: Until = "1 h",
    distance: Annotated[float, typer.Option("--distance", help="Of the fluorophores [nm].")] = 5.0,
    partners: Annotated[int, typer.Option("--partners", help="Of a donor in its complex.")] = 1,
    photons: Annotated[float, typer.Option("--photons", help="Per cell; or inf.")] = 2e4,
    condition: o.ConditionOption = None,
    set_: o.SetOption = [],  # noqa: B006
    model: ModelOption = "s1r_mam",
    n: N = 20,
    seed: Seed = 0,
    out: o.OutOption = None,
    plot: o.PlotOption = None,
) -> int:
    """Measure FRET in three channels; prints the corrected efficiency.

    Example: sigmapath assay fret --dose "(+)-pentazocine=1 uM" --plot fret.png
    """
    from sigmapath.api import load
    from sigmapath.assays import fret as run
    from sigmapath.assays.fret import OLIGOMER

    arms = treatments(dose, arm)
    names = ["efficiency_mean", "efficiency_sd", "efficiency_sem", "efficiency_true", "fraction"]

    def assay() -> object:
        return run(
            load(model), fraction or OLIGOMER, **arms, until=until, distance_nm=distance,
            partners=partners, photons=photons, condition=condition,
            parameters=pairs(set_, "--set"), n=n, seed=seed,
        )  # fmt: skip

    return finish(assay, names, out, plot)


def neurite_outgrowth(
    dose: o.DoseOption = [],  # noqa: B006
    arm: ArmOption = [],  # noqa: B006
    until: Until = "72 h",
    cells: Annotated[int, typer.Option("--cells", help="Counted per culture.")] = 100,
    criterion: Annotated[
        float, typer.Option("--criterion", help="Neurites count from here [um].")
    ] = 40.0,
    condition: o.ConditionOption = None,
    set_: o.SetOption = [],  # noqa: B006
    model: ModelOption = "s1r_cell",
    n: N = 6,
    seed: Seed = 0,
    out: o.OutOption = None,
    plot: o.PlotOption = None,
) -> int:
    """Count cells with neurites (a proxy); prints % of cells and length.

    Example: sigmapath assay neurite-outgrowth --arm "NGF: NGF=2 nM"
    --arm "NGF + drug: NGF=2 nM; PRE-084=1 uM"
    """
    from sigmapath.api import load
    from sigmapath.assays import neurite_outgrowth as run

    arms = treatments(dose, arm)
    names = ["bearing_mean", "bearing_sd", "bearing_sem", "length_mean", "length_sem", "index"]

    def assay() -> object:
        return run(
            load(model), **arms, until=until, cells=cells, criterion_um=criterion,
            condition=condition, parameters=pairs(set_, "--set"), n=n, seed=seed,
        )  # fmt: skip

    return finish(assay, names, out, plot)


def ppi(
    dose: o.DoseOption = [],  # noqa: B006
    arm: ArmOption = [],  # noqa: B006
    until: Until = "24 h",
    trials: Annotated[int, typer.Option("--trials", help="Of each kind per animal.")] = 10,
    condition: o.ConditionOption = None,
    set_: o.SetOption = [],  # noqa: B006
    model: ModelOption = "s1r_cell",
    n: N = 10,
    seed: Seed = 0,
    out: o.OutOption = None,
    plot: o.PlotOption = None,
) -> int:
    """Score prepulse inhibition (a proxy), with a deficit and a treatment; prints %PPI.

    Example: sigmapath assay ppi --dose "PRE-084=1 uM" --plot ppi.png
    """
    from sigmapath.api import load
    from sigmapath.assays import prepulse_inhibition as run

    arms = treatments(dose, arm)
    names = ["ppi_mean", "ppi_sd", "ppi_sem", "ppi_expected", "drive"]

    def assay() -> object:
        return run(
            load(model), **arms, until=until, trials=trials, condition=condition,
            parameters=pairs(set_, "--set"), n=n, seed=seed,
        )  # fmt: skip

    return finish(assay, names, out, plot)
