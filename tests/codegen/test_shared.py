"""Functions of several values are compiled once, and are those that a module would hold itself."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from calls import call_address

from sigmapath.codegen.block import Bundle, Function, Load, Store
from sigmapath.codegen.bundles import bundle_width
from sigmapath.codegen.printer_llvm import llvm_text, shared_text
from sigmapath.codegen.shared import bind_shared
from sigmapath.machine import llvm as machine

pytestmark = pytest.mark.skipif(
    not machine.host_target().has_fma, reason="this CPU has no functions of several values"
)

UNUSUAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324, 1e308, 709.9, -745.2, 5000.0]


def _bundle_of(op, width):
    arity = 2 if op == "pow" else 1
    loads = [Load(f"y{k}", "y", k) for k in range(width * arity)]
    names = [load.name for load in loads]
    lanes = tuple(tuple(names[i * width : (i + 1) * width]) for i in range(arity))
    found = tuple(f"r{k}" for k in range(width))
    stores = [Store("out", k, name) for k, name in enumerate(found)]
    body = (*loads, Bundle(found, op, lanes), *stores)
    return Function(name="rhs", purpose="", body=body), len(loads)


def _compiled(function, prefix, **options):
    target = machine.host_target()
    text = llvm_text(
        [function], prefix=prefix, opaque_pointers=target.opaque_pointers, has_fma=True, **options
    )
    return text, machine.load_object(machine.compile_object(text, "quick"), [f"{prefix}rhs"])


@pytest.mark.parametrize("op", ["pow", "exp", "log", "log10"])
def test_shared_functions_give_the_same_bits(op):
    bind_shared()
    width = bundle_width(machine.host_target().features)
    function, n = _bundle_of(op, width)
    _, own = _compiled(function, "own_")
    text, shared = _compiled(function, "shared_", is_shared=True)
    assert "table" not in text
    rng = np.random.default_rng(7)
    rows = [rng.lognormal(0.0, 3.0, n) for _ in range(300)]
    rows += [rng.choice(UNUSUAL, n) for _ in range(300)]
    for y in rows:
        expected = call_address(own.addresses["own_rhs"], 0.0, y, np.zeros(1), width)
        found = call_address(shared.addresses["shared_rhs"], 0.0, y, np.zeros(1), width)
        assert np.asarray(found).tobytes() == np.asarray(expected).tobytes()


def test_the_module_of_shared_functions_holds_all_of_them():
    text = shared_text(2)
    for name in ("exp", "log", "log10", "pow"):
        assert f"define <2 x double> @sigmapath_{name}_of_2(" in text


def test_a_process_that_finds_them_compiles_nothing():
    """A model with powers from the cache alone: its code, and the functions that it calls."""
    program = (
        "import sigmapath as sp\n"
        "from sigmapath.machine import llvm\n"
        "compiled = []\n"
        "compile_object = llvm.compile_object\n"
        "llvm.compile_object = lambda *given: compiled.append(1) or compile_object(*given)\n"
        "text = 'A -> ; A^n; B -> ; B^n; C -> ; C^n; n = 1.5; A = 4; B = 9; C = 16'\n"
        "model = sp.from_antimony(text)\n"
        "print(*model.simulator([0.0, 2.0], rtol=1e-8).run()[-1], len(compiled))\n"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    first, second = ([float(word) for word in run.stdout.split()] for run in runs)
    # y' = -y^(3/2) has 1/sqrt(y) = 1/sqrt(y(0)) + t/2.
    exact = [(start**-0.5 + 1.0) ** -2 for start in (4.0, 9.0, 16.0)]
    np.testing.assert_allclose(first[:3], exact, rtol=1e-6)
    assert first[:3] == second[:3]
    assert second[3] == 0
