"""Plain names for a flattened model: ``receptor__S1R_free`` becomes ``S1R_free`` where it can.

Enters: a network that libSBML has flattened, and the ids of its submodels. Leaves: the same
network with the prefixes dropped from every id that stays unique without them, and each unit
definition once. Called by :mod:`sigmapath.io.antimony`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from sigmapath.io.rename import renamed, with_unit_names
from sigmapath.model.components import UnitDefinition
from sigmapath.model.network import ReactionNetwork

__all__ = ["without_prefixes"]

SEPARATOR = "__"


def without_prefixes(network: ReactionNetwork, submodels: frozenset[str]) -> ReactionNetwork:
    """Return the network with submodel prefixes dropped from ids and unit definitions merged.

    Parameters
    ----------
    network : ReactionNetwork
        As flattened: ids of submodel ``A`` start with ``A__``, those of its submodel ``B`` with
        ``A__B__``.
    submodels : frozenset of str
        Ids of the submodels at every level.
    """
    bare = {name: _bare(name, submodels) for name in _global_ids(network)}
    taken = Counter(bare.values())
    # A local parameter of the same name would capture the global one inside its kinetic law.
    taken.update(_local_ids(network))
    names = {old: new for old, new in bare.items() if old != new and taken[new] == 1}
    return _with_merged_units(renamed(network, names), submodels)


def _bare(name: str, submodels: frozenset[str]) -> str:
    while True:
        head, separator, rest = name.partition(SEPARATOR)
        if not (separator and rest and head in submodels):
            return name
        name = rest


def _global_ids(network: ReactionNetwork) -> list[str]:
    """Every id of the model's one namespace (section 3.3.1), once."""
    ids: list[str] = []
    for group in (
        network.function_definitions,
        network.compartments,
        network.species,
        network.parameters,
        network.reactions,
        network.events,
    ):
        ids.extend(item.id for item in group)  # type: ignore[attr-defined]
    for reaction in network.reactions:
        ids.extend(reference.id for reference in (*reaction.reactants, *reaction.products))
    return list(dict.fromkeys(name for name in ids if name))


def _local_ids(network: ReactionNetwork) -> set[str]:
    laws = (reaction.kinetic_law for reaction in network.reactions)
    return {p.id for law in laws if law is not None for p in law.local_parameters}


def _with_merged_units(network: ReactionNetwork, submodels: frozenset[str]) -> ReactionNetwork:
    """One unit definition per bare name, where all that share the name say the same."""
    groups: defaultdict[str, list[UnitDefinition]] = defaultdict(list)
    for definition in network.unit_definitions:
        groups[_bare(definition.id, submodels)].append(definition)
    names = {
        definition.id: bare
        for bare, group in groups.items()
        if _all_same(group)
        for definition in group
    }
    kept: dict[str, UnitDefinition] = {}
    for definition in network.unit_definitions:
        new = names.get(definition.id, definition.id)
        kept.setdefault(new, replace(definition, id=new))
    return replace(with_unit_names(network, names), unit_definitions=tuple(kept.values()))


def _all_same(group: Iterable[UnitDefinition]) -> bool:
    return len({definition.units for definition in group}) == 1
