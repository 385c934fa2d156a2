"""Print one Rodas5P step over lanes, and what goes with it, as LLVM IR.

Enters: a lane width. Leaves: the text of parts, ``double part(int64 table, double, double)`` with
the table of a :class:`.layout.Lanes`. Called by :mod:`.code`.

step     tries a step in every lane
dense    prepares dense output
sample   evaluates observables inside the step, in every lane at a time of its own
points   evaluates observables of one lane at several times
turn     lays out dense output lane by lane, for observables that are states
plain    writes those of one lane at one time
watch    evaluates root functions inside the step, and tells which lanes to look at
commit   makes the right end the left where the step is taken

Every operation treats its lanes alike and apart: what a lane computes depends on nothing in the
others. The formulas are those of :mod:`sigmapath.solvers.rosenbrock`, with products fused into
sums where the machine can.
"""

from __future__ import annotations

import struct

from sigmapath.solvers.ir import PART_ARGUMENTS
from sigmapath.solvers.lanes import slots
from sigmapath.solvers.lanes.text import Body
from sigmapath.solvers.layout import NEAR_ROOT
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["PART_NAMES", "step_text"]

PART_NAMES = ("step", "dense", "sample", "points", "turn", "plain", "watch", "commit")
_N_STAGE = RODAS5P.n_stage
# Places of a step at which the signs of root functions are looked at.
_N_SAMPLE = 4


def step_text(lanes: int, prefix: str, *, opaque: bool) -> str:
    """Return the module of the four parts.

    Parameters
    ----------
    lanes : int
        Values per entry; 1 is scalar.
    prefix : str
        Put before their names.
    opaque : bool
        Whether pointers have no element type.
    """
    bodies = {"step": _Step(lanes, opaque).body}
    makers = {
        "dense": _dense,
        "sample": _sample,
        "points": _points,
        "turn": _turn,
        "plain": _plain,
        "watch": _watch,
        "commit": _commit,
    }
    for name, make in makers.items():
        bodies[name] = Body(lanes, opaque)
        make(bodies[name])
    suffix, real = ("f64", "double") if lanes == 1 else (f"v{lanes}f64", f"<{lanes} x double>")
    declared = [
        f"declare {real} @llvm.{name}.{suffix}({', '.join([real] * count)})"
        for name, count in (("fmuladd", 3), ("fabs", 1), ("sqrt", 1))
    ]
    if lanes > 1:
        declared.append(bodies["plain"].masked_store_declaration())
    texts = [
        body.function(f"double @{prefix}{name}{PART_ARGUMENTS}") for name, body in bodies.items()
    ]
    return "\n".join([*declared, *texts])


def _rows(body: Body, names: tuple[str, ...]) -> tuple[dict[str, str], str]:
    """Addresses of rows by name, and their length in bytes."""
    row = body.field("row")
    n = body.entry(body.field("size"), slots.N_STATE)
    size = body.add(f"mul i64 {n}, {body.bytes}")
    return {name: body.offset(row, size, getattr(slots, name)) for name in names}, size


