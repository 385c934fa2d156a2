"""The functions that are compiled on their own and called by address: the loop and its parts.

Enters: nothing. Leaves: LLVM IR that needs nothing of numba any more. Called by :mod:`.library`
where the machine code is not there yet.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from numba import cfunc, types

from sigmapath.solvers import layout as at
from sigmapath.solvers.bdf import bdf_advance
from sigmapath.solvers.consistent import make_consistent
from sigmapath.solvers.drive import run_chunk
from sigmapath.solvers.erk import explicit_step
from sigmapath.solvers.history import longest_step, mark, remember_step, write_delayed
from sigmapath.solvers.lanes.drive import run_lanes
from sigmapath.solvers.linalg.sparse import assemble, factor, factor_tail, solve, solve_tail
from sigmapath.solvers.reducers import reduce_point, reduce_step
from sigmapath.solvers.rest_search import REST_PARTS
from sigmapath.solvers.rosenbrock import rosenbrock_step
from sigmapath.solvers.work import chunk_from, lanes_at, work_from

__all__ = ["part_texts"]

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


def _tail(table: Any, is_solve: Any, _unused: Any) -> Any:
    """Factor the full rows at the end, or solve with them; 0 when singular."""
    work = work_from(table)
    if is_solve == 0.0:
        return 1.0 if factor_tail(work.program, work.lu) else 0.0
    solve_tail(work.program, work.lu, work.vec[at.SCRATCH])
    return 1.0


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


def _bdf(table: Any, t: Any, t_stop: Any) -> Any:
    """Take one accepted step of the multistep method; see :func:`.bdf.bdf_advance`."""
    return bdf_advance(work_from(table), t, t_stop)


def _drive(chunk: Any, _unused: Any, _unused_too: Any) -> Any:
    """The loop; returns how many runs it has run."""
    return float(run_chunk(chunk_from(chunk)))


def _lanes(chunk: Any, is_last: Any, _unused: Any) -> Any:
    """The loop over lanes, whose table stands in the place of the worker's."""
    given = chunk_from(chunk)
    return float(run_lanes(lanes_at(given.work), given, chunk, is_last != 0.0))


_PARTS = {
    "rodas5p": _rodas5p,
    "tsit5": _tsit5,
    "readouts": _readouts,
    "factor": _factor,
    "solve": _solve,
    "drive": _drive,
    "tail": _tail,
    "consistent": _consistent,
    "delays": _delays,
    "lanes": _lanes,
    "bdf": _bdf,
    **REST_PARTS,
}
_OPTIONS: dict[str, Any] = {"nopython": True, "error_model": "numpy", "_nrt": False}
_compile: Any = cfunc
_OUTSIDE = re.compile(r"^(?:declare [^@\n]*|)@([\w.]+)(?:\(| = external )", re.MULTILINE)


def part_texts(names: Sequence[str], outside: str, prefix: str) -> tuple[list[str], list[str]]:
    """Compile parts to optimised LLVM IR.

    Parameters
    ----------
    names : sequence of str
        Which parts, see :data:`.library.PARTS`.
    outside : str
        Put before the names of functions and data of the process, which the caller provides.
    prefix : str
        Put before the names of the parts.

    Returns
    -------
    texts, needed : list of str
        One module per part; outside names, without ``outside``.
    """
    texts, needed = [], set()
    for name in names:
        made = _compile(_SIGNATURE, **_OPTIONS)(_PARTS[name])
        text = made._library.get_llvm_str()
        found = {found for found in _OUTSIDE.findall(text) if not found.startswith("llvm.")}
        for symbol in sorted(found):
            text = re.sub(rf"@{re.escape(symbol)}(?![\w.$])", f"@{outside}{symbol}", text)
        texts.append(text.replace(f"@{made.native_name}(", f"@{prefix}{name}("))
        needed |= found
    return texts, sorted(needed)
