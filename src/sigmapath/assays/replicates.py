"""Virtual replicates: how they differ, and their mean with its error.

Enters: numbers without error, values per replicate. Leaves: factors between replicates, means with
standard deviation and standard error. Called by the assays of this folder.

A replicate is a cell, a culture or a blot. Replicates differ by a factor that is log-normal with a
mean of 1 and a given coefficient of variation: errors of pipetting, loading and cell size multiply
(Limpert, Stahel and Abbt 2001, doi:10.1641/0006-3568(2001)051[0341:LNDATS]2.0.CO;2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

__all__ = ["FloatArray", "factors", "mean_sd_sem", "summarised"]

FloatArray = NDArray[np.float64]


def factors(stream: np.random.Generator, cv: float, size: tuple[int, ...]) -> FloatArray:
    """Log-normal factors with mean 1 and coefficient of variation ``cv``, of shape ``size``.

    If ln f is normal with variance s^2 = ln(1 + cv^2) and mean -s^2/2, then f has mean 1 and
    standard deviation cv (Limpert, Stahel and Abbt 2001).
    """
    spread = math.sqrt(math.log1p(cv * cv))
    found: FloatArray = np.exp(stream.normal(-0.5 * spread * spread, spread, size=size))
    return found


def mean_sd_sem(values: FloatArray, axis: int = 0) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, sample standard deviation and standard error over the replicates on ``axis``."""
    n = values.shape[axis]
    sd = values.std(axis=axis, ddof=1)
    return values.mean(axis=axis), sd, sd / math.sqrt(n)


def summarised(
    name: str, dims: tuple[str, ...], values: FloatArray, words: Mapping[str, str], *, over: str
) -> dict[str, tuple[tuple[str, ...], FloatArray, dict[str, str]]]:
    """Variables of a Dataset: ``name`` per replicate, and its ``_mean``, ``_sd`` and ``_sem``.

    Parameters
    ----------
    name : str
    dims : tuple of str
        Of ``values``.
    values : ndarray
    words : mapping
        Attributes: units, long_name.
    over : str
        The dimension that counts replicates.
    """
    left = tuple(dim for dim in dims if dim != over)
    found = {name: (dims, values, dict(words))}
    summaries = mean_sd_sem(values, axis=dims.index(over))
    for suffix, summary in zip(("mean", "sd", "sem"), summaries, strict=True):
        found[f"{name}_{suffix}"] = (left, summary, dict(words))
    return found
