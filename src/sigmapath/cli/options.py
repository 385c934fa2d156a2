"""Options that several commands share, so that they read the same everywhere.

Single options are types; a group of options is a function of such types, whose value a command
asks for by :func:`takes`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from sigmapath.cli.values import pairs

__all__ = [
    "Backend",
    "ConditionOption",
    "DoseOption",
    "Ensemble",
    "InitialOption",
    "MaxSteps",
    "Method",
    "ModelArgument",
    "ModelOption",
    "OutOption",
    "PlotOption",
    "Rest",
    "Rtol",
    "SeedOfDraws",
    "SetOption",
    "experiment",
    "settings",
    "takes",
]

ModelArgument = Annotated[
    str, typer.Argument(help="A packaged pathway (sigmapath models) or a path: .ant, .xml, .sbml.")
]
ModelOption = Annotated[str, typer.Option("--model", help="A packaged pathway, or a path.")]
SetOption = Annotated[
    list[str], typer.Option("--set", metavar="K=V", help="Give a parameter a value; repeats.")
]
DoseOption = Annotated[
    list[str],
    typer.Option(
        "--dose",
        metavar="NAME=CONC",
        help='Hold a ligand, input or species from t = 0, e.g. "(+)-pentazocine=1 uM"; repeats.',
    ),
]
InitialOption = Annotated[
    list[str], typer.Option("--initial", metavar="S=V", help="Give an initial value; repeats.")
]
ConditionOption = Annotated[
    str | None, typer.Option("--condition", help="A named context of the model (sigmapath show).")
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Write the result: .csv, .nc, .json (or .zarr).")
]
PlotOption = Annotated[
    Path | None, typer.Option("--plot", help="Write a figure: .png, .pdf or .svg.")
]
Method = Annotated[str, typer.Option("--method", help="auto, or the name of a solver.")]
Rtol = Annotated[float, typer.Option("--rtol", help="Relative tolerance.")]
MaxSteps = Annotated[
    int, typer.Option("--max-steps", min=1, help="A run that needs more steps is given up.")
]
Backend = Annotated[str, typer.Option("--backend", help="llvm or numba.")]
Rest = Annotated[
    bool, typer.Option("--rest", help="Bring the model to its steady state before t = 0.")
]
Ensemble = Annotated[
    int, typer.Option("--ensemble", min=0, help="Draws from the parameter ranges.")
]
SeedOfDraws = Annotated[int, typer.Option("--seed", min=0, help="Of the draws.")]
T = TypeVar("T")


def takes(**groups: Callable[..., Any]) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Let a command, or a group, take groups of options.

    Parameters
    ----------
    **groups
        Argument of the command -> function that makes its value. In the place of the argument, the
        command line has the options of that function.
    """

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        members = {name: _options_of(group) for name, group in groups.items()}

        @wraps(command)
        def call(**given: Any) -> T:
            for name, group in groups.items():
                given[name] = group(**{option: given.pop(option) for option in members[name]})
            return command(**given)

        options: dict[str, inspect.Parameter] = {}
        for name, option in _options_of(command).items():
            added = members.get(name, {name: option})
            assert not options.keys() & added.keys(), f"{command.__name__} has an option twice"
            options |= added
        call.__signature__ = inspect.Signature(list(options.values()))  # type: ignore[attr-defined]
        call.__annotations__ = {name: option.annotation for name, option in options.items()}
        return call

    return decorate


def _options_of(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    found = inspect.signature(function, eval_str=True).parameters
    keyword = inspect.Parameter.KEYWORD_ONLY
    return {name: option.replace(kind=keyword) for name, option in found.items()}


def settings(
    dose: DoseOption = [],  # noqa: B006  typer reads the default, nobody changes it
    set_: SetOption = [],  # noqa: B006
    initial: InitialOption = [],  # noqa: B006
    condition: ConditionOption = None,
) -> dict[str, Any]:
    """What is held from the start: arguments of ``Model.run`` and ``Model.steady_state``."""
    return {
        "doses": pairs(dose, "--dose"),
        "parameters": pairs(set_, "--set"),
        "initial": pairs(initial, "--initial"),
        "condition": condition,
    }


@takes(settings=settings)
def experiment(
    settings: dict[str, Any],
    rest: Rest = False,
    method: Method = "auto",
    rtol: Rtol = 1e-6,
    max_steps: MaxSteps = 100_000,
    backend: Backend = "llvm",
) -> dict[str, Any]:
    """What is done to a model and how it is solved: arguments of ``Model.run``."""
    return {
        **settings,
        "protocol": _rest_first(rest),
        "method": method,
        "rtol": rtol,
        "max_steps": max_steps,
        "backend": backend,
    }


def _rest_first(rest: bool) -> Any:
    """Protocol of ``--rest``: from the steady state, or None."""
    if not rest:
        return None
    from sigmapath.experiment.protocol import equilibrate

    return [equilibrate()]
