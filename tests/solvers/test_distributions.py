"""Draws by inversion against the quantile functions of scipy."""

import numpy as np
import pytest
from scipy import special, stats

from sigmapath.opcodes import Distribution
from sigmapath.solvers.distributions import value_at
from sigmapath.solvers.philox import philox, uniform_pair
from sigmapath.solvers.special import beta_fraction, gamma_p, gamma_quantile, normal_quantile

# Name, arguments, the frozen distribution of scipy.
CASES = [
    ("uniform", (2.0, 5.0), stats.uniform(2.0, 3.0)),
    ("normal", (1.0, 2.0), stats.norm(1.0, 2.0)),
    ("bernoulli", (0.23,), stats.bernoulli(0.23)),
    ("binomial", (40.0, 0.3), stats.binom(40, 0.3)),
    ("binomial", (5000.0, 0.77), stats.binom(5000, 0.77)),
    ("cauchy", (1.0, 2.0), stats.cauchy(1.0, 2.0)),
    ("cauchy", (2.0,), stats.cauchy(0.0, 2.0)),
    ("chisquare", (3.2,), stats.chi2(3.2)),
    ("exponential", (0.5,), stats.expon(scale=2.0)),
    ("gamma", (0.03, 2.0), stats.gamma(0.03, scale=2.0)),
    ("gamma", (1.0, 2.0), stats.gamma(1.0, scale=2.0)),
    ("gamma", (250.0, 0.1), stats.gamma(250.0, scale=0.1)),
    ("laplace", (1.0, 2.0), stats.laplace(1.0, 2.0)),
    ("laplace", (2.0,), stats.laplace(0.0, 2.0)),
    ("lognormal", (1.0, 2.0), stats.lognorm(2.0, scale=np.e)),
    ("poisson", (1.5,), stats.poisson(1.5)),
    ("poisson", (3e4,), stats.poisson(3e4)),
    ("rayleigh", (2.0,), stats.rayleigh(scale=2.0)),
]
LEVELS = (1e-12, 1e-3, 0.1, 0.4999, 0.5, 0.77, 0.999, 1 - 1e-9)


def draw(name, args, u):
    return value_at(u, int(Distribution[name.upper()]), len(args), np.array([*args, 0.0, 0.0]))


@pytest.mark.parametrize(("name", "args", "law"), CASES, ids=lambda v: str(v)[:20])
def test_values_are_quantiles(name, args, law):
    for u in LEVELS:
        if name == "bernoulli":
            assert draw(name, args, u) == (1.0 if u < args[0] else 0.0)
            continue
        expected = law.ppf(u)
        if name in ("poisson", "binomial"):
            # At a step of the distribution function rounding decides; these levels are off steps.
            assert draw(name, args, u) == expected
        else:
            # Near 1 a level holds few digits of the tail: compare probabilities, too.
            got = draw(name, args, u)
            assert got == pytest.approx(expected, rel=1e-7, abs=1e-9) or law.cdf(
                got
            ) == pytest.approx(u, rel=1e-13)


WINDOWS = [
    ("normal", (0.0, 1.5), (-0.5, np.inf), stats.norm(0.0, 1.5)),
    ("normal", (0.0, 0.5), (0.25, 0.75), stats.norm(0.0, 0.5)),
    ("normal", (0.0, 1.0), (8.0, 9.0), stats.norm()),
    ("normal", (0.0, 1.0), (-9.0, -8.0), stats.norm()),
    ("cauchy", (1.0, 2.0), (1.1, 10.0), stats.cauchy(1.0, 2.0)),
    ("chisquare", (2.0,), (2.0, 8.0), stats.chi2(2.0)),
    ("exponential", (1.0,), (2.0, 9.0), stats.expon()),
    ("exponential", (1.0,), (0.25, np.inf), stats.expon()),
    ("gamma", (2.5, 2.0), (1.0, 3.0), stats.gamma(2.5, scale=2.0)),
    ("laplace", (1.0, 2.0), (2.0, 10.0), stats.laplace(1.0, 2.0)),
    ("laplace", (1.0, 2.0), (-3.0, 10.0), stats.laplace(1.0, 2.0)),
    ("laplace", (1.0, 2.0), (-3.0, 0.0), stats.laplace(1.0, 2.0)),
    ("lognormal", (1.0, 2.0), (0.5, 4.0), stats.lognorm(2.0, scale=np.e)),
    ("poisson", (1.5,), (2.0, 18.0), stats.poisson(1.5)),
    ("binomial", (10.0, 0.3), (2.0, 5.0), stats.binom(10, 0.3)),
    ("rayleigh", (2.0,), (3.0, 5.0), stats.rayleigh(scale=2.0)),
]


