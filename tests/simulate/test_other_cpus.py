"""Machine code for CPUs other than this one: older ones, which can be run, and those of ARM.

The loops that numba compiles are this machine's here, since compiling them takes minutes; all that
is printed for a model, the step over lanes included, is the other CPU's. With
``NUMBA_CPU_NAME=x86-64`` (or ``x86-64-v3``, ...) before ``python -m pytest tests/solvers
tests/simulate tests/codegen`` those tests run as a whole on that CPU.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.machine import llvm as machine
from sigmapath.solvers.ir import module_of

# A power of a state, exp, log and log10, a root in the right-hand side, a term in time.
_MODEL = """
  species L, R, C, K, P;
  L = 0.3; R = 1; C = 0; K = 1; P = 0;
  on = 3; off = 0.5; cat = 40; back = 15; slow = 0.02; level = 0.35; n = 1.7; swing = 0.1;
  bind: L + R -> C; on * L * R - off * C;
  act: K -> P; cat * C * K * (1 + swing * sin(0.3 * time));
  rest: P -> K; back * (P^n + P * (exp(-L) + ln(1 + R) + log10(1 + P)));
  gone: C -> ; slow * C * piecewise(5 * (P - level), P > level, 0);
"""
_SWEPT, _TIMES = np.linspace(1.5, 6.0, 600), np.linspace(0.0, 10.0, 11)
_PROGRAM = """
import json, os, sys
from sigmapath.machine import llvm
name = os.environ.pop("NUMBA_CPU_NAME")
here = llvm.host_target()
llvm.host_target.cache_clear()
os.environ["NUMBA_CPU_NAME"] = name
from sigmapath.solvers import library
library.host_target = lambda: here

import numpy as np
import sigmapath as sp
model = sp.from_antimony(json.loads(sys.argv[1]))
times, swept = np.linspace(0.0, 10.0, 11), np.linspace(1.5, 6.0, 600)
data = model.sweep({"on": swept}, times, observables=["C", "P"])
singles = [model.simulate(times, parameters={"on": v}, observables=["C", "P"]) for v in swept[::75]]
alone = [[single["C"].values.tolist(), single["P"].values.tolist()] for single in singles]
together = [[c.tolist(), p.tolist()] for c, p in zip(data["C"].values, data["P"].values)]
print(json.dumps({
    "cpu": llvm.host_target().cpu,
    "lanes": json.loads(data.attrs["options"])["lanes"],
    "fingerprint": data.attrs["model_fingerprint"],
    "together": together,
    "alone": alone,
}))
"""


@pytest.fixture(scope="module")
def model():
    return sp.from_antimony(_MODEL)


@pytest.fixture(scope="module")
def here(model):
    """The sweep on the CPU of this machine."""
    return model.sweep({"on": _SWEPT}, _TIMES, observables=["C", "P"], lanes=1, rtol=1e-9)


def _is_x86_with(*features):
    has = machine.binding().get_host_cpu_features()
    triple = machine.host_target().triple
    return triple.startswith("x86_64") and all(has.get(feature) for feature in features)


@pytest.mark.parametrize(
    ("name", "width", "features"), [("x86-64", 2, ()), ("x86-64-v3", 4, ("avx2", "fma"))]
)
def test_an_older_cpu_computes_the_same_with_fewer_lanes(here, name, width, features):
    if not _is_x86_with(*features):
        pytest.skip("this machine cannot stand in for it")
    environment = {**os.environ, "NUMBA_CPU_NAME": name}
    environment.pop("NUMBA_CPU_FEATURES", None)
    command = [sys.executable, "-c", _PROGRAM, json.dumps(_MODEL)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["cpu"], found["lanes"]) == (name, width)
    assert found["fingerprint"] != here.attrs["model_fingerprint"]
    together, alone = np.array(found["together"]), np.array(found["alone"])
    # Both are within ten times rtol (1e-6) of the truth.
    np.testing.assert_allclose(together[::75], alone, rtol=1e-5, atol=1e-8)
    truth = np.stack([here["C"].values, here["P"].values], axis=1)
    np.testing.assert_allclose(together, truth, rtol=1e-5, atol=1e-8)


def _texts(model, lanes):
    """Everything that is printed for a model over lanes, and the shared functions, with FMA."""
    from sigmapath.codegen.compile import program_of
    from sigmapath.codegen.printer_llvm import llvm_text, shared_text
    from sigmapath.solvers.elimination import elimination_program
    from sigmapath.solvers.lanes.fused import fused_text
    from sigmapath.solvers.lanes.lu import lane_lu_text
    from sigmapath.solvers.lanes.step import step_text

    opaque = machine.host_target().opaque_pointers
    engine = model._engine
    kernels = engine.kernels(engine.plan(times=_TIMES).outputs)
    elimination = elimination_program(kernels, is_sparse=True)
    own = {"opaque": opaque, "fused": True}
    yield llvm_text(
        program_of(engine.system).functions,
        prefix="model_",
        lanes=lanes,
        opaque_pointers=opaque,
        has_fma=True,
    )
    yield shared_text(lanes, opaque_pointers=opaque)
    yield module_of([step_text(lanes, "step_", opaque=opaque)])
    yield module_of([lane_lu_text(elimination, lanes, "lu_", **own)])
    yield module_of(
        [fused_text(elimination, kernels.bodies, "own_", lanes=lanes, has_time_rate=True, **own)]
    )


def _assembly(text, triple, **cpu):
    llvm = machine.binding()
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        target = llvm.Target.from_triple(triple)
    except RuntimeError:
        pytest.skip("this LLVM has no such target")
    module = llvm.parse_assembly(text)
    module.verify()
    compiler = target.create_target_machine(opt=1, codemodel="jitdefault", jit=True, **cpu)
    return compiler.emit_assembly(module)


# What calls, jumps and loads of addresses may ask the process for.
_ASKED = re.compile(r"\b(?:bl|b|adrp\s+x\d+,)\s+:?(?:got:)?_?([A-Za-z][\w.$]*)")


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "arm64-apple-darwin"])
def test_arm_takes_the_code_over_two_lanes(model, triple):
    known = {machine.LIBRARY_PREFIX + name for name in machine._LIBRARY}
    for text in _texts(model, 2):
        code = _assembly(text, triple, cpu="generic", features="+neon")
        # In the words of ELF and of Mach-O.
        assert re.search(r"\bfmla\tv\d+\.2d|\bfmla\.2d\tv", code)
        defined = set(re.findall(r"^_?([A-Za-z][\w.$]*):", code, re.MULTILINE))
        asked = set(_ASKED.findall(code)) - defined
        assert asked <= known, asked - known


@pytest.mark.parametrize("name", ["exp", "log", "log10", "pow"])
def test_windows_passes_vectors_through_memory_that_lives_as_long_as_the_call(name):
    """Vectors of 256 bits go by address there; after a jump their memory would be free already."""
    from sigmapath.codegen.printer_llvm import shared_text

    text = shared_text(4, opaque_pointers=machine.host_target().opaque_pointers)
    code = _assembly(text, "x86_64-pc-windows-msvc", cpu="x86-64-v3")
    start = code.index(f"\nsigmapath_{name}_of_4:")
    body = code[start : code.index("retq", start)]
    assert "call" in body
    assert "jmp" not in body
