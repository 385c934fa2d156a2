"""Binding and isomerisation of S1R: every cycle closes, Ki is what a washed membrane shows."""

from __future__ import annotations

import pytest
from sbml_maths import Equations, flat_sbml

KD = {"L1": 0.0038, "L2": 0.002, "L3": 0.13, "L4": 0.036}
ALPHA = {"L1": 60.0, "L2": 1.0, "L3": 0.1, "L4": 40.0}
FREE = {"L1": 0.02, "L2": 0.5, "L3": 3.0, "L4": 0.001}


@pytest.fixture(scope="module")
def s1r() -> Equations:
    """Return the equations of the S1R module."""
    return Equations(flat_sbml("s1r"))


def equilibrium(eq: Equations) -> dict[str, float]:
    """Return a state at thermodynamic equilibrium, from textbook relations only.

    The active form is alpha times as likely with a ligand as without (closed cycle of two binding
    and two isomerisation steps); BiP binds the dormant form alike with every ligand.
    """
    settings = {f"Kd_{i}": v for i, v in KD.items()} | {f"alpha_{i}": v for i, v in ALPHA.items()}
    names = eq.at_start(**settings, **FREE)
    k, bip = names["K_active"], names["BiP_free"] / names["Kd_BiP_S1R_now"]
    m_mam = 0.1
    active = {"mam": m_mam, "er": m_mam / names["r_mam_er"]}
    active["pm"] = active["er"] / names["r_er_pm"]
    for place, m in active.items():
        o = m / k
        names[f"M_{place}"], names[f"O_{place}"], names[f"OB_{place}"] = m, o, o * bip
        for i in KD:
            # the mixture of O and M has the macroscopic constant Kd: Kd = (1 + K) / (1/KO + K/KM)
            k_dormant = KD[i] * (1 + k * ALPHA[i]) / (1 + k)
            bound = FREE[i] / k_dormant
            names[f"O_{i}_{place}"] = o * bound
            names[f"M_{i}_{place}"] = o * bound * k * ALPHA[i]
            names[f"OB_{i}_{place}"] = o * bound * bip
    return eq.evaluate(names)


def test_no_flux_at_equilibrium(s1r: Equations) -> None:
    """All 67 reversible steps stand still together: the product of constants of a cycle is 1."""
    values = equilibrium(s1r)
    steps = [
        r
        for r in s1r.reactions
        if r.startswith(("S1R_activation", "S1R_BiP_binding", "bind_", "translocation"))
    ]
    assert len(steps) == 15 + 10 + 32 + 10
    for step in steps:
        assert values[step] == pytest.approx(0, abs=1e-15), step


@pytest.mark.parametrize("ligand", KD)
def test_half_occupancy_at_ki(s1r: Equations, ligand: str) -> None:
    """Without BiP half of the receptor is occupied at the Ki, whatever the efficacy."""
    names = s1r.at_start(**{f"Kd_{ligand}": KD[ligand], f"alpha_{ligand}": ALPHA[ligand]})
    names = s1r.evaluate(names)
    k = names["K_active"]
    bound = KD[ligand] / names[f"Kd_O_{ligand}"] + k * KD[ligand] / names[f"Kd_M_{ligand}"]
    assert bound / (1 + k) == pytest.approx(1, rel=1e-12)


def test_mass_balance(s1r: Equations) -> None:
    """S1R changes by synthesis and decay alone; BiP is never lost."""
    values = equilibrium(s1r)
    slopes = s1r.slopes(values)
    forms = [s for s in s1r.dynamic if s.split("_")[0] in {"O", "M", "OB"}]
    total = sum(values[s] for s in forms)
    assert len(forms) == 40
    expected = values["S1R_synthesis"] - values["k_decay_S1R"] * total
    assert sum(slopes[s] for s in forms) == pytest.approx(expected, rel=1e-9)
    held = sum(slopes[s] for s in forms if s.startswith("OB"))
    assert held + slopes["BiP_free"] == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(("alpha", "sign"), [(60.0, 1), (1.0, 0), (0.1, -1)])
def test_one_efficacy_makes_three_kinds_of_ligand(s1r: Equations, alpha: float, sign: int) -> None:
    """Held by BiP: less with an agonist, equal with an antagonist, more with a stabiliser."""
    names = s1r.at_start()
    k, b = names["K_active"], names["BiP_free"] / names["Kd_BiP_S1R_now"]
    apo, bound = b / (1 + k + b), b / (1 + k * alpha + b)
    assert (apo > bound) - (apo < bound) == sign
    # the same from the reactions: relax the pair O, M with saturating ligand
    names = s1r.evaluate(s1r.at_start(alpha_L1=alpha))
    assert names["Kd_O_L1"] / names["Kd_M_L1"] == pytest.approx(alpha)
