"""Reaction schemes as text: "A + 2 B -> C" to species references and back.

Enters: what an author types in :class:`~sigmapath.model.builder.ModelBuilder`. Leaves:
:class:`~sigmapath.model.components.SpeciesReference` records, and text for people.
"""

from __future__ import annotations

import re

from sigmapath.errors import ParseError
from sigmapath.model.components import Reaction, SpeciesReference

__all__ = ["read_scheme", "write_scheme"]

# Irreversible and reversible arrows; the longer ones first.
_ARROWS = {"<->": True, "<=>": True, "->": False, "=>": False}
_TERM = re.compile(
    r"\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)\s*\*?\s*)?([A-Za-z_][A-Za-z0-9_]*)\s*"
)

Side = tuple[SpeciesReference, ...]


def read_scheme(text: str) -> tuple[Side, Side, bool]:
    """Return reactants, products and whether the arrow is reversible.

    ``->`` and ``=>`` are irreversible, ``<->`` and ``<=>`` reversible; a side may be empty.

    Raises
    ------
    ParseError
        If there is not exactly one arrow, or a side is not a sum of "n Species".
    """
    arrow = next((candidate for candidate in _ARROWS if candidate in text), None)
    sides = text.split(arrow) if arrow else []
    if arrow is None or len(sides) != 2:
        raise ParseError(
            "this is not a reaction scheme",
            file="reaction",
            found=text,
            expected='"A + 2 B -> C" or "A <-> B", with exactly one arrow',
        )
    return _read_side(sides[0], text), _read_side(sides[1], text), _ARROWS[arrow]


def _read_side(side: str, text: str) -> Side:
    if not side.strip():
        return ()
    references = []
    for term in side.split("+"):
        match = _TERM.fullmatch(term)
        if match is None:
            raise ParseError(
                f"'{term.strip()}' is not a species with a stoichiometry",
                file="reaction",
                found=text,
                expected='terms such as "A" or "2 B", joined by "+"',
            )
        references.append(SpeciesReference(species=match[2], stoichiometry=float(match[1] or 1.0)))
    return tuple(references)


def write_scheme(reaction: Reaction) -> str:
    """Return "A + 2 B -> C"; a stoichiometry without a fixed value appears as its id."""
    arrow = "<->" if reaction.reversible else "->"
    left, right = (
        " + ".join(map(_write_term, side)) for side in (reaction.reactants, reaction.products)
    )
    return f"{left} {arrow} {right}".strip()


def _write_term(reference: SpeciesReference) -> str:
    if reference.stoichiometry_math is not None or reference.stoichiometry is None:
        return f"{reference.id or '?'} {reference.species}"
    if reference.stoichiometry == 1.0:
        return reference.species
    return f"{reference.stoichiometry:g} {reference.species}"
