"""Which CPU machine code is made for: this one, or one that the user names.

Enters: the environment variables that numba reads too, NUMBA_CPU_NAME (as ``llc -mcpu=help`` lists
them) and NUMBA_CPU_FEATURES ("+avx2,-fma"). Leaves: a name and features for LLVM, of which the
lane width and whether there is a fused multiply-add can be read. Called by
:func:`.llvm.host_target`.

Who shares a folder of compiled code between machines names the oldest of them. A name without
features means that CPU and nothing more, as numba has it for "generic"; numba would add to other
names what this machine has, so it is told otherwise (:func:`settle_numba`).

Which instructions a name stands for only LLVM knows, and it tells nobody but its compiler: a few
lines are compiled and looked at. It ignores names it does not know, with a word on stderr, and ends
the process at some that it does know; so another process does that, and what it finds is kept.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sigmapath.errors import CodegenError
from sigmapath.machine.digest import key
from sigmapath.machine.store import Entry, read_entry, write_entry
from sigmapath.record import record

__all__ = ["NAME_VARIABLE", "FEATURES_VARIABLE", "Cpu", "assembly", "chosen_cpu", "settle_numba"]

NAME_VARIABLE, FEATURES_VARIABLE = "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"

_PROBE = """
declare double @llvm.fma.f64(double, double, double)
define double @fused(double %a, double %b, double %c) {
  %d = call double @llvm.fma.f64(double %a, double %b, double %c)
  ret double %d
}
define <4 x i64> @four(<4 x i64> %a, <4 x i64> %b) {
  %c = add <4 x i64> %a, %b
  ret <4 x i64> %c
}
define <8 x double> @eight(<8 x i64> %a) {
  %b = sitofp <8 x i64> %a to <8 x double>
  ret <8 x double> %b
}
"""
# What the features that this package asks for make of the probe, on x86.
_TRACES = {
    "+fma": r"\bvfmadd\d+sd\b",
    # What some AMD processors had before it.
    "+fma4": r"\bvfmaddsd\b",
    "+avx2": r"\bvpaddq\b.*%ymm",
    "+avx512f": r"\bvcvtqq2pd\b.*%zmm",
    "+avx512dq": r"\bvcvtqq2pd\b.*%zmm",
}
_FEATURE = re.compile(r"[+-][\w.-]+")
_UNKNOWN = re.compile(r"'([^']*)' is not a recognized (processor|feature)")
_CHILD = (
    "import sys; from sigmapath.machine.llvm import binding; "
    "from sigmapath.machine.cpu import assembly; print(assembly(binding(), *sys.argv[1:]))"
)
_OWN = f"unset {NAME_VARIABLE} and {FEATURES_VARIABLE} for the CPU of this machine"


@record
class Cpu:
    """A CPU as LLVM takes it: its name, and features by which it differs or that are asked for."""

    name: str
    features: str


def chosen_cpu(llvm: Any, triple: str, versions: str) -> Cpu:
    """Return the CPU that the environment names, otherwise the one of this machine.

    Parameters
    ----------
    llvm : module
        ``llvmlite.binding``.
    triple, versions : str
        See :class:`.llvm.Target`.

    Raises
    ------
    CodegenError
        If LLVM does not know the CPU or a feature, or this machine lacks what it has.
    """
    name, given = os.environ.get(NAME_VARIABLE), os.environ.get(FEATURES_VARIABLE)
    if not name and given is None:
        return Cpu(name=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten())
    asked = [feature for feature in (given or "").split(",") if feature]
    _check_form(asked)
    name = name or llvm.get_host_cpu_name()
    found = _found(llvm, triple, versions, name, ",".join(asked))
    _check_machine(llvm.get_host_cpu_features(), name, [*asked, *found])
    rest = [feature for feature in asked if feature not in _TRACES]
    return Cpu(name=name, features=",".join([*rest, *found]))


def settle_numba() -> None:
    """Keep numba from adding this machine's features to the name of another CPU.

    To be called before numba compiles for the first time. It may be set by the user, in which case
    it is left alone.
    """
    from numba import config

    if os.environ.get(NAME_VARIABLE) and config.CPU_FEATURES is None:  # type: ignore[attr-defined]
        config.CPU_FEATURES = ""  # type: ignore[attr-defined]


def _check_form(features: Sequence[str]) -> None:
    for feature in features:
        if not _FEATURE.fullmatch(feature):
            raise CodegenError(
                "a CPU feature begins with + or -",
                where=FEATURES_VARIABLE,
                found=feature,
                expected="as in +avx2,-fma",
                fix=_OWN,
            )


def _check_machine(host: dict[str, bool], name: str, features: Sequence[str]) -> None:
    """Refuse what would end the process at the first instruction that is not there."""
    lacks = [f[1:] for f in features if f.startswith("+") and not host.get(f[1:], True)]
    if lacks:
        raise CodegenError(
            f"this machine lacks {', '.join(lacks)}, which machine code for this CPU would use",
            where=f"{NAME_VARIABLE}, {FEATURES_VARIABLE}",
            found=name,
            fix=_OWN,
        )


def _found(llvm: Any, triple: str, versions: str, name: str, features: str) -> list[str]:
    """Those of the features in :data:`_TRACES` that a CPU has, from the cache or asked now."""
    identity = key("cpu", _PROBE, _TRACES, triple, versions, name, features)
    entry = read_entry(identity)
    if entry is None:
        text = _assembly_elsewhere(triple, name, features) if sys.executable else None
        if text is None:
            text = assembly(llvm, triple, name, features)
        found = [feature for feature, trace in _TRACES.items() if re.search(trace, text)]
        entry = Entry(facts={"found": found}, code=b"")
        write_entry(identity, entry)
    return list(entry.facts["found"])


def assembly(llvm: Any, triple: str, name: str, features: str) -> str:
    """The probe as a compiler for this CPU writes it."""
    target = llvm.Target.from_triple(triple)
    machine = target.create_target_machine(cpu=name, features=features, opt=1)
    return str(machine.emit_assembly(llvm.parse_assembly(_PROBE)))


def _assembly_elsewhere(triple: str, name: str, features: str) -> str | None:
    """The same from another process, whose last words can be read; None if none can be started."""
    # Imported where it is needed: nearly nobody names a CPU.
    import subprocess

    here = str(Path(__file__).parents[2])
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join([here, *filter(None, sys.path)])}
    # -P: no module of the current folder is imported.
    command = [sys.executable, "-P", "-c", _CHILD, triple, name, features]
    try:
        done = subprocess.run(command, env=paths, capture_output=True, text=True, check=False)
    except OSError:
        return None
    unknown = _UNKNOWN.search(done.stderr)
    if unknown or done.returncode:
        is_feature = unknown is not None and unknown[2] == "feature"
        last = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
        raise CodegenError(
            "LLVM does not know this CPU feature"
            if is_feature
            else "LLVM makes no machine code for this CPU",
            where=FEATURES_VARIABLE if is_feature else NAME_VARIABLE,
            found=unknown[1] if unknown else f"{name}: {last}",
            expected="a name of LLVM's, such as generic, x86-64-v3, znver4 or apple-m1, and "
            "features such as +avx2",
            fix=_OWN,
        )
    return done.stdout
