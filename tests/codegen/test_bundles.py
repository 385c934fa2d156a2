"""Calls side by side: nothing is lost or out of order, and values are those of single calls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from calls import call_address
from hand_systems import parameter, state, system
from hypothesis import given, settings
from hypothesis import strategies as st

from sigmapath.codegen.assemble import assemble
from sigmapath.codegen.block import Assign, Bundle, Function, Load, Store, operands, results
from sigmapath.codegen.bundles import bundle_width, in_bundles
from sigmapath.codegen.compile import compile_model
from sigmapath.codegen.parts import in_parts
from sigmapath.codegen.printer_llvm import llvm_text
from sigmapath.expr.nodes import apply, number, symbol
from sigmapath.machine import llvm as machine

OPERATIONS = ("pow", "exp", "log", "log10", "add", "mul", "select")
BINARY = ("pow", "add", "mul")


def _function(choices, n_load=3):
    """A function from numbers: statements read earlier values; stores stand among them."""
    body = [Load(f"l{k}", "y", k) for k in range(n_load)]
    names = [load.name for load in body]
    n_out = 0
    for k, (op, i, j, is_stored) in enumerate(choices):
        a, b = names[i % len(names)], names[j % len(names)]
        if op == "select":
            body += [Assign(f"c{k}", "lt", (a, b)), Assign(f"x{k}", op, (f"c{k}", a, 0.5))]
        elif op in BINARY:
            body.append(Assign(f"x{k}", op, (a, b if j % 3 else 1.5)))
        else:
            body.append(Assign(f"x{k}", op, (a,)))
        names.append(f"x{k}")
        if is_stored:
            body.append(Store("out", n_out, f"x{k}"))
            n_out += 1
    return Function(name="rhs", purpose="", body=tuple(body)), n_out


_CHOICES = st.lists(
    st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 99), st.integers(0, 99), st.booleans()),
    max_size=40,
)


def _calls(function):
    """Every single operation, with the bundles taken apart."""
    for statement in function.body:
        if isinstance(statement, Bundle):
            for k, name in enumerate(statement.names):
                yield name, statement.op, tuple(lanes[k] for lanes in statement.args)
        elif isinstance(statement, Assign):
            yield statement.name, statement.op, statement.args


@given(choices=_CHOICES, width=st.sampled_from([2, 4]))
def test_the_same_operations_stand_in_an_order_that_works(choices, width):
    function, _ = _function(choices)
    bundled = in_bundles(function, width)
    assert sorted(_calls(bundled), key=repr) == sorted(_calls(function), key=repr)
    for kind in (Load, Store):
        before = [s for s in function.body if isinstance(s, kind)]
        after = [s for s in bundled.body if isinstance(s, kind)]
        assert sorted(after, key=repr) == sorted(before, key=repr)
    known = set()
    for statement in bundled.body:
        assert {a for a in operands(statement) if isinstance(a, str)} <= known
        assert known.isdisjoint(results(statement))
        known.update(results(statement))
        if isinstance(statement, Bundle):
            assert all(len(lanes) == width for lanes in statement.args)


def _compiled(functions, **options):
    target = machine.host_target()
    text = llvm_text(functions, prefix="bundle_", opaque_pointers=target.opaque_pointers, **options)
    return machine.load_object(machine.compile_object(text, "quick"), ["bundle_rhs"])


def _one_by_one(function, bundled, width):
    """``function`` in its own order, every call that ``bundled`` bundles in a bundle of its own."""
    chosen = {name for s in bundled.body if isinstance(s, Bundle) for name in s.names}
    padding = (1.0,) * (width - 1)
    body = [
        Bundle((s.name,), s.op, tuple((a, *padding) for a in s.args))
        if isinstance(s, Assign) and s.name in chosen
        else s
        for s in function.body
    ]
    return replace(function, body=tuple(body))


@settings(max_examples=25, deadline=None)
@given(
    choices=_CHOICES,
    width=st.sampled_from([2, 4]),
    size=st.sampled_from([3, 7, 1000]),
    has_fma=st.booleans(),
)
def test_values_are_those_of_one_call_after_the_other(choices, width, size, has_fma):
    function, n_out = _function(choices)
    bundled = in_bundles(function, width)
    has_fma = has_fma and machine.host_target().has_fma
    # Without functions of our own the C library is called either way.
    single = _one_by_one(function, bundled, width) if has_fma else function
    alone = _compiled([single], has_fma=has_fma)
    together = _compiled([*in_parts(bundled, size)], has_fma=has_fma)
    for y in ([0.3, 1.2, 2.0], [0.0, -1.0, 3.0], [np.inf, np.nan, 1e-310], [1e-3, 700.0, -0.0]):
        found, expected = (
            call_address(code.addresses["bundle_rhs"], 0.0, y, np.zeros(1), n_out)
            for code in (together, alone)
        )
        np.testing.assert_array_equal(found, expected)


def test_what_waits_for_each_other_stays_apart_and_the_last_one_alone():
    chain = [Load("a", "y", 0), Assign("b", "exp", ("a",)), Assign("c", "exp", ("b",))]
    assert in_bundles(Function(name="rhs", purpose="", body=(*chain,)), 4).body == (*chain,)
    five = [Assign(f"x{k}", "pow", ("a", float(k))) for k in range(5)]
    body = in_bundles(Function(name="rhs", purpose="", body=(chain[0], *five)), 4).body
    assert [str(s) for s in body] == [
        "a = y[0]",
        "x0, x1, x2, x3 = pow([a, a, a, a], [0.0, 1.0, 2.0, 3.0])",
        "x4 = pow(a, 4.0)",
    ]


def test_what_runs_once_stays_as_it_is():
    body = (Load("a", "p", 0), *(Assign(f"x{k}", "pow", ("a", float(k))) for k in range(4)))
    assert in_bundles(Function(name="derive", purpose="", body=body), 4).body == body


@pytest.mark.parametrize(
    ("features", "width"), [("+avx512f,+avx2,+fma", 4), ("+avx2,+fma", 4), ("+neon", 2), ("", 2)]
)
def test_width_is_that_of_the_registers(features, width):
    assert bundle_width(features) == width


def _powers():
    names = ("a", "b", "c", "d", "e")
    total = symbol("a")
    for name in names:
        total = total + apply("pow", symbol(name), symbol("n")) + apply("exp", -symbol(name))
    rates = [total * apply("ln", number(1.0) + symbol(name)) for name in names]
    return system(
        parameters=[parameter("n", 2.3)], states=[state(name) for name in names], derivatives=rates
    )


@pytest.mark.parametrize("tier", ["quick", "fast"])
def test_a_model_computes_what_numba_computes(tier):
    written = _powers()
    llvm, numba = compile_model(written, tier=tier), compile_model(written, backend="numba")
    n_p = 1 + assemble(written).n_derived
    rng = np.random.default_rng(3)
    for _ in range(20):
        y, p = 10.0 ** rng.uniform(-3, 2, 5), np.zeros(n_p)
        p[0] = rng.uniform(0.5, 6.0)
        found, expected = (call_address(k.address("rhs"), 0.0, y, p, 5) for k in (llvm, numba))
        np.testing.assert_allclose(found, expected, rtol=1e-14)
