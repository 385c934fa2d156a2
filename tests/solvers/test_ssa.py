"""Stochastic runs against laws that are known exactly.

Every comparison is at a fixed seed, so it passes or fails for good; bounds are 4.5 standard errors
(probability of a correct simulator to miss one: 7e-6) or a p-value above 1e-4.
"""

import math

import numpy as np
import pytest
from scipy import linalg, stats

import sigmapath as sp
from sigmapath.errors import PlanError, UnsupportedFeatureError
from sigmapath.status import Status

N = 4000
BOUND = 4.5

BIRTH_DEATH = """
model birth_death
  compartment c = 1; substanceOnly species X in c; X = 40
  birth = 0.1; death = 0.11
  R1: X -> 2 X; birth * X
  R2: X -> ; death * X
end
"""
IMMIGRATION = """
model immigration
  compartment c = 1; substanceOnly species X in c; X = 0
  come = 3; go = 0.5
  R1: -> X; come
  R2: X -> ; go * X
end
"""
DIMER = """
model dimer
  compartment c = 1; substanceOnly species P, D in c; P = 12; D = 0
  k1 = 0.02; k2 = 0.1
  R1: 2 P -> D; k1 * P * (P - 1) / 2
  R2: D -> 2 P; k2 * D
end
"""


def samples(model, times, name, n=N, seed=1, **options):
    data = model.simulate(
        times, method="ssa", replicates=n, seed=seed, observables=[name], **options
    )
    assert (data.status == 0).all()
    return data[name].values


def check_moments(values, mean, deviation, kurtosis=3.0):
    """Mean and variance of a sample against a law of this mean, deviation and kurtosis."""
    n = len(values)
    assert abs(values.mean() - mean) < BOUND * deviation / math.sqrt(n)
    spread = values.var(ddof=1) / deviation**2 - 1.0
    assert abs(spread) < BOUND * math.sqrt((kurtosis - 1.0) / n)


def check_counts(values, probabilities):
    """Chi-square test of whole numbers against probabilities of 0, 1, 2, ..., rare ones pooled."""
    n = len(values)
    expected = n * np.asarray(probabilities)
    observed = np.bincount(values.astype(int), minlength=len(expected))[: len(expected)]
    common = expected >= 5.0
    rest_expected, rest = n - expected[common].sum(), n - observed[common].sum()
    e, o = [*expected[common]], [*observed[common]]
    if rest_expected > 1.0:
        e, o = [*e, rest_expected], [*o, rest]
    statistic = sum((a - b) ** 2 / b for a, b in zip(o, e, strict=True))
    assert stats.chi2.sf(statistic, len(e) - 1) > 1e-4


def test_birth_death_has_the_moments_of_the_linear_process():
    """Bailey 1964, The Elements of Stochastic Processes, eq. 8.48: X0 exp(gt), and its variance."""
    x0, birth, death = 40, 0.1, 0.11
    values = samples(sp.from_antimony(BIRTH_DEATH), [0.0, 5.0, 20.0], "X")
    assert (values[:, 0] == x0).all()
    for k, t in ((1, 5.0), (2, 20.0)):
        growth = math.exp((birth - death) * t)
        variance = x0 * (birth + death) / (birth - death) * growth * (growth - 1.0)
        check_moments(values[:, k], x0 * growth, math.sqrt(variance), kurtosis=4.0)


def test_immigration_death_is_poisson_at_every_time():
    values = samples(sp.from_antimony(IMMIGRATION), [0.5, 2.0, 30.0], "X")
    for k, t in enumerate((0.5, 2.0, 30.0)):
        law = stats.poisson(3 / 0.5 * (1 - math.exp(-0.5 * t)))
        check_counts(values[:, k], law.pmf(np.arange(40)))
    # Correlation of the stationary process between t and t + h is exp(-go h).
    later = samples(sp.from_antimony(IMMIGRATION), [20.0, 21.0], "X", seed=2)
    assert np.corrcoef(later.T)[0, 1] == pytest.approx(math.exp(-0.5), abs=0.05)


