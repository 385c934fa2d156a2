"""Random draws of a run: made where events fire and are carried out, and before the start.

Enters: a worker whose ``part`` array carries a draw block (:func:`draw_block`). Leaves: new numbers
in p. Called by the event machinery of every loop through the address in the block, and once per
chunk for the draws of initial assignments. Models without draws have no block and compile nothing
of this.

Every number is a function of the seed, the run's stream (replicate, point), and how many draws the
run has made (:mod:`.philox`), so it does not depend on threads or on how runs are grouped.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers import layout as at
from sigmapath.solvers.call import call_kernel
from sigmapath.solvers.compiled import compiled, kept, kept_part
from sigmapath.solvers.distributions import value_at
from sigmapath.solvers.jumps import derive
from sigmapath.solvers.philox import uniform_pair
from sigmapath.solvers.work import work_at, work_from

__all__ = ["DOMAIN_FIRING", "draw_block", "draw_starts"]

N_PART, NOW, Y, A_INITIAL = at.N_PART, at.NOW, at.Y, at.A_INITIAL

# What random numbers are for, so that no two uses share a counter; in the top bits of a word.
DOMAIN_FIRING, DOMAIN_EVENT, DOMAIN_START = 0, 1 << 24, 2 << 24

# The block behind the parts: address of the part, address of the arguments, number of draws, seed,
# place of the arguments in p, places in p of replicate, point and count; then rows of
# (owner, distribution, number of arguments, first argument, place in p).
_ADDRESS, _ARGS, _N, _SEED, _ARGS_AT, _REPLICATE, _POINT, _COUNT, _HEAD = range(9)
_OWNER, _CODE, _N_ARGS, _FIRST, _PLACE, _ROW = range(6)


@compiled
def _draw(work: Any, k: Any, t: Any, count: Any, domain: Any) -> bool:
    """Write the number of draw k into p; False if its arguments make no sense."""
    block = work.part[N_PART:]
    row = block[_HEAD + _ROW * k : _HEAD + _ROW * (k + 1)]
    arguments = work.p[block[_ARGS_AT] :]
    work.clock[NOW] = t
    call_kernel(block[_ARGS], work.clock, work.vec[Y], work.p, arguments)
    u, _ = uniform_pair(
        count,
        k,
        np.int64(work.p[block[_REPLICATE]]),
        np.int64(work.p[block[_POINT]]) + domain,
        block[_SEED],
    )
    value = value_at(u, row[_CODE], row[_N_ARGS], arguments[row[_FIRST] :])
    work.p[row[_PLACE]] = value
    derive(work, t)
    is_number: bool = value == value
    return is_number


@compiled
def _redraw(work: Any, t: Any, owner: Any) -> bool:
    """Draw anew all numbers of one event."""
    block = work.part[N_PART:]
    for k in range(block[_N]):
        if block[_HEAD + _ROW * k + _OWNER] == owner:
            count = work.p[block[_COUNT]]
            work.p[block[_COUNT]] = count + 1.0
            if not _draw(work, k, t, np.int64(count), DOMAIN_EVENT):
                return False
    return True


def _part(table: Any, t: Any, owner: Any) -> Any:
    return 0.0 if _redraw(work_from(table), t, int(owner)) else 1.0


@cache
def _compiled_part() -> Any:
    """The part as machine code; kept alive for the process."""
    return kept_part(_part)


@kept
def draw_starts(table: Any, starts: Any, n_rounds: Any, is_drawn: Any) -> None:
    """Draw the numbers of initial assignments into the start values of each run, in place.

    A draw may rest on start values that hold other draws, so all are drawn again with the same
    random numbers until the last in the chain has seen the others: ``n_rounds`` times.

    Parameters
    ----------
    table : ndarray of int64
        Address table of a worker with a draw block.
    starts : ndarray, shape (n_run, n_start)
    n_rounds : int
        Number of such draws.
    is_drawn : ndarray of int64, shape (n_run,)
        Written: 0 where arguments made no sense.
    """
    work = work_at(table)
    block = work.part[N_PART:]
    for run in range(starts.shape[0]):
        for _ in range(n_rounds):
            is_drawn[run] = 1
            for j in range(starts.shape[1]):
                work.q[j] = starts[run, j]
            work.clock[NOW] = 0.0
            call_kernel(work.address[A_INITIAL], work.clock, work.q, work.p, work.vec[Y])
            derive(work, 0.0)
            for k in range(block[_N]):
                if block[_HEAD + _ROW * k + _OWNER] < 0:
                    if not _draw(work, k, 0.0, 0, DOMAIN_START):
                        is_drawn[run] = 0
                    place = block[_HEAD + _ROW * k + _PLACE]
                    starts[run, place] = work.p[place]


def draw_block(
    arguments_address: int,
    rows: NDArray[np.int64],
    *,
    seed: int,
    arguments_at: int,
    replicate: int,
    point: int,
    count: int,
) -> NDArray[np.int64]:
    """Return the block that makes a worker draw.

    Parameters
    ----------
    arguments_address : int
        Kernel that writes the arguments of all draws, one after another.
    rows : ndarray of int64, shape (n_draw, 5)
        Owner (event, -1 for the start), distribution, number of arguments, place of the first
        argument among all, place of the number in p; a draw uses earlier ones only.
    seed : int
    arguments_at : int
        Where in p there is room for the arguments.
    replicate, point, count : int
        Places in p that tell runs apart, and where draws are counted.
    """
    head = np.zeros(_HEAD, dtype=np.int64)
    head[_ADDRESS] = _compiled_part().address
    head[_ARGS] = arguments_address
    head[_N] = len(rows)
    head[_SEED] = seed
    head[_ARGS_AT] = arguments_at
    head[_REPLICATE], head[_POINT], head[_COUNT] = replicate, point, count
    return np.concatenate([head, rows.reshape(-1)])
