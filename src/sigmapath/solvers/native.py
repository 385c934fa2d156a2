"""Call one compiled function from another by address, so that each is compiled once.

Enters: numba functions and the types of their arguments. Leaves: addresses, and calls to them.
Used by the search for steady states. numba copies every callee into its callers and optimises it
again, level by level; a search five levels deep over a step function took 50 s to compile, with
calls by address 10 s. They cost a few nanoseconds.
"""

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types
from numba.extending import intrinsic

__all__ = ["call_for_int", "native_address"]


def native_address(function: Any, *arguments: Any) -> int:
    """Compile ``function`` for these argument types, or load it from the cache; its address.

    Parameters
    ----------
    function : numba dispatcher
        Lives as long as its module, and its machine code with it.
    *arguments : numba types
        As ``numba.typeof`` gives them.
    """
    function.compile(arguments)
    compiled = function.overloads[arguments]
    return int(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))


def _call_of(result: Any) -> Any:
    """Make an intrinsic ``call(address, *arguments)`` of a function that returns ``result``."""

    @intrinsic  # type: ignore[untyped-decorator]
    def call(typing_context: Any, address: Any, *arguments: Any) -> Any:
        packed = types.StarArgTuple.from_types(arguments)  # type: ignore[no-untyped-call]

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            convention = context.call_conv
            function_type = convention.get_function_type(result, arguments)
            pointer = builder.inttoptr(values[0], function_type.as_pointer())
            # The status says whether the callee raised; these functions cannot.
            _, value = convention.call_function(
                builder,
                pointer,
                result,
                arguments,
                cgutils.unpack_tuple(builder, values[1]),  # type: ignore[no-untyped-call]
            )
            return value

        return result(types.int64, packed), generate

    return call


call_for_int = _call_of(types.int64)
