"""Print what is read off a step over lanes, as LLVM IR: dense output and what is seen on it.

Enters: an empty function body. Leaves: its lines. Called by :mod:`.step`, which says what each
part does; formulas are those of :mod:`sigmapath.solvers.interpolate`.
"""

from __future__ import annotations

from collections.abc import Callable

from sigmapath.solvers.ir import pointer
from sigmapath.solvers.lanes import slots
from sigmapath.solvers.lanes.text import Body
from sigmapath.solvers.layout import NEAR_ROOT
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["MAKERS", "rows_of"]

_N_STAGE = RODAS5P.n_stage
# Places of a step at which the signs of root functions are looked at.
_N_SAMPLE = 4


def rows_of(body: Body, names: tuple[str, ...]) -> tuple[dict[str, str], str]:
    """Return addresses of rows by name, and their length in bytes."""
    row = body.field("row")
    n = body.entry(body.field("size"), slots.N_STATE)
    size = body.add(f"mul i64 {n}, {body.bytes}")
    return {name: body.offset(row, size, getattr(slots, name)) for name in names}, size


def _dense(body: Body) -> None:
    """Fill the rows of dense output, see :mod:`sigmapath.solvers.interpolate`."""
    row, size = rows_of(body, ("Y", "Y_NEW", "DELTA", "DENSE_1", "DENSE_2", "DENSE_3"))
    stage = body.field("stage")
    offset, _ = body.begin_loop()
    delta = body.op("fsub", body.load(row["Y_NEW"], offset), body.load(row["Y"], offset))
    body.store(delta, row["DELTA"], offset)
    place = body.add(f"mul i64 {offset}, {_N_STAGE}")
    first = body.add(f"add i64 {stage}, {place}")
    u = [body.load(first, body.bytes * k) for k in range(_N_STAGE)]
    for k, name in enumerate(("DENSE_1", "DENSE_2", "DENSE_3")):
        factors = [body.splat(float(f)) for f in RODAS5P.dense[k]]
        total = body.op("fmul", u[0], factors[0])
        for one, factor in zip(u[1:], factors[1:], strict=True):
            total = body.fma(one, factor, total)
        body.store(total, row[name], offset)
    body.end_loop(size)


class _Inside:
    """States inside the last step, from dense output."""

    def __init__(self, body: Body) -> None:
        self.body = body
        names = ("Y", "DELTA", "DENSE_1", "DENSE_2", "DENSE_3", "Y_AT")
        self.row, self.size = rows_of(body, names)
        self.time, self.p, self.call = body.field("time"), body.field("p"), body.field("call")
        self.obs, self.n_out = body.field("obs"), body.field("obs", 2)
        self.now = body.offset(self.time, body.bytes, slots.NOW)
        n = body.entry(body.field("size"), slots.N_STATE)
        self.lowest = body.offset(body.field("level"), body.add(f"mul i64 {n}, 8"), slots.LOWEST)

    def clock(self, slot: int) -> str:
        return self.body.load(self.time, self.body.bytes * slot)

    def evaluate(self, theta: str, lane: str = "") -> None:
        """Write the states at ``theta`` into row Y_AT, all of one lane if that is given (bytes)."""
        body = self.body
        rest = body.op("fsub", body.splat(1.0), theta)
        offset, _ = body.begin_loop()

        def at(name: str) -> str:
            if not lane:
                return body.load(self.row[name], offset)
            return body.spread(body.scalar(self.row[name], body.add(f"add i64 {offset}, {lane}")))

        inner = body.fma(body.fma(at("DENSE_3"), theta, at("DENSE_2")), theta, at("DENSE_1"))
        value = body.fma(body.fma(inner, rest, at("DELTA")), theta, at("Y"))
        place = body.add(f"udiv i64 {offset}, {body.lanes}")
        lowest = body.spread(body.scalar(self.lowest, place))
        value = body.select(body.compare("olt", value, lowest), lowest, value)
        body.store(value, self.row["Y_AT"], offset)
        body.end_loop(self.size)

    def row_of(self, base: str, length: str, row: str | int) -> str:
        """Address of a row of observables or root functions."""
        body = self.body
        size = body.add(f"mul i64 {length}, {body.bytes}")
        return body.add(f"add i64 {base}, {body.add(f'mul i64 {size}, {row}')}")


def _sample(body: Body) -> None:
    """Observables at NOW, at THETA of the step, into row b."""
    inside = _Inside(body)
    inside.evaluate(inside.clock(slots.THETA))
    row = body.add("fptosi double %b to i64")
    out = inside.row_of(inside.obs, inside.n_out, row)
    outputs = body.entry(inside.call, slots.CALL_OUTPUTS)
    body.call(outputs, inside.now, inside.row["Y_AT"], inside.p, out)


