"""A model's functions for JAX, translated from sigmapath's own block IR.

diffrax is an integrator without a front end, like those of SciPy, and gets the same formulas as
they do: right-hand side, start values and observables, operation by operation, which XLA compiles.
Enters: a case. Leaves: pure functions of JAX arrays. Used by :mod:`benchmarks.peers.diffrax`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.peers.base import FloatArray, Unsupported

__all__ = ["JaxModel"]

# Operations of the block IR that have another name in jax.numpy, or are no function of its own.
_NAMES = {
    "sub": "subtract", "mul": "multiply", "div": "divide", "neg": "negative", "pow": "power",
    "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal",
    "ne": "not_equal", "and": "logical_and", "or": "logical_or", "xor": "logical_xor",
    "not": "logical_not", "select": "where",
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
}  # fmt: skip


class JaxModel:
    """What a solver of JAX needs of a model; everything in float64."""

    def __init__(self, case: Case) -> None:
        import sigmapath as sp
        from sigmapath.codegen.assemble import assemble, assemble_outputs

        engine = sp.load(case.path)._engine
        plan = engine.plan(times=case.times, observables=case.species)
        kernels = engine.kernels(plan.outputs)
        if kernels.events.n_event or kernels.n_lag or not kernels.mass.all():
            raise Unsupported(f"{case.name} has events, delays or algebraic equations")
        program = assemble(engine.system)
        self._functions = {function.name: function for function in program.functions}
        formulas = [engine._resolved(output.expr) for output in plan.outputs]
        self._functions["outputs"] = assemble_outputs(engine.system, program, formulas)
        self.n_p, self.n_state, self.n_output = kernels.n_p, kernels.n_state, kernels.n_output
        self.start: FloatArray = np.array(plan.start, dtype=np.float64)
        ids = [parameter.id for parameter in engine.system.parameters]
        self.swept = np.array([ids.index(name) for name in case.swept], dtype=int)

    def initial(self, start: Any) -> tuple[Any, Any]:
        """Initial states and parameters of one run, from its start values."""
        states, parameters = self._run("initial", 0.0, list(start), [0.0] * self.n_p, self.n_state)
        return _stacked(states), _stacked(parameters)

    def rhs(self, t: Any, y: Any, p: Any) -> Any:
        """dy/dt, shape (n_state,)."""
        return _stacked(self._run("rhs", t, list(y), list(p), self.n_state)[0])

    def outputs(self, t: Any, y: Any, p: Any) -> Any:
        """Observables at one time, shape (n_output,)."""
        return _stacked(self._run("outputs", t, list(y), list(p), self.n_output)[0])

    def _run(
        self, name: str, t: Any, y: list[Any], p: list[Any], n_out: int
    ) -> tuple[list[Any], list[Any]]:
        """Work a function out, statement by statement; returns its output and p."""
        from sigmapath.codegen.block import Assign, Call, Load, Store

        arrays = {"t": [t], "y": y, "p": p, "out": [0.0] * n_out}
        known: dict[str, Any] = {}
        for statement in self._functions[name].body:
            if isinstance(statement, Load):
                known[statement.name] = arrays[statement.array][statement.slot]
            elif isinstance(statement, Assign):
                arguments = [known.get(a, a) if isinstance(a, str) else a for a in statement.args]
                known[statement.name] = _worked_out(statement.op, arguments)
            elif isinstance(statement, Store):
                value = statement.value
                value = known[value] if isinstance(value, str) else value
                arrays[statement.array][statement.slot] = value
            elif isinstance(statement, Call):
                p = self._run(statement.function, t, y, p, 0)[1]
                arrays["p"] = p
        return arrays["out"], arrays["p"]


def _worked_out(operation: str, arguments: list[Any]) -> Any:
    import jax.numpy as jnp
    from jax.scipy.special import gamma

    if operation == "number":
        return jnp.where(arguments[0], 1.0, 0.0)
    if operation == "truth":
        return jnp.not_equal(arguments[0], 0.0)
    if operation == "tgamma":
        return gamma(arguments[0])
    return getattr(jnp, _NAMES.get(operation, operation))(*arguments)


def _stacked(values: list[Any]) -> Any:
    import jax.numpy as jnp

    return jnp.stack([jnp.asarray(value, dtype=jnp.float64) for value in values])
