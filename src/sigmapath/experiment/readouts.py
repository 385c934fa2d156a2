"""Readouts: one number of a time course, each with one definition, in Python and in text.

Enters: ``peak("Ca_mito", after="12 h")`` or the text ``"peak(Ca_mito, after=12 h)"``. Leaves: a
frozen :class:`Readout`; :mod:`sigmapath.experiment.plan` turns it into rows of the reducer table.

All readouts are taken on the continuous solution, not on the output grid, over a window that
begins at ``after`` (default: 0) and ends at ``until`` (default: the end of the run). The value at
the start of the window is the one after everything that happens at that instant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.experiment.dosing import Value, require_level
from sigmapath.opcodes import ReducerOp
from sigmapath.record import record

__all__ = [
    "Readout",
    "as_readout",
    "at",
    "auc",
    "final",
    "fold",
    "mean",
    "parse_readout",
    "peak",
    "threshold_time",
    "time_to_peak",
    "trough",
]

_WORDS = {
    ReducerOp.FINAL: "final",
    ReducerOp.PEAK: "peak",
    ReducerOp.TIME_TO_PEAK: "time_to_peak",
    ReducerOp.TROUGH: "trough",
    ReducerOp.AUC: "auc",
    ReducerOp.MEAN: "mean",
    ReducerOp.AT: "at",
    ReducerOp.THRESHOLD_TIME: "threshold_time",
}
_TIMES = frozenset({ReducerOp.TIME_TO_PEAK, ReducerOp.THRESHOLD_TIME})


@record
class Readout:
    """A readout as asked for; times and levels as typed, the observable as text.

    Parameters
    ----------
    op : ReducerOp
        Which one.
    observable : str
        An id or a formula.
    after, until : number, text with a unit, or None
        The window; None is the start and the end of the run. For ``at``, ``until`` is the time.
    level : number, text with a unit, or None
        Of ``threshold_time``.
    fold : bool
        Divided by its value for an observable that stays where it is at the window's start.
    """

    op: ReducerOp
    observable: str
    after: Value | None = None
    until: Value | None = None
    level: Value | None = None
    fold: bool = False

    @property
    def text(self) -> str:
        """The readout as text; :func:`parse_readout` reads it back."""
        parts = [self.observable]
        if self.op is ReducerOp.AT:
            parts.append(str(self.until))
        elif self.op is ReducerOp.THRESHOLD_TIME:
            parts.append(str(self.level))
        if self.after is not None:
            parts.append(f"after={self.after}")
        if self.until is not None and self.op is not ReducerOp.AT:
            parts.append(f"until={self.until}")
        inner = f"{_WORDS[self.op]}({', '.join(parts)})"
        return f"fold({inner})" if self.fold else inner

    @property
    def is_time(self) -> bool:
        """Whether the value is a time."""
        return self.op in _TIMES

    def __str__(self) -> str:
        return self.text


def final(observable: str, *, after: Value | None = None, until: Value | None = None) -> Readout:
    """Value of the observable at the end of the window, after everything that happens there.

    Unit: that of the observable. ``after`` matters only inside :func:`fold`.
    """
    return _readout(ReducerOp.FINAL, observable, after, until)


def peak(observable: str, *, after: Value | None = None, until: Value | None = None) -> Readout:
    """Largest value of the observable in the window, both ends included.

    Unit: that of the observable. An observable that only falls peaks at the window's start.
    """
    return _readout(ReducerOp.PEAK, observable, after, until)


def trough(observable: str, *, after: Value | None = None, until: Value | None = None) -> Readout:
    """Smallest value of the observable in the window, both ends included.

    Unit: that of the observable.
    """
    return _readout(ReducerOp.TROUGH, observable, after, until)


def time_to_peak(
    observable: str, *, after: Value | None = None, until: Value | None = None
) -> Readout:
    """Time since t = 0 at which the observable is largest in the window, the first if several.

    Unit: that of time. The window's start if the observable only falls. To count from a stimulus,
    subtract its time.
    """
    return _readout(ReducerOp.TIME_TO_PEAK, observable, after, until)


def auc(observable: str, *, after: Value | None = None, until: Value | None = None) -> Readout:
    """Area under the curve: the integral of the observable over the window.

    Unit: that of the observable times that of time. No baseline is taken off; negative stretches
    count as negative.
    """
    return _readout(ReducerOp.AUC, observable, after, until)


def mean(observable: str, *, after: Value | None = None, until: Value | None = None) -> Readout:
    """Time average of the observable: its integral over the window divided by the window's length.

    Unit: that of the observable.
    """
    return _readout(ReducerOp.MEAN, observable, after, until)


def at(observable: str, time: Value) -> Readout:
    """Value of the observable at one time [time from t = 0], after everything that happens there.

    Unit: that of the observable.
    """
    require_level(time, what="the time", where=f"at({observable}, ...)")
    return _readout(ReducerOp.AT, observable, None, time)


def threshold_time(
    observable: str, level: Value, *, after: Value | None = None, until: Value | None = None
) -> Readout:
    """Time since t = 0 at which the observable first reaches ``level`` in the window.

    Unit: that of time. The level may be reached from below or from above, from whichever side the
    observable starts; the window's start if it starts there, NaN if it never gets there.

    Parameters
    ----------
    observable : str
    level : float or str
        In the unit of the observable, or text with a unit.
    after, until : float or str, optional
    """
    if not isinstance(level, str):
        # A level may be negative (a voltage), so only its being a number is asked for here.
        require_level(abs(level) if _is_real(level) else level, what="the level", where=observable)
    return replace(_readout(ReducerOp.THRESHOLD_TIME, observable, after, until), level=level)


def fold(readout: Readout | str) -> Readout:
    """Return ``readout`` divided by what it would be if nothing changed: a fold change.

    The divisor is the readout of an observable that stays at its value at the window's start: that
    value itself for ``final``, ``peak``, ``trough``, ``mean`` and ``at`` (whose window starts at
    t = 0), that value times the window's length for ``auc``. Unit: 1. NaN where the divisor is 0.

    Raises
    ------
    PlanError
        For readouts that are times, and for a fold of a fold.
    """
    inner = as_readout(readout)
    if inner.is_time or inner.fold:
        raise PlanError(
            "fold needs a readout of a level or an area",
            where=f"fold({inner.text})",
            expected="final, peak, trough, auc, mean or at",
            fix="for a time, compare the two runs yourself",
        )
    return replace(inner, fold=True)


def as_readout(readout: Readout | str) -> Readout:
    """Return a readout given as such or as text.

    Raises
    ------
    PlanError
        If it is neither.
    """
    if isinstance(readout, Readout):
        return readout
    if isinstance(readout, str):
        return parse_readout(readout)
    raise PlanError(
        "not a readout", found=repr(readout), expected='peak("Ca_mito") or "peak(Ca_mito)"'
    )


def _is_real(value: object) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool)


def _readout(op: ReducerOp, observable: str, after: Value | None, until: Value | None) -> Readout:
    where = f"{_WORDS[op]}({observable})"
    if not isinstance(observable, str) or not observable.strip():
        raise PlanError(
            "a readout needs an observable", where=_WORDS[op], found=repr(observable),
            expected='the id or formula of what is observed, as text: "Ca_mito"',
        )  # fmt: skip
    if after is not None:
        require_level(after, what="after", where=where)
    if until is not None:
        require_level(until, what="until", where=where)
    return Readout(op=op, observable=observable.strip(), after=after, until=until)


# Text form ---------------------------------------------------------------------------------------

_CONSTRUCTORS: dict[str, Callable[..., Readout]] = {
    "final": final,
    "peak": peak,
    "time_to_peak": time_to_peak,
    "trough": trough,
    "auc": auc,
    "mean": mean,
    "at": at,
    "threshold_time": threshold_time,
}
# The word of each positional argument after the observable.
_SECOND = {"at": "time", "threshold_time": "level"}
_CALL = re.compile(r"\s*([A-Za-z_]\w*)\s*\((.*)\)\s*", re.DOTALL)
_KEYWORD = re.compile(r"\s*([A-Za-z_]\w*)\s*=(?!=)\s*(.*)", re.DOTALL)
_MAX_TEXT = 10_000


def parse_readout(text: str) -> Readout:
    """Read the text form of a readout; a quotient of readouts is not one.

    Examples
    --------
    >>> parse_readout("peak(Ca_mito, after=12 h, until=13 h)").after
    '12 h'
    >>> parse_readout("fold(auc(XBP1s))").fold
    True

    Raises
    ------
    UnknownNameError
        If there is no readout, or no option of it, of that name.
    PlanError
        If the text is not a call, brackets do not match, or arguments are missing or too many.
    """
    match = _CALL.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if match is None:
        raise PlanError(
            "not a readout", found=text, expected='for example "peak(Ca_mito, after=12 h)"',
            fix="the readouts are " + ", ".join((*_CONSTRUCTORS, "fold")),
        )  # fmt: skip
    word, inside = match[1], match[2]
    if word == "fold":
        return fold(parse_readout(inside))
    if word not in _CONSTRUCTORS:
        raise UnknownNameError("readout", word, (*_CONSTRUCTORS, "fold"), where=text)
    positional: list[str] = []
    options: dict[str, str] = {}
    known = ("after", "until") if word != "at" else ()
    if word in _SECOND:
        known = (_SECOND[word], *known)
    for part in _split_arguments(inside, text):
        keyword = _KEYWORD.fullmatch(part)
        if keyword is None:
            positional.append(part.strip())
            continue
        key, value = keyword[1], keyword[2].strip()
        if key not in known:
            raise UnknownNameError(f"option of {word}", key, known, where=text)
        if key in options:
            raise PlanError(f"{key} is given twice", where=text)
        options[key] = value
    names = ("observable", _SECOND[word]) if word in _SECOND else ("observable",)
    given = dict(zip(names, positional, strict=False))
    if len(positional) > len(names) or given.keys() & options.keys():
        raise PlanError(
            f"{word} takes {' and '.join(names)}, then after= and until=", where=text,
            found=", ".join(positional),
        )  # fmt: skip
    arguments = {**given, **options}
    missing = [name for name in names if not arguments.get(name)]
    if missing or not all(arguments.values()):
        raise PlanError(
            f"{word} needs {' and '.join(missing) or 'a value for each option'}", where=text,
            expected=f"{word}({', '.join(names)})",
        )  # fmt: skip
    return _CONSTRUCTORS[word](**arguments)


def _split_arguments(inside: str, text: str) -> list[str]:
    """Split at the commas outside all brackets."""
    parts, depth, start = [], 0, 0
    for i, character in enumerate(inside):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth < 0:
                raise PlanError("brackets do not match", where=text, found=inside)
        elif character == "," and depth == 0:
            parts.append(inside[start:i])
            start = i + 1
    if depth:
        raise PlanError("brackets do not match", where=text, found=inside)
    parts.append(inside[start:])
    return parts
