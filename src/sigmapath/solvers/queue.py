"""The queue of runs that several threads work through together.

Enters: a counter that they share. Leaves: a number that no other thread gets. Used by the loops.

A thread takes its next run when it has room for one, so all end at nearly the same time however
long runs take. Which thread runs what changes no result: a run depends on nothing but itself.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

__all__ = ["count_up"]


def _count_up(_typing_context: Any, counter: Any) -> Any:
    """Add 1 to ``counter[0]``, whoever does so at the same time; return what it was before.

    Parameters
    ----------
    counter : int64 array, shape (1,)
    """
    if not isinstance(counter, types.Array):
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        # Nothing but the number itself is handed from thread to thread.
        return builder.atomic_rmw("add", place, ir.Constant(ir.IntType(64), 1), "monotonic")

    return types.int64(counter), generate


count_up: Any = intrinsic(_count_up)  # type: ignore[no-untyped-call]
