"""LLVM IR for several lanes computes, lane by lane, what scalar code computes."""

from __future__ import annotations

import struct
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from calls import call_address
from hand_systems import parameter, state, system, three_reactions

from sigmapath.codegen.assemble import assemble
from sigmapath.codegen.block import Assign, Function, Load, Store
from sigmapath.codegen.lane_tables import LOG_BITS, LOG_FIRST, logarithms, powers_of_two
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


def _functions(lanes=4):
    """exp, log, log10 and pow over lanes, as functions of arrays."""
    if not machine.host_target().has_fma:
        pytest.skip("this CPU calls the C library")
    bodies = {
        name: (Load("a", "y", 0), Assign("b", name, ("a",)), Store("out", 0, "b"))
        for name in ("exp", "log", "log10")
    }
    power = Assign("b", "pow", ("a", "c"))
    bodies["pow"] = (Load("a", "y", 0), Load("c", "p", 0), power, Store("out", 0, "b"))
    functions = [Function(name=name, purpose="", body=body) for name, body in bodies.items()]
    text = llvm_text(
        functions,
        prefix="math_",
        lanes=lanes,
        opaque_pointers=machine.host_target().opaque_pointers,
        has_fma=True,
    )
    loaded = machine.load_object(
        machine.compile_object(text, "quick"), [f"math_{name}" for name in bodies]
    )

    def call(name, x, y=None):
        y = x if y is None else y
        address, starts = loaded.addresses[f"math_{name}"], range(0, len(x), lanes)
        spans = [slice(i, i + lanes) for i in starts]
        return np.concatenate([call_address(address, 0.0, x[s], y[s], lanes) for s in spans])

    call.keeper = loaded
    return call


def _error(found, exact):
    """Largest error in units in the last place; ``exact`` has more digits than found."""
    nearest = exact.astype(np.float64)
    return float(np.max(np.abs((found - exact) / np.abs(np.spacing(nearest)))))


@pytest.mark.skipif(
    np.finfo(np.longdouble).nmant <= 52, reason="the oracle needs extended precision"
)
def test_own_functions_are_within_half_a_unit_in_the_last_place_and_a_little():
    call, rng, n = _functions(), np.random.default_rng(5), 8000
    long, most_wrong = np.longdouble, 0.52
    for low, high in ((-1.0, 1.0), (-708.0, 709.7), (-745.0, -700.0), (-1e-8, 1e-8)):
        x = rng.uniform(low, high, n)
        assert _error(call("exp", x), np.exp(x.astype(long))) < most_wrong
    near_one = 1.0 + rng.uniform(-1e-6, 1e-6, n)
    around_one = 1.0 + rng.uniform(-0.02, 0.02, n)
    for x in (rng.uniform(0.5, 2.0, n), 10.0 ** rng.uniform(-320, 308, n), near_one, around_one):
        assert _error(call("log", x), np.log(x.astype(long))) < most_wrong
        assert _error(call("log10", x), np.log10(x.astype(long))) < most_wrong
    powers = [
        (10.0 ** rng.uniform(-r, r, n), m) for r, m in ((2.0, 5.0), (50.0, 6.0), (300.0, 1.0))
    ]
    # On both sides of the exponent above which the C library is asked.
    powers += [(around_one, 4096.0), (1.0 + rng.uniform(-0.002, 0.002, n), 1e5)]
    for x, most in powers:
        y = rng.uniform(-most, most, n)
        assert _error(call("pow", x, y), np.power(x.astype(long), y.astype(long))) < most_wrong


def test_tables_are_the_nearest_numbers():
    with localcontext(prec=50):
        least = Decimal(2) ** -90
        for inverse, high, low in logarithms():
            assert abs(-Decimal(inverse).ln() - Decimal(high) - Decimal(low)) < least
        for k, (power, missing) in enumerate(powers_of_two()):
            exact = Decimal(2) ** (Decimal(k) / 128)
            assert abs(exact - Decimal(power) * (1 + Decimal(missing))) < least


def test_quotients_by_table_values_are_exact():
    # z / c - 1 must be a double, for the first and last significand of every interval.
    for k, (inverse, _, _) in enumerate(logarithms()):
        first = LOG_FIRST + (k << LOG_BITS)
        for bits in (first, first + (1 << LOG_BITS) - 1):
            z = struct.unpack(">d", struct.pack(">Q", bits))[0]
            exact = Fraction(z) * Fraction(inverse) - 1
            assert abs(exact) <= Fraction(1, 128)
            assert Fraction(float(exact)) == exact


def test_own_functions_know_the_special_values():
    call = _functions()
    special = (0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 2.0, -2.0, 0.7, 5e-324, 1e308)
    x = np.array(special)
    with np.errstate(all="ignore"):
        for name, function in (("exp", np.exp), ("log", np.log), ("log10", np.log10)):
            np.testing.assert_array_equal(call(name, x), function(x))
        base, exponent = (grid.ravel() for grid in np.meshgrid(x, x))
        expected = np.power(base, exponent)
    np.testing.assert_allclose(call("pow", base, exponent), expected, rtol=3e-16)


def test_a_special_value_leaves_the_other_lanes_alone():
    call = _functions(8)
    x, y = np.linspace(1.0, 8.0, 8), np.full(8, 1.7)
    spoilt = np.where(np.arange(8) == 3, -1.0, x)
    others = np.arange(8) != 3
    found = call("pow", spoilt, y)
    assert np.isnan(found[3])
    np.testing.assert_array_equal(found[others], call("pow", x, y)[others])
