"""LLVM IR text to object code, and object code to addresses, through llvmlite.

Enters: LLVM IR that code generation or the solvers made, or object code of an earlier call. Leaves:
object code, or a :class:`Loaded` library. numba is not imported: llvmlite alone loads in a few
hundredths of a second.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sigmapath.errors import CodegenError
from sigmapath.machine.cpu import chosen_cpu
from sigmapath.record import record

__all__ = [
    "LIBRARY_PREFIX",
    "Loaded",
    "Target",
    "bind",
    "binding",
    "compile_object",
    "host_target",
    "library_address",
    "load_object",
]

# Put before the names of outside functions, so that nothing depends on which symbols a process
# happens to export, and nobody else's symbols are touched.
LIBRARY_PREFIX = "sigmapath_"

# Functions of <math.h> that generated code may call.
_LIBRARY = (
    *("exp", "log", "log10", "pow", "sqrt", "fmod", "tgamma"),
    *("sin", "cos", "tan", "asin", "acos", "atan"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
)

# Where the C library's mathematics lives; None is the process itself.
_LIBRARIES: dict[str, tuple[str | None, ...]] = {
    "linux": ("libm.so.6", None),
    "darwin": ("/usr/lib/libSystem.B.dylib", None),
    "win32": ("ucrtbase", "msvcrt"),
}

# Levels 2 and 3 take a fifth to a half longer than level 1, and no model tried ran faster for it.
_OPT_LEVEL = {"quick": 0, "fast": 1}


@record
class Target:
    """What object code depends on beside its source.

    Parameters
    ----------
    triple, cpu, features : str
        As LLVM names the machine this process runs on, or the CPU that the environment names
        (:mod:`.cpu`).
    versions : str
        Versions of llvmlite and of its LLVM.
    opaque_pointers : bool
        Whether this LLVM writes pointers without element type.
    """

    triple: str
    cpu: str
    features: str
    versions: str
    opaque_pointers: bool

    @property
    def has_fma(self) -> bool:
        """Whether one instruction multiplies and adds; elsewhere a slow function would do it."""
        is_arm = self.triple.startswith(("aarch64", "arm64"))
        return is_arm or "+fma" in self.features.split(",")


@record
class Loaded:
    """Object code in memory; the addresses hold as long as this object lives."""

    addresses: dict[str, int]
    engine: Any


def binding() -> Any:
    """Return ``llvmlite.binding``, ready for this machine."""
    import llvmlite
    import llvmlite.binding as llvm

    # From 0.45 on LLVM initialises itself and initialize() raises.
    if tuple(int(part) for part in llvmlite.__version__.split(".")[:2]) < (0, 45):
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@cache
def host_target() -> Target:
    """Return the target of this process; asked once.

    Raises
    ------
    CodegenError
        If the environment names a CPU that LLVM does not know or this machine cannot stand in for.
    """
    import llvmlite

    llvm = binding()
    version = ".".join(map(str, llvm.llvm_version_info))
    triple, versions = llvm.get_process_triple(), f"llvmlite {llvmlite.__version__}, LLVM {version}"
    cpu = chosen_cpu(llvm, triple, versions)
    return Target(
        triple=triple,
        cpu=cpu.name,
        features=cpu.features,
        versions=versions,
        opaque_pointers=llvm.llvm_version_info[0] >= 16,
    )


def _target_machine(tier: str) -> Any:
    llvm = binding()
    target = host_target()
    return llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu,
        features=target.features,
        opt=_OPT_LEVEL[tier],
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )


@cache
def _compiler(tier: str) -> Any:
    """A target machine to compile with, kept: a small module takes a new one three times as long.

    llvmlite lets one thread at a time into LLVM. An engine takes its target machine over, so each
    has one of its own.
    """
    return _target_machine(tier)


def compile_object(text: str | Sequence[str], tier: str) -> bytes:
    """Return the object code of a module, or of several made one.

    Parameters
    ----------
    text : str or sequence of str
        LLVM IR.
    tier : str
        "quick" compiles fast, "fast" makes faster code (LLVM code generation levels 0 and 1). The
        expression graph has already done what optimisation passes on the IR would do.

    Raises
    ------
    CodegenError
        If LLVM refuses the text.
    """
    llvm = binding()
    try:
        first, *others = [text] if isinstance(text, str) else text
        module = llvm.parse_assembly(first)
        for other in others:
            module.link_in(llvm.parse_assembly(other))
        module.verify()
        return bytes(_compiler(tier).emit_object(module))
    except RuntimeError as error:
        raise CodegenError(
            "LLVM refuses the generated code",
            where=host_target().versions,
            found=str(error),
            fix='use backend="numba", and report this model',
        ) from error


def load_object(code: bytes, names: Iterable[str]) -> Loaded:
    """Load object code and return the addresses of its functions ``names``.

    Raises
    ------
    CodegenError
        If the code cannot be linked or lacks a function.
    """
    llvm = binding()
    _bind_library()
    # An engine needs a module to begin with; an empty one will do.
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target_machine("quick"))
    try:
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
    except RuntimeError as error:
        raise CodegenError("object code cannot be linked", found=str(error)) from error
    addresses = {name: int(engine.get_function_address(name)) for name in names}
    absent = sorted(name for name, address in addresses.items() if address == 0)
    if absent:
        raise CodegenError("object code lacks functions", found=", ".join(absent))
    return Loaded(addresses=addresses, engine=engine)


def bind(addresses: Mapping[str, int]) -> None:
    """Tell LLVM where outside functions are; code calls them by ``LIBRARY_PREFIX`` and name."""
    llvm = binding()
    for name, address in addresses.items():
        llvm.add_symbol(f"{LIBRARY_PREFIX}{name}", address)


@cache
def _bind_library() -> None:
    """Tell LLVM where the functions of <math.h> are, once per process."""
    bind({name: library_address(name) for name in _LIBRARY})


def library_address(name: str) -> int:
    """Address of a function of the C library.

    Raises
    ------
    CodegenError
        If there is none of this name.
    """
    candidates = _LIBRARIES.get(sys.platform, (None,))
    for candidate in candidates:
        try:
            function = getattr(ctypes.CDLL(candidate), name)
        except (OSError, AttributeError):
            continue
        return int(ctypes.cast(function, ctypes.c_void_p).value or 0)
    raise CodegenError(
        f"the C library has no function {name}",
        where=sys.platform,
        found=", ".join(str(candidate) for candidate in candidates),
        fix='use backend="numba"',
    )
