"""OdeSystem to Kernels: the entry of code generation.

Enters: an ``OdeSystem`` and the choice of backend and tier. Leaves: ``Kernels``. Called by
:mod:`sigmapath.simulate` and by the public ``Model``.

What has been compiled before comes from memory, then from the cache on disk; nothing in either
depends on when or by whom it was put there, for the key holds all that the code rests on: the
system's content, this package's own source, backend, tier, lanes, library versions and the CPU.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np

from sigmapath.codegen.digest import expressions_digest, generator_digest
from sigmapath.errors import CodegenError
from sigmapath.expr.nodes import Expr, symbol
from sigmapath.kernels import KERNEL_NAMES, Bodies, Kernels
from sigmapath.lower.system import OdeSystem
from sigmapath.machine.digest import key
from sigmapath.machine.store import Entry, read_entry, write_entry
from sigmapath.record import record

if TYPE_CHECKING:
    from sigmapath.codegen.assemble import Program
    from sigmapath.codegen.block import Function
    from sigmapath.machine.llvm import Target

__all__ = ["Backend", "Tier", "compile_model", "source_text", "with_outputs"]

Backend = Literal["llvm", "numba"]
Tier = Literal["quick", "fast"]

# What a library is made from, asked for only when it is not found: functions and facts.
_Maker = Callable[[], tuple[Sequence["Function"], Mapping[str, Any]]]

# Statements per part. Larger parts keep more values alive than there are registers and take the
# compilers more than linear time: on EGFRnet (3749 reactions) "quick" runs 6.9, 4.1 and 4.2 us per
# rhs with parts of 2000, 400 and 200, and "fast" compiles in 55, 4.2 and 2.7 s.
_PART_SIZE = {("llvm", "quick"): 400, ("llvm", "fast"): 200, ("numba", "quick"): 150}
_T = TypeVar("_T")


class _Form(NamedTuple):
    """How many lanes, and the array of which all lanes read the same values."""

    lanes: int = 1
    spread: str = ""


@record
class _Library:
    """Functions in memory and what is known about them."""

    addresses: Mapping[str, int]
    facts: Mapping[str, Any]
    keeper: Any


@record
class _Owner:
    """Keeps the machine code of one ``Kernels`` alive and remembers how it was made."""

    key: str
    tier: Tier
    model: _Library
    outputs: _Library | None = None
    spread: _Library | None = None


class _Memory(Generic[_T]):
    """The last ``size`` values that were made, by key; what a key means never changes."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[str, _T] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str, make: Callable[[], _T]) -> _T:
        """Return the value of ``name``, made now if it is not there."""
        with self._lock:
            if name in self._values:
                self._values.move_to_end(name)
                return self._values[name]
        value = make()
        with self._lock:
            self._values[name] = value
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()


_libraries: _Memory[_Library] = _Memory(64)
# Programs are large; "outputs" is usually asked for right after its model.
_programs: _Memory[Program] = _Memory(2)


def program_of(system: OdeSystem) -> Program:
    """Return the program of a model; the last few are remembered."""
    # Imported where it is needed: code that comes from the cache is not assembled.
    from sigmapath.codegen.assemble import assemble

    return _programs.get(system.fingerprint, lambda: assemble(system))


