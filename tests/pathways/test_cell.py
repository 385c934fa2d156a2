"""The cell modules: each stands alone and rests; joined to the core they leave its rest alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import sigmapath as sp

MODULES = ("membrane", "nmdar", "neurotrophin", "microdomain", "death")
HOUR = 3600.0


@cache
def model(name: str) -> sp.Model:
    return sp.load(name)


def moved(data: object) -> dict[str, float]:
    """Relative drift of every variable of a Dataset."""
    found = {}
    for name in data.data_vars:
        if name != "status":
            values = data[name].values
            assert np.isfinite(values).all(), name
            found[name] = float(np.ptp(values) / max(abs(values[0]), 1e-6))
    return found


@pytest.mark.parametrize("name", MODULES)
def test_module_loads_checks_and_rests(name: str) -> None:
    assert not [issue for issue in model(name).check() if issue.severity == "error"]
    states = model(name)._engine.index.states
    drift = moved(model(name).simulate("72 h", observables=list(states)))
    assert max(drift.values()) < 1e-3, max(drift, key=drift.get)


@pytest.mark.parametrize("name", MODULES)
def test_every_constant_has_a_source_a_grade_and_a_range(name: str) -> None:
    for row in model(name).parameters.values():
        if row.value is not None and not row.name.startswith("tau_Kv13"):
            assert row.grade, row
    lines = (sp.models()[name],)
    assert all(lines)


def test_whole_cell_rests_where_the_core_rests() -> None:
    core, cell = (model(name).steady_state() for name in ("s1r_mam", "s1r_cell"))
    assert core.success
    assert cell.success
    assert cell.is_stable
    for name in core.states:
        assert cell[name] == pytest.approx(core[name], rel=1e-3, abs=1e-9), name


def test_whole_cell_sits_still() -> None:
    states = model("s1r_cell")._engine.index.states
    drift = moved(model("s1r_cell").simulate("72 h", observables=list(states)))
    assert max(drift.values()) < 1e-3, max(drift, key=drift.get)


def test_reversal_potentials_and_clamp() -> None:
    """A good clamp holds the cell at its command; the leak is what keeps a free cell at rest."""
    clamp = {"g_clamp": 20000.0}
    data = model("membrane").simulate(
        "300 ms",
        observables=["V_m", "I_CaL", "I_Nav12"],
        protocol=[
            sp.phase("100 ms"),
            sp.phase("100 ms", parameters=clamp),
            sp.phase("100 ms", parameters={**clamp, "V_command": 0.0}),
        ],
    )
    free, held, stepped = (
        float(data["V_m"].sel(time=t, method="nearest")) for t in (0.1, 0.19, 0.29)
    )
    assert free == pytest.approx(-70.0, abs=0.1)
    assert held == pytest.approx(-70.0, abs=0.1)
    assert stepped == pytest.approx(0.0, abs=0.5)


def test_potassium_moves_the_resting_potential_towards_nernst() -> None:
    """E_K of 20 mM outside and 140 mM inside is 26.7 ln(20 / 140) = -52 mV."""
    data = model("membrane").simulate(
        "60 s", observables=["V_m", "E_K"], doses={"K_ext": 20000.0}, parameters={"g_Nav12": 0.0}
    )
    assert float(data["E_K"][-1]) == pytest.approx(-51.96, abs=0.1)
    assert -60.0 < float(data["V_m"][-1]) < -30.0


def test_magnesium_block_is_that_of_jahr_and_stevens() -> None:
    """At -70 mV and 1 mM magnesium 4.5 % of the conductance is left, 1 / (1 + e^4.34 / 3.57)."""
    settings = {"g_NMDA": 1e-3, "apamin": 1.0}  # the dendrite stays where it rests
    with_mg, without = (
        model("nmdar")
        .sweep(
            {"glutamate": [1000.0]},
            "1 s",
            readouts=["trough(I_NMDA)"],
            parameters={**settings, "Mg": mg},
        )["trough(I_NMDA)"]
        .item()
        for mg in (1000.0, 0.0)
    )
    assert with_mg / without == pytest.approx(1.0 / (1.0 + np.exp(4.34) / 3.57), rel=0.02)


def test_calcium_of_the_closed_cell_is_conserved() -> None:
    data = model("s1r_cell").simulate(
        "1 h",
        observables=["Ca_cell"],
        condition="closed_cell",
        doses={"thapsigargin": "1 uM", "glutamate": 100.0, "K_ext": 20000.0},
    )
    assert np.ptp(data["Ca_cell"].values) / data["Ca_cell"].values[0] < 1e-6


@pytest.mark.parametrize(
    "doses",
    [
        {"(+)-pentazocine": "1 mM"},
        {"glutamate": 1000.0, "thapsigargin": 10.0, "H2O2": 1000.0},
        {"capsaicin": 10.0, "K_ext": 50000.0},
        {"pH": 5.0, "tunicamycin": 10.0, "NGF": 1.0},
    ],
)
def test_extremes_stay_bounded(doses: dict[str, object]) -> None:
    """24 h: finite, no negative concentration, calcium below what the medium holds."""
    data = model("s1r_cell").simulate(
        "24 h",
        doses=doses,
        parameters={"g_Nav12": 0.0},
        observables=["Ca_cyt", "death_index", "V_m"],
    )
    assert int(data["status"]) == 0
    assert float(data["Ca_cyt"].min()) > 0.0
    assert float(data["Ca_cyt"].max()) < 1800.0
    assert 0.0 <= float(data["death_index"].max()) <= 1.0


def test_direct_block_survives_the_knock_out_and_the_s1r_route_does_not() -> None:
    step = [
        sp.equilibrate(),
        sp.phase("15 min"),
        sp.phase("200 ms", parameters={"g_clamp": 20000.0}),
        sp.phase("50 ms", parameters={"g_clamp": 20000.0, "V_command": 0.0}),
    ]

    def current(dose: str, condition: str | None) -> float:
        data = model("s1r_cell").sweep(
            {"haloperidol": ["0 uM", dose]}, readouts=["trough(I_HVA, after=15 min)"],
            protocol=step, condition=condition,
        )  # fmt: skip
        vehicle, treated = data["trough(I_HVA, after=15 min)"].values
        return float(treated / vehicle)

    assert current("6 uM", "s1r_ko") == pytest.approx(0.5, rel=0.02)
    assert current("10 nM", "s1r_ko") == pytest.approx(1.0, rel=0.01)
