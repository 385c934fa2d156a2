"""The stiff problems of the test sets, with the published values at their final times.

Sources of the problems and values: E. Hairer, G. Wanner, Solving Ordinary Differential Equations
II, Springer 1996, section IV.10, doi:10.1007/978-3-642-05221-7; F. Mazzia, C. Magherini, Test Set
for Initial Value Problem Solvers, release 2.4, University of Bari 2008 (true double precision
RADAU5, rtol = atol = 1.1e-18); values of E5 from the Geneva test set of Hairer and Wanner.
``test_published_values.py`` checks every value against two other integrators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from kernels_by_hand import make_kernels
from networks import encode, network_kernels, rates_of, reaction

from sigmapath.kernels import Kernels


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """``floor`` is atol / rtol of each state: below it the test sets count absolute errors."""

    kernels: Kernels
    p: np.ndarray
    f: Callable[..., np.ndarray]
    jac: Callable[..., np.ndarray]
    y0: np.ndarray
    t_end: float
    published: np.ndarray
    floor: np.ndarray

    def error(self, y: np.ndarray) -> float:
        """Mixed error of the test sets: max |y - ref| / (floor + |ref|)."""
        return float(np.max(np.abs(y - self.published) / (self.floor + np.abs(self.published))))


def _network(reactions, y0, t_end, published, floor) -> Problem:
    p = encode(len(y0), reactions)
    f, jac = rates_of(p)
    return Problem(
        kernels=network_kernels(p),
        p=p,
        f=f,
        jac=jac,
        y0=np.array(y0, dtype=float),
        t_end=t_end,
        published=np.array(published),
        floor=np.broadcast_to(floor, len(y0)).astype(float),
    )


def _by_hand(rhs, jac, y0, t_end, published, floor) -> Problem:
    n = len(y0)

    def f(t, y):
        out = np.empty(n)
        rhs(t, y, None, out)
        return out

    def dense(t, y):
        out = np.empty(n * n)
        jac(t, y, None, out)
        return out.reshape(n, n)

    return Problem(
        kernels=make_kernels(rhs, jac, n_state=n, non_negative=[1] * n),
        p=np.zeros(0),
        f=f,
        jac=dense,
        y0=np.array(y0),
        t_end=t_end,
        published=np.array(published),
        floor=np.full(n, floor),
    )


def robertson() -> Problem:
    """Robertson (1966): three reactions, t = 1e11."""
    return _network(
        [reaction(0.04, [0], [1]), reaction(3e7, [1, 1], [1, 2]), reaction(1e4, [1, 2], [0, 2])],
        [1.0, 0.0, 0.0],
        1e11,
        [0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050],
        [1e-8, 1e-14, 1e-8],
    )


def hires() -> Problem:
    """HIRES, Schaefer (1975): light responses of a plant, t = 321.8122."""
    linear = [
        (1.71, 0, [1]), (0.43, 1, [0]), (8.32, 1, [3]), (8.32, 2, [0]), (1.71, 2, [3]),
        (0.43, 3, [2]), (0.69, 3, [5]), (0.035, 4, [2]), (1.71, 4, [5]), (0.43, 5, [4]),
        (0.43, 6, [4, 7]), (0.69, 6, [5, 7]), (0.69, 6, [7]),
    ]  # fmt: skip
    reactions = [reaction(k, [a], products) for k, a, products in linear]
    reactions += [reaction(280.0, [5, 7], [6]), reaction(0.0007, [], [0])]
    return _network(
        reactions,
        [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0057],
        321.8122,
        [
            0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4,
            0.1175651343283149e-2, 0.2386356198831331e-2, 0.6238968252742796e-2,
            0.2849998395185769e-2, 0.2850001604814231e-2,
        ],
        1e-4,
    )  # fmt: skip


_E5_AT = {
    1e5: [
        7.4813208224292220114e-6, 2.3734781561205975019e-12, 2.2123586689581663654e-12,
        1.6111948716243113653e-13,
    ],
    1e9: [
        3.1317148329356996037e-14, 1.4840957952870064294e-16, 1.4840957948345691466e-16,
        4.5243728279782625194e-26,
    ],
}  # fmt: skip


def e5(t_end: float = 1e5, floor: float = 1e-15) -> Problem:
    """E5, Enright, Hull & Lindberg (1975): pyrolysis with rates from 1e-10 to 1e13, t = 1e5.

    As in the test sets, dy3 is written as dy2 - dy4: y2 - y3 - y4 = 0 is lost to cancellation
    otherwise, and with it the solution at late times.
    """

    def rhs(t, y, p, out):
        first, second = 7.89e-10 * y[0], 1.1e7 * y[0] * y[2]
        third, fourth = 1.13e9 * y[1] * y[2], 1.13e3 * y[3]
        out[0] = -first - second
        out[1] = first - third
        out[3] = second - fourth
        out[2] = out[1] - out[3]

    def jac(t, y, p, out):
        a, b, mc, c = 7.89e-10, 1.1e7, 1.13e9, 1.13e3
        out[:] = 0.0
        out[0], out[2] = -a - b * y[2], -b * y[0]
        out[4], out[5], out[6] = a, -mc * y[2], -mc * y[1]
        out[12], out[14], out[15] = b * y[2], b * y[0], -c
        for j in range(4):
            out[8 + j] = out[4 + j] - out[12 + j]

    return _by_hand(
        rhs,
        jac,
        [1.76e-3, 0.0, 0.0, 0.0],
        t_end,
        _E5_AT[t_end],
        floor,
    )


def e5_late() -> Problem:
    """E5 at t = 1e9, where the amounts have fallen by ten orders of magnitude."""
    return e5(1e9, 1e-18)


def pollution() -> Problem:
    """Pollution, Verwer (1994): 20 air pollutants, 25 reactions, t = 60."""
    k = [
        0.35, 26.6, 1.23e4, 8.6e-4, 8.2e-4, 1.5e4, 1.3e-4, 2.4e4, 1.65e4, 9e3, 0.022, 1.2e4,
        1.88, 1.63e4, 4.8e6, 3.5e-4, 0.0175, 1e8, 4.44e11, 1.24e3, 2.1, 5.78, 0.0474, 1.78e3,
        3.12,
    ]  # fmt: skip
    # reactants -> products, numbered from 1 as in the source; states that only count are kept.
    scheme = [
        ([1], [2, 3]), ([2, 4], [1]), ([5, 2], [6, 1]), ([7], [5, 5, 8]), ([7], [8]),
        ([7, 6], [5, 8]), ([9], [10, 5, 8]), ([9, 6], [11]), ([11, 2], [1, 10, 12]),
        ([11, 1], [13]), ([13], [11, 1]), ([10, 2], [14, 1]), ([14], [7, 5]), ([1, 6], [15]),
        ([3], [4]), ([4], [16]), ([4], [3]), ([16], [6, 6]), ([16], [3]), ([17, 6], [18, 5]),
        ([19], [2]), ([19], [1, 3]), ([1, 4], [19]), ([19, 1], [20]), ([20], [19, 1]),
    ]  # fmt: skip
    reactions = [
        reaction(rate, [i - 1 for i in left], [i - 1 for i in right])
        for rate, (left, right) in zip(k, scheme, strict=True)
    ]
    y0 = np.zeros(20)
    y0[[1, 3, 6, 7, 8, 16]] = 0.2, 0.04, 0.1, 0.3, 0.01, 0.007
    return _network(
        reactions,
        y0,
        60.0,
        [
            0.5646255480022769e-1, 0.1342484130422339, 0.4139734331099427e-8,
            0.5523140207484359e-2, 0.2018977262302196e-6, 0.1464541863493966e-6,
            0.7784249118997964e-1, 0.3245075353396018, 0.7494013383880406e-2,
            0.1622293157301561e-7, 0.1135863833257075e-7, 0.2230505975721359e-2,
            0.2087162882798630e-3, 0.1396921016840158e-4, 0.8964884856898295e-2,
            0.4352846369330103e-17, 0.6899219696263405e-2, 0.1007803037365946e-3,
            0.1772146513969984e-5, 0.5682943292316392e-4,
        ],
        1e-9,
    )  # fmt: skip


def orego() -> Problem:
    """OREGO, Field & Noyes (1974): the Belousov-Zhabotinskii oscillator, t = 360."""

    def rhs(t, y, p, out):
        out[0] = 77.27 * (y[1] + y[0] * (1.0 - 8.375e-6 * y[0] - y[1]))
        out[1] = (y[2] - (1.0 + y[0]) * y[1]) / 77.27
        out[2] = 0.161 * (y[0] - y[2])

    def jac(t, y, p, out):
        out[0] = 77.27 * (1.0 - 2.0 * 8.375e-6 * y[0] - y[1])
        out[1] = 77.27 * (1.0 - y[0])
        out[2] = 0.0
        out[3] = -y[1] / 77.27
        out[4] = -(1.0 + y[0]) / 77.27
        out[5] = 1.0 / 77.27
        out[6] = 0.161
        out[7] = 0.0
        out[8] = -0.161

    return _by_hand(
        rhs,
        jac,
        [1.0, 2.0, 3.0],
        360.0,
        [0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3],
        1.0,
    )


PROBLEMS = {one.__name__: one for one in (robertson, hires, e5, e5_late, pollution, orego)}
