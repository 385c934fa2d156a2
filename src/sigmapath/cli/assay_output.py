"""What the cell assays share on the command line: a study in, a table, files and figure out.

Enters: option texts, and the Dataset of an assay. Leaves: a Study, CSV on stdout, files.
"""

# Annotations are values here, not text: one of them is made for each command.

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from sigmapath.cli import options as o
from sigmapath.cli.values import pairs
from sigmapath.errors import PlanError
from sigmapath.record import record

__all__ = ["N", "Seed", "Sheet", "sheet", "study", "table_text"]

ArmOption = Annotated[
    list[str],
    typer.Option(
        "--arm",
        metavar="NAME: D=V; D=V; @C",
        help="A treatment with a name: its doses and, behind @, its condition; repeats. The first "
        "is the reference. Instead of --dose.",
    ),
]
N = Annotated[int, typer.Option("--n", help="Replicates, 2 or more.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Of the replicates.")]


def study(
    until: str,
    n: int,
    *,
    option: str = "--until",
    words: str = "Length of the treatment.",
    has_arms: bool = True,
) -> Callable[..., Any]:
    """Options that make a Study.

    Parameters
    ----------
    until, n
        What is customary for the assay.
    option, words : str
        Name and help of the option for ``until``.
    has_arms : bool
        Whether there is an ``--arm``.
    """
    Length = Annotated[str, typer.Option(option, help=words)]

    def read(
        arm: ArmOption = [],  # noqa: B006  typer reads the default, nobody changes it
        dose: o.DoseOption = [],  # noqa: B006
        until: Length = until,
        condition: o.ConditionOption = None,
        set_: o.SetOption = [],  # noqa: B006
        n: N = n,
        seed: Seed = 0,
    ) -> Any:
        from sigmapath.assays import Study

        return Study(
            **_treatments(dose, arm), until=until, condition=condition,
            parameters=pairs(set_, "--set"), n=n, seed=seed,
        )  # fmt: skip

    return read if has_arms else partial(read, [])


def _treatments(dose: Sequence[str], arm: Sequence[str]) -> dict[str, Any]:
    """``doses=`` or ``arms=`` of an assay from ``--dose`` or ``--arm``.

    Raises
    ------
    PlanError
        If both are given, or an arm is not "name: dose=level; ...".
    """
    if not arm:
        return {"doses": pairs(dose, "--dose")}
    if dose:
        raise PlanError(
            "an assay takes --dose or --arm, not both", where="--arm",
            fix="put the doses into the arms",
        )  # fmt: skip
    return {"arms": [_arm(text) for text in arm]}


def _arm(text: str) -> Any:
    from sigmapath.assays import Arm

    name, _, inside = text.partition(":")
    if not name.strip():
        raise PlanError(
            "an arm has no name", where="--arm", found=text,
            expected='"name: dose=level; dose=level; @condition"',
        )  # fmt: skip
    entries = [entry.strip() for entry in inside.split(";") if entry.strip()]
    conditions = [entry[1:].strip() for entry in entries if entry.startswith("@")]
    if len(conditions) > 1:
        raise PlanError("an arm has one condition at most", where="--arm", found=text)
    doses = pairs([entry for entry in entries if not entry.startswith("@")], "--arm")
    return Arm(name=name.strip(), doses=doses, condition=conditions[0] if conditions else None)


@record
class Sheet:
    """Where the results of an assay go; made before anything is computed."""

    out: Path | None
    plot: Path | None

    def write(self, data: Any, names: Sequence[str]) -> int:
        """Print the table of an assay, or write what was asked for; returns the exit code.

        ``--out x.csv`` writes the table, ``x.nc`` everything.
        """
        from sigmapath.cli.files import write_figure
        from sigmapath.cli.screen import say
        from sigmapath.results.storage import save_dataset, write_text

        text = table_text(data, names)
        if self.out is None:
            print(text, end="")
        elif self.out.suffix.lower() == ".csv":
            write_text(self.out, text)
            say(f"wrote {self.out}")
        else:
            save_dataset(data, self.out)
            say(f"wrote {self.out}")
        if "proxy" in data.attrs:
            say(f"this score is a proxy: {data.attrs['proxy']}")
        if self.plot is not None:
            from sigmapath.plot import assay

            write_figure(self.plot, lambda: assay(data).figure)
        return 0


def sheet(out: o.OutOption = None, plot: o.PlotOption = None) -> Sheet:
    """Options that say where results go; refuses paths that cannot be written."""
    from sigmapath.cli.files import check_outputs
    from sigmapath.errors import OutputError

    check_outputs(out, plot)
    if out is not None and out.suffix.lower() == ".json":
        raise OutputError(
            "an assay is not written as JSON", where=str(out), expected=".csv, .nc or .zarr"
        )
    return Sheet(out=out, plot=plot)


def table_text(data: Any, names: Sequence[str]) -> str:
    """CSV of some variables of one set of dimensions, coordinates first, units in the header."""
    import csv
    import io

    chosen = data[list(names)]
    frame = chosen.to_dataframe().reset_index()
    dims = [str(d) for d in data[names[0]].dims]
    frame = frame[[*dims, *names]]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([_titled(data, name) for name in frame.columns])
    for row in frame.itertuples(index=False):
        writer.writerow([f"{v:.6g}" if isinstance(v, float) else str(v) for v in row])
    return stream.getvalue()


def _titled(data: Any, name: str) -> str:
    unit = str(data[name].attrs.get("units", "")) if name in data else ""
    return f"{name} [{unit}]" if unit not in ("", "1") else name
