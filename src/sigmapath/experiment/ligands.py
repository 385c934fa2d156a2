"""Ligands as rows of data, and the slots of a model that they take.

Enters: the ligands an experiment mentions. Leaves: the slot of each and the constants it sets
there. The table itself is read by :mod:`sigmapath.pathways.ligands`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.experiment.ensemble import ParameterRange
from sigmapath.names import NameIndex
from sigmapath.record import record

__all__ = ["SLOTS", "Ligand", "LigandTable", "SlotUse", "assign_slots", "ligand_key"]

# The ligand slots of a model: ids of the free concentrations [uM].
SLOTS = ("L1", "L2", "L3", "L4")


@record
class Ligand:
    """One ligand and what it does at S1R.

    Parameters
    ----------
    name : str
    aliases : tuple of str
    type : str
        "agonist", "antagonist" or "stabiliser".
    Ki_uM, Ki_low_uM, Ki_high_uM : float
        Affinity and its spread [uM].
    measure : str
        What the value rests on: "Ki", "IC50", "Kd" or "assumed".
    kon_per_uM_s, kon_low_per_uM_s, kon_high_per_uM_s : float
        Association rate constant and its range [1/(uM s)].
    alpha, alpha_low, alpha_high : float
        Efficacy at the closed S1R-BiP cycle [1]: how many fold bound ligand favours the active
        protomer over the dormant oligomer. 1 is a neutral antagonist, less a stabiliser.
    source : str
        Where the affinity comes from.
    grade : str
        "measured", "derived" or "assumed"; alpha and kon are assumed for every ligand.
    note : str
    off_targets : tuple of (target, IC50, low, high)
        What the ligand blocks besides the receptor [uM].
    """

    name: str
    aliases: tuple[str, ...]
    type: str
    Ki_uM: float
    Ki_low_uM: float
    Ki_high_uM: float
    measure: str
    kon_per_uM_s: float
    kon_low_per_uM_s: float
    kon_high_per_uM_s: float
    alpha: float
    alpha_low: float
    alpha_high: float
    source: str
    grade: str
    note: str = ""
    off_targets: tuple[tuple[str, float, float, float], ...] = ()

    @property
    def ki(self) -> float:
        """Affinity [uM]."""
        return self.Ki_uM

    def slot_values(self, slot: str) -> dict[str, float]:
        """Constants of this ligand as parameters of a slot."""
        return {
            f"Kd_{slot}": self.Ki_uM,
            f"kon_{slot}": self.kon_per_uM_s,
            f"alpha_{slot}": self.alpha,
            **{f"IC50_{target}_{slot}": ic50 for target, ic50, _, _ in self.off_targets},
        }

    def slot_ranges(self, slot: str) -> tuple[ParameterRange, ...]:
        """Plausible ranges of this ligand's constants as parameters of a slot.

        On-rate and efficacy are assumed for every ligand.
        """
        rows: list[tuple[str, float, float, float, str]] = [
            ("Kd", self.Ki_uM, self.Ki_low_uM, self.Ki_high_uM, self.grade),
            ("kon", self.kon_per_uM_s, self.kon_low_per_uM_s, self.kon_high_per_uM_s, "assumed"),
            ("alpha", self.alpha, self.alpha_low, self.alpha_high, "assumed"),
            *(
                (f"IC50_{target}", value, low, high, "measured")
                for target, value, low, high in self.off_targets
            ),
        ]
        return tuple(
            ParameterRange(id=f"{name}_{slot}", nominal=value, low=low, high=high, grade=grade)
            for name, value, low, high, grade in rows
        )


_GREEK = {"σ": "sigma", "α": "alpha", "β": "beta", "ς": "sigma"}


def ligand_key(name: str) -> str:
    """Spelling-independent form of a ligand's name.

    Case, blanks, hyphens of all kinds, brackets, commas, quotes and stereo signs do not tell names
    apart: "(+)-Pentazocine", "(±) pentazocine" and "PENTAZOCINE" are one. Greek letters are spelled
    out. (-)-enantiomers keep their minus: they are other substances.
    """
    text = unicodedata.normalize("NFKC", name).casefold().strip()
    text = re.sub(r"\s*\(\s*[-\u2010-\u2015\u2212]\s*\)", "minus", text)
    for letter, word in _GREEK.items():
        text = text.replace(letter, word)
    return "".join(character for character in text if character.isalnum())


class LigandTable(Mapping[str, Ligand]):
    """Ligands by name; looked up by any spelling of a name or alias.

    Parameters
    ----------
    ligands : iterable of Ligand

    Raises
    ------
    ValueError
        If two ligands share a name or alias.
    """

    def __init__(self, ligands: Iterable[Ligand]) -> None:
        self._rows = {ligand.name: ligand for ligand in ligands}
        self._by_key: dict[str, Ligand] = {}
        self._by_spelling: dict[str, Ligand] = {}
        for ligand in self._rows.values():
            for spelled in (ligand.name, *ligand.aliases):
                owner = self._by_key.setdefault(ligand_key(spelled), ligand)
                self._by_spelling[spelled] = ligand
                if owner is not ligand:
                    raise ValueError(f"{spelled} names both {owner.name} and {ligand.name}")

    def find(self, name: str) -> Ligand | None:
        """Return the ligand of that name or alias, None if there is none."""
        if not isinstance(name, str):
            return None
        # Taking a name apart takes longer than all else that is done with it.
        found = self._by_spelling.get(name)
        return self._by_key.get(ligand_key(name)) if found is None else found

    def __getitem__(self, name: str) -> Ligand:
        ligand = self.find(name)
        if ligand is None:
            raise UnknownNameError(
                "ligand", str(name), self.spellings, fix="sigmapath ligands lists them"
            )
        return ligand

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.find(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def to_pandas(self) -> Any:
        """Return a :class:`pandas.DataFrame`, one ligand per row, the name as index."""
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self._rows.values()]).set_index("name")

    def __repr__(self) -> str:
        lines = [
            f"{row.name:<18} {row.type:<11} Ki {row.Ki_uM * 1000.0:>8.4g} nM  "
            f"efficacy {row.alpha:>4g}  {row.grade}"
            for row in self._rows.values()
        ]
        return "\n".join([f"{len(lines)} ligands", *lines])

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names and aliases, for messages."""
        return tuple(s for row in self._rows.values() for s in (row.name, *row.aliases))


