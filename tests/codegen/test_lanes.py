"""LLVM IR for several lanes computes, lane by lane, what scalar code computes."""

from __future__ import annotations

import numpy as np
import pytest
from calls import call_address
from hand_systems import parameter, state, system, three_reactions

from sigmapath.codegen.assemble import assemble
from sigmapath.codegen.parts import in_parts
from sigmapath.codegen.printer_llvm import llvm_text
from sigmapath.expr.nodes import apply, number, symbol
from sigmapath.machine import llvm as machine


def _kernels(written, lanes, size=1000):
    functions = [part for f in assemble(written).functions for part in in_parts(f, size)]
    text = llvm_text(
        functions,
        prefix="lanes_test_",
        lanes=lanes,
        opaque_pointers=machine.host_target().opaque_pointers,
    )
    names = [f"lanes_test_{f.name}" for f in functions if not f.is_part]
    return machine.load_object(machine.compile_object(text, "quick"), names)


def _logical_system():
    a, b = symbol("a"), symbol("b")
    either = apply("xor", apply("lt", a, b), apply("not", apply("ge", b, number(1.0))))
    rate = apply("piecewise", apply("min", a, b), either, apply("max", a, b, number(0.25)))
    return system(
        parameters=[parameter("k", 2.0)],
        states=[state("a"), state("b")],
        derivatives=[rate * symbol("k"), apply("floor", a) + apply("and", either, a)],
    )


@pytest.mark.parametrize("lanes", [2, 4, 8])
@pytest.mark.parametrize("size", [1000, 5])
@pytest.mark.parametrize("written", [three_reactions(), _logical_system()], ids=["hill", "logic"])
def test_lanes_agree_with_scalar_code(written, lanes, size):
    rng = np.random.default_rng(7)
    scalar, vector = _kernels(written, 1), _kernels(written, lanes, size)
    n_state, n_param = len(written.states), len(written.parameters)
    n_p = n_param + assemble(written).n_derived
    q = rng.uniform(0.2, 3.0, size=(n_param + n_state, lanes))

    def run(kernels, starts, width):
        p = np.zeros(n_p * width)
        t = np.zeros(width)
        y = call_address(kernels.addresses["lanes_test_initial"], t, starts, p, n_state * width)
        out = call_address(kernels.addresses["lanes_test_rhs"], t, y, p, n_state * width)
        return out.reshape(n_state, width)

    together = run(vector, q.ravel(), lanes)
    alone = np.hstack([run(scalar, q[:, k], 1) for k in range(lanes)])
    np.testing.assert_array_equal(together, alone)
