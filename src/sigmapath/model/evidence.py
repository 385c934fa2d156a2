"""What a value rests on: meaning, source, grade and range, as written in the notes.

Enters: the plain text of a component's notes, in the grammar of the packaged models::

    <meaning>. source: <source> ; grade: <grade> ; range: <low> to <high>

Leaves: :class:`Evidence`, used by the views, the checks and the ensembles. What the notes do not
say stays empty; nothing is guessed.
"""

from __future__ import annotations

import math
import re

from sigmapath.record import record

__all__ = ["GRADES", "Evidence", "parse_evidence", "write_evidence"]

# What a grade means; "input" is set by the experiment and carries no evidence of its own.
GRADES: dict[str, str] = {
    "measured": "reported by an experiment; the range is the reported spread",
    "published_model": "taken from a published model; the range is a plausible spread around it",
    "derived": "follows from other values or from a definition",
    "fitted": "adjusted to data; the range spans at least ten-fold (a share: in its odds)",
    "assumed": "no direct evidence; the range spans at least ten-fold (a share: in its odds)",
    "input": "set by the experiment",
}


@record
class Evidence:
    """What the notes say about a value.

    Parameters
    ----------
    meaning : str
        In plain words.
    source : str
        DOI, BioModels id or text; "" if none is given.
    grade : str
        Key of :data:`GRADES`, or what the notes say instead; "" if none is given.
    low, high : float or None
        Range in the unit of the value; None if there is none.
    is_derived : bool
        Whether the notes say "range: derived": the value moves with others, never by itself.
    """

    meaning: str = ""
    source: str = ""
    grade: str = ""
    low: float | None = None
    high: float | None = None
    is_derived: bool = False


_KEY = re.compile(r"(?:^|(?<=[\s;.]))(source|grade|range)\s*:\s*", re.IGNORECASE)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"({_NUMBER})\s+to\s+({_NUMBER})")


def parse_evidence(notes: str) -> Evidence:
    """Read the notes of one component.

    A key counts where it first appears; a range that is not "<low> to <high>" is left out, and so
    is one that is not in rising order.

    Examples
    --------
    >>> parse_evidence("On-rate. source: doi:10.1/x ; grade: measured ; range: 0.1 to 2")
    Evidence(meaning='On-rate', source='doi:10.1/x', grade='measured', low=0.1, high=2.0, \
is_derived=False)
    """
    parts: dict[str, str] = {}
    key, start = "meaning", 0
    for match in _KEY.finditer(notes):
        if match[1].lower() in parts or match[1].lower() == key:
            continue
        parts[key] = notes[start : match.start()]
        key, start = match[1].lower(), match.end()
    parts[key] = notes[start:]
    trimmed = {name: _trimmed(text) for name, text in parts.items()}
    low, high = _range(trimmed.get("range", ""))
    return Evidence(
        meaning=trimmed["meaning"],
        source=trimmed.get("source", ""),
        grade=trimmed.get("grade", "").lower(),
        low=low,
        high=high,
        is_derived=trimmed.get("range", "").lower() == "derived",
    )


def _trimmed(text: str) -> str:
    return " ".join(text.split()).strip("; ").removesuffix(".")


def _range(text: str) -> tuple[float | None, float | None]:
    match = _RANGE.fullmatch(text)
    if match is None:
        return None, None
    low, high = float(match[1]), float(match[2])
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        return None, None
    return low, high


def write_evidence(evidence: Evidence) -> str:
    """Return the notes text that :func:`parse_evidence` reads back."""
    parts = []
    if evidence.source:
        parts.append(f"source: {evidence.source}")
    if evidence.grade:
        parts.append(f"grade: {evidence.grade}")
    if evidence.is_derived:
        parts.append("range: derived")
    elif evidence.low is not None and evidence.high is not None:
        parts.append(f"range: {evidence.low!r} to {evidence.high!r}")
    meaning = evidence.meaning and evidence.meaning + ("." if parts else "")
    return " ".join(filter(None, [meaning, " ; ".join(parts)]))
