"""Kernels of small models: values, layout of p, start values, outputs, parts, what is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from calls import call, derive, start
from hand_systems import parameter, state, system, three_reactions

from sigmapath.codegen import compile as compiler
from sigmapath.codegen.compile import compile_model, source_text, with_outputs
from sigmapath.errors import CodegenError
from sigmapath.expr.nodes import TIME, apply, number, symbol
from sigmapath.kernels import KERNEL_NAMES
from sigmapath.lower.system import Definition

BACKENDS = ["llvm", "numba"]


@pytest.fixture(scope="module", params=BACKENDS)
def model(request):
    written = three_reactions()
    return written, compile_model(written, backend=request.param)


def _hand_rhs(y, kon=0.3, koff=0.1, vmax=2.0, km=0.7, n=2.5, k0=0.05):
    """The three reactions by hand, per volume; the volume cancels."""
    a, b, c = y
    bind, decay = kon * a * b - koff * c, vmax * c**n / (km**n + c**n)
    return np.array([k0 - bind, -bind, bind - decay])


def test_rhs_has_the_values_of_the_equations(model):
    written, kernels = model
    p, y = start(kernels, written)
    np.testing.assert_allclose(call(kernels, "rhs", y, p, 3), _hand_rhs(y), rtol=1e-14)


def test_parameters_change_without_compilation(model):
    written, kernels = model
    p, y = start(kernels, written)
    p[[0, 3]] = 0.9, 0.2
    derive(kernels, p)
    expected = _hand_rhs(y, kon=0.9, km=0.2)
    np.testing.assert_allclose(call(kernels, "rhs", y, p, 3), expected, rtol=1e-14)


def test_jacobian_agrees_with_central_differences(model):
    written, kernels = model
    p, y = start(kernels, written)
    found = call(kernels, "jac", y, p, 9).reshape(3, 3)
    for j in range(3):
        h = 1e-5 * y[j]
        up, down = y.copy(), y.copy()
        up[j] += h
        down[j] -= h
        slope = (call(kernels, "rhs", up, p, 3) - call(kernels, "rhs", down, p, 3)) / (2 * h)
        # Truncation h^2 f'''/6 ~ 1e-10, rounding u f/h ~ 1e-11.
        np.testing.assert_allclose(found[:, j], slope, rtol=0, atol=1e-8)


def test_kernels_describe_the_model(model):
    written, kernels = model
    assert kernels.addresses.dtype == np.int64
    assert len(kernels.addresses) == len(KERNEL_NAMES)
    present = {name for name in KERNEL_NAMES if kernels.address(name)}
    assert present == {"initial", "derive", "rhs", "jac"}
    assert (kernels.n_state, kernels.n_param, kernels.lanes) == (3, 7, 1)
    assert kernels.n_p > kernels.n_param
    assert kernels.non_negative.tolist() == [1, 1, 1]


def test_power_of_a_promised_state_reads_it_as_non_negative(model):
    written, kernels = model
    p, y = start(kernels, written)
    y[2] = -1e-13
    slopes = call(kernels, "rhs", y, p, 3)
    assert np.isfinite(slopes).all()
    assert np.isfinite(call(kernels, "jac", y, p, 9)).all()
    np.testing.assert_allclose(slopes[2], 0.3 * 1.0 * 2.0, rtol=1e-12)


@pytest.mark.parametrize("backend", BACKENDS)
def test_power_without_promise_is_ieee(backend):
    x, n = symbol("x"), symbol("n")
    rate = apply("pow", x / n, number(1.5)) + apply("pow", x, number(2.0))
    promised = {}
    for promise in (False, True):
        written = system(
            parameters=[parameter("n", 2.0)], states=[state("x", -0.5, promise)], derivatives=[rate]
        )
        kernels = compile_model(written, backend=backend)
        p, y = start(kernels, written)
        promised[promise] = call(kernels, "rhs", y, p, 1)[0]
    assert np.isnan(promised[False])
    assert promised[True] == 0.25


@pytest.mark.parametrize("backend", BACKENDS)
def test_start_values_asked_for_by_nan_are_worked_out(backend):
    a, b, total, size = map(symbol, ("a", "b", "total", "size"))
    written = system(
        parameters=[parameter("total", np.nan), parameter("size", 4.0), parameter("k", 1.0)],
        states=[state("a", 3.0), state("b", np.nan)],
        derivatives=[-a, total * size * a],
        initial=(
            Definition(id="sum", math=a + number(1.0)),
            Definition(id="total", math=symbol("sum") * number(2.0)),
            Definition(id="b", math=total / size),
        ),
        # b is integrated as an amount
        initial_states=(a, b * size),
    )
    kernels = compile_model(written, backend=backend)
    p, y = start(kernels, written)
    np.testing.assert_array_equal(p[:3], [8.0, 4.0, 1.0])
    np.testing.assert_array_equal(y, [3.0, 8.0])
    # A given value stands, and what rests on it follows; derived values are ready.
    p, y = start(kernels, written, total=20.0)
    np.testing.assert_array_equal(p[:3], [20.0, 4.0, 1.0])
    np.testing.assert_array_equal(y, [3.0, 20.0])
    np.testing.assert_array_equal(call(kernels, "rhs", y, p, 2), [-3.0, 240.0])
    _, y = start(kernels, written, b=0.5)
    np.testing.assert_array_equal(y, [3.0, 2.0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_event_time_and_delay_functions(backend):
    x, k = symbol("x"), symbol("k")
    written = system(
        parameters=[parameter("k", 2.0)],
        states=[state("x", 1.0)],
        derivatives=[k * TIME - symbol("delay#0")],
        time_derivative=(k,),
        roots=(x - k, TIME - number(3.0)),
        triggers=(apply("gt", x, k),),
        delays=(k * number(0.5),),
        priorities=(number(7.0),),
        assignments=(x + TIME, k * number(3.0)),
        lags=(k,),
        lagged=(x * x,),
    )
    kernels = compile_model(written, backend=backend)
    assert (kernels.n_root, kernels.n_lag) == (2, 1)
    p, y = start(kernels, written)
    p[1] = 0.25  # the solver writes delayed values here
    given = {"t": 5.0}
    for name, expected in {
        "rhs": [9.75],
        "dfdt": [2.0],
        "roots": [-1.0, 2.0],
        "triggers": [0.0],
        "delays": [1.0],
        "priorities": [7.0],
        "assign": [6.0, 6.0],
        "lags": [2.0],
        "lagged": [1.0],
    }.items():
        found = call(kernels, name, y, p, len(expected), **given)
        np.testing.assert_array_equal(found, expected, err_msg=name)
    assert call(kernels, "triggers", np.array([2.5]), p, 1)[0] == 1.0


def test_outputs_are_added_without_compiling_the_model_again(model):
    written, kernels = model
    bind, a = symbol("bind"), symbol("A")
    observed = with_outputs(kernels, written, [a / number(4.0), bind, symbol("make"), TIME])
    assert kernels.n_output == 0
    assert kernels.address("outputs") == 0
    assert observed.n_output == 4
    assert observed.address("rhs") == kernels.address("rhs")
    assert observed.fingerprint != kernels.fingerprint
    p, y = start(observed, written)
    found = call(observed, "outputs", y, p, 4, t=9.0)
    np.testing.assert_allclose(found, [0.25, 2 * (0.6 - 0.05), 0.1, 9.0], rtol=1e-14)
    again = with_outputs(observed, written, [bind])
    assert call(again, "outputs", y, p, 1)[0] == found[1]


def test_outputs_of_unknown_ids_are_refused(model):
    written, kernels = model
    with pytest.raises(CodegenError, match="no parameter, state or earlier definition") as caught:
        with_outputs(kernels, written, [symbol("nowhere")])
    assert caught.value.found == "nowhere"


def test_backends_agree():
    written = three_reactions()
    results = []
    for backend in BACKENDS:
        kernels = compile_model(written, backend=backend)
        p, y = start(kernels, written)
        results.append([*p, *call(kernels, "rhs", y, p, 3), *call(kernels, "jac", y, p, 9)])
    np.testing.assert_allclose(*results, rtol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [1, 3, 7])
def test_parts_compute_the_same(backend, size, monkeypatch):
    c, x = symbol("C"), symbol("A")
    above = apply("gt", c, x)
    choice = apply("piecewise", c * x, above, x)
    written = system(
        parameters=[parameter("k", 3.0)],
        states=[state("A", 1.5), state("C", 2.0)],
        derivatives=[
            choice * symbol("k"),
            apply("piecewise", choice, apply("and", above, apply("lt", x, number(1.0))), -c * x),
        ],
        definitions=[("v", c * x + choice, "")],
        model_id=f"parts {size}",
    )
    whole = compile_model(written, backend=backend)
    p, y = start(whole, written)
    expected = call(whole, "rhs", y, p, 2)
    np.testing.assert_array_equal(expected, [9.0, -3.0])
    monkeypatch.setattr(compiler, "_PART_SIZE", dict.fromkeys(compiler._PART_SIZE, size))
    monkeypatch.setattr(compiler, "generator_digest", lambda: f"parts of {size}")
    split = compile_model(written, backend=backend)
    assert split.fingerprint != whole.fingerprint
    p, y = start(split, written)
    np.testing.assert_array_equal(call(split, "rhs", y, p, 2), expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_model_of_nothing_compiles(backend):
    written = system(parameters=[], states=[], derivatives=[])
    kernels = compile_model(written, backend=backend)
    p, y = start(kernels, written)
    assert y.size == 0
    assert call(kernels, "rhs", y, p, 0).size == 0
    timed = with_outputs(kernels, written, [TIME * number(2.0)])
    assert call(timed, "outputs", np.zeros(1), np.zeros(1), 1, t=1.5)[0] == 3.0


def test_fast_tier_agrees_and_is_told_apart():
    written = three_reactions()
    quick, fast = (compile_model(written, tier=tier) for tier in ("quick", "fast"))
    assert quick.fingerprint != fast.fingerprint
    p, y = start(fast, written)
    np.testing.assert_array_equal(call(fast, "rhs", y, p, 3), call(quick, "rhs", y, p, 3))
    np.testing.assert_array_equal(call(fast, "jac", y, p, 9), call(quick, "jac", y, p, 9))


def test_deep_and_wide_formulas_are_no_problem():
    x = symbol("x")
    deep, wide = x, apply("add", *[x * number(float(k)) for k in range(1, 20001)])
    for k in range(20000):
        deep = apply("add" if k % 2 else "sin", deep, *([number(1e-3)] if k % 2 else []))
    written = system(
        parameters=[], states=[state("x", 1.0)], derivatives=[deep], jacobian=[wide], model_id="big"
    )
    kernels = compile_model(written)
    p, y = start(kernels, written)
    expected = 1.0
    for k in range(20000):
        expected = expected + 1e-3 if k % 2 else np.sin(expected)
    np.testing.assert_allclose(call(kernels, "rhs", y, p, 1), [expected], rtol=1e-12)
    assert call(kernels, "jac", y, p, 1)[0] == 20000 * 20001 / 2


def test_unknown_backend_or_tier_is_refused():
    for choice in ({"backend": "c"}, {"tier": "slow"}):
        with pytest.raises(CodegenError, match="unknown backend or tier"):
            compile_model(three_reactions(), **choice)


_SAME_BYTES = """
import hashlib, sys
sys.path.insert(0, {folder!r})
from hand_systems import three_reactions
from sigmapath.codegen.compile import compile_model, source_text
from sigmapath.machine import llvm as machine
system = three_reactions()
for backend in ("numba", "llvm"):
    print(hashlib.sha256(source_text(system, backend).encode()).hexdigest())
code = machine.compile_object(source_text(system, "llvm"), "quick")
print(hashlib.sha256(code).hexdigest(), compile_model(system).fingerprint)
"""


def test_same_fingerprint_means_same_bytes_in_every_process():
    folder = __file__.rsplit("test_compile.py", 1)[0]
    script = _SAME_BYTES.format(folder=folder)
    printed = [
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env={**_environment(), "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0].split()) == 4


def test_llvm_path_imports_no_numba():
    folder = __file__.rsplit("test_compile.py", 1)[0]
    script = (
        f"import sys; sys.path.insert(0, {folder!r})\n"
        "from hand_systems import three_reactions\n"
        "from sigmapath.codegen.compile import compile_model\n"
        "compile_model(three_reactions())\n"
        "print('numba' in sys.modules, 'scipy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env=_environment(),
    )
    assert done.stdout.split() == ["False", "False"]


def _environment():
    import os

    import sigmapath

    source = os.path.dirname(os.path.dirname(sigmapath.__file__))
    return {**os.environ, "PYTHONPATH": source}


def test_source_text_of_llvm_is_the_module():
    text = source_text(three_reactions(), "llvm")
    assert "define void @" in text
    assert "_rhs(" in text
