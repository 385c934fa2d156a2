"""Sparse and dense LU against numpy on random patterns; ordering and fill-in."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels_by_hand import pattern_of

from sigmapath.machine.llvm import compile_object, host_target, load_object
from sigmapath.solvers import layout as at
from sigmapath.solvers.ir import module_of
from sigmapath.solvers.lanes.lu import LU_NAMES
from sigmapath.solvers.lanes.walked import walked_text
from sigmapath.solvers.library import part_addresses
from sigmapath.solvers.linalg.sparse import assemble, factor, jacobian_product, solve
from sigmapath.solvers.linalg.symbolic import (
    DENSE,
    HEADER,
    SPARSE,
    lu_program,
    minimum_degree,
    n_matrix_values,
)
from sigmapath.solvers.own_code import own_parts
from sigmapath.solvers.tables import address_table


def solved(pattern, values, mass, mask, shift, b):
    n = len(mass)
    program = lu_program(pattern, mass)
    lu = np.zeros(max(n_matrix_values(program), 1))
    x, z = np.zeros(n), np.zeros(n)
    assemble(program, values, mass, mask, bool(mask.any()), shift, lu)
    ok = factor(program, lu)
    solve(program, lu, b, x, z)
    return program, ok, x


def unrolled_solution(program, values, shift, b):
    """Solution by the model's own code, called as the loop calls it."""
    n = len(b)
    own = own_parts(program)
    parts = part_addresses()
    vec = np.zeros((at.N_ROW, n))
    lu = np.zeros(n_matrix_values(program))
    arrays = {"program": program, "vec": vec, "jac": values, "lu": lu, "part": parts}
    arrays["flag"] = np.zeros(at.N_FLAG, dtype=np.int64)
    kinds = at.RECORDS[at.Work]
    empty = {
        name: np.zeros((0,) * int(k[1]), dtype=np.int64 if k[0] == "i" else float)
        for name, k in kinds.items()
    }
    table = address_table(at.Work, tuple({**empty, **arrays}.values()))
    signature = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64, ctypes.c_double, ctypes.c_double)
    factor_own, solve_own = (signature(own[k]) for k in (at.PART_FACTOR, at.PART_SOLVE))
    vec[at.RIGHT] = b
    ok = factor_own(table.ctypes.data, shift, 0.0)
    solve_own(table.ctypes.data, 3.0, 0.0)
    return ok, vec[at.K + 3]


@pytest.mark.parametrize(("n", "density"), [(1, 1.0), (5, 0.5), (12, 0.2), (40, 0.05), (70, 0.2)])
def test_unrolled_code_solves_like_the_walked_program(n, density):
    rng = np.random.default_rng(n)
    pattern = pattern_of([np.flatnonzero(rng.random(n) < density).tolist() for _ in range(n)])
    values = rng.normal(size=max(pattern.nnz, 1))
    shift = 3.0 * (1.0 + np.abs(values).sum())
    b = rng.normal(size=n)
    program = lu_program(pattern, np.ones(n))
    if program[0] == DENSE:
        return
    ok, x = unrolled_solution(program, values, shift, b)
    expected = shift * np.eye(n) - matrix_of(pattern, values[: pattern.nnz], n)
    assert ok == 1.0
    np.testing.assert_allclose(x, np.linalg.solve(expected, b), rtol=1e-12)
    _, _, walked = solved(pattern, values, np.ones(n), np.zeros(n), shift, b)
    np.testing.assert_allclose(x, walked, rtol=1e-14)


def test_a_long_fill_ends_in_full_rows():
    rng = np.random.default_rng(70)
    rows = [np.flatnonzero(rng.random(70) < 0.2).tolist() for _ in range(70)]
    program = lu_program(pattern_of(rows), np.ones(70))
    assert 0 < program[HEADER.index("tail")] < 60


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_unrolled_code_notices_a_useless_pivot(bad):
    pattern = pattern_of([[0, 1], [1], [2]])
    program = lu_program(pattern, np.ones(3))
    values = np.array([1.0, 1.0, 2.0 if bad == 0.0 else bad, 1.0])
    ok, _ = unrolled_solution(program, values, 2.0, np.ones(3))
    assert ok == 0.0


