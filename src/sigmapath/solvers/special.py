"""Distribution functions and their inverses, for draws by inversion.

Enters: probabilities and parameters. Leaves: values, NaN where parameters make no sense. Called by
:mod:`.distributions`. Compiled, no allocation.

References
----------
NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov, release 1.2: incomplete
gamma functions 8.7.1 (series) and 8.9.2 (continued fraction), incomplete beta function 8.17.22.
Abramowitz and Stegun 1964, Handbook of Mathematical Functions, 26.2.23 (first guess of the normal
quantile, error 4.5e-4) and 26.4.17 (Wilson and Hilferty: first guess of the gamma quantile).
Lentz's method for continued fractions: Thompson and Barnett 1986, J. Comput. Phys. 64, 490,
doi:10.1016/0021-9991(86)90046-X.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sigmapath.solvers.compiled import compiled

__all__ = [
    "beta_fraction",
    "gamma_p",
    "gamma_q",
    "gamma_quantile",
    "normal_cdf",
    "normal_quantile",
]

_EPS = 2.220446049250313e-16
_TINY = 1e-300
# Enough for shapes up to 10^8: both expansions need some multiple of sqrt(a) terms.
_TERMS = 100_000
_SQRT_HALF = 0.7071067811865476
_SQRT_2PI = 2.5066282746310002


@compiled
def normal_cdf(z: Any) -> Any:
    """Return the standard normal distribution function, accurate in the lower tail."""
    return 0.5 * math.erfc(-z * _SQRT_HALF)


@compiled
def normal_quantile(p: Any) -> Any:
    """Return z with ``normal_cdf(z) = p`` for p in [0, 1]."""
    if not 0.0 <= p <= 1.0:
        return np.nan
    if p == 0.0 or p == 1.0:
        return -np.inf if p == 0.0 else np.inf
    tail = min(p, 1.0 - p)
    t = math.sqrt(-2.0 * math.log(tail))
    top = 2.515517 + t * (0.802853 + t * 0.010328)
    z = top / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
    for _ in range(3):  # Halley's method: 4.5e-4 cubed, and once more
        density = math.exp(-0.5 * z * z) / _SQRT_2PI
        if density == 0.0:
            break
        step = (normal_cdf(z) - tail) / density
        z -= step / (1.0 + 0.5 * z * step)
    return z if p < 0.5 else -z


@compiled
def _gamma_series(a: Any, x: Any) -> Any:
    """Return P(a, x) by its power series; converges fast for x < a + 1."""
    term = 1.0 / a
    total = term
    for n in range(1, _TERMS):
        term *= x / (a + n)
        total += term
        if term < total * _EPS:
            break
    return total * math.exp(a * math.log(x) - x - math.lgamma(a))


@compiled
def _gamma_fraction(a: Any, x: Any) -> Any:
    """Return Q(a, x) by its continued fraction; converges fast for x > a + 1."""
    b = x + 1.0 - a
    c = 1.0 / _TINY
    d = 1.0 / b
    h = d
    for n in range(1, _TERMS):
        factor = -n * (n - a)
        b += 2.0
        d = factor * d + b
        d = 1.0 / (d if abs(d) > _TINY else _TINY)
        c = b + factor / c
        c = c if abs(c) > _TINY else _TINY
        h *= c * d
        if abs(c * d - 1.0) < _EPS:
            break
    return h * math.exp(a * math.log(x) - x - math.lgamma(a))


@compiled
def gamma_p(a: Any, x: Any) -> Any:
    """Return the regularised lower incomplete gamma function P(a, x), a > 0."""
    if x <= 0.0:
        return 0.0
    if x == np.inf:
        return 1.0
    return _gamma_series(a, x) if x < a + 1.0 else 1.0 - _gamma_fraction(a, x)


@compiled
def gamma_q(a: Any, x: Any) -> Any:
    """Return the regularised upper incomplete gamma function Q(a, x), a > 0."""
    if x <= 0.0:
        return 1.0
    if x == np.inf:
        return 0.0
    return 1.0 - _gamma_series(a, x) if x < a + 1.0 else _gamma_fraction(a, x)


@compiled
def gamma_quantile(a: Any, p: Any) -> Any:
    """Return x with ``gamma_p(a, x) = p``, by Newton's method in log x, kept in brackets."""
    if p <= 0.0 or p >= 1.0:
        return 0.0 if p <= 0.0 else np.inf
    log_gamma = math.lgamma(a)
    ninth = 1.0 / (9.0 * a)
    root = 1.0 - ninth + normal_quantile(p) * math.sqrt(ninth)
    # Far in the lower tail P(a, x) is x^a / gamma(a + 1).
    small = (math.log(p) + log_gamma + math.log(a)) / a
    s = math.log(a) + 3.0 * math.log(root) if root > 0.3 else small
    low, high = min(s, small) - 1.0, s + 1.0
    while gamma_p(a, math.exp(low)) > p:
        low -= 2.0 * (high - low)
    while gamma_p(a, math.exp(high)) < p:
        high += 2.0 * (high - low)
    for _ in range(200):
        x = math.exp(s)
        error = gamma_p(a, x) - p
        if error > 0.0:
            high = s
        else:
            low = s
        slope = math.exp(a * s - x - log_gamma)
        new = s - error / slope if slope > 0.0 else np.nan
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - s) <= 1e-14 * max(1.0, abs(s)) or new in (low, high):
            return math.exp(new)
        s = new
    return math.exp(s)


@compiled
def _beta_terms(a: Any, b: Any, x: Any) -> Any:
    """Return the continued fraction of the incomplete beta function."""
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    h = d
    for m in range(1, _TERMS):
        for odd in range(2):
            if odd == 0:
                factor = m * (b - m) * x / ((a - 1.0 + 2 * m) * (a + 2 * m))
            else:
                factor = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 1.0 + 2 * m))
            d = 1.0 + factor * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + factor / c
            c = c if abs(c) > _TINY else _TINY
            h *= c * d
        if abs(c * d - 1.0) < _EPS:
            break
    return h


@compiled
def beta_fraction(a: Any, b: Any, x: Any) -> Any:
    """Return the regularised incomplete beta function I_x(a, b), a and b > 0."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    front = math.exp(front + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_terms(a, b, x) / a
    return 1.0 - front * _beta_terms(b, a, 1.0 - x) / b
