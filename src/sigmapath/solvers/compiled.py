"""How every function of the loop is compiled: once per machine, without the interpreter's lock.

Enters: nothing. Leaves: two decorators. Used by every compiled module of this package.

Compiled code here allocates nothing and owns nothing: the caller keeps all arrays alive. So
numba's reference counting is switched off; it would spend half the time of a step, and half the
compile time, on counting references to the arrays of a worker. Functions under these decorators
may index, slice and pass arrays on, but not create any.

Machine code is cached in a folder of its own for every state of the source. numba itself looks only
at the date and size of one file, so a changed callee in another file, or an upgrade whose files
carry the same date, would otherwise run old code.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from sigmapath.cache_folder import make_room, private_folder

__all__ = ["callback", "compiled", "inlined"]

Function = TypeVar("Function", bound=Callable[..., Any])

# States of the source whose machine code is kept: enough for a few installations side by side.
_MOST_STATES = 8


def _source_digest() -> str:
    """Content hash of everything that compiled code of this package rests on."""
    package = Path(__file__).parent
    files = sorted(package.rglob("*.py")) + sorted(package.parent.glob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.relative_to(package.parent).as_posix().encode() + b"\0")
        digest.update(file.read_bytes() + b"\0")
    for part in (sys.version, version("numba"), version("llvmlite"), version("numpy")):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:24]


def _cache_folder() -> Path | None:
    """Folder for the machine code of this state of the source; None where nothing may be kept."""
    solvers = private_folder("solvers")
    if solvers is None:
        return None
    folder = solvers / _source_digest()
    if not folder.is_dir():
        make_room(solvers, _MOST_STATES)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            pass
        except OSError:
            return None
    return folder


_FOLDER = _cache_folder()
_OPTIONS: dict[str, Any] = {
    "cache": _FOLDER is not None,
    "error_model": "numpy",
    "_nrt": False,
}


@contextmanager
def _caching() -> Iterator[None]:
    """Have numba cache what is decorated inside in the folder of this state of the source.

    numba settles where it caches a function when it is decorated, by this setting.
    """
    before = numba.config.CACHE_DIR
    if _FOLDER is not None:
        numba.config.CACHE_DIR = str(_FOLDER)
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


def _decorator(**options: Any) -> Callable[[Function], Function]:
    """Return a decorator that compiles on first call."""

    def decorate(function: Function) -> Function:
        with _caching():
            return cast(Function, numba.njit(**_OPTIONS, nogil=True, **options)(function))

    return decorate


def callback(signature: Any, function: Callable[..., Any]) -> Any:
    """Compile a function that is called by its address; the result must be kept alive."""
    with _caching():
        return numba.cfunc(signature, nopython=True, **_OPTIONS)(function)


# For functions that are called.
compiled: Callable[[Function], Function] = _decorator()
# For small functions of the inner loop, whose arguments would cost more than their work.
inlined: Callable[[Function], Function] = _decorator(forceinline=True)
