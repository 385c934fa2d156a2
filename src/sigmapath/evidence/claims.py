"""The claims as stated, and where the claims folder is.

Enters: ``models/claims/claims.toml``. Leaves: :class:`Claim` records. Called by the evidence run.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from sigmapath.errors import ParseError, UnknownNameError
from sigmapath.pathways.registry import models_folder
from sigmapath.record import record

__all__ = ["TIERS", "Claim", "choose_claims", "claims_folder", "read_claims", "read_table"]

TIERS = (
    "core", "inferred", "context", "conflict", "cross", "calibration", "qualitative", "proxy",
    "invariant",
)  # fmt: skip
_REQUIRED = ("id", "module", "statement", "tier", "readout", "expected", "seeds")
_EXPECTED_OPS = (
    "ratio_ge", "ratio_le", "ratio_within", "in_range", "value", "ge", "gt", "le", "changes",
    "conserved", "order", "spearman_ge", "and", "chain",
)  # fmt: skip


@record
class Claim:
    """One statement about the pathway, as its source gives it.

    Parameters
    ----------
    id, module, tier : str
    statement : str
        In words.
    readout : str
        What is looked at, in words.
    expected : mapping
        ``op`` and its ``value`` (and ``tol``, ``tol_frac``, ``min_abs_frac``, ``unit``).
    seeds : tuple of str
        Numbers of the seed guides that say so.
    notes : mapping
        Everything else that was stated: dose, control, conflict, context, outside evidence, origin.
    """

    id: str
    module: str
    tier: str
    statement: str
    readout: str
    expected: Mapping[str, Any]
    seeds: tuple[str, ...]
    notes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Where the claim is from, in a few words."""
        if self.seeds:
            return "seed guides " + ", ".join(self.seeds)
        return str(self.notes.get("origin", "no source given"))


def claims_folder() -> Path:
    """Return the folder of the packaged claims."""
    return models_folder() / "claims"


def read_table(path: Path) -> dict[str, Any]:
    """Read one file of the claims folder.

    Raises
    ------
    ParseError
        If it cannot be read; says the file.
    """
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParseError("the file cannot be read", file=str(path), found=str(error)) from error


def read_claims(path: Path) -> dict[str, Claim]:
    """Read the claims, in the order of the file.

    Raises
    ------
    ParseError
        If a claim misses a field, has an unknown tier or comparison, or an id comes twice.
    """
    claims: dict[str, Claim] = {}
    for i, row in enumerate(read_table(path).get("claims", [])):
        name = str(row.get("id", f"number {i + 1}"))
        missing = [key for key in _REQUIRED if key not in row]
        if missing:
            raise ParseError(f"claim {name} has no {', '.join(missing)}", file=str(path))
        for what, found, choices in (
            ("tier", row["tier"], TIERS),
            ("comparison", row["expected"].get("op"), _EXPECTED_OPS),
        ):
            if found not in choices:
                raise ParseError(
                    f"claim {name} has an unknown {what}",
                    file=str(path),
                    found=str(found),
                    expected=", ".join(choices),
                )
        if name in claims:
            raise ParseError(f"claim {name} comes twice", file=str(path))
        claims[name] = Claim(
            **{key: row[key] for key in _REQUIRED if key != "seeds"},
            seeds=tuple(row["seeds"]),
            notes={key: value for key, value in row.items() if key not in _REQUIRED},
        )
    return claims


def choose_claims(
    claims: Mapping[str, Claim], ids: Sequence[str], modules: Sequence[str]
) -> tuple[Claim, ...]:
    """Pick claims by id and by module; all if neither is given. Case does not matter.

    Raises
    ------
    UnknownNameError
        If there is no such claim or module.
    """
    known_modules = dict.fromkeys(claim.module for claim in claims.values())
    wanted_ids = {_known("claim", name, claims) for name in ids}
    wanted_modules = {_known("module", name, known_modules) for name in modules}
    return tuple(
        claim
        for claim in claims.values()
        if (not ids and not modules) or claim.id in wanted_ids or claim.module in wanted_modules
    )


def _known(kind: str, name: str, known: Iterable[str]) -> str:
    by_folded = {entry.casefold(): entry for entry in known}
    if name.casefold() not in by_folded:
        raise UnknownNameError(kind, name, by_folded.values(), where="evidence")
    return by_folded[name.casefold()]
