"""The manifest: what is known to become of every case; any change in either direction shows.

Enters: outcomes. Leaves: a text file, one line per case, ``00001 pass`` or ``00002 unsupported:
reason``; and the differences between such a file and a run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sigmapath.conformance.judge import Outcome
from sigmapath.errors import ParseError

__all__ = ["differences", "manifest_line", "read_manifest", "write_manifest"]


def manifest_line(outcome: Outcome) -> str:
    """``verdict`` or ``verdict: reason``; numbers that may differ by machine are not kept."""
    if outcome.verdict in ("pass", "wrong", "failed", "crash", "timeout"):
        return outcome.verdict
    return f"{outcome.verdict}: {outcome.reason}"


def write_manifest(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Write the manifest of a run."""
    lines = [f"{outcome.number} {manifest_line(outcome)}\n" for outcome in outcomes]
    path.write_text("".join(lines), encoding="utf-8")


def read_manifest(path: Path) -> dict[str, str]:
    """Return case number -> expected fate.

    Raises
    ------
    ParseError
        If a line is no entry, or a case stands twice.
    """
    found: dict[str, str] = {}
    for k, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        number, _, fate = line.partition(" ")
        if not (number.isdigit() and fate) or number in found:
            raise ParseError("not an entry of the manifest", file=str(path), line=k, found=line)
        found[number] = fate
    return found


def differences(expected: Mapping[str, str], outcomes: Sequence[Outcome]) -> list[str]:
    """Return one line per case whose fate is not the expected one."""
    return [
        f"{o.number}: expected {expected.get(o.number, 'no such case')}, got {o.verdict}"
        + (f": {o.reason}" if o.reason else "")
        for o in outcomes
        if expected.get(o.number) != manifest_line(o)
    ]
