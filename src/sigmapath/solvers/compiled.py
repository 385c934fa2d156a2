"""How every function of the loop is compiled: once per machine, without the interpreter's lock.

Enters: nothing. Leaves: decorators. Used by every compiled module of this package.

Compiled code here allocates nothing and owns nothing: the caller keeps all arrays alive. So
numba's reference counting is switched off; it would spend half the time of a step, and half the
compile time, on counting references to the arrays of a worker. Functions under these decorators
may index, slice and pass arrays on, but not create any.

What Python calls itself is ``kept`` by numba's own cache. numba looks at the time and size of one
file only: a function that was changed in another file, or by an installation that gives all files
one time, would be run in its old form. So the cache lies in a folder named after the text of all
files, see :func:`.library.solver_digest`.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba import cfunc, config, njit, types

from sigmapath.cache_folder import make_room, private_folder
from sigmapath.machine.cpu import settle_numba
from sigmapath.machine.digest import key
from sigmapath.machine.llvm import host_target
from sigmapath.solvers.library import solver_digest
from sigmapath.solvers.notice import announce_compilation

__all__ = ["compiled", "inlined", "kept", "kept_part", "summed"]

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
# Versions whose code is kept side by side.
_MOST_FOLDERS = 6

settle_numba()

# For functions that are called.
compiled = cast(Callable[[Function], Function], njit(**_OPTIONS))
# For small functions of the inner loop, whose arguments would cost more than their work.
inlined = cast(Callable[[Function], Function], njit(**_OPTIONS, forceinline=True))

# For sums over many terms: their order is left to the compiler, which needs that for vector units.
# The same machine code gives the same sum.
summed = cast(
    Callable[[Function], Function],
    njit(**_OPTIONS, forceinline=True, fastmath={"reassoc", "nsz"}),
)


def kept(function: Function) -> Function:
    """For functions that Python calls: compiled once per machine, unless nothing can be kept."""
    return cast(Function, _kept(lambda **cache: njit(**_OPTIONS, **cache)(function)))


def kept_part(function: Function) -> Any:
    """For functions ``double part(int64 table, double, double)`` that a few models need."""
    signature = types.float64(types.int64, types.float64, types.float64)
    options = {"nopython": True, "error_model": "numpy", "_nrt": False}
    return _kept(lambda **cache: cfunc(signature, **options, **cache)(function))  # type: ignore[arg-type]


def _kept(decorate: Callable[..., Any]) -> Any:
    announce_compilation()
    folder = _folder()
    if folder is None:
        return decorate()
    before = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    try:
        return decorate(cache=True)
    except RuntimeError:
        # No place to write to after all.
        return decorate()
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]


@cache
def _folder() -> Path | None:
    """Where numba keeps the code of this very version of the solvers; None for nowhere."""
    base = private_folder("solvers")
    if base is None:
        return None
    state = key(solver_digest(), sys.version, numba.__version__, host_target())
    folder = base / state[:32]
    if not folder.is_dir():
        make_room(base, _MOST_FOLDERS)
        with contextlib.suppress(OSError):
            folder.mkdir(mode=0o700)
    return folder if folder.is_dir() else None