def compile_model(
    system: OdeSystem, *, backend: Backend = "llvm", tier: Tier = "quick", lanes: int = 1
) -> Kernels:
    """Compile a model, without ``outputs``.

    Parameters
    ----------
    system : OdeSystem
    backend : {"llvm", "numba"}
        LLVM IR through llvmlite, or readable source through numba: the same arithmetic, which may
        differ in the last bits of library functions.
    tier : {"quick", "fast"}
        For "llvm": how long the compiler works on it. Without meaning for "numba".
    lanes : int
        Values per entry of every array, for "llvm".

    Raises
    ------
    CodegenError
        If the system holds something that has no machine form, or the compiler fails.
    """
    if (backend, tier) not in {(b, t) for b in ("llvm", "numba") for t in ("quick", "fast")}:
        raise CodegenError(
            "unknown backend or tier",
            found=f"{backend}, {tier}",
            expected='backend "llvm" or "numba", tier "quick" or "fast"',
        )
    if backend == "numba" and lanes != 1:
        raise CodegenError('backend "numba" knows no lanes', found=str(lanes), expected="1")
    identity = _identity(backend, tier, system.fingerprint, lanes)

    def functions() -> tuple[Sequence[Function], Mapping[str, Any]]:
        program = program_of(system)
        sizes = {function.name: len(function.body) for function in program.functions}
        return program.functions, {"n_derived": program.n_derived, "sizes": sizes}

    library = _library(identity, backend, tier, functions, system, _Form(lanes))
    n_param, n_written = len(system.parameters), len(system.written)
    return Kernels(
        addresses=_addresses(library),
        n_state=len(system.states),
        n_param=n_param,
        n_p=n_param + n_written + int(library.facts["n_derived"]),
        n_output=0,
        n_root=len(system.roots),
        n_timed=system.n_timed,
        n_lag=len(system.lags),
        has_fast=system.has_fast,
        pattern=system.pattern,
        mass=np.array(system.mass, dtype=np.float64),
        events=system.events,
        non_negative=np.array([s.non_negative for s in system.states], dtype=np.int64),
        lanes=lanes,
        backend=backend,
        fingerprint=identity,
        owner=_Owner(key=identity, tier=tier, model=library),
        bodies=_bodies(system, library, identity) if backend == "llvm" and lanes == 1 else None,
    )


def with_outputs(kernels: Kernels, system: OdeSystem, expressions: Sequence[Expr]) -> Kernels:
    """Return ``kernels`` with an ``outputs`` function that writes the values of ``expressions``.

    The model itself is not compiled again.

    Parameters
    ----------
    kernels : Kernels
        From :func:`compile_model` of the same system.
    system : OdeSystem
    expressions : sequence of Expr
        Over the ids of parameters, states and definitions.

    Raises
    ------
    CodegenError
        If an expression uses other ids, or the compiler fails.
    """
    owner: _Owner = kernels.owner
    identity = key("outputs", owner.key, expressions_digest(expressions))

    def functions() -> tuple[Sequence[Function], Mapping[str, Any]]:
        from sigmapath.codegen.assemble import assemble_outputs

        return [assemble_outputs(system, program_of(system), expressions)], {}

    backend: Backend = "numba" if kernels.backend == "numba" else "llvm"
    form = _Form(kernels.lanes)
    library = _library(identity, backend, owner.tier, functions, system, form)
    spread = None
    if kernels.lanes > 1:
        form = form._replace(spread="p")
        spread = _library(key("spread", identity), backend, owner.tier, functions, system, form)
    states = {symbol(state.id): i for i, state in enumerate(system.states)}
    addresses = kernels.addresses.copy()
    addresses[KERNEL_NAMES.index("outputs")] = library.addresses["outputs"]
    return replace(
        kernels,
        addresses=addresses,
        n_output=len(expressions),
        fingerprint=identity,
        owner=replace(owner, outputs=library, spread=spread),
        spread_outputs=0 if spread is None else spread.addresses["outputs"],
        output_states=np.array([states.get(e, -1) for e in expressions], dtype=np.int64),
    )


def _bodies(system: OdeSystem, library: _Library, identity: str) -> Bodies:
    from sigmapath.codegen.inline import SystemBodies

    return SystemBodies(system=system, sizes=library.facts["sizes"], identity=identity)


def _identity(backend: Backend, tier: Tier, fingerprint: str, lanes: int = 1) -> str:
    """Key of a model's code: everything it rests on."""
    from sigmapath.machine.llvm import host_target

    versions = ""
    if backend == "numba":
        from sigmapath.codegen.numba_module import numba_versions

        versions = numba_versions()
    made = (backend, tier, lanes, versions, host_target())
    return key("model", generator_digest(), *made, fingerprint)


def _library(
    identity: str,
    backend: Backend,
    tier: Tier,
    functions: _Maker,
    system: OdeSystem,
    form: _Form,
) -> _Library:
    """The functions under ``identity``: from memory, from disk, or made now."""
    if backend == "llvm":
        return _libraries.get(identity, lambda: _llvm_library(identity, tier, functions, form))
    return _libraries.get(identity, lambda: _numba_library(identity, functions, system))


