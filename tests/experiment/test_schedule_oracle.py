"""Schedules against pharmacokinetics: superposition of analytic solutions, not our own rows.

The model is dS/dt = -k S + R / V in one compartment; the rows of the plan are carried out exactly
between jumps, and the result must be the closed form of the regimen (Gibaldi & Perrier 1982,
Pharmacokinetics, equations 1.1 and 1.30: bolus and infusion, superposed).
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_index import index

from sigmapath.experiment.build import build_plan
from sigmapath.experiment.dosing import Dose, dose
from sigmapath.experiment.plan import RunPlan
from sigmapath.experiment.protocol import phase
from sigmapath.opcodes import JumpOp

INDEX = index()
VOLUME = 2.0
START = 0.1


def carried_out(plan: RunPlan, time: float, rate_constant: float) -> float:
    """S at a time, by doing what the rows say."""
    chunk = plan.chunk(0, 1)
    p = {INDEX.position(name): value for name, value in [("cyt", VOLUME)]}
    level, forcing, held, now = START, 0.0, False, 0.0
    table = zip(plan.jumps.time, plan.jumps.op, plan.jumps.scale, chunk.jump_values[0], strict=True)
    for at, op, scale, raw in table:
        if at > time:
            break
        level = level if held else decayed(level, forcing, at - now, rate_constant)
        now = at
        value = raw / p[int(scale)] if scale >= 0 else raw
        if op == JumpOp.ADD_STATE:
            level += value
        elif op == JumpOp.ADD_RATE:
            forcing += value
        elif op == JumpOp.SET_STATE:
            level = value
        elif op == JumpOp.HOLD:
            held = value != 0.0
    return level if held else decayed(level, forcing, time - now, rate_constant)


def decayed(level: float, forcing: float, duration: float, k: float) -> float:
    steady = forcing / k
    return steady + (level - steady) * math.exp(-k * duration)


def superposed(regimen: list[Dose], time: float, k: float) -> float:
    total = START * math.exp(-k * time)
    for entry in regimen:
        for i in range(entry.addl + 1):
            since = time - (entry.time + i * (entry.ii or 0.0))
            if since < 0.0:
                continue
            if entry.dur is None:
                total += entry.amt / VOLUME * math.exp(-k * since)
            else:
                rate = entry.amt / entry.dur / VOLUME
                running = min(since, entry.dur)
                reached = rate / k * (1.0 - math.exp(-k * running))
                total += reached * math.exp(-k * (since - running))
    return total


_DOSES = st.builds(
    dose,
    st.just("Ca_cyt"),
    st.floats(0.1, 10.0),
    time=st.floats(0.0, 40.0),
    ii=st.floats(1.0, 30.0),
    addl=st.integers(0, 4),
    dur=st.none() | st.floats(0.5, 25.0),
)


@settings(max_examples=60, deadline=None)
@given(regimen=st.lists(_DOSES, min_size=1, max_size=4), time=st.floats(0.0, 100.0))
def test_any_regimen_is_the_superposition_of_its_doses(regimen, time):
    plan = build_plan(INDEX, times=100.0, doses=regimen)
    expected = superposed(regimen, time, 0.07)
    assert carried_out(plan, time, 0.07) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_dose_and_the_same_dose_in_a_phase_are_one():
    alone = build_plan(INDEX, times=100.0, doses=dose("Ca_cyt", 3.0, time=30, dur=10))
    phased = build_plan(
        INDEX, times=100.0, protocol=[phase(25), phase(50, doses=dose("Ca_cyt", 3.0, 5, dur=10))]
    )
    assert carried_out(alone, 60.0, 0.1) == carried_out(phased, 60.0, 0.1)


def test_a_held_pulse_is_a_plateau_and_a_decay():
    plan = build_plan(INDEX, times=100.0, protocol=[phase(10), phase(20, doses={"Ca_cyt": 2.0})])
    assert carried_out(plan, 5.0, 0.1) == pytest.approx(START * math.exp(-0.5))
    assert carried_out(plan, 29.0, 0.1) == 2.0
    assert carried_out(plan, 40.0, 0.1) == pytest.approx(2.0 * math.exp(-1.0))