def _points(body: Body) -> None:
    """Observables of lane a, at the times in NOW and places in THETA, into the row of the grid."""
    inside = _Inside(body)
    lane = body.add("fptosi double %a to i64")
    lane = body.add(f"mul i64 {lane}, 8")
    inside.evaluate(inside.clock(slots.THETA), lane)
    out = inside.row_of(inside.obs, inside.n_out, slots.OBS_GRID)
    outputs = body.entry(inside.call, slots.CALL_SPREAD_OUTPUTS)
    p = body.add(f"add i64 {inside.p}, {lane}")
    body.call(outputs, inside.now, inside.row["Y_AT"], p, out)


def _turn(body: Body) -> None:
    """Turn dense output of the observables into rows of each lane."""
    lanes = body.lanes
    row, size = rows_of(body, ("Y", "DELTA", "DENSE_1", "DENSE_2", "DENSE_3"))
    plain, n_wide = body.field("plain"), body.field("plain", 1)
    turned = body.field("turned")
    length = body.add(f"mul i64 {n_wide}, 8")
    offset, _ = body.begin_loop()
    first = body.add(f"add i64 {plain}, {offset}")
    places = [body.add(f"mul i64 {body.entry(first, k)}, {body.bytes}") for k in range(lanes)]
    for k, base in enumerate(row.values()):
        values = [body.load(base, place) for place in places]
        for lane, value in enumerate(_transposed(body, values)):
            out = body.offset(turned, length, 5 * lane + k)
            body.store(value, out, offset)
    body.end_loop(length)


def _transposed(body: Body, values: list[str]) -> list[str]:
    """Rows to columns, by exchanging ever larger blocks."""
    lanes, block = body.lanes, 1
    while block < lanes:
        lower = [p if not p & block else lanes + p - block for p in range(lanes)]
        upper = [p + block if not p & block else lanes + p for p in range(lanes)]
        for i in range(lanes):
            if not i & block:
                a, b = values[i], values[i + block]
                values[i], values[i + block] = body.mixed(a, b, lower), body.mixed(a, b, upper)
        block *= 2
    return values


def _plain(body: Body) -> None:
    """Write the observables of every lane at the output times that are due in its step."""
    time, count, size = body.field("time"), body.field("count"), body.field("size")
    n_times, times = body.entry(size, slots.N_TIMES), body.entry(size, slots.TIMES_AT)
    row_size = body.add(f"mul i64 {body.entry(size, slots.N_OUT)}, 8")
    turned, floor = body.field("turned"), body.field("floor")
    length = body.add(f"mul i64 {body.field('plain', 1)}, 8")
    lane, _ = body.begin_loop()

    def clock(slot: int) -> str:
        return body.scalar(time, body.add(f"add i64 {lane}, {body.bytes * slot}"))

    def counted(slot: int) -> str:
        return body.scalar(count, body.add(f"add i64 {lane}, {body.bytes * slot}"), "i64")

    taken = clock(slots.TAKEN)
    end = body.begin_if(body.add(f"fcmp une double {taken}, 0.0"))[0]
    left, t_new, right = (clock(slot) for slot in (slots.T, slots.T_NEW, slots.RIGHT_END))
    share = body.add(f"fdiv double 1.0, {body.add(f'fsub double {right}, {left}')}")
    is_free = body.add(f"icmp eq i64 {counted(slots.ARRIVES)}, 0")
    rows = counted(slots.ROWS_AT)
    base = body.add(f"mul i64 {body.add(f'mul i64 {lane}, {length}')}, 5")
    base = body.add(f"add i64 {turned}, {body.add(f'udiv i64 {base}, 8')}")
    bases = [body.offset(base, length, k) for k in range(5)]
    k = body.begin_count(counted(slots.NEXT_TIME))
    body.stop_unless(body.add(f"icmp slt i64 {k}, {n_times}"))
    t = body.scalar(times, body.add(f"mul i64 {k}, 8"))
    is_at_end = body.add(f"fcmp oeq double {t}, {t_new}")
    is_due = body.add(f"select i1 {is_at_end}, i1 {is_free}, i1 false")
    is_inside = body.add(f"fcmp olt double {t}, {t_new}")
    body.stop_unless(body.add(f"or i1 {is_inside}, {is_due}"))
    place = body.add(f"fmul double {body.add(f'fsub double {t}, {left}')}, {share}")
    theta = body.spread(place)
    rest = body.op("fsub", body.splat(1.0), theta)
    out = body.add(f"add i64 {rows}, {body.add(f'mul i64 {k}, {row_size}')}")
    offset, _ = body.begin_loop()
    y, delta, one, two, three = (body.load(row, offset) for row in bases)
    inner = body.fma(body.fma(three, theta, two), theta, one)
    value = body.fma(body.fma(inner, rest, delta), theta, y)
    lowest = body.load(floor, offset)
    value = body.select(body.compare("olt", value, lowest), lowest, value)
    body.store_first(value, out, offset, row_size)
    body.end_loop(length)
    body.end_count()
    typed = pointer("i64", body.opaque)
    at = body.add(f"add i64 {lane}, {body.bytes * slots.NEXT_TIME}")
    at = body.add(f"inttoptr i64 {body.add(f'add i64 {count}, {at}')} to {typed}")
    body.lines.append(f"  store i64 {k}, {typed} {at}, align 8")
    body.end_if(end)
    body.end_loop(str(body.bytes), step=8)


