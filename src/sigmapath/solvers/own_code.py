"""Code of a model's own for the solvers: its LU and its step, printed and loaded.

Enters: the elimination program. Leaves: addresses of parts, to be put
in the place of those that serve every model. Called when a worker is made.
"""

from __future__ import annotations

from collections.abc import Callable
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
from sigmapath.solvers.linalg.symbolic import HEADER
from sigmapath.solvers.linalg.unrolled import is_unrollable, lu_text
from sigmapath.solvers.own_step import MOST_STATES, step_text

__all__ = ["own_parts"]

_SLOTS = {"factor": at.PART_FACTOR, "solve": at.PART_SOLVE, "step": at.RODAS5P}
_lock = Lock()
_loaded: dict[str, Loaded] = {}


def own_parts(
    program: NDArray[np.int64], *, has_step: bool = False, has_time_rate: bool = False
) -> dict[int, int]:
    """Slot and address of the parts that a model has of its own; none where that does not pay.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`.linalg.symbolic`.
    has_step : bool
        Whether the step may be printed too: the mass matrix is one, and there are no delays.
    has_time_rate : bool
        Whether the right-hand side depends on time.
    """
    if not is_unrollable(program):
        return {}
    n = int(program[HEADER.index("n")])
    has_step = has_step and n <= MOST_STATES
    kind = f"{has_step}, {has_time_rate}"
    identity = key("own", _digest(), host_target(), kind, program.tobytes().hex())
    prefix = f"own{identity[:16]}_"
    names = [name for name in _SLOTS if has_step or name != "step"]

    def text() -> str:
        target = host_target()
        opaque = target.opaque_pointers
        lu = lu_text(program, prefix, opaque=opaque, fused=target.has_fma)
        if not has_step:
            return lu
        return lu + step_text(n, prefix, has_time_rate=has_time_rate, opaque=opaque)

    with _lock:
        loaded = _loaded.get(identity) or _load(identity, [prefix + name for name in names], text)
        _loaded[identity] = loaded
    return {_SLOTS[name]: loaded.addresses[prefix + name] for name in names}


def _load(identity: str, names: list[str], text: Callable[[], str]) -> Loaded:
    entry = read_entry(identity)
    if entry is not None:
        try:
            return load_object(entry.code, names)
        except CodegenError:
            # Intact, yet of no use here: built anew like a damaged one.
            pass
    # The better tier makes a third faster code of it and takes three to ten times as long.
    entry = Entry(facts={}, code=compile_object(text(), "quick"))
    write_entry(identity, entry)
    return load_object(entry.code, names)


@cache
def _digest() -> str:
    """Hash of the source that prints this code, and of the layouts it rests on."""
    here = Path(__file__).parent
    names = ("ir", "layout", "own_code", "own_step", "tableaux", "tables")
    texts = [(here / f"{name}.py").read_text(encoding="utf-8") for name in names]
    return key(source_digest(here / "linalg", here.parent / "machine"), *texts)
