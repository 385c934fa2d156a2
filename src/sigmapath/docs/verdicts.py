"""What the evidence run said about the claims.

Enters: an :class:`~sigmapath.evidence.evidence.Evidence`, or the JUnit file it wrote. Leaves:
:class:`Verdict` records by claim.
"""

from __future__ import annotations

from pathlib import Path

from sigmapath.errors import ParseError
from sigmapath.evidence.evidence import Evidence
from sigmapath.record import record

__all__ = ["Verdict", "verdicts_of", "verdicts_of_file"]


@record
class Verdict:
    """The verdict about one claim, and what was seen, one line per comparison."""

    verdict: str
    seen: tuple[str, ...]


def verdicts_of(evidence: Evidence) -> dict[str, Verdict]:
    """Verdicts of a run."""
    return {
        j.claim.id: Verdict(
            verdict=j.verdict,
            seen=tuple(f.sentence() for f in j.findings) or ((j.reason,) if j.reason else ()),
        )
        for j in evidence.judgements
    }


def verdicts_of_file(path: Path) -> dict[str, Verdict]:
    """Verdicts of a JUnit file that ``sigmapath evidence --out`` wrote.

    Raises
    ------
    ParseError
        If it is no such file.
    """
    from xml.etree import ElementTree

    try:
        root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ElementTree.ParseError) as error:
        raise ParseError("the results cannot be read", file=str(path), found=str(error)) from error
    found = {}
    for case in root.iter("testcase"):
        said = case.findtext("system-out") or ""
        head, _, seen = said.partition(". ")
        verdict = head.partition(";")[0].strip()
        if not verdict:
            continue
        skipped = case.find("skipped")
        lines = seen.splitlines() or ([skipped.get("message", "")] if skipped is not None else [])
        name = case.get("name", "").partition(" ")[0]
        found[name] = Verdict(verdict=verdict, seen=tuple(line for line in lines if line))
    if not found:
        raise ParseError(
            "no verdicts in this file",
            file=str(path),
            expected="evidence.xml, as sigmapath evidence --out DIR writes it",
        )
    return found
