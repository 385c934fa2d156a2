"""Rival hypotheses: which claims hold with each of them alone, with all and with none.

Enters: claims, ``rivals.toml`` (questions, each with named arms that are links), an engine source.
Leaves: a :class:`RivalTable` per question. Arms are switched off the way the mutation test cuts
links, all variants as members of one ensemble.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from sigmapath.errors import ParseError, UnknownNameError
from sigmapath.evidence.claims import claims_folder, read_table
from sigmapath.evidence.evidence import gather
from sigmapath.evidence.mutation import cut_members
from sigmapath.evidence.running import EngineSource
from sigmapath.evidence.specs import Link, read_links
from sigmapath.record import record

__all__ = ["RivalTable", "rival_arms"]

_FILE = "rivals.toml"


@record
class RivalTable:
    """What each arm of an open question carries.

    Parameters
    ----------
    question : str
    variants : tuple of str
        "all arms", "<arm> only" for each arm, "no arm".
    passes : mapping claim -> tuple of bool
        One entry per variant; claims only that one of the variants changes.
    """

    question: str
    variants: tuple[str, ...]
    passes: Mapping[str, tuple[bool, ...]]

    def rows(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows, one per claim."""
        words = {True: "holds", False: "fails"}
        body = [[claim, *(words[p] for p in found)] for claim, found in self.passes.items()]
        return ["claim", *self.variants], body


def rival_arms(
    engine_of: EngineSource,
    *,
    claims: Sequence[str] = (),
    modules: Sequence[str] = (),
    folder: Path | None = None,
) -> tuple[RivalTable, ...]:
    """Put claims to the test with each arm of every open question alone, and with none.

    Parameters
    ----------
    engine_of : callable name -> Engine
    claims, modules : sequence of str
        Which claims; all if neither is given.
    folder : Path, optional
        As for :func:`sigmapath.evidence.evidence.gather`.

    Raises
    ------
    ParseError, UnknownNameError
        If ``rivals.toml`` lacks a field or names a link that does not exist.
    """
    folder = folder or claims_folder()
    tables = []
    for question, arms in _read(folder).items():
        kept = [*((name,) for name in arms), ()]
        variants = [
            _without([link for name, link in arms.items() if name not in own]) for own in kept
        ]
        evidence = gather(
            engine_of,
            claims=claims,
            modules=modules,
            ensemble=partial(cut_members, links=variants),
            courses=False,
            folder=folder,
        )
        passes = {
            j.claim.id: tuple(bool(p) for p in j.passed) for j in evidence.judgements if j.findings
        }
        tables.append(
            RivalTable(
                question=question,
                variants=("all arms", *(f"{name} only" for name in arms), "no arm"),
                passes={claim: found for claim, found in passes.items() if len(set(found)) > 1},
            )
        )
    return tuple(tables)


def _without(links: Sequence[Link]) -> Link:
    """Several links cut at once, as one."""
    cut = {name: value for link in links for name, value in link.set.items()}
    return Link(id="+".join(link.id for link in links), description="", set=cut)


def _read(folder: Path) -> dict[str, dict[str, Link]]:
    path = folder / _FILE
    if not path.is_file():
        return {}
    links = read_links(folder)
    found = {}
    for name, row in read_table(path).items():
        if set(row) != {"question", "arms"}:
            raise ParseError(f"{name} needs question and arms", file=str(path))
        for link in row["arms"].values():
            if link not in links:
                raise UnknownNameError("link", link, links, where=f"{_FILE}, {name}")
        found[row["question"]] = {arm: links[link] for arm, link in row["arms"].items()}
    return found
