"""The distributions that a draw may come from: names, codes and numbers of arguments.

Enters: nothing. Leaves: tables. The names and the order of the arguments are those of the SBML
Level 3 package distrib, version 1 (Smith et al. 2020, J. Integr. Bioinform. 17, 20200018,
doi:10.1515/jib-2020-0018), section 3::

    normal(mean, stdev)   uniform(min, max)       bernoulli(prob)   binomial(ntrials, prob)
    gamma(shape, scale)   lognormal(mean, stdev)  chisquare(df)     exponential(rate)
    poisson(rate)         rayleigh(scale)         cauchy(location, scale), cauchy(scale)
    laplace(location, scale), laplace(scale)

All but uniform and bernoulli may be truncated to [min, max] by two more arguments.
"""

from __future__ import annotations

__all__ = ["DISTRIBUTIONS", "TRUNCATED"]

# name -> (fewest, most) arguments without truncation.
DISTRIBUTIONS: dict[str, tuple[int, int]] = {
    "uniform": (2, 2),
    "normal": (2, 2),
    "bernoulli": (1, 1),
    "binomial": (2, 2),
    "cauchy": (1, 2),
    "chisquare": (1, 1),
    "exponential": (1, 1),
    "gamma": (2, 2),
    "laplace": (1, 2),
    "lognormal": (2, 2),
    "poisson": (1, 1),
    "rayleigh": (1, 1),
}

# name -> number of arguments with truncation: a location must then be given.
TRUNCATED: dict[str, int] = {
    name: most + 2
    for name, (_, most) in DISTRIBUTIONS.items()
    if name not in ("uniform", "bernoulli")
}
