"""The command line: one entry, one boundary for errors.

Enters: arguments. Leaves: an exit code: 0 done, 1 some runs failed, 2 bad input, 130 interrupted.
Results go to stdout, messages and progress to stderr. No traceback reaches the user unless
SIGMAPATH_DEBUG is set.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from sigmapath.cli.files import INTERRUPTED
from sigmapath.errors import SigmapathError

__all__ = ["run"]

# Command, "module:function" or "module:group" within this package, and the help that the list of
# commands has room for.
_COMMANDS = (
    ("dose", "dose:dose", "Dose a ligand: table, figure and data."),
    ("simulate", "simulate:simulate", "Run a model over time."),
    ("sweep", "sweep:sweep", "Run a model over one or more axes."),
    ("steady-state", "inspect:steady_state", "Find the steady state of a model."),
    ("models", "inspect:models", "List the packaged pathways."),
    ("show", "inspect:show", "Show what a model holds."),
    ("check", "check:check", "Look for mistakes in a model."),
    ("convert", "inspect:convert", "Write a model as SBML or Antimony."),
    ("ligands", "inspect:ligands", "List the ligands."),
    ("why", "why:why", "Which reactions account for a difference."),
    ("assay", "assay:group", "Run a virtual assay."),
    ("evidence", "evidence:evidence", "Put the claims about the pathway to the test."),
    ("docs", "docs:docs", "Write a page per system, with claims and verdicts."),
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from sigmapath.version import __version__

        typer.echo(f"sigmapath {__version__}")
        raise typer.Exit


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


@cache
def _application(wanted: str) -> typer.Typer:
    """The application with the command of this name alone, or with all where there is none such.

    What a command is made of is imported and worked out only when it is called for: setting up
    all of them takes longer than a small simulation.
    """
    app = typer.Typer(
        name="sigmapath",
        help="Simulate how the sigma-1 receptor drives signalling between ER and mitochondria: "
        "dose an agonist, sweep a stress, look at the pathway. Runs any SBML or Antimony model "
        "too.",
        epilog='Start with: sigmapath dose "(+)-pentazocine"',
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_options)
    chosen = [row for row in _COMMANDS if row[0] == wanted] or _COMMANDS
    for name, place, text in chosen:
        module, _, attribute = place.partition(":")
        found = getattr(import_module(f"sigmapath.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name, short_help=text)
        else:
            app.command(name, short_help=text)(found)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code; prints every error as one message."""
    try:
        # Without a command, the help is what was asked for.
        result = _invoke(list(arguments) or ["--help"])
        sys.stdout.flush()
    except SigmapathError as error:
        return _refuse(str(error))
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("sigmapath: interrupted; nothing was written", err=True)
        return INTERRUPTED
    except TyperException as error:
        return _refuse_usage(error)
    except BrokenPipeError:
        return _reader_has_gone()
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


def _invoke(arguments: list[str]) -> object:
    """Run a command; exceptions come as they are, an interrupt too."""
    command = get_command(_application(arguments[0]))
    try:
        with command.make_context("sigmapath", arguments) as context:
            return command.invoke(context)
    except typer.Exit as end:
        return end.exit_code


def _reader_has_gone() -> int:
    """Nobody reads our output any more (sigmapath show ... | head): nothing is wrong."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())  # type: ignore[union-attr]
    sys.stdout = sys.__stdout__
    return 0


def _refuse(message: str) -> int:
    typer.echo(f"sigmapath: {message}", err=True)
    return 2


def _refuse_usage(error: TyperException) -> int:
    """Say what was wrong with the command line, and where the help is."""
    message = getattr(error, "format_message", error.__str__)()
    if message.startswith("Usage:"):
        # A group of commands without one of them: its help is the message.
        typer.echo(message, err=True)
        return 2
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", "sigmapath")
    return _refuse(f"{message} ({command} --help shows how)")
