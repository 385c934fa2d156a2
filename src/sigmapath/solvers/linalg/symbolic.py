"""Plan the sparse LU of W = M/(h gamma) - J once per model: ordering, fill-in, index lists.

Enters: the pattern of J and the mass diagonal. Leaves: one flat int64 program that
:mod:`.sparse` walks without searching. Called when a model's workspace is made.

The program, as offsets into itself (header slots are named below)::

    perm      (n,)        new index -> state index
    row       (n + 1,)    start of each row of L and U
    diagonal  (n,)        position of the diagonal within L and U
    column    (n_lu,)     new column index, ascending within a row
    jac       (n_jac,)    position within L and U of each Jacobian value
    update    (n_update,) target of each multiply-subtract, in the order of elimination, by pivots
                          before the tail
    jac_row   (n + 1,)    the Jacobian's own pattern, for products with J and held rows
    jac_column(n_jac,)

Elimination fills the last rows. From new index ``tail`` on all columns from ``tail`` on are taken
as full: they stand side by side at the end of each row, and need no index lists.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sigmapath.kernels import Pattern

__all__ = [
    "DENSE",
    "HEADER",
    "SPARSE",
    "elimination_cost",
    "factor_time",
    "has_full_rows",
    "lu_program",
    "minimum_degree",
    "n_jacobian",
    "n_matrix_values",
]

IntArray = NDArray[np.int64]

SPARSE, DENSE = 0, 1

# Header slots of the program.
HEADER = (
    "kind",
    "n",
    "n_jac",
    "n_lu",
    "n_update",
    "tail",
    "perm",
    "row",
    "diagonal",
    "column",
    "jac",
    "update",
    "jac_row",
    "jac_column",
)

# Above this share of filled entries contiguous dense elimination beats walking index lists.
_DENSE_SHARE = 0.8
# Cost of a row operation in the tail and of each multiply-subtract of it, in those by index.
_ROW_COST, _TAIL_SHARE = 8.0, 0.1
# Ordering: fill by one pivot above which a table of booleans is faster than sets, its largest
# size, and after how many pivots it is packed anew. Where even the best pivot fills this share of
# what is left, the rest is full and its order makes no difference.
_MOST_IN_SETS, _MOST_IN_TABLE, _REPACK = 1_000, 6_000, 256
_FULL_SHARE = 0.9
# Beyond this many updates the list itself would outgrow the caches and the memory (8 B each).
_MOST_UPDATES = 20_000_000


def lu_program(pattern: Pattern, mass: NDArray[np.float64], *, is_sparse: bool = False) -> IntArray:
    """Return the flat elimination program for M/(h gamma) - J.

    Parameters
    ----------
    pattern : Pattern
        CSR pattern of J, shape (n_state, n_state).
    mass : ndarray, shape (n_state,)
        Diagonal of M. With an algebraic state (mass 0) a diagonal pivot may be structurally zero,
        so such systems take the dense form with partial pivoting.
    is_sparse : bool
        Whether everything is to be taken as sparse, however full it is.

    Returns
    -------
    ndarray of int64
        See the module docstring.
    """
    n = len(mass)
    rows = _rows_with_diagonal(pattern, n)
    dense = n > 0 and bool((np.asarray(mass) == 0.0).any())
    perm: list[int] = list(range(n))
    filled: list[IntArray] = []
    tail = n
    if not dense:
        perm, filled = minimum_degree(rows)
        n_lu = sum(map(len, filled))
        dense = n > 2 and n_lu >= _DENSE_SHARE * n * n and not is_sparse
        tail = n if is_sparse else _tail(filled)
        full = np.arange(tail, n)
        filled = [
            row if i < tail else np.concatenate([row[row < tail], full])
            for i, row in enumerate(filled)
        ]
    if not dense:
        return _sparse_program(pattern, perm, filled, tail)
    return _dense_program(pattern, n)


def n_matrix_values(program: IntArray) -> int:
    """Number of float64 values that factorisation needs: L and U, and row swaps when dense."""
    n = int(program[1])
    return n * n + n if program[0] == DENSE else int(program[3])


def elimination_cost(program: IntArray) -> int:
    """Multiply-subtracts of one factorisation."""
    head = dict(zip(HEADER, program[: len(HEADER)].tolist(), strict=True))
    n_full = head["n"] if head["kind"] == DENSE else head["n"] - head["tail"]
    return int(head["n_update"] + n_full**3 // 3)


def factor_time(program: IntArray) -> float:
    """Time of one factorisation, in that of a multiply-subtract by index."""
    n_update = int(program[HEADER.index("n_update")])
    return n_update + _TAIL_SHARE * (elimination_cost(program) - n_update)


def has_full_rows(program: IntArray) -> bool:
    """Whether the last rows are taken as full."""
    return bool(program[HEADER.index("tail")] < program[HEADER.index("n")])


def n_jacobian(program: IntArray) -> int:
    """Number of entries of the Jacobian."""
    return int(program[HEADER.index("n_jac")])


def _rows_with_diagonal(pattern: Pattern, n: int) -> list[set[int]]:
    start, column = pattern.row_start, pattern.column
    return [{*column[start[i] : start[i + 1]].tolist(), i} for i in range(n)]


def minimum_degree(rows: list[set[int]]) -> tuple[list[int], list[IntArray]]:
    """Order diagonal pivots by least Markowitz cost, ties to the lowest index, and fill in.

    Parameters
    ----------
    rows : list of set of int, length n
        Columns of each row, diagonal included. Left unchanged.

    Returns
    -------
    perm : list of int, length n
        State index of each pivot in turn.
    filled : list of ndarray of int
        For each pivot, the filled row of L and U in new indices, ascending.

    Notes
    -----
    Sets of neighbours while there are few of them; then a table of what is left, for networks
    without locality fill up towards the end. The order is the same either way.

    References
    ----------
    Markowitz (1957), The elimination form of the inverse and its application to linear
    programming, Management Science 3:255-269, doi:10.1287/mnsc.3.3.255.
    """
    n = len(rows)
    row = [set(r) for r in rows]
    column: list[set[int]] = [set() for _ in range(n)]
    for i, r in enumerate(row):
        for j in r:
            column[j].add(i)

    def cost(i: int) -> int:
        return (len(row[i]) - 1) * (len(column[i]) - 1)

    queue = [(cost(i), i) for i in range(n)]
    heapq.heapify(queue)
    perm: list[int] = []
    # Of each pivot in turn: the other columns of its row, the other rows of its column.
    rights: list[IntArray] = []
    belows: list[IntArray] = []
    done = [False] * n
    while queue:
        old_cost, pivot = heapq.heappop(queue)
        # Entries go stale as costs change; every change pushes a fresh one.
        if done[pivot] or old_cost != cost(pivot):
            continue
        if old_cost > _MOST_IN_SETS and n - len(perm) <= _MOST_IN_TABLE:
            _finish_in_table(row, done, perm, rights, belows)
            break
        done[pivot] = True
        perm.append(pivot)
        right, below = row[pivot] - {pivot}, column[pivot] - {pivot}
        rights.append(np.array(list(right), dtype=np.int64))
        belows.append(np.array(list(below), dtype=np.int64))
        for i in below:
            row[i].discard(pivot)
            for j in right - row[i]:
                column[j].add(i)
            row[i] |= right
        for j in right:
            column[j].discard(pivot)
        for i in right | below:
            heapq.heappush(queue, (cost(i), i))
    return perm, _filled_rows(perm, rights, belows)


def _finish_in_table(
    row: list[set[int]],
    done: list[bool],
    perm: list[int],
    rights: list[IntArray],
    belows: list[IntArray],
) -> None:
    """Order the pivots that are left, by a table of what is filled; extends the last three."""
    left = np.array([i for i, is_done in enumerate(done) if not is_done])
    place = np.full(len(row), -1)
    place[left] = np.arange(len(left))
    table = np.zeros((len(left), len(left)), dtype=bool)
    for k, i in enumerate(left):
        table[k, place[list(row[i])]] = True
    n_right, n_below = table.sum(axis=1) - 1, table.sum(axis=0) - 1
    never = np.iinfo(np.int64).max
    for step in range(len(left)):
        if step and step % _REPACK == 0:
            kept = np.flatnonzero(n_right >= 0)
            table = np.ascontiguousarray(table[np.ix_(kept, kept)])
            left, n_right, n_below = left[kept], n_right[kept], n_below[kept]
        cost = np.where(n_right < 0, never, n_right * n_below)
        pivot = int(np.argmin(cost))
        if cost[pivot] >= _FULL_SHARE * (len(left) - step % _REPACK - 1) ** 2:
            rest = left[n_right >= 0]
            perm += rest.tolist()
            rights += [rest[k + 1 :] for k in range(len(rest))]
            belows += rights[-len(rest) :]
            return
        table[pivot, pivot] = False
        right, below = np.flatnonzero(table[pivot]), np.flatnonzero(table[:, pivot])
        perm.append(int(left[pivot]))
        rights.append(left[right])
        belows.append(left[below])
        block = np.ix_(below, right)
        old = table[block]
        n_right[below] += len(right) - np.count_nonzero(old, axis=1) - 1
        n_below[right] += len(below) - np.count_nonzero(old, axis=0) - 1
        table[block] = True
        table[pivot], table[:, pivot] = False, False
        n_right[pivot] = -1


def _filled_rows(perm: list[int], rights: list[IntArray], belows: list[IntArray]) -> list[IntArray]:
    """Rows of L and U in new indices, from what each pivot had right of it and below."""
    n = len(perm)
    if n == 0:
        return []
    new = np.empty(n, dtype=np.int64)
    new[perm] = np.arange(n)
    in_u, in_l = (np.repeat(np.arange(n), list(map(len, part))) for part in (rights, belows))
    owner = np.concatenate([np.arange(n), in_u, new[np.concatenate(belows)]])
    column = np.concatenate([np.arange(n), new[np.concatenate(rights)], in_l])
    order = np.lexsort((column, owner))
    ends = np.cumsum(np.bincount(owner, minlength=n))
    return np.split(column[order], ends[:-1])


def _tail(filled: list[IntArray]) -> int:
    """First index of the rows that are best taken as full; n for none."""
    n = len(filled)
    below = np.zeros(n)
    right = np.zeros(n)
    for i, row in enumerate(filled):
        k = int(np.searchsorted(row, i))
        below[row[:k]] += 1.0
        right[i] = len(row) - k - 1
    by_index = np.concatenate([[0.0], np.cumsum(below * right)])
    size = np.arange(n, -1, -1.0)
    in_tail = _ROW_COST * size**2 / 2.0 + _TAIL_SHARE * size**3 / 3.0
    return int(np.argmin(by_index + in_tail))


def _sparse_program(
    pattern: Pattern, perm: list[int], filled: list[IntArray], tail: int
) -> IntArray:
    n = len(perm)
    row = np.zeros(n + 1, dtype=np.int64)
    row[1:] = np.cumsum([len(r) for r in filled])
    column = np.concatenate(filled) if filled else np.empty(0, dtype=np.int64)
    diagonal = np.array(
        [row[i] + np.searchsorted(column[row[i] : row[i + 1]], i) for i in range(n)],
        dtype=np.int64,
    )
    new = np.empty(n, dtype=np.int64)
    new[perm] = np.arange(n)
    jac = np.empty(pattern.nnz, dtype=np.int64)
    for i in range(n):
        mine = slice(int(pattern.row_start[i]), int(pattern.row_start[i + 1]))
        begin, end = row[new[i]], row[new[i] + 1]
        jac[mine] = begin + np.searchsorted(column[begin:end], new[pattern.column[mine]])
    targets: list[IntArray] = []
    n_update = 0
    for i in range(n):
        mine_columns = column[row[i] : row[i + 1]]
        for position in range(row[i], diagonal[i]):
            k = column[position]
            if k >= tail:
                break
            right = column[diagonal[k] + 1 : row[k + 1]]
            targets.append(row[i] + np.searchsorted(mine_columns, right))
            n_update += len(right)
        if n_update > _MOST_UPDATES:
            return _dense_program(pattern, n)
    update = np.concatenate(targets) if targets else np.empty(0, dtype=np.int64)
    lists = (perm, row, diagonal, column, jac, update, pattern.row_start, pattern.column)
    return _packed((SPARSE, n, pattern.nnz, len(column), len(update), tail), lists)


def _dense_program(pattern: Pattern, n: int) -> IntArray:
    owner = np.repeat(np.arange(n), np.diff(pattern.row_start))
    jac = owner * n + pattern.column
    diagonal = np.arange(n) * (n + 1)
    lists = (range(n), (), diagonal, (), jac, (), pattern.row_start, pattern.column)
    return _packed((DENSE, n, pattern.nnz, n * n, 0, n), lists)


def _packed(sizes: tuple[int, ...], lists: tuple[object, ...]) -> IntArray:
    """Header, then every list, with the header holding where each list begins."""
    arrays = [np.asarray(values, dtype=np.int64).reshape(-1) for values in lists]  # type: ignore[call-overload]
    offset = len(HEADER)
    header = list(sizes)
    for array in arrays:
        header.append(offset)
        offset += len(array)
    program = np.concatenate([np.array(header, dtype=np.int64), *arrays])
    program.setflags(write=False)
    return program
