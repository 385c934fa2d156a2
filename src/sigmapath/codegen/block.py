"""Block IR: straight-line scalar code, the waist between mathematics and the two targets.

Enters: statements chosen by :mod:`sigmapath.codegen.assemble`. Leaves: functions that
:mod:`sigmapath.codegen.printer_numba` and :mod:`sigmapath.codegen.printer_llvm` print, each in its
own language, without deciding anything about content.

Every value is a local name, defined once and before its use, or a number. A name holds a float64,
or one bit when its operation is in :data:`BOOLEAN_RESULT`. ``str(function)`` is the readable form.
"""

from __future__ import annotations

from typing import NamedTuple

from sigmapath.record import record

__all__ = [
    "ARRAYS",
    "BOOLEAN_RESULT",
    "OPERATIONS",
    "Assign",
    "Bundle",
    "Call",
    "Function",
    "Load",
    "Operand",
    "Statement",
    "Store",
    "operands",
    "results",
]

# The arrays of the kernel signature, in its order, and the scratch array that the parts of a
# function share.
ARRAYS = ("t", "y", "p", "out", "scratch")

# operation -> number of arguments. Semantics are those of IEEE 754 and of C's <math.h>;
# minimum and maximum hand NaN on; select(condition, a, b); truth(x) is x != 0.
OPERATIONS: dict[str, int] = {
    **dict.fromkeys(("add", "sub", "mul", "div", "pow", "fmod", "minimum", "maximum"), 2),
    **dict.fromkeys(("neg", "abs", "sqrt", "exp", "log", "log10", "tgamma"), 1),
    **dict.fromkeys(("floor", "ceil", "trunc"), 1),
    **dict.fromkeys(("sin", "cos", "tan", "asin", "acos", "atan"), 1),
    **dict.fromkeys(("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"), 1),
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor"), 2),
    **dict.fromkeys(("not", "truth", "number"), 1),
    "select": 3,
}

BOOLEAN_RESULT = frozenset(("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not", "truth"))

Operand = str | float


# Statements are made by the ten thousand: NamedTuples are built four times faster than frozen
# dataclasses and are just as immutable.
class Load(NamedTuple):
    """``name = array[slot]``."""

    name: str
    array: str
    slot: int
    comment: str = ""

    def __str__(self) -> str:
        return f"{self.name} = {self.array}[{self.slot}]"


class Assign(NamedTuple):
    """``name = op(args)``; ``inline`` tells that it has one use and no name of its own."""

    name: str
    op: str
    args: tuple[Operand, ...]
    inline: bool = False
    comment: str = ""

    def __str__(self) -> str:
        return f"{self.name} = {self.op}({', '.join(map(str, self.args))})"


class Store(NamedTuple):
    """``array[slot] = value``."""

    array: str
    slot: int
    value: Operand
    comment: str = ""

    def __str__(self) -> str:
        return f"{self.array}[{self.slot}] = {self.value}"


class Call(NamedTuple):
    """Call a function of the same program; ``derive`` gets p as its out."""

    function: str

    def __str__(self) -> str:
        return f"call {self.function}"


class Bundle(NamedTuple):
    """``names = op(args)`` for several values at once; made for machine code alone.

    ``args`` holds, for each argument of the operation, one operand per lane; where there are more
    lanes than names, the last ones are padding.
    """

    names: tuple[str, ...]
    op: str
    args: tuple[tuple[Operand, ...], ...]

    def __str__(self) -> str:
        given = ", ".join("[" + ", ".join(map(str, lanes)) + "]" for lanes in self.args)
        return f"{', '.join(self.names)} = {self.op}({given})"


Statement = Load | Assign | Store | Call | Bundle


@record
class Function:
    """A function with the kernel signature, or a part of one.

    Parameters
    ----------
    name : str
        A plain identifier.
    purpose : str
        One line for the reader.
    body : tuple of Statement
    n_scratch : int
        Values that the parts called from here hand to each other; 0 where there are none.
    is_part : bool
        Whether this is a part: it takes ``scratch`` as fifth array and is not exported.
    """

    name: str
    purpose: str
    body: tuple[Statement, ...]
    n_scratch: int = 0
    is_part: bool = False

    def __str__(self) -> str:
        lines = [f"{'part' if self.is_part else 'function'} {self.name}: {self.purpose}"]
        lines += [f"    {statement}" for statement in self.body]
        return "\n".join(lines)


def operands(statement: Statement) -> tuple[Operand, ...]:
    """Names and numbers that a statement reads."""
    if isinstance(statement, Assign):
        return statement.args
    if isinstance(statement, Bundle):
        return tuple([operand for lanes in statement.args for operand in lanes])
    return (statement.value,) if isinstance(statement, Store) else ()


def results(statement: Statement) -> tuple[str, ...]:
    """Names that a statement defines."""
    if isinstance(statement, Bundle):
        return statement.names
    return (statement.name,) if isinstance(statement, (Load, Assign)) else ()
