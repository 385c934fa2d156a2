"""What generated numba source imports: operations that Python and <math.h> spell differently.

Imported by generated modules only; importing it imports numba.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba import cfunc, njit, types
from numba.extending import intrinsic

__all__ = ["gamma", "kernel", "maximum", "minimum", "part", "routine", "stack_array"]

_ARRAY: Any = types.CPointer(types.float64)  # type: ignore[no-untyped-call]
_KERNEL = types.void(_ARRAY, _ARRAY, _ARRAY, _ARRAY)
_PART = types.void(_ARRAY, _ARRAY, _ARRAY, _ARRAY, _ARRAY)

# numpy's error model: division by zero gives an infinity, nothing raises. fastmath stays off, so
# that both backends and every machine compute the same thing.
_OPTIONS: dict[str, Any] = {"cache": True, "error_model": "numpy"}
kernel = cfunc(_KERNEL, **_OPTIONS)
routine = njit(_KERNEL, nogil=True, **_OPTIONS)
part = njit(_PART, nogil=True, **_OPTIONS)


@njit(error_model="numpy", nogil=True)  # type: ignore[untyped-decorator]
def minimum(a: float, b: float) -> float:
    """Smaller of two numbers, NaN if either is NaN."""
    return a if a < b or a != a else b


@njit(error_model="numpy", nogil=True)  # type: ignore[untyped-decorator]
def maximum(a: float, b: float) -> float:
    """Greater of two numbers, NaN if either is NaN."""
    return a if a > b or a != a else b


@njit(error_model="numpy", nogil=True)  # type: ignore[untyped-decorator]
def gamma(x: float) -> float:
    """The gamma function as <math.h> has it."""
    return math.gamma(x)


@intrinsic  # type: ignore[untyped-decorator]
def stack_array(typing_context: Any, size: Any) -> Any:
    """Room for ``size`` doubles (a literal) on the stack of the calling function."""
    if not isinstance(size, types.IntegerLiteral):
        return None
    count = size.literal_value

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        room = ir.Constant(ir.IntType(64), count)
        # In the entry block: room taken inside a loop would pile up.
        with builder.goto_entry_block():
            return builder.alloca(ir.DoubleType(), size=room)

    return _ARRAY(size), generate
