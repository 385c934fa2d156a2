"""Commands that look at models: models, show, convert, steady-state, ligands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sigmapath.cli import options as o
from sigmapath.cli.screen import say, table
from sigmapath.errors import OutputError

__all__ = ["convert", "ligands", "models", "show", "steady_state"]


def models(
    validation: Annotated[
        bool, typer.Option("--validation", help="List the published models kept for validation.")
    ] = False,
) -> int:
    """List the packaged pathways, one line each."""
    from sigmapath.pathways.registry import model_descriptions

    rows = list(model_descriptions(validation=validation).items())
    print(table(["model", "what it is"], rows))
    return 0


def ligands() -> int:
    """List the ligands: affinity, efficacy and where they come from."""
    from sigmapath.pathways.ligands import ligand_table

    rows = [
        [
            row.name,
            row.type,
            f"{row.Ki_uM * 1000:.4g}",
            f"{row.Ki_low_uM * 1000:.3g} to {row.Ki_high_uM * 1000:.3g}",
            f"{row.alpha:g}",
            row.grade,
            row.source,
        ]
        for row in ligand_table().values()
    ]
    header = ["ligand", "type", "Ki [nM]", "range", "efficacy alpha", "grade of Ki", "source"]
    print(table(header, rows))
    return 0


def show(
    model: o.ModelArgument,
    equations: Annotated[bool, typer.Option("--equations", help="Print the equations.")] = False,
    source: Annotated[bool, typer.Option("--source", help="Print the generated code.")] = False,
    backend: o.Backend = "llvm",
) -> int:
    """Show what a model holds: species, parameters with sources, reactions, conditions."""
    from sigmapath.api import load

    loaded = load(model)
    if source:
        print(loaded.source(backend=backend))
    elif equations:
        print(loaded.equations())
    else:
        print(loaded.describe())
    return 0


def convert(
    model: Annotated[str, typer.Argument(metavar="IN", help="A packaged name or a path.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Path: .xml, .sbml or .ant.")],
) -> int:
    """Convert a model to SBML (Level 3 Version 2) or Antimony."""
    from sigmapath.api import load
    from sigmapath.results.storage import check_writable, write_text

    writers = {".xml": "to_sbml", ".sbml": "to_sbml", ".ant": "to_antimony"}
    if out.suffix.lower() not in writers:
        raise OutputError(
            "unknown kind of model file",
            where=str(out),
            found=out.suffix or "no suffix",
            expected=", ".join(writers),
        )
    check_writable(out, suffixes=tuple(writers))
    loaded = load(model)
    write_text(out, getattr(loaded, writers[out.suffix.lower()])())
    say(f"wrote {out}")
    return 0


@o.takes(settings=o.settings)
def steady_state(*, model: o.ModelArgument, settings: dict[str, Any]) -> int:
    """Find the steady state; says which method succeeded, the residual and the stability."""
    from sigmapath.api import load

    loaded = load(model)
    found = loaded.steady_state(**settings)
    rows = [[name, f"{value:.6g}", unit] for name, value, unit in found.rows()]
    print(table(["state", "value", "unit"], rows))
    say(found.summary())
    return 0 if found.success else 1
