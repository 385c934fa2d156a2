"""Print the sparse LU of one large model over lanes, as calls of a few short routines.

Enters: an elimination program. Leaves: the text of ``factor`` and ``solve`` as of :mod:`.lu`.
Called by :mod:`.code` where straight-line code would take long to compile and fill the caches that
the factors need.

One routine takes so many products off a row, another so many off a value; which, they look up in
tables of offsets in bytes that stand in the module. What calls them is one line per row operation:
there is nothing for a processor to guess, as there is in loops over rows of ever other length. The
full rows at the end are dealt with in loops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from sigmapath.solvers.ir import function, pointer, several
from sigmapath.solvers.lanes.lu import FACTOR, SOLVE
from sigmapath.solvers.lanes.text import Body
from sigmapath.solvers.linalg.writer import Lists, lists_of
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["walked_text"]

# Pivots that are dealt with together in the full rows at the end.
_BLOCK = 4
# Longest routine: longer rows are taken in pieces. From so many products on there are two sums.
_LONGEST, _PER_SUM, _MOST_SUMS = 48, 4, 4
# Calls in one function of the text.
_CALLS = 500


def walked_text(program: NDArray[np.int64], lanes: int, prefix: str, *, opaque: bool) -> str:
    """Functions ``factor`` and ``solve`` of a model for several lanes.

    Parameters
    ----------
    program : ndarray of int64
        See :mod:`sigmapath.solvers.linalg.symbolic`; sparse, with or without full rows at the end.
    lanes : int
    prefix : str
        Put before their names.
    opaque : bool
        Whether pointers have no element type.
    """
    lists = lists_of(program)
    module = _Module(lanes, opaque)
    factor, solve = _Factor(lists, module), _Solve(lists, module)
    module.define(f"{prefix}factor", FACTOR, [factor.set_up(), *factor.rows(), factor.full_rows()])
    module.define(f"{prefix}solve", SOLVE, solve.rows())
    return module.text()


class _Module:
    """Tables, routines and functions, each once."""

    def __init__(self, lanes: int, opaque: bool) -> None:
        self.lanes, self.opaque = lanes, opaque
        self.size = 8 * lanes
        self._tables: dict[str, list[int]] = {}
        self._routines: dict[str, str] = {}
        self._functions: list[str] = []

    def body(self) -> Body:
        """A body to be filled."""
        return Body(self.lanes, self.opaque)

    def table(self, name: str, values: list[int]) -> str:
        """The address of a table, as a constant."""
        self._tables[name] = values or [0]
        kind = f"[{len(values or [0])} x i32]"
        return f"ptrtoint ({pointer(kind, self.opaque)} @{name} to i64)"

    def routine(self, name: str, count: int, make: Callable[[Body, int], tuple[str, ...]]) -> str:
        """The name of a routine of a certain length, written where it is not there yet.

        ``make`` fills its body and returns its arguments.
        """
        whole = f"{name}_{count}"
        if whole not in self._routines:
            body = self.body()
            arguments = ", ".join(f"i64 {a}" for a in make(body, count))
            head = f"internal fastcc void @{whole}({arguments})"
            self._routines[whole] = function(head, ["entry:", *body.lines, "  ret void"])
        return whole

    def define(
        self, name: str, arrays: tuple[str, ...], parts: Iterator[list[str]] | list[list[str]]
    ) -> None:
        """A function over arrays, from the lines of its parts."""
        typed = pointer(several(self.lanes), self.opaque)
        given = ", ".join(f"i64 %{array}" for array in arrays)
        lines = ["entry:"]
        lines += [f"  %{array} = ptrtoint {typed} %{array}.at to i64" for array in arrays]
        for k, part in enumerate(parts):
            own = f"{name}_{k}"
            whole = ["entry:", *part, "  ret void"]
            self._functions.append(function(f"internal void @{own}({given})", whole))
            lines.append(f"  call void @{own}({given})")
        head = ", ".join(f"{typed} noalias %{array}.at" for array in arrays)
        self._functions.append(function(f"void @{name}({head})", [*lines, "  ret void"]))

    def text(self) -> str:
        """All of it."""
        real = several(self.lanes)
        suffix = "f64" if self.lanes == 1 else f"v{self.lanes}f64"
        lines = [f"declare {real} @llvm.fmuladd.{suffix}({real}, {real}, {real})"]
        for name, values in self._tables.items():
            numbers = ", ".join(f"i32 {value}" for value in values)
            lines.append(f"@{name} = internal constant [{len(values)} x i32] [{numbers}]")
        return "\n".join([*lines, *self._routines.values(), *self._functions])


class _Calls:
    """Lines of a function that does nothing but call routines with places in arrays."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.count = 0

    def add(self, routine: str, *places: tuple[str, int]) -> None:
        """Call with addresses so many bytes behind the beginning of arrays or tables."""
        self.count += 1
        given = []
        for k, (base, offset) in enumerate(places):
            self.lines.append(f"  %a{self.count}.{k} = add i64 {base}, {offset}")
            given.append(f"i64 %a{self.count}.{k}")
        self.lines.append(f"  call fastcc void @{routine}({', '.join(given)})")


