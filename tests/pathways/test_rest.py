"""The model starts at rest, inside the physiological ranges, and rests again when re-anchored."""

from __future__ import annotations

import math
import random
from functools import cache

import pytest
from sbml_maths import MODULES, Equations, flat_sbml
from test_modules import NOTE, note

DAYS_3 = 72 * 3600.0

# mechanisms.md, section 9 (collected from the sources named there)
RESTING = {
    "Ca_cyt": (0.08, 0.12),
    "Ca_er": (335, 530),
    "Ca_mam": (0.2, 0.25),
    "Ca_mito": (0.1, 0.2),
    "Psi": (150, 170),
    "BiP_free": (10, 1000),
    "KEAP1": (0.26, 1.1),
}


@cache
def equations(name: str) -> Equations:
    """Return the equations of a model file."""
    return Equations(flat_sbml(name))


def drift(eq: Equations, **changed: float) -> dict[str, float]:
    """Return the largest relative change of every state over 72 h at its first slope."""
    start = eq.at_start(**changed)
    slopes = eq.slopes(start)
    return {k: abs(v) * DAYS_3 / max(abs(start[k]), 1e-6) for k, v in slopes.items()}


@pytest.mark.parametrize("name", [*MODULES, "s1r_mam"])
def test_starts_at_rest(name: str) -> None:
    """No state moves by a thousandth in three days."""
    moved = drift(equations(name))
    assert max(moved.values()) < 1e-6, max(moved, key=lambda k: moved[k])


@pytest.mark.parametrize("name", RESTING)
def test_rests_in_physiological_range(name: str) -> None:
    """Resting values are those of the literature."""
    low, high = RESTING[name]
    assert low <= equations("s1r_mam").at_start()[name] <= high


def test_bip_holds_most_s1r_and_pm_little() -> None:
    """At rest BiP holds 70 to 90 % of S1R; 5 to 10 % are at the plasma membrane (rounded)."""
    start = equations("s1r_mam").at_start()
    assert 0.7 <= start["S1R_BiP"] / start["S1R_total"] <= 0.9
    assert 0.04 <= start["S1R_pm"] / start["S1R_total"] <= 0.1
    assert start["S1R_total"] == pytest.approx(start["S1R_amount"])


def test_induced_nrf2_dwarfs_basal() -> None:
    """Basal nuclear NRF2 is a small share of what full loss of KEAP1 capture would give."""
    start = equations("s1r_mam").at_start()
    no_degradation = (
        start["k_synthesis_NRF2"]
        * start["k_import_NRF2"]
        / (start["k_import_NRF2"] * start["k_deg_NRF2_nuc"])
    )
    assert start["NRF2_nuc"] < 0.15 * no_degradation


def draws(eq: Equations, seed: int) -> dict[str, float]:
    """Draw every constant from its range: log-uniform, additive where the range crosses signs."""
    rng = random.Random(seed)
    drawn = {}
    for parameter in eq.model.parameters:
        match = NOTE.match(note(parameter))
        if match is None or match["grade"] in {"input", "derived"}:
            continue
        low, high = (float(x) for x in match["range"].split(" to "))
        drawn[parameter.getId()] = math.exp(rng.uniform(math.log(low), math.log(high)))
    return drawn


@pytest.mark.parametrize("seed", range(25))
def test_re_anchors_itself(seed: int) -> None:
    """A draw of all constants still starts at rest, with positive capacities and amounts."""
    eq = equations("s1r_mam")
    drawn = draws(eq, seed)
    moved = drift(eq, **drawn)
    assert max(moved.values()) < 1e-4, max(moved, key=lambda k: moved[k])
    start = eq.at_start(**drawn)
    capacities = "V_SERCA V_NCLX P_IP3R3 J_entry_rest V_synthase V_ETC V_TCA V_ROS k_phos_eIF2a"
    for name in [*capacities.split(), *eq.dynamic]:
        zero_at_rest = "_L" in name or name in ("H2O2_bolus", "L1", "L2", "L3", "L4")
        assert start[name] > 0 or zero_at_rest, name


def test_switches_do_not_move_the_anchors() -> None:
    """A knock-out changes states, not the capacities solved from the resting wild type."""
    eq = equations("s1r_mam")
    rest = eq.at_start()
    switches = dict.fromkeys(
        ["S1R_expression", "IP3R3_expression", "MCU_expression", "NRF2_expression"], 0.0
    )
    changed = eq.at_start(**switches, tunicamycin=1.0, thapsigargin=1.0, H2O2=50.0, L1=1.0)
    for name in eq.constants:
        if name.startswith(("V_", "P_", "v_", "k_")) or name.endswith("_rest"):
            assert changed[name] == rest[name], name
    assert changed["S1R_total"] == 0
    assert changed["NRF2_nuc"] == 0
