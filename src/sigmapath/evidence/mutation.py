"""The mutation test: cut every link of the model and see which claims fall.

Enters: claims, links, an engine source. Leaves: a table of which claim passes under which cut, and
what contradicts the links that the claims say they require. A claim that requires a link has to
fail when it is cut; one that neither requires nor touches it has to stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sigmapath.evidence.claims import claims_folder
from sigmapath.evidence.evidence import Evidence, gather
from sigmapath.evidence.running import EngineSource
from sigmapath.evidence.specs import Link, read_links
from sigmapath.experiment.ensemble import Ensemble, ensemble
from sigmapath.record import record
from sigmapath.simulate.engine import Engine

__all__ = ["Contradiction", "MutationTable", "cut_links"]


@record
class Contradiction:
    """A claim that does not do under a cut what it should."""

    claim: str
    link: str
    expected: str
    detail: str


@record(eq=False)
class MutationTable:
    """Which claims pass under which cut.

    Parameters
    ----------
    links : tuple of Link
    passes : mapping claim -> mapping link -> bool
        Under each cut; claims that hold in the intact model only.
    contradictions : tuple of Contradiction
    evidence : Evidence
        Member 0 is the intact model, member i + 1 has link i cut.
    """

    links: tuple[Link, ...]
    passes: dict[str, dict[str, bool]]
    contradictions: tuple[Contradiction, ...]
    evidence: Evidence


def cut_members(engine: Engine, links: Sequence[Link]) -> Ensemble:
    """One member per link: the parameters of the cut, everything else nominal.

    A link whose parameters the model lacks leaves its member nominal.
    """
    nominal = {entry.id: entry.value for entry in engine.system.parameters}
    known = [name for link in links for name in link.set if name in nominal]
    members = {
        name: [float(link.set.get(name, nominal[name])) for link in links]
        for name in dict.fromkeys(known)
    }
    return ensemble(members=members)


def cut_links(
    engine_of: EngineSource,
    *,
    claims: Sequence[str] = (),
    modules: Sequence[str] = (),
    folder: Path | None = None,
) -> MutationTable:
    """Cut every link in turn, all of them as members of one ensemble.

    Parameters
    ----------
    engine_of : callable name -> Engine
    claims, modules : sequence of str
        Which claims; all if neither is given.
    folder : Path, optional
        As for :func:`sigmapath.evidence.evidence.gather`.
    """
    links = tuple(read_links(folder or claims_folder()).values())
    evidence = gather(
        engine_of,
        claims=claims,
        modules=modules,
        ensemble=lambda engine: cut_members(engine, links),
        courses=False,
        folder=folder,
    )
    passes: dict[str, dict[str, bool]] = {}
    wrong = []
    for judgement in evidence.judgements:
        if judgement.verdict in ("not testable", "fails"):
            continue
        name, experiment = judgement.claim.id, judgement.experiment
        passes[name] = {link.id: bool(judgement.passed[i + 1]) for i, link in enumerate(links)}
        for i, link in enumerate(links):
            stands = passes[name][link.id]
            detail = "; ".join(f.sentence(i + 1) for f in judgement.findings)
            if link.id in experiment.requires and stands:
                wrong.append(
                    Contradiction(claim=name, link=link.id, expected="fails", detail=detail)
                )
            elif link.id not in (*experiment.requires, *experiment.touches) and not stands:
                wrong.append(
                    Contradiction(claim=name, link=link.id, expected="stands", detail=detail)
                )
    return MutationTable(links=links, passes=passes, contradictions=tuple(wrong), evidence=evidence)
