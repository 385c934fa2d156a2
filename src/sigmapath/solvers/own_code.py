"""Code of a model's own for the solvers: its LU, printed and loaded.

Enters: the elimination program. Leaves: addresses of parts, to be
put in the place of those that serve every model. Called when a worker is made.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import CodegenError
from sigmapath.machine.digest import key, source_digest
from sigmapath.machine.llvm import Loaded, compile_object, host_target, load_object
from sigmapath.machine.store import Entry, read_entry, write_entry
from sigmapath.solvers import layout as at
from sigmapath.solvers.linalg.unrolled import is_unrollable, lu_text

__all__ = ["own_parts"]

_SLOTS = {"factor": at.PART_FACTOR, "solve": at.PART_SOLVE}
_lock = Lock()
_loaded: dict[str, Loaded] = {}


def own_parts(program: NDArray[np.int64]) -> dict[int, int]:
    """Slot and address of the parts that a model has of its own; none where that does not pay.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`.linalg.symbolic`.
    """
    if not is_unrollable(program):
        return {}
    identity = key("own", _digest(), host_target(), program.tobytes().hex())
    prefix = f"own{identity[:16]}_"
    with _lock:
        loaded = _loaded.get(identity) or _load(identity, prefix, program)
        _loaded[identity] = loaded
    return {slot: loaded.addresses[prefix + name] for name, slot in _SLOTS.items()}


def _load(identity: str, prefix: str, program: NDArray[np.int64]) -> Loaded:
    names = [prefix + name for name in _SLOTS]
    entry = read_entry(identity)
    if entry is not None:
        try:
            return load_object(entry.code, names)
        except CodegenError:
            # Intact, yet of no use here: built anew like a damaged one.
            pass
    text = lu_text(program, prefix, opaque=host_target().opaque_pointers)
    # The better tier makes a third faster code of it and takes three to ten times as long.
    entry = Entry(facts={}, code=compile_object(text, "quick"))
    write_entry(identity, entry)
    return load_object(entry.code, names)


@cache
def _digest() -> str:
    """Hash of the source that prints this code, and of the layouts it rests on."""
    here = Path(__file__).parent
    names = ("ir", "layout", "own_code", "tables")
    texts = [(here / f"{name}.py").read_text(encoding="utf-8") for name in names]
    return key(source_digest(here / "linalg", here.parent / "machine"), *texts)
