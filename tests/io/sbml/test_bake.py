"""Experiments baked into SBML, against libRoadRunner driven by hand."""

from dataclasses import replace

import numpy as np
import pytest

from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.io.load import network_from_antimony
from sigmapath.io.sbml.bake import Change, with_experiment
from sigmapath.io.sbml.check import check_sbml
from sigmapath.io.sbml.write import network_to_sbml

MODEL = """
model m()
  compartment c = 2; species A in c = 3; species B in c = 1;
  substanceOnly species D in c = 4;
  k1 = 0.3; k2 = 0.1; k3 = 0.05; drug = 0; x = 1;
  R1: A -> B; c*(k1 + drug)*A;
  R2: B -> A; c*k2*B;
  R3: D -> 2 B; k3*D;
  x' = -0.2*x;
end
"""
NAMES = ["A", "B", "D", "x"]


@pytest.fixture(scope="module")
def roadrunner():
    return pytest.importorskip("roadrunner", reason="libroadrunner is not installed")


def runner(roadrunner, network):
    rr = roadrunner.RoadRunner(network_to_sbml(network))
    rr.integrator.relative_tolerance = 1e-11
    rr.integrator.absolute_tolerance = 1e-13
    rr.timeCourseSelections = ["time", "[A]", "[B]", "D", "x"]
    return rr


def baked(roadrunner, network, changes, times, **values):
    rr = runner(roadrunner, with_experiment(network, changes=changes, **values))
    return np.array(rr.simulate(times=list(times)))


def exact(roadrunner, phases, times):
    """Trajectory of linear phases (start, changes) by the matrix exponential."""
    from scipy.linalg import expm

    p = {"k1": 0.3, "k2": 0.1, "k3": 0.05, "drug": 0.0}
    held: dict[str, float] = {}
    rate = {"A": 0.0, "B": 0.0, "D": 0.0, "x": 0.0}
    y = dict(A=3.0, B=1.0, D=4.0, x=1.0)
    rows, now, queue = [], 0.0, list(phases)

    def advance(dt):
        ka = p["k1"] + p["drug"]
        m = np.zeros((5, 5))
        m[0, :2] = -ka, p["k2"]
        m[1, :3] = ka, -p["k2"], p["k3"] * 2 / 2  # two B per D, volume 2
        m[2, 2] = -p["k3"]
        m[3, 3] = -0.2
        for i, n in enumerate(NAMES):
            m[i, 4] = rate[n] / (2 if n in "AB" else 1)
            if n in held:
                m[i] = 0
        v = expm(m * dt) @ np.array([*(y[n] for n in NAMES), 1.0])
        y.update(zip(NAMES, v, strict=False))

    for t in times:
        while queue and queue[0][0] <= t:
            start, what = queue.pop(0)
            advance(start - now)
            now = start
            for kind, name, value in what:
                if kind == "set":
                    (p if name in p else y)[name] = value
                elif kind == "add":
                    y[name] += value / (2 if name in "AB" else 1)
                elif kind == "infuse":
                    rate[name] += value
                elif kind == "hold":
                    y[name] = held[name] = value
                else:
                    held.pop(name)
        advance(t - now)
        now = t
        rows.append([t, *(y[n] for n in NAMES)])
    return np.array(rows)


CASES = {
    "nothing": [],
    "parameter pulse": [(1.0, [("set", "drug", 0.5)]), (4.0, [("set", "drug", 0.0)])],
    "parameter from the start": [(0.0, [("set", "drug", 0.5)])],
    "bolus": [(2.0, [("add", "A", 3.0)]), (3.0, [("add", "D", 1.5), ("add", "A", 1.0)])],
    "bolus at the start": [(0.0, [("add", "A", 3.0), ("add", "D", 1.0)])],
    "two boluses at once": [(2.0, [("add", "A", 3.0), ("add", "A", 1.0)])],
    "infusion": [(1.0, [("infuse", "A", 0.8)]), (5.0, [("infuse", "A", -0.8)])],
    "overlapping infusions": [
        (0.0, [("infuse", "D", 0.4)]),
        (2.0, [("infuse", "D", 0.7)]),
        (3.0, [("infuse", "D", -0.4)]),
        (6.0, [("infuse", "D", -0.7)]),
    ],
    "infusion into a rate rule": [(1.0, [("infuse", "x", 0.3)])],
    "held for good": [(0.0, [("hold", "A", 2.0)])],
    "held for a while": [(2.0, [("hold", "B", 0.4)]), (5.0, [("release", "B", 0.0)])],
    "held from the start for a while": [
        (0.0, [("hold", "B", 0.4)]),
        (5.0, [("release", "B", 0.0)]),
    ],
    "rate rule held": [(1.0, [("hold", "x", 2.0)]), (3.0, [("release", "x", 0.0)])],
    "infused while held": [
        (1.0, [("hold", "A", 2.0)]),
        (2.0, [("infuse", "A", 1.0)]),
        (3.0, [("release", "A", 0.0)]),
    ],
}


