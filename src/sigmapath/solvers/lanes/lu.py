"""Print the sparse LU of one model over lanes, as straight-line LLVM IR.

Enters: an elimination program. Leaves: the text of ``factor(jac, lu, shift, sum)`` and
``solve(lu, b, z, x)``, all of them pointers to lanes. Called by :mod:`.code`. What they do is what
:mod:`sigmapath.solvers.linalg.sparse` does by walking the program, with the pivots of the program
in every lane; ``sum`` receives a number that is not zero in lanes where one was zero or not
finite. ``x`` lies state by state among the increments of all stages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers.ir import function, pointer, several
from sigmapath.solvers.linalg.chunks import factor_chunks, solve_chunks
from sigmapath.solvers.linalg.writer import Lists, Writer, lists_of
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["FACTOR", "LU_NAMES", "SOLVE", "lane_lu_text"]

LU_NAMES = ("factor", "solve")
# What both are given.
FACTOR, SOLVE = ("jac", "lu", "shift", "sum"), ("lu", "b", "z", "x")


def lane_lu_text(
    program: NDArray[np.int64], lanes: int, prefix: str, *, opaque: bool, fused: bool
) -> str:
    """Functions ``factor`` and ``solve`` of a model for several lanes.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`sigmapath.solvers.linalg.symbolic`; sparse, without full rows at the end.
    lanes : int
    prefix : str
        Put before their names.
    opaque : bool
        Whether pointers have no element type.
    fused : bool
        Whether the CPU multiplies and adds in one operation.
    """
    lists = lists_of(program)
    typed = pointer(several(lanes), opaque)

    def writer() -> Writer:
        return Writer(opaque, fused, lanes=lanes)

    texts = sorted(writer().declarations())
    parts = (("factor", FACTOR, _factors(lists, writer)), ("solve", SOLVE, _solves(lists, writer)))
    for name, arrays, chunks in parts:
        head = ", ".join(f"{typed} noalias %{array}" for array in arrays)
        n_chunk = 0
        for k, lines in enumerate(chunks):
            texts.append(function(f"internal void @{name}_{k}({head})", [*lines, "  ret void"]))
            n_chunk = k + 1
        given = ", ".join(f"{typed} %{array}" for array in arrays)
        calls = [f"  call void @{name}_{k}({given})" for k in range(n_chunk)]
        texts.append(function(f"void @{prefix}{name}({given})", [*calls, "  ret void"]))
    return "\n".join(texts)


def _factors(lists: Lists, writer: Callable[[], Writer]) -> Iterator[list[str]]:
    def begin() -> tuple[Writer, str, str]:
        write = writer()
        return write, write.load("shift", 0), write.load("sum", 0)

    for write, total in factor_chunks(lists, begin):
        write.store("sum", 0, total)
        yield write.lines


def _solves(lists: Lists, writer: Callable[[], Writer]) -> Iterator[list[str]]:
    for write, _ in solve_chunks(lists, writer, RODAS5P.n_stage):
        yield write.lines