class _Step:
    """The step, stage by stage."""

    def __init__(self, lanes: int, opaque: bool) -> None:
        body = self.body = Body(lanes, opaque)
        names = ("Y", "Y_NEW", "RATE", "TIME_RATE", "X", "RIGHT", "SCRATCH", "FORCING", "MASK")
        self.row, self.size = _rows(body, names)
        self.stage, self.p, self.time = body.field("stage"), body.field("p"), body.field("time")
        self.jac, self.lu = body.field("jac"), body.field("lu")
        call, size = body.field("call"), body.field("size")
        self.rhs = body.entry(call, slots.CALL_RHS)
        self.solver = body.entry(call, slots.CALL_SOLVE)
        self.t, self.h = self._clock(slots.T), self._clock(slots.H)
        self.r = body.op("fdiv", body.splat(1.0), self.h)
        changes = body.entry(size, slots.HAS_CHANGES)
        self.has_changes = body.add(f"icmp ne i64 {changes}, 0")
        self.dfdt = body.entry(call, slots.CALL_DFDT)
        self.has_dfdt = body.add(f"icmp ne i64 {self.dfdt}, 0")
        self._prepare(call, size)
        self._stages()
        self._judge()

    def _clock(self, slot: int) -> str:
        return self.body.load(self.time, self.body.bytes * slot)

    def _set_clock(self, slot: int, value: str) -> None:
        self.body.store(value, self.time, self.body.bytes * slot)

    def _rates(self, node: float, y: str, out: str) -> None:
        """Write f at node within the step, with infusions, zero where held."""
        body = self.body
        now = self.t if node == 0.0 else body.fma(self.h, body.splat(node), self.t)
        self._set_clock(slots.NOW, now)
        place = body.offset(self.time, body.bytes, slots.NOW)
        body.call(self.rhs, place, self.row[y], self.p, self.row[out])
        end = body.begin_if(self.has_changes)[0]
        offset, _ = body.begin_loop()
        # Where nothing is infused -0.0 is added, which changes no value.
        value = body.op("fadd", body.load(self.row[out], offset), self._at("FORCING", offset))
        body.store(self._held(value, offset), self.row[out], offset)
        body.end_loop(self.size)
        body.end_if(end)

    def _at(self, row: str, offset: str) -> str:
        return self.body.load(self.row[row], offset)

    def _held(self, value: str, offset: str) -> str:
        """The value, zero in lanes that hold the state."""
        body = self.body
        is_held = body.compare("une", self._at("MASK", offset), body.splat(0.0))
        return body.select(is_held, body.splat(0.0), value)

    def _prepare(self, call: str, size: str) -> None:
        """Rate, Jacobian, df/dt at the left end; factors of W."""
        body = self.body
        self._rates(0.0, "Y", "RATE")
        now = body.offset(self.time, body.bytes, slots.NOW)
        body.call(body.entry(call, slots.CALL_JAC), now, self.row["Y"], self.p, self.jac)
        end = body.begin_if(self.has_dfdt)[0]
        body.call(self.dfdt, now, self.row["Y"], self.p, self.row["TIME_RATE"])
        body.end_if(end)
        end = body.begin_if(self.has_changes)[0]
        offset, _ = body.begin_loop()
        body.store(self._held(self._at("TIME_RATE", offset), offset), self.row["TIME_RATE"], offset)
        body.end_loop(self.size)
        count = body.add(f"mul i64 {body.entry(size, slots.N_JAC)}, {body.bytes}")
        of = body.field("jac_row")
        offset, _ = body.begin_loop()
        k = body.add(f"udiv i64 {offset}, {body.lanes}")
        row = body.scalar(of, k, "i64")
        row = body.add(f"mul i64 {row}, {body.bytes}")
        body.store(self._held(body.load(self.jac, offset), row), self.jac, offset)
        body.end_loop(count)
        body.end_if(end)
        shift = body.op("fmul", self.r, body.splat(1.0 / RODAS5P.gamma))
        # ERROR serves as the place of the shift and of the sum that tells a singular matrix.
        self._set_clock(slots.POWER, shift)
        self._set_clock(slots.ERROR, body.splat(0.0))
        places = [body.offset(self.time, body.bytes, slot) for slot in (slots.POWER, slots.ERROR)]
        body.call(body.entry(call, slots.CALL_FACTOR), self.jac, self.lu, *places)
        self.sound = body.compare("oeq", self._clock(slots.ERROR), body.splat(0.0))

    def _solve(self, stage: int) -> None:
        """Solve for the increments of a stage, counted from 0."""
        place = self.body.offset(self.stage, self.body.bytes, stage)
        self.body.call(self.solver, self.lu, self.row["RIGHT"], self.row["SCRATCH"], place)

    def _increment(self, stage: int, offset: str) -> str:
        """Increment of a stage for the state at an offset."""
        body = self.body
        place = body.add(f"mul i64 {offset}, {_N_STAGE}")
        return body.load(self.stage, body.add(f"add i64 {place}, {body.bytes * stage}"))

    def _sum(self, factors: list[float], offset: str, start: str | None = None) -> str:
        """``start + sum_k factors[k] u_k`` for the state at an offset."""
        body, total = self.body, start
        for k, factor in enumerate(factors):
            if factor != 0.0:
                u, number = self._increment(k, offset), body.splat(factor)
                total = body.op("fmul", u, number) if total is None else body.fma(u, number, total)
        assert total is not None
        return total

    def _stages(self) -> None:
        body, tableau = self.body, RODAS5P
        for stage in range(_N_STAGE):
            if stage > 0:
                offset, _ = body.begin_loop()
                if stage < _N_STAGE - 2:
                    factors = [float(a) for a in tableau.a[stage, :stage]]
                    x = self._sum(factors, offset, self._at("Y", offset))
                else:
                    # The last stages differ from their predecessor by the newest u.
                    x = body.op("fadd", self._at("X", offset), self._increment(stage - 1, offset))
                body.store(x, self.row["X"], offset)
                body.end_loop(self.size)
                self._rates(float(tableau.node[stage]), "X", "RIGHT")
            self._right(stage)
            self._solve(stage)

    def _right(self, stage: int) -> None:
        """Complete the right-hand side of a stage."""
        body = self.body
        time = float(RODAS5P.time[stage])
        factors = [float(c) for c in RODAS5P.c[stage, :stage]]
        source = "RATE" if stage == 0 else "RIGHT"
        offset, _ = body.begin_loop()
        value = self._at(source, offset)
        if factors:
            value = body.fma(self._sum(factors, offset), self.r, value)
        body.store(value, self.row["RIGHT"], offset)
        body.end_loop(self.size)
        if time != 0.0:
            end = body.begin_if(self.has_dfdt)[0]
            factor = body.op("fmul", self.h, body.splat(time))
            offset, _ = body.begin_loop()
            value = body.fma(self._at("TIME_RATE", offset), factor, self._at("RIGHT", offset))
            body.store(value, self.row["RIGHT"], offset)
            body.end_loop(self.size)
            body.end_if(end)

    def _judge(self) -> None:
        """New state, error norm and what the step size control needs of it."""
        body = self.body
        tune, level = body.field("tune"), body.field("level")
        rtol, share = (body.spread(body.scalar(tune, 8 * k)) for k in range(2))
        n = body.entry(body.field("size"), slots.N_STATE)
        narrow = body.add(f"mul i64 {n}, 8")
        levels = [body.offset(level, narrow, k) for k in range(3)]
        zero = body.splat(0.0)
        offset, (total, under) = body.begin_loop([zero, zero])
        at = body.add(f"udiv i64 {offset}, {body.lanes}")
        atol, lowest, refused = (body.spread(body.scalar(base, at)) for base in levels)
        u = self._increment(_N_STAGE - 1, offset)
        old = self._at("Y", offset)
        new = body.op("fadd", self._at("X", offset), u)
        a, b = body.absolute(old), body.absolute(new)
        scale = body.fma(rtol, body.select(body.compare("ogt", a, b), a, b), atol)
        ratio = self._held(body.op("fdiv", u, scale), offset)
        more = body.fma(ratio, ratio, total)
        is_far = body.add(
            f"and {body.bits} {body.compare('olt', new, refused)}, {body.compare('oge', old, zero)}"
        )
        far = body.select(is_far, body.splat(1.0), under)
        body.store(
            body.select(body.compare("olt", new, lowest), zero, new), self.row["Y_NEW"], offset
        )
        body.end_loop(self.size, [more, far])
        error = body.root(body.op("fmul", more, share))
        self._set_clock(slots.POWER, _fifth_root(body, error))
        self._set_clock(slots.ERROR, body.select(self.sound, error, body.splat(-1.0)))
        self._set_clock(slots.UNDER, far)


