"""Patch clamp of a passive cell against Ohm's law, and the protocols of the amplifier."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.assays import (
    Arm,
    Clamp,
    Dendrite,
    Pipette,
    Pulses,
    Steps,
    Study,
    patch_clamp,
    patch_ramp,
    patch_wash,
)
from sigmapath.assays.chelator import BAPTA
from sigmapath.assays.clamp_circuit import (
    clamp_conductance,
    dialysis_time,
    with_bapta,
    with_dendrite,
)
from sigmapath.errors import PlanError, UnknownNameError

# A membrane that is a resistor of 200 MOhm (5 nS) to -60 mV; a drug halves the conductance.
PASSIVE = """
model passive()
  unit mV = 1e-3 volt; unit nS = 1e-9 siemens; unit pA = 1e-12 ampere; unit nF = 1e-9 farad;
  g_clamp = 0; g_clamp has nS; V_command = -60; V_command has mV; I_inject = 0; I_inject has pA;
  C_cell = 0.01; C_cell has nF; g_CaL = 5; g_CaL has nS; E = -60; E has mV; drug = 0;
  var I_dendrite = 0; I_dendrite has pA;
  I_ionic := g_CaL / (1 + drug) * (V_m - E) - I_dendrite;
  var V_m = -60; V_m has mV;
  V_m' = (I_inject + g_clamp * (V_command - V_m) - I_ionic) / C_cell;
