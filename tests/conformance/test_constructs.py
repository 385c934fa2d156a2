"""Algebraic rules, delays, fast reactions, events on volumes: against solutions worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from sigmapath.api import from_network
from sigmapath.errors import ModelError, UnsupportedFeatureError
from sigmapath.expr.parse import parse
from sigmapath.model.components import (
    AlgebraicRule,
    AssignmentRule,
    Compartment,
    Event,
    EventAssignment,
    InitialAssignment,
    KineticLaw,
    Parameter,
    RateRule,
    Reaction,
    Species,
    SpeciesReference,
    Trigger,
)
from sigmapath.model.network import ReactionNetwork
from sigmapath.status import Status

TIMES = np.linspace(0.0, 2.0, 9)


def variable(name, value=None):
    return Parameter(id=name, value=value, constant=False)


def algebraic(*residuals):
    return tuple(AlgebraicRule(math=parse(text)) for text in residuals)


def rate(**rates):
    return tuple(RateRule(variable=name, math=parse(text)) for name, text in rates.items())


def assigned(**rules):
    return tuple(AssignmentRule(variable=name, math=parse(text)) for name, text in rules.items())


def event(trigger, delay=None, priority=None, *, initial_value=True, **news):
    return Event(
        trigger=Trigger(math=parse(trigger), initial_value=initial_value),
        delay=None if delay is None else parse(delay),
        priority=None if priority is None else parse(priority),
        assignments=tuple(
            EventAssignment(variable=name, math=parse(text)) for name, text in news.items()
        ),
    )


def reaction(name, law, *, fast=False, **net):
    """A reaction by its net coefficients: ``A=-1, B=2``."""
    return Reaction(
        id=name,
        fast=fast,
        reactants=tuple(
            SpeciesReference(species=s, stoichiometry=-n) for s, n in net.items() if n < 0
        ),
        products=tuple(
            SpeciesReference(species=s, stoichiometry=n) for s, n in net.items() if n > 0
        ),
        kinetic_law=KineticLaw(math=parse(law)),
    )


def simulate(names, times=TIMES, options=None, **parts):
    model = from_network(ReactionNetwork(id="m", **parts))
    tolerances = {"rtol": 1e-9, "atol": 1e-12}
    result = model.run(times=times, observables=list(names), **(tolerances | (options or {})))
    assert Status(int(result.status)) is Status.OK
    return [result.trajectories[name] for name in names]


def inverse_cubic(x):
    """The y with y^3 + y = x."""
    return np.array([brentq(lambda y, x=x: y**3 + y - x, -10.0, 10.0, xtol=1e-15) for x in x])


@pytest.mark.parametrize("backend", ["llvm", "numba"])
def test_nonlinear_rule_becomes_an_algebraic_state_with_a_consistent_start(backend):
    x, y = simulate(
        "xy",
        options={"backend": backend},
        parameters=(variable("x", 2.0), variable("y")),
        rate_rules=rate(x="-y"),
        algebraic_rules=algebraic("y^3 + y - x"),
    )
    np.testing.assert_allclose(y, inverse_cubic(x), rtol=1e-7)
    # dy/dt = -y / (3 y^2 + 1), so 3 y^2 / 2 + ln y + t is constant.
    np.testing.assert_allclose(1.5 * y**2 + np.log(y) + TIMES, 1.5, rtol=1e-7)


@pytest.mark.parametrize(("guess", "sign"), [(1.0, 1.0), (-1.0, -1.0), (0.0, 1.0)])
def test_the_start_value_of_an_algebraic_variable_is_a_guess_that_picks_the_branch(guess, sign):
    (y,) = simulate(
        "y",
        times=[0.0, 0.5, 1.0, 1.5],
        parameters=(variable("x", 4.0), variable("y", guess)),
        algebraic_rules=algebraic("y^2 - x"),
        events=(event("time >= 1", x="9"),),
    )
    np.testing.assert_allclose(y, sign * np.array([2.0, 2.0, 3.0, 3.0]), rtol=1e-9)


def test_coupled_rules_are_matched_and_solved_together():
    y, z = simulate(
        "yz",
        times=[0.0, 1.0],
        parameters=(variable("x", 2.0), variable("y"), variable("z")),
        rate_rules=rate(x="1"),
        algebraic_rules=algebraic("y + z - x", "y - 2*z + time"),
    )
    np.testing.assert_allclose(z, [2.0 / 3.0, 4.0 / 3.0], rtol=1e-12)
    np.testing.assert_allclose(y, [4.0 / 3.0, 5.0 / 3.0], rtol=1e-12)


def test_definitions_that_depend_on_the_unknown_are_solved_with_it():
    # 0 = x + a - time with a = 2 x: x = time / 3.
    x, a = simulate(
        "xa",
        parameters=(variable("x"), variable("a")),
        assignment_rules=assigned(a="2*x"),
        algebraic_rules=algebraic("x + a - time"),
    )
    np.testing.assert_allclose(x, TIMES / 3.0, atol=1e-15)
    np.testing.assert_allclose(a, 2.0 * TIMES / 3.0, atol=1e-15)


def test_a_rule_on_a_rate_of_change_is_a_rate_rule():
    (x,) = simulate(
        "x", parameters=(variable("x", 1.0),), algebraic_rules=algebraic("rateOf(x) + 2*x")
    )
    np.testing.assert_allclose(x, np.exp(-2.0 * TIMES), rtol=1e-7)


def test_a_compartment_whose_size_depends_on_the_concentration_inside():
    # V = 2 S with S = n / V: V = sqrt(2 n), and n decays.
    size, amount = simulate(
        ["V", "amount(S)"],
        compartments=(Compartment(id="V", size=4.0, constant=False),),
        species=(Species(id="S", compartment="V", initial_amount=8.0),),
        reactions=(reaction("J", "0.5*S*V", S=-1.0),),
        algebraic_rules=algebraic("V - 2*S"),
    )
    np.testing.assert_allclose(amount, 8.0 * np.exp(-0.5 * TIMES), rtol=1e-6)
    np.testing.assert_allclose(size, np.sqrt(2.0 * amount), rtol=1e-6)


def test_an_equation_without_a_solution_fails_and_says_so():
    model = from_network(
        ReactionNetwork(
            id="m",
            parameters=(variable("y", 0.5),),
            algebraic_rules=algebraic("y^2 + 1"),
        )
    )
    result = model.run(times=[0.0, 1.0], observables=["y"])
    assert Status(int(result.status)) is Status.NO_CONVERGENCE
    assert np.isnan(result.trajectories["y"]).all()


def test_a_rule_that_determines_nothing_is_refused_with_its_number():
    # Index 2: y is determined by the derivative of the rule only.
    network = ReactionNetwork(
        id="m",
        parameters=(variable("x", 0.0), variable("y", 1.0)),
        rate_rules=rate(x="y"),
        algebraic_rules=algebraic("x - sin(time)"),
    )
    with pytest.raises(ModelError, match="algebraic rule 1: .* determines no variable"):
        from_network(network).run(times=[0.0, 1.0], observables=["x"])


@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
def test_linear_delay_equation_by_the_method_of_steps(method):
    times = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
    (x,) = simulate(
        "x",
        times=times,
        options={"method": method},
        parameters=(variable("x", 1.0),),
        rate_rules=rate(x="-delay(x, 1)"),
    )
    # x = sum_k (-1)^k (t - k + 1)^k / k! over 0 <= k <= floor(t) + 1, for x = 1 before 0.
    exact = [1.0 - t + max(t - 1.0, 0.0) ** 2 / 2.0 - max(t - 2.0, 0.0) ** 3 / 6.0 for t in times]
    np.testing.assert_allclose(x, exact, atol=2e-8)


def test_before_the_start_initial_assignments_hold_as_functions_of_time():
    x, y, z = simulate(
        "xyz",
        parameters=(variable("x"), variable("y"), variable("z", 0.0)),
        initial_assignments=(InitialAssignment(symbol="x", math=parse("sin(3*time)")),),
        assignment_rules=assigned(y="delay(x, 1)"),
        rate_rules=rate(z="y"),
    )
    assert (x == 0.0).all()
    history = np.minimum(TIMES - 1.0, 0.0)
    np.testing.assert_allclose(y, np.sin(3.0 * history), atol=1e-12)
    np.testing.assert_allclose(z, (np.cos(-3.0) - np.cos(3.0 * history)) / 3.0, atol=1e-7)


def test_delays_of_delays_and_of_rules():
    (y,) = simulate(
        "y",
        parameters=(variable("a"), variable("b"), variable("y")),
        assignment_rules=assigned(a="sin(time)", b="delay(a, 0.4)", y="delay(b, 0.3 + 0.1*time)"),
    )
    np.testing.assert_allclose(y, np.sin(TIMES - 0.7 - 0.1 * TIMES), atol=1e-8)


def test_a_jump_that_arrives_late_is_where_it_belongs():
    y, z = simulate(
        "yz",
        parameters=(variable("p", 1.0), variable("y"), variable("z", 0.0)),
        assignment_rules=assigned(y="delay(p, 0.5)"),
        rate_rules=rate(z="y"),
        events=(event("time >= 0.35", p="3"),),
    )
    np.testing.assert_array_equal(y, np.where(TIMES < 0.85, 1.0, 3.0))
    np.testing.assert_allclose(z, TIMES + 2.0 * np.maximum(TIMES - 0.85, 0.0), atol=1e-6)


def test_a_lag_far_shorter_than_the_steps_is_nearly_no_lag():
    (x,) = simulate("x", parameters=(variable("x", 1.0),), rate_rules=rate(x="delay(x, 1e-7)"))
    np.testing.assert_allclose(x, np.exp(TIMES), rtol=1e-5)


def test_steady_states_of_models_with_delays_are_refused_by_name():
    network = ReactionNetwork(
        id="m", parameters=(variable("x", 2.0),), rate_rules=rate(x="1 - delay(x, 1)")
    )
    with pytest.raises(UnsupportedFeatureError, match=r"delay\(x, lag\)"):
        from_network(network).steady_state()


def box(*names_and_values):
    return {
        "compartments": (Compartment(id="C", size=1.0),),
        "species": tuple(
            Species(id=name, compartment="C", initial_concentration=value)
            for name, value in names_and_values
        ),
    }


def test_fast_reactions_are_at_rest_from_the_start_on():
    a, b = simulate(
        "AB",
        **box(("A", 3.0), ("B", 1.0)),
        reactions=(
            reaction("f", "2*A - B", fast=True, A=-1.0, B=1.0),
            reaction("s", "0.3*B", B=-1.0),
        ),
    )
    total = 4.0 * np.exp(-0.2 * TIMES)
    np.testing.assert_allclose(a, total / 3.0, rtol=1e-7)
    np.testing.assert_allclose(b, 2.0 * total / 3.0, rtol=1e-7)


def test_fast_dimerisation_against_the_reduced_equation():
    m, d = simulate(
        "MD",
        **box(("M", 2.0), ("D", 0.0)),
        reactions=(
            reaction("f", "3*M^2 - D", fast=True, M=-2.0, D=1.0),
            reaction("s", "0.5*M", M=-1.0),
        ),
    )

    def monomer(total):
        return (-1.0 + np.sqrt(1.0 + 24.0 * total)) / 12.0

    slow = solve_ivp(
        lambda _t, total: -0.5 * monomer(total), (0, 2), [2.0], t_eval=TIMES, rtol=1e-11, atol=1e-13
    )
    np.testing.assert_allclose(m, monomer(slow.y[0]), rtol=1e-6)
    np.testing.assert_allclose(d, 3.0 * monomer(slow.y[0]) ** 2, rtol=1e-6)


def test_fast_reactions_rest_again_after_an_event_at_the_same_moment():
    a, b = simulate(
        "AB",
        times=[0.0, 1.0, 2.0],
        **box(("A", 3.0), ("B", 1.0)),
        reactions=(reaction("f", "A - B", fast=True, A=-1.0, B=1.0),),
        events=(event("time >= 1", A="10"),),
    )
    np.testing.assert_allclose(a, [2.0, 6.0, 6.0], rtol=1e-9)
    np.testing.assert_allclose(b, [2.0, 6.0, 6.0], rtol=1e-9)


def test_of_several_rests_the_one_that_the_dynamics_reach():
    # A -> B at the rate A B uses A up, and with a negative rate B; without a rate nothing moves.
    names = ["A", "B", "E", "F", "G", "H"]
    values = (3.0, 1.0, 3.0, 1.0, 3.0, 1.0)
    found = simulate(
        names,
        times=[0.0, 1.0],
        **box(*zip(names, values, strict=True)),
        reactions=(
            reaction("up", "A*B", fast=True, A=-1.0, B=1.0),
            reaction("down", "-E*F", fast=True, E=-1.0, F=1.0),
            reaction("none", "0*G*H", fast=True, G=-1.0, H=1.0),
        ),
    )
    start = [series[0] for series in found]
    np.testing.assert_allclose(start, [0.0, 4.0, 4.0, 0.0, 3.0, 1.0], atol=1e-9)


def test_a_concentration_is_assigned_at_the_volume_before_the_event():
    parts = {
        "compartments": (Compartment(id="V", size=0.5, constant=False),),
        "species": (Species(id="S", compartment="V", initial_concentration=2.0),),
    }
    amount, ratio = simulate(
        ["amount(S)", "[S]"],
        times=[0.0, 1.0],
        **parts,
        events=(event("time >= 0.5", S="0.2", V="0.2"),),
    )
    np.testing.assert_allclose(amount, [1.0, 0.1], rtol=1e-12)
    np.testing.assert_allclose(ratio, [2.0, 0.5], rtol=1e-12)


def test_a_remembered_concentration_is_assigned_at_the_volume_of_the_execution():
    parts = {
        "compartments": (Compartment(id="V", size=1.0, constant=False),),
        "species": (
            Species(id="S", compartment="V", initial_concentration=2.0, boundary_condition=True),
        ),
        "rate_rules": rate(V="1"),
    }
    (amount,) = simulate(
        ["amount(S)"], times=[0.0, 2.0], **parts, events=(event("time >= 1", "0.5", S="S + 1"),)
    )
    # At t = 1 the concentration is 2 / 2; one more is assigned at t = 1.5, where V = 2.5.
    np.testing.assert_allclose(amount, [2.0, 2.0 * 2.5], rtol=1e-9)


def test_priority_ties_are_fair_and_reproducible():
    def heads(seed):
        (x,) = simulate(
            "x",
            times=[0.0, 10.0],
            options={"event_seed": seed},
            parameters=(variable("x", 0.0), variable("r", 0.0)),
            events=tuple(
                Event(
                    trigger=Trigger(math=parse("time - r >= 0.01"), persistent=False),
                    priority=parse("1"),
                    assignments=(
                        EventAssignment(variable="r", math=parse("time")),
                        EventAssignment(variable="x", math=parse(new)),
                    ),
                )
                for new in ("x + 1", "x")
            ),
        )
        return x[-1]

    counts = [heads(seed) for seed in (1, 2, 3)]
    assert counts == [heads(seed) for seed in (1, 2, 3)]
    # 1000 coins: six standard deviations are 95.
    assert all(abs(count - 500.0) < 95.0 for count in counts)
    assert len(set(counts)) > 1


@pytest.mark.parametrize("threshold", [1e-4, 1e-6, 1e-8])
def test_a_trigger_true_for_a_moment_inside_a_step_is_seen(threshold):
    # x = (t - 1)^2 is below the threshold for 2 sqrt(threshold).
    (count,) = simulate(
        "n",
        times=[0.0, 2.5],
        options={"rtol": 1e-6, "atol": 1e-9},
        parameters=(variable("x", 1.0), variable("y", -2.0), variable("n", 0.0)),
        rate_rules=rate(x="y", y="2"),
        events=(event(f"x < {threshold}", n="n + 1"),),
    )
    assert count[-1] == 1.0


@pytest.mark.parametrize("method", ["tsit5", "rodas5p"])
def test_every_peak_of_an_oscillation_that_just_reaches_the_threshold_is_seen(method):
    (count,) = simulate(
        "n",
        times=[0.0, 20.0 * np.pi],
        options={"rtol": 1e-6, "atol": 1e-9, "method": method},
        parameters=(variable("x", 0.0), variable("y", 1.0), variable("n", 0.0)),
        rate_rules=rate(x="y", y="-x"),
        events=(event("x > 0.99999", n="n + 1"),),
    )
    assert count[-1] == 10.0


def test_start_values_that_rest_on_algebraic_states_see_the_consistent_ones():
    y, z = simulate(
        "yz",
        times=[0.0, 1.0],
        parameters=(Parameter(id="x", value=2.0), variable("y", 0.0), variable("z")),
        initial_assignments=(InitialAssignment(symbol="z", math=parse("10*y")),),
        rate_rules=rate(z="1"),
        algebraic_rules=algebraic("y^3 + y - x"),
    )
    np.testing.assert_allclose(y, [1.0, 1.0], rtol=1e-9)
    np.testing.assert_allclose(z, [10.0, 11.0], rtol=1e-9)


def test_a_concentration_given_in_a_compartment_that_an_equation_determines():
    # V = 2 S + 1 with S = 3 at the start: V = 7, n = 21; then n stays and V (V - 1) = 2 n.
    size, amount, ratio = simulate(
        ["V", "amount(S)", "S"],
        times=[0.0, 1.0],
        compartments=(Compartment(id="V", size=1.0, constant=False),),
        species=(Species(id="S", compartment="V", initial_concentration=3.0),),
        reactions=(reaction("J", "S*V", S=1.0),),
        algebraic_rules=algebraic("V - 2*S - 1"),
    )
    np.testing.assert_allclose(amount, 21.0 * np.exp([0.0, 1.0]), rtol=1e-6)
    np.testing.assert_allclose(size, 0.5 + np.sqrt(0.25 + 2.0 * amount), rtol=1e-6)
    np.testing.assert_allclose(ratio, amount / size, rtol=1e-9)


def test_a_species_that_a_nonlinear_rule_determines_in_a_growing_compartment():
    # S is the concentration: S^2 = V, whatever V does.
    found = simulate(
        ["S", "amount(S)", "V"],
        compartments=(Compartment(id="V", size=1.0, constant=False),),
        species=(
            Species(id="S", compartment="V", initial_concentration=3.0, boundary_condition=True),
        ),
        rate_rules=rate(V="V"),
        algebraic_rules=algebraic("S^2 - V"),
    )
    np.testing.assert_allclose(found[0], np.exp(0.5 * TIMES), rtol=1e-7)
    np.testing.assert_allclose(found[1], np.exp(1.5 * TIMES), rtol=1e-7)


def test_delays_at_the_start_in_kinetic_laws_stoichiometries_and_events():
    # p(t) = delay(time + 1, 1) = t; the initial value of x sees p(0) - 1 = -1.
    x, n = simulate(
        "xn",
        times=[0.0, 1.0, 2.0, 3.0],
        parameters=(variable("c"), variable("x"), variable("n", 0.0)),
        assignment_rules=assigned(c="time + 1"),
        initial_assignments=(InitialAssignment(symbol="x", math=parse("delay(c, 1) - 1")),),
        rate_rules=rate(x="0"),
        events=(event("delay(c, 1) > 0.5", "delay(c, 0.5)", n="delay(c, 2)"),),
    )
    np.testing.assert_array_equal(x, -1.0)
    # Fires at t = 0.5 with values of then, n = c(-1.5) = -0.5, and executes c(0) = 1 later.
    np.testing.assert_allclose(n, [0.0, 0.0, -0.5, -0.5], atol=1e-9)


def test_of_two_free_variables_the_one_without_a_value_is_determined():
    a, b = simulate(
        "ab",
        times=[0.0, 1.0],
        parameters=(variable("a", 3.0), variable("b")),
        algebraic_rules=algebraic("a + b - 10"),
    )
    np.testing.assert_array_equal([a, b], [[3.0, 3.0], [7.0, 7.0]])


def test_steady_state_with_fast_reactions_and_rates_of_change():
    network = ReactionNetwork(
        id="m",
        **box(("A", 3.0), ("B", 1.0)),
        parameters=(variable("r"),),
        assignment_rules=assigned(r="rateOf(B) + 7"),
        reactions=(
            reaction("f", "2*A - B", fast=True, A=-1.0, B=1.0),
            reaction("s", "0.3*B - 1", B=-1.0),
        ),
    )
    rest = from_network(network).steady_state(observables=["A", "B", "r"])
    np.testing.assert_allclose([rest["A"], rest["B"]], [5.0 / 3.0, 10.0 / 3.0], rtol=1e-9)
    # The rate of change is the small difference of two large fast ones.
    np.testing.assert_allclose(rest["r"], 7.0, atol=1e-5)


STEADY = {
    "parameters": (variable("x", 4.0), variable("k", 1.0)),
    "rate_rules": rate(x="k - x"),
}


def test_a_steady_state_whose_events_are_not_reached_is_found_with_its_stability():
    found = from_network(
        ReactionNetwork(id="m", **STEADY, events=(event("x < 0.5", k="3"),))
    ).steady_state()
    assert found.is_stable
    assert found["x"] == pytest.approx(1.0)
    np.testing.assert_allclose(found.eigenvalues.real, [-1.0], rtol=1e-6)


def test_an_event_on_the_way_to_rest_is_no_rest():
    found = from_network(
        ReactionNetwork(id="m", **STEADY, events=(event("x < 2", k="3"),))
    ).steady_state()
    assert not found.success
    assert "event" in found.reason


@pytest.mark.parametrize(
    ("trigger", "initial_value", "what"),
    [
        ("time > 2", True, "depends on time"),
        ("late > 0", True, "depends on time"),
        ("x > 1", False, "fires at the start"),
    ],
)
def test_events_that_the_search_for_rest_would_not_see_are_refused(trigger, initial_value, what):
    parts = STEADY | {"parameters": (*STEADY["parameters"], variable("late"))}
    network = ReactionNetwork(
        id="m",
        **parts,
        assignment_rules=assigned(late="time - 2"),
        events=(event(trigger, initial_value=initial_value, k="3"),),
    )
    with pytest.raises(UnsupportedFeatureError, match=what):
        from_network(network).steady_state()


def test_a_steady_state_with_an_algebraic_rule_and_its_stability():
    # At y = 1, x = y^3 + y = 2; dx/dt = 1 - y, dy/dx = 1 / (3 y^2 + 1) = 1/4.
    found = from_network(
        ReactionNetwork(
            id="m",
            parameters=(variable("x", 2.0), variable("y")),
            rate_rules=rate(x="1 - y"),
            algebraic_rules=algebraic("y^3 + y - x"),
        )
    ).steady_state()
    assert found["y"] == pytest.approx(1.0)
    assert found.is_stable
    np.testing.assert_allclose(found.eigenvalues.real, [-0.25], rtol=1e-5)


def test_a_lag_of_zero_is_no_delay():
    (x,) = simulate("x", parameters=(variable("x", 1.0),), rate_rules=rate(x="-delay(x, 0)"))
    np.testing.assert_allclose(x, np.exp(-TIMES), rtol=1e-7)
