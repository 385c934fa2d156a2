"""Random mass-action networks: final states and steady states against four other integrators."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from networks import encode, network_kernels, rates_of, reaction, stoichiometry
from scipy.integrate import solve_ivp
from scipy.linalg import null_space
from sksundae.cvode import CVODE

from sigmapath.solvers.batch import BatchInput
from sigmapath.solvers.options import SolverOptions
from sigmapath.solvers.solve import solve_batch
from sigmapath.solvers.steady_state import Conservation, steady_state
from sigmapath.status import Status

_SETTINGS = settings(
    max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@st.composite
def networks(draw, is_closed=False):
    """Reversible bindings and conversions, with rate constants over four decades.

    Every step is reversible, so a closed network comes to its one detailed equilibrium or, where
    the constants disagree around a cycle, to a steady state. An open one also has influx and
    first-order loss of every state, which keeps it bounded.
    """
    n = draw(st.integers(3, 7))
    state = st.integers(0, n - 1)
    constant = st.floats(-2.0, 2.0).map(lambda x: 10.0**x)
    reactions = []
    for _ in range(draw(st.integers(2, 7))):
        a, b, c = draw(st.lists(state, min_size=3, max_size=3, unique=True))
        left = [a, b] if draw(st.booleans()) else [a]
        reactions.append(reaction(draw(constant), left, [c]))
        reactions.append(reaction(draw(constant), [c], left))
    if not is_closed:
        reactions += [reaction(draw(constant), [i], []) for i in range(n)]
        reactions.append(reaction(draw(constant), [], [draw(state)]))
    y0 = np.array(draw(st.lists(st.floats(0.01, 10.0), min_size=n, max_size=n)))
    return n, reactions, y0


def oracle(method, p, y0, t_end):
    f, jac = rates_of(p)
    if method == "CVODE":

        def rhs(t, y, out):
            out[:] = f(t, y)

        solver = CVODE(rhs, rtol=1e-10, atol=1e-13, max_num_steps=1_000_000)
        return solver.solve([0.0, t_end], y0).y[-1]
    # Radau gains an order of magnitude at every looser decade, so its tolerance is looser.
    rtol = 1e-8 if method == "Radau" else 1e-10
    found = solve_ivp(f, (0.0, t_end), y0, method=method, jac=jac, rtol=rtol, atol=1e-3 * rtol)
    return found.y[:, -1]


@pytest.mark.parametrize("other", ["Radau", "BDF", "LSODA", "CVODE"])
@_SETTINGS
@seed(20211)
@given(networks())
def test_final_states_agree(other, network):
    n, reactions, y0 = network
    p = encode(n, reactions)
    batch = BatchInput(start=np.concatenate([p, y0])[None, :], times=np.array([3.0]), t_end=3.0)
    found = solve_batch(
        network_kernels(p), batch, SolverOptions(method="rodas5p", rtol=1e-9, atol=1e-12)
    )
    assert found.status[0] == Status.OK
    np.testing.assert_allclose(
        found.trajectories[0, -1], oracle(other, p, y0, 3.0), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("is_closed", [False, True])
@_SETTINGS
@seed(20212)
@given(st.data())
def test_steady_states_agree_with_a_long_integration(is_closed, data):
    n, reactions, y0 = data.draw(networks(is_closed=is_closed))
    p = encode(n, reactions)
    # Closed networks keep left null vectors of the stoichiometry; any basis will do.
    moieties = null_space(stoichiometry(n, reactions).T).T
    found = steady_state(
        network_kernels(p), y0, p, conservation=Conservation(matrix=moieties), rtol=1e-8
    )
    assert found.status == Status.OK
    assert found.is_stable
    assert found.residual < 1e-9
    np.testing.assert_allclose(moieties @ found.state, moieties @ y0, rtol=1e-11, atol=1e-11)
    # The tolerance is the oracle's: slow modes leave it a few 1e-6 short.
    long = oracle("LSODA", p, y0, 1e6)
    np.testing.assert_allclose(found.state, long, rtol=1e-5, atol=1e-7)


@_SETTINGS
@seed(20213)
@given(networks(is_closed=True))
def test_without_the_table_the_totals_are_found(network):
    n, reactions, y0 = network
    p = encode(n, reactions)
    moieties = null_space(stoichiometry(n, reactions).T).T
    found = steady_state(network_kernels(p), y0, p, rtol=1e-8)
    assert found.status == Status.OK
    np.testing.assert_allclose(moieties @ found.state, moieties @ y0, rtol=1e-7, atol=1e-7)
