"""The exception tree of sigmapath.

::

    SigmapathError
    ├── ModelError                  the model cannot be used as written
    │   ├── UnknownNameError        a name that the model, or a table, does not have
    │   ├── DuplicateIdError        one id given to two things
    │   ├── CyclicAssignmentError   assignments that define each other
    │   ├── UnitError               units that do not fit, or text that is no unit
    │   └── UnsupportedFeatureError a construct that a later stage does not support
    ├── ParseError                  a model file or text that cannot be read
    ├── PlanError                   an experiment that makes no sense for the model
    ├── CodegenError                generated code that cannot be compiled
    ├── SolverError                 a run that failed and that the caller asked to raise
    ├── OutputError                 a result that cannot be written
    └── MissingExtraError           an optional library that is not installed

Every error is built from fields (what, where, found, expected, fix) and composes its text in
``__str__``; tests and callers read the fields, people read the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = [
    "CodegenError",
    "CyclicAssignmentError",
    "DuplicateIdError",
    "MissingExtraError",
    "ModelError",
    "OutputError",
    "ParseError",
    "PlanError",
    "SigmapathError",
    "SolverError",
    "UnitError",
    "UnknownNameError",
    "UnsupportedFeatureError",
    "near_matches",
]


def near_matches(name: str, known: Iterable[str], limit: int = 3) -> tuple[str, ...]:
    """Known names that look like ``name``, nearest first, ignoring case."""
    # Imported where it is needed: most programs make no mistake.
    from difflib import get_close_matches

    by_folded = {known_name.casefold(): known_name for known_name in known}
    found = get_close_matches(name.casefold()[:200], by_folded, n=limit, cutoff=0.5)
    return tuple(by_folded[key] for key in found)


def _shortened(text: str, limit: int = 200) -> str:
    """Text for a message: one line, control characters escaped, cut at ``limit`` characters."""
    printable = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return printable if len(printable) <= limit else printable[:limit] + " …"


class SigmapathError(Exception):
    """Base of every error that sigmapath raises on purpose.

    Parameters
    ----------
    what : str
        What happened, one sentence without the final stop.
    where : str
        The model, file, line, reaction or option it happened in ("" if it is plain).
    found : str
        The offending text or value, as the user gave it.
    expected : str
        What would have been right.
    fix : str
        What to do now.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        found: str = "",
        expected: str = "",
        fix: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.found = found
        self.expected = expected
        self.fix = fix

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        parts = [_shortened(head, 2000)]
        if self.found:
            parts.append(f"found: {_shortened(self.found)}")
        if self.expected:
            parts.append(f"expected: {_shortened(self.expected, 600)}")
        if self.fix:
            parts.append(_shortened(self.fix, 600))
        return "; ".join(parts)


class ModelError(SigmapathError):
    """The model cannot be used as it is written."""


class UnknownNameError(ModelError):
    """A name is not known; carries the near matches.

    Parameters
    ----------
    kind : str
        What was looked up: "species", "ligand", "model", "unit", ...
    name : str
        The unknown name.
    known : iterable of str
        All names that would have been right.
    where : str
        Where the name was used.
    fix : str
        A further hint, for example the command that lists the names.
    """

    def __init__(
        self, kind: str, name: str, known: Iterable[str], *, where: str = "", fix: str = ""
    ) -> None:
        names = sorted(known)
        self.kind = kind
        self.name = name
        self.suggestions = near_matches(name, names)
        what = f"unknown {kind} '{_shortened(name)}'"
        expected = ""
        if self.suggestions:
            what += "; did you mean " + " or ".join(self.suggestions) + "?"
        elif names:
            shown = ", ".join(names[:12])
            expected = f"one of {shown}" + (f" … ({len(names)} in all)" if len(names) > 12 else "")
        super().__init__(what, where=where, expected=expected, fix=fix)


class DuplicateIdError(ModelError):
    """One id is given to two things."""


class CyclicAssignmentError(ModelError):
    """Assignments define each other; ``cycle`` holds the loop, first id repeated at its end."""

    def __init__(self, cycle: Sequence[str], *, where: str = "") -> None:
        self.cycle = tuple(cycle)
        super().__init__(
            "assignments define each other: " + " > ".join(self.cycle),
            where=where,
            fix="break the loop by giving one of these ids a value or a rate rule",
        )


class UnitError(ModelError):
    """Units that do not fit together, or text that is not a unit."""


class UnsupportedFeatureError(ModelError):
    """A construct that this version does not support, refused by name and place."""

    def __init__(self, feature: str, *, where: str = "", fix: str = "") -> None:
        self.feature = feature
        super().__init__(f"{feature} is not supported", where=where, fix=fix)


class ParseError(SigmapathError):
    """A model file or text cannot be read; carries file, line and column when known."""

    def __init__(
        self,
        what: str,
        *,
        file: str = "",
        line: int | None = None,
        column: int | None = None,
        found: str = "",
        expected: str = "",
        fix: str = "",
    ) -> None:
        self.file = file
        self.line = line
        self.column = column
        place = file or "text"
        if line is not None:
            place += f", line {line}"
        if column is not None:
            place += f", column {column}"
        super().__init__(what, where=place, found=found, expected=expected, fix=fix)


class PlanError(SigmapathError):
    """An experiment that makes no sense for the model: doses, protocols, axes, readouts, times."""


class CodegenError(SigmapathError):
    """Generated code cannot be compiled or loaded; a defect of sigmapath or of its installation."""


class SolverError(SigmapathError):
    """A run failed and the caller asked for an exception; carries status, time and run label."""

    def __init__(
        self, what: str, *, status: int, time: float, run: str = "", fix: str = ""
    ) -> None:
        self.status = status
        self.time = time
        self.run = run
        super().__init__(what, where=run, found=f"stopped at t = {time:g}", fix=fix)


class OutputError(SigmapathError):
    """A result cannot be written where the user asked."""


class MissingExtraError(SigmapathError):
    """An optional library is not installed; names the extra that brings it."""

    def __init__(self, library: str, extra: str) -> None:
        self.library = library
        self.extra = extra
        super().__init__(
            f"{library} is not installed", fix=f'install it with: pip install "sigmapath[{extra}]"'
        )