def test_dimerisation_follows_the_master_equation():
    """All probabilities at a time from the matrix exponential of the generator."""
    k1, k2, dimers = 0.02, 0.1, 7
    generator = np.zeros((dimers, dimers))
    for d in range(dimers):
        p = 12 - 2 * d
        forward, back = k1 * p * (p - 1) / 2, k2 * d
        if d + 1 < dimers:
            generator[d + 1, d] += forward
        if d > 0:
            generator[d - 1, d] += back
        generator[d, d] -= (forward if d + 1 < dimers else 0.0) + back
    model = sp.from_antimony(DIMER)
    values = samples(model, [0.7, 4.0, 60.0], "D")
    for k, t in enumerate((0.7, 4.0, 60.0)):
        check_counts(values[:, k], linalg.expm(generator * t)[:, 0])
    data = model.simulate(60, method="ssa", replicates=5)
    assert (data.P + 2 * data.D == 12).all()


def test_times_between_firings_are_exponential():
    """Of a Poisson process seen finely, the gaps; Kolmogorov and Smirnov."""
    model = sp.from_antimony("model m; compartment c=1; species X in c; X = 0; R: => X; 2; end")
    values = samples(model, np.arange(0, 400, 0.001), "X", n=1)[0]
    gaps = np.diff(np.flatnonzero(np.diff(values))) * 0.001
    assert stats.kstest(gaps, stats.expon(scale=0.5).cdf).pvalue > 1e-3


# One seed, the same bytes ---------------------------------------------------------------------


def test_same_seed_gives_the_same_bytes_on_any_number_of_threads():
    model = sp.from_antimony(DIMER)
    one = samples(model, 10, "D", n=150, seed=7, threads=1)
    assert one.tobytes() == samples(model, 10, "D", n=150, seed=7, threads=2).tobytes()
    assert one.tobytes() == samples(model, 10, "D", n=150, seed=7, threads=5).tobytes()
    assert one.tobytes() != samples(model, 10, "D", n=150, seed=8).tobytes()
    assert len({row.tobytes() for row in one}) == 150


def test_a_replicate_does_not_depend_on_how_many_there_are():
    model = sp.from_antimony(BIRTH_DEATH)
    many = samples(model, 10, "X", n=200, seed=3)
    assert many[:67].tobytes() == samples(model, 10, "X", n=67, seed=3).tobytes()


