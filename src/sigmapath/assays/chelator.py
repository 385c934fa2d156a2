"""A calcium chelator in the cytosol: a dye or BAPTA, written into the reaction network.

Enters: a network and the constants of the chelator. Leaves: a new network in which the chelator
binds calcium, by mass action, so that it buffers: peaks fall and decay slows (Neher and Augustine
1992, doi:10.1113/jphysiol.1992.sp019127). Called by the calcium imaging and patch clamp assays.
"""

from __future__ import annotations

from dataclasses import replace

from sigmapath.assays.checks import require, require_all
from sigmapath.errors import DuplicateIdError, PlanError, UnknownNameError
from sigmapath.expr.nodes import number, symbol
from sigmapath.model.components import (
    AssignmentRule,
    InitialAssignment,
    KineticLaw,
    Parameter,
    RateRule,
    Reaction,
    Species,
    SpeciesReference,
)
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = ["BAPTA", "FLUO4", "Chelator", "with_chelator"]


@record
class Chelator:
    """A chelator with one site.

    Parameters
    ----------
    name : str
        Prefix of its ids: ``<name>_total``, ``<name>_Ca``, ``<name>_free``.
    Kd_uM : float
    kon_per_uM_s : float
    source : str
    """

    name: str
    Kd_uM: float
    kon_per_uM_s: float
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse constants that make no sense."""
        constants = (("Kd", self.Kd_uM), ("kon", self.kon_per_uM_s))
        rows = ((what, value, 0.0 < value < 1e9, "above 0") for what, value in constants)
        require_all(self.name, rows)


# In cells Kd is higher (0.4 to 1.2 uM), because the dye binds protein.
FLUO4 = Chelator(
    name="Fluo4",
    Kd_uM=0.345,
    kon_per_uM_s=300.0,
    source="Kd 345 nM: Gee 2000, doi:10.1054/ceca.1999.0095; kon assumed, 100 to 800 per uM s, "
    "as of fluo-3 (Naraghi 1997, doi:10.1016/S0143-4160(97)90064-6, recalled, unverified)",
)
BAPTA = Chelator(
    name="BAPTA_cyt",
    Kd_uM=0.22,
    kon_per_uM_s=400.0,
    source="Kd 0.1 to 0.25 uM at 0.1 M salt (Tsien 1980, doi:10.1021/bi00552a018); kon 400 per uM "
    "s (Naraghi and Neher 1997, doi:10.1523/JNEUROSCI.17-18-06961.1997), recalled, unverified",
)


def with_chelator(
    network: ReactionNetwork,
    chelator: Chelator,
    total_uM: float,
    *,
    calcium: str = "Ca_cyt",
    exchange_s: float | None = None,
    stands_for: str = "",
) -> ReactionNetwork:
    """Return the network with a chelator of calcium.

    Parameters
    ----------
    network : ReactionNetwork
    chelator : Chelator
    total_uM : float
        In the cytosol; with ``exchange_s``, in the pipette.
    calcium : str
        Free calcium. If a rule works it out (rapid buffers), the reaction takes from
        ``<calcium>_total``.
    exchange_s : float, optional
        Time constant of exchange with a pipette; the chelator then washes in from nothing, and
        calcium that it holds leaves through the pipette.
    stands_for : str
        A constant of the network that becomes the chelator's concentration.

    Returns
    -------
    ReactionNetwork
        With ``<name>_total``, ``<name>_free``, ``<name>_Ca`` [uM] and the reaction
        ``<name>_binding``. Without exchange the chelator starts in equilibrium with resting
        calcium and takes none from the cell: ``total * Ca / (Kd + Ca)``.

    Raises
    ------
    UnknownNameError, DuplicateIdError, PlanError
    """
    require(0.0 <= total_uM < 1e6, chelator.name, found=total_uM, expected="0 uM or more")
    moved = _moved_by_reactions(network, calcium)
    name = chelator.name
    _require_free(network, {f"{name}_{part}" for part in _PARTS})
    added = _with_binding(network, chelator, 0.0 if exchange_s else total_uM, calcium, moved)
    if stands_for:
        rule = AssignmentRule(variable=stands_for, math=symbol(f"{name}_total"))
        added = replace(
            added,
            parameters=_loosened(added, stands_for),
            assignment_rules=(*added.assignment_rules, rule),
        )
    if exchange_s is not None:
        return _with_exchange(added, name, moved.compartment, total_uM, exchange_s)
    total, Kd = symbol(f"{name}_total"), symbol(f"{name}_Kd")
    resting = total * symbol(calcium) / (Kd + symbol(calcium))
    start = InitialAssignment(symbol=f"{name}_Ca", math=resting)
    return replace(added, initial_assignments=(*network.initial_assignments, start))


# Parts of the ids that a chelator brings.
_PARTS = ("total", "free", "Ca", "Kd", "kon", "binding", "exchange", "pipette", "access")


def _moved_by_reactions(network: ReactionNetwork, calcium: str) -> Species:
    """The species whose reactions move ``calcium``: itself, or its total with rapid buffers."""
    species = {s.id: s for s in network.species}
    if calcium not in species:
        raise UnknownNameError("species", calcium, species, where="calcium")
    moved = species.get(f"{calcium}_total" if _is_ruled(network, calcium) else calcium)
    if moved is None or moved.boundary_condition or _is_ruled(network, moved.id):
        raise PlanError(
            f"reactions do not move {calcium} in this model, so nothing can buffer it",
            where=network.id, fix="use s1r_mam, s1r_cell or calcium",
        )  # fmt: skip
    return moved


def _require_free(network: ReactionNetwork, ids: set[str]) -> None:
    taken = ids & {s.id for s in network.species}
    taken |= ids & {p.id for p in network.parameters}
    taken |= ids & {r.id for r in network.reactions}
    if taken:
        raise DuplicateIdError(
            f"the model has {', '.join(sorted(taken))} already", where=network.id
        )


def _with_binding(
    network: ReactionNetwork, chelator: Chelator, total_uM: float, calcium: str, moved: Species
) -> ReactionNetwork:
    """``Ca + free <-> Ca_chelator`` with ``free = total - bound``."""
    total, free, bound, Kd, kon = (f"{chelator.name}_{part}" for part in _PARTS[:5])
    known = {definition.id for definition in network.unit_definitions}
    uM, per_uM_s = (unit if unit in known else "" for unit in ("uM", "per_uM_s"))
    rate = symbol(kon) * (symbol(calcium) * symbol(free) - symbol(Kd) * symbol(bound))
    parameters = (
        Parameter(id=Kd, value=chelator.Kd_uM, units=uM),
        Parameter(id=kon, value=chelator.kon_per_uM_s, units=per_uM_s),
        Parameter(id=total, value=total_uM, units=uM),
        Parameter(id=free, units=uM, constant=False),
    )
    binding = Reaction(
        id=f"{chelator.name}_binding",
        reactants=(SpeciesReference(species=moved.id),),
        products=(SpeciesReference(species=bound),),
        kinetic_law=KineticLaw(math=symbol(moved.compartment) * rate),
    )
    held = Species(id=bound, compartment=moved.compartment, initial_concentration=0.0)
    return replace(
        network,
        species=(*network.species, held),
        parameters=(*network.parameters, *parameters),
        reactions=(*network.reactions, binding),
        assignment_rules=(
            *network.assignment_rules,
            AssignmentRule(variable=free, math=symbol(total) - symbol(bound)),
        ),
    )


def _with_exchange(
    network: ReactionNetwork, name: str, compartment: str, pipette_uM: float, exchange_s: float
) -> ReactionNetwork:
    """Chelator from a pipette: first-order exchange, bound chelator leaves with its calcium.

    ``<name>_access`` is 0 before the patch is broken and 1 from then on.
    """
    total, bound, pipette, access = (f"{name}_{part}" for part in ("total", "Ca", *_PARTS[7:]))
    per_s = number(1.0 / exchange_s) * symbol(access)
    leaving = Reaction(
        id=f"{name}_exchange",
        reactants=(SpeciesReference(species=bound),),
        kinetic_law=KineticLaw(math=symbol(compartment) * per_s * symbol(bound)),
    )
    inflow = per_s * (symbol(pipette) - symbol(total))
    own = tuple(replace(p, constant=False) if p.id == total else p for p in network.parameters)
    return replace(
        network,
        parameters=(
            *own,
            Parameter(id=pipette, value=pipette_uM),
            Parameter(id=access, value=0.0),
        ),
        reactions=(*network.reactions, leaving),
        rate_rules=(*network.rate_rules, RateRule(variable=total, math=inflow)),
    )


def _is_ruled(network: ReactionNetwork, name: str) -> bool:
    assigned = any(rule.variable == name for rule in network.assignment_rules)
    return assigned or any(rule.variable == name for rule in network.rate_rules)


def _loosened(network: ReactionNetwork, name: str) -> tuple[Parameter, ...]:
    """Parameters, the named one no longer constant and without a value of its own."""
    if name and name not in {p.id for p in network.parameters}:
        raise UnknownNameError("parameter", name, (p.id for p in network.parameters))
    return tuple(
        replace(p, constant=False, value=None) if p.id == name else p for p in network.parameters
    )
