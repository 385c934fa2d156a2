"""Options that several commands share, so that they read the same everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Backend",
    "ConditionOption",
    "DoseOption",
    "InitialOption",
    "MaxSteps",
    "Method",
    "ModelArgument",
    "OutOption",
    "PlotOption",
    "Rest",
    "Rtol",
    "SetOption",
]

ModelArgument = Annotated[
    str, typer.Argument(help="A packaged pathway (sigmapath models) or a path: .ant, .xml, .sbml.")
]
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
