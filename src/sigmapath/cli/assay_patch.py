"""``sigmapath assay patch-clamp | patch-ramp | patch-wash``: whole-cell patch clamp."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sigmapath.cli.assay_output import Sheet, sheet, study
from sigmapath.cli.options import takes
from sigmapath.cli.values import pairs, span

__all__ = ["patch_clamp", "patch_ramp", "patch_wash"]

ModelOption = Annotated[
    str, typer.Option("--model", help="s1r_cell, or membrane (no ligand reaches S1R there).")
]
Holding = Annotated[float, typer.Option("--holding", help="Holding potential [mV].")]
Isolate = Annotated[
    str, typer.Option("--isolate", help="Current that blockers leave: HVA, Na, K, NMDA or all.")
]
Series = Annotated[float, typer.Option("--series", help="Series resistance [MOhm].")]
Compensation = Annotated[float, typer.Option("--compensation", help="Of it, 0 to below 1.")]
Bapta = Annotated[float, typer.Option("--bapta", help="BAPTA in the pipette [uM].")]
Dialysis = Annotated[str, typer.Option("--dialysis", help="From breaking in to the first step.")]
Noise = Annotated[float, typer.Option("--noise", help="Standard deviation of the current [pA].")]
Coupling = Annotated[
    float | None,
    typer.Option(
        "--dendrite",
        help="Put half of the membrane behind this axial conductance [nS]: the clamp is then not "
        "perfect.",
    ),
]


def _clamp(
    holding: Holding = -70.0,
    isolate: Isolate = "HVA",
    series: Series = 10.0,
    compensation: Compensation = 0.7,
    bapta: Bapta = 0.0,
    dialysis: Dialysis = "1 min",
    noise: Noise = 2.0,
    dendrite: Coupling = None,
) -> Any:
    """Options that make a Clamp."""
    from sigmapath.assays import Clamp, Dendrite, Pipette

    pipette = Pipette(series_MOhm=series, compensation=compensation, bapta_uM=bapta, noise_pA=noise)
    return Clamp(
        holding=holding,
        isolate=isolate,
        dialysis=dialysis,
        pipette=pipette,
        dendrite=Dendrite(coupling_nS=dendrite) if dendrite is not None else None,
    )


_incubated = study("15 min", 8, option="--incubation", words="With the drug.")
_washed = study("10 min", 8, option="--drug", words="Drug in the bath.", has_arms=False)


@takes(study=_incubated, clamp=_clamp, sheet=sheet)
def patch_clamp(
    *,
    study: Any,
    steps: Annotated[
        str, typer.Option("--steps", help="Voltages [mV], start:stop:n or v1,v2,...")
    ] = "-80:60:15",
    duration: Annotated[str, typer.Option("--duration", help="Of a step.")] = "50 ms",
    measure: Annotated[str, typer.Option("--measure", help="peak or steady.")] = "peak",
    stimulus: Annotated[
        list[str],
        typer.Option("--stimulus", metavar="NAME=CONC", help="During the step; repeats."),
    ] = [],  # noqa: B006
    clamp: Any,
    model: ModelOption = "s1r_cell",
    sheet: Sheet,
) -> int:
    """Step the voltage of a patch-clamped cell; prints the I-V.

    Example: sigmapath assay patch-clamp --dose "(+)-SKF10047=10 uM" --plot iv.png
    """
    from sigmapath.api import load
    from sigmapath.assays import Steps
    from sigmapath.assays import patch_clamp as run

    levels = Steps(
        steps=span(steps, where="--steps"), duration=duration, measure=measure,
        stimulus=pairs(stimulus, "--stimulus"),
    )  # fmt: skip
    data = run(load(model), study, clamp=clamp, steps=levels)
    names = ["current_mean", "current_sd", "current_sem", "voltage_error", "saturated"]
    return sheet.write(data, names)


@takes(study=_incubated, clamp=_clamp, sheet=sheet)
def patch_ramp(
    *,
    study: Any,
    start: Annotated[float, typer.Option("--start", help="Of the ramp [mV].")] = -100.0,
    stop: Annotated[float, typer.Option("--stop", help="Of the ramp [mV].")] = 60.0,
    duration: Annotated[str, typer.Option("--duration", help="Of the ramp.")] = "400 ms",
    clamp: Any,
    model: ModelOption = "s1r_cell",
    sheet: Sheet,
) -> int:
    """Ramp the voltage of a patch-clamped cell; prints the I-V, leak included.

    Example: sigmapath assay patch-ramp --dose "(+)-SKF10047=10 uM" --plot ramp.png
    """
    from sigmapath.api import load
    from sigmapath.assays import patch_ramp as run

    data = run(load(model), study, clamp=clamp, start=start, stop=stop, duration=duration)
    return sheet.write(data, ["current_mean", "current_sd", "current_sem", "voltage_error"])


@takes(study=_washed, clamp=_clamp, sheet=sheet)
def patch_wash(
    *,
    study: Any,
    test: Annotated[float, typer.Option("--test", help="Voltage of the test pulse [mV].")] = 0.0,
    pulse: Annotated[str, typer.Option("--pulse", help="Its length.")] = "50 ms",
    interval: Annotated[str, typer.Option("--interval", help="From pulse to pulse.")] = "30 s",
    before: Annotated[str, typer.Option("--before", help="Control.")] = "3 min",
    after: Annotated[str, typer.Option("--after", help="Washout.")] = "10 min",
    clamp: Any,
    model: ModelOption = "s1r_cell",
    sheet: Sheet,
) -> int:
    """Wash a drug in and out under test pulses; prints the current in % of control.

    Example: sigmapath assay patch-wash --dose "(+)-SKF10047=10 uM" --plot wash.png
    """
    from sigmapath.api import load
    from sigmapath.assays import Pulses
    from sigmapath.assays import patch_wash as run

    pulses = Pulses(test=test, pulse=pulse, interval=interval, before=before, after=after)
    data = run(load(model), study, clamp=clamp, pulses=pulses)
    names = ["drug", "percent_mean", "percent_sd", "percent_sem", "current_mean", "current_sem"]
    return sheet.write(data, names)