def _look(body: Body, table: str, k: int | str) -> str:
    """Entry k of a table at an address."""
    place = body.add(f"add i64 {table}, {body.add(f'mul i64 {k}, 4')}")
    return body.add(f"sext i32 {body.scalar(place, 0, 'i32')} to i64")


def _beyond(body: Body, base: str, offset: str) -> str:
    return body.add(f"add i64 {base}, {offset}")


class _Factor:
    """Set up shift - J and factor it."""

    def __init__(self, lists: Lists, module: _Module) -> None:
        self.lists, self.module = lists, module

    def set_up(self) -> list[str]:
        """Write shift - J."""
        lists, module, size = self.lists, self.module, self.module.size
        body = module.body()
        filled = sorted(set(range(len(lists.column))) - set(lists.entry))
        fill = module.table("fill", [size * place for place in filled])
        k, _ = body.begin_while(0, len(filled))
        body.store(body.splat(0.0), _beyond(body, "%lu", _look(body, fill, k)))
        body.end_while()
        places = sorted(lists.entry, key=lists.entry.__getitem__)
        entry = module.table("entry", [size * place for place in places])
        k, _ = body.begin_while(0, len(places))
        value = body.op("fneg", body.load("%jac", body.add(f"mul i64 {k}, {size}")))
        body.store(value, _beyond(body, "%lu", _look(body, entry, k)))
        body.end_while()
        diagonal = module.table("diagonal", [size * place for place in lists.diagonal])
        shift = body.load("%shift")
        i, _ = body.begin_while(0, lists.n)
        place = _beyond(body, "%lu", _look(body, diagonal, i))
        body.store(body.op("fadd", body.load(place), shift), place)
        body.end_while()
        return body.lines

    def rows(self) -> Iterator[list[str]]:
        """Elimination by sparse pivots."""
        lists, module, size = self.lists, self.module, self.module.size
        update = module.table("update", [size * place for place in lists.update])
        calls, u = _Calls(), 0
        for i in range(lists.n):
            for position in range(lists.row[i], lists.diagonal[i]):
                k = lists.column[position]
                if k >= lists.tail:
                    break
                pivot, left = lists.diagonal[k], lists.row[k + 1] - lists.diagonal[k] - 1
                name, make, source = "take", _take, pivot
                while left or name == "take":
                    count = min(left, _LONGEST)
                    calls.add(
                        module.routine(name, count, make),
                        ("%lu", size * position),
                        ("%lu", size * source),
                        (update, 4 * u),
                        ("%lu", 0),
                    )
                    name, make, source = "more", _more, source + count
                    u, left = u + count, left - count
            if i < lists.tail:
                pivot = lists.diagonal[i]
                calls.add(module.routine("invert", 1, _invert), ("%lu", size * pivot), ("%sum", 0))
            if calls.count >= _CALLS or i == lists.n - 1:
                yield calls.lines
                calls = _Calls()

    def full_rows(self) -> list[str]:
        """Elimination by the pivots of the full rows, four at a time."""
        n, tail = self.lists.n, self.lists.tail
        body = self.module.body()
        whole = tail + (n - tail) // _BLOCK * _BLOCK
        # Entry j of a full row stands j places behind its base.
        base = [self.module.size * (self.lists.row[i + 1] - n) for i in range(tail, n)]
        self._base = self.module.table("base", base)
        k, _ = body.begin_while(tail, whole)
        self._pivots(body, k, _BLOCK)
        i, _ = body.begin_while(body.add(f"add i64 {k}, {_BLOCK}"), n)
        self._take_off(body, self._row(body, i), k, _BLOCK)
        body.end_while()
        body.end_while(step=_BLOCK)
        self._pivots(body, str(whole), n - whole)
        return body.lines

    def _row(self, body: Body, i: str) -> str:
        k = body.add(f"sub i64 {i}, {self.lists.tail}")
        return _beyond(body, "%lu", _look(body, self._base, k))

    def _at(self, body: Body, row: str, j: str) -> str:
        return _beyond(body, row, body.add(f"mul i64 {j}, {self.module.size}"))

    def _pivots(self, body: Body, first: str, count: int) -> None:
        """Eliminate neighbouring rows by each other."""
        for r in range(count):
            i = body.add(f"add i64 {first}, {r}")
            row = self._row(body, i)
            if r:
                self._take_off(body, row, first, r)
            _invert_at(body, self._at(body, row, i), "%sum")

    def _take_off(self, body: Body, mine: str, first: str, count: int) -> None:
        """Take neighbouring full rows off the one at ``mine``."""
        columns = [body.add(f"add i64 {first}, {r}") for r in range(count)]
        rows = [self._row(body, k) for k in columns]
        opposites: list[str] = []
        for r, k in enumerate(columns):
            value = body.load(self._at(body, mine, k))
            for other, opposite in zip(rows, opposites, strict=False):
                value = body.fma(body.load(self._at(body, other, k)), opposite, value)
            factor = body.op("fmul", value, body.load(self._at(body, rows[r], k)))
            body.store(factor, self._at(body, mine, k))
            opposites.append(body.op("fneg", factor))
        j, _ = body.begin_while(body.add(f"add i64 {first}, {count}"), self.lists.n)
        place = self._at(body, mine, j)
        value = body.load(place)
        for other, opposite in zip(rows, opposites, strict=True):
            value = body.fma(body.load(self._at(body, other, j)), opposite, value)
        body.store(value, place)
        body.end_while()


