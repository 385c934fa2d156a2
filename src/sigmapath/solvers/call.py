"""Call a model function by its address from compiled code.

Enters: an address and four float64 arrays of the :mod:`sigmapath.kernels` signature. Leaves: what
the function wrote. Called by every solver loop. A raw pointer call is as fast as inlining and lets
the loops be compiled once per machine instead of once per model.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

__all__ = ["call_kernel"]


def _call_kernel(typing_context: Any, address: Any, t: Any, y: Any, p: Any, out: Any) -> Any:
    """Compile to ``((void (*)(double*, double*, double*, double*))address)(t, y, p, out)``.

    Parameters
    ----------
    address : int64
        Address of a function with the kernel signature; must not be 0.
    t, y, p, out : contiguous float64 arrays
        Passed as pointers to their first element; the caller keeps them alive.
    """
    arrays = (t, y, p, out)
    if not all(isinstance(array, types.Array) for array in arrays):
        return None
    signature = types.void(types.int64, *arrays)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.PointerType(ir.DoubleType())
        pointers = [
            context.make_array(array_type)(context, builder, value).data
            for array_type, value in zip(signature.args[1:], arguments[1:], strict=True)
        ]
        function_type = ir.FunctionType(ir.VoidType(), [pointer] * 4)
        function = builder.inttoptr(arguments[0], ir.PointerType(function_type))
        builder.call(function, [builder.bitcast(p, pointer) for p in pointers])
        return context.get_dummy_value()

    return signature, generate


call_kernel: Any = intrinsic(_call_kernel)  # type: ignore[no-untyped-call]