@pytest.mark.parametrize("lanes", [1, 2, 4])
@pytest.mark.parametrize(("n", "density"), [(1, 1.0), (12, 0.2), (40, 0.05), (130, 0.08)])
@pytest.mark.parametrize("is_sparse", [True, False])
def test_code_for_lanes_that_looks_places_up_solves_like_numpy(n, density, lanes, is_sparse):
    rng = np.random.default_rng(n)
    pattern = pattern_of([np.flatnonzero(rng.random(n) < density).tolist() for _ in range(n)])
    program = lu_program(pattern, np.ones(n), is_sparse=is_sparse)
    assert program[0] != DENSE
    values, b = rng.normal(size=(pattern.nnz, lanes)), rng.normal(size=(n, lanes))
    shift = 3.0 * (1.0 + np.abs(values).sum(axis=0))
    total, x = lane_solution(program, values, shift, b)
    np.testing.assert_array_equal(total, 0.0)
    for lane in range(lanes):
        dense = shift[lane] * np.eye(n) - matrix_of(pattern, values[:, lane], n)
        np.testing.assert_allclose(x[:, 5, lane], np.linalg.solve(dense, b[:, lane]), rtol=1e-12)
    assert not np.delete(x, 5, axis=1).any()


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("is_sparse", [True, False])
def test_lanes_notice_a_useless_pivot_each_by_itself(bad, is_sparse):
    n = 70
    rng = np.random.default_rng(70)
    rows = [np.flatnonzero(rng.random(n) < 0.2).tolist() for _ in range(n)]
    pattern = pattern_of(rows)
    program = lu_program(pattern, np.ones(n), is_sparse=is_sparse)
    values = np.repeat(rng.normal(size=(pattern.nnz, 1)), 2, axis=1)
    shift = 3.0 * (1.0 + np.abs(values).sum(axis=0))
    # The last pivot is the sum of what is left of its diagonal entry.
    if bad == 0.0:
        shift[1], values[:, 1] = 0.0, 0.0
    else:
        values[-1, 1] = bad
    total, _ = lane_solution(program, values, shift, np.ones((n, 2)))
    assert total[0] == 0.0
    assert np.isnan(total[1])


def lane_solution(program, values, shift, b):
    """Sum and solution, for stage 5, of code for lanes that looks its places up."""
    n, lanes = b.shape
    target = host_target()
    text = walked_text(program, lanes, "test_", opaque=target.opaque_pointers)
    loaded = load_object(compile_object(module_of([text]), "quick"), ["test_factor", "test_solve"])
    signature = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)
    factor_lanes, solve_lanes = (signature(loaded.addresses[f"test_{k}"]) for k in LU_NAMES)
    lu, total = np.full((n_matrix_values(program), lanes), np.nan), np.zeros(lanes)
    z, x = np.zeros((n, lanes)), np.zeros((n, 8, lanes))
    factor_lanes(*(array.ctypes.data for array in (values, lu, shift, total)))
    solve_lanes(lu.ctypes.data, b.ctypes.data, z.ctypes.data, x.ctypes.data + 8 * lanes * 5)
    return total, x


def matrix_of(pattern, values, n):
    dense = np.zeros((n, n))
    rows = np.repeat(np.arange(n), np.diff(pattern.row_start))
    dense[rows, pattern.column] = values
    return dense


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    n=st.integers(1, 30),
    density=st.floats(0.0, 1.0),
    algebraic=st.booleans(),
    seed=st.integers(0, 10**6),
)
def test_solutions_agree_with_numpy(n, density, algebraic, seed):
    rng = np.random.default_rng(seed)
    pattern = pattern_of([np.flatnonzero(rng.random(n) < density).tolist() for _ in range(n)])
    values = rng.normal(size=pattern.nnz)
    mass = np.ones(n)
    mask = (rng.random(n) < 0.2).astype(float)
    jacobian = matrix_of(pattern, values, n)
    if algebraic and np.count_nonzero(jacobian[0]) and not mask[0]:
        mass[0] = 0.0
    shift = 3.0 * (1.0 + np.abs(jacobian).sum())
    expected = np.diag(shift * mass) - jacobian
    expected[mask == 1.0] = 0.0
    expected[mask == 1.0, mask == 1.0] = shift
    b = rng.normal(size=n)
    if np.linalg.cond(expected) > 1e10:
        return
    program, ok, x = solved(pattern, values, mass, mask, shift, b)
    assert ok
    np.testing.assert_allclose(expected @ x, b, atol=1e-9 * max(1.0, np.abs(x).max() * shift))
    assert program[0] == DENSE if (mass == 0.0).any() else True
    out = np.zeros(n)
    jacobian_product(program, values, b, out)
    np.testing.assert_allclose(out, jacobian @ b, atol=1e-12 * (1 + np.abs(jacobian).sum()))


