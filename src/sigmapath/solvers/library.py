"""The machine code of the solvers: made once per machine, then loaded without numba.

Enters: names of parts, see :mod:`.parts`. Leaves: their addresses. Called when a worker is made.

numba compiles the solvers to LLVM IR; from there on they are treated like generated model code:
compiled to object code, kept under a key of everything it rests on (the text of every source file
of this package among it, so that a changed function is never run in its old form), and loaded
through llvmlite in a few milliseconds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable
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

__all__ = ["PARTS", "drive", "part_addresses", "solver_digest"]

_PREFIX = "sigmapath_solver_"
# In the order of the slots of ``Work.part``; the last ones are made only for models that need them.
PARTS = (
    *("rodas5p", "tsit5", "readouts", "factor", "solve", "drive"),
    *("table_factor", "tail"),
    *("consistent", "delays"),
)
# Places where the common part goes too when a model has its own.
_COPIES = {"table_factor": "factor"}
_COMMON = tuple(name for name in PARTS[:-2] if name not in _COPIES)
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


@cache
def _library(parts: tuple[str, ...]) -> Loaded:
    """Some parts in memory, for the life of the process."""
    identity = key("solvers", solver_digest(), host_target(), *parts)
    entry = read_entry(identity)
    if entry is not None:
        try:
            return _loaded(entry)
        except CodegenError:
            # Intact, yet of no use here: built anew like a damaged one.
            pass
    entry = _made(parts)
    write_entry(identity, entry)
    return _loaded(entry)


def _made(parts: tuple[str, ...]) -> Entry:
    from sigmapath.solvers.parts import part_texts

    announce()
    texts, needed = part_texts(parts, LIBRARY_PREFIX, _PREFIX)
    facts = {"names": [_PREFIX + name for name in parts], "needed": needed}
    return Entry(facts=facts, code=compile_object(texts, "fast"))


def _loaded(entry: Entry) -> Loaded:
    bind({name: _never_called() for name in entry.facts["needed"] if _is_for_errors(name)})
    return load_object(entry.code, entry.facts["names"])


@cache
def drive() -> Callable[[int, float, float], float]:
    """Return the loop as a function of the address of a chunk's table; releases the GIL."""
    signature = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64, ctypes.c_double, ctypes.c_double)
    return signature(int(part_addresses()[PART_DRIVE]))


def _is_for_errors(name: str) -> bool:
    """Whether a name belongs to numba's way of raising errors, which these functions never do."""
    return name.startswith(("Py", "numba_", "NRT_"))


@cache
def _never_called() -> int:
    """An address to link what is never called to: the end of the process, should it ever be."""
    return library_address("abort")
