"""Experiments of claims, as the data files write them.

Enters: ``models/claims/<module>.toml``, ``links.toml``, ``assays.toml``. Leaves: frozen records of
runs and checks with every word checked; names of the model are checked when plans are made.

Grammar of an experiment. ``runs.<name>`` describes a run: ``doses``, ``parameters``,
``condition``, ``phases`` (list of {duration, doses, parameters}), ``until``, ``rest`` (false: from
the initial values), ``curve_of`` (a ligand, dosed over ``curve``), ``window`` (start : stop :
number of the times at which courses are kept), ``binding`` (a virtual binding assay). The same
words beside ``runs`` hold for all runs. ``checks`` and ``controls`` compare readouts (``of``) of a
``run`` with those of another (``vs``); comparison and value are those of the claim unless a check
gives its own ``op`` and ``value``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import Any

from sigmapath.errors import ParseError, UnknownNameError
from sigmapath.evidence.claims import Claim, read_table
from sigmapath.record import record

__all__ = ["Check", "Experiment", "Link", "PhaseSpec", "RunSpec", "read_experiments", "read_links"]

_FILES_OF_WORDS = ("claims.toml", "links.toml", "assays.toml", "rivals.toml", "compared.toml")
_RUN_WORDS = (
    "model", "doses", "parameters", "condition", "phases", "until", "rest", "curve", "curve_of",
    "binding", "window",
)  # fmt: skip
_OWN_WORDS = (
    "requires", "touches", "assay", "adapted", "context", "by_construction", "not_testable",
    "fails_because", "runs", "checks", "controls",
)  # fmt: skip
OPS = (
    "ratio_ge", "ratio_le", "ratio_within", "in_range", "value", "ge", "gt", "le", "changes",
    "conserved", "order", "spearman_ge",
)  # fmt: skip
# What the whole claim says once stands in several checks, each with its own comparison.
_SPLIT_OPS = ("and", "chain")
DEFAULT_MODEL = "s1r_mam"


@record
class PhaseSpec:
    """One phase: duration as text with a unit, and what is applied."""

    duration: str
    doses: tuple[tuple[str, Any], ...] = ()
    parameters: tuple[tuple[str, Any], ...] = ()


@record
class RunSpec:
    """One run, hashable: equal runs of several claims are run once."""

    model: str = DEFAULT_MODEL
    doses: tuple[tuple[str, Any], ...] = ()
    parameters: tuple[tuple[str, Any], ...] = ()
    condition: tuple[str, ...] = ()
    phases: tuple[PhaseSpec, ...] = ()
    until: str | None = None
    window: str | None = None
    rest: bool = True
    curve: str | None = None
    curve_of: str | None = None
    binding: tuple[tuple[str, Any], ...] = ()


@record
class Check:
    """One comparison; every combination of ``of`` and ``run`` has to pass.

    Parameters
    ----------
    of : tuple of str
        Readouts as text.
    run : tuple of str
        Names of runs.
    vs : str, optional
        Run to divide by.
    op : str
    value, tol : float or tuple
    as_percent : str
        "": as it is; "increase": 100 (ratio - 1); "of": 100 ratio.
    share_of, more_than : Check, optional
        Another pair: the change of this pair as a share of that of the other, or the difference of
        the two ratios, is what is compared.
    order, schild : tuple of str
        Runs whose values must ascend; runs at a low and a tenfold antagonist dose.
    rank_by : str
        "Ki": values of the runs are ranked against the affinities of their ligands.
    """

    of: tuple[str, ...]
    run: tuple[str, ...] = ()
    vs: str | None = None
    op: str = ""
    value: Any = None
    tol: float | None = None
    as_percent: str = ""
    share_of: Check | None = None
    more_than: Check | None = None
    order: tuple[str, ...] = ()
    schild: tuple[str, ...] = ()
    rank_by: str = ""

    def runs_of_own(self) -> tuple[str, ...]:
        """Runs that the check itself reads."""
        own = (*self.run, *((self.vs,) if self.vs else ()), *self.order, *self.schild)
        return tuple(dict.fromkeys(own))

    @property
    def runs(self) -> tuple[str, ...]:
        """Every run that the check reads, those of a second pair too."""
        others = [c.runs for c in (self.share_of, self.more_than) if c]
        return tuple(dict.fromkeys((*self.runs_of_own(), *(n for names in others for n in names))))


@record
class Experiment:
    """How one claim is put to the test."""

    claim: str
    runs: Mapping[str, RunSpec] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    controls: tuple[Check, ...] = ()
    requires: tuple[str, ...] = ()
    touches: tuple[str, ...] = ()
    assay: str = ""
    resolution: float | None = None
    adapted: str = ""
    context: str = ""
    by_construction: str = ""
    not_testable: str = ""
    fails_because: str = ""


@record
class Link:
    """A link of the model and the parameters that cut it."""

    id: str
    description: str
    set: Mapping[str, float]


def read_links(folder: Path) -> dict[str, Link]:
    """Read the links that the mutation test cuts."""
    path = folder / "links.toml"
    links = {}
    for name, row in read_table(path).items():
        if set(row) != {"description", "set"}:
            raise ParseError(f"link {name} needs description and set", file=str(path))
        links[name] = Link(id=name, description=row["description"], set=dict(row["set"]))
    return links


def read_experiments(folder: Path, claims: Mapping[str, Claim]) -> dict[str, Experiment]:
    """Read the experiments of all claims.

    Raises
    ------
    ParseError
        If a word is unknown, a field is missing, or a claim has no experiment or two.
    UnknownNameError
        If an experiment names a claim, run, link or assay that does not exist.
    """
    links = read_links(folder)
    resolutions = read_table(folder / "assays.toml")
    found: dict[str, Experiment] = {}
    for path in sorted(folder.glob("*.toml")):
        if path.name in _FILES_OF_WORDS:
            continue
        for name, row in read_table(path).items():
            where = f"{path.name}, {name}"
            if name not in claims:
                raise UnknownNameError("claim", name, claims, where=path.name)
            if name in found:
                raise ParseError(f"claim {name} has two experiments", file=path.name)
            for kind, words, known in (
                ("word", row, (*_OWN_WORDS, *_RUN_WORDS)),
                ("link", (*row.get("requires", ()), *row.get("touches", ())), links),
                ("assay", [row["assay"]] if "assay" in row else [], resolutions),
            ):
                _all_known(kind, words, known, where)
            found[name] = _experiment(claims[name], row, resolutions, where)
    lacking = [name for name in claims if name not in found]
    if lacking:
        raise ParseError(f"no experiment for claim {', '.join(lacking)}", file=str(folder))
    return {name: found[name] for name in claims}


def _experiment(
    claim: Claim, row: Mapping[str, Any], resolutions: Mapping[str, float], where: str
) -> Experiment:
    words = {key: row[key] for key in _OWN_WORDS if isinstance(row.get(key), str)}
    if "not_testable" in row:
        return Experiment(claim=claim.id, **words)
    for key in ("runs", "checks", "requires"):
        if key not in row:
            raise ParseError(f"the experiment has no {key}", file=where)
    shared = {key: value for key, value in row.items() if key in _RUN_WORDS}
    runs = {name: _run(shared, own, where) for name, own in row["runs"].items()}
    checks, controls = (
        tuple(_check(claim, entry, runs, where) for entry in row.get(key, ()))
        for key in ("checks", "controls")
    )
    return Experiment(
        claim=claim.id,
        runs=runs,
        checks=checks,
        controls=controls,
        requires=tuple(row["requires"]),
        touches=tuple(row.get("touches", ())),
        resolution=resolutions.get(row.get("assay", "")),
        **words,
    )


def _run(shared: Mapping[str, Any], own: Mapping[str, Any], where: str) -> RunSpec:
    _all_known("word of a run", own, _RUN_WORDS, where)
    merged = {**shared, **own}
    for key in ("doses", "parameters"):
        merged[key] = _pairs({**shared.get(key, {}), **own.get(key, {})})
    conditions = merged.get("condition", ())
    merged["condition"] = (conditions,) if isinstance(conditions, str) else tuple(conditions)
    merged["phases"] = tuple(_phase(entry, where) for entry in merged.get("phases", ()))
    merged["binding"] = _pairs(merged.get("binding", {}))
    if merged.get("curve_of") and not merged.get("curve"):
        raise ParseError(
            "a curve needs its doses", file=where, expected='curve = "1 nM : 1 uM : 9"'
        )
    if not merged.get("curve_of"):
        merged["curve"] = None
    return RunSpec(**merged)


def _phase(entry: Mapping[str, Any], where: str) -> PhaseSpec:
    _all_known("word of a phase", entry, [f.name for f in fields(PhaseSpec)], where)
    if "duration" not in entry:
        raise ParseError("a phase has no duration", file=where)
    return PhaseSpec(
        duration=entry["duration"],
        doses=_pairs(entry.get("doses", {})),
        parameters=_pairs(entry.get("parameters", {})),
    )


def _check(
    claim: Claim, entry: Mapping[str, Any], runs: Mapping[str, RunSpec], where: str
) -> Check:
    _all_known("word of a check", entry, [*(f.name for f in fields(Check)), "tenfold"], where)
    if "of" not in entry:
        raise ParseError("a check has no readout", file=where, expected="of = ...")
    expected = claim.expected
    op = entry.get("op", "" if expected["op"] in _SPLIT_OPS else expected["op"])
    if op not in OPS:
        raise ParseError(f"unknown comparison '{op}'", file=where, expected=", ".join(OPS))
    own = "op" in entry and "value" in entry
    value = entry.get("value", None if own else _expected_value(expected))
    inner = {
        key: _check(claim, {"op": "ge", "value": 0, **entry[key]}, runs, where)
        for key in ("share_of", "more_than")
        if key in entry
    }
    check = Check(
        of=_many(entry["of"]),
        run=_many(entry.get("run", tuple(runs) if "rank_by" in entry else ())),
        vs=entry.get("vs"),
        op=op,
        value=tuple(value) if isinstance(value, list) else value,
        tol=entry.get("tol", None if own else expected.get("tol", expected.get("tol_rel"))),
        as_percent=entry.get("as_percent", ""),
        order=tuple(entry.get("order", ())),
        schild=tuple(entry.get("schild", ())),
        rank_by=entry.get("rank_by", ""),
        **inner,
    )
    _all_known("run", check.runs, runs, where)
    if not check.runs:
        raise ParseError("a check names no run", file=where, expected="run = ...")
    return check


def _expected_value(expected: Mapping[str, Any]) -> Any:
    if expected["op"] == "changes":
        return expected["min_abs_frac"]
    return expected.get("value")


def _pairs(table: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(table.items())


def _many(entry: Any) -> tuple[str, ...]:
    return (entry,) if isinstance(entry, str) else tuple(entry)


def _all_known(kind: str, words: Any, known: Any, where: str) -> None:
    for word in words:
        if word not in known:
            raise UnknownNameError(kind, word, known, where=where)
