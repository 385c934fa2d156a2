"""A small index by hand: ligand slots, a stress, a worked-out parameter, odd species."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from sigmapath.names import NameIndex

NAN = math.nan


@dataclass(frozen=True, kw_only=True)
class Q:
    id: str
    kind: str = "parameter"
    value: float = 1.0
    unit: str = ""
    volume: str = ""
    is_amount: bool = False
    state_is_amount: bool = False


def slot(i: int) -> list[Q]:
    return [
        Q(id=f"L{i}", value=0.0, unit="uM"),
        Q(id=f"Kd_L{i}", value=0.0038, unit="uM"),
        Q(id=f"kon_L{i}", value=0.5, unit="1/(uM s)"),
        Q(id=f"alpha_L{i}", value=1.0, unit="1"),
    ]


@dataclass(frozen=True, kw_only=True)
class System:
    model_id: str = "small"
    parameters: list[Q] = field(
        default_factory=lambda: [
            Q(id="cyt", kind="compartment", value=2.0, unit="pL"),
            Q(id="k_on", value=0.3, unit="1/s"),
            Q(id="V_max", value=NAN, unit="uM/s"),
            Q(id="tunicamycin", value=0.0, unit="ug/mL"),
            Q(id="Vm", value=-60.0, unit="mV"),
            Q(id="bath", kind="species", value=5.0, unit="uM", volume="cyt"),
            *(q for i in (1, 2, 3, 4) for q in slot(i)),
        ]
    )
    states: list[Q] = field(
        default_factory=lambda: [
            Q(id="Ca_cyt", kind="species", value=0.1, unit="uM", volume="cyt"),
            Q(id="XBP1s", kind="species", value=NAN, unit="uM", volume="cyt"),
            Q(id="copies", kind="species", value=4.0, unit="amol", volume="cyt", is_amount=True),
            Q(
                id="swelling", kind="species", value=1.0, unit="uM", volume="bag",
                state_is_amount=True,
            ),
            Q(id="clock", kind="parameter", value=0.0, unit="1"),
            Q(id="bag", kind="compartment", value=1.0, unit="pL"),
        ]
    )  # fmt: skip
    time_unit: str = "s"

    @property
    def observables(self) -> dict[str, object]:
        names = [q.id for q in (*self.parameters, *self.states)]
        return dict.fromkeys([*names, "[Ca_cyt]", "amount(Ca_cyt)", "S1R_free", "J_SERCA"])

    @property
    def observable_units(self) -> dict[str, str]:
        own = {q.id: q.unit for q in (*self.parameters, *self.states)}
        return own | {
            "[Ca_cyt]": "uM", "amount(Ca_cyt)": "amol", "S1R_free": "uM", "J_SERCA": "amol/s",
        }  # fmt: skip


def index(**changes: object) -> NameIndex:
    return NameIndex.from_system(System(**changes), inputs=("tunicamycin", "L1", "L2", "H2O2"))
