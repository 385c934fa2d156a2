"""Text of a model never reaches generated code unescaped."""

from __future__ import annotations

import ast
import builtins
import keyword
import re

import numpy as np
import pytest
from calls import call, start
from hand_systems import parameter, state, system
from hypothesis import given
from hypothesis import strategies as st

from sigmapath.codegen.compile import compile_model, source_text
from sigmapath.codegen.identifiers import comment_text, identifiers
from sigmapath.expr.nodes import symbol

HOSTILE = [
    "__import__",
    "lambda",
    "print",
    "t",
    "y",
    "p",
    "out",
    "x0",
    "c1",
    "s2",
    "math",
    "np",
    "kernel",
    "derive",
    "nan",
    "time",
    "match",
    "α",
    "ｋ",  # a full-width k, which Python folds to k
    "k",
    "a.b",
    "a_b",
    "[a]",
    "amount(a)",
    "x\nimport os",
    'a"""\nraise SystemExit\n"""',
    "%v.1 = load",
    "1abc",
    "",
    "_",
    "__",
    "q" * 5000,
    "delay#0",
]


@given(st.lists(st.one_of(st.text(max_size=12), st.sampled_from(HOSTILE)), max_size=30))
def test_identifiers_are_plain_unique_and_harmless(ids):
    table = identifiers(ids)
    assert set(table) == set(ids)
    assert len(set(table.values())) == len(table)
    for name in table.values():
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name)
        assert len(name) <= 60
        assert not keyword.iskeyword(name)
        assert not hasattr(builtins, name)
        assert not re.fullmatch(r"[xcs][0-9]+", name)


def test_plain_ids_keep_their_names():
    assert identifiers(["S1R_free", "k_on", "Ca"]) == {n: n for n in ("S1R_free", "k_on", "Ca")}


@given(st.text(max_size=300))
def test_comments_stay_on_one_ascii_line(text):
    found = comment_text(text)
    assert found.isascii()
    assert found.isprintable()
    assert len(found) <= 120


def _hostile_system():
    names = HOSTILE[:20]
    states = [state(name, float(k + 1)) for k, name in enumerate(names)]
    rest = HOSTILE[20:26]
    total = sum((symbol(name) for name in names), symbol(rest[0]) * symbol(rest[1]))
    return system(
        parameters=[parameter(name, 0.5 + k) for k, name in enumerate(rest)],
        states=states,
        definitions=[
            (name, total * symbol(names[k]), "comment\nimport os # " + name)
            for k, name in enumerate(HOSTILE[26:33])
        ],
        derivatives=[symbol(HOSTILE[26 + k % 7]) for k in range(20)],
        model_id='evil"""\nimport os\n#',
    )


@pytest.mark.parametrize("backend", ["llvm", "numba"])
def test_hostile_ids_compile_to_the_right_values(backend):
    written = _hostile_system()
    kernels = compile_model(written, backend=backend)
    p, y = start(kernels, written)
    total = 0.5 * 1.5 + sum(range(1, 21))
    expected = [total * (k % 7 + 1) for k in range(20)]
    np.testing.assert_allclose(call(kernels, "rhs", y, p, 20), expected, rtol=1e-14)


def test_hostile_text_is_no_code():
    text = source_text(_hostile_system())
    assert text.isascii()
    tree = ast.parse(text)
    imports = [n for n in ast.walk(tree) if isinstance(n, (ast.Import, ast.ImportFrom))]
    modules = {n.module if isinstance(n, ast.ImportFrom) else n.names[0].name for n in imports}
    assert modules <= {"math", "numpy", "sigmapath.codegen.numba_runtime"}
    assert not [n for n in ast.walk(tree) if isinstance(n, (ast.Raise, ast.Lambda))]
    for line in source_text(_hostile_system(), "llvm").splitlines():
        assert re.fullmatch(r"[A-Za-z0-9_.,%@=(){}<>*: -]*", line)
