"""Compiled model functions by themselves: as Python callables, and timed in compiled loops.

For peers that are integrators without a front end of their own (SciPy, CVODE): they get the same
machine code that sigmapath's solvers call, so what is compared is the integrator. ``benchmarks
limit`` times each function where no interpreter disturbs it. This is the one
place of the benchmarks that looks inside sigmapath.
"""

from __future__ import annotations

import ctypes
import re
import time
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.peers.base import FloatArray, Unsupported

__all__ = ["NativeSystem", "Parts", "Repeated"]

_FUNCTION = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)


class NativeSystem:
    """Right-hand side, Jacobian, initial state and observables of one case.

    The arrays that machine code reads and writes are made once; a call copies y in and the result
    out, which costs less than making addresses anew.
    """

    def __init__(self, case: Case) -> None:
        import sigmapath as sp

        engine = sp.load(case.path)._engine
        plan = engine.plan(times=case.times, observables=case.species)
        kernels = engine.kernels(plan.outputs, tier="fast")
        if kernels.events.n_event or kernels.n_lag or not kernels.mass.all():
            raise Unsupported(f"{case.name} has events, delays or algebraic equations")
        self._kernels, self._functions = kernels, {}
        for name in ("initial", "derive", "rhs", "jac", "outputs"):
            if kernels.address(name):
                self._functions[name] = _FUNCTION(kernels.address(name))
        self.n_state, self.n_output = kernels.n_state, kernels.n_output
        self._t, self._p = np.zeros(1), np.zeros(kernels.n_p)
        self._y = np.zeros(kernels.n_state)
        self._dydt, self._jac = np.zeros(kernels.n_state), np.zeros(kernels.pattern.nnz)
        self.columns = kernels.pattern.column
        starts = kernels.pattern.row_start
        self.rows = np.repeat(np.arange(kernels.n_state), np.diff(starts))
        self.row_start = starts
        self.initial = self._initial(np.array(plan.start, dtype=np.float64))
        at = [self._t.ctypes.data, self._y.ctypes.data, self._p.ctypes.data]
        self._rhs_call = (self._functions["rhs"], (*at, self._dydt.ctypes.data))
        self._jac_call = (self._functions["jac"], (*at, self._jac.ctypes.data))

    def _initial(self, start: FloatArray) -> FloatArray:
        y = np.zeros(self.n_state)
        self._call("initial", start, y)
        self._call("derive", y, self._p)
        return y

    def _call(self, name: str, y: FloatArray, out: FloatArray) -> None:
        if name in self._functions:
            arrays = (self._t, y, self._p, out)
            self._functions[name](*[array.ctypes.data for array in arrays])

    def rhs(self, t: float, y: FloatArray) -> FloatArray:
        """dy/dt; the array is reused by the next call."""
        self._t[0] = t
        self._y[:] = y
        function, addresses = self._rhs_call
        function(*addresses)
        return self._dydt

    def jac_values(self, t: float, y: FloatArray) -> FloatArray:
        """Nonzeros of df/dy, row by row; the array is reused by the next call."""
        self._t[0] = t
        self._y[:] = y
        function, addresses = self._jac_call
        function(*addresses)
        return self._jac

    def outputs(self, times: FloatArray, states: FloatArray) -> FloatArray:
        """Observables of a trajectory, shape (n_time, n_output)."""
        found = np.empty((len(times), self.n_output))
        row = np.empty(self.n_output)
        for i, (t, y) in enumerate(zip(times, states, strict=True)):
            self._t[0] = t
            self._call("outputs", np.ascontiguousarray(y), row)
            found[i] = row
        return found

    def pattern(self) -> Any:
        """Sparsity pattern as a SciPy matrix of ones."""
        from scipy.sparse import csr_matrix

        shape = (self.n_state, self.n_state)
        return csr_matrix((np.ones(len(self.columns)), (self.rows, self.columns)), shape=shape)