def _fifth_root(body: Body, value: str) -> str:
    """``value ** (-1/5)`` of values cut to [1e-10, 1e10], to about 1e-10.

    A guess from the exponent bits (within 4%), then four Newton steps
    y <- y (6 - x y^5) / 5 for y^-5 = x, each squaring the error.
    """
    low, high = body.splat(1e-10), body.splat(1e10)
    x = body.select(body.compare("ogt", value, low), value, low)
    x = body.select(body.compare("olt", x, high), x, high)
    whole = body.add(f"bitcast {body.real} {x} to {body.words}")
    bits = body.add(f"sitofp {body.words} {whole} to {body.real}")
    (one,) = struct.unpack(">q", struct.pack(">d", 1.0))
    # 0.045 of the spacing of exponents centres the error of the guess.
    middle = 1.2 * (one - 0.045 * 2.0**52)
    guess = body.fma(bits, body.splat(-0.2), body.splat(middle))
    guess = body.add(f"fptosi {body.real} {guess} to {body.words}")
    y = body.add(f"bitcast {body.words} {guess} to {body.real}")
    for _ in range(4):
        square = body.op("fmul", y, y)
        fifth = body.op("fmul", body.op("fmul", square, square), y)
        factor = body.fma(body.op("fmul", x, fifth), body.splat(-0.2), body.splat(1.2))
        y = body.op("fmul", y, factor)
    return y


