"""The rig of the patch clamp assays: cells that differ, blockers, what happens before a step.

Enters: a model and the settings of an assay. Leaves: a :class:`Rig`, from which the assays plan
their runs. Called by :mod:`sigmapath.assays.patch_clamp` and :mod:`sigmapath.assays.patch_wash`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sigmapath.assays.chelator import engine_with, network_of
from sigmapath.assays.clamp_circuit import (
    BAPTA_DALTON,
    Dendrite,
    Pipette,
    clamp_conductance,
    dialysis_time,
    require_membrane,
    with_bapta,
    with_dendrite,
)
from sigmapath.assays.replicates import FloatArray, factors, require
from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.experiment.ensemble import Ensemble, ensemble
from sigmapath.experiment.protocol import Phase, equilibrate, phase
from sigmapath.model.network import ReactionNetwork
from sigmapath.quantity import parse_unit, to_model_units
from sigmapath.record import record
from sigmapath.simulate.engine import Engine

__all__ = ["ISOLATED", "NEAR_HOLDING", "Rig", "rig_of", "seconds", "voltage"]

# Conductances that carry a current; blockers take away all others (TTX for Na, TEA, 4-AP and
# caesium for K, cadmium for Ca, amiloride for ASIC, apamin for SK).
_CURRENTS = {
    "HVA": ("g_CaL", "g_CaN"),
    "Na": ("g_Nav12", "g_Nav15"),
    "K": ("g_Kv", "g_Kv13", "g_K_leak"),
    # SK is left: it shapes the NMDA response of a dendrite that is not clamped.
    "NMDA": ("g_NMDA", "g_SK"),
}
_BLOCKABLE = (*(g for kept in _CURRENTS.values() for g in kept), "g_ASIC", "g_TRPV1")
# Active S1R at half effect on a channel, over that at rest or by itself.
_SENSITIVE = ("r_S1R_channel", "r_S1R_SK", "K_S1R_channel", "K_S1R_SK")
ISOLATED = (*_CURRENTS, "all")
NEAR_HOLDING = -10.0  # step from the holding potential that measures the linear leak [mV]
_SETTLING = 0.2  # at the holding potential before a step, at least [s]


@record(eq=False)
class Rig:
    """A model in the rig.

    Parameters
    ----------
    engine : Engine
        Of the network with the circuit.
    pipette : Pipette
    holding : float [mV]
    incubation, dialysis : float [s]
    blocked : dict id -> 0.0
        Conductances that the blockers take away.
    constants : dict id -> float
        Nominal conductances and capacitance that differ between cells.
    dense : frozenset of str
        Those among them whose density differs too.
    sensitive : dict id -> float
        Nominal constants of what S1R does to channels, which differ like densities.
    cvs : tuple of float
        Of size, density and series resistance.
    has_bapta : bool
    """

    engine: Engine
    pipette: Pipette
    holding: float
    incubation: float
    dialysis: float
    blocked: dict[str, float]
    constants: dict[str, float]
    dense: frozenset[str]
    sensitive: dict[str, float]
    cvs: tuple[float, float, float]
    has_bapta: bool

    @property
    def step_at(self) -> float:
        """Time of the first step [s]."""
        return self.incubation + self.dialysis

    def settings(self) -> dict[str, float]:
        """Parameters of the call: the command rests at the holding potential, blockers are in."""
        return {**self.blocked, "V_command": self.holding}

    def open_pipette(self) -> dict[str, float]:
        """Settings of a phase in which the pipette is open to the cell."""
        return {"BAPTA_cyt_access": 1.0} if self.has_bapta else {}

    def before_step(self) -> list[Phase]:
        """Rest, incubation of the free cell, dialysis at the holding potential."""
        free = {"g_clamp": 0.0}
        return [
            equilibrate(parameters=free),
            phase(self.incubation, parameters=free, name="incubation"),
            phase(self.dialysis, parameters=self.open_pipette(), name="dialysis"),
        ]

    def cells(self, n: int, stream: np.random.Generator) -> tuple[dict[str, FloatArray], Ensemble]:
        """Constants of n cells, and the ensemble of them."""
        size, density, series = self.cvs
        large = factors(stream, size, (n,))
        found = {key: value * large for key, value in self.constants.items()}
        dense = factors(stream, density, (n,))
        for key in self.dense:
            found[key] = found[key] * dense
        for key, value in self.sensitive.items():
            found[key] = value * factors(stream, density, (n,))
        resistance = self.pipette.series_MOhm * factors(stream, series, (n,))
        found["g_clamp"] = np.array(
            [clamp_conductance(r, self.pipette.compensation) for r in resistance]
        )
        return found, ensemble(members=found, nominal=False)


def rig_of(
    model: Any,
    pipette: Pipette | None,
    dendrite: Dendrite | None,
    *,
    isolate: str | None,
    holding: Any,
    incubation: Any,
    dialysis: Any,
    cvs: tuple[float, float, float],
    where: str,
) -> Rig:
    """Put a model into the rig; raises PlanError, UnknownNameError if something makes no sense."""
    network = network_of(model)
    require_membrane(network)
    chosen = pipette if pipette is not None else Pipette()
    for what, cv in zip(("size", "density", "series resistance"), cvs, strict=True):
        require(0.0 <= cv < 2.0, f"the spread of the {what}", found=cv, expected="0 to below 2",
                where=where)  # fmt: skip
    kept = _kept(isolate, where)
    values = constants_given(network)
    if kept and not any(values.get(k) for k in kept):
        raise PlanError(
            f"this model has no {isolate} current", where=where, found=network.id,
            fix="use s1r_cell, or another current",
        )  # fmt: skip
    blocked = {k: 0.0 for k in _BLOCKABLE if k in values and kept and k not in kept}
    network = _circuit(network, chosen, dendrite, 1e3 * values["C_cell"])
    constants = _constants(network, blocked)
    return Rig(
        engine=engine_with(model, network),
        pipette=chosen,
        holding=voltage(holding, chosen.limit_mV, where),
        incubation=seconds(incubation, "the incubation", where),
        dialysis=max(seconds(dialysis, "the dialysis", where), _SETTLING),
        blocked=blocked,
        constants=constants,
        dense=frozenset(k for k in kept or _BLOCKABLE if k in constants),
        sensitive={k: v for k in _SENSITIVE if (v := values.get(k))},
        cvs=cvs,
        has_bapta=chosen.bapta_uM > 0.0,
    )


def _kept(isolate: str | None, where: str) -> tuple[str, ...]:
    if isolate is None or isolate == "all":
        return ()
    if isolate not in _CURRENTS:
        raise UnknownNameError("current", isolate, ISOLATED, where=where)
    return _CURRENTS[isolate]


def _circuit(
    network: ReactionNetwork, pipette: Pipette, dendrite: Dendrite | None, picofarad: float
) -> ReactionNetwork:
    if dendrite is not None:
        network = with_dendrite(network, dendrite)
    if pipette.bapta_uM > 0.0:
        exchange = dialysis_time(pipette.series_MOhm, BAPTA_DALTON, picofarad)
        network = with_bapta(network, pipette.bapta_uM, exchange)
    return network


def constants_given(network: ReactionNetwork) -> dict[str, float]:
    """Constants with a value of their own; what an assignment works out is left out."""
    computed = {entry.symbol for entry in network.initial_assignments}
    computed |= {rule.variable for rule in network.assignment_rules}
    return {
        p.id: p.value
        for p in network.parameters
        if p.value is not None and math.isfinite(p.value) and p.id not in computed and p.constant
    }


def _constants(network: ReactionNetwork, blocked: dict[str, float]) -> dict[str, float]:
    """Conductances and capacitances of the membrane, which grow with the cell."""
    given = constants_given(network)
    units = {p.id: p.units for p in network.parameters}
    return {
        name: value
        for name, value in given.items()
        if value
        and (units[name] == "nS" or name == "C_cell")
        and name not in blocked
        and name not in ("g_clamp", "g_axial")
    }


def seconds(value: Any, what: str, where: str) -> float:
    """A time [s] from a number or text with a unit; above 0."""
    found = float(to_model_units(value, parse_unit("s"), name=what, where=where))
    require(0.0 < found < 1e9, what, found=value, expected="more than 0", where=where)
    return found


def voltage(value: Any, limit: float, where: str) -> float:
    """A voltage [mV] within the range of the amplifier.

    Raises
    ------
    PlanError
    """
    found = float(to_model_units(value, parse_unit("mV"), name="voltage", where=where))
    if not abs(found) <= limit:
        raise PlanError(
            "the voltage is outside the range of the amplifier", where=where, found=str(value),
            expected=f"-{limit:g} to {limit:g} mV",
        )  # fmt: skip
    return found
