"""exp, log, log10 and pow of several values, compiled once per machine for all models.

Enters: nothing but the CPU. Leaves: functions that machine code of models finds by name. Called by
:mod:`sigmapath.codegen.compile`. Their tables take longer to compile than a small model.
"""

from __future__ import annotations

from functools import cache
from threading import Lock

from sigmapath.codegen.bundles import bundle_width
from sigmapath.codegen.digest import generator_digest
from sigmapath.codegen.lane_math import VECTOR_FUNCTIONS
from sigmapath.codegen.printer_llvm import shared_text
from sigmapath.errors import CodegenError
from sigmapath.machine.digest import key
from sigmapath.machine.llvm import (
    LIBRARY_PREFIX,
    Loaded,
    bind,
    compile_object,
    host_target,
    load_object,
)
from sigmapath.machine.store import Entry, read_entry, write_entry

__all__ = ["bind_shared", "make_shared"]

_lock = Lock()


@cache
def make_shared() -> None:
    """Leave the functions in the cache, for the first model that needs them."""
    if read_entry(_identity()) is None:
        _made()


def bind_shared() -> None:
    """Let machine code that is loaded from now on find the functions."""
    with _lock:
        _library()


@cache
def _library() -> Loaded:
    """The functions in memory, for the life of the process."""
    entry = read_entry(_identity())
    try:
        library = _loaded(entry or _made())
    except CodegenError:
        # Intact, yet of no use here: built anew like a damaged one.
        library = _loaded(_made())
    bind({n.removeprefix(LIBRARY_PREFIX): place for n, place in library.addresses.items()})
    return library


def _loaded(entry: Entry) -> Loaded:
    return load_object(entry.code, entry.facts["names"])


@cache
def _made() -> Entry:
    target = host_target()
    width = bundle_width(target.features)
    text = shared_text(width, opaque_pointers=target.opaque_pointers)
    names = [f"{LIBRARY_PREFIX}{name}_of_{width}" for name in sorted(VECTOR_FUNCTIONS)]
    entry = Entry(facts={"names": names}, code=compile_object(text, "fast"))
    write_entry(_identity(), entry)
    return entry


def _identity() -> str:
    return key("shared", generator_digest(), host_target())
