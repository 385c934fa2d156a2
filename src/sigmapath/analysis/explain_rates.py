"""Rates of a lowered model as arrays along two runs, and their slopes between them.

Enters: a lowered system, and values of all its states and constants along two runs. Leaves: rates,
mean slopes and stoichiometric factors as arrays. Called by :mod:`sigmapath.analysis.explain`.

A *process* is a reaction, or the rate rule of one variable (named ``x'``). The slopes are means
over the straight line from run A to run B at the same time, so that a difference of rates is their
product with the difference of the states, plus what constants and inputs change directly
(integrated gradients: Sundararajan, Taly and Yan 2017, arXiv:1703.01365).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import UnsupportedFeatureError
from sigmapath.expr.calculus import Row, differentiate
from sigmapath.expr.evaluate import evaluate, evaluate_many
from sigmapath.expr.nodes import ONE, ZERO, Expr, symbol
from sigmapath.expr.rewrite import substitute
from sigmapath.lower.system import OdeSystem
from sigmapath.record import record

__all__ = ["Along", "Processes", "along", "processes"]

FloatArray = NDArray[np.float64]
# Gauss-Lobatto rule of five points on [0, 1], exact to degree 7 (Abramowitz and Stegun 1964,
# table 25.6); its ends are the runs themselves.
_EDGE = np.sqrt(3.0 / 7.0)
_NODES = 0.5 * (1.0 + np.array([-1.0, -_EDGE, 0.0, _EDGE, 1.0]))
_WEIGHTS = 0.5 * np.array([0.1, 49.0 / 90.0, 32.0 / 45.0, 49.0 / 90.0, 0.1])
_CHUNK = 128  # times evaluated at once


@record(eq=False)
class Processes:
    """What moves the states.

    Parameters
    ----------
    names, schemes : tuple of str, length n_process
        Ids of reactions, or ``x'``; reactions as text.
    states : tuple of str, length n_state
        That the processes move; states that the experiment drives are left out.
    rates : tuple of Expr, length n_process
    slopes : tuple of (process, state, Expr)
        Nonzero derivatives of the rates.
    factors : tuple of (state, process, Expr)
        What a rate contributes to the derivative of a state.
    observable : Expr
    observable_slopes : tuple of (state, Expr)
    """

    system: OdeSystem
    names: tuple[str, ...]
    schemes: tuple[str, ...]
    states: tuple[str, ...]
    rates: tuple[Expr, ...]
    slopes: tuple[tuple[int, int, Expr], ...]
    factors: tuple[tuple[int, int, Expr], ...]
    observable: Expr
    observable_slopes: tuple[tuple[int, Expr], ...]


@record(eq=False)
class Along:
    """Processes along two runs; differences are run B less run A.

    Parameters
    ----------
    rate_difference : ndarray, shape (n_time, n_process)
    slope : ndarray, shape (n_time, n_process, n_state)
    factor : ndarray, shape (n_state, n_process)
    own : ndarray of bool, shape (n_process, n_state)
        Whether a process moves a state.
    observable : ndarray, shape (2, n_time)
        In run A and run B.
    observable_slope : ndarray, shape (n_time, n_state)
    """

    rate_difference: FloatArray
    slope: FloatArray
    factor: FloatArray
    own: NDArray[np.bool_]
    observable: FloatArray
    observable_slope: FloatArray


def processes(system: OdeSystem, driven: Sequence[str], observable: Expr) -> Processes:
    """Find the processes of a system and differentiate their rates.

    Parameters
    ----------
    system : OdeSystem
    driven : sequence of str
        States whose course the experiment sets.
    observable : Expr
        Over parameters, states and definitions.

    Raises
    ------
    UnsupportedFeatureError
        For events, delays, algebraic rules and fast reactions.
    """
    _require_plain(system)
    reactions = [d for d in system.definitions if "->" in d.comment]
    free = [q.id for q in system.states if q.id not in set(driven)]
    names = [d.id for d in reactions]
    schemes = [d.comment for d in reactions]
    rates: list[Expr] = [symbol(d.id) for d in reactions]
    leaves: dict[Expr, Row] = {rate: {rate: ONE} for rate in rates}
    silent = {d.id: ZERO for d in reactions}
    place = {rate: i for i, rate in enumerate(rates)}
    factors: list[tuple[int, int, Expr]] = []
    derivative_of = dict(zip((q.id for q in system.states), system.derivatives, strict=True))
    for i, name in enumerate(free):
        derivative = derivative_of[name]
        (row,) = differentiate([derivative], leaves)
        factors += [(i, place[leaf], slope) for leaf, slope in row.items()]
        rest = substitute(derivative, silent)
        if not _is_nothing(rest, bool(row)):
            factors.append((i, len(names), ONE))
            names.append(f"{name}'")
            schemes.append(f"rate rule of {name}")
            rates.append(rest)
    slopes, observed = _slopes(system, free, rates, observable)
    return Processes(
        system=system,
        names=tuple(names),
        schemes=tuple(schemes),
        states=tuple(free),
        rates=tuple(rates),
        slopes=slopes,
        factors=tuple(factors),
        observable=observable,
        observable_slopes=observed,
    )


def _is_nothing(rest: Expr, has_reactions: bool) -> bool:
    """Whether a derivative is all reactions: the rest then holds numbers and volumes only."""
    if rest is ZERO:
        return True
    return has_reactions and _vanishes(rest)


def _vanishes(node: Expr) -> bool:
    """Whether an expression is 0 whatever its symbols are: sums and products with 0."""
    if node.op == "num":
        return node.value == 0.0
    if node.op in ("add", "neg"):
        return all(_vanishes(a) for a in node.args)
    if node.op == "mul":
        return any(_vanishes(a) for a in node.args)
    return node.op == "div" and _vanishes(node.args[0])


def _slopes(
    system: OdeSystem, free: Sequence[str], rates: Sequence[Expr], observable: Expr
) -> tuple[tuple[tuple[int, int, Expr], ...], tuple[tuple[int, Expr], ...]]:
    """Derivatives by the states, by the chain rule through the definitions."""
    column = {symbol(name): j for j, name in enumerate(free)}
    leaves: dict[Expr, Row] = {leaf: {leaf: ONE} for leaf in column}
    known: dict[Expr, Row] = {}
    for definition in system.definitions:
        (row,) = differentiate([definition.math], leaves, known)
        leaves[symbol(definition.id)] = row
        # A symbol that was met before its definition had a row stays out of ``known``.
        known.pop(symbol(definition.id), None)
    rows = differentiate([*rates, observable], leaves, known)
    found = tuple(
        (r, column[leaf], slope) for r, row in enumerate(rows[:-1]) for leaf, slope in row.items()
    )
    return found, tuple((column[leaf], slope) for leaf, slope in rows[-1].items())


def _require_plain(system: OdeSystem) -> None:
    for has, what in (
        (len(system.triggers) > 0, "a model with events"),
        (len(system.lags) > 0, "a model with delays"),
        (any(m == 0.0 for m in system.mass), "a model with algebraic rules"),
        (system.has_fast, "a model with fast reactions"),
    ):
        if has:
            raise UnsupportedFeatureError(
                f"explaining the runs of {what}", where=system.model_id,
                fix="compare the courses of both runs instead",
            )  # fmt: skip


def along(
    found: Processes,
    times: FloatArray,
    run_a: Mapping[str, FloatArray],
    run_b: Mapping[str, FloatArray],
) -> Along:
    """Evaluate rates and mean slopes along two runs.

    Parameters
    ----------
    found : Processes
    times : ndarray, shape (n_time,)
    run_a, run_b : mapping id -> ndarray, shape (n_time,)
        All parameters and states (what is integrated) of both runs.
    """
    n_time, n, m = len(times), len(found.states), len(found.names)
    slope, difference = np.zeros((n_time, m, n)), np.empty((n_time, m))
    observable, observable_slope = np.empty((2, n_time)), np.zeros((n_time, n))
    factor = np.zeros((n, m))
    for lo in range(0, n_time, _CHUNK):
        part = slice(lo, min(lo + _CHUNK, n_time))
        values = _values(found.system, times[part], part, run_a, run_b)
        shape = (len(_NODES), len(times[part]))
        rates = _evaluated(found.rates, values, times[part], shape)
        difference[part] = (rates[:, -1] - rates[:, 0]).T
        slopes = _evaluated([e for _, _, e in found.slopes], values, times[part], shape)
        means = np.einsum("s,est->et", _WEIGHTS, slopes)
        for (r, j, _), mean in zip(found.slopes, means, strict=True):
            slope[part, r, j] = mean
        seen = _evaluated([found.observable], values, times[part], shape)[0]
        observable[:, part] = seen[[0, -1]]
        of_observable = [e for _, e in found.observable_slopes]
        for (j, _), s in zip(
            found.observable_slopes, _evaluated(of_observable, values, times[part], shape),
            strict=True,
        ):  # fmt: skip
            observable_slope[part, j] = _WEIGHTS @ s
        factors = _evaluated([e for _, _, e in found.factors], values, times[part], shape)
        _require_constant(factors, found)
        for (i, r, _), value in zip(found.factors, factors, strict=True):
            factor[i, r] = value[0, 0]
    return Along(
        rate_difference=difference,
        slope=slope,
        factor=factor,
        own=(factor != 0.0).T,
        observable=observable,
        observable_slope=observable_slope,
    )


def _values(
    system: OdeSystem,
    times: FloatArray,
    part: slice,
    run_a: Mapping[str, FloatArray],
    run_b: Mapping[str, FloatArray],
) -> dict[str, FloatArray]:
    """Every symbol on the line from A to B, shape (n_node, n_time) or broadcastable to it."""
    values: dict[str, FloatArray] = {}
    for name, a in run_a.items():
        start, step = a[part], run_b[name][part] - a[part]
        values[name] = start[None, :] + _NODES[:, None] * step[None, :]
        values[name][-1] = run_b[name][part]
    for definition in system.definitions:
        values[definition.id] = np.asarray(evaluate(definition.math, values, times))
    return values


def _evaluated(
    roots: Sequence[Expr],
    values: Mapping[str, FloatArray],
    times: FloatArray,
    shape: tuple[int, int],
) -> FloatArray:
    """Values of expressions, shape (n_root, n_node, n_time)."""
    if not roots:
        return np.empty((0, *shape))
    return np.array([np.broadcast_to(v, shape) for v in evaluate_many(list(roots), values, times)])


def _require_constant(factors: FloatArray, found: Processes) -> None:
    spread = np.ptp(factors, axis=(1, 2))
    if (spread > 1e-9 * np.abs(factors).max(initial=0.0)).any():
        raise UnsupportedFeatureError(
            "explaining runs between which a volume or a stoichiometry changes",
            where=found.system.model_id, fix="keep volumes alike in both runs",
        )  # fmt: skip
