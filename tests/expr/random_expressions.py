"""Hypothesis strategies for expressions over x, y, z and the time."""

from __future__ import annotations

from hypothesis import strategies as st

from sigmapath.expr.nodes import TIME, Expr, apply, number, symbol

NAMES = ("x", "y", "z")
leaves = st.one_of(
    st.sampled_from([symbol(name) for name in NAMES]),
    st.just(TIME),
    st.integers(-4, 4).map(lambda n: number(float(n))),
    st.sampled_from([0.5, 1.5, -0.25, 1e-3, 2.5e7]).map(number),
)

SMOOTH_UNARY = ["neg", "exp", "sin", "cos", "arctan", "tanh", "arcsinh", "sech"]
ANY_UNARY = [*SMOOTH_UNARY, "abs", "ln", "sqrt", "floor", "ceiling", "not", "tan"]
SMOOTH_NARY = ["add", "mul"]
ANY_NARY = [*SMOOTH_NARY, "min", "max", "and", "or", "xor"]
RELATIONS = ["lt", "le", "gt", "ge", "eq", "ne"]


def _grown(inner: st.SearchStrategy[Expr], unary: list[str], nary: list[str]):
    few = st.lists(inner, min_size=2, max_size=4)
    small = st.sampled_from([2.0, 3.0]).map(number)
    return st.one_of(
        st.builds(apply, st.sampled_from(unary), inner),
        st.builds(lambda op, args: apply(op, *args), st.sampled_from(nary), few),
        st.builds(apply, st.just("div"), inner, inner),
        st.builds(apply, st.just("pow"), inner, small),
    )


def smooth() -> st.SearchStrategy[Expr]:
    """Expressions that complex arithmetic continues analytically."""
    return st.recursive(
        leaves, lambda inner: _grown(inner, SMOOTH_UNARY, SMOOTH_NARY), max_leaves=8
    )


def anything() -> st.SearchStrategy[Expr]:
    """Expressions with kinks, steps and logic too."""

    def grown(inner: st.SearchStrategy[Expr]):
        relation = st.builds(apply, st.sampled_from(RELATIONS), inner, inner)
        return st.one_of(
            _grown(inner, ANY_UNARY, ANY_NARY),
            relation,
            st.builds(apply, st.sampled_from(["quotient", "rem", "pow", "implies"]), inner, inner),
            st.builds(apply, st.just("piecewise"), inner, relation, inner),
            st.builds(apply, st.just("piecewise"), inner, relation),
        )

    return st.recursive(leaves, grown, max_leaves=10)


def logic() -> st.SearchStrategy[Expr]:
    """Truth values and pieces over plain comparisons."""
    relation = st.builds(apply, st.sampled_from(RELATIONS), leaves, leaves)

    def grown(inner: st.SearchStrategy[Expr]):
        few = st.lists(inner, min_size=1, max_size=3)
        joined = st.builds(
            lambda op, args: apply(op, *args), st.sampled_from(["and", "or", "xor"]), few
        )
        pieces = st.builds(apply, st.just("piecewise"), leaves, inner, leaves, inner, leaves)
        return st.one_of(joined, pieces, st.builds(apply, st.just("not"), inner))

    return st.recursive(relation, grown, max_leaves=6)


values = st.fixed_dictionaries(
    {name: st.floats(-3.0, 3.0).map(lambda v: round(v, 3)) for name in NAMES}
)
