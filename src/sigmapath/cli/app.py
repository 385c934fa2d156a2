"""The command line: one entry, one boundary for errors.

Enters: arguments. Leaves: an exit code: 0 done, 1 some runs failed, 2 bad input, 130 interrupted.
Results go to stdout, messages and progress to stderr. No traceback reaches the user unless
SIGMAPATH_DEBUG is set.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from sigmapath.cli import assay, check, docs, dose, evidence, inspect, simulate, sweep, why
from sigmapath.cli.files import INTERRUPTED
from sigmapath.errors import SigmapathError

__all__ = ["app", "run"]

app = typer.Typer(
    name="sigmapath",
    help="Simulate how the sigma-1 receptor drives signalling between ER and mitochondria: dose an "
    "agonist, sweep a stress, look at the pathway. Runs any SBML or Antimony model too.",
    epilog='Start with: sigmapath dose "(+)-pentazocine"',
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from sigmapath.results.provenance import version

        typer.echo(f"sigmapath {version()}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False,
        "--version",
        help="Print the version and exit.",
        callback=_print_version,
        is_eager=True,
    ),
) -> None:
    pass


# The short help is what the list of commands has room for.
app.command("dose", short_help="Dose a ligand: table, figure and data.")(dose.dose)
app.command("simulate", short_help="Run a model over time.")(simulate.simulate)
app.command("sweep", short_help="Run a model over one or more axes.")(sweep.sweep)
app.command("steady-state", short_help="Find the steady state of a model.")(inspect.steady_state)
app.command("models", short_help="List the packaged pathways.")(inspect.models)
app.command("show", short_help="Show what a model holds.")(inspect.show)
app.command("check", short_help="Look for mistakes in a model.")(check.check)
app.command("convert", short_help="Write a model as SBML or Antimony.")(inspect.convert)
app.command("ligands", short_help="List the ligands.")(inspect.ligands)
app.command("why", short_help="Which reactions account for a difference.")(why.why)
app.add_typer(assay.group, name="assay", short_help="Run a virtual assay.")
app.command("evidence", short_help="Put the claims about the pathway to the test.")(
    evidence.evidence
)
app.command("docs", short_help="Write a page per system, with claims and verdicts.")(docs.docs)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; prints every error as one message."""
    try:
        # Without a command, the help is what was asked for.
        result = app(list(arguments) or ["--help"], standalone_mode=False)
        sys.stdout.flush()
    except SigmapathError as error:
        return _refuse(str(error))
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("sigmapath: interrupted; nothing was written", err=True)
        return INTERRUPTED
    except TyperException as error:
        return _refuse(_usage_message(error))
    except BrokenPipeError:
        return _reader_has_gone()
    except SystemExit as end:
        # Typer turns a broken pipe into an exit of its own.
        if isinstance(end.__context__, BrokenPipeError):
            return _reader_has_gone()
        raise
    except MemoryError as error:
        return _refuse(f"this does not fit into memory: {error}; ask for fewer points or runs")
    except Exception as error:  # the one boundary where a defect becomes a message
        if os.environ.get("SIGMAPATH_DEBUG"):
            raise
        return _refuse(
            f"this is a defect of sigmapath, please report it: {type(error).__name__}: {error} "
            "(SIGMAPATH_DEBUG=1 shows where)"
        )
    return int(result) if isinstance(result, int) else 0


def _reader_has_gone() -> int:
    """Nobody reads our output any more (sigmapath show ... | head): nothing is wrong."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())  # type: ignore[union-attr]
    sys.stdout = sys.__stdout__
    return 0


def _refuse(message: str) -> int:
    typer.echo(f"sigmapath: {message}", err=True)
    return 2


def _usage_message(error: TyperException) -> str:
    """What was wrong with the command line, and where the help is."""
    message = getattr(error, "format_message", error.__str__)()
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", "sigmapath")
    return f"{message} ({command} --help shows how)"
