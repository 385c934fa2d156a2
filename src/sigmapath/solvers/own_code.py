"""Code of a model's own for the solvers: its LU, its step, its output; printed and loaded.

Enters: the elimination program and the kernels. Leaves: addresses of parts, to be put in the place
of those that serve every model. Called when a worker is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import CodegenError
from sigmapath.kernels import Bodies, Kernels
from sigmapath.machine.digest import key, source_digest
from sigmapath.machine.llvm import Loaded, compile_object, host_target, load_object
from sigmapath.machine.store import Entry, read_entry, write_entry
from sigmapath.solvers import layout as at
from sigmapath.solvers.fused_step import fused_step_text, is_fusable
from sigmapath.solvers.ir import module_of
from sigmapath.solvers.linalg.symbolic import HEADER
from sigmapath.solvers.linalg.unrolled import is_short_lu, is_unrollable, lu_text
from sigmapath.solvers.own_dense import dense_text, grid_text, inside_text
from sigmapath.solvers.own_step import MOST_STATES, step_text
from sigmapath.solvers.own_tail import full_rows_text, suits_full_rows

__all__ = ["own_parts"]

_SLOTS = {
    "factor": at.PART_FACTOR,
    "solve": at.PART_SOLVE,
    "step": at.RODAS5P,
    "dense": at.PART_DENSE,
    "grid": at.PART_GRID,
    "inside": at.PART_INSIDE,
    "tail": at.PART_TAIL,
}
_lock = Lock()
_loaded: dict[str, Loaded] = {}


def own_parts(program: NDArray[np.int64], kernels: Kernels | None = None) -> dict[int, int]:
    """Slot and address of the parts that a model has of its own; none where that does not pay.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`.linalg.symbolic`.
    kernels : Kernels, optional
        For a step and a way of output of its own.
    """
    n = int(program[HEADER.index("n")])
    found: dict[int, int] = {}
    if is_unrollable(program):
        found |= _solver_parts(program, n, kernels if n <= MOST_STATES else None)
        if suits_full_rows(program):
            found |= _tail_part(program)
    if kernels is not None and 0 < n <= MOST_STATES and _sees_states_alone(kernels):
        found |= _grid_part(n, kernels)
    if kernels is not None and 0 < n <= MOST_STATES and kernels.n_root > kernels.n_timed:
        found |= _inside_part(n, kernels)
    return found


def _solver_parts(program: NDArray[np.int64], n: int, kernels: Kernels | None) -> dict[int, int]:
    """LU, and for a model of ordinary differential equations a step and its dense output.

    Where the LU stands in the step, what is rarely done beside it walks the program.
    """
    target = host_target()
    opaque, fused = target.opaque_pointers, target.has_fma
    has_step = kernels is not None and _is_plain(kernels)
    has_time_rate = kernels is not None and bool(kernels.address("dfdt"))
    bodies = kernels.bodies if kernels is not None and has_step else None
    if not is_fusable(program, bodies):
        bodies = None
    kind = f"{has_step}, {has_time_rate}, {bodies.identity if bodies else ''}"
    identity = key("own", _digest(), target, kind, program.tobytes().hex())
    prefix = f"own{identity[:16]}_"

    def texts() -> Iterator[str]:
        if has_step:
            yield dense_text(n, prefix, opaque=opaque)
        if bodies is not None:
            yield fused_step_text(
                program, bodies, prefix, has_time_rate=has_time_rate, opaque=opaque, fused=fused
            )
            return
        yield lu_text(program, prefix, opaque=opaque, fused=fused)
        if has_step:
            yield step_text(n, prefix, has_time_rate=has_time_rate, opaque=opaque, fused=fused)

    names = ["dense", "step"] if has_step else []
    if bodies is not None:
        # The better tier takes three to ten times as long: no matter where the code is short.
        return _addresses(identity, prefix, names, texts, "fast", bodies)
    # Elsewhere where it is a matter of half a second.
    tier = "fast" if is_short_lu(program) else "quick"
    return _addresses(identity, prefix, [*names, "factor", "solve"], texts, tier)


def _tail_part(program: NDArray[np.int64]) -> dict[int, int]:
    """Factorisation and solves of the full rows at the end."""
    target = host_target()
    identity = key("tail", _digest(), target, program.tobytes().hex())
    prefix = f"own{identity[:16]}_"

    def texts() -> Iterator[str]:
        yield full_rows_text(program, prefix, opaque=target.opaque_pointers, fused=target.has_fma)

    return _addresses(identity, prefix, ["tail"], texts, "fast")


def _grid_part(n: int, kernels: Kernels) -> dict[int, int]:
    """Output grid of a model of which only states are observed."""
    observed, clamped = kernels.output_states.tolist(), (kernels.non_negative != 0).tolist()
    identity = key("grid", _digest(), host_target(), str(n), str(observed), str(clamped))
    prefix = f"own{identity[:16]}_"

    def texts() -> Iterator[str]:
        yield grid_text(n, observed, clamped, prefix, opaque=host_target().opaque_pointers)

    return _addresses(identity, prefix, ["grid"], texts, "quick")


def _inside_part(n: int, kernels: Kernels) -> dict[int, int]:
    """States within a step, of a model whose conditions are looked at there."""
    clamped = (kernels.non_negative != 0).tolist()
    identity = key("inside", _digest(), host_target(), str(n), str(clamped))
    prefix = f"own{identity[:16]}_"

    def texts() -> Iterator[str]:
        yield inside_text(n, clamped, prefix, opaque=host_target().opaque_pointers)

    return _addresses(identity, prefix, ["inside"], texts, "fast")


def _sees_states_alone(kernels: Kernels) -> bool:
    return len(kernels.output_states) > 0 and bool((kernels.output_states >= 0).all())


def _is_plain(kernels: Kernels) -> bool:
    """Whether a model has nothing but ordinary differential equations."""
    is_whole = bool(kernels.address("rhs") and kernels.address("jac"))
    return is_whole and not kernels.n_lag and bool((kernels.mass == 1.0).all())


def _addresses(
    identity: str,
    prefix: str,
    names: list[str],
    texts: Callable[[], Iterator[str]],
    tier: str,
    bodies: Bodies | None = None,
) -> dict[int, int]:
    """Slots and addresses of code from memory, from disk, or made now."""
    with _lock:
        loaded = _loaded.get(identity)
        if loaded is None:
            loaded = _load(identity, [prefix + name for name in names], texts, tier, bodies)
            _loaded[identity] = loaded
    return {_SLOTS[name]: loaded.addresses[prefix + name] for name in names}


def _load(
    identity: str,
    names: list[str],
    texts: Callable[[], Iterator[str]],
    tier: str,
    bodies: Bodies | None,
) -> Loaded:
    def loaded(entry: Entry) -> Loaded:
        if entry.facts["is_bundled"] and bodies is not None:
            bodies.bind()
        return load_object(entry.code, names)

    entry = read_entry(identity)
    if entry is not None:
        try:
            return loaded(entry)
        except CodegenError:
            # Intact, yet of no use here: built anew like a damaged one.
            pass
    text = module_of(texts())
    is_bundled = bodies is not None and bodies.is_bundled(text)
    entry = Entry(facts={"is_bundled": is_bundled}, code=compile_object(text, tier))
    write_entry(identity, entry)
    return loaded(entry)


@cache
def _digest() -> str:
    """Hash of the source that prints this code, and of the layouts it rests on."""
    here = Path(__file__).parent
    names = (
        "fused_step",
        "ir",
        "layout",
        "lanes/text",
        "own_code",
        "own_dense",
        "own_step",
        "own_tail",
        "tableaux",
        "tables",
    )
    texts = [(here / f"{name}.py").read_text(encoding="utf-8") for name in names]
    return key(source_digest(here / "linalg", here.parent / "machine"), *texts)
