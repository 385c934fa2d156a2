"""Mass-action networks whose reactions live in the parameters: one compiled kernel for all.

p = [n_state, n_reaction, then per reaction: rate constant, reactant, reactant (-1: none), number
of changes, six pairs (state, net change)].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from kernels_by_hand import full_pattern, no_events
from numba import carray, cfunc, types

from sigmapath.kernels import KERNEL_NAMES, Kernels

_WIDTH, _HEAD, _CHANGES = 16, 2, 6
_POINTER = types.CPointer(types.float64)
_SIGNATURE = types.void(_POINTER, _POINTER, _POINTER, _POINTER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """rate constant, reactants (none, one or two states), net change of each state."""

    k: float
    reactants: tuple[int, ...]
    change: Mapping[int, float]


def reaction(k: float, reactants: Sequence[int], products: Sequence[int]) -> Reaction:
    change: dict[int, float] = {}
    for i in reactants:
        change[i] = change.get(i, 0.0) - 1.0
    for i in products:
        change[i] = change.get(i, 0.0) + 1.0
    net = {i: v for i, v in sorted(change.items()) if v != 0.0}
    return Reaction(k=k, reactants=tuple(reactants), change=net)


def encode(n_state: int, reactions: Sequence[Reaction]) -> np.ndarray:
    p = np.zeros(_HEAD + _WIDTH * len(reactions))
    p[:2] = n_state, len(reactions)
    for r, one in enumerate(reactions):
        row = p[_HEAD + r * _WIDTH : _HEAD + (r + 1) * _WIDTH]
        row[0] = one.k
        row[1:3] = (*one.reactants, -1, -1)[:2]
        row[3] = len(one.change)
        assert len(one.change) <= _CHANGES
        for m, (state, value) in enumerate(one.change.items()):
            row[4 + 2 * m : 6 + 2 * m] = state, value
    return p


def stoichiometry(n_state: int, reactions: Sequence[Reaction]) -> np.ndarray:
    n = np.zeros((n_state, len(reactions)))
    for r, one in enumerate(reactions):
        for state, value in one.change.items():
            n[state, r] = value
    return n


def rates_of(p: np.ndarray):
    """The right-hand side in plain numpy, for oracles: f(t, y)."""
    n_state, n_reaction = int(p[0]), int(p[1])
    rows = p[_HEAD:].reshape(n_reaction, _WIDTH)
    k, first, second = rows[:, 0], rows[:, 1].astype(int), rows[:, 2].astype(int)
    n = np.zeros((n_state, n_reaction))
    for r, row in enumerate(rows):
        for m in range(int(row[3])):
            n[int(row[4 + 2 * m]), r] = row[5 + 2 * m]

    def f(t, y):
        padded = np.append(y, 1.0)
        return n @ (k * padded[first] * padded[second])

    def jac(t, y):
        padded = np.append(y, 1.0)
        d = np.zeros((n_reaction, n_state + 1))
        every = np.arange(n_reaction)
        d[every, first] += k * padded[second]
        d[every, second] += k * padded[first]
        return n @ d[:, :n_state]

    return f, jac


@cache
def _functions():
    @cfunc(_SIGNATURE)
    def initial(t, y, p, out):
        # q starts with p itself; its first entries tell how long it is.
        n_param = _HEAD + _WIDTH * int(y[1])
        for j in range(n_param):
            p[j] = y[j]
        for i in range(int(y[0])):
            out[i] = y[n_param + i]

    @cfunc(_SIGNATURE)
    def rhs(t, y, p, out):
        n_state = int(p[0])
        for i in range(n_state):
            out[i] = 0.0
        for r in range(int(p[1])):
            o = _HEAD + r * _WIDTH
            v = p[o]
            if p[o + 1] >= 0.0:
                v *= y[int(p[o + 1])]
            if p[o + 2] >= 0.0:
                v *= y[int(p[o + 2])]
            for m in range(int(p[o + 3])):
                out[int(p[o + 4 + 2 * m])] += v * p[o + 5 + 2 * m]

    @cfunc(_SIGNATURE)
    def jac(t, y, p, out):
        n_state = int(p[0])
        full = carray(out, (n_state, n_state))
        full[:, :] = 0.0
        for r in range(int(p[1])):
            o = _HEAD + r * _WIDTH
            a, b = int(p[o + 1]), int(p[o + 2])
            for m in range(int(p[o + 3])):
                i, c = int(p[o + 4 + 2 * m]), p[o + 5 + 2 * m]
                if a >= 0:
                    full[i, a] += c * p[o] * (y[b] if b >= 0 else 1.0)
                if b >= 0:
                    full[i, b] += c * p[o] * y[a]

    @cfunc(_SIGNATURE)
    def outputs(t, y, p, out):
        for i in range(int(p[0])):
            out[i] = y[i]

    return {"initial": initial, "rhs": rhs, "jac": jac, "outputs": outputs}


def network_kernels(p: np.ndarray) -> Kernels:
    n_state = int(p[0])
    functions = _functions()
    return Kernels(
        addresses=np.array(
            [functions[name].address if name in functions else 0 for name in KERNEL_NAMES],
            dtype=np.int64,
        ),
        n_state=n_state,
        n_param=len(p),
        n_p=len(p),
        n_output=n_state,
        n_root=0,
        n_lag=0,
        pattern=full_pattern(n_state),
        mass=np.ones(n_state),
        events=no_events(),
        non_negative=np.ones(n_state, dtype=np.int64),
        lanes=1,
        backend="numba",
        fingerprint="by hand",
        owner=functions,
    )
