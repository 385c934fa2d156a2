"""The arrays that a search for a steady state works in, and the moieties it holds fixed.

Enters: a worker and its conserved moieties. Leaves: :class:`Rest`, one per worker beside its
``Work``, read and written by the compiled search (:mod:`.rest_search`). Made by
:mod:`.steady_state` and by :mod:`.equilibrate`.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.solvers import layout as at
from sigmapath.solvers.layout import Rest
from sigmapath.solvers.library import rest_addresses
from sigmapath.solvers.tables import address_table

__all__ = ["Landing", "new_rest"]

# Rest.vec
(
    FLOOR,  # level below which a state counts as zero
    WEIGHT,  # |y| + floor
    GROSS,  # row scales, see newton
    RATES,  # f at the current point
    ORIGIN,  # point from which the reach is measured
    POINT,  # current Newton iterate, and the root
    STEP,  # scaled Newton step
    TRIAL,
    TRIAL_STEP,
    SPARE,
    BEGIN,  # state the search began with
    ROOT_AT,  # root under test for attraction
    LAST,  # state at the last checkpoint of the integration
    KEPT_ATOL,  # the run's tolerances, put back at the end
    HEADING,  # rate of change when the motion last turned
) = range(15)
_N_ROW = 15

# Rest.limit
TOLERANCE, NEWTON_REACH, MAX_REST_STEPS = range(3)

# Rest.result
R_METHOD, R_REASON, R_RESIDUAL, R_STEP, R_ITERATIONS, R_STEPS, R_TIME, R_SADDLE = range(8)
_N_RESULT = 8

# Rest.native: parts of the search, called by address
NATIVE = ("rest_root", "rest_approach", "rest_search")
FIND_ROOT_AT, APPROACH_AT, SEARCH_AT = range(3)


class Landing(IntEnum):
    """How one Newton search ended."""

    ROOT = 0
    FAR = 1  # the root lies beyond the reach
    STUCK = 2  # damping or iterations exhausted, or an equation without any solution
    NOT_FINITE = 3
    NEGATIVE = 4  # a root below zero in a state that promises to stay above


def new_rest(
    work: at.Work,
    moieties: NDArray[np.float64] | None = None,
    *,
    tolerance: float = 1e-9,
    newton_reach: float = 0.1,
    max_steps: int = 5000,
) -> Rest:
    """Allocate the arrays of a search; the caller keeps them and gives one set to each thread.

    Parameters
    ----------
    work : Work
        The worker that searches; its arrays must outlive these.
    moieties : ndarray, shape (n_moiety, n_state), optional
        None where nothing is conserved.
    tolerance : float
        Accepted relative size of the last Newton step and of the residual.
    newton_reach : float
        How far from the start, relatively, a root found at once may lie; inf for anywhere, 0 to
        integrate first in any case.
    max_steps : int
        Limit of integration steps per trajectory.

    Raises
    ------
    UnsupportedFeatureError
        If the model has delays.
    """
    if work.size[at.N_LAG]:
        # Rest says nothing about what a delayed value was before it.
        raise UnsupportedFeatureError(
            "delay(x, lag) in the search for a steady state",
            fix="simulate for a long time instead",
        )
    n, n_event = int(work.size[at.N]), int(work.size[at.N_EVENT])
    rows = np.zeros((0, n)) if moieties is None else moieties
    addresses = rest_addresses()
    arrays = (
        np.zeros((_N_ROW, n)),
        np.zeros((n, n)),
        np.ascontiguousarray(rows, dtype=np.float64),
        np.zeros((rows.shape[0] + n, n)),
        np.zeros(rows.shape[0] + n),
        np.full(n, -1, dtype=np.int64),
        np.zeros((3, n), dtype=np.int64),
        np.zeros((2, n_event)),
        np.array([tolerance, newton_reach, float(max_steps)]),
        np.zeros(_N_RESULT),
        np.array([addresses[name] for name in NATIVE], dtype=np.int64),
        work.table,
    )
    return Rest._make((*arrays, address_table(Rest, arrays)))
