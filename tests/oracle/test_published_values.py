"""The published values themselves, against integrators of other people: no digit misremembered."""

from __future__ import annotations

import pytest
from problems import PROBLEMS
from scipy.integrate import solve_ivp
from sksundae.cvode import CVODE


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_cvode_at_tight_tolerance_agrees(name):
    problem = PROBLEMS[name]()

    def rhs(t, y, out):
        out[:] = problem.f(t, y)

    def jac(t, y, rates, out):
        out[:, :] = problem.jac(t, y)

    solver = CVODE(rhs, rtol=1e-11, atol=1e-11 * problem.floor, max_num_steps=1_000_000, jacfn=jac)
    found = solver.solve([0.0, problem.t_end], problem.y0)
    assert problem.error(found.y[-1]) < 2e-8


@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_radau_agrees(name):
    problem = PROBLEMS[name]()
    found = solve_ivp(
        problem.f,
        (0.0, problem.t_end),
        problem.y0,
        method="Radau",
        jac=problem.jac,
        rtol=1e-7,
        atol=1e-7 * problem.floor,
    )
    assert problem.error(found.y[:, -1]) < 1e-5
