"""The electrical circuit of a voltage clamp, written into the reaction network.

Enters: a network with a membrane (``membrane``, ``s1r_cell``) and the parts of the circuit. Leaves:
a new network: with a distal compartment that the clamp reaches only through an axial resistance,
with BAPTA that washes in from the pipette. Called by the patch clamp assays.

The amplifier drives the cell through the series resistance; the model has it as the conductance
``g_clamp``::

    g_clamp [nS] = 1000 / (Rs (1 - c)),   V_command - V_m = I Rs (1 - c)

with Rs [MOhm] the series resistance and c the share that is compensated (Armstrong and Gilly 1992,
doi:10.1016/0076-6879(92)07007-B). Compensation is instantaneous here; its lag is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from sigmapath.assays.checks import require_all
from sigmapath.assays.chelator import BAPTA, with_chelator
from sigmapath.errors import PlanError
from sigmapath.expr.nodes import Expr, free_symbols, number, symbol
from sigmapath.expr.rewrite import substitute, substituter
from sigmapath.model.components import (
    AssignmentRule,
    InitialAssignment,
    Parameter,
    RateRule,
    Reaction,
)
from sigmapath.model.network import ReactionNetwork
from sigmapath.record import record

__all__ = [
    "BAPTA_DALTON",
    "Dendrite",
    "Pipette",
    "clamp_conductance",
    "dialysis_time",
    "require_membrane",
    "with_bapta",
    "with_dendrite",
]

BAPTA_DALTON = 476.4  # molar mass of the free acid, C22H24N2O10
_NEEDED = ("V_m", "V_command", "g_clamp", "I_ionic", "I_dendrite", "I_inject", "C_cell")


@record
class Pipette:
    """Pipette and amplifier.

    Parameters
    ----------
    series_MOhm : float
        Series resistance. Assumed, 5 to 20 (pipettes of 3 to 5 MOhm, seed guide 003).
    compensation : float
        Share of it that is compensated [1], 0 to below 1. Customary 0.6 to 0.9.
    seal_GOhm : float
        Seal, whose leak (reversal at 0 mV) flows beside the cell. Assumed, 1 to 20.
    bapta_uM : float
        BAPTA in the pipette; the option of seed guide 003 is 10 mM.
    limit_mV, limit_nA : float
        Range of the amplifier: commands beyond are refused, currents beyond are cut off. 200 mV
        and 20 nA (10 V over a feedback of 500 MOhm) are usual.
    noise_pA : float
        Standard deviation of the current after filtering. Assumed, 0.5 to 10.
    rate_kHz : float
        Sampling.
    """

    series_MOhm: float = 10.0
    compensation: float = 0.7
    seal_GOhm: float = 5.0
    bapta_uM: float = 0.0
    limit_mV: float = 200.0
    limit_nA: float = 20.0
    noise_pA: float = 2.0
    rate_kHz: float = 20.0

    def __post_init__(self) -> None:
        """Refuse a rig that makes no sense."""
        require_all("pipette", (
            ("the series resistance", self.series_MOhm, 0.0 < self.series_MOhm <= 1e3,
             "above 0, to 1000 MOhm"),
            ("the compensation", self.compensation, 0.0 <= self.compensation < 1.0,
             "0 or more, below 1: at 1 an amplifier oscillates"),
            ("the seal", self.seal_GOhm, self.seal_GOhm > 0.0, "above 0 GOhm"),
            ("BAPTA", self.bapta_uM, 0.0 <= self.bapta_uM <= 1e5, "0 to 100000 uM"),
            ("the range of the command", self.limit_mV, 0.0 < self.limit_mV <= 1e3,
             "above 0, to 1000 mV"),
            ("the range of the current", self.limit_nA, 0.0 < self.limit_nA <= 1e3,
             "above 0, to 1000 nA"),
            ("the noise", self.noise_pA, 0.0 <= self.noise_pA < 1e4, "0 pA or more"),
            ("the sampling rate", self.rate_kHz, 0.1 <= self.rate_kHz <= 1e3, "0.1 to 1000 kHz"),
        ))  # fmt: skip


@record
class Dendrite:
    """Membrane that the clamp reaches only through an axial conductance.

    Parameters
    ----------
    share : float
        Of the membrane, with all its channels [1]. Assumed, 0.2 to 0.8.
    coupling_nS : float
        Axial conductance to the cell body. Assumed, 1 to 100; large is well clamped.
    """

    share: float = 0.5
    coupling_nS: float = 10.0

    def __post_init__(self) -> None:
        """Refuse a cell that makes no sense."""
        require_all("dendrite", (
            ("the share", self.share, 0.0 < self.share < 1.0, "0 to 1"),
            ("the coupling", self.coupling_nS, 0.0 < self.coupling_nS < 1e9, "above 0 nS"),
        ))  # fmt: skip


def clamp_conductance(series_MOhm: float, compensation: float) -> float:
    """Conductance of the clamp [nS], ``1000 / (Rs (1 - c))``; see the module."""
    return 1e3 / (series_MOhm * (1.0 - compensation))


def dialysis_time(series_MOhm: float, dalton: float, picofarad: float) -> float:
    """Time constant of exchange between pipette and cell [s].

    ``tau = 0.60 R_A M^(1/3) (C / 5.91)^(3/2)`` with R_A [MOhm], M [Da] and C [pF]: Pusch and Neher
    1988, doi:10.1007/BF00582316, measured on chromaffin cells of 5.91 pF, 0.60 +- 0.17 (recalled,
    unverified); the volume of a sphere goes with C^(3/2).
    """
    return float(0.60 * series_MOhm * math.cbrt(dalton) * (picofarad / 5.91) ** 1.5)


def require_membrane(network: ReactionNetwork) -> None:
    """Refuse a model without a membrane that can be clamped."""
    known = {p.id for p in network.parameters}
    missing = [name for name in _NEEDED if name not in known]
    if missing:
        raise PlanError(
            "this model has no membrane to clamp", where=network.id,
            found=f"no {', '.join(missing)}", fix="use membrane or s1r_cell",
        )  # fmt: skip


def with_bapta(network: ReactionNetwork, bapta_uM: float, exchange_s: float) -> ReactionNetwork:
    """Return the network with BAPTA washing in from the pipette.

    It buffers calcium of the cytosol; where the model has a constant ``BAPTA`` (dendrite of the
    NMDA receptors), that follows it.
    """
    has_own = any(p.id == "BAPTA" for p in network.parameters)
    return with_chelator(
        network, BAPTA, bapta_uM, exchange_s=exchange_s, stands_for="BAPTA" if has_own else ""
    )


# A second compartment --------------------------------------------------------------------------

_SUFFIX = "_distal"


def with_dendrite(network: ReactionNetwork, dendrite: Dendrite) -> ReactionNetwork:
    """Return the network with a distal copy of the membrane.

    Everything that depends on ``V_m`` and that ``I_ionic`` needs is copied with the suffix
    ``_distal``. Cell body and distal part have their shares of all currents and of the capacitance,
    joined by ``g_axial``::

        (1 - s) C V_m' = clamp - (1 - s) I(V_m) + g_axial (V_m_distal - V_m)
        s C V_m_distal' = -s I(V_m_distal) - g_axial (V_m_distal - V_m)

    a two-compartment cable (Rall; space clamp: Spruston, Jaffe, Williams and Johnston 1993,
    doi:10.1152/jn.1993.70.2.781). Currents that carry calcium count with their shares.
    """
    copied = _driven_by_potential(network)
    names = {name: symbol(name + _SUFFIX) for name in (*copied, "V_m")}
    no_input: dict[str, Expr] = {**names, "I_dendrite": number(0.0)}
    to_copy = substituter(no_input)
    share, axial = symbol("distal_share"), symbol("g_axial")
    inward = axial * (symbol("V_m" + _SUFFIX) - symbol("V_m"))
    near = number(1.0) - share
    own = symbol("I_ionic") + symbol("I_dendrite")
    clamp = symbol("I_inject") + symbol("g_clamp") * (symbol("V_command") - symbol("V_m"))
    body = (clamp - near * own + symbol("I_dendrite") + inward) / (near * symbol("C_cell"))
    distal = (number(0.0) - share * names["I_ionic"] - inward) / (share * symbol("C_cell"))
    mixed = {
        name: near * symbol(name) + share * copy
        for name, copy in names.items()
        if name.startswith("I_")
    }
    assignments = tuple(
        AssignmentRule(variable=rule.variable + _SUFFIX, math=to_copy(rule.math))
        for rule in network.assignment_rules
        if rule.variable in copied
    )
    rates = [
        RateRule(variable=rule.variable + _SUFFIX, math=to_copy(rule.math))
        for rule in network.rate_rules
        if rule.variable in copied
    ]
    kept = [replace(r, math=body) if r.variable == "V_m" else r for r in network.rate_rules]
    return replace(
        network,
        parameters=(*network.parameters, *_copies(network, names), *_parts(dendrite)),
        assignment_rules=(*network.assignment_rules, *assignments),
        rate_rules=(*kept, *rates, RateRule(variable="V_m" + _SUFFIX, math=distal)),
        initial_assignments=(*network.initial_assignments, *_starts(network, names)),
        reactions=tuple(_with_law(reaction, mixed) for reaction in network.reactions),
    )


def _with_law(reaction: Reaction, values: Mapping[str, Expr]) -> Reaction:
    law = reaction.kinetic_law
    if law is None:
        return reaction
    return replace(reaction, kinetic_law=replace(law, math=substitute(law.math, values)))


def _parts(dendrite: Dendrite) -> tuple[Parameter, ...]:
    return (
        Parameter(id="distal_share", value=dendrite.share),
        Parameter(id="g_axial", value=dendrite.coupling_nS, units="nS"),
    )


def _copies(network: ReactionNetwork, names: Mapping[str, Expr]) -> list[Parameter]:
    return [replace(p, id=p.id + _SUFFIX) for p in network.parameters if p.id in names]


def _starts(network: ReactionNetwork, names: Mapping[str, Expr]) -> list[InitialAssignment]:
    """Copies start as what they are copies of: at the resting potential everywhere."""
    return [
        InitialAssignment(symbol=entry.symbol + _SUFFIX, math=entry.math)
        for entry in network.initial_assignments
        if entry.symbol in names
    ]


def _driven_by_potential(network: ReactionNetwork) -> set[str]:
    """Variables that I_ionic needs and that the potential drives, the potential itself left out."""
    rules = {r.variable: free_symbols(r.math) for r in network.assignment_rules}
    rules |= {r.variable: free_symbols(r.math) for r in network.rate_rules}
    needed, open_ = set(), ["I_ionic"]
    while open_:
        name = open_.pop()
        if name in needed or name in ("V_m", "I_dendrite") or name not in rules:
            continue
        needed.add(name)
        open_ += rules[name]
    driven: set[str] = set()
    while True:
        more = {n for n in needed - driven if rules[n] & ({"V_m"} | driven)}
        if not more:
            return driven
        driven |= more
