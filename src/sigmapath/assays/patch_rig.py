"""The rig of the patch clamp assays: cells that differ, blockers, what happens before a step.

Enters: a model and the settings of an assay. Leaves: a :class:`Rig`, from which the assays plan
their runs. Called by :mod:`sigmapath.assays.patch_clamp`, :mod:`sigmapath.assays.patch_ramp` and
:mod:`sigmapath.assays.patch_wash`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from sigmapath.assays.checks import require_all, require_ok, seconds
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
from sigmapath.assays.replicates import FloatArray, factors
from sigmapath.assays.study import Arm, Study
from sigmapath.assays.subject import engine_with, network_of
from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.experiment.ensemble import Ensemble, ensemble
from sigmapath.experiment.protocol import Phase, phase
from sigmapath.model.network import ReactionNetwork
from sigmapath.quantity import parse_unit, to_model_units
from sigmapath.record import record
from sigmapath.simulate.engine import Engine

__all__ = ["ISOLATED", "NEAR_HOLDING", "Cells", "Clamp", "Rig", "rig_of", "voltage"]

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


@record
class Clamp:
    """How cells are patched, and how they differ.

    Parameters
    ----------
    holding : voltage [mV]
    isolate : str or None
        Current left by the blockers in bath and pipette: "HVA" (calcium), "Na", "K", "NMDA", or
        None for all. Blockers set conductances to 0.
    dialysis : time
        Between breaking the patch and the first step; BAPTA washes in.
    pipette : Pipette
    dendrite : Dendrite, optional
        Membrane behind an axial resistance: the space clamp is then not perfect.
    cv_size, cv_density, cv_series : float
        Between cells [1]: membrane (all conductances and capacitance), channel density of the
        isolated current (and, alike, the S1R at half effect on channels), series resistance.
        Assumed, 0.1 to 0.4 each.
    """

    holding: Any = -70.0
    isolate: str | None = "HVA"
    dialysis: Any = "1 min"
    pipette: Pipette = field(default_factory=Pipette)
    dendrite: Dendrite | None = None
    cv_size: float = 0.2
    cv_density: float = 0.2
    cv_series: float = 0.2


@record(eq=False)
class Cells:
    """The cells of a study, the same in every arm: a paired design, as with a drug given to a cell.

    Parameters
    ----------
    constants : dict id -> ndarray, shape (n_cell,)
    members : Ensemble
        Of the same constants.
    """

    constants: dict[str, FloatArray]
    members: Ensemble

    def conductance(self, n_more: int = 1) -> FloatArray:
        """Of the clamp [nS], shape (n_cell, 1, ...) with ``n_more`` ones."""
        return self.constants["g_clamp"].reshape(-1, *[1] * n_more)


@record(eq=False)
class Rig:
    """A model in the rig.

    Parameters
    ----------
    engine : Engine
        Of the network with the circuit.
    clamp : Clamp
    study : Study
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
    where : str
        The assay, for messages.
    """

    engine: Engine
    clamp: Clamp
    study: Study
    holding: float
    incubation: float
    dialysis: float
    blocked: dict[str, float]
    constants: dict[str, float]
    dense: frozenset[str]
    sensitive: dict[str, float]
    where: str

    @property
    def pipette(self) -> Pipette:
        """Pipette and amplifier."""
        return self.clamp.pipette

    @property
    def step_at(self) -> float:
        """Time of the first step [s]."""
        return self.incubation + self.dialysis

    def commanded(self, level: float) -> dict[str, float]:
        """Parameters of a phase with this command [mV] and the pipette open to the cell."""
        return {"V_command": level, **self._open_pipette()}

    def before_step(self) -> list[Phase]:
        """Rest, incubation of the free cell, dialysis at the holding potential."""
        free = {"g_clamp": 0.0}
        return [
            *self.study.start(free),
            phase(self.incubation, parameters=free, name="incubation"),
            phase(self.dialysis, parameters=self._open_pipette(), name="dialysis"),
        ]

    def cells(self, stream: np.random.Generator) -> Cells:
        """Draw the cells of the study."""
        size, clamp = (self.study.n,), self.clamp
        large = factors(stream, clamp.cv_size, size)
        found = {key: value * large for key, value in self.constants.items()}
        dense = factors(stream, clamp.cv_density, size)
        for key in self.dense:
            found[key] = found[key] * dense
        for key, value in self.sensitive.items():
            found[key] = value * factors(stream, clamp.cv_density, size)
        resistance = self.pipette.series_MOhm * factors(stream, clamp.cv_series, size)
        found["g_clamp"] = np.array(
            [clamp_conductance(r, self.pipette.compensation) for r in resistance]
        )
        return Cells(constants=found, members=ensemble(members=found, nominal=False))

    def potential(
        self,
        arm: Arm,
        cells: Cells,
        times: FloatArray,
        phases: Sequence[Phase],
        *,
        axes: Mapping[str, Any] | None = None,
    ) -> FloatArray:
        """Run an arm; membrane potential [mV], shape (n_cell, axes, n_time).

        The command rests at the holding potential, blockers are in; ``phases`` come after what is
        before the first step.
        """
        settings = {**self.blocked, "V_command": self.holding}
        plan = self.engine.plan(
            times=times,
            axes=axes,
            ensemble=cells.members,
            protocol=[*self.before_step(), *phases],
            observables=["V_m"],
            **self.study.given(arm, settings),
        )
        raw = self.engine.run(plan, rtol=1e-8)
        require_ok(raw.status, where=f"{self.where}, {arm.name}")
        return np.asarray(raw.trajectories["V_m"])

    def amplified(self, exact: FloatArray, stream: np.random.Generator) -> FloatArray:
        """Currents [pA] with noise, cut off where the amplifier ends."""
        most = 1e3 * self.pipette.limit_nA
        noisy = exact + stream.normal(0.0, self.pipette.noise_pA, size=exact.shape)
        return np.clip(noisy, -most, most)

    def _open_pipette(self) -> dict[str, float]:
        return {"BAPTA_cyt_access": 1.0} if self.pipette.bapta_uM > 0.0 else {}


def rig_of(
    model: Any, study: Study, clamp: Clamp, *, where: str, incubation: Any | None = None
) -> Rig:
    """Put a model into the rig; raises PlanError, UnknownNameError if something makes no sense.

    ``incubation`` is the time before the patch, that of the study if it is left out.
    """
    network = network_of(model)
    require_membrane(network)
    spreads = (
        ("size", clamp.cv_size), ("density", clamp.cv_density),
        ("series resistance", clamp.cv_series),
    )  # fmt: skip
    require_all(where, (
        (f"the spread of the {what}", cv, 0.0 <= cv < 2.0, "0 to below 2") for what, cv in spreads
    ))  # fmt: skip
    kept = _kept(clamp.isolate, where)
    values = constants_given(network) | _conductances_solved(model, network)
    if kept and not any(values.get(k) for k in kept):
        raise PlanError(
            f"this model has no {clamp.isolate} current", where=where, found=network.id,
            fix="use s1r_cell, or another current",
        )  # fmt: skip
    blocked = {k: 0.0 for k in _BLOCKABLE if k in values and kept and k not in kept}
    network = _circuit(network, clamp, 1e3 * values["C_cell"])
    constants = _constants(network, values, blocked)
    return Rig(
        engine=engine_with(model, network),
        clamp=clamp,
        study=study,
        holding=voltage(clamp.holding, clamp.pipette.limit_mV, where),
        incubation=seconds(
            study.until if incubation is None else incubation, "the incubation", where
        ),
        dialysis=max(seconds(clamp.dialysis, "the dialysis", where), _SETTLING),
        blocked=blocked,
        constants=constants,
        dense=frozenset(k for k in kept or _BLOCKABLE if k in constants),
        sensitive={k: v for k in _SENSITIVE if (v := values.get(k))},
        where=where,
    )


def _kept(isolate: str | None, where: str) -> tuple[str, ...]:
    if isolate is None or isolate == "all":
        return ()
    if isolate not in _CURRENTS:
        raise UnknownNameError("current", isolate, ISOLATED, where=where)
    return _CURRENTS[isolate]


def _circuit(network: ReactionNetwork, clamp: Clamp, picofarad: float) -> ReactionNetwork:
    pipette = clamp.pipette
    if clamp.dendrite is not None:
        network = with_dendrite(network, clamp.dendrite)
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


def _conductances_solved(model: Any, network: ReactionNetwork) -> dict[str, float]:
    """Conductances of isolated currents that the model works out, from a known response say.

    The background potassium conductance is left out: it keeps the cell at rest, whatever differs.
    """
    computed = {entry.symbol for entry in network.initial_assignments}
    names = [k for k in _BLOCKABLE if k in computed and k != "g_K_leak"]
    if not names:
        return {}
    engine = engine_with(model, network)
    raw = engine.run(engine.plan(times=[0.0, 1e-9], observables=names))
    return {k: float(np.ravel(raw.trajectories[k])[0]) for k in names}


def _constants(
    network: ReactionNetwork, values: dict[str, float], blocked: dict[str, float]
) -> dict[str, float]:
    """Conductances and capacitances of the membrane, which grow with the cell."""
    units = {p.id: p.units for p in network.parameters}
    return {
        name: value
        for name, value in values.items()
        if value
        and (units[name] == "nS" or name == "C_cell")
        and name not in blocked
        and name not in ("g_clamp", "g_axial")
    }


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
