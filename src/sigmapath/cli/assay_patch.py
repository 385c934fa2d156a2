"""``sigmapath assay patch-clamp | patch-ramp | patch-wash``: whole-cell patch clamp."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sigmapath.cli import options as o
from sigmapath.cli.assay_output import ArmOption, N, Seed, finish, treatments
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


def _rig(
    series: float, compensation: float, bapta: float, noise: float, coupling: float | None
) -> dict[str, Any]:
    from sigmapath.assays import Dendrite, Pipette

    pipette = Pipette(series_MOhm=series, compensation=compensation, bapta_uM=bapta, noise_pA=noise)
    dendrite = Dendrite(coupling_nS=coupling) if coupling is not None else None
    return {"pipette": pipette, "dendrite": dendrite}


def patch_clamp(
    dose: o.DoseOption = [],  # noqa: B006
    arm: ArmOption = [],  # noqa: B006
    steps: Annotated[
        str, typer.Option("--steps", help="Voltages [mV], start:stop:n or v1,v2,...")
    ] = "-80:60:15",
    holding: Holding = -70.0,
    duration: Annotated[str, typer.Option("--duration", help="Of a step.")] = "50 ms",
    measure: Annotated[str, typer.Option("--measure", help="peak or steady.")] = "peak",
    stimulus: Annotated[
        list[str],
        typer.Option("--stimulus", metavar="NAME=CONC", help="During the step; repeats."),
    ] = [],  # noqa: B006
    incubation: Annotated[str, typer.Option("--incubation", help="With the drug.")] = "15 min",
    isolate: Isolate = "HVA",
    series: Series = 10.0,
    compensation: Compensation = 0.7,
    bapta: Bapta = 0.0,
    dialysis: Dialysis = "1 min",
    noise: Noise = 2.0,
    dendrite: Coupling = None,
    condition: o.ConditionOption = None,
    set_: o.SetOption = [],  # noqa: B006
    model: ModelOption = "s1r_cell",
    n: N = 8,
    seed: Seed = 0,
    out: o.OutOption = None,
    plot: o.PlotOption = None,
) -> int:
    """Step the voltage of a patch-clamped cell; prints the I-V.

    Example: sigmapath assay patch-clamp --dose "(+)-SKF10047=10 uM" --plot iv.png
    """
    from sigmapath.api import load
    from sigmapath.assays import patch_clamp as run

    arms, rig = treatments(dose, arm), _rig(series, compensation, bapta, noise, dendrite)
    levels = span(steps, where="--steps")
    names = ["current_mean", "current_sd", "current_sem", "voltage_error", "saturated"]

    def assay() -> object:
        return run(
            load(model), **arms, **rig, steps=levels, holding=holding, duration=duration,
            measure=measure, stimulus=pairs(stimulus, "--stimulus"), incubation=incubation,
            isolate=isolate, dialysis=dialysis, condition=condition,
            parameters=pairs(set_, "--set"), n=n, seed=seed,
        )  # fmt: skip

    return finish(assay, names, out, plot)


def patch_ramp(
    dose: o.DoseOption = [],  # noqa: B006
    arm: ArmOption = [],  # noqa: B006
    start: Annotated[float, typer.Option("--start", help="Of the ramp [mV].")] = -100.0,
    stop: Annotated[float, typer.Option("--stop", help="Of the ramp [mV].")] = 60.0,
    duration: Annotated[str, typer.Option("--duration", help="Of the ramp.")] = "400 ms",
    holding: Holding = -70.0,
    isolate: Isolate = "HVA",
    series: Series = 10.0,
    compensation: Compensation = 0.7,
    bapta: Bapta = 0.0,
    dialysis: Dialysis = "1 min",
    noise: Noise = 2.0,
    dendrite: Coupling = None,
    condition: o.ConditionOption = None,
    set_: o.SetOption = [],  # noqa: B006
    model: ModelOption = "s1r_cell",
    n: N = 8,
    seed: Seed = 0,
    out: o.OutOption = None,
    plot: o.PlotOption = None,
) -> int:
    """Ramp the voltage of a patch-clamped cell; prints the I-V, leak included.

    Example: sigmapath assay patch-ramp --dose "(+)-SKF10047=10 uM" --plot ramp.png
    """
    from sigmapath.api import load
    from sigmapath.assays import patch_ramp as run

    arms, rig = treatments(dose, arm), _rig(series, compensation, bapta, noise, dendrite)
    names = ["current_mean", "current_sd", "current_sem", "voltage_error"]

    def assay() -> object:
        return run(
            load(model), **arms, **rig, start=start, stop=stop, duration=duration, holding=holding,
            isolate=isolate, dialysis=dialysis, condition=condition,
            parameters=pairs(set_, "--set"), n=n, seed=seed,
        )  # fmt: skip

    return finish(assay, names, out, plot)


def patch_wash(
    dose: o.DoseOption = [],  # noqa: B006
    test: Annotated[float, typer.Option("--test", help="Voltage of the test pulse [mV].")] = 0.0,
    holding: Holding = -70.0,
    pulse: Annotated[str, typer.Option("--pulse", help="Its length.")] = "50 ms",
    interval: Annotated[str, typer.Option("--interval", help="From pulse to pulse.")] = "30 s",
    before: Annotated[str, typer.Option("--before", help="Control.")] = "3 min",
    drug: Annotated[str, typer.Option("--drug", help="Drug in the bath.")] = "10 min",
    after: Annotated[str, typer.Option("--after", help="Washout.")] = "10 min",
    isolate: Isolate = "HVA",
    series: Series = 10.0,
    compensation: Compensation = 0.7,
    bapta: Bapta = 0.0,
    dialysis: Dialysis = "1 min",
    noise: Noise = 2.0,
    dendrite: Coupling = None,
    condition: o.ConditionOption = None,
    set_: o.SetOption = [],  # noqa: B006
    model: ModelOption = "s1r_cell",
    n: N = 8,
    seed: Seed = 0,
    out: o.OutOption = None,
    plot: o.PlotOption = None,
) -> int:
    """Wash a drug in and out under test pulses; prints the current in % of control.

    Example: sigmapath assay patch-wash --dose "(+)-SKF10047=10 uM" --plot wash.png
    """
    from sigmapath.api import load
    from sigmapath.assays import patch_wash as run

    rig = _rig(series, compensation, bapta, noise, dendrite)
    doses = pairs(dose, "--dose")
    names = ["drug", "percent_mean", "percent_sd", "percent_sem", "current_mean", "current_sem"]

    def assay() -> object:
        return run(
            load(model), doses, **rig, test=test, holding=holding, pulse=pulse, interval=interval,
            before=before, drug=drug, after=after, isolate=isolate, dialysis=dialysis,
            condition=condition, parameters=pairs(set_, "--set"), n=n, seed=seed,
        )  # fmt: skip

    return finish(assay, names, out, plot)
