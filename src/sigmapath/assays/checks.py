"""Checks of what an assay is asked for, and of the runs that it makes.

Enters: settings of a protocol, statuses of runs. Leaves: nothing, or an error that says what was
found and expected. Called by the records and assays of this folder.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from sigmapath.errors import PlanError, SolverError
from sigmapath.quantity import parse_unit, to_model_units
from sigmapath.status import Status

__all__ = ["is_count", "require", "require_all", "require_ok", "require_replicates", "seconds"]


def require(is_fine: Any, what: str, *, found: Any, expected: str, where: str = "assay") -> None:
    """Raise PlanError "... makes no sense" unless all is well; NaN is never well."""
    if not is_fine:
        shown = f"{found:g}" if isinstance(found, int | float) else str(found)
        raise PlanError(f"{what} makes no sense", where=where, found=shown, expected=expected)


def require_all(where: str, rows: Iterable[tuple[str, Any, Any, str]]) -> None:
    """Require each row: what it is, what was found, whether it is fine, what is expected."""
    for what, found, is_fine, expected in rows:
        require(is_fine, what, found=found, expected=expected, where=where)


def is_count(value: Any, most: int, *, least: int = 1) -> bool:
    """Whether a value is a whole number from ``least`` to ``most``; True and False are none."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    return bool(is_whole and least <= value <= most)


def require_replicates(n: Any, seed: Any, *, where: str) -> None:
    """Two replicates or more, because error bars need them, and a seed that numpy takes."""
    require(
        is_count(n, 100_000, least=2), "the number of replicates", found=n,
        expected="a whole number from 2, for error bars", where=where,
    )  # fmt: skip
    is_seed = isinstance(seed, int | np.integer) and not isinstance(seed, bool) and seed >= 0
    require(is_seed, "the seed", found=seed, expected="a whole number from 0", where=where)


def require_ok(status: Any, *, where: str) -> None:
    """Raise SolverError for the first run that failed: an assay is one experiment.

    Parameters
    ----------
    status : int8 or ndarray
    where : str
    """
    codes = np.asarray(status).ravel()
    failed = codes[codes != Status.OK]
    if failed.size:
        code = Status(int(failed[0]))
        if code in (Status.INTERRUPTED, Status.NOT_RUN):
            raise KeyboardInterrupt
        raise SolverError(
            f"a run of the assay failed: {code.message}", status=int(code), time=math.nan,
            run=where, fix="try a lower dose, or simulate the arm to see where it stops",
        )  # fmt: skip


def seconds(value: Any, what: str, where: str) -> float:
    """A time [s] from a number or text with a unit; above 0 and finite."""
    found = float(to_model_units(value, parse_unit("s"), name=what, where=where))
    require(0.0 < found < 1e9, what, found=value, expected="more than 0", where=where)
    return found
