"""An overview of a network as text: what it holds, what can be set, where values come from.

Enters: a :class:`~sigmapath.model.network.ReactionNetwork`. Leaves: text for a terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sigmapath.model.describe import (
    compartments_table,
    parameters_table,
    reactions_table,
    species_table,
)
from sigmapath.model.network import ReactionNetwork

__all__ = ["overview"]


def overview(network: ReactionNetwork, *, name: str, conditions: Mapping[str, Any]) -> str:
    """Return what a model holds, for people.

    Parameters
    ----------
    network : ReactionNetwork
    name : str
    conditions : mapping name -> record with ``description``
    """
    parameters = parameters_table(network)
    species = species_table(network)
    reactions = reactions_table(network)
    inputs = [p for p in parameters.values() if p.grade == "input"]
    inputs_species = [s for s in species.values() if s.grade == "input"]
    others = [p for p in parameters.values() if p.grade != "input"]
    graded = Counter(p.grade for p in others if p.grade)
    parts = [
        f"{name}: {len(species)} species in {len(network.compartments)} compartments, "
        f"{len(reactions)} reactions, {len(parameters)} parameters, {len(network.events)} events",
        network.meta.notes.strip(),
    ]
    if graded:
        counts = ", ".join(f"{count} {grade}" for grade, count in graded.most_common())
        parts.append(f"grades of the parameters: {counts}")
    if inputs or inputs_species:
        parts.append(_section("inputs", [_line(i) for i in (*inputs, *inputs_species)]))
    if conditions:
        lines = [f"  {key:<24} {entry.description}" for key, entry in conditions.items()]
        parts.append(_section("conditions", lines))
    parts.append(_section("compartments", [_line(c) for c in compartments_table(network).values()]))
    listed = [s for s in species.values() if s.grade != "input"]
    parts.append(_section("species", [_line(s) for s in listed]))
    parts.append(_section("parameters", [_line(p) for p in others]))
    parts.append(_section("reactions", [f"  {r.id}: {r.scheme}" for r in reactions.values()]))
    return "\n\n".join(part for part in parts if part)


def _section(title: str, lines: list[str]) -> str:
    return "\n".join([f"{title}:", *lines]) if lines else ""


def _line(record: Any) -> str:
    """``id = value unit  meaning [grade; source; range]``."""
    value = "computed" if record.value is None else f"{record.value:.6g}"
    evidence = [record.grade if record.grade != "input" else "", record.source]
    if record.low is not None and record.high is not None:
        evidence.append(f"{record.low:g} to {record.high:g}")
    shown = "; ".join(entry for entry in evidence if entry)
    words = " ".join(filter(None, [record.meaning or record.name, f"[{shown}]" if shown else ""]))
    head = f"  {record.id} = {value} {record.unit}".rstrip()
    return f"{head:<40}  {words}".rstrip()