def _llvm_library(identity: str, tier: Tier, functions: _Maker, form: _Form) -> _Library:
    from sigmapath.machine.llvm import Loaded, load_object

    prefix = f"m{identity[:16]}_"

    def loaded(entry: Entry) -> Loaded:
        if entry.facts.get("is_bundled"):
            from sigmapath.codegen.shared import bind_shared

            bind_shared()
        return load_object(entry.code, [prefix + name for name in entry.facts["names"]])

    entry = read_entry(identity)
    try:
        library = None if entry is None else loaded(entry)
    except CodegenError:
        # Intact, yet of no use here: built anew like a damaged one.
        library = None
    if entry is None or library is None:
        entry = _llvm_entry(prefix, tier, functions, form)
        library = loaded(entry)
        write_entry(identity, entry)
    return _Library(
        addresses={name: library.addresses[prefix + name] for name in entry.facts["names"]},
        facts=entry.facts,
        keeper=library,
    )


def _llvm_entry(prefix: str, tier: Tier, functions: _Maker, form: _Form) -> Entry:
    from sigmapath.codegen.block import Bundle
    from sigmapath.codegen.printer_llvm import llvm_text
    from sigmapath.machine.llvm import compile_object, host_target

    whole, facts = functions()
    target = host_target()
    bundled = _bundled(whole, target, form)
    text = llvm_text(
        _split(bundled, _PART_SIZE["llvm", tier]),
        prefix=prefix,
        lanes=form.lanes,
        spread=form.spread,
        opaque_pointers=target.opaque_pointers,
        has_fma=target.has_fma,
        is_shared=form.lanes == 1,
    )
    facts = {
        **facts,
        "names": [function.name for function in whole],
        "is_bundled": any(isinstance(step, Bundle) for f in bundled for step in f.body),
    }
    return Entry(facts=facts, code=compile_object(text, tier))


def _bundled(functions: Sequence[Function], target: Target, form: _Form) -> Sequence[Function]:
    """With calls side by side, where the CPU has functions of our own and lanes are not in use."""
    from sigmapath.codegen.bundles import bundle_width, in_bundles

    if form.lanes > 1 or not target.has_fma:
        return functions
    from sigmapath.codegen.shared import make_shared

    make_shared()
    return [in_bundles(function, bundle_width(target.features)) for function in functions]


def _numba_library(identity: str, functions: _Maker, system: OdeSystem) -> _Library:
    from sigmapath.codegen.numba_module import load_module
    from sigmapath.codegen.source import module_text

    whole, facts = functions()
    text = module_text(
        _split(whole, _PART_SIZE["numba", "quick"]), system=system, identity=identity
    )
    loaded = load_module(text, identity, [function.name for function in whole])
    return _Library(addresses=loaded.addresses, facts=facts, keeper=loaded)


def source_text(system: OdeSystem, backend: Backend = "numba") -> str:
    """Return the generated code of a model as text: numba source, or LLVM IR.

    The IR is the one for CPUs on which calls do not go side by side
    (:mod:`sigmapath.codegen.bundles`), the same on every machine.
    """
    program = program_of(system)
    identity = _identity(backend, "quick", system.fingerprint)
    if backend == "numba":
        from sigmapath.codegen.source import module_text

        size = _PART_SIZE["numba", "quick"]
        return module_text(_split(program.functions, size), system=system, identity=identity)
    from sigmapath.codegen.printer_llvm import llvm_text
    from sigmapath.machine.llvm import host_target

    return llvm_text(
        _split(program.functions, _PART_SIZE["llvm", "quick"]),
        prefix=f"m{identity[:16]}_",
        opaque_pointers=host_target().opaque_pointers,
    )


def _split(functions: Sequence[Function], size: int) -> list[Function]:
    from sigmapath.codegen.parts import in_parts

    return [part for function in functions for part in in_parts(function, size)]


def _addresses(library: _Library) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([library.addresses.get(name, 0) for name in KERNEL_NAMES], dtype=np.int64)
