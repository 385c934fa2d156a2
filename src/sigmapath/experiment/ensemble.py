"""Ensembles: sets of parameter values that are all plausible.

Enters: ranges of parameters (from the evidence of a model and of its ligands), or an explicit table
of members. Leaves: member tables; the plan makes them an axis named "member".

Member 0 is the nominal set, members 1 to n are draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.experiment.sampling import Design, unit_samples
from sigmapath.record import record

__all__ = ["MV_PER_DOUBLING", "Ensemble", "ParameterRange", "draw", "ensemble"]


@record
class ParameterRange:
    """Plausible range of one parameter, in its own unit.

    Drawn log-uniformly if ``low`` is above 0 (the scale of a rate constant is what is uncertain),
    uniformly otherwise (voltages, offsets, shares that may be 0). A share, which ends at 1 as well
    as at 0, is drawn uniformly in its log-odds ln(p / (1 - p)): what is left of 1 is as uncertain
    in scale as what there is. Drawn on the logarithm, 0.1 to 0.98 would mean mostly small shares;
    small shares are drawn alike either way. A potential is drawn uniformly.
    """

    id: str
    nominal: float
    low: float
    high: float
    grade: str = ""
    is_share: bool = False
    is_potential: bool = False

    def quantile(self, share: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values below which ``share`` of the range lies."""
        if self.is_share and self.low > 0.0 and self.high < 1.0:
            low, high = (math.log(edge / (1.0 - edge)) for edge in (self.low, self.high))
            return 1.0 / (1.0 + np.exp(-(low + share * (high - low))))
        if self.low > 0.0 and not self.is_potential:
            return np.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        return self.low + share * (self.high - self.low)

    def within(self, factor: float) -> ParameterRange | None:
        """The part of the range that lies within a factor of the nominal value; None if fixed.

        Constants that nobody measured (grades "assumed" and "fitted") move by the factor, shares by
        the factor in their odds, potentials by 10 mV for a factor of 2 and in proportion to its
        logarithm for others; never beyond the graded range. All others stay at their values.
        """
        if self.grade not in _UNMEASURED:
            return None
        x = self.nominal
        if self.is_potential or self.low <= 0.0:
            reach = MV_PER_DOUBLING * math.log2(factor)
            low, high = x - reach, x + reach
        elif self.is_share and self.high < 1.0:
            odds = x / (1.0 - x)
            low, high = (o / (1.0 + o) for o in (odds / factor, odds * factor))
        else:
            low, high = x / factor, x * factor
        return replace(self, low=max(low, min(self.low, x)), high=min(high, max(self.high, x)))


# Grades of constants that a cell may well have otherwise than the model.
_UNMEASURED = ("assumed", "fitted")
# How far potentials move where a factor of 2 moves everything else [mV].
MV_PER_DOUBLING = 10.0


@record(eq=False)
class Ensemble:
    """What to draw; made by :func:`ensemble`.

    Parameters
    ----------
    ranges : tuple of ParameterRange
        Drawn from; empty where members are given.
    n : int
        Number of members besides the nominal one.
    seed : int
    design : str
    members : mapping id -> ndarray, shape (n,)
        Explicit members instead of draws; not to be written to.
    nominal : bool
        Whether member 0 is the nominal set.
    factor : float, optional
        Draw within this factor of the nominal values instead, see :meth:`ParameterRange.within`.
    """

    ranges: tuple[ParameterRange, ...] = ()
    n: int
    seed: int = 0
    design: Design = "random"
    members: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    nominal: bool = True
    factor: float | None = None


