"""How every function of the loop is compiled: once per machine, without the interpreter's lock.

Enters: nothing. Leaves: two decorators. Used by every compiled module of this package.

Compiled code here allocates nothing and owns nothing: the caller keeps all arrays alive. So
numba's reference counting is switched off; it would spend half the time of a step, and half the
compile time, on counting references to the arrays of a worker. Functions under these decorators
may index, slice and pass arrays on, but not create any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

__all__ = ["compiled", "inlined"]

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "cache": True,
    "error_model": "numpy",
    "_nrt": False,
}

# For functions that are called.
compiled = cast(Callable[[Function], Function], njit(**_OPTIONS))
# For small functions of the inner loop, whose arguments would cost more than their work.
inlined = cast(Callable[[Function], Function], njit(**_OPTIONS, forceinline=True))
