"""Coefficients of the integration methods: plain numbers that check themselves.

Enters: nothing. Leaves: one frozen tableau per method. Read by the step functions
(:mod:`.rosenbrock`, :mod:`.erk`), the registry and the tests of order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sigmapath.record import record

__all__ = [
    "BDF",
    "RODAS5P",
    "TSIT5",
    "ExplicitTableau",
    "MultistepFormulas",
    "RosenbrockTableau",
]

FloatArray = NDArray[np.float64]

# Published coefficients carry 15 to 17 digits; sums of a row of size ten lose about two.
_ROUNDING = 2e-12


def _require(is_true: object, what: str, name: str) -> None:
    if not is_true:
        raise AssertionError(f"tableau {name}: {what}")


def _lower(rows: tuple[tuple[float, ...], ...]) -> FloatArray:
    """Strictly lower triangular square matrix from its rows, read-only."""
    matrix = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        matrix[i, : len(row)] = row
    matrix.setflags(write=False)
    return matrix


def _vector(*values: float) -> FloatArray:
    vector = np.array(values, dtype=np.float64)
    vector.setflags(write=False)
    return vector


@record
class RosenbrockTableau:
    r"""A stiffly accurate Rosenbrock-Wanner method in the form that needs no product with J.

    With W = M/(h gamma) - J the stages u_i and the result are::

        W u_i = f(t + node_i h, y + sum_j a_ij u_j) + M sum_j (c_ij / h) u_j + h time_i df/dt
        y_1   = y + sum_i weight_i u_i,      error = sum_i error_weight_i u_i
        y(t + theta h) = y + theta (y_1 - y + (1 - theta) (k_1 + theta (k_2 + theta k_3))),
        k_j   = sum_i dense_ji u_i

    Parameters
    ----------
    name : str
    order, dense_order, error_order : int
        Of the result, of the dense output and of the embedded result.
    gamma : float
    a, c : ndarray, shape (n_stage, n_stage)
        Strictly lower triangular.
    node, time, weight, error_weight : ndarray, shape (n_stage,)
    dense : ndarray, shape (3, n_stage)

    References
    ----------
    Hairer, Wanner (1996), Solving Ordinary Differential Equations II, section IV.7, eq. (7.25):
    Gamma^-1 = I/gamma - C, A = alpha Gamma^-1, m = b Gamma^-1.
    """

    name: str
    order: int
    dense_order: int
    error_order: int
    gamma: float
    a: FloatArray
    c: FloatArray
    node: FloatArray
    time: FloatArray
    weight: FloatArray
    error_weight: FloatArray
    dense: FloatArray

    def __post_init__(self) -> None:
        alpha, gamma, b = self.classical()
        close = np.allclose
        _require(
            close(alpha.sum(1), self.node, rtol=0.0, atol=_ROUNDING),
            "rows of alpha and nodes",
            self.name,
        )
        _require(
            close(gamma.sum(1), self.time, rtol=0.0, atol=_ROUNDING), "rows of Gamma", self.name
        )
        _require(abs(b.sum() - 1.0) < _ROUNDING, "weights sum to one", self.name)
        beta = alpha + gamma
        _require(abs(b @ beta.sum(1) - 0.5) < _ROUNDING, "second order", self.name)
        _require(close(b, beta[-1], rtol=0.0, atol=1e-10), "stiffly accurate", self.name)

    @property
    def n_stage(self) -> int:
        """Number of stages."""
        return len(self.weight)

    def classical(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return alpha, Gamma (diagonal included) and b of the classical formulation."""
        inverse = np.eye(self.n_stage) / self.gamma - self.c
        gamma = np.linalg.inv(inverse)
        alpha: FloatArray = self.a @ gamma
        b: FloatArray = self.weight @ gamma
        return alpha, np.asarray(gamma, dtype=np.float64), b


@record
class ExplicitTableau:
    """An embedded explicit Runge-Kutta pair whose last stage is the first of the next step.

    Dense output has the form of :class:`RosenbrockTableau` with u_i = h k_i.

    Parameters
    ----------
    name : str
    order, dense_order, error_order : int
    a : ndarray, shape (n_stage, n_stage)
        Strictly lower triangular; its last row is the weights.
    node, error_weight : ndarray, shape (n_stage,)
    power : ndarray, shape (n_stage, 4)
        Weights b_i(theta) = sum_m power[i, m] theta^(m + 1).
    """

    name: str
    order: int
    dense_order: int
    error_order: int
    a: FloatArray
    node: FloatArray
    error_weight: FloatArray
    power: FloatArray

    def __post_init__(self) -> None:
        close = np.allclose
        _require(
            close(self.a.sum(1), self.node, rtol=0.0, atol=_ROUNDING),
            "rows of a and nodes",
            self.name,
        )
        _require(abs(self.weight.sum() - 1.0) < _ROUNDING, "weights sum to one", self.name)
        _require(abs(self.error_weight.sum()) < _ROUNDING, "error weights sum to zero", self.name)
        _require(abs(self.weight @ self.node - 0.5) < _ROUNDING, "second order", self.name)
        _require(
            close(self.power.sum(1), self.weight, rtol=0.0, atol=1e-11),
            "dense output ends at y_1",
            self.name,
        )

    @property
    def n_stage(self) -> int:
        """Number of stages, the one shared with the next step included."""
        return len(self.node)

    @property
    def weight(self) -> FloatArray:
        """Weights of the result."""
        last: FloatArray = self.a[-1]
        return last

    @property
    def dense(self) -> FloatArray:
        """Matrix, shape (3, n_stage), of the common form of dense output.

        theta (1 - theta) (k_1 + theta k_2 + theta^2 k_3) + theta delta, written in powers of
        theta, gives k_3 = -e_4, k_2 = -(e_3 + e_4), k_1 = -(e_2 + e_3 + e_4).
        """
        e2, e3, e4 = self.power[:, 1], self.power[:, 2], self.power[:, 3]
        return np.array([-(e2 + e3 + e4), -(e3 + e4), -e4])


