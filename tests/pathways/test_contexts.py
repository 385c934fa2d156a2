"""In every context the cell rests, keeps its mass and survives extremes."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.errors import PlanError
from sigmapath.pathways.registry import model_conditions

HOUR = 3600.0
MODELS = ("s1r_mam", "s1r_cell")
# mechanisms.md, section 9 (collected from the sources named there)
RESTING = {
    "Ca_cyt": (0.08, 0.12),
    "Ca_er": (335, 530),
    "BiP_free": (10, 1000),
    "KEAP1": (0.26, 1.1),
    "Ca_mam": (0.2, 0.25),
    "Ca_mito": (0.1, 0.2),
    "Psi": (150, 170),
}
# Calcium of gap and matrix is what these are about: they lose or gain what carries it there, or
# the signal that opens it. Cytosol, ER and all else stay where they are even so.
MOVED = {"Ca_mam", "Ca_mito"}
MOVING = (
    "s1r_ko", "s1r_kd", "s1r_oe", "ip3r3_ko", "mcu_ko", "s1r_bip_cut", "xbp1s_oe", "amyloid_like",
    "parkinson_like",
)  # fmt: skip
# A medium to be in for minutes, not a place to rest: the cell loses its calcium.
NO_REST = ("calcium_free_medium",)
AGONIST = "(+)-pentazocine"
# Full strength: each saturates what it acts on.
STRESSES = {
    "none": {},
    "thapsigargin": {"thapsigargin": "10 uM"},
    "tunicamycin": {"tunicamycin": "10 ug/mL"},
    "DTT": {"DTT": "10 mM"},
    "H2O2": {"H2O2": "1 mM"},
    "IP3": {"IP3_stimulus": "10 uM"},
    "GPCR": {"GPCR_stimulus": 10.0},
    "all": {
        "thapsigargin": "10 uM", "tunicamycin": "10 ug/mL", "DTT": "10 mM", "H2O2": "1 mM",
        "GPCR_stimulus": 10.0,
    },
}  # fmt: skip
# What makes the membrane fire (at up to 45 per second) is applied for ten seconds.
ELECTRIC = {
    "glutamate": {"glutamate": "1 mM"},
    "K+": {"K_ext": "50 mM"},
    "acid": {"pH": 5.0},
    "capsaicin": {"capsaicin": "10 uM"},
}


@cache
def model(name: str) -> sp.Model:
    return sp.load(name)


def contexts(name: str) -> list[str]:
    return [c for c in model(name).conditions if c not in NO_REST]


CASES = [(name, context) for name in MODELS for context in ("", *contexts(name))]


@pytest.mark.parametrize(("name", "context"), CASES)
def test_every_context_rests_and_sits_still(name: str, context: str) -> None:
    """Found, no state moves by a thousandth in 72 h, and it is where the literature has it."""
    states = list(model(name)._engine.index.states)
    data = model(name).simulate(
        [0.0, HOUR, 24 * HOUR, 72 * HOUR],
        condition=context or None,
        protocol=[sp.equilibrate()],
        observables=[*states, *(n for n in RESTING if n not in states)],
    )
    assert int(data["status"]) == 0
    for state in states:
        values = data[state].values
        assert np.ptp(values) < 1e-3 * max(abs(values[0]), 1e-6), state
    for quantity, (low, high) in RESTING.items():
        if context not in MOVING or quantity not in MOVED:
            assert low <= float(data[quantity][0]) <= high, quantity


def test_every_context_says_where_it_is_from_and_how_far_off_it_may_be() -> None:
    for name, context in model_conditions().items():
        assert context.description, name
        assert context.source, name
        if "assumed" in context.source:
            assert context.ranges, name
        for key, (low, high) in context.ranges.items():
            assert low <= context.parameters[key] <= high, (name, key)
            if "assumed" in context.source:
                assert high >= 9.9 * low, (name, key)


def test_a_model_offers_its_own_contexts_only() -> None:
    assert "rgc" in model("s1r_cell").conditions
    assert "rgc" not in model("s1r_mam").conditions
    assert "rgc" not in model("s1r_mam").describe()
    assert list(sp.load("s1r").conditions) == ["s1r_ko", "s1r_kd", "s1r_oe", "s1r_bip_cut"]
    with pytest.raises(PlanError, match="does not belong to the model s1r_mam"):
        model("s1r_mam").simulate("1 h", condition="rgc")
    assert sp.load("validation/biomd0000000072").conditions == {}


@pytest.mark.parametrize(
    "context", ["diabetic_retina", "amyloid_like", "parkinson_like", "huntington_like", "als_like"]
)
def test_disease_contexts_load_the_cell(context: str) -> None:
    """More of what kills, or of the sensors that answer, than in a healthy cell; agonist helps."""
    watched = ["death_index", "PERK + PERK_BiP + PERK_active", "misfolded"]
    rest = [sp.equilibrate()]
    healthy, ill, treated = (
        model("s1r_cell").simulate(
            "72 h", condition=c, protocol=rest, doses=doses, observables=watched
        )
        for c, doses in ((None, None), (context, None), (context, {AGONIST: "1 uM"}))
    )

    def end(data: object, name: str) -> float:
        return float(data[name][-1])

    raised = [name for name in watched if end(ill, name) > 1.02 * end(healthy, name)]
    assert raised
    if context != "diabetic_retina":
        assert "misfolded" in raised
        assert end(treated, "misfolded") < 0.99 * end(ill, "misfolded")


# Mass -------------------------------------------------------------------------------------------

BIP = "BiP_free + misfolded_BiP + IRE1_BiP + PERK_BiP + ATF6_BiP + S1R_BiP"
NO_TURNOVER = {
    "k_decay_BiP": 0.0, "k_decay_S1R": 0.0, "k_decay_sensor": 0.0, "k_decay_ATF6": 0.0,
}  # fmt: skip


@pytest.mark.parametrize(("name", "context"), CASES)
def test_mass_is_conserved_in_every_context(name: str, context: str) -> None:
    """Calcium of the closed cell, BiP and S1R without turnover, adenine and NAD pools; stressed."""
    totals = ["Ca_cell", BIP, "S1R_total", "ATP_cyt + ADP_cyt", "NAD + NADH"]
    data = model(name).simulate(
        np.linspace(0.0, 6 * HOUR, 61),
        observables=totals,
        condition=["closed_cell", context] if context not in ("", "closed_cell") else "closed_cell",
        protocol=[sp.phase("6 h", parameters=NO_TURNOVER)],
        doses={AGONIST: "1 uM", "thapsigargin": "1 uM", "tunicamycin": "1 ug/mL", "H2O2": "50 uM"},
    )
    assert int(data["status"]) == 0
    for total in totals:
        values = data[total].values
        assert np.ptp(values) <= 1e-6 * max(values[0], 1e-9), total


@pytest.mark.parametrize("context", ["", "s1r_oe", "s1r_kd", "s1r_bip_cut"])
@pytest.mark.parametrize("ligands", [(), (AGONIST,), (AGONIST, "haloperidol", "progesterone")])
def test_no_net_flux_around_a_binding_cycle_at_rest(context: str, ligands: tuple[str, ...]) -> None:
    """Without turnover the receptor comes to equilibrium: every step stands still by itself."""
    doses = dict.fromkeys(ligands, "100 nM")
    steps = [
        r
        for r in model("s1r").reactions
        if r.startswith(("S1R_activation", "S1R_BiP_binding", "bind_", "translocation"))
    ]
    assert len(steps) == 67
    data = model("s1r").simulate(
        [0.0, 1000 * HOUR],
        observables=[*steps, "S1R_total"],
        condition=context or None,
        protocol=[sp.phase("1000 h", parameters={"k_decay_S1R": 0.0})],
        doses=doses or None,
        rtol=1e-10,
        atol=1e-16,
    )
    scale = float(data["S1R_total"][-1]) * 1e-4
    for step in steps:
        assert abs(float(data[step][-1])) < 1e-9 * scale, step


# Extremes ---------------------------------------------------------------------------------------


def lowest(
    name: str, context: str, doses: dict[str, object], until: str, levels: list[str]
) -> dict[str, float]:
    """Smallest value of every species over a day, over all doses of the agonist."""
    network = model(name).network
    states = set(model(name)._engine.index.states)
    species = [s.id for s in network.species if s.id in states]
    data = model(name).sweep(
        {AGONIST: levels},
        until,
        readouts=[f"trough({s})" for s in species],
        doses=doses or None,
        condition=context or None,
        protocol=[sp.equilibrate()],
    )
    assert not data["status"].values.any(), data["status"].values
    return {s: float(data[f"trough({s})"].min()) for s in species}


DOSES = ["0 nM", "1 nM", "100 nM", "10 uM", "1 mM"]


@pytest.mark.parametrize("context", ["", *contexts("s1r_mam")])
def test_every_dose_and_stress_in_every_context(context: str) -> None:
    for doses in STRESSES.values():
        found = lowest("s1r_mam", context, doses, "24 h", DOSES)
        assert min(found.values()) > -1e-12, (doses, min(found, key=found.get))


@pytest.mark.parametrize("context", ["", *contexts("s1r_cell")])
def test_the_whole_cell_survives_everything_at_once(context: str) -> None:
    found = lowest("s1r_cell", context, STRESSES["all"], "24 h", ["0 nM", "1 mM"])
    assert min(found.values()) > -1e-12, min(found, key=found.get)


@pytest.mark.parametrize("stress", ELECTRIC)
@pytest.mark.parametrize("context", ["", "s1r_ko", "s1r_oe", "rgc", "cardiac"])
def test_ten_seconds_of_firing(context: str, stress: str) -> None:
    found = lowest("s1r_cell", context, ELECTRIC[stress], "10 s", ["0 nM", "1 mM"])
    assert min(found.values()) > -1e-12, min(found, key=found.get)


def test_a_medium_without_calcium_empties_the_cell() -> None:
    data = model("s1r_mam").simulate(
        "24 h", condition="calcium_free_medium", observables=["Ca_cyt", "Ca_er"]
    )
    assert int(data["status"]) == 0
    assert float(data["Ca_er"][-1]) < 0.5 * float(data["Ca_er"][0])
    assert float(data["Ca_cyt"].min()) > 0.0
