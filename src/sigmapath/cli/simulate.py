"""``sigmapath simulate``: one run, as numbers and as a figure."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sigmapath.cli import options as o

__all__ = ["simulate"]


@o.takes(experiment=o.experiment)
def simulate(
    *,
    model: o.ModelArgument,
    until: Annotated[
        str, typer.Option("--until", help='End time, e.g. "6h" (model units if plain).')
    ],
    points: Annotated[
        int, typer.Option("--points", min=2, max=10_000_000, help="Number of output times.")
    ] = 201,
    observable: Annotated[
        list[str],
        typer.Option("--observable", help="An id or a formula; repeats. Default: species."),
    ] = [],  # noqa: B006  typer reads the default, nobody changes it
    experiment: dict[str, Any],
    out: o.OutOption = None,
    plot: o.PlotOption = None,
) -> int:
    """Simulate a model over time; writes CSV to stdout unless --out or --plot is given.

    Example: sigmapath simulate s1r_mam --dose "(+)-pentazocine=1 uM" --until 6h --plot run.png
    """
    from sigmapath.api import load
    from sigmapath.cli.files import check_outputs, deliver

    check_outputs(out, plot)
    loaded = load(model)
    raw = loaded.run(
        times=(until, points),
        observables=observable or None,
        **experiment,
    )
    return deliver(raw, out, plot, lambda: _figure(raw, observable))


def _figure(raw: Any, observables: list[str]) -> Any:
    """One panel for one observable, else a panel for each."""
    from matplotlib.figure import Figure

    from sigmapath.plot.panels import time_course_panels
    from sigmapath.plot.time_course import course_names, time_course
    from sigmapath.results.dataset import to_dataset

    data = to_dataset(raw)
    if len(course_names(data, observables or None)) > 1:
        return time_course_panels(data, observables or None)
    figure = Figure(figsize=(7.0, 4.4), layout="constrained")
    time_course(data, ax=figure.add_subplot())
    return figure
