"""Print what a small model has of its own over lanes: a stage of Rodas5P, and the LU it rests on.

Enters: the elimination program and the bodies of the kernels. Leaves: the text of ``factor`` and
``solve`` as of :mod:`.lu`, and of ``stage(time, p, lu, x, added, slope, new)``, all of them
pointers to lanes: right-hand side, sums and solve of one stage in one function, so that values go
from one to the other in registers. Called by :mod:`.code`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sigmapath.kernels import Bodies
from sigmapath.solvers.ir import function, pointer, several
from sigmapath.solvers.lanes import slots
from sigmapath.solvers.lanes.lu import FACTOR, SOLVE
from sigmapath.solvers.linalg.short import factor_lines, solve_lines
from sigmapath.solvers.linalg.symbolic import HEADER
from sigmapath.solvers.linalg.writer import Writer
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["FUSED_NAMES", "fused_text"]

FUSED_NAMES = ("factor", "solve", "stage")
_STAGE = ("time", "p", "lu", "x", "added", "slope", "new")


def fused_text(
    program: NDArray[np.int64],
    bodies: Bodies,
    prefix: str,
    *,
    lanes: int,
    has_time_rate: bool,
    opaque: bool,
    fused: bool,
) -> str:
    """Functions ``factor``, ``solve`` and ``stage`` of a model.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`sigmapath.solvers.linalg.symbolic`.
    bodies : Bodies
        Of the model's kernels.
    prefix : str
        Put before their names.
    lanes : int
        Numbers in every value.
    has_time_rate : bool
        Whether the right-hand side depends on time, so that df/dt has a kernel.
    opaque : bool
        Whether pointers have no element type.
    fused : bool
        Whether the CPU multiplies and adds in one operation.
    """
    n = int(program[HEADER.index("n")])

    def writer() -> Writer:
        return Writer(opaque, fused, "w", lanes)

    factor = writer()
    check = factor_lines(program, factor.load("shift", 0), factor)
    factor.store("sum", 0, check)
    solve = writer()
    _keep(solve, "x", solve_lines(program, [solve.load("b", i) for i in range(n)], solve))
    stage = writer()
    given = {("y", i): stage.load("x", i) for i in range(n)}
    given |= {("t", 0): stage.load("time", slots.NOW)}
    body = bodies.inlined("rhs", "r", given, opaque=opaque, lanes=lanes)
    stage.lines += body.lines
    per_h, share = stage.load("time", slots.PER_H), stage.load("time", slots.SHARE)
    right = []
    for i in range(n):
        value = stage.plus_product(body.values[i], stage.load("added", i), per_h)
        if has_time_rate:
            value = stage.plus_product(value, stage.load("slope", i), share)
        right.append(value)
    _keep(stage, "new", solve_lines(program, right, stage))
    typed = pointer(several(lanes), opaque)
    texts = [*sorted(factor.declarations()), *body.declarations]
    for name, arrays, write in (
        ("factor", FACTOR, factor), ("solve", SOLVE, solve), ("stage", _STAGE, stage)
    ):  # fmt: skip
        head = ", ".join(f"{typed} noalias %{array}" for array in arrays)
        texts.append(function(f"void @{prefix}{name}({head})", [*write.lines, "  ret void"]))
    return "\n".join(texts)


def _keep(write: Writer, array: str, solution: list[str]) -> None:
    """Write increments where they lie, state by state among those of all stages."""
    for i, value in enumerate(solution):
        write.store(array, RODAS5P.n_stage * i, value)
