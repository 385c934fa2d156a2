"""How fast this CPU can do the arithmetic of a kernel: operations counted, rates measured.

Enters: block IR of kernels, an elimination program. Leaves: operations by kind, and the time that
they would take if nothing but arithmetic cost anything. Called by :mod:`benchmarks.limit`.

Rates are measured with straight-line code of the same printer: twelve independent chains of one
operation, one value per register, which is as much as scalar code can do side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np

from benchmarks.native import Repeated

__all__ = ["bound", "factor_operations", "operations", "solve_operations"]

_CHAINS, _LENGTH = 12, 40
# Everything that one addition's slot can do; the rest has a rate of its own.
_PLAIN = frozenset(
    ("add", "sub", "mul", "neg", "abs", "minimum", "maximum", "select", "number", "truth")
    + ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not")
)
_FREE = 1e-30


def operations(function: Any) -> Counter[str]:
    """Operations of one call of a block IR function, by kind; plain ones are counted together."""
    from sigmapath.codegen.block import Assign

    ops = [one.op for one in function.body if isinstance(one, Assign)]
    return Counter("plain" if op in _PLAIN else op for op in ops)


def factor_operations(program: np.ndarray[Any, Any]) -> Counter[str]:
    """Multiply-subtracts, divisions and multiplications of one elimination."""
    head = _head(program)
    n = head["n"]
    if head["kind"] == 1:
        return Counter(plain=2 * n**3 // 3, div=n)
    n_lower = _n_lower(program, head)
    tail = n - head["tail"]
    return Counter(plain=2 * head["n_update"] + n_lower + 2 * tail**3 // 3, div=n)


def solve_operations(program: np.ndarray[Any, Any]) -> Counter[str]:
    """Multiply-subtracts of the two triangular systems."""
    head = _head(program)
    n = head["n"]
    return Counter(plain=2 * (n * n if head["kind"] == 1 else head["n_lu"]))


def _head(program: np.ndarray[Any, Any]) -> dict[str, int]:
    from sigmapath.solvers.linalg.symbolic import HEADER

    return dict(zip(HEADER, program[: len(HEADER)].tolist(), strict=True))


def _n_lower(program: np.ndarray[Any, Any], head: dict[str, int]) -> int:
    n = head["n"]
    rows = program[head["row"] : head["row"] + n + 1]
    return int((program[head["diagonal"] : head["diagonal"] + n] - rows[:-1]).sum())


def bound(counts: Iterable[tuple[Counter[str], int]]) -> float:
    """Seconds that operations take at the measured rates; (operations per call, calls) pairs."""
    return sum(
        calls * sum(number * _seconds_each(op) for op, number in found.items())
        for found, calls in counts
    )


@cache
def _seconds_each(op: str) -> float:
    """Time of one operation where many independent ones are to be done [s]."""
    from sigmapath.codegen.block import OPERATIONS, Assign, Function, Load, Store

    name = "mul" if op == "plain" else op
    values = [f"x{k}" for k in range(_CHAINS)]
    body: list[Any] = [Load(value, "y", k) for k, value in enumerate(values)]
    for step in range(_LENGTH):
        for k in range(_CHAINS):
            # Multiplications and additions in turn, as kernels have them.
            chosen = ("mul", "add")[step % 2] if op == "plain" else name
            new = f"v{step}_{k}"
            others = (0.999,) * (OPERATIONS[chosen] - 1)
            body.append(Assign(new, chosen, (values[k], *others)))
            values[k] = new
    body += [Store("out", k, value) for k, value in enumerate(values)]
    work = Function(name="work", purpose="many operations", body=tuple(body))
    idle = Function(
        name="work",
        purpose="none",
        body=(
            *[Load(f"x{k}", "y", k) for k in range(_CHAINS)],
            *[Store("out", k, f"x{k}") for k in range(_CHAINS)],
        ),
    )
    y, out = np.linspace(1.1, 1.9, _CHAINS), np.zeros(_CHAINS)
    elapsed = [
        Repeated.of_function(function).seconds(np.zeros(1), y, np.zeros(1), out)
        for function in (work, idle)
    ]
    return max(elapsed[0] - elapsed[1], _FREE) / (_CHAINS * _LENGTH)