def test_moments_are_those_of_the_runs_and_do_not_depend_on_threads():
    model = sp.from_antimony(IMMIGRATION)
    runs = samples(model, 10, "X", n=300, seed=5)
    options = {"method": "ssa", "replicates": 300, "seed": 5, "moments": True}
    one = model.simulate(10, threads=1, **options)
    assert one.X.dims == ("statistic", "time")
    np.testing.assert_allclose(one.X.sel(statistic="mean"), runs.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(one.X.sel(statistic="sd"), runs.std(axis=0, ddof=1), rtol=1e-12)
    for threads in (2, 3):
        assert (
            one.X.values.tobytes()
            == model.simulate(10, threads=threads, **options).X.values.tobytes()
        )


def test_points_of_a_sweep_have_random_numbers_of_their_own():
    model = sp.from_antimony(IMMIGRATION)
    data = model.sweep({"come": [3.0, 3.0 + 1e-9]}, [0.0, 5.0], method="ssa", replicates=40, seed=2)
    assert data.X.dims == ("come", "replicate", "time")
    first, second = data.X.values
    assert (first[:, 1] != second[:, 1]).any()
    assert first.tobytes() == samples(model, [0.0, 5.0], "X", n=40, seed=2).tobytes()


# What SBML says --------------------------------------------------------------------------------


def test_concentrations_volumes_and_large_steps():
    """A batch of ten items per firing in a volume of 4: X / 10 is Poisson, [X] = X / 4."""
    model = sp.from_antimony(
        "model m; compartment c = 4; species X in c; X = 0; R: => 10 X; 0.6; end"
    )
    data = model.simulate([3.0], method="ssa", replicates=N, observables=["X", "[X]", "amount(X)"])
    amounts = data["amount(X)"].values[:, 0]
    assert (amounts == data["X"].values[:, 0] * 4).all()
    assert (data["[X]"].values == data["X"].values).all()
    check_counts(amounts / 10, stats.poisson(1.8).pmf(np.arange(20)))


def test_rules_and_boundary_species():
    model = sp.from_antimony(
        """model m; compartment c = 1; species $B in c, X in c; B = 7; X = 20
        y := 2 * X + time; R: B + X => ; 0.1 * X * B; end"""
    )
    data = model.simulate([0.0, 1.0], method="ssa", replicates=50, observables=["B", "X", "y"])
    assert (data.B == 7).all()
    assert (data.y == 2 * data.X + data.time).all()


def test_events_at_a_time_by_state_and_with_delay():
    model = sp.from_antimony(
        """model m; compartment c = 1; substanceOnly species X, Y, Z in c; X = 0; Y = 0; Z = 0
        R: -> X; 1
        at_time: at (time >= 5): X = 100
        strictly: at (time > 7): Y = 1
        by_state: at (X >= 103): Z = Z + 1
        late: at 2 after (time >= 6.25): Y = Y + 10
        end"""
    )
    times = [np.nextafter(5, 0), 5.0, 7.0, np.nextafter(7, 8), 8.25, 40.0]
    data = model.simulate(times, method="ssa", replicates=200)
    assert (data.X[:, 0] < 100).all()
    assert (data.X[:, 1] == 100).all()
    # The value of "late" is that of its trigger, when Y was 0.
    assert (data.Y.values == [0, 0, 0, 1, 10, 10]).all()
    assert (data.Z[:, -1] == 1).all()
    # After the reset the process starts anew, Poisson with mean 35.
    check_moments(data.X.values[:, -1] - 100, 35.0, math.sqrt(35.0))


def test_doses_are_given_and_held_species_stay():
    model = sp.from_antimony(
        """model m; compartment c = 2; species X in c, S in c; X = 0; S = 1
        R: S => X; 0.7 * S; end"""
    )
    dosed = model.simulate(
        [2.9, 3.0], method="ssa", replicates=50, doses=[sp.dose("X", amt=8, time=3)]
    )
    jump = dosed.X[:, 1] - dosed.X[:, 0]
    # Eight items are 4 in a volume of 2; at most the two items of S came meanwhile.
    assert ((jump >= 4) & (jump <= 5)).all()
    held = samples(model, [10.0], "X", doses={"S": 3.0}, n=2000)[:, 0]
    # Held at 3, the propensity is 2.1 for ever.
    check_moments(held * 2, 21.0, math.sqrt(21.0))


RAMP = """
model ramp
  compartment c = 1; substanceOnly species X in c; X = 0
  k = 0.08
  R: -> X; k * 2 * time
end
"""


def test_propensities_that_depend_on_time():
    """An inhomogeneous Poisson process: its counts have the mean int k 2 s ds = k t^2."""
    values = samples(sp.from_antimony(RAMP), [3.0, 8.0], "X")
    for k, t in enumerate((3.0, 8.0)):
        check_counts(values[:, k], stats.poisson(0.08 * t * t).pmf(np.arange(30)))


def test_propensities_switched_by_time_and_moved_by_a_rate_rule():
    switched = sp.from_antimony(
        """model m; compartment c = 1; substanceOnly species X in c; X = 0
        R: -> X; piecewise(2, time < 3, 0.5); end"""
    )
    check_counts(samples(switched, [7.0], "X", n=2000)[:, 0], stats.poisson(8.0).pmf(np.arange(40)))
    fading = sp.from_antimony(
        """model m; compartment c = 1; substanceOnly species X in c; X = 0
        k = 3; k' = -0.5 * k; R: -> X; k; Q: X -> ; 0 * X; end"""
    )
    mean = 3 / 0.5 * (1 - math.exp(-0.5 * 4.0))
    values = samples(fading, [4.0], "X", n=2000)
    check_counts(values[:, 0], stats.poisson(mean).pmf(np.arange(40)))


def test_both_ways_of_running_give_the_same_law():
    idle = DIMER.replace("end", "  z = 0; z' = 1\nend")
    direct = samples(sp.from_antimony(DIMER), [4.0], "D", n=2000)[:, 0]
    hazard = samples(sp.from_antimony(idle), [4.0], "D", n=2000, seed=2)[:, 0]
    table = np.array([np.bincount(v.astype(int), minlength=7)[:6] for v in (direct, hazard)])
    table = table[:, table.sum(axis=0) > 10]
    assert stats.chi2_contingency(table).pvalue > 1e-4


# What fails, fails by name ----------------------------------------------------------------------


def status_of(text, **options):
    data = sp.from_antimony(text).simulate(5, method="ssa", replicates=3, **options)
    failed = data.status.values != 0
    assert np.isnan(data.X.values[failed]).all()
    return {Status(int(code)) for code in data.status.values}


def test_a_negative_propensity_ends_the_run():
    text = """model m; compartment c = 1; species X in c; X = 5; Y = 9
    R: X -> ; 0.1 * X - Y; end"""
    assert status_of(text) == {Status.NEGATIVE_RATE}
    assert "split a reversible reaction" in Status.NEGATIVE_RATE.message
    moved = text.replace("end", "z = 0; z' = 1; end")
    assert status_of(moved) == {Status.NEGATIVE_RATE}
    later = moved.replace("0.1 * X - Y", "3 - z")
    assert status_of(later, initial={"X": 50}) == {Status.NEGATIVE_RATE}


def test_a_firing_without_reactants_ends_the_run():
    text = "model m; compartment c = 1; species X in c; X = 2; R: X -> ; 3; end"
    assert status_of(text) == {Status.NEGATIVE_AMOUNT}


def test_an_explosion_ends_at_the_limit_of_firings():
    text = "model m; compartment c = 1; species X in c; X = 2; R: -> X; X * X; end"
    assert status_of(text, max_steps=5000) == {Status.TOO_MANY_STEPS}


def test_moments_with_a_failed_run_are_not_given():
    text = "model m; compartment c = 1; species X in c; X = 2; R: X -> ; 3; end"
    data = sp.from_antimony(text).simulate(5, method="ssa", replicates=3, moments=True)
    assert (data.status == int(Status.NEGATIVE_AMOUNT)).all()
    assert np.isnan(data.X.values[:, -1]).all()


def test_what_has_no_meaning_is_refused():
    model = sp.from_antimony(IMMIGRATION)
    with pytest.raises(PlanError, match="infusion"):
        model.simulate(9, method="ssa", doses=[sp.dose("X", amt=5, time=1, dur=2)])
    with pytest.raises(PlanError, match="steady state"):
        model.simulate(9, method="ssa", protocol=[sp.equilibrate()])
    with pytest.raises(PlanError, match="readouts"):
        model.sweep({"come": [1.0]}, 9, method="ssa", readouts=["peak(X)"])
    with pytest.raises(PlanError, match="replicates"):
        model.simulate(9, replicates=3)
    for bad in ({"replicates": 0}, {"replicates": 2.5}, {"seed": -1}, {"seed": 2**63}):
        with pytest.raises(PlanError, match="whole number"):
            model.simulate(9, method="ssa", **{"replicates": 1, **bad})
    held = sp.from_antimony(RAMP)
    with pytest.raises(PlanError, match="held"):
        held.simulate(9, method="ssa", doses={"X": 3.0})
    fast = sp.from_antimony("model m; compartment c=1; species X in c; X' = 1; y = rateOf(X); end")
    with pytest.raises(UnsupportedFeatureError, match="rateOf"):
        fast.simulate(9, method="ssa")
