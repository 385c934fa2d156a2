"""Conserved moieties: sums of amounts that no reaction changes.

Enters: the net stoichiometry and Roles. Leaves: moieties with small integer coefficients, as far as
possible none of them negative, each with the weights that respect volumes and conversion factors.

The left null space of N is found by exact integer elimination: the sparsest reaction first, its
sparsest species as pivot; rows that become empty are conserved combinations. This is the structural
analysis of Reder (1988), J. Theor. Biol. 135, 175-201, doi:10.1016/S0022-5193(88)80073-0. Sums of
rows that remove negative coefficients are those of Schuster and Hoefer (1991), J. Chem. Soc.
Faraday Trans. 87, 2561-2566, doi:10.1039/FT9918702561, applied greedily.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import gcd, lcm

from sigmapath.expr.nodes import ONE, ZERO, Expr, number, symbol
from sigmapath.expr.simplify import div, mul
from sigmapath.lower.roles import Roles
from sigmapath.lower.stoichiometry import NetStoichiometry
from sigmapath.lower.system import Moiety
from sigmapath.model.network import ReactionNetwork

__all__ = ["conserved_moieties", "left_null_space"]

Row = dict[int, int]

# Beyond this many moieties the search for non-negative sums, quadratic in their number, is left
# out; the space they span is the same.
_MOST_TO_TIDY = 400


def _combined(a: int, first: Row, b: int, second: Row) -> Row:
    """``a * first + b * second`` without zeros, as a new row."""
    return _added(a, dict(first), b, second)


def _added(a: int, row: Row, b: int, second: Row) -> Row:
    """``a * row + b * second`` without zeros, in place: long rows must not be copied per step."""
    if a != 1:
        for key in row:
            row[key] *= a
    for key, value in second.items():
        total = row.get(key, 0) + b * value
        if total:
            row[key] = total
        else:
            row.pop(key, None)
    return row


def _reduced(*rows: Row) -> tuple[Row, ...]:
    """Rows divided by the greatest common divisor of all their entries."""
    divisor = gcd(*(value for row in rows for value in row.values()))
    if divisor <= 1:
        return rows
    return tuple({key: value // divisor for key, value in row.items()} for row in rows)


def _integer_rows(rows: Sequence[Mapping[str, float]]) -> tuple[list[Row], list[int]]:
    """Rows scaled to integers, reactions numbered, and the scale of each row."""
    place: dict[str, int] = {}
    result: list[Row] = []
    scales: list[int] = []
    for row in rows:
        # Stoichiometries are decimal numbers that people wrote; 0.1 means one tenth.
        exact = {r: Fraction(value).limit_denominator(10**6) for r, value in row.items()}
        scale = lcm(*(value.denominator for value in exact.values())) if exact else 1
        result.append(
            {place.setdefault(r, len(place)): int(v * scale) for r, v in exact.items() if v}
        )
        scales.append(scale)
    return result, scales


def left_null_space(rows: Sequence[Mapping[str, float]]) -> list[Row]:
    """Integer basis of all c with ``sum_i c[i] * rows[i] = 0``.

    Parameters
    ----------
    rows : sequence of {reaction: coefficient}
        One per species.

    Returns
    -------
    list of {row index: coefficient}
        Without common divisors; deterministic for the order of the rows.
    """
    work, scales = _integer_rows(rows)
    sums: list[Row] = [{i: scale} for i, scale in enumerate(scales)]
    members: dict[int, dict[int, None]] = {}
    for i, row in enumerate(work):
        for r in row:
            members.setdefault(r, {})[i] = None
    basis: list[Row] = []
    for i, row in enumerate(work):
        if not row:
            basis += _reduced(sums[i])
    # A fixed order by initial sparsity is nearly as good as a dynamic one and far cheaper.
    for r in sorted(members, key=lambda r: (len(members[r]), r)):
        column = members[r]
        if column:
            basis += _eliminate(r, column, work, sums, members)
    return basis


def _eliminate(
    r: int,
    column: dict[int, None],
    work: list[Row],
    sums: list[Row],
    members: dict[int, dict[int, None]],
) -> list[Row]:
    """Use the sparsest row with an entry in column r as pivot; return rows that became empty."""
    pivot = min(column, key=lambda i: (len(work[i]) + len(sums[i]), i))
    empty: list[Row] = []
    p = work[pivot][r]
    for i in [i for i in column if i != pivot]:
        q = work[i][r]
        common = gcd(p, q)
        a, b = abs(p) // common, (-q if p > 0 else q) // common
        new = _added(a, work[i], b, work[pivot])
        combination = _added(a, sums[i], b, sums[pivot])
        for key in work[pivot]:
            if key in new:
                members[key][i] = None
            else:
                members[key].pop(i, None)
        if a != 1:
            work[i], sums[i] = _reduced(new, combination)
        if not new:
            empty += _reduced(combination)
    for key in work[pivot]:
        members[key].pop(pivot, None)
    return empty


def _negatives(row: Row) -> int:
    return sum(value < 0 for value in row.values())


def _upright(row: Row) -> Row:
    """The row or its negative, whichever has fewer minus signs."""
    if 2 * _negatives(row) > len(row):
        return {key: -value for key, value in row.items()}
    return row


def _without_negatives(basis: list[Row]) -> list[Row]:
    """Add rows to one another while that removes minus signs; the span stays the same."""
    rows = [_upright(row) for row in basis]
    by_key: dict[int, dict[int, None]] = {}
    for j, row in enumerate(rows):
        for key in row:
            by_key.setdefault(key, {})[j] = None
    for _ in range(4):
        changed = False
        for j, row in enumerate(rows):
            better = _improved(j, row, rows, by_key)
            if better is not row:
                rows[j] = better
                changed = True
                for key in better:
                    by_key.setdefault(key, {})[j] = None
        if not changed:
            break
    return rows


def _improved(j: int, row: Row, rows: list[Row], by_key: Mapping[int, dict[int, None]]) -> Row:
    """Row j or its negative plus multiples of other rows: the one with the fewest minus signs."""
    if not _negatives(row):
        return row
    turned = {key: -value for key, value in row.items()}
    found = [_lifted(j, start, rows, by_key) for start in (row, turned)]
    best = min(found, key=_negatives)
    return best if _negatives(best) < _negatives(row) else row


def _lifted(j: int, row: Row, rows: list[Row], by_key: Mapping[int, dict[int, None]]) -> Row:
    """The row plus multiples of other rows, each of which removes minus signs."""
    for key in [key for key, value in row.items() if value < 0]:
        if row.get(key, 0) >= 0:
            continue
        for other in by_key.get(key, {}):
            partner = rows[other].get(key, 0)
            if other == j or partner <= 0:
                continue
            (candidate,) = _reduced(_combined(partner, row, -row[key], rows[other]))
            if candidate and _negatives(candidate) < _negatives(row):
                row = candidate
                break
    return row


def _smaller(rows: list[Row]) -> list[Row]:
    """Subtract contained rows from non-negative ones: ``S + 2 SE`` minus ``SE`` is tidier."""
    rows = sorted(rows, key=lambda row: (len(row), sorted(row)))
    by_key: dict[int, list[int]] = {}
    for j, row in enumerate(rows):
        for other in dict.fromkeys(o for key in row for o in by_key.get(key, [])):
            part = rows[other]
            if _negatives(part) or not all(row.get(k, 0) >= v for k, v in part.items()):
                continue
            (row,) = _reduced(_combined(1, row, -1, part))
        rows[j] = row
        for key in row:
            by_key.setdefault(key, []).append(j)
    return rows


def _row_of(row: Mapping[str, Expr], with_law: set[str]) -> dict[str, float] | None:
    """Numbers of a stoichiometry row; None where a coefficient may change."""
    numbers: dict[str, float] = {}
    for reaction, coefficient in row.items():
        if reaction not in with_law:
            continue
        if coefficient.op != "num" or coefficient.value != coefficient.value:
            return None
        numbers[reaction] = float(coefficient.value or 0.0)
    return numbers


def _candidates(
    network: ReactionNetwork,
    stoichiometry: NetStoichiometry,
    roles: Roles,
    derivatives: Sequence[Expr],
) -> dict[int, dict[str, float]]:
    """State index -> row of N, for states that nothing but reactions changes."""
    with_law = {item.id for item in network.reactions if item.kinetic_law is not None}
    by_events = {item.variable for event in network.events for item in event.assignments}
    found: dict[int, dict[str, float]] = {}
    for i, state in enumerate(roles.states):
        if state.id in by_events:
            continue
        if derivatives[i] is ZERO:
            found[i] = {}
        elif state.kind == "species" and state.id not in roles.rates:
            row = _row_of(stoichiometry[state.id], with_law)
            if row is not None:
                found[i] = row
    return found


def _weights(network: ReactionNetwork, roles: Roles, states: Sequence[int]) -> list[Expr]:
    """Factors that turn states into extents: volume / conversion factor, dropped if common."""
    factors = {item.id: item.conversion_factor for item in network.species}
    weights: list[Expr] = []
    for i in states:
        state = roles.states[i]
        in_amounts = state.kind != "species" or state.is_amount or state.state_is_amount
        weight = ONE if in_amounts else symbol(state.volume)
        factor = factors.get(state.id) or network.conversion_factor
        weights.append(div(weight, symbol(factor)) if factor else weight)
    return [ONE] * len(weights) if len(set(weights)) == 1 else weights


def _named(coefficients: Sequence[int], names: Sequence[str]) -> str:
    """``S + 2 SP - E``."""
    text = ""
    for count, name in zip(coefficients, names, strict=True):
        sign = " - " if count < 0 else " + " if text else ""
        text += sign.strip() if not text and count < 0 else sign
        text += name if abs(count) == 1 else f"{abs(count)} {name}"
    return text


def conserved_moieties(
    network: ReactionNetwork,
    stoichiometry: NetStoichiometry,
    roles: Roles,
    derivatives: Sequence[Expr],
) -> tuple[Moiety, ...]:
    """All independent conserved moieties of a flat network, in the order of their first state.

    States that rate rules or events change, and species whose stoichiometry may change, belong to
    no moiety. A state that nothing changes is one of its own.
    """
    candidates = _candidates(network, stoichiometry, roles, derivatives)
    index = list(candidates)
    basis = left_null_space([candidates[i] for i in index])
    if len(basis) <= _MOST_TO_TIDY:
        basis = [_upright(row) for row in _smaller(_without_negatives(basis))]
    moieties: list[Moiety] = []
    for row in sorted(basis, key=sorted):
        states = [index[k] for k in sorted(row)]
        counts = [row[k] for k in sorted(row)]
        weights = _weights(network, roles, states)
        moieties.append(
            Moiety(
                name=_named(counts, [roles.states[i].id for i in states]),
                states=tuple(states),
                coefficients=tuple(map(float, counts)),
                weights=tuple(
                    mul(number(count), weight)
                    for count, weight in zip(counts, weights, strict=True)
                ),
            )
        )
    return tuple(moieties)