def ensemble(
    n: int | None = None,
    *,
    ranges: Sequence[ParameterRange] = (),
    members: Mapping[str, Any] | None = None,
    seed: int = 0,
    design: Design = "random",
    nominal: bool = True,
    factor: float | None = None,
) -> Ensemble:
    """Describe an ensemble, by ranges to draw from or by its members.

    Parameters
    ----------
    n : int
        Number of draws; left out with ``members``.
    ranges : sequence of ParameterRange
    members : mapping id -> array of values, or pandas.DataFrame
        All columns of one length; one member per row.
    seed : int
    design : str
        "random", "latin" or "sobol", see :func:`sigmapath.experiment.sampling.unit_samples`.
    nominal : bool
        Put the nominal set first, as member 0.
    factor : float, optional
        Draw constants that nobody measured within this factor of their values, and leave the
        others; above 1. By default everything is drawn from its whole range.

    Raises
    ------
    PlanError
        If a range is empty or not finite, one parameter has two ranges, columns differ in length or
        hold NaN, or both or neither of n and members are given.
    """
    if (n is None) == (members is None):
        raise PlanError(
            "an ensemble takes a number of draws or a table of members", where="ensemble",
            fix="give n with ranges, or members",
        )  # fmt: skip
    if members is not None:
        table = {str(key): _column(str(key), column) for key, column in members.items()}
        lengths = {len(column) for column in table.values()}
        if len(lengths) != 1 or lengths == {0}:
            raise PlanError(
                "all columns of an ensemble have the same length, 1 or more", where="ensemble",
                found=", ".join(f"{key}: {len(column)}" for key, column in table.items()),
            )  # fmt: skip
        return Ensemble(n=lengths.pop(), members=table, nominal=nominal)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise PlanError("an ensemble has one draw or more", where="ensemble", found=repr(n))
    if factor is not None and not (math.isfinite(factor) and factor > 1.0):
        raise PlanError(
            "constants are drawn within a factor above 1 of their values", where="ensemble, factor",
            found=repr(factor), expected="2",
        )  # fmt: skip
    seen: set[str] = set()
    for entry in ranges:
        if not (math.isfinite(entry.low) and math.isfinite(entry.high)) or entry.low > entry.high:
            raise PlanError(
                "the range is empty or not finite", where=f"ensemble, {entry.id}",
                found=f"{entry.low:g} to {entry.high:g}",
            )  # fmt: skip
        if entry.id in seen:
            raise PlanError(f"{entry.id} has two ranges", where="ensemble")
        seen.add(entry.id)
    if not ranges:
        raise PlanError(
            "no parameter has a range to draw from", where="ensemble",
            fix="give ranges=, or use a model whose parameters carry ranges",
        )  # fmt: skip
    return Ensemble(
        ranges=tuple(ranges), n=int(n), seed=seed, design=design, nominal=nominal, factor=factor
    )


def _column(name: str, column: Any) -> NDArray[np.float64]:
    try:
        # A copy: what the caller does with the column later is no matter.
        values = np.array(column, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PlanError("members are numbers", where=f"ensemble, {name}") from error
    if values.ndim != 1 or not np.all(np.isfinite(values)):
        raise PlanError(
            "members are finite numbers, one per row", where=f"ensemble, {name}", found=str(column)
        )
    values.flags.writeable = False
    return values


def draw(
    described: Ensemble, *, replaced: Iterable[ParameterRange] = (), fixed: frozenset[str]
) -> dict[str, NDArray[np.float64]]:
    """Return the members as columns, the nominal one excluded.

    Parameters
    ----------
    described : Ensemble
    replaced : iterable of ParameterRange
        Ranges that stand in for those of the ensemble: the constants of ligands in slots.
    fixed : frozenset of str
        Ids that are not drawn because the user sets them.

    Returns
    -------
    dict id -> ndarray, shape (n,)
    """
    if described.members:
        return {key: column for key, column in described.members.items() if key not in fixed}
    by_id = {entry.id: entry for entry in described.ranges}
    by_id |= {entry.id: entry for entry in replaced}
    drawn = [entry for key, entry in by_id.items() if key not in fixed]
    if described.factor is not None:
        near = [entry.within(described.factor) for entry in drawn]
        drawn = [entry for entry in near if entry is not None]
    shares = unit_samples(
        [entry.id for entry in drawn], described.n, seed=described.seed, design=described.design
    )
    return {entry.id: entry.quantile(shares[:, i]) for i, entry in enumerate(drawn)}