@pytest.mark.parametrize(("name", "args", "window", "law"), WINDOWS, ids=lambda v: str(v)[:20])
def test_truncation_rescales_the_distribution_function(name, args, window, law):
    low, high = window
    discrete = name in ("poisson", "binomial")
    # In an upper tail the survival function keeps the digits.
    upper = not discrete and law.cdf(low) > 0.5
    tail = law.sf if upper else law.cdf
    start, end = tail(low - 1 if discrete else low), tail(high)
    for u in (1e-6, 0.1, 0.37, 0.5, 0.93, 1 - 1e-6):
        x = draw(name, (*args, *window), u)
        assert low <= x <= high
        if discrete:
            share = (law.cdf(np.array([x - 1, x])) - start) / (end - start)
            assert share[0] <= u <= share[1]
        else:
            assert (tail(x) - start) / (end - start) == pytest.approx(u, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("uniform", (2.0, 1.0)),
        ("normal", (0.0, -1.0)),
        ("bernoulli", (1.1,)),
        ("binomial", (2.5, 0.5)),
        ("exponential", (0.0,)),
        ("gamma", (1.0, -2.0)),
        ("poisson", (-1.0,)),
        ("poisson", (1.5, 2.2, 2.8)),
        ("normal", (0.0, 1.0, 2.0, 1.0)),
        ("normal", (np.nan, 1.0)),
        ("lognormal", (0.0, 1.0, -2.0, -1.0)),
    ],
)
def test_nonsense_gives_nan(name, args):
    assert np.isnan(draw(name, args, 0.3))


def test_special_functions():
    for a in (1e-3, 0.5, 1.0, 7.3, 400.0, 1e6):
        for scale in (0.01, 0.5, 0.99, 1.01, 2.0):
            assert gamma_p(a, a * scale) == pytest.approx(
                special.gammainc(a, a * scale), rel=1e-9, abs=1e-300
            )
        for p in (1e-10, 0.2, 0.9):
            assert gamma_quantile(a, p) == pytest.approx(
                special.gammaincinv(a, p), rel=1e-8, abs=1e-300
            )
    for p in (1e-300, 1e-20, 0.1, 0.5, 0.9, 1 - 1e-12):
        assert normal_quantile(p) == pytest.approx(special.ndtri(p), rel=1e-13, abs=1e-15)
    for a, b, x in ((2.0, 3.0, 0.4), (0.5, 0.5, 0.01), (300.0, 5.0, 0.97)):
        assert beta_fraction(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-11)


def test_philox_gives_the_published_vectors():
    """Known answers that come with the authors' Random123 library, philox4x32-10."""
    u = np.uint64
    ones = u(0xFFFFFFFF)
    counter = [u(0x243F6A88), u(0x85A308D3), u(0x13198A2E), u(0x03707344)]
    key = [u(0xA4093822), u(0x299F31D0)]
    assert philox(*[u(0)] * 6) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert philox(*[ones] * 6) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)
    assert philox(*counter, *key) == (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)


def test_uniforms_are_uniform():
    values = np.array([uniform_pair(k, 0, 3, 1, 7) for k in range(20_000)])
    assert 0.0 < values.min() < values.max() < 1.0
    for column in values.T:
        assert stats.kstest(column, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(values.T)[0, 1]) < 0.03