# Steinebach (2023), Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks
# within the Julia Differential Equations package, BIT Numerical Mathematics 63:27,
# doi:10.1007/s10543-023-00967-x. L-stable, 8 stages, order 5(4), for index-1 DAEs too.
_RODAS5P_LAST = (
    -7.502846399306121,
    2.561846144803919,
    -11.627539656261098,
    -0.18268767659942256,
    0.030198172008377946,
)
RODAS5P = RosenbrockTableau(
    name="rodas5p",
    order=5,
    dense_order=4,
    error_order=4,
    gamma=0.21193756319429014,
    a=_lower(
        (
            (),
            (3.0,),
            (2.849394379747939, 0.45842242204463923),
            (-6.954028509809101, 2.489845061869568, -10.358996098473584),
            (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
            _RODAS5P_LAST,
            (*_RODAS5P_LAST, 1.0),
            (*_RODAS5P_LAST, 1.0, 1.0),
        )
    ),
    c=_lower(
        (
            (),
            (-14.155112264123755,),
            (-17.97296035885952, -2.859693295451294),
            (147.12150275711716, -1.41221402718213, 71.68940251302358),
            (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
            (
                24.854864614690072,
                -3.0009227002832186,
                47.4931110020768,
                5.5814197821558125,
                -0.6610691825249471,
            ),
            (
                30.91273214028599,
                -3.1208243349937974,
                77.79954646070892,
                34.28646028294783,
                -19.097331116725623,
                -28.087943162872662,
            ),
            (
                37.80277123390563,
                -3.2571969029072276,
                112.26918849496327,
                66.9347231244047,
                -40.06618937091002,
                -54.66780262877968,
                -9.48861652309627,
            ),
        )
    ),
    node=_vector(
        0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1, 1, 1
    ),
    time=_vector(
        0.21193756319429014,
        -0.42387512638858027,
        -0.3384627126235924,
        1.8046452872882734,
        2.325825639765069,
        0.0,
        0.0,
        0.0,
    ),
    weight=_vector(*_RODAS5P_LAST, 1.0, 1.0, 1.0),
    error_weight=_vector(0, 0, 0, 0, 0, 0, 0, 1),
    dense=np.array(
        [
            [
                25.948786856663858,
                -2.5579724845846235,
                10.433815404888879,
                -2.3679251022685204,
                0.524948541321073,
                1.1241088310450404,
                0.4272876194431874,
                -0.17202221070155493,
            ],
            [
                -9.91568850695171,
                -0.9689944594115154,
                3.0438037242978453,
                -24.495224566215796,
                20.176138334709044,
                15.98066361424651,
                -6.789040303419874,
                -6.710236069923372,
            ],
            [
                11.419903575922262,
                2.8879645146136994,
                72.92137995996029,
                80.12511834622643,
                -52.072871366152654,
                -59.78993625266729,
                -0.15582684282751913,
                4.883087185713722,
            ],
        ]
    ),
)

# Tsitouras (2011), Runge-Kutta pairs of order 5(4) satisfying only the first column simplifying
# assumption, Computers & Mathematics with Applications 62:770-775,
# doi:10.1016/j.camwa.2011.06.002, table 1 and the interpolant of section 3.
TSIT5 = ExplicitTableau(
    name="tsit5",
    order=5,
    dense_order=4,
    error_order=4,
    a=_lower(
        (
            (),
            (0.161,),
            (-0.008480655492356989, 0.335480655492357),
            (2.8971530571054935, -6.359448489975075, 4.3622954328695815),
            (5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525),
            (
                5.86145544294642,
                -12.92096931784711,
                8.159367898576159,
                -0.071584973281401,
                -0.028269050394068383,
            ),
            (
                0.09646076681806523,
                0.01,
                0.4798896504144996,
                1.379008574103742,
                -3.290069515436081,
                2.324710524099774,
            ),
        )
    ),
    node=_vector(0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0),
    error_weight=_vector(
        -0.00178001105222577714,
        -0.0008164344596567469,
        0.007880878010261995,
        -0.1447110071732629,
        0.5823571654525552,
        -0.45808210592918697,
        1.0 / 66.0,
    ),
    power=np.array(
        [
            [1.0, -2.763706197274826, 2.9132554618219126, -1.0530884977290216],
            [0.0, 0.13169999999999998, -0.2234, 0.1017],
            [0.0, 3.9302962368947516, -5.941033872131505, 2.490627285651253],
            [0.0, -12.411077166933676, 30.33818863028232, -16.548102889244902],
            [0.0, 37.50931341651104, -88.1789048947664, 47.37952196281928],
            [0.0, -27.896526289197286, 65.09189467479366, -34.87065786149661],
            [0.0, 1.5, -4.0, 2.5],
        ]
    ),
)


@record
class MultistepFormulas:
    """Orders of a family of multistep formulas, whose coefficients depend on the steps taken.

    Parameters
    ----------
    name : str
    order : int
        The highest; a run begins with a one-step method and moves between the orders.
    dense_order : int
        Dense output of order k, with a local error of h^(k + 1), follows the steps.
    """

    name: str
    order: int
    dense_order: int


# See :mod:`.nordsieck`.
BDF = MultistepFormulas(name="bdf", order=5, dense_order=4)
