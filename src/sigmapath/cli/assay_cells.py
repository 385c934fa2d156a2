"""``sigmapath assay calcium-imaging | co-ip | fret | neurite-outgrowth | ppi``: assays on cells."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sigmapath.cli.assay_output import Sheet, sheet, study
from sigmapath.cli.options import ModelOption, takes
from sigmapath.cli.values import pairs

__all__ = ["calcium_imaging", "co_ip", "fret", "neurite_outgrowth", "ppi"]


@takes(
    study=study("12 h", 12, option="--incubation", words="With the treatment, before the film."),
    sheet=sheet,
)
def calcium_imaging(
    *,
    study: Any,
    stimulus: Annotated[
        list[str],
        typer.Option("--stimulus", metavar="NAME=CONC", help="Default: GPCR_stimulus=1; repeats."),
    ] = [],  # noqa: B006
    stimulus_time: Annotated[str, typer.Option("--stimulus-time")] = "1 min",
    baseline: Annotated[str, typer.Option("--baseline", help="Frames before it.")] = "30 s",
    recording: Annotated[str, typer.Option("--recording", help="From the first frame.")] = "5 min",
    dye: Annotated[float, typer.Option("--dye", help="Fluo-4 in the cytosol [uM].")] = 30.0,
    rate: Annotated[float, typer.Option("--rate", help="Frames per second.")] = 2.0,
    photons: Annotated[float, typer.Option("--photons", help="Per cell and frame; or inf.")] = 2e4,
    model: ModelOption = "s1r_mam",
    sheet: Sheet,
) -> int:
    """Film cells loaded with Fluo-4, which buffers; prints dF/F0 per frame.

    Example: sigmapath assay calcium-imaging --dose "(+)-pentazocine=100 nM" --plot film.png
    """
    from sigmapath.api import load
    from sigmapath.assays import Camera, DyeLoad, Film
    from sigmapath.assays import calcium_imaging as run

    given = pairs(stimulus, "--stimulus")
    film = Film(
        **({"stimulus": given} if given else {}), stimulus_time=stimulus_time, baseline=baseline,
        recording=recording, camera=Camera(rate_hz=rate, photons=photons),
    )  # fmt: skip
    data = run(load(model), study, film=film, load=DyeLoad(dye_uM=dye))
    return sheet.write(data, ["dff_mean", "dff_sem", "calcium", "calcium_no_dye"])


@takes(study=study("24 h", 4), sheet=sheet)
def co_ip(
    *,
    complex_: Annotated[
        str, typer.Argument(metavar="COMPLEX", help="The complex: an id or a formula.")
    ] = "S1R_BiP",
    prey: Annotated[str | None, typer.Option("--prey", help="All prey in the lysate.")] = None,
    study: Any,
    koff: Annotated[float, typer.Option("--koff", help="Of the complex in the washes [1/s].")] = (
        1e-4
    ),
    washes: Annotated[int, typer.Option("--washes")] = 4,
    background: Annotated[float, typer.Option("--background", help="IgG, share of prey.")] = 0.02,
    model: ModelOption = "s1r_mam",
    sheet: Sheet,
) -> int:
    """Pull down a complex and blot it; prints % of vehicle.

    Example: sigmapath assay co-ip S1R_BiP --dose "(+)-pentazocine=1 uM" --plot blot.png
    """
    from sigmapath.api import load
    from sigmapath.assays import PullDown
    from sigmapath.assays import co_immunoprecipitation as run

    pull_down = PullDown(koff=koff, washes=washes, background=background)
    data = run(load(model), study, complex=complex_, prey=prey, pull_down=pull_down)
    names = ["percent_mean", "percent_sd", "percent_sem", "enrichment", "complex"]
    return sheet.write(data, names)


@takes(study=study("1 h", 20), sheet=sheet)
def fret(
    *,
    fraction: Annotated[
        str | None,
        typer.Argument(help="Share of donors in complex; default: oligomer-type share of S1R."),
    ] = None,
    study: Any,
    distance: Annotated[float, typer.Option("--distance", help="Of the fluorophores [nm].")] = 5.0,
    partners: Annotated[int, typer.Option("--partners", help="Of a donor in its complex.")] = 1,
    photons: Annotated[float, typer.Option("--photons", help="Per cell; or inf.")] = 2e4,
    model: ModelOption = "s1r_mam",
    sheet: Sheet,
) -> int:
    """Measure FRET in three channels; prints the corrected efficiency.

    Example: sigmapath assay fret --dose "(+)-pentazocine=1 uM" --plot fret.png
    """
    from sigmapath.api import load
    from sigmapath.assays import FretOptics, FretPair
    from sigmapath.assays import fret as run
    from sigmapath.assays.fret import OLIGOMER

    pair = FretPair(distance_nm=distance, partners=partners)
    optics = FretOptics(photons=photons)
    data = run(load(model), study, fraction=fraction or OLIGOMER, pair=pair, optics=optics)
    names = ["efficiency_mean", "efficiency_sd", "efficiency_sem", "efficiency_true", "fraction"]
    return sheet.write(data, names)


@takes(study=study("72 h", 6), sheet=sheet)
def neurite_outgrowth(
    *,
    study: Any,
    cells: Annotated[int, typer.Option("--cells", help="Counted per culture.")] = 100,
    criterion: Annotated[
        float, typer.Option("--criterion", help="Neurites count from here [um].")
    ] = 40.0,
    model: ModelOption = "s1r_cell",
    sheet: Sheet,
) -> int:
    """Count cells with neurites (a proxy); prints % of cells and length.

    Example: sigmapath assay neurite-outgrowth --arm "NGF: NGF=2 nM"
    --arm "NGF + drug: NGF=2 nM; PRE-084=1 uM"
    """
    from sigmapath.api import load
    from sigmapath.assays import neurite_outgrowth as run

    data = run(load(model), study, cells=cells, criterion_um=criterion)
    names = ["bearing_mean", "bearing_sd", "bearing_sem", "length_mean", "length_sem", "index"]
    return sheet.write(data, names)


@takes(study=study("24 h", 10), sheet=sheet)
def ppi(
    *,
    study: Any,
    trials: Annotated[int, typer.Option("--trials", help="Of each kind per animal.")] = 10,
    model: ModelOption = "s1r_cell",
    sheet: Sheet,
) -> int:
    """Score prepulse inhibition (a proxy), with a deficit and a treatment; prints %PPI.

    Example: sigmapath assay ppi --dose "PRE-084=1 uM" --plot ppi.png
    """
    from sigmapath.api import load
    from sigmapath.assays import prepulse_inhibition as run

    data = run(load(model), study, trials=trials)
    return sheet.write(data, ["ppi_mean", "ppi_sd", "ppi_sem", "ppi_expected", "drive"])
