"""Large functions in parts: compilers take more than linear time on one long block.

Enters: a function of the block IR. Leaves: the same work as several parts and a function that calls
them in turn. Values that one part computes and another needs go through ``scratch``, an array on
the stack of the caller; loads of t, y and p are simply repeated. Called by
:mod:`sigmapath.codegen.compile`.
"""

from __future__ import annotations

from sigmapath.codegen.block import (
    BOOLEAN_RESULT,
    Assign,
    Call,
    Function,
    Load,
    Statement,
    Store,
    operands,
    results,
)

__all__ = ["in_parts"]


def in_parts(function: Function, size: int) -> tuple[Function, ...]:
    """Split a function into parts of at most ``size`` statements, plus the caller, which is last.

    Parameters
    ----------
    function : Function
        A whole function. Calls at its end stay in the caller.
    size : int
        Statements per part; a function that fits is returned as it is.
    """
    body: list[Statement] = [s for s in function.body if not isinstance(s, Call)]
    if len(body) <= size:
        return (function,)
    calls = [s for s in function.body if isinstance(s, Call)]
    chunks = [body[i : i + size] for i in range(0, len(body), size)]
    slots = _crossing(chunks)
    loads = {s.name: s for s in body if isinstance(s, Load)}
    truths = {s.name for s in body if isinstance(s, Assign) and s.op in BOOLEAN_RESULT}
    names = [f"{function.name}_part_{k}" for k in range(1, len(chunks) + 1)]
    parts = [
        Function(
            name=name,
            purpose=f"{function.purpose}, part {k} of {len(chunks)}",
            body=_part_body(chunk, slots, loads, truths),
            is_part=True,
        )
        for k, (name, chunk) in enumerate(zip(names, chunks, strict=True), 1)
    ]
    caller = Function(
        name=function.name,
        purpose=function.purpose,
        body=(*(Call(name) for name in names), *calls),
        n_scratch=max(1, len(slots)),
    )
    return (*parts, caller)


def _crossing(chunks: list[list[Statement]]) -> dict[str, int]:
    """Scratch slot of every computed value that a later chunk reads."""
    home: dict[str, int] = {}
    slots: dict[str, int] = {}
    for k, chunk in enumerate(chunks):
        for statement in chunk:
            if not isinstance(statement, Load):
                home.update(dict.fromkeys(results(statement), k))
            for name in operands(statement):
                if isinstance(name, str) and home.get(name, k) != k:
                    slots.setdefault(name, len(slots))
    return slots


def _part_body(
    chunk: list[Statement], slots: dict[str, int], loads: dict[str, Load], truths: set[str]
) -> tuple[Statement, ...]:
    known: set[str] = set()
    body: list[Statement] = []
    for statement in chunk:
        for name in operands(statement):
            if isinstance(name, str) and name not in known:
                body += _fetched(name, slots, loads, truths)
                known.add(name)
        if isinstance(statement, Load) and statement.name in known:
            continue
        kept = [name for name in results(statement) if name in slots]
        if kept and isinstance(statement, Assign):
            body.append(statement._replace(inline=False))
        else:
            body.append(statement)
        for name in kept:
            body += _kept(name, slots[name], truths)
        known.update(results(statement))
    return tuple(body)


def _fetched(
    name: str, slots: dict[str, int], loads: dict[str, Load], truths: set[str]
) -> list[Statement]:
    """Statements that bring a value of an earlier part here."""
    if name in loads:
        return [loads[name]]
    if name in truths:
        number = f"s{slots[name]}"
        return [Load(number, "scratch", slots[name]), Assign(name, "truth", (number,))]
    return [Load(name, "scratch", slots[name])]


def _kept(name: str, slot: int, truths: set[str]) -> list[Statement]:
    """Statements that keep a value for later parts."""
    if name not in truths:
        return [Store("scratch", slot, name)]
    number = f"s{slot}"
    return [Assign(number, "number", (name,)), Store("scratch", slot, number)]
