"""Machine code for lanes: how wide, and the addresses of the step and of a model's LU.

Enters: a width, an elimination program. Leaves: addresses. Called when a worker for lanes is made.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import CodegenError
from sigmapath.kernels import Bodies
from sigmapath.machine.digest import key, source_digest
from sigmapath.machine.llvm import Loaded, compile_object, host_target, load_object
from sigmapath.machine.store import Entry, read_entry, write_entry
from sigmapath.solvers.fused_step import is_fusable
from sigmapath.solvers.ir import module_of
from sigmapath.solvers.lanes.fused import FUSED_NAMES, fused_text
from sigmapath.solvers.lanes.lu import LU_NAMES, lane_lu_text
from sigmapath.solvers.lanes.step import PART_NAMES, step_text
from sigmapath.solvers.lanes.walked import walked_text
from sigmapath.solvers.linalg.symbolic import has_full_rows
from sigmapath.solvers.linalg.unrolled import is_unrollable

__all__ = ["lu_addresses", "native_width", "step_addresses"]

_lock = Lock()
_loaded: dict[str, Loaded] = {}


@cache
def native_width() -> int:
    """Doubles that this CPU treats at once: 8 with AVX-512, 4 with AVX2, otherwise 2."""
    features = set(host_target().features.split(","))
    if {"+avx512f", "+avx512dq"} <= features:
        return 8
    return 4 if "+avx2" in features else 2


def step_addresses(lanes: int) -> dict[str, int]:
    """Addresses of the parts of :mod:`.step`, by name."""
    identity = key("lanes", _digest(), host_target(), lanes)
    prefix = f"lanes{lanes}_"

    def text() -> str:
        return step_text(lanes, prefix, opaque=host_target().opaque_pointers)

    return _addresses(identity, prefix, PART_NAMES, text)


def lu_addresses(
    program: NDArray[np.int64],
    lanes: int,
    bodies: Bodies | None = None,
    *,
    has_time_rate: bool = False,
) -> dict[str, int]:
    """Addresses of the LU of a model, by name, and of a small model's own stage."""
    target = host_target()
    opaque, fused = target.opaque_pointers, target.has_fma
    is_walked = has_full_rows(program) or not is_unrollable(program)
    own = bodies if not is_walked and is_fusable(program, bodies) else None
    kind = f"{has_time_rate}, {own.identity}" if own is not None else ""
    identity = key("lanes lu", _digest(), target, lanes, program.tobytes().hex(), kind, is_walked)
    prefix = f"lu{identity[:16]}_"

    def text() -> str:
        if is_walked:
            return walked_text(program, lanes, prefix, opaque=opaque)
        if own is None:
            return lane_lu_text(program, lanes, prefix, opaque=opaque, fused=fused)
        return fused_text(
            program,
            own,
            prefix,
            lanes=lanes,
            has_time_rate=has_time_rate,
            opaque=opaque,
            fused=fused,
        )

    return _addresses(identity, prefix, LU_NAMES if own is None else FUSED_NAMES, text)


def _addresses(
    identity: str, prefix: str, names: tuple[str, ...], text: Callable[[], str]
) -> dict[str, int]:
    whole = [prefix + name for name in names]
    with _lock:
        if identity not in _loaded:
            _loaded[identity] = _load(identity, whole, text)
        found = _loaded[identity].addresses
    return {name: found[prefix + name] for name in names}


def _load(identity: str, names: list[str], text: Callable[[], str]) -> Loaded:
    entry = read_entry(identity)
    if entry is not None:
        try:
            return load_object(entry.code, names)
        except CodegenError:
            # Intact, yet of no use here: built anew like a damaged one.
            pass
    entry = Entry(facts={}, code=compile_object(module_of([text()]), "fast"))
    write_entry(identity, entry)
    return load_object(entry.code, names)


@cache
def _digest() -> str:
    """Hash of the source that prints this code, and of the layouts it rests on."""
    here = Path(__file__).parents[1]
    names = ("ir", "layout", "tables", "tableaux")
    texts = [(here / f"{name}.py").read_text(encoding="utf-8") for name in names]
    folders = (here / "lanes", here / "linalg", here.parent / "machine")
    return key(source_digest(*folders), *texts)
