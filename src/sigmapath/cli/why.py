"""``sigmapath why``: which reactions account for the difference of a readout between two runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from sigmapath.cli import options as o
from sigmapath.cli.values import pairs
from sigmapath.errors import OutputError, PlanError

__all__ = ["why"]

_VEHICLE = "vehicle"


def why(
    model: o.ModelArgument,
    readout: Annotated[
        str,
        typer.Option("--readout", help='"max(Ca_mito)", "auc(XBP1s)", "at(S1R_BiP, 1 h)", ...'),
    ],
    dose: o.DoseOption = [],  # noqa: B006
    against: Annotated[
        list[str],
        typer.Option(
            "--against",
            metavar="WHAT",
            help='What the run is compared with: vehicle, doses ("NE-100=1 uM"; repeats), or '
            "@condition.",
        ),
    ] = [_VEHICLE],  # noqa: B006
    condition: o.ConditionOption = None,
    until: Annotated[str, typer.Option("--until", help="Length of both runs.")] = "24 h",
    hold: Annotated[
        list[str],
        typer.Option("--hold", metavar="NAME=CONC", help="A dose of both runs, a stress; repeats."),
    ] = [],  # noqa: B006
    pulse: Annotated[
        list[str],
        typer.Option(
            "--pulse",
            metavar="NAME=CONC@START:LENGTH",
            help='A pulse of both runs, e.g. "IP3_stimulus=0.2 uM@12 h:1 min".',
        ),
    ] = [],  # noqa: B006
    set_: o.SetOption = [],  # noqa: B006
    rest: Annotated[
        bool, typer.Option("--rest/--no-rest", help="Bring both runs to rest before t = 0.")
    ] = True,
    top: Annotated[int, typer.Option("--top", min=1, help="Reactions shown.")] = 12,
    out: Annotated[Path | None, typer.Option("--out", help="Write the whole table: .csv.")] = None,
    plot: o.PlotOption = None,
) -> int:
    """Explain a difference: reactions ranked by their share, and a sentence.

    Example: sigmapath why s1r_mam --readout "max(Ca_mito)" --dose "(+)-pentazocine=1 uM"
    --pulse "IP3_stimulus=0.2 uM@12 h:1 min" --until "12.1 h"
    """
    from sigmapath.analysis.explain import Run, explain, explained_readout
    from sigmapath.analysis.explain_text import HEADER, rows
    from sigmapath.api import load
    from sigmapath.cli.files import check_outputs, write_figure
    from sigmapath.cli.screen import say, table
    from sigmapath.results.storage import write_text

    check_outputs(out, plot)
    if out is not None and out.suffix.lower() != ".csv":
        raise OutputError("an explanation is written as a table", where=str(out), expected=".csv")
    asked = explained_readout(readout)
    other, other_condition = _against(against)
    shared = pairs(hold, "--hold")
    given = pairs(dose, "--dose")
    _require_apart(shared, given, "--dose")
    _require_apart(shared, other, "--against")
    if not given and not other and other_condition is None:
        raise PlanError(
            "both runs are the same", where="why", fix='give --dose "NAME=CONC" or --against'
        )
    common: dict[str, Any] = {
        "model": load(model), "until": until, "parameters": pairs(set_, "--set"),
        "protocol": _protocol(pulse, rest),
    }  # fmt: skip
    run_b = Run(
        **common, doses={**shared, **given}, condition=condition, name=_words(given, condition)
    )
    base = other_condition if other_condition is not None else condition
    run_a = Run(**common, doses={**shared, **other}, condition=base, name=_words(other, base))
    found = explain(run_a, run_b, asked)
    print(found.sentence)
    print()
    print(table(HEADER, rows(found, top)))
    if out is not None:
        write_text(out, found.to_pandas().to_csv(index=False, lineterminator="\n"))
        say(f"wrote {out}")
    if plot is not None:
        from sigmapath.plot import reasons

        write_figure(plot, lambda: reasons(found, most=top).figure)
    return 0


def _words(doses: dict[str, Any], condition: str | None) -> str:
    text = " + ".join(f"{name} {value}" for name, value in doses.items()) or _VEHICLE
    return f"{text} in {condition}" if condition else text


def _against(texts: Sequence[str]) -> tuple[dict[str, Any], str | None]:
    """Doses and condition of the run that is compared with."""
    named = [text.strip() for text in texts if text.strip() != _VEHICLE]
    conditions = [text[1:].strip() for text in named if text.startswith("@")]
    if len(conditions) > 1 or not all(conditions):
        raise PlanError(
            "one condition at most", where="--against", found=", ".join(texts),
            expected="vehicle, NAME=CONC or @condition",
        )  # fmt: skip
    doses = pairs([text for text in named if not text.startswith("@")], "--against")
    return doses, conditions[0] if conditions else None


def _require_apart(shared: dict[str, Any], given: dict[str, Any], option: str) -> None:
    twice = sorted(shared.keys() & given.keys())
    if twice:
        raise PlanError(
            f"'{twice[0]}' is given twice", where=f"--hold and {option}", fix="give it once"
        )


def _protocol(pulses: Sequence[str], rest: bool) -> list[Any] | None:
    """Rest, then the pulses one after the other."""
    from sigmapath.experiment.protocol import equilibrate, phase
    from sigmapath.quantity import parse_unit, to_model_units

    phases: list[Any] = [equilibrate()] if rest else []
    now, second = 0.0, parse_unit("s")
    for text in pulses:
        dosed, _, when = text.rpartition("@")
        start, _, length = when.partition(":")
        if not dosed or not start.strip() or not length.strip():
            raise PlanError(
                "not a pulse", where="--pulse", found=text,
                expected='"NAME=CONC@START:LENGTH", e.g. "IP3_stimulus=0.2 uM@12 h:1 min"',
            )  # fmt: skip
        begin = float(to_model_units(start, second, name="the start", where="--pulse"))
        if begin < now:
            raise PlanError(
                "pulses follow each other", where="--pulse", found=text,
                expected=f"a start at or after {now:g} s",
            )  # fmt: skip
        if begin > now:
            phases.append(phase(begin - now))
        span = float(to_model_units(length, second, name="the length", where="--pulse"))
        phases.append(phase(span, doses=pairs([dosed], "--pulse"), name="pulse"))
        now = begin + span
    return phases or None