def _watch(body: Body) -> None:
    """Root functions at four places of the step; SUSPECT: signs change, or nearly so.

    In lanes whose step is taken the last sample becomes the left end of the next step.
    """
    inside = _Inside(body)
    root, n_root = body.field("root"), body.field("root", 2)
    left, right = inside.clock(slots.T), inside.clock(slots.RIGHT_END)
    length = body.op("fsub", right, left)
    roots = body.entry(inside.call, slots.CALL_ROOTS)
    for sample in range(1, _N_SAMPLE + 1):
        share = body.splat(sample / _N_SAMPLE)
        now = right if sample == _N_SAMPLE else body.fma(length, share, left)
        body.store(now, inside.now)
        inside.evaluate(share)
        out = inside.row_of(root, n_root, sample)
        body.call(roots, inside.now, inside.row["Y_AT"], inside.p, out)
    rows = [inside.row_of(root, n_root, k) for k in range(slots.N_ROOT_ROW)]
    is_taken = body.compare("une", inside.clock(slots.TAKEN), body.splat(0.0))
    zero, one = body.splat(0.0), body.splat(1.0)
    offset, (suspect,) = body.begin_loop([zero])
    values = [body.load(row, offset) for row in rows[: _N_SAMPLE + 1]]
    is_suspect = None
    for value in values[1:]:
        for relation in ("ogt", "olt"):
            signs = [body.compare(relation, x, zero) for x in (values[0], value)]
            is_other = body.add(f"xor {body.bits} {signs[0]}, {signs[1]}")
            is_suspect = is_other if is_suspect is None else body.either(is_suspect, is_other)
    assert is_suspect is not None
    for a, b, c in zip(values[:-2], values[1:-1], values[2:], strict=True):
        is_suspect = body.either(is_suspect, _may_touch(body, a, b, c))
    body.store(values[0], rows[slots.ROOT_BEFORE], offset)
    body.store(body.select(is_taken, values[-1], values[0]), rows[slots.ROOT_LEFT], offset)
    found = body.select(is_suspect, one, suspect)
    body.end_loop(body.add(f"mul i64 {n_root}, {body.bytes}"), [found])
    body.store(found, inside.time, body.bytes * slots.SUSPECT)


def _may_touch(body: Body, a: str, b: str, c: str) -> str:
    """As :func:`sigmapath.solvers.roots.vertex` asks of three neighbouring samples."""
    half = body.splat(0.5)
    bend = body.op("fmul", half, body.op("fadd", body.fma(body.splat(-2.0), b, a), c))
    slope = body.op("fmul", half, body.op("fsub", c, a))
    is_bent = body.compare("ogt", body.op("fmul", b, bend), body.splat(0.0))
    twice = body.op("fmul", body.splat(2.0), body.absolute(bend))
    is_between = body.compare("ole", body.absolute(slope), twice)
    shift = body.op("fdiv", body.op("fmul", body.splat(-0.5), slope), bend)
    depth = body.fma(body.op("fmul", half, slope), shift, b)
    is_near = body.compare("ule", body.op("fdiv", depth, b), body.splat(NEAR_ROOT))
    both = body.add(f"and {body.bits} {is_bent}, {is_between}")
    return body.add(f"and {body.bits} {both}, {is_near}")


def _commit(body: Body) -> None:
    """Y becomes Y_NEW where the step is taken."""
    row, size = rows_of(body, ("Y", "Y_NEW"))
    taken = body.load(body.field("time"), body.bytes * slots.TAKEN)
    is_taken = body.compare("une", taken, body.splat(0.0))
    offset, _ = body.begin_loop()
    value = body.select(is_taken, body.load(row["Y_NEW"], offset), body.load(row["Y"], offset))
    body.store(value, row["Y"], offset)
    body.end_loop(size)


# What is read off a step, part by part.
MAKERS: dict[str, Callable[[Body], None]] = {
    "dense": _dense,
    "sample": _sample,
    "points": _points,
    "turn": _turn,
    "plain": _plain,
    "watch": _watch,
    "commit": _commit,
}