_REPEAT = """
DECLARE_WAIT
define void @repeat_kernel(i64 %f, i64 %n, i64 %t, i64 %y, i64 %p, i64 %out) {
entry:
  %call = inttoptr i64 %f to POINTER_TO(void (i64, i64, i64, i64))
  br label %loop
loop:
  %k = phi i64 [0, %entry], [%next, %loop]
  call void %call(i64 %t, i64 %y, i64 %p, i64 %out)
  WAIT
  %next = add i64 %k, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}
define void @nothing(i64 %t, i64 %y, i64 %p, i64 %out) {
  ret void
}
define void @repeat_part(i64 %f, i64 %n, i64 %table, double %a) {
entry:
  %call = inttoptr i64 %f to POINTER_TO(double (i64, double, double))
  br label %loop
loop:
  %k = phi i64 [0, %entry], [%next, %loop]
  %found = call double %call(i64 %table, double %a, double 0.0)
  WAIT
  %next = add i64 %k, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}
define void @repeat_both(i64 %f, i64 %n, i64 %t, i64 %y, i64 %p, i64 %out, i64 %g, i64 %table) {
entry:
  %kernel = inttoptr i64 %f to POINTER_TO(void (i64, i64, i64, i64))
  %part = inttoptr i64 %g to POINTER_TO(double (i64, double, double))
  br label %loop
loop:
  %k = phi i64 [0, %entry], [%next, %loop]
  call void %kernel(i64 %t, i64 %y, i64 %p, i64 %out)
  WAIT
  %found = call double %part(i64 %table, double 0.0, double 0.0)
  WAIT
  %next = add i64 %k, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %end
end:
  ret void
}
"""
_LOOPS = ["repeat_kernel", "repeat_part", "repeat_both", "nothing"]
# The left end, four stages and the right end of a step.
_N_TIME = 6
# A sample lasts about this long [s].
_SAMPLE = 3e-3


@cache
def _repeaters() -> Any:
    """Compiled loops around a function with the kernel signature, and around a part.

    Each call waits for the one before: in a step every stage needs the last. Without that, a CPU
    works on several calls at a time and a kernel seems up to three times as fast as it is.
    """
    from sigmapath.machine.llvm import compile_object, host_target, load_object

    is_x86 = host_target().triple.startswith(("x86_64", "i686"))
    wait = "void @llvm.x86.sse2.lfence()"
    form = r"ptr" if host_target().opaque_pointers else r"\1*"
    text = re.sub(r"POINTER_TO\((.*)\)$", form, _REPEAT, flags=re.MULTILINE)
    text = text.replace("DECLARE_WAIT", f"declare {wait}" if is_x86 else "")
    text = text.replace("WAIT", f"call {wait}" if is_x86 else "")
    return load_object(compile_object(text, "fast"), _LOOPS)


class Repeated:
    """A function at an address, to be called many times in a row."""

    def __init__(self, address: int, keeper: Any = None) -> None:
        whole = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 6)
        part = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3, ctypes.c_double)
        both = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 8)
        loops = _repeaters().addresses
        self._both = both(loops["repeat_both"])
        self._kernel, self._part = whole(loops["repeat_kernel"]), part(loops["repeat_part"])
        self._address, self._keeper = address, keeper

    @classmethod
    def of_function(cls, function: Any) -> Repeated:
        """Compile one function of the block IR."""
        from sigmapath.codegen.bundles import bundle_width, in_bundles
        from sigmapath.codegen.printer_llvm import llvm_text
        from sigmapath.machine.llvm import compile_object, host_target, load_object

        prefix, opaque = "benchmark_", host_target().opaque_pointers
        target = host_target()
        if target.has_fma:
            function = in_bundles(function, bundle_width(target.features))
        text = llvm_text([function], prefix=prefix, opaque_pointers=opaque, has_fma=target.has_fma)
        loaded = load_object(compile_object(text, "fast"), [prefix + function.name])
        return cls(loaded.addresses[prefix + function.name], loaded)

    def seconds(self, t: FloatArray, y: FloatArray, p: FloatArray, out: FloatArray) -> float:
        """Time of one call as a kernel."""
        at = [array.ctypes.data for array in (t, y, p, out)]
        return _per_call(lambda n: self._kernel(self._address, n, *at)) - self._idle()

    def seconds_as_part(self, table: int, argument: float) -> float:
        """Time of one call as a part of the solver."""
        return _per_call(lambda n: self._part(self._address, n, table, argument)) - self._idle()

    def seconds_in_turn(
        self,
        t: FloatArray,
        y: FloatArray,
        p: FloatArray,
        out: FloatArray,
        *,
        part: int,
        table: int,
    ) -> float:
        """Time of one call as a kernel and one of a part of the solver, which take turns."""
        at = [array.ctypes.data for array in (t, y, p, out)]
        pair = _per_call(lambda n: self._both(self._address, n, *at, part, table))
        return pair - 2.0 * self._idle()

    def _idle(self) -> float:
        """Time of one call of a function that does nothing."""
        return _per_call(lambda n: self._kernel(_repeaters().addresses["nothing"], n, 0, 0, 0, 0))


def _per_call(repeat: Any) -> float:
    """Seconds per repetition, of a sample long enough to be timed."""
    n = 16
    while True:
        start = time.thread_time()
        repeat(n)
        elapsed = time.thread_time() - start
        if elapsed >= _SAMPLE:
            return float(elapsed / n)
        n = max(2 * n, int(1.2 * n * _SAMPLE / max(elapsed, 1e-7)))


