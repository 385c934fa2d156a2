"""Reaction network to Antimony text, or a refusal that says what would be lost.

Enters: a network. Leaves: Antimony text that reads back with the same mathematics. Called by the
public interface. libAntimony translates our SBML, and drops some constructs without a word (fast
reactions, points, some variable stoichiometries); so its text is read back and compared before
anybody gets it.
"""

from __future__ import annotations

from sigmapath.errors import SigmapathError, UnsupportedFeatureError
from sigmapath.io.antimony import last_error, read_antimony, translator
from sigmapath.io.sbml.compare import differences
from sigmapath.io.sbml.level3 import global_ids
from sigmapath.io.sbml.write import network_to_sbml
from sigmapath.model.network import ReactionNetwork

__all__ = ["network_to_antimony"]

_FIX = "write SBML, which keeps everything"


def network_to_antimony(network: ReactionNetwork) -> str:
    """Return the network as Antimony text with the same mathematics.

    Raises
    ------
    UnsupportedFeatureError
        If Antimony cannot say all of it; names what would be lost.
    """
    if any(reaction.fast for reaction in network.reactions):
        name = next(reaction.id for reaction in network.reactions if reaction.fast)
        raise UnsupportedFeatureError(
            "a fast reaction in Antimony", where=f"reaction {name}", fix=_FIX
        )
    sbml = network_to_sbml(network)
    with translator() as library:
        if library.loadSBMLString(sbml) < 0:
            message = " ".join(last_error(library).split())
            raise _refusal(network, message)
        text: str = library.getAntimonyString(library.getMainModuleName())
    try:
        back, _ = read_antimony(text, drop_prefixes=False)
    except SigmapathError as error:
        raise _refusal(network, f"the text does not read back ({error})") from error
    ids = global_ids(back)
    for name in sorted(global_ids(network) - ids):
        if f"{name}_" in ids:
            raise _refusal(network, f"'{name}' is a word of that language and would be renamed")
    lost = differences(network, back)
    if lost:
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        raise _refusal(network, "; ".join(lost[:3]) + more)
    return text


def _refusal(network: ReactionNetwork, what: str) -> UnsupportedFeatureError:
    return UnsupportedFeatureError(
        f"writing this model as Antimony ({what})",
        where=network.where,
        fix=_FIX,
    )
