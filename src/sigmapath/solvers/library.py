"""The machine code of the solvers: made once per machine, then loaded without numba.

Enters: names of parts, see :mod:`.parts`. Leaves: their addresses. Called when a worker is made.

numba compiles the solvers to LLVM IR; from there on they are treated like generated model code:
compiled to object code, kept under a key of everything it rests on (the text of every source file
of this package among it, so that a changed function is never run in its old form), and loaded
through llvmlite in a few milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import CodegenError
from sigmapath.machine.digest import key, source_digest
from sigmapath.machine.llvm import (
    LIBRARY_PREFIX,
    Loaded,
    bind,
    compile_object,
    host_target,
    library_address,
    load_object,
)
from sigmapath.machine.store import Entry, read_entry, write_entry
from sigmapath.solvers.layout import N_PART, PART_DRIVE
from sigmapath.solvers.notice import announce

__all__ = [
    "PARTS",
    "build",
    "drive",
    "lane_loop",
    "part_addresses",
    "rest_addresses",
    "rest_function",
    "solver_digest",
]

_PREFIX = "sigmapath_solver_"
# In the order of the slots of ``Work.part``; the last ones are made only for models that need them.
PARTS = (
    *("rodas5p", "tsit5", "readouts", "factor", "solve", "drive"),
    *("table_factor", "table_step", "tail"),
    *("consistent", "delays", "bdf"),
)
# Places where the common part goes too when a model has its own.
_COPIES = {"table_factor": "factor", "table_step": "rodas5p"}
_COMMON = tuple(name for name in PARTS[:-3] if name not in _COPIES)
# What a search for a steady state needs, see :mod:`.rest_search`.
_REST = (
    "rest_root",
    "rest_approach",
    "rest_search",
    "rest_start",
    "rest_linearise",
    "rest_equilibrate",
)
_LANES = ("lanes",)
# What nearly every user needs sooner or later: where one is missing, those that are missing too of
# the ones named are compiled beside it. The loop over lanes takes long and is left to batches; one
# that needs a search for rest as well compiles that next, while the other process has the loop.
_GROUPS = {"loop": _COMMON, "rest": _REST, "bdf": ("bdf",), "lanes": _LANES}
_BESIDE = {
    _COMMON: ("rest", "bdf"),
    _REST: ("loop", "bdf"),
    ("bdf",): ("loop", "rest"),
    _LANES: ("loop", "bdf"),
}
_lock = Lock()


@cache
def solver_digest() -> str:
    """Hash of everything that the machine code of the solvers rests on."""
    package = Path(__file__).parent
    names = [package.parent / f"{name}.py" for name in ("kernels", "opcodes", "status")]
    texts = [name.read_text(encoding="utf-8") for name in names]
    return key(source_digest(package, package.parent / "machine"), *texts)


def part_addresses(rare: Iterable[str] = ()) -> NDArray[np.int64]:
    """Addresses of the parts, ``double part(int64 table, double, double)``, shape (N_PART,).

    Parameters
    ----------
    rare : iterable of str
        Names of those beyond the common ones that are needed; others are 0.
    """
    addresses = np.zeros(N_PART, dtype=np.int64)
    with _lock:
        for names in (_COMMON, *((name,) for name in rare)):
            for name, address in _library(names).addresses.items():
                addresses[PARTS.index(name.removeprefix(_PREFIX))] = address
    for copy, name in _COPIES.items():
        addresses[PARTS.index(copy)] = addresses[PARTS.index(name)]
    return addresses


def rest_addresses() -> dict[str, int]:
    """Addresses of the parts of the search for a steady state, by name."""
    with _lock:
        found = _library(_REST).addresses
    return {name.removeprefix(_PREFIX): address for name, address in found.items()}


@cache
def rest_function(name: str) -> Callable[[int, float, float], float]:
    """Return one of them as a function of the address of its table; releases the GIL."""
    return _as_function(rest_addresses()[name])


@cache
def _library(parts: tuple[str, ...]) -> Loaded:
    """Some parts in memory, for the life of the process."""
    entry = read_entry(_identity(parts))
    if entry is not None:
        try:
            return _loaded(entry)
        except CodegenError:
            # Intact, yet of no use here: built anew like a damaged one.
            pass
    announce()
    with _built_beside(parts):
        entry = _made(parts)
    return _loaded(entry)


def _identity(parts: tuple[str, ...]) -> str:
    return key("solvers", solver_digest(), host_target(), *parts)


def build(*groups: str) -> None:
    """Compile groups of parts and keep them: what the process beside the first one does."""
    for group in groups:
        _made(_GROUPS[group])


@contextmanager
def _built_beside(parts: tuple[str, ...]) -> Iterator[None]:
    """Meanwhile let another process compile the other groups that are missing too.

    numba compiles in one thread. If the other process fails, nothing is lost: what it should have
    built is built where it is needed.
    """
    missing = [
        name for name in _BESIDE.get(parts, ()) if read_entry(_identity(_GROUPS[name])) is None
    ]
    if not missing or not sys.executable or (os.cpu_count() or 1) < 2:
        yield
        return
    # -P: no module of the current folder is imported.
    code = f"from sigmapath.solvers.library import build; build(*{missing!r})"
    quiet = subprocess.DEVNULL
    command = [sys.executable, "-P", "-c", code]
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as other:
        try:
            yield
        except BaseException:
            other.kill()
            raise


def _made(parts: tuple[str, ...]) -> Entry:
    from sigmapath.solvers.parts import part_texts

    texts, needed = part_texts(parts, LIBRARY_PREFIX, _PREFIX)
    facts = {"names": [_PREFIX + name for name in parts], "needed": needed}
    entry = Entry(facts=facts, code=compile_object(texts, "fast"))
    write_entry(_identity(parts), entry)
    return entry


def _loaded(entry: Entry) -> Loaded:
    bind({name: _never_called() for name in entry.facts["needed"] if _is_for_errors(name)})
    return load_object(entry.code, entry.facts["names"])


@cache
def drive() -> Callable[[int, float, float], float]:
    """Return the loop as a function of the address of a chunk's table; releases the GIL."""
    return _as_function(int(part_addresses()[PART_DRIVE]))


def _as_function(address: int) -> Callable[[int, float, float], float]:
    signature = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64, ctypes.c_double, ctypes.c_double)
    return signature(address)


@cache
def lane_loop() -> Callable[[int, float, float], float]:
    """Return the loop over lanes as such a function; compiled the first time it is needed."""
    with _lock:
        return _as_function(_library(_LANES).addresses[f"{_PREFIX}lanes"])


def _is_for_errors(name: str) -> bool:
    """Whether a name belongs to numba's way of raising errors, which these functions never do."""
    return name.startswith(("Py", "numba_", "NRT_"))


@cache
def _never_called() -> int:
    """An address to link what is never called to: the end of the process, should it ever be."""
    return library_address("abort")
