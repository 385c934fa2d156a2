"""Both backends agree with the reference evaluator on every operator, at awkward values."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from calls import call, derive
from hand_systems import parameter, state, system

from sigmapath.codegen.compile import compile_model
from sigmapath.errors import CodegenError
from sigmapath.expr.evaluate import evaluate
from sigmapath.expr.nodes import ARITY, NAN, TIME, apply, number, symbol

BACKENDS = ["llvm", "numba"]
UNSUPPORTED = {"call", "delay", "rateof", "draw"}
VALUES = [0.0, -0.0, 1.0, -1.0, 2.0, 3.0, -2.5, 0.3, 1e-9, -40.25, 1e200, np.inf, -np.inf, np.nan]
STATES, PARAMETERS = ("a", "b", "c"), ("pa", "pb", "pc")
# (what a, b and c of a formula are): varying, constant for a run, or a mixture.
MIXTURES = [("a", "b", "c"), ("pa", "pb", "pc"), ("a", "pb", "c"), ("pa", "b", "pc")]


def _formulas():
    """(op, formula over a, b, c) for every operator that has machine code."""
    for op, (fewest, most) in ARITY.items():
        if op in UNSUPPORTED or op in ("num", "sym"):
            continue
        if op == "time":
            yield op, lambda *_: TIME
            continue
        counts = {fewest, fewest + 2 if most is None else most} | ({3} if most is None else set())
        for count in sorted(counts):
            yield op, lambda *x, op=op, count=count: apply(op, *x[:count])
    yield "pow", lambda a, b, c: apply("pow", a, number(2.0))
    yield "pow", lambda a, b, c: apply("pow", a + b, number(-3.0))
    yield "pow", lambda a, b, c: apply("pow", a, number(0.5))
    yield "pow", lambda a, b, c: apply("pow", a, number(-0.5))
    yield "pow", lambda a, b, c: apply("pow", a, number(17.0))
    yield "pow", lambda a, b, c: apply("pow", a, number(0.0))
    yield "div", lambda a, b, c: number(2.0) * a / (b * c)
    yield "div", lambda a, b, c: -(a / b) * -c
    yield "div", lambda a, b, c: (a / b) / (c / number(3.0))
    yield "add", lambda a, b, c: a - (b - c) + number(-1.5)
    yield "mul", lambda a, b, c: number(-2.0) * a * -b
    yield "num", lambda a, b, c: a + number(float("inf"))
    yield "num", lambda a, b, c: a * NAN
    yield "ln", lambda a, b, c: apply("ln", number(2.0)) * a / (apply("exp", number(1.5)) * b)
    yield "ln", lambda a, b, c: apply("ln", number(3.0)) + number(1.0) - a
    yield "lt", lambda a, b, c: apply("piecewise", a, apply("lt", number(1.0), number(2.0)), b)
    yield "sym", lambda a, b, c: c
    yield "and", lambda a, b, c: apply("and", apply("lt", a, b), apply("not", apply("ge", b, c)))
    yield "xor", lambda a, b, c: apply("xor", apply("lt", a, b), apply("lt", b, c), c) + a
    yield "piecewise", lambda a, b, c: apply("piecewise", a, apply("gt", a, b), b, c)
    yield "piecewise", lambda a, b, c: apply("piecewise", apply("eq", a, b), apply("and", a, b), c)


FORMULAS = [
    (op, build(*map(symbol, names)), names) for op, build in _formulas() for names in MIXTURES
]


@pytest.fixture(scope="module", params=BACKENDS)
def kernels(request):
    model = system(
        parameters=[parameter(name) for name in PARAMETERS],
        states=[state(name) for name in STATES],
        derivatives=[number(0.0)] * 3,
        # Roots may be anything; parameter-only ones among them exercise "derive".
        roots=tuple(formula for _, formula, _ in FORMULAS),
    )
    return compile_model(model, backend=request.param)


def _points():
    yield from itertools.product(VALUES, VALUES, (2.0, np.nan))
    yield from ((x, y, z) for x, y in ((0.3, -0.7), (2.0, 1.0)) for z in VALUES)


@pytest.fixture(scope="module")
def computed(kernels):
    rows = []
    for point in _points():
        p = np.zeros(kernels.n_p)
        p[:3] = point
        derive(kernels, p)
        rows.append(call(kernels, "roots", point, p, kernels.n_root, t=0.25))
    return np.array(rows)


@pytest.mark.parametrize("op", sorted(set(ARITY) - UNSUPPORTED))
def test_operator_agrees_with_reference(op, computed):
    points = np.array(list(_points())).T
    values = dict(zip((*STATES, *PARAMETERS), (*points, *points), strict=True))
    checked = 0
    for k, (name, formula, _) in enumerate(FORMULAS):
        if name != op:
            continue
        expected = np.broadcast_to(evaluate(formula, values, 0.25), points.shape[1])
        found = computed[:, k]
        if op == "factorial":
            # SBML defines it for natural numbers; beyond them gamma has poles with no agreed value.
            natural = points[0] >= 0
            expected, found = expected[natural], found[natural]
        if formula.op == "pow" and formula.args[1].value in (0.5, -0.5):
            # sqrt differs from pow at -0.0 and -inf, as the translator says.
            told = np.signbit(points[0]) & ((points[0] == 0) | np.isinf(points[0]))
            expected, found = expected[~told], found[~told]
        np.testing.assert_allclose(found, expected, rtol=2e-13, atol=0, err_msg=repr(formula))
        checked += 1
    assert checked >= len(MIXTURES)


@pytest.mark.parametrize("op", sorted(UNSUPPORTED))
def test_operator_without_machine_form_is_refused(op):
    arguments = {"call": (), "delay": ("a", 1.0), "rateof": ("a",), "draw": ("a",)}[op]
    model = system(
        parameters=[], states=[state("a")], derivatives=[apply(op, *arguments)], model_id="refused"
    )
    with pytest.raises(CodegenError, match="no machine form") as caught:
        compile_model(model)
    assert caught.value.where == "refused"