def _take(body: Body, count: int) -> tuple[str, ...]:
    """Divide by a pivot and take the entries behind it off a row."""
    factor = body.op("fmul", body.load("%at"), body.load("%source"))
    body.store(factor, "%at")
    _take_products(body, count, factor)
    return "%at", "%source", "%update", "%lu"


def _more(body: Body, count: int) -> tuple[str, ...]:
    """Go on with what is behind the source."""
    _take_products(body, count, body.load("%at"))
    return "%at", "%source", "%update", "%lu"


def _take_products(body: Body, count: int, factor: str) -> None:
    opposite = body.op("fneg", factor)
    for r in range(count):
        place = _beyond(body, "%lu", _look(body, "%update", r))
        source = body.load("%source", body.bytes * (r + 1))
        body.store(body.fma(source, opposite, body.load(place)), place)


def _invert(body: Body, _count: int) -> tuple[str, ...]:
    """Invert a pivot; the sum becomes NaN if it was zero or not finite."""
    _invert_at(body, "%at", "%sum")
    return "%at", "%sum"


def _invert_at(body: Body, at: str, at_sum: str) -> None:
    zero, pivot = body.splat(0.0), body.load(at)
    inverse = body.op("fdiv", body.splat(1.0), pivot)
    body.store(inverse, at)
    body.store(body.fma(inverse, zero, body.fma(pivot, zero, body.load(at_sum))), at_sum)


class _Solve:
    """Both triangular solves."""

    def __init__(self, lists: Lists, module: _Module) -> None:
        self.lists, self.module = lists, module

    def rows(self) -> Iterator[list[str]]:
        """Row by row, downwards and upwards."""
        lists, size = self.lists, self.module.size
        self._column = self.module.table("column", [size * k for k in lists.column])
        calls = _Calls()
        for i in range(lists.n):
            begin = ("%b", size * lists.perm[i])
            self._row(calls, i, range(lists.row[i], lists.diagonal[i]), begin)
            if calls.count >= _CALLS:
                yield calls.lines
                calls = _Calls()
        for i in range(lists.n - 1, -1, -1):
            self._found(calls, i)
            if calls.count >= _CALLS or i == 0:
                yield calls.lines
                calls = _Calls()

    def _row(self, calls: _Calls, i: int, places: range, begin: tuple[str, int]) -> None:
        """What stands at ``begin``, less the products of a row, goes to z."""
        while places or begin[0] != "%z":
            piece, places = places[:_LONGEST], places[_LONGEST:]
            self._call(calls, "less", _less, i, piece, begin)
            begin = ("%z", self.module.size * i)

    def _found(self, calls: _Calls, i: int) -> None:
        """The same upwards, and the solution of the row."""
        lists, size = self.lists, self.module.size
        first = lists.diagonal[i] + 1
        near = range(first, min(lists.row[i + 1], first + _LONGEST))
        self._row(calls, i, range(near.stop, lists.row[i + 1]), ("%z", size * i))
        self._call(calls, "found", _found, i, near, ("%x", size * RODAS5P.n_stage * lists.perm[i]))

    def _call(
        self,
        calls: _Calls,
        name: str,
        make: Callable[[Body, int], tuple[str, ...]],
        i: int,
        places: range,
        other: tuple[str, int],
    ) -> None:
        size = self.module.size
        calls.add(
            self.module.routine(name, len(places), make),
            other,
            ("%lu", size * places.start),
            (self._column, 4 * places.start),
            ("%z", 0),
            ("%z", size * i),
        )


def _less(body: Body, count: int) -> tuple[str, ...]:
    """A value less so many products."""
    body.store(_rest(body, count, body.load("%begin")), "%end")
    return "%begin", "%factors", "%column", "%z", "%end"


def _found(body: Body, count: int) -> tuple[str, ...]:
    """What is at the end already less so many products, divided by the pivot before the factors."""
    value = _rest(body, count, body.load("%end"))
    pivot = body.load(body.add(f"sub i64 %factors, {body.bytes}"))
    value = body.op("fmul", value, pivot)
    body.store(value, "%end")
    body.store(value, "%x")
    return "%x", "%factors", "%column", "%z", "%end"


def _rest(body: Body, count: int, value: str) -> str:
    n_sum = max(1, min(count // _PER_SUM, _MOST_SUMS))
    sums = [value] + [body.splat(0.0)] * (n_sum - 1)
    for r in range(count):
        other = body.op("fneg", body.load(_beyond(body, "%z", _look(body, "%column", r))))
        sums.append(body.fma(other, body.load("%factors", body.bytes * r), sums.pop(0)))
    while len(sums) > 1:
        sums = [*sums[2:], body.op("fadd", *sums[:2])]
    return sums[0]