@record
class SlotUse:
    """A ligand in a slot."""

    ligand: Ligand
    slot: str


def assign_slots(
    mentioned: Iterable[str], index: NameIndex, ligands: LigandTable
) -> dict[str, SlotUse]:
    """Give each ligand that is mentioned by name the next free slot.

    Ids of the model come first: a name that the model has is never looked up as a ligand. A slot
    whose id itself is mentioned ("L1") is taken; its constants (``Kd_L1``) may be set freely, also
    over those of the ligand in it.

    Parameters
    ----------
    mentioned : iterable of str
        All names in doses, axes and protocol, in order of first mention.
    index : NameIndex
    ligands : LigandTable

    Returns
    -------
    dict spelling -> SlotUse
        For every mentioned spelling that is a ligand; spellings of one ligand share its slot.

    Raises
    ------
    PlanError
        If the model has no slots, or more ligands are mentioned than slots are free.
    """
    names = list(dict.fromkeys(mentioned))
    slots = [slot for slot in SLOTS if index.position(slot) is not None]
    free = [slot for slot in slots if slot not in names]
    by_ligand: dict[str, SlotUse] = {}
    found: dict[str, SlotUse] = {}
    for name in names:
        if index.position(name) is not None or name in index.observables:
            continue
        ligand = ligands.find(name)
        if ligand is None:
            continue
        if ligand.name not in by_ligand:
            if not slots:
                raise PlanError(
                    f"{ligand.name} is a ligand, but the model has no ligand slots",
                    where=f"model {index.model}",
                    expected="parameters or species " + ", ".join(SLOTS),
                    fix="use a model with the receptor in it, such as s1r_mam",
                )
            if not free:
                raise PlanError(
                    f"no slot is left for {ligand.name}",
                    where=f"model {index.model}",
                    found=", ".join([*by_ligand, *(s for s in slots if s in names), ligand.name]),
                    expected=f"at most {_count(len(slots))} ligands: the model has "
                    f"{_count(len(slots))} slots ({', '.join(slots)})",
                )
            by_ligand[ligand.name] = SlotUse(ligand=ligand, slot=free.pop(0))
        found[name] = by_ligand[ligand.name]
    return found


def _count(n: int) -> str:
    return ("no", "one", "two", "three", "four")[n]
