"""Constructs of SBML with how many cases of the suite use them and how many of those pass.

Enters: fate and tags of every case. Leaves: a table in Markdown, as it stands in the README.
Called by ``python -m sigmapath.conformance DIR --constructs`` and by the tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["GOOD", "GROUPS", "constructs_table"]

# Construct in plain words -> tags of the suite that stand for it.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "compartments of any dimension, also without a size": ("Compartment", "0D-Compartment"),
    "compartments that change size": ("NonConstantCompartment", "VolumeConcentrationRates"),
    "species in amounts (hasOnlySubstanceUnits)": ("HasOnlySubstanceUnits",),
    "boundary and constant species": ("BoundaryCondition", "ConstantSpecies"),
    "conversion factors": ("ConversionFactors",),
    "reactions, reversible reactions": ("Reaction", "ReversibleReaction"),
    "local parameters": ("LocalParameters",),
    "function definitions": ("FunctionDefinition",),
    "initial assignments": ("InitialAssignment",),
    "assignment rules": ("AssignmentRule",),
    "rate rules": ("RateRule",),
    "algebraic rules": ("AlgebraicRule",),
    "fast reactions": ("FastReaction", "MultipleFastReactions"),
    "stoichiometry by formulas, rules and events": (
        "StoichiometryMath",
        "AssignedVariableStoichiometry",
        "AssignedConstantStoichiometry",
    ),
    "species references in formulas": ("SpeciesReferenceInMath",),
    "events": ("EventNoDelay", "EventWithDelay"),
    "delays of events, values of either moment": (
        "EventWithDelay",
        "EventUsesTriggerTimeValues",
        "EventUsesAssignmentTimeValues",
    ),
    "persistence, priorities, events at the start": (
        "EventIsPersistent",
        "EventIsNotPersistent",
        "EventPriority",
        "EventT0Firing",
    ),
    "simultaneous events in random order": ("RandomEventExecution",),
    "the csymbol time": ("CSymbolTime",),
    "the csymbol delay": ("CSymbolDelay", "DelayInTrigger", "DelayInEventAssignment"),
    "the csymbol rateOf": ("CSymbolRateOf",),
    "the csymbol avogadro": ("CSymbolAvogadro",),
    "all MathML, formulas left out, truth values as numbers": (
        "UncommonMathML",
        "L3v2MathML",
        "NoMathML",
        "BoolNumericSwap",
    ),
    "submodels (package comp, by flattening)": (
        "comp:Submodel",
        "comp:ModelDefinition",
        "comp:ExternalModelDefinition",
    ),
    "ports, replacements, deletions": (
        "comp:Port",
        "comp:SBaseRef",
        "comp:ReplacedElement",
        "comp:ReplacedBy",
        "comp:Deletion",
    ),
    "conversion factors of submodels": (
        "comp:ConversionFactor",
        "comp:TimeConversionFactor",
        "comp:ExtentConversionFactor",
    ),
}
# Verdicts that count as passes; "excursions" is one of stochastic cases.
GOOD = ("pass", "excursions")


def _counts(
    wanted: tuple[str, ...], fates: Mapping[str, str], tags: Mapping[str, Iterable[str]]
) -> str:
    """``passed of used`` for cases with any of the tags; "" where there is none."""
    users = [case for case in fates if not set(wanted).isdisjoint(tags[case])]
    passed = sum(fates[case] in GOOD for case in users)
    return f"{passed} of {len(users)}" if users else ""


def constructs_table(
    semantic: Mapping[str, str],
    semantic_tags: Mapping[str, Iterable[str]],
    stochastic: Mapping[str, str] | None = None,
    stochastic_tags: Mapping[str, Iterable[str]] | None = None,
) -> str:
    """Return the table: construct, passes of semantic cases, passes of stochastic cases.

    Parameters
    ----------
    semantic, stochastic : mapping
        Case number -> "pass", "excursions" or anything else.
    semantic_tags, stochastic_tags : mapping
        Case number -> component and test tags.
    """
    stochastic, stochastic_tags = stochastic or {}, stochastic_tags or {}
    lines = ["| construct | semantic cases | stochastic cases |", "|---|---|---|"]
    for words, wanted in GROUPS.items():
        one = _counts(wanted, semantic, semantic_tags)
        two = _counts(wanted, stochastic, stochastic_tags)
        if one or two:
            lines.append(f"| {words} | {one} | {two} |")
    totals = []
    for fates in (semantic, stochastic):
        passed = sum(fate in GOOD for fate in fates.values())
        totals.append(f"{passed} of {len(fates)}" if fates else "")
    lines.append(f"| all cases | {totals[0]} | {totals[1]} |")
    return "\n".join(lines)
