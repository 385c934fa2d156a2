"""Explanations of networks small enough to be explained by hand."""

from __future__ import annotations

import math

import pytest

import sigmapath as sp
from sigmapath.analysis.explain import Explanation, Run, explain
from sigmapath.errors import PlanError, UnsupportedFeatureError

# A drug raises two of three sources; what follows is mass action.
SOURCES = """
model sources()
  compartment cell = 2; species A in cell, B in cell; A = 0; B = 0; drug = 0;
  one: -> A; cell * (1 + 2 * drug); two: -> A; cell * (1 + drug); three: -> A; cell * 3;
  turn: A -> B; cell * 0.5 * A; decay: B -> ; cell * 0.25 * B;
end
"""
# A chain of regulation: drug -> E -> P -> Q, all linear; every step starts at rest, at 1.
CHAIN = """
model chain()
  compartment cell = 1; species E in cell, P in cell, Q in cell; E = 1; P = 1; Q = 1; drug = 0;
  make_E: -> E; cell * (1 + drug); lose_E: E -> ; cell * E;
  make_P: -> P; cell * 2 * E; lose_P: P -> ; cell * 2 * P;
  make_Q: -> Q; cell * 0.5 * P; lose_Q: Q -> ; cell * 0.5 * Q;
end
"""
# E acts on Q along two ways, of strengths 3 and 1.
FORK = """
model fork()
  compartment cell = 1; species E in cell, Q in cell; E = 1; Q = 4; drug = 0;
  make_E: -> E; cell * (1 + drug); lose_E: E -> ; cell * E;
  strong: -> Q; cell * 3 * E; weak: -> Q; cell * E; lose_Q: Q -> ; cell * Q;
end
"""


def compare(
    text: str, readout: str, doses: dict[str, float] | None = None, until: float = 40.0, **a: object
) -> Explanation:
    model = sp.from_antimony(text)
    run_a = Run(model=model, until=until, protocol=None, **a)
    run_b = Run(model=model, until=until, protocol=None, doses=doses or {"drug": 1.0})
    return explain(run_a, run_b, readout)


def contributions(found: Explanation) -> dict[str, float]:
    return {reason.process: reason.contribution for reason in found.reasons}


def test_parallel_sources_share_by_their_strength() -> None:
    """B comes to rest at 4 x all sources; the drug adds 2 and 1."""
    found = compare(SOURCES, "final(B)", until=200.0)
    parts = contributions(found)
    assert (parts["one"], parts["two"]) == pytest.approx((8.0, 4.0), rel=1e-4)
    for name in ("three", "turn", "decay"):
        assert parts[name] == pytest.approx(0.0, abs=1e-9)
    assert found.difference == pytest.approx(12.0, rel=1e-4)
    assert found.reasons[0].driver == "the experiment"
    assert "one (+8, 67 %)" in found.sentence
    assert "two (+4, 33 %)" in found.sentence


def test_links_of_a_chain_share_alike() -> None:
    """The effect is the product of three switches: the diagonal gives a third to each."""
    found = compare(CHAIN, "final(Q)")
    parts = contributions(found)
    assert found.difference == pytest.approx(1.0, rel=1e-5)
    assert [parts[f"make_{x}"] for x in "EPQ"] == pytest.approx([1 / 3] * 3, rel=1e-3)
    assert sum(parts[f"lose_{x}"] for x in "EPQ") == pytest.approx(0.0, abs=1e-9)
    by_name = {reason.process: reason.driver for reason in found.reasons}
    assert (by_name["make_E"], by_name["make_P"], by_name["make_Q"]) == ("the experiment", "E", "P")


def test_two_ways_share_what_the_first_link_leaves() -> None:
    """l0 (3 l1 + l2): half to the first link, then 3 to 1."""
    parts = contributions(compare(FORK, "final(Q)"))
    assert (parts["make_E"], parts["strong"], parts["weak"]) == pytest.approx(
        (2.0, 1.5, 0.5), rel=1e-3
    )


@pytest.mark.parametrize(
    ("readout", "expected"),
    [
        # E is 2 - exp(-t) with the drug, 1 without.
        ("at(E, 1)", 1 - math.exp(-1)),
        ("auc(E, after=1, until=3)", 2 - (math.exp(-1) - math.exp(-3))),
        ("mean(E, after=1, until=3)", 1 - (math.exp(-1) - math.exp(-3)) / 2),
        ("max(E)", 1 - math.exp(-40)),
        ("min(E, after=2)", 1 - math.exp(-2)),
        ("final(lose_E)", 1 - math.exp(-40)),
    ],
)
def test_all_readouts_add_up(readout: str, expected: float) -> None:
    found = compare(CHAIN, readout)
    assert found.difference == pytest.approx(expected, rel=1e-5)
    assert contributions(found)["make_E"] == pytest.approx(expected, rel=1e-3)
    assert abs(found.remainder) < 1e-3 * expected