@pytest.mark.parametrize("name", CASES)
def test_changes_give_the_exact_trajectory(roadrunner, name):
    network = network_from_antimony(MODEL)
    changes = [
        Change(kind=kind, time=time, target=target, value=value)
        for time, what in CASES[name]
        for kind, target, value in what
    ]
    # Times beside the jumps: at a jump libRoadRunner shows the value before or after it.
    times = np.linspace(0, 8, 17) + 0.01
    times[0] = 0.0
    found = baked(roadrunner, network, changes, times)
    expected = exact(roadrunner, CASES[name], times)
    np.testing.assert_allclose(found[1:], expected[1:], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_baked_models_are_valid(name):
    changes = [
        Change(kind=kind, time=time, target=target, value=value)
        for time, what in CASES[name]
        for kind, target, value in what
    ]
    network = with_experiment(network_from_antimony(MODEL), changes=changes)
    assert [i for i in check_sbml(network_to_sbml(network)) if i.severity == "error"] == []


def test_start_values_replace_initial_assignments():
    network = network_from_antimony("a = 2; b = 3*a; species S in c; compartment c = 2; S = 4*b")
    result = with_experiment(network, parameters={"b": 7.0})
    assert {p.id: p.value for p in result.parameters}["b"] == 7.0
    assert [a.symbol for a in result.initial_assignments] == ["S"]
    result = with_experiment(network, initial={"S": 0.5})
    assert result.species[0].initial_concentration == 0.5
    assert [a.symbol for a in result.initial_assignments] == ["b"]


def test_a_change_at_the_start_does_not_reach_initial_assignments(roadrunner):
    network = network_from_antimony("a = 2; b = 3*a; y' = a*b; y = 0")
    result = with_experiment(network, changes=[Change(kind="set", time=0, target="a", value=5.0)])
    rr = roadrunner.RoadRunner(network_to_sbml(result))
    end = rr.simulate(0, 2, 3, ["y"])[-1, 0]
    assert end == pytest.approx(2 * 5 * 6, rel=1e-6)


def test_local_parameters_take_values():
    network = network_from_antimony("R: A -> ; k*A; A = 1; k = 1")
    law = network.reactions[0].kinetic_law
    from sigmapath.model.components import LocalParameter

    local = replace(law, local_parameters=(LocalParameter(id="k", value=1.0),))
    network = replace(network, reactions=(replace(network.reactions[0], kinetic_law=local),))
    result = with_experiment(network, parameters={"R.k": 4.0})
    assert result.reactions[0].kinetic_law.local_parameters[0].value == 4.0
    with pytest.raises(UnknownNameError):
        with_experiment(network, parameters={"R.q": 4.0})


def test_what_cannot_be_changed_is_refused():
    network = network_from_antimony("a = 2; b := 3*a; species $S = 1; S -> ; a*S")
    with pytest.raises(PlanError, match="assignment rule"):
        with_experiment(network, parameters={"b": 1.0})
    with pytest.raises(UnknownNameError) as error:
        with_experiment(network, parameters={"aa": 1.0})
    assert error.value.suggestions == ("a",)
    with pytest.raises(PlanError, match="boundary"):
        with_experiment(network, changes=[Change(kind="infuse", time=1, target="S", value=1.0)])
    with pytest.raises(PlanError):
        with_experiment(network, changes=[Change(kind="set", time=-1, target="a", value=1.0)])
    with pytest.raises(PlanError):
        with_experiment(
            network, changes=[Change(kind="set", time=1, target="a", value=float("nan"))]
        )
