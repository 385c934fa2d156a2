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
from sigmapath.solvers.lanes.inside import MAKERS, rows_of
from sigmapath.solvers.lanes.text import Body
from sigmapath.solvers.tableaux import RODAS5P

__all__ = ["PART_NAMES", "step_text"]

PART_NAMES = ("step", "dense", "sample", "points", "turn", "plain", "watch", "commit")
_N_STAGE = RODAS5P.n_stage


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
    for name, make in MAKERS.items():
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


class _Step:
    """The step, stage by stage."""

    def __init__(self, lanes: int, opaque: bool) -> None:
        body = self.body = Body(lanes, opaque)
        kept = ("Y", "Y_NEW", "RATE", "TIME_RATE", "FORCING", "MASK")
        self.row, self.size = rows_of(body, (*kept, "X", "ADDED", "RIGHT", "SCRATCH"))
        self.stage, self.p, self.time = body.field("stage"), body.field("p"), body.field("time")
        self.jac, self.lu = body.field("jac"), body.field("lu")
        call, size = body.field("call"), body.field("size")
        self.rhs = body.entry(call, slots.CALL_RHS)
        self.solver = body.entry(call, slots.CALL_SOLVE)
        self.t, self.h = self._clock(slots.T), self._clock(slots.H)
        self.r = body.op("fdiv", body.splat(1.0), self.h)
        self._set_clock(slots.PER_H, self.r)
        changes = body.entry(size, slots.HAS_CHANGES)
        self.has_changes = body.add(f"icmp ne i64 {changes}, 0")
        self.dfdt = body.entry(call, slots.CALL_DFDT)
        self.has_dfdt = body.add(f"icmp ne i64 {self.dfdt}, 0")
        self.own_stage = body.entry(call, slots.CALL_STAGE)
        is_own = body.add(f"icmp ne i64 {self.own_stage}, 0")
        # Nobody's own stage knows infusions and held states.
        self.is_own = body.add(f"select i1 {self.has_changes}, i1 false, i1 {is_own}")
        self._prepare(call, size)
        self._stages()
        self._judge()

    def _clock(self, slot: int) -> str:
        return self.body.load(self.time, self.body.bytes * slot)

    def _set_clock(self, slot: int, value: str) -> None:
        self.body.store(value, self.time, self.body.bytes * slot)

    def _rates(self, y: str, out: str) -> None:
        """Write f at the time in NOW, with infusions, zero where held."""
        body = self.body
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
        self._set_clock(slots.NOW, self.t)
        self._rates("Y", "RATE")
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

    def _stages(self) -> None:
        """The increments of all stages."""
        body = self.body
        # The first stage has the rates at the left end.
        self._complete("RATE", 0)
        self._solve(0)
        for stage in range(1, _N_STAGE):
            self._combine(stage)
            share = body.splat(float(RODAS5P.time[stage]))
            self._set_clock(slots.SHARE, body.op("fmul", self.h, share))
            now = body.fma(self.h, body.splat(float(RODAS5P.node[stage])), self.t)
            self._set_clock(slots.NOW, now)
            other, end = body.begin_either(self.is_own)
            new = body.offset(self.stage, body.bytes, stage)
            rows = [self.row[name] for name in ("X", "ADDED", "TIME_RATE")]
            body.call(self.own_stage, self.time, self.p, self.lu, *rows, new)
            body.begin_other(other, end)
            self._rates("X", "RIGHT")
            self._complete("RIGHT", stage)
            self._solve(stage)
            body.end_if(end)

    def _combine(self, stage: int) -> None:
        """Rows X and ADDED of a stage from the increments of earlier ones, each read once."""
        body, tableau = self.body, RODAS5P
        offset, _ = body.begin_loop()
        place = body.add(f"mul i64 {offset}, {_N_STAGE}")
        first = body.add(f"add i64 {self.stage}, {place}")
        u = [body.load(first, body.bytes * k) for k in range(stage)]
        if stage < _N_STAGE - 2:
            x = self._at("Y", offset)
            for one, a in zip(u, tableau.a[stage], strict=False):
                x = body.fma(one, body.splat(float(a)), x) if a != 0.0 else x
        else:
            # The last stages differ from their predecessor by the newest u.
            x = body.op("fadd", self._at("X", offset), u[-1])
        body.store(x, self.row["X"], offset)
        added = None
        for one, c in zip(u, tableau.c[stage], strict=False):
            number = body.splat(float(c))
            added = body.op("fmul", one, number) if added is None else body.fma(one, number, added)
        body.store(str(added), self.row["ADDED"], offset)
        body.end_loop(self.size)

    def _complete(self, source: str, stage: int) -> None:
        """Row RIGHT of a stage from the rates in a row, ADDED and df/dt."""
        body = self.body
        offset, _ = body.begin_loop()
        value = self._at(source, offset)
        if stage > 0:
            value = body.fma(self._at("ADDED", offset), self.r, value)
        body.store(value, self.row["RIGHT"], offset)
        body.end_loop(self.size)
        time = float(RODAS5P.time[stage])
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
        place = body.add(f"mul i64 {offset}, {_N_STAGE}")
        place = body.add(f"add i64 {place}, {body.bytes * (_N_STAGE - 1)}")
        u = body.load(self.stage, place)
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
