"""Points in the unit cube, from seeded generators only.

Enters: names of dimensions, a number of points, a seed. Leaves: numbers in (0, 1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError, UnknownNameError

__all__ = ["Design", "unit_samples"]

Design = Literal["random", "latin", "sobol"]
_DESIGNS = ("random", "latin", "sobol")


def unit_samples(
    names: Sequence[str], n: int, *, seed: int, design: Design = "random"
) -> NDArray[np.float64]:
    """Draw points of the open unit cube.

    In the designs "random" (independent draws) and "latin" (Latin hypercube: each dimension is cut
    into n strata and each stratum is hit once; McKay, Beckman & Conover 1979,
    doi:10.2307/1268522) every dimension has its own generator, made of the seed and its name:
    adding or removing a parameter leaves the draws of the others as they are. "sobol" is the
    scrambled Sobol sequence of scipy.stats.qmc, whose dimensions belong together.

    Parameters
    ----------
    names : sequence of str
        Names of the dimensions.
    n : int
        Number of points; "sobol" is balanced for powers of two only.
    seed : int
        0 or more.
    design : str

    Returns
    -------
    ndarray, shape (n, len(names))

    Raises
    ------
    PlanError
        If n or the seed is no whole number in range.
    UnknownNameError
        If the design is not known.
    """
    for what, value, least in (("number of draws", n, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise PlanError(
                f"the {what} is a whole number, {least} or more", where="sampling",
                found=repr(value),
            )  # fmt: skip
    if design not in _DESIGNS:
        raise UnknownNameError("design", str(design), _DESIGNS, where="sampling")
    if not names:
        return np.empty((n, 0))
    if design == "sobol":
        return _sobol(len(names), n, seed)
    columns = [_column(name, n, seed, latin=design == "latin") for name in names]
    return np.column_stack(columns)


def _column(name: str, n: int, seed: int, *, latin: bool) -> NDArray[np.float64]:
    digest = hashlib.sha256(name.encode()).digest()[:8]
    stream = np.random.Generator(
        np.random.PCG64(np.random.SeedSequence([int(seed), int.from_bytes(digest, "little")]))
    )
    inside = stream.random(n)
    # random() may return 0, and the quantile functions of unbounded ranges must not see it.
    inside = np.where(inside == 0.0, 0.5, inside)
    if not latin:
        return inside
    return (stream.permutation(n) + inside) / n


def _sobol(dimensions: int, n: int, seed: int) -> NDArray[np.float64]:
    from scipy.stats import qmc

    sequence = qmc.Sobol(d=dimensions, scramble=True, rng=np.random.default_rng(seed))
    # Drawing the next power of two and cutting keeps scipy's warning about balance away.
    points = sequence.random_base2(int(np.ceil(np.log2(max(n, 1)))))[:n]
    inside: NDArray[np.float64] = np.clip(
        points, np.finfo(float).tiny, 1.0 - np.finfo(float).epsneg
    )
    return inside
