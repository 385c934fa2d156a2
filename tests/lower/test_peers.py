"""Right-hand side and Jacobian against libRoadRunner, and the time lowering takes."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from tests.lower.reference import dense_jacobian, rhs, start
from tests.models import parameters, reaction, species

from sigmapath.io.load import load_network, network_from_antimony
from sigmapath.lower.pipeline import lower
from sigmapath.model.components import Compartment
from sigmapath.model.network import ReactionNetwork

BENCHMARKS = Path(__file__).parents[3] / "shared" / "benchmark-models"

MODELS = {
    "volumes": """
        compartment cyt = 2.5; compartment er = 0.4;
        species A in cyt = 3; species B in er = 1; species $W in cyt = 0.7;
        substanceOnly species N in cyt = 5;
        J1: A + W => B; cyt*k1*A*W - er*k2*B;
        J2: 2 B -> N; er*k3*B^2/(0.3 + B);
        k1 = 0.3; k2 = 0.2; k3 = 1.1;
    """,
    "rules": """
        compartment c = 1.5; species S in c = 4, P in c = 0.1;
        total := S + P; free := total/(1 + exp(-x));
        x' = 0.1*free - 0.2*x; x = 0.3;
        J: S -> P; c*Vm*S^h/(K^h + S^h)*piecewise(1, P < 2, 0.5);
        Vm = 2; h = 2.5; K := K0*(1 + x); K0 = 1.2;
    """,
    "assigned": """
        compartment c = 0.8; species S in c, P in c, E in c;
        S = 2*q; q = a + 1; a = 3; P = 1; E = S/4;
        J1: S + E -> P + E; c*k*S*E; J2: P -> S; c*0.1*P; k = 0.4;
    """,
}


def peer(sbml: str):
    roadrunner = pytest.importorskip("roadrunner", reason="libroadrunner is not installed")
    return roadrunner.RoadRunner(sbml)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_rates_and_jacobian_agree(name):
    import antimony

    antimony.clearPreviousLoads()
    assert antimony.loadAntimonyString(MODELS[name]) >= 0, antimony.getLastError()
    runner = peer(antimony.getSBMLString(antimony.getMainModuleName()))
    system = lower(network_from_antimony(MODELS[name]))
    p, y = start(system)
    mine = dict(zip((s.id for s in system.states), rhs(system, p, y), strict=True))
    for i, state in enumerate(system.states):
        is_ratio = state.kind == "species" and not state.is_amount
        size = p[state.volume] if is_ratio else 1.0
        theirs = runner.getValue(f"[{state.id}]" if is_ratio else state.id)
        assert y[i] == pytest.approx(theirs, rel=1e-13)
        rate = mine[state.id] * size
        assert rate == pytest.approx(runner.getValue(f"{state.id}'"), rel=1e-12, abs=1e-13)
    if name == "volumes":
        # The peer's Jacobian is in concentrations throughout and by finite differences.
        table = runner.getFullJacobian()
        ratios = [i for i, state in enumerate(system.states) if not state.is_amount]
        order = [table.rownames.index(system.states[i].id) for i in ratios]
        np.testing.assert_allclose(
            dense_jacobian(system, p, y)[np.ix_(ratios, ratios)],
            np.asarray(table)[np.ix_(order, order)],
            rtol=1e-5,
        )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["Boehm", "Elowitz", "Fujita", "Bachmann"])
def test_published_models_agree(name):
    path = BENCHMARKS / f"{name}.xml"
    if not path.exists():
        pytest.skip("the benchmark models are not beside the repository")
    runner = peer(str(path))
    system = lower(load_network(path))
    p, y = start(system)
    for state, rate in zip(system.states, rhs(system, p, y), strict=True):
        amount_rate = rate if state.is_amount else rate * p[state.volume]
        assert amount_rate == pytest.approx(runner.getValue(f"{state.id}'"), rel=1e-10, abs=1e-14)


def chain(n: int) -> ReactionNetwork:
    """A reversible chain of n reactions with a catalyst, and totals over all species."""
    names = [f"S{i}" for i in range(n + 1)]
    return ReactionNetwork(
        id="chain",
        compartments=(Compartment(id="cell", size=1.0),),
        species=tuple(species(name, 1.0) for name in names),
        parameters=parameters(k=1.0, r=0.5),
        reactions=tuple(
            reaction(f"R{i}", f"S{i} -> S{i + 1}", f"cell*(k*S{i}*S{i // 2} - r*S{i + 1})")
            for i in range(n)
        ),
    )


def test_five_thousand_reactions_take_seconds_and_grow_linearly():
    small, large = chain(1000), chain(5000)
    begin = time.perf_counter()
    lower(small)
    middle = time.perf_counter()
    system = lower(large)
    end = time.perf_counter()
    assert [len(m.states) for m in system.moieties] == [5001]
    assert end - middle < 20.0
    # Five times the work; the slack is for a shared machine, quadratic growth would be 25.
    assert end - middle < 15.0 * (middle - begin) + 0.5
