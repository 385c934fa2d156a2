"""Print the sparse LU of one model as straight-line LLVM IR.

Enters: the elimination program of :mod:`.symbolic`. Leaves: the text of two parts, ``factor`` and
``solve``, that do what :mod:`.sparse` does by walking the program. Called by
:mod:`sigmapath.solvers.own_code`. The full rows at the end are left to :mod:`.sparse`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers import layout as at
from sigmapath.solvers.ir import (
    PART_ARGUMENTS,
    element,
    fetch,
    function,
    part,
    pointer,
    row,
)
from sigmapath.solvers.linalg.chunks import factor_chunks, solve_chunks
from sigmapath.solvers.linalg.symbolic import DENSE, HEADER
from sigmapath.solvers.linalg.writer import Lists, Writer, lists_of

__all__ = ["is_short_lu", "is_unrollable", "lu_text"]

# Multiply-subtracts beyond which looking things up costs less than fetching the code.
_MOST_UPDATES = 40_000
# Multiply-subtracts of a factorisation and a solve up to which the better tier of the compiler, ten
# times as slow, takes less than half a second; its code is a fifth faster.
_MOST_IN_SHORT = 6_000


def is_unrollable(program: NDArray[np.int64]) -> bool:
    """Whether a model gains from an LU of its own; otherwise the program is better walked."""
    n_update, n = program[HEADER.index("n_update")], program[HEADER.index("n")]
    return bool(program[0] != DENSE and n > 0 and n_update <= _MOST_UPDATES)


def is_short_lu(program: NDArray[np.int64]) -> bool:
    """Whether the LU is short enough for the better tier of the compiler."""
    work = program[HEADER.index("n_update")] + program[HEADER.index("n_lu")]
    return bool(work <= _MOST_IN_SHORT)


def lu_text(program: NDArray[np.int64], prefix: str, *, opaque: bool, fused: bool) -> str:
    """Functions ``factor`` and ``solve`` of a model.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`.symbolic`.
    prefix : str
        Put before their names.
    opaque : bool
        Whether pointers have no element type.
    fused : bool
        Whether the CPU multiplies and adds in one operation: half the wait in a chain of them.
    """
    lists = lists_of(program)
    # The quick tier of the compiler is slow with intrinsics, and so is what it makes of them.
    fused = fused and is_short_lu(program)

    def writer() -> Writer:
        return Writer(opaque, fused)

    factors = list(factor_chunks(lists, lambda: (writer(), "%shift", "%sum")))
    solves = list(solve_chunks(lists, writer))
    real = pointer("double", opaque)
    texts = sorted(writer().declarations())
    for k, (write, total) in enumerate(factors):
        arguments = f"{real} noalias %jac, {real} noalias %lu, double %shift, double %sum"
        body = [*write.lines, f"  ret double {total}"]
        texts.append(function(f"internal double @factor_{k}({arguments})", body))
    for k, (write, _) in enumerate(solves):
        arguments = ", ".join(f"{real} noalias %{name}" for name in ("lu", "b", "z", "x"))
        body = [*write.lines, "  ret void"]
        texts.append(function(f"internal void @solve_{k}({arguments})", body))
    body = _factor_body(lists, len(factors), opaque)
    texts.append(function(f"double @{prefix}factor{PART_ARGUMENTS}", body))
    body = _solve_body(lists, [is_forward for _, is_forward in solves], opaque)
    texts.append(function(f"double @{prefix}solve{PART_ARGUMENTS}", body))
    return "\n".join(texts)


def _factor_body(lists: Lists, n_chunk: int, opaque: bool) -> list[str]:
    real = pointer("double", opaque)
    lines = fetch("flag", "flag", opaque, "i64") + fetch("part", "part", opaque, "i64")
    lines += [
        *element("flag", at.MASKED, "masked", opaque),
        "  %is.masked = icmp ne i64 %masked, 0",
        "  br i1 %is.masked, label %held, label %free",
        "held:",
        *part(at.PART_TABLE_FACTOR, "double %a, double 0.0", opaque, "walked"),
        "  ret double %walked",
        "free:",
        *fetch("jac", "jac", opaque),
        *fetch("lu", "lu", opaque),
    ]
    total = "0.0"
    for k in range(n_chunk):
        given = f"{real} %jac, {real} %lu, double %a, double {total}"
        lines.append(f"  %sum{k} = call double @factor_{k}({given})")
        total = f"%sum{k}"
    lines += [f"  %ok = fcmp oeq double {total}, 0.0", "  %result = uitofp i1 %ok to double"]
    if lists.tail == lists.n:
        return [*lines, "  ret double %result"]
    return [
        *lines,
        *part(at.PART_TAIL, "double 0.0, double 0.0", opaque, "tail"),
        "  %both = fmul double %tail, %result",
        "  ret double %both",
    ]


def _solve_body(lists: Lists, directions: list[bool], opaque: bool) -> list[str]:
    real, n = pointer("double", opaque), lists.n
    lines = fetch("lu", "lu", opaque) + fetch("vec", "vec", opaque)
    lines += fetch("part", "part", opaque, "i64")
    lines += [
        row("right", at.RIGHT, n, opaque),
        row("z", at.SCRATCH, n, opaque),
        row("first", at.K, n, opaque),
        "  %stage = fptosi double %a to i64",
        f"  %offset = mul i64 %stage, {n}",
        f"  %x = getelementptr inbounds double, {real} %first, i64 %offset",
    ]
    given = ", ".join(f"{real} %{name}" for name in ("lu", "right", "z", "x"))
    is_tail_done = lists.tail == n
    for k, is_forward in enumerate(directions):
        if not is_forward and not is_tail_done:
            lines += part(at.PART_TAIL, "double 1.0, double 0.0", opaque, "tail")
            is_tail_done = True
        lines.append(f"  call void @solve_{k}({given})")
    return [*lines, "  ret double 0.0"]
