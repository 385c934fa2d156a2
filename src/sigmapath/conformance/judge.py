"""Run one case and judge it by the criterion of the suite.

Enters: a :class:`~sigmapath.conformance.suite.Case`. Leaves: an :class:`Outcome`. Called inside a
worker process, which may die or be stopped without harm to the others.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sigmapath.conformance.suite import Case, read_case, read_reference
from sigmapath.errors import SigmapathError, UnsupportedFeatureError
from sigmapath.record import record
from sigmapath.status import Status

__all__ = ["VERDICTS", "Outcome", "Verdict", "judge", "worst_deviation"]

Verdict = Literal["pass", "unsupported", "refused", "failed", "wrong", "error", "crash", "timeout"]
# What they mean, in the order of tables: two that a manifest may hold, then the defects.
VERDICTS: dict[Verdict, str] = {
    "pass": "within the tolerance of the suite at every point",
    "unsupported": "refused by name with UnsupportedFeatureError",
    "refused": "refused with another typed error",
    "failed": "the integration ended with a status other than ok",
    "wrong": "outside the tolerance at some point",
    "error": "an exception that is no SigmapathError",
    "crash": "the process died",
    "timeout": "stopped at the time limit",
}

# Local errors add up to global ones; a case asks for its own accuracy only where the default of the
# product is not this much tighter than the tolerance of the comparison.
_SHARE = 1e-2


@record
class Outcome:
    """What became of one case; ``reason`` is "" for a pass, ``seconds`` the wall time."""

    number: str
    verdict: Verdict
    reason: str = ""
    seconds: float = 0.0


def worst_deviation(
    computed: NDArray[np.float64],
    reference: NDArray[np.float64],
    absolute: float,
    relative: float,
) -> tuple[int, float]:
    """Index of the worst point and its deviation in units of the tolerance (pass: <= 1).

    The suite's criterion ``|c - u| <= absolute + relative * |c|`` with c the reference; NaN and
    infinities have to agree exactly.
    """
    with np.errstate(invalid="ignore"):
        deviation = np.abs(reference - computed) / (absolute + relative * np.abs(reference))
    same = (computed == reference) | (np.isnan(computed) & np.isnan(reference))
    deviation[np.isnan(deviation) | np.isinf(reference)] = np.inf
    deviation[same] = 0.0
    worst = int(np.argmax(deviation))
    return worst, float(deviation[worst])


def _observable(case: Case, name: str, known: frozenset[str]) -> str:
    """Text under which the model records a column of the case."""
    if name in case.concentration and f"[{name}]" in known:
        return f"[{name}]"
    if name in case.amount and f"amount({name})" in known:
        return f"amount({name})"
    return name


def _simulated(case: Case) -> tuple[dict[str, NDArray[np.float64]], Status, float]:
    from sigmapath.api import load
    from sigmapath.solvers.options import SolverOptions

    model = load(case.model)
    known = frozenset(model.observables)
    texts = {name: _observable(case, name, known) for name in case.variables}
    result = model.run(
        times=case.times,
        observables=list(dict.fromkeys(texts.values())),
        rtol=min(SolverOptions().rtol, _SHARE * case.relative),
        threads=1,
    )
    found = {name: result.trajectories[text] for name, text in texts.items()}
    return found, Status(int(result.status)), float(result.t_stop)


def _judged(case: Case) -> tuple[Verdict, str]:
    computed, status, t_stop = _simulated(case)
    if status != Status.OK:
        return "failed", f"{status.meaning} at {t_stop:g}"
    reference = read_reference(case)
    worst, where = 0.0, ""
    for name in case.variables:
        k, deviation = worst_deviation(
            computed[name], reference[name], case.absolute, case.relative
        )
        if deviation > worst:
            worst = deviation
            where = (
                f"{name}({case.times[k]:g}) = {computed[name][k]:.6g}, "
                f"reference {reference[name][k]:.6g}"
            )
    return ("pass", "") if worst <= 1.0 else ("wrong", where)


def judge(folder: Path) -> Outcome:
    """Run the case in ``folder``; never raises an ordinary exception."""
    began = time.perf_counter()
    verdict: Verdict
    try:
        verdict, reason = _judged(read_case(folder))
    except UnsupportedFeatureError as error:
        verdict, reason = "unsupported", error.what
    except SigmapathError as error:
        verdict, reason = "refused", f"{type(error).__name__}: {error.what}"
    except Exception as error:  # noqa: BLE001  whatever a case does, the others are run
        verdict, reason = "error", f"{type(error).__name__}: {str(error)[:200]}"
    return Outcome(
        number=folder.name,
        verdict=verdict,
        reason=reason,
        seconds=time.perf_counter() - began,
    )
