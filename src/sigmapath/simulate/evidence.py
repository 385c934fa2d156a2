"""What a network's notes mean to an experiment: ranges to draw from, inputs, what to record.

Enters: a reaction network. Leaves: plain records for the engine.
"""

from __future__ import annotations

import re
from collections import Counter

from sigmapath.experiment.ensemble import ParameterRange
from sigmapath.lower.system import OdeSystem
from sigmapath.model.components import Parameter, Species
from sigmapath.model.evidence import parse_evidence
from sigmapath.model.network import ReactionNetwork

__all__ = ["default_observables", "input_ids", "long_names", "parameter_ranges"]

# Longer descriptions are remarks, not labels of an axis.
_LONGEST_LABEL = 60


def parameter_ranges(network: ReactionNetwork) -> tuple[ParameterRange, ...]:
    """Ranges of the constants whose notes give one; inputs and derived values have none.

    A constant that an initial assignment works out moves with the others, never by itself. A
    dimensionless constant whose whole range lies between 0 and 1 is a share; one in mV a potential
    or a width of it.
    """
    computed = {entry.symbol for entry in network.initial_assignments}
    computed |= {rule.variable for rule in network.assignment_rules}
    computed |= {rule.variable for rule in network.rate_rules}
    ranges = []
    constants = [(c.id, c.size, "", c.meta) for c in network.compartments]
    constants += [(p.id, p.value, p.units, p.meta) for p in network.parameters]
    for name, value, units, meta in constants:
        evidence = parse_evidence(meta.notes)
        if name in computed or value is None or evidence.grade == "input":
            continue
        if evidence.low is None or evidence.high is None:
            continue
        ranges.append(
            ParameterRange(
                id=name,
                nominal=value,
                low=evidence.low,
                high=evidence.high,
                grade=evidence.grade,
                is_share=units == "dimensionless" and 0.0 < evidence.low < evidence.high < 1.0,
                is_potential=units == "mV",
            )
        )
    return tuple(ranges)


def input_ids(network: ReactionNetwork) -> tuple[str, ...]:
    """Ids whose notes grade them "input": they act like doses, from t = 0 on."""
    items: list[Species | Parameter] = [*network.parameters, *network.species]
    return tuple(i.id for i in items if parse_evidence(i.meta.notes).grade == "input")


def long_names(network: ReactionNetwork) -> dict[str, str]:
    """What species and parameters are in words: the head of the meaning in their notes.

    Remarks in brackets, behind a colon or about scaling are left out. An id keeps itself as its
    name if it has no notes, more words than a label holds, or words that another id has too.
    """
    found: dict[str, str] = {}
    items: list[Species | Parameter] = [*network.species, *network.parameters]
    for item in items:
        head = re.split(r"[:;]|, (?:scaled|same)\b", parse_evidence(item.meta.notes).meaning)[0]
        label = re.sub(r"\s+\([^()]*\)|^\([^()]*\)\s*", "", head).strip()
        if 0 < len(label) <= _LONGEST_LABEL:
            found[item.id] = label
    count = Counter(found.values())
    return {id_: label for id_, label in found.items() if count[label] == 1}


def default_observables(network: ReactionNetwork, system: OdeSystem) -> tuple[str, ...]:
    """Recorded if nothing in particular is asked for: species that move, else all states."""
    species = tuple(s.id for s in network.species if not s.constant and s.id in system.observables)
    return species or tuple(state.id for state in system.states)