def test_an_arrow_is_eliminated_from_its_tip_without_fill():
    # Row and column 0 are full: eliminating 0 first would fill everything.
    n = 12
    rows = [set(range(n))] + [{0, i} for i in range(1, n)]
    perm, filled = minimum_degree(rows)
    assert perm[-2:] in ([0, n - 1], [n - 1, 0])
    assert sum(map(len, filled)) == sum(map(len, rows))


def test_the_program_is_the_same_every_time():
    rng = np.random.default_rng(1)
    rows = [np.flatnonzero(rng.random(40) < 0.1).tolist() for _ in range(40)]
    programs = {lu_program(pattern_of(rows), np.ones(40)).tobytes() for _ in range(3)}
    assert len(programs) == 1


def test_a_nearly_full_pattern_takes_the_dense_form():
    rng = np.random.default_rng(2)
    full = pattern_of([list(range(6))] * 6)
    chain = pattern_of([[i, max(i - 1, 0)][: 1 + (i > 0)][::-1] for i in range(6)])
    assert lu_program(full, np.ones(6))[HEADER.index("kind")] == DENSE
    assert lu_program(chain, np.ones(6))[HEADER.index("kind")] == SPARSE
    assert rng is not None


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("rows", [[[0], [1], [2]], [[0, 1, 2]] * 3])
def test_a_singular_or_broken_matrix_is_reported(rows, bad):
    pattern = pattern_of(rows)
    values = np.full(pattern.nnz, 1.0)
    shift = 1.0
    if not np.isfinite(bad):
        values[0] = bad
    elif len(rows[0]) == 1:
        values[0] = 1.0  # shift M - J = 0 in row 0
    else:
        values[:] = [1.0, -1.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, 0.0]
        values[[0, 4]], values[[1, 3]] = 0.0, 1.0  # rows 0 and 1 become opposite
    _, ok, x = solved(pattern, values, np.ones(3), np.zeros(3), shift, np.ones(3))
    assert not ok or not np.isfinite(x).all()


def test_the_table_of_what_is_left_gives_the_fill_that_elimination_gives(monkeypatch):
    # Oracle: boolean Gaussian elimination in the order that was found.
    from sigmapath.solvers.linalg import symbolic

    monkeypatch.setattr(symbolic, "_MOST_IN_SETS", 4)
    monkeypatch.setattr(symbolic, "_REPACK", 7)
    rng = np.random.default_rng(5)
    n = 60
    rows = [{*np.flatnonzero(rng.random(n) < 0.05).tolist(), i} for i in range(n)]
    perm, filled = minimum_degree(rows)
    assert sorted(perm) == list(range(n))
    full = np.zeros((n, n), dtype=bool)
    for i, row in enumerate(rows):
        full[i, list(row)] = True
    full = full[np.ix_(perm, perm)]
    for k in range(n):
        full[k + 1 :] |= full[k + 1 :, [k]] & (np.arange(n) > k) & full[k]
    found = np.zeros((n, n), dtype=bool)
    for i, row in enumerate(filled):
        assert (np.diff(row) > 0).all()
        found[i, row] = True
    assert (found >= full).all()
    # What is taken as full beyond that is the nearly full end.
    assert np.count_nonzero(found & ~full) < 0.1 * n * n


def test_ordering_a_large_network_without_locality_is_quick():
    import time

    rng = np.random.default_rng(6)
    n = 1500
    rows = [{*rng.integers(0, n, 4).tolist(), i, (i + 1) % n} for i in range(n)]
    start = time.process_time()
    perm, _ = minimum_degree(rows)
    assert sorted(perm) == list(range(n))
    assert time.process_time() - start < 10.0