def _dense(body: Body) -> None:
    """Fill the rows of dense output, see :mod:`sigmapath.solvers.interpolate`."""
    row, size = _rows(body, ("Y", "Y_NEW", "DELTA", "DENSE_1", "DENSE_2", "DENSE_3"))
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
        self.row, self.size = _rows(body, names)
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
    row, size = _rows(body, ("Y", "DELTA", "DENSE_1", "DENSE_2", "DENSE_3"))
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
    """Write the observables of lane a, at the place in THETA of number b, to the row at ROW_AT."""
    time, turned, floor = body.field("time"), body.field("turned"), body.field("floor")
    size = body.field("size")
    out, n_out = body.entry(size, slots.ROW_AT), body.entry(size, slots.N_OUT)
    which = body.add("fptosi double %b to i64")
    place = body.add(f"add i64 {body.add(f'mul i64 {which}, 8')}, {body.bytes * slots.THETA}")
    theta = body.spread(body.scalar(time, place))
    rest = body.op("fsub", body.splat(1.0), theta)
    length = body.add(f"mul i64 {body.field('plain', 1)}, 8")
    lane = body.add("fptosi double %a to i64")
    lane = body.add(f"mul i64 {lane}, 5")
    base = body.add(f"add i64 {turned}, {body.add(f'mul i64 {length}, {lane}')}")
    rows = [body.offset(base, length, k) for k in range(5)]
    offset, _ = body.begin_loop()
    y, delta, one, two, three = (body.load(row, offset) for row in rows)
    inner = body.fma(body.fma(three, theta, two), theta, one)
    value = body.fma(body.fma(inner, rest, delta), theta, y)
    lowest = body.load(floor, offset)
    value = body.select(body.compare("olt", value, lowest), lowest, value)
    body.store_first(value, out, offset, body.add(f"mul i64 {n_out}, 8"))
    body.end_loop(length)


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
    row, size = _rows(body, ("Y", "Y_NEW"))
    taken = body.load(body.field("time"), body.bytes * slots.TAKEN)
    is_taken = body.compare("une", taken, body.splat(0.0))
    offset, _ = body.begin_loop()
    value = body.select(is_taken, body.load(row["Y_NEW"], offset), body.load(row["Y"], offset))
    body.store(value, row["Y"], offset)
    body.end_loop(size)
