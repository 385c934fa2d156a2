"""One random number of a named distribution, truncated or not, from one uniform.

Enters: the code of a distribution (:class:`sigmapath.opcodes.Distribution`), its
arguments, a uniform u in (0, 1). Leaves: the value x with F(x) = F(min) + u (F(max) - F(min)), that
is inversion (Devroye 1986, Non-Uniform Random Variate Generation, chapter II.2,
doi:10.1007/978-1-4613-8643-8), so that truncation is exact and one draw takes one number. NaN where
the arguments make no sense. Called by :mod:`.draws`.

Meanings are those of the SBML package distrib (doi:10.1515/jib-2020-0018), section 3; both bounds
of a truncated distribution can be drawn.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sigmapath.opcodes import Distribution
from sigmapath.solvers.compiled import compiled
from sigmapath.solvers.special import (
    beta_fraction,
    gamma_p,
    gamma_q,
    gamma_quantile,
    normal_cdf,
    normal_quantile,
)

__all__ = ["value_at"]

UNIFORM, NORMAL, BERNOULLI = (
    int(Distribution.UNIFORM),
    int(Distribution.NORMAL),
    int(Distribution.BERNOULLI),
)
BINOMIAL, CAUCHY, CHISQUARE = (
    int(Distribution.BINOMIAL),
    int(Distribution.CAUCHY),
    int(Distribution.CHISQUARE),
)
EXPONENTIAL, GAMMA, LAPLACE = (
    int(Distribution.EXPONENTIAL),
    int(Distribution.GAMMA),
    int(Distribution.LAPLACE),
)
LOGNORMAL, POISSON, RAYLEIGH = (
    int(Distribution.LOGNORMAL),
    int(Distribution.POISSON),
    int(Distribution.RAYLEIGH),
)


@compiled
def _normal(u: Any, low: Any, high: Any) -> Any:
    """Return a standard normal value in [low, high]; in the tail that keeps its digits."""
    if low > 0.0:
        below, above = normal_cdf(-high), normal_cdf(-low)
        z = -normal_quantile(below + (1.0 - u) * (above - below))
    else:
        below, above = normal_cdf(low), normal_cdf(high)
        z = normal_quantile(below + u * (above - below))
    return min(max(z, low), high)


@compiled
def _exponential(u: Any, low: Any, high: Any) -> Any:
    """Return a value of mean 1 (rate 1) in [low, high]."""
    low = max(low, 0.0)
    return min(low - math.log1p(u * math.expm1(low - high)), high)


@compiled
def _cauchy(u: Any, low: Any, high: Any) -> Any:
    """Return a standard Cauchy value in [low, high]."""
    start, end = math.atan(low), math.atan(high)
    return min(max(math.tan(start + u * (end - start)), low), high)


@compiled
def _laplace_cdf(z: Any) -> Any:
    return 0.5 * math.exp(z) if z < 0.0 else 1.0 - 0.5 * math.exp(-z)


@compiled
def _laplace(u: Any, low: Any, high: Any) -> Any:
    """Return a value with density exp(-|z|) / 2 in [low, high]."""
    if low >= 0.0:
        return _exponential(u, low, high)
    if high <= 0.0:
        return -_exponential(1.0 - u, -high, -low)
    below, above = _laplace_cdf(low), _laplace_cdf(high)
    p = below + u * (above - below)
    return math.log(2.0 * p) if p < 0.5 else -math.log(2.0 * (1.0 - p))


@compiled
def _gamma(u: Any, shape: Any, low: Any, high: Any) -> Any:
    """Return a value of scale 1 in [low, high]."""
    low = max(low, 0.0)
    below, above = gamma_p(shape, low), gamma_p(shape, high)
    x = gamma_quantile(shape, below + u * (above - below))
    return min(max(x, low), high)


@compiled
def _count_cdf(code: Any, k: Any, a: Any, b: Any) -> Any:
    """Return P(X <= k) of Poisson(a) or binomial(a, b), k whole."""
    if k < 0.0:
        return 0.0
    if code == POISSON:
        return gamma_q(k + 1.0, a)
    return 1.0 if k >= a else beta_fraction(a - k, k + 1.0, 1.0 - b)


@compiled
def _count(u: Any, code: Any, a: Any, b: Any, low: Any, high: Any) -> Any:
    """Return the smallest whole number in [low, high] whose distribution function reaches u."""
    first = math.ceil(max(low, 0.0))
    last = math.floor(high) if high < 1e15 else 1e15
    if code == BINOMIAL:
        last = min(last, a)
    if first > last:
        return np.nan
    below = _count_cdf(code, first - 1.0, a, b)
    p = below + u * (_count_cdf(code, last, a, b) - below)
    mean = a if code == POISSON else a * b
    width = math.sqrt(mean if code == POISSON else mean * (1.0 - b))
    guess = mean + width * normal_quantile(min(max(p, 1e-300), 1.0 - 1e-16))
    k = min(max(math.floor(guess + 0.5), first), last)
    while k > first and _count_cdf(code, k - 1.0, a, b) >= p:
        k -= 1.0
    while k < last and _count_cdf(code, k, a, b) < p:
        k += 1.0
    return k


@compiled
def value_at(u: Any, code: Any, n: Any, x: Any) -> Any:
    """Return the value of one draw.

    Parameters
    ----------
    u : float
        Uniform in (0, 1).
    code, n : int
        Distribution, and how many arguments were given.
    x : ndarray, shape (>= n,)
        The arguments.
    """
    low, high = -np.inf, np.inf
    for k in range(n):
        if x[k] != x[k]:
            return np.nan
    if code == UNIFORM:
        return x[0] + u * (x[1] - x[0]) if x[0] <= x[1] else np.nan
    if code == BERNOULLI:
        return (1.0 if u < x[0] else 0.0) if 0.0 <= x[0] <= 1.0 else np.nan
    # Location and scale, of which the location may be left out.
    located = code in (NORMAL, LOGNORMAL, CAUCHY, LAPLACE)
    own = 2 if located or code in (GAMMA, BINOMIAL) else 1
    if n == own + 2:
        low, high = x[own], x[own + 1]
        if low > high:
            return np.nan
    if located:
        location, scale = (x[0], x[1]) if n >= 2 else (0.0, x[0])
        return _located(u, code, location, scale, low, high)
    if code == BINOMIAL:
        sane = x[0] >= 0.0 and x[0] == math.floor(x[0]) and 0.0 <= x[1] <= 1.0
        if sane and (x[1] == 0.0 or x[1] == 1.0 or x[0] == 0.0):
            sure = x[0] * x[1]
            return sure if low <= sure <= high else np.nan
        return _count(u, code, x[0], x[1], low, high) if sane else np.nan
    if code == POISSON and x[0] == 0.0:
        return 0.0 if low <= 0.0 <= high else np.nan
    if not (0.0 < x[0] < np.inf) or high < 0.0:
        return np.nan
    if code == POISSON:
        return _count(u, code, x[0], 0.0, low, high)
    if code == EXPONENTIAL:
        return _exponential(u, low * x[0], high * x[0]) / x[0]
    if code == RAYLEIGH:
        # x^2 / (2 scale^2) has mean 1 and is exponential.
        first, last = max(low, 0.0) / x[0], high / x[0]
        return x[0] * math.sqrt(2.0 * _exponential(u, 0.5 * first * first, 0.5 * last * last))
    if code == CHISQUARE:
        return 2.0 * _gamma(u, 0.5 * x[0], 0.5 * low, 0.5 * high)
    if not 0.0 < x[1] < np.inf:
        return np.nan
    return x[1] * _gamma(u, x[0], low / x[1], high / x[1])


@compiled
def _located(u: Any, code: Any, location: Any, scale: Any, low: Any, high: Any) -> Any:
    """Return a value of a distribution with location and scale in [low, high]."""
    if not 0.0 <= scale < np.inf:
        return np.nan
    if code == LOGNORMAL:
        if high <= 0.0:
            return np.nan
        low = math.log(low) if low > 0.0 else -np.inf
        high = math.log(high)
    if scale == 0.0:
        z = location if low <= location <= high else np.nan
    else:
        first, last = (low - location) / scale, (high - location) / scale
        if code == CAUCHY:
            z = location + scale * _cauchy(u, first, last)
        elif code == LAPLACE:
            z = location + scale * _laplace(u, first, last)
        else:
            z = location + scale * _normal(u, first, last)
    return math.exp(z) if code == LOGNORMAL else z
