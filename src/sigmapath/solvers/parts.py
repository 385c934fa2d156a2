"""Parts of the loop compiled on their own and called by address: steps and readouts.

Enters: nothing. Leaves: addresses of machine code. Called when a worker is made; the loop calls
the parts through :func:`.work.call_part`.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import types
from numpy.typing import NDArray

from sigmapath.solvers import layout as at
from sigmapath.solvers.compiled import callback
from sigmapath.solvers.consistent import make_consistent
from sigmapath.solvers.erk import explicit_step
from sigmapath.solvers.history import longest_step, mark, remember_step, write_delayed
from sigmapath.solvers.linalg.sparse import assemble, factor, solve
from sigmapath.solvers.reducers import reduce_point, reduce_step
from sigmapath.solvers.rosenbrock import rosenbrock_step
from sigmapath.solvers.work import work_from

__all__ = ["part_addresses"]

_SIGNATURE = types.float64(types.int64, types.float64, types.float64)


def _rodas5p(table: Any, t: Any, h: Any) -> Any:
    return rosenbrock_step(work_from(table), t, h)


def _tsit5(table: Any, t: Any, h: Any) -> Any:
    return explicit_step(work_from(table), t, h)


def _readouts(table: Any, t: Any, is_point: Any) -> Any:
    work = work_from(table)
    if is_point == 0.0:
        reduce_step(work, t)
    else:
        reduce_point(work, t)
    return 0.0


def _factor(table: Any, shift: Any, _unused: Any) -> Any:
    """Set up and factor shift M - J; 0 when singular."""
    work = work_from(table)
    mask, is_masked = work.vec[at.MASK], work.flag[at.MASKED] != 0
    assemble(work.program, work.jac, work.vec[at.MASS], mask, is_masked, shift, work.lu)
    return 1.0 if factor(work.program, work.lu) else 0.0


def _solve(table: Any, stage: Any, _unused: Any) -> Any:
    """Solve for the stage of this number from row RIGHT."""
    work = work_from(table)
    vec = work.vec
    solve(work.program, work.lu, vec[at.RIGHT], vec[at.K + int(stage)], vec[at.SCRATCH])
    return 0.0


def _consistent(table: Any, t: Any, _unused: Any) -> Any:
    """Make row Y consistent at t; a status code."""
    return float(make_consistent(work_from(table), t))


def _delays(table: Any, t: Any, what: Any) -> Any:
    """Do one of the things that delays need; the longest step, or 0."""
    work = work_from(table)
    if what == at.WRITE_DELAYED:
        write_delayed(work, t)
    elif what == at.REMEMBER_STEP:
        remember_step(work, t)
    elif what == at.MARK_LEFT:
        mark(work, t)
    else:
        return longest_step(work)
    return 0.0


# In the order of the slots of ``Work.part``.
_PARTS = {
    "rodas5p": _rodas5p,
    "tsit5": _tsit5,
    "readouts": _readouts,
    "factor": _factor,
    "solve": _solve,
    "consistent": _consistent,
    "delays": _delays,
}


@cache
def _part(name: str) -> Any:
    """Compile one part, or load it from numba's cache; kept alive for the process."""
    return callback(_SIGNATURE, _PARTS[name])


def part_addresses(*, must_settle: bool = False, has_lags: bool = False) -> NDArray[np.int64]:
    """Addresses of the parts, ``double part(int64 table, double, double)``, shape (N_PART,).

    Parameters
    ----------
    must_settle, has_lags : bool
        Whether states have to be made consistent, and whether there are delays; otherwise these
        parts are not compiled.
    """
    left_out = {"consistent"} if not must_settle else set()
    left_out |= {"delays"} if not has_lags else set()
    return np.array(
        [0 if name in left_out else _part(name).address for name in _PARTS], dtype=np.int64
    )
