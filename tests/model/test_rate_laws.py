"""Worked examples of textbook laws, by hand, and their limits."""

import pytest

from sigmapath.expr.evaluate import evaluate
from sigmapath.expr.nodes import free_symbols
from sigmapath.model import rate_laws as laws


def value(law, **symbols):
    return float(evaluate(law, symbols))


def test_mass_action():
    law = laws.mass_action("k", "A", ("B", 2), volume="V")
    assert value(law, k=2.0, A=3.0, B=0.5, V=1.0) == 1.5
    assert value(law, k=2.0, A=3.0, B=0.5, V=4.0) == 6.0


def test_zero_order():
    assert value(laws.mass_action("k", volume=None), k=3.0) == 3.0


def test_reversible_mass_action_rests_at_equilibrium():
    law = laws.reversible_mass_action("kf", "kr", ("A", "B"), ("C",), volume="V")
    assert value(law, kf=2.0, kr=1.0, A=1.0, B=1.0, C=0.5, V=1.0) == 1.5
    assert value(law, kf=2.0, kr=1.0, A=1.0, B=1.0, C=2.0, V=1.0) == 0.0


def test_michaelis_menten():
    law = laws.michaelis_menten("Vm", "Km", "S", volume="V")
    assert value(law, Vm=10.0, Km=2.0, S=2.0, V=3.0) == 15.0


def test_reversible_michaelis_menten():
    law = laws.reversible_michaelis_menten("Vf", "Vr", "Ks", "Kp", "S", "P", volume=None)
    assert value(law, Vf=6.0, Vr=3.0, Ks=1.0, Kp=1.0, S=1.0, P=1.0) == pytest.approx(1.0)
    # Haldane: P/S = Vf Kp / (Vr Ks) = 6 * 4 / (3 * 2) = 4
    assert value(law, Vf=6.0, Vr=3.0, Ks=2.0, Kp=4.0, S=1.5, P=6.0) == pytest.approx(0.0)


def test_hill():
    law = laws.hill("Vm", "K", "n", "S", volume=None)
    assert value(law, Vm=10.0, K=1.0, n=2.0, S=3.0) == pytest.approx(9.0)
    assert value(law, Vm=10.0, K=2.0, n=4.0, S=2.0) == pytest.approx(5.0)
    assert value(law, Vm=10.0, K=2.0, n=4.0, S=0.0) == 0.0


def test_reversible_hill():
    law = laws.reversible_hill("Vm", "Keq", "Ks", "Kp", "n", "S", "P", volume=None)
    args = {"Vm": 10.0, "Keq": 4.0, "Ks": 1.0, "Kp": 1.0, "n": 2.0}
    assert value(law, S=1.0, P=1.0, **args) == pytest.approx(3.0)
    assert value(law, S=1.0, P=4.0, **args) == pytest.approx(0.0)
    assert value(law, S=0.0, P=1.0, **args) == pytest.approx(-1.25)


def test_reversible_hill_with_one_site_is_reversible_michaelis_menten():
    general = laws.reversible_hill("Vf", "Keq", "Ks", "Kp", 1, "S", "P", volume=None)
    simple = laws.reversible_michaelis_menten("Vf", "Vr", "Ks", "Kp", "S", "P", volume=None)
    args = {"Vf": 6.0, "Ks": 2.0, "Kp": 3.0, "S": 1.7, "P": 0.4, "Vr": 1.5}
    keq = args["Vf"] * args["Kp"] / (args["Vr"] * args["Ks"])
    assert value(general, Keq=keq, **args) == pytest.approx(value(simple, **args))


@pytest.mark.parametrize(
    ("constructor", "v_max", "expected"),
    [
        (laws.competitive_inhibition, 10.0, 5.0),
        (laws.uncompetitive_inhibition, 10.0, 4.0),
        (laws.noncompetitive_inhibition, 12.0, 4.0),
    ],
)
def test_inhibition(constructor, v_max, expected):
    law = constructor("Vm", "Km", "Ki", "S", "I", volume=None)
    args = {"Vm": v_max, "Km": 1.0, "Ki": 1.0, "S": 2.0}
    assert value(law, I=1.0, **args) == pytest.approx(expected)
    plain = laws.michaelis_menten("Vm", "Km", "S", volume=None)
    assert value(law, I=0.0, **args) == pytest.approx(value(plain, **args))


def test_saturating_substrate_beats_a_competitive_inhibitor_only():
    args = {"Vm": 1.0, "Km": 1.0, "Ki": 1.0, "S": 1e9, "I": 1.0}
    rates = [
        value(f("Vm", "Km", "Ki", "S", "I", volume=None), **args)
        for f in (
            laws.competitive_inhibition,
            laws.uncompetitive_inhibition,
            laws.noncompetitive_inhibition,
        )
    ]
    assert rates == pytest.approx([1.0, 0.5, 0.5], rel=1e-6)


def test_transport():
    assert value(laws.linear_transport("k", "S", volume="V"), k=0.1, S=5.0, V=2.0) == 1.0
    assert value(laws.diffusion("P", "a", "b"), P=0.5, a=3.0, b=1.0) == 1.0
    assert value(laws.diffusion("P", "a", "b"), P=0.5, a=2.0, b=2.0) == 0.0
    assert value(laws.constant_flux("r", volume="V"), r=0.1, V=2.0) == pytest.approx(0.2)


def test_volume_is_a_factor_of_every_law():
    with_volume = laws.hill(1, "K", 2, "S", volume="V")
    assert "V" in free_symbols(with_volume)
    assert "V" not in free_symbols(laws.hill(1, "K", 2, "S", volume=None))
