"""What all virtual assays share: replicates that differ, and the checks of a protocol.

Enters: the engine (or Model), what was asked for, numbers without error. Leaves: values of virtual
replicates with mean, standard deviation and standard error. Called by the assays of this folder.

A replicate is a cell, a culture or a blot. Replicates differ by a factor that is log-normal with a
mean of 1 and a given coefficient of variation: errors of pipetting, loading and cell size multiply
(Limpert, Stahel and Abbt 2001, doi:10.1641/0006-3568(2001)051[0341:LNDATS]2.0.CO;2).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError, SolverError
from sigmapath.simulate.engine import Engine
from sigmapath.status import Status
from sigmapath.version import __version__

__all__ = [
    "engine_of",
    "factors",
    "mean_sd_sem",
    "provenance_of",
    "require",
    "require_ok",
    "require_replicates",
]

FloatArray = NDArray[np.float64]


def engine_of(model: Any) -> Engine:
    """The engine of a Model, or the engine itself.

    Raises
    ------
    PlanError
        If it is neither.
    """
    found = getattr(model, "_engine", model)
    if not isinstance(found, Engine):
        raise PlanError(
            "an assay runs on a model", where="assay", found=type(model).__name__,
            fix='sp.load("s1r_mam")',
        )  # fmt: skip
    return found


def require(is_fine: Any, what: str, *, found: Any, expected: str, where: str = "assay") -> None:
    """Raise PlanError "... makes no sense" unless all is well; NaN is never well."""
    if not is_fine:
        shown = f"{found:g}" if isinstance(found, int | float) else str(found)
        raise PlanError(f"{what} makes no sense", where=where, found=shown, expected=expected)


def require_replicates(n: Any, seed: Any, *, where: str) -> None:
    """Two replicates or more, because error bars need them, and a seed that numpy takes."""
    is_count = isinstance(n, int | np.integer) and not isinstance(n, bool)
    require(
        is_count and 2 <= n <= 100_000, "the number of replicates", found=n,
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


def factors(stream: np.random.Generator, cv: float, size: tuple[int, ...]) -> FloatArray:
    """Log-normal factors with mean 1 and coefficient of variation ``cv``, of shape ``size``.

    If ln f is normal with variance s^2 = ln(1 + cv^2) and mean -s^2/2, then f has mean 1 and
    standard deviation cv (Limpert, Stahel and Abbt 2001).
    """
    spread = math.sqrt(math.log1p(cv * cv))
    found: FloatArray = np.exp(stream.normal(-0.5 * spread * spread, spread, size=size))
    return found


def mean_sd_sem(values: FloatArray, axis: int = 0) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, sample standard deviation and standard error over the replicates on ``axis``."""
    n = values.shape[axis]
    sd = values.std(axis=axis, ddof=1)
    return values.mean(axis=axis), sd, sd / math.sqrt(n)


def provenance_of(
    engine: Engine, assay: str, *, n: int, seed: int, protocol: Mapping[str, Any]
) -> dict[str, Any]:
    """Attributes of a Dataset: the assay, its model, n, seed and the whole protocol as JSON."""
    return {
        "assay": assay,
        "model": engine.index.model,
        "model_fingerprint": engine.system.fingerprint,
        "n": int(n),
        "seed": int(seed),
        "error_bars": "standard error of the mean (sem) and standard deviation (sd) over n",
        "protocol": json.dumps(protocol, default=str, sort_keys=True, ensure_ascii=False),
        "sigmapath_version": __version__,
    }
