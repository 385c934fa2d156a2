"""Philox4x32-10: random numbers as a function of a key and a counter.

Enters: 64 bits of key (the seed) and 128 bits of counter. Leaves: four 32-bit numbers, or uniforms
in the open interval (0, 1). Used by every stochastic loop: a run's numbers depend on the seed, the
replicate and how many were drawn, never on threads or chunks.

Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3", SC11,
doi:10.1145/2063384.2063405, section 4 and table 2: ten rounds of two 32 x 32 bit products.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sigmapath.solvers.compiled import compiled

__all__ = ["philox", "uniform_pair"]

# Multipliers and Weyl constants (golden ratio, sqrt(3) - 1) of the paper.
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_32, _20, _12 = np.uint64(32), np.uint64(20), np.uint64(12)
_ROUNDS = 10
# 52 bits, so that adding a half is exact and 1 is never reached.
_TO_UNIT = 2.0**-52


@compiled
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Return four numbers below 2^32 for a counter and a key of 32-bit words, all uint64."""
    for _ in range(_ROUNDS):
        product0 = _M0 * c0
        product1 = _M1 * c2
        c0 = (product1 >> _32) ^ c1 ^ k0
        c1 = product1 & _LOW
        c2 = (product0 >> _32) ^ c3 ^ k1
        c3 = product0 & _LOW
        k0 = (k0 + _W0) & _LOW
        k1 = (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@compiled
def uniform_pair(c0: Any, c1: Any, c2: Any, c3: Any, seed: Any) -> Any:
    """Return two uniforms in (0, 1), odd multiples of 2^-53.

    Parameters
    ----------
    c0, c1, c2, c3 : int64
        Words of the counter; their low 32 bits count.
    seed : int64
        Key; its 64 bits count.
    """
    key = np.uint64(seed)
    x0, x1, x2, x3 = philox(
        np.uint64(c0) & _LOW,
        np.uint64(c1) & _LOW,
        np.uint64(c2) & _LOW,
        np.uint64(c3) & _LOW,
        key & _LOW,
        key >> _32,
    )
    first = np.float64((x0 << _20) | (x1 >> _12))
    second = np.float64((x2 << _20) | (x3 >> _12))
    return (first + 0.5) * _TO_UNIT, (second + 0.5) * _TO_UNIT