end
"""
PAIR = Study(until="15 min", n=2)
ALIKE = Clamp(cv_size=0.0, cv_density=0.0, cv_series=0.0, holding=-60.0, isolate=None)
STILL = Steps(steps=[-60, 0], measure="steady", leak_subtraction=False)


@cache
def passive() -> sp.Model:
    return sp.from_antimony(PASSIVE)


def still(levels: list[float], pipette: Pipette, **steps: object):
    """The I-V of cells that do not differ, read when all is still."""
    clamp, row = replace(ALIKE, pipette=pipette), replace(STILL, steps=levels, **steps)
    return patch_clamp(passive(), PAIR, clamp=clamp, steps=row)


@pytest.mark.parametrize("compensation", [0.0, 0.8])
def test_series_resistance_is_ohms_law(compensation: float) -> None:
    rig = Pipette(series_MOhm=20.0, compensation=compensation, seal_GOhm=1e12, noise_pA=0.0)
    found = still([-60, -20, 40], rig)
    left = 20.0 * (1 - compensation)
    # mV / MOhm is nA.
    current = 1e3 * (np.array([-60, -20, 40]) + 60.0) / (200.0 + left)
    assert found["current_mean"].values[0] == pytest.approx(current, rel=1e-5, abs=1e-3)
    assert found["voltage_error"].values[0] == pytest.approx(current * left / 1e3, abs=1e-5)
    assert found["density_mean"].values[0] == pytest.approx(current / 10.0, rel=1e-5, abs=1e-4)
    assert clamp_conductance(20.0, compensation) == pytest.approx(1e3 / left)


def test_seal_leak_and_the_limit_of_the_amplifier() -> None:
    rig = Pipette(compensation=0.99, seal_GOhm=2.0, noise_pA=0.0, limit_nA=0.4)
    found = still([-40, 0, 40], rig)
    # 5 nS (V + 60) and V / 2 GOhm; 520 pA do not fit into 400 pA.
    assert found["current_mean"].values[0, 0] == pytest.approx(100.0 - 20.0, rel=2e-3)
    assert found["current_mean"].values[0, 2] == pytest.approx(400.0)
    assert found["saturated"].values[0].tolist() == [0.0, 0.0, 1.0]


def test_leak_subtraction_leaves_nothing_of_a_resistor() -> None:
    rig = Pipette(noise_pA=0.0)
    found = still([-60, 0, 40], rig, leak_subtraction=True)
    assert found["current_mean"].values == pytest.approx(0.0, abs=1e-2)


def test_a_dendrite_is_not_clamped() -> None:
    """Two resistors behind each other, solved by hand."""
    rig = Pipette(series_MOhm=10.0, compensation=0.0, seal_GOhm=1e12, noise_pA=0.0)
    cell = Dendrite(share=0.4, coupling_nS=2.0)
    clamp = replace(ALIKE, pipette=rig, dendrite=cell)
    long = replace(STILL, steps=[-60, 40], duration=0.5)
    found = patch_clamp(passive(), PAIR, clamp=clamp, steps=long)
    near, far, axial, clamp = 0.6 * 5.0, 0.4 * 5.0, 2.0, 100.0
    load = near + axial * far / (axial + far)
    current = 100.0 * clamp * load / (clamp + load)
    assert found["current_mean"].values[0, 1] == pytest.approx(current, rel=1e-5)
    whole = sp.from_network(with_dendrite(passive().network, cell))
    end = whole.simulate(
        [0.5], parameters={"g_clamp": clamp, "V_command": 40.0}, observables=["V_m", "V_m_distal"]
    )
    soma = end["V_m"].item() + 60.0
    assert end["V_m_distal"].item() + 60.0 == pytest.approx(soma * axial / (axial + far), rel=1e-5)


def test_noise_has_the_size_asked_for_and_a_seed() -> None:
    clamp = replace(ALIKE, pipette=Pipette(noise_pA=5.0))
    runs = [
        patch_clamp(passive(), replace(PAIR, seed=s), clamp=clamp, steps=STILL) for s in (1, 1, 2)
    ]
    assert runs[0].identical(runs[1])
    assert not runs[0].equals(runs[2])
    late = runs[0]["trace"].values[0, :, 500:]
    assert late.std(axis=1) == pytest.approx(5.0, rel=0.1)


def test_ramp_is_the_same_line() -> None:
    rig = Pipette(series_MOhm=10.0, compensation=0.5, seal_GOhm=1e12, noise_pA=0.0)
    clamp = replace(ALIKE, pipette=rig)
    found = patch_ramp(passive(), PAIR, clamp=clamp, start=-100, stop=0, points=11)
    command = np.linspace(-100, 0, 11)
    assert found["current_mean"].values[0] == pytest.approx(
        1e3 * (command + 60.0) / (200.0 + 5.0), rel=1e-4, abs=1e-2
    )


def test_wash_in_and_rundown() -> None:
    """A drug that does nothing leaves the rundown; a channel is needed that leak does not hide."""
    model = sp.load("membrane")
    clamp = replace(ALIKE, pipette=Pipette(noise_pA=0.0), holding=-70.0, isolate="HVA")
    found = patch_wash(
        model, Study(until="1 min", n=2, doses={"capsaicin": 0.0}), clamp=clamp,
        pulses=Pulses(interval="20 s", before="1 min", after="1 min"), rundown_per_min=0.02,
    )  # fmt: skip
    minutes = found["time"].values
    control = np.exp(-0.02 * minutes[minutes < 1.0]).mean()
    assert found["percent_mean"].values == pytest.approx(
        100.0 * np.exp(-0.02 * minutes) / control, rel=1e-3
    )
    assert found["drug"].values.tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0] or (
        found["drug"].values.sum() == 3
    )


def test_bapta_washes_in_with_its_own_time_constant() -> None:
    """Pusch and Neher: 0.6 R M^(1/3) (C / 5.91)^(3/2)."""
    tau = dialysis_time(10.0, 476.4, 10.0)
    assert tau == pytest.approx(0.6 * 10.0 * 476.4 ** (1 / 3) * (10.0 / 5.91) ** 1.5)
    model = sp.from_network(with_bapta(sp.load("calcium").network, 1000.0, tau))
    name = f"{BAPTA.name}_total"
    course = model.simulate(
        [0.0, tau, 3 * tau], parameters={f"{BAPTA.name}_access": 1.0}, observables=[name, "Ca_cyt"]
    )
    assert course[name].values == pytest.approx(
        [0.0, 1000 * (1 - math.exp(-1)), 1000 * (1 - math.exp(-3))], rel=1e-4
    )
    assert course["Ca_cyt"].values[1] < course["Ca_cyt"].values[0]


def test_calcium_current_of_the_membrane() -> None:
    found = patch_clamp(sp.load("membrane"), replace(PAIR, n=4))
    current = found["current_mean"].values[0]
    voltage = found["voltage"].values
    assert current.min() < -30.0
    assert -15.0 <= voltage[current.argmin()] <= 15.0
    assert (found["current_sem"].values[0][voltage > -20] > 0.0).all()
    assert sp.plot.assay(found).get_ylabel() == "current [pA]"
    assert sp.plot.patch_traces(found) is not None


def test_bapta_abolishes_what_s1r_does_through_sk() -> None:
    """An agonist blocks SK, which calcium opens: with BAPTA there is nothing to block."""
    model = sp.load("s1r_cell")
    gain = {}
    for bapta, dialysis in ((0.0, "1 min"), (1e4, "10 min")):
        pipette = Pipette(bapta_uM=bapta, noise_pA=0.0)
        found = patch_clamp(
            model,
            Study(until="15 min", n=3, doses={"(+)-SKF10047": "10 uM"}),
            clamp=Clamp(isolate="NMDA", pipette=pipette, dialysis=dialysis),
            steps=Steps(
                steps=[-71, -70], stimulus={"glutamate": "1 mM"}, duration="200 ms",
                leak_subtraction=False,
            ),
        )  # fmt: skip
        vehicle, agonist = found["current_mean"].values[:, 1]
        assert vehicle < -5.0
        gain[bapta] = agonist / vehicle
    assert gain[0.0] > 1.04
    assert gain[1e4] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": [-60, 201]}, {"steps": [-201, 0]}, {"steps": [0]}, {"steps": [0, -10]},
        {"steps": [0, float("nan")]}, {"duration": 0.0}, {"blank": "1 s"}, {"measure": "area"},
    ],
)  # fmt: skip
def test_steps_that_make_no_sense(wrong: dict[str, object]) -> None:
    with pytest.raises(PlanError):
        patch_clamp(passive(), PAIR, clamp=ALIKE, steps=replace(STILL, **wrong))


@pytest.mark.parametrize("wrong", [{"holding": 250.0}, {"dialysis": 0.0}, {"cv_size": -1.0}])
def test_clamps_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(PlanError):
        patch_clamp(passive(), PAIR, clamp=replace(ALIKE, **wrong), steps=STILL)


def test_an_incubation_of_nothing_and_a_leak_step_out_of_range() -> None:
    with pytest.raises(PlanError, match="incubation"):
        patch_clamp(passive(), replace(PAIR, until=0.0), clamp=ALIKE, steps=STILL)
    low, row = replace(ALIKE, holding=-195.0), replace(STILL, leak_subtraction=True)
    with pytest.raises(PlanError, match="leak step"):
        patch_clamp(passive(), PAIR, clamp=low, steps=row)


@pytest.mark.parametrize(
    "wrong",
    [{"series_MOhm": 0.0}, {"compensation": 1.0}, {"bapta_uM": -1.0}, {"rate_kHz": 0.0},
     {"noise_pA": float("nan")}],
)  # fmt: skip
def test_rigs_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(PlanError):
        Pipette(**wrong)


def test_unknown_currents_and_models_without_a_membrane() -> None:
    with pytest.raises(UnknownNameError):
        patch_clamp(passive(), clamp=Clamp(isolate="Cl"))
    with pytest.raises(PlanError, match="no NMDA current"):
        patch_clamp(passive(), clamp=Clamp(isolate="NMDA"))
    with pytest.raises(PlanError, match="no membrane"):
        patch_clamp(sp.load("calcium"))
    with pytest.raises(PlanError):
        Dendrite(share=1.0)
    with pytest.raises(PlanError):
        patch_wash(passive(), PAIR)
    with pytest.raises(PlanError, match="arms"):
        patch_wash(passive(), replace(PAIR, arms=[Arm(name="drug", doses={"drug": 1.0})]))