class Parts:
    """What one simulator calls, each to be timed by itself on the state that its last run left."""

    def __init__(self, case: Case, simulator: Any) -> None:
        import sigmapath as sp
        from sigmapath.solvers import layout as at
        from sigmapath.solvers.own_code import own_parts

        self._worker = simulator._prepared._worker
        self._simulator = simulator
        self._system = sp.load(case.path)._engine.system
        self._work = self._worker.work()
        self._slots = {"factor": at.PART_FACTOR, "solve": at.PART_SOLVE}
        # Where the LU stands in the middle of a small model's step, the same LU as functions of its
        # own tells what it takes: a few per cent more, for the calls.
        self._own = own_parts(self._work.program)
        self._state = self._work.vec[at.Y].copy()
        self.n_state: int = self._worker.kernels.n_state
        self.program = self._worker.work().program
        self._timed = self._timed_calls()

    def _timed_calls(self) -> dict[str, Any]:
        """Kernels without what a step of the model's own works out once for all stages, and that.

        Empty where there is none of it.
        """
        from sigmapath.codegen.block import Load
        from sigmapath.codegen.timed import TIMED, timed_calls, together, without_calls
        from sigmapath.solvers.fused_step import is_fusable

        given = {f.name: f for f in self.functions() if f.name in ("rhs", "jac")}
        is_own = is_fusable(self.program, self._worker.kernels.bodies)
        if not is_own or not timed_calls(given["rhs"]):
            return {}
        found = {name: without_calls(function) for name, function in given.items()}
        for name, function in found.items():
            # Read from memory, whatever stands there.
            body = [
                s._replace(array="y", slot=0) if isinstance(s, Load) and s.array == TIMED else s
                for s in function.body
            ]
            found[name] = replace(function, body=tuple(body))
        wanted = [(given["jac"], 0), *[(given["rhs"], k) for k in range(1, _N_TIME)]]
        found["timed"] = together(wanted)
        return {name: Repeated.of_function(function) for name, function in found.items()}

    def functions(self) -> tuple[Any, ...]:
        """Block IR of the model's kernels."""
        from sigmapath.codegen.assemble import assemble

        return assemble(self._system).functions

    def seconds(self, name: str) -> float:
        """Time of one call of a kernel, or of ``factor`` or ``solve``."""
        if name in self._slots:
            # As in a step: M / (h gamma) with h a hundredth of the run.
            argument = 400.0 / self._simulator.times[-1] if name == "factor" else 0.0
            table = self._worker.table.ctypes.data
            return Repeated(self._address_of(name)).seconds_as_part(table, argument)
        if name in self._timed:
            inner = self._timed[name].seconds(*self._arrays(name))
            return inner if name == "jac" else self._mixed(inner)
        return Repeated(self._worker.kernels.address(name)).seconds(*self._arrays(name))

    def _mixed(self, inner: float) -> float:
        """Time per call of ``rhs`` where stages make it without calls that rest on time alone.

        Of eight calls seven are such; the eighth, at the new left end, makes them itself.
        """
        whole = Repeated(self._worker.kernels.address("rhs")).seconds(*self._arrays("rhs"))
        _, y, p, _ = self._arrays("rhs")
        once = self._timed["timed"].seconds(np.zeros(_N_TIME), y, p, np.zeros(len(p) * _N_TIME))
        return (7.0 * inner + whole + once) / 8.0

    def seconds_apart(self) -> float:
        """Times of one call of ``rhs``, as in a stage, and of one of ``solve``, together."""
        return self._of_stage().seconds(*self._arrays("rhs")) + self.seconds("solve")

    def seconds_of_turn(self) -> float:
        """Time of one call of ``rhs`` and one of ``solve`` after it, as in a stage."""
        return self._of_stage().seconds_in_turn(
            *self._arrays("rhs"),
            part=self._address_of("solve"),
            table=self._worker.table.ctypes.data,
        )

    def _of_stage(self) -> Repeated:
        """The right-hand side as stages call it."""
        own: Repeated | None = self._timed.get("rhs")
        return own or Repeated(self._worker.kernels.address("rhs"))

    def _address_of(self, name: str) -> int:
        slot = self._slots[name]
        return self._own.get(slot) or int(self._work.part[slot])

    def _arrays(self, name: str) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        kernels = self._worker.kernels
        length = {"jac": kernels.pattern.nnz, "outputs": kernels.n_output}.get(name, self.n_state)
        return np.zeros(1), self._state, self._work.p, np.zeros(max(length, 1))