def test_feedback_works_against() -> None:
    """X inhibits what makes Y, Y makes X: the drug's gain is partly taken back."""
    text = """
    model loop()
      compartment cell = 1; species X in cell, Y in cell; X = 1; Y = 1; drug = 0;
      make_X: -> X; cell * Y * (1 + drug); lose_X: X -> ; cell * X;
      make_Y: -> Y; cell * 2 / (1 + X); lose_Y: Y -> ; cell * Y;
    end
    """
    found = compare(text, "final(X)")
    # X (1 + X) = 4 at rest with the drug.
    assert found.value_b == pytest.approx((math.sqrt(17.0) - 1) / 2, rel=1e-5)
    parts = contributions(found)
    assert parts["make_X"] > found.difference > 0.0 > parts["make_Y"]
    assert sum(parts.values()) + found.remainder == pytest.approx(found.difference)
    assert abs(found.remainder) < 1e-3 * found.difference


def test_doses_on_species_rate_rules_and_starts() -> None:
    text = """
    model mixed()
      compartment cell = 1; species L in cell, S in cell; L = 0; S = 0; var z = 0;
      bind: -> S; cell * 0.2 * L; loss: S -> ; cell * 0.1 * S; uptake: L -> ; cell * 0.3 * L;
      z' = S - z;
    end
    """
    model = sp.from_antimony(text)
    none = Run(model=model, until=30.0, protocol=None)
    bolus = Run(model=model, until=30.0, protocol=None, doses=[sp.dose("L", 2.0, time=5.0)])
    found = explain(none, bolus, "final(z)")
    parts = contributions(found)
    assert parts["bind"] == pytest.approx(found.difference / 2, rel=1e-2)
    assert parts["z'"] == pytest.approx(found.difference / 2, rel=1e-2)
    started = Run(model=model, until=10.0, protocol=None, initial={"S": 3.0})
    found = explain(Run(model=model, until=10.0, protocol=None), started, "final(S)")
    assert found.rest[0].process == "(state at the start)"
    assert found.rest[0].contribution == pytest.approx(3.0 * math.exp(-1.0), rel=1e-3)


def test_parameters_of_one_reaction() -> None:
    text = """<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2"
    version="4"><model id="local"><listOfCompartments><compartment id="c" size="1"/>
    </listOfCompartments><listOfSpecies><species id="S" compartment="c" initialConcentration="1"/>
    </listOfSpecies><listOfParameters><parameter id="drug" value="0"/></listOfParameters>
    <listOfReactions><reaction id="r" reversible="false"><listOfProducts><speciesReference
    species="S"/></listOfProducts><kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML">
    <apply><times/><ci>c</ci><ci>k</ci><apply><plus/><cn>1</cn><ci>drug</ci></apply></apply></math>
    <listOfParameters><parameter id="k" value="0.5"/></listOfParameters></kineticLaw></reaction>
    </listOfReactions></model></sbml>"""
    model = sp.from_sbml(text)
    base, more = (
        Run(model=model, until=4.0, protocol=None, parameters={"drug": d}) for d in (0.0, 3.0)
    )
    found = explain(base, more, "final(S)")
    assert found.difference == pytest.approx(6.0)
    assert contributions(found) == pytest.approx({"r": 6.0})


def test_nothing_to_explain() -> None:
    found = compare(CHAIN, "final(Q)", doses={"drug": 0.0})
    assert "nothing to explain" in found.sentence


def test_an_agonist_acts_through_binding_and_ip3r3() -> None:
    model = sp.load("s1r_mam")
    both = {"GPCR_stimulus": 0.3}
    vehicle = Run(model=model, until="12 h", doses=both, name="vehicle")
    agonist = Run(model=model, until="12 h", doses={**both, "(+)-pentazocine": "1 uM"})
    found = explain(vehicle, agonist, "max(Ca_mito)")
    assert abs(found.remainder) < 0.02 * abs(found.difference)
    first = [reason.process for reason in found.reasons[:3]]
    assert "J_IP3R3_mam" in first
    assert any(name.startswith("bind_L1") for name in first)
    table = found.to_pandas()
    assert table["contribution"].sum() == pytest.approx(found.difference)
    assert set(table.columns) >= {"process", "contribution", "percent"}
    # Without the receptor there is nothing that the agonist could act through.
    ko = [
        Run(model=model, until="12 h", doses=doses, condition="s1r_ko")
        for doses in (both, {**both, "(+)-pentazocine": "1 uM"})
    ]
    assert "nothing to explain" in explain(*ko, "max(Ca_mito)").sentence


@pytest.mark.parametrize("readout", ["time_to_peak(E)", "fold(peak(E))", "threshold_time(E, 1.5)"])
def test_readouts_that_do_not_split(readout: str) -> None:
    with pytest.raises(PlanError, match="cannot be split"):
        compare(CHAIN, readout)


def test_runs_that_cannot_be_compared() -> None:
    model, other = sp.from_antimony(CHAIN), sp.from_antimony(FORK)
    run = Run(model=model, until=10.0, protocol=None)
    with pytest.raises(PlanError, match="one model"):
        explain(run, Run(model=other, until=10.0, protocol=None), "final(E)")
    with pytest.raises(PlanError, match="one length"):
        explain(run, Run(model=model, until=20.0, protocol=None), "final(E)")
    with pytest.raises(PlanError, match="needs a model"):
        explain(Run(model="chain"), run, "final(E)")
    event = CHAIN.replace("end", "  at (time > 2): E = 5;\nend")
    with pytest.raises(UnsupportedFeatureError, match="events"):
        compare(event, "final(E)")
