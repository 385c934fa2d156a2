"""``sigmapath sweep``: many runs over named axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from sigmapath.cli import options as o
from sigmapath.cli.values import axis
from sigmapath.errors import PlanError

if TYPE_CHECKING:
    from sigmapath.api import Model

__all__ = ["sweep"]


@o.takes(experiment=o.experiment)
def sweep(
    *,
    model: o.ModelArgument,
    axis_: Annotated[
        list[str],
        typer.Option(
            "--axis",
            metavar="NAME=VALUES",
            help='What to vary: "tunicamycin=0:5:50", "(+)-pentazocine=1nM:10uM:50:log" or a list '
            '"k=1,2,5"; repeats, first axis first.',
        ),
    ],
    readout: Annotated[
        list[str], typer.Option("--readout", help='What to report, e.g. "peak(Ca_mito)"; repeats.')
    ],
    until: Annotated[
        str | None,
        typer.Option("--until", help='End time, e.g. "6h"; 24h where the model has units of time.'),
    ] = None,
    experiment: dict[str, Any],
    out: o.OutOption = None,
    plot: o.PlotOption = None,
) -> int:
    """Sweep a model over one or more axes; writes CSV to stdout unless --out or --plot is given.

    Example: sigmapath sweep s1r_mam --axis "tunicamycin=0:5:50"
    --axis "(+)-pentazocine=1nM:10uM:50:log" --readout "peak(Ca_mito)" --plot sweep.png
    """
    from sigmapath.api import load
    from sigmapath.cli.files import check_outputs, deliver
    from sigmapath.cli.screen import progress_bar

    check_outputs(out, plot)
    if plot is not None and len(axis_) > 2:
        raise PlanError(
            "a figure shows one or two axes", where="--plot", found=f"{len(axis_)} axes",
            fix="leave --plot out, and choose from the result what to draw",
        )  # fmt: skip
    readout = list(dict.fromkeys(readout))
    axes = dict(axis(text) for text in axis_)
    if len(axes) < len(axis_):
        raise PlanError("one name has two axes", where="--axis", fix="give each axis once")
    loaded = load(model)
    with progress_bar("sweep") as advance:
        raw = loaded.run(
            times=until or _default_end(loaded),
            axes=axes,
            readouts={text: text for text in readout},
            **experiment,
            progress=advance,
        )
    return deliver(raw, out, plot, lambda: _figure(raw, readout))


def _default_end(model: Model) -> str:
    """24 h, which means nothing to a model that counts time in no unit."""
    if model.network.units.time:
        return "24 h"
    raise PlanError(
        "no end time is given, and the model counts time in no unit",
        where="--until",
        fix="say until when to run, in whatever the model counts time in: --until 100",
    )


def _figure(raw: Any, readouts: list[str]) -> Any:
    """A heat map per readout for two axes, a line per readout for one."""
    from matplotlib.figure import Figure

    from sigmapath.plot.heat_map import heat_map
    from sigmapath.plot.lines import sweep_lines
    from sigmapath.results.dataset import to_dataset

    data = to_dataset(raw)
    count = len(readouts)
    figure = Figure(figsize=(6.6 * count, 5.0), layout="constrained")
    axes = figure.subplots(1, count, squeeze=False)[0]
    for ax, name in zip(axes, readouts, strict=True):
        if data[name].ndim < 2:
            sweep_lines(data, name, ax=ax)
        else:
            heat_map(data, name, ax=ax)
    return figure
