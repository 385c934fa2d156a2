"""Numbers taken from a run: readouts of the engine, and a few that need a whole course or curve.

Enters: texts such as "peak(Ca_mito)", "half_time(IRE1_active)", "EC50(final(S1R_BiP))". Leaves:
what the run has to record, and the number for every member of an ensemble.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sigmapath.errors import PlanError
from sigmapath.experiment.readouts import parse_readout
from sigmapath.record import record

__all__ = ["NOISE", "Measure", "Recorded", "measure", "parse_measure"]

FloatArray = NDArray[np.float64]
# Below the absolute tolerance of the solver [uM and the like] nothing can be told from nothing.
NOISE = 1e-9
_CALL = re.compile(r"\s*(half_time|duration|spikes|EC50|spread)\s*\((.*)\)\s*", re.DOTALL)
_ASSAY_WORDS = (
    "Ki", "IC50", "Kd", "IC50 / Ki", "Ki / true", "Ki of the table", "IC50 of the table", "reached",
    "depletion",
)  # fmt: skip


@record
class Measure:
    """A parsed measure.

    Parameters
    ----------
    kind : str
        "readout", "half_time", "duration", "spikes", "EC50", "spread" or "binding".
    readouts : tuple of str
        Readouts that the run takes.
    course : str
        Observable whose course the run records; "" for none.
    reference : str
        Run whose peak sets the level of a duration; "" for the run itself.
    """

    text: str
    kind: str
    readouts: tuple[str, ...] = ()
    course: str = ""
    reference: str = ""


@record(eq=False)
class Recorded:
    """What one run left behind, over members.

    Parameters
    ----------
    readouts : mapping text -> ndarray, shape (n_member,) or (n_member, n_dose)
    courses : mapping observable -> ndarray, shape (n_member, n_time)
    times : ndarray, shape (n_time,) [s]
    doses : ndarray, shape (n_dose,) [uM]
        Of a curve, the vehicle (0) first; empty otherwise.
    status : ndarray of int, shape (n_member,)
        0, or the first failure.
    units : mapping text -> str
    """

    readouts: Mapping[str, FloatArray]
    courses: Mapping[str, FloatArray]
    times: FloatArray
    doses: FloatArray
    status: NDArray[np.int64]
    units: Mapping[str, str]


def parse_measure(text: str, *, binding: bool = False) -> Measure:
    """Read a measure.

    Raises
    ------
    PlanError, UnknownNameError
        If it is neither a measure nor a readout.
    """
    if binding:
        if text not in _ASSAY_WORDS:
            raise PlanError(
                "a binding assay gives no such number", found=text,
                expected=", ".join(_ASSAY_WORDS),
            )  # fmt: skip
        return Measure(text=text, kind="binding", readouts=(text,))
    match = _CALL.fullmatch(text)
    if match is None:
        parse_readout(text)
        return Measure(text=text, kind="readout", readouts=(text,))
    kind, inside = match[1], match[2].strip()
    if kind == "EC50":
        parse_readout(inside)
        return Measure(text=text, kind=kind, readouts=(inside,))
    if kind == "spread":
        return Measure(text=text, kind=kind, readouts=(f"peak({inside})", f"trough({inside})"))
    course, _, reference = inside.partition(",")
    return Measure(text=text, kind=kind, course=course.strip(), reference=reference.strip())


def measure(wanted: Measure, run: str, recorded: Mapping[str, Recorded]) -> FloatArray:
    """Return the number for every member, shape (n_member,); NaN where there is none."""
    own = recorded[run]
    if wanted.kind in ("readout", "binding"):
        return own.readouts[wanted.readouts[0]]
    if wanted.kind == "EC50":
        return half_effect_dose(own.doses, own.readouts[wanted.readouts[0]])
    if wanted.kind == "spread":
        high, low = (own.readouts[text] for text in wanted.readouts)
        size = np.maximum(np.abs(high), np.abs(low))
        return (high - low) / np.where(size > 0.0, size, 1.0)
    course = own.courses[wanted.course]
    if wanted.kind == "spikes":
        return count_spikes(course)
    if wanted.kind == "half_time":
        return half_time(own.times, course)
    other = recorded[wanted.reference or run]
    reference = other.courses[wanted.course]
    level = 0.5 * (reference[:, 0] + reference.max(axis=1))
    return time_above(own.times, course, level)


def half_time(times: FloatArray, course: FloatArray) -> FloatArray:
    """First time at half of the rise from the start to the peak, by linear interpolation.

    Parameters
    ----------
    times : ndarray, shape (n_time,)
    course : ndarray, shape (n_member, n_time)

    Returns
    -------
    ndarray, shape (n_member,)
        NaN where the course never rises.
    """
    level = 0.5 * (course[:, 0] + course.max(axis=1))
    above = course >= level[:, None]
    first = np.argmax(above, axis=1)
    rows = np.arange(len(course))
    before = np.maximum(first - 1, 0)
    low, high = course[rows, before], course[rows, first]
    step = np.where(high > low, (level - low) / np.where(high > low, high - low, 1.0), 0.0)
    found = times[before] + step * (times[first] - times[before])
    return np.where((first > 0) & np.isfinite(level), found, np.nan)


# A potential that rises above this is a spike [mV]; thresholds lie below, peaks of spikes above.
_SPIKE_LEVEL = -10.0


def count_spikes(course: FloatArray) -> FloatArray:
    """Number of upward crossings of -10 mV; NaN where the run failed."""
    up = (course[:, :-1] < _SPIKE_LEVEL) & (course[:, 1:] >= _SPIKE_LEVEL)
    return np.where(np.isfinite(course).all(axis=1), up.sum(axis=1).astype(float), np.nan)


def time_above(times: FloatArray, course: FloatArray, level: FloatArray) -> FloatArray:
    """Time spent above a level, the course being linear between its points.

    Parameters
    ----------
    times : ndarray, shape (n_time,)
    course : ndarray, shape (n_member, n_time)
    level : ndarray, shape (n_member,)
    """
    excess = course - level[:, None]
    left, right = excess[:, :-1], excess[:, 1:]
    gap = np.where(left == right, 1.0, np.abs(left) + np.abs(right))
    share = np.where(
        (left >= 0) & (right >= 0),
        1.0,
        np.where((left < 0) & (right < 0), 0.0, np.maximum(left, right) / gap),
    )
    found: FloatArray = (share * np.diff(times)).sum(axis=1)
    return np.where(np.isfinite(course).all(axis=1), found, np.nan)


def half_effect_dose(doses: FloatArray, values: FloatArray) -> FloatArray:
    """Dose at half of the largest effect over vehicle, interpolated on the logarithm of the dose.

    Parameters
    ----------
    doses : ndarray, shape (n_dose,)
        Vehicle (0) first, then ascending.
    values : ndarray, shape (n_member, n_dose)

    Returns
    -------
    ndarray, shape (n_member,)
        NaN where there is no effect or half of it is passed before the first dose.
    """
    found = np.full(len(values), np.nan)
    for i, row in enumerate(values):
        effect = row - row[0]
        if not np.isfinite(effect).all() or np.abs(row).max() < NOISE:
            continue
        top = effect[np.argmax(np.abs(effect))]
        if abs(top) <= 1e-6 * abs(row[0]):
            continue
        share = effect[1:] / top
        j = int(np.argmax(share >= 0.5))
        if j == 0:
            continue
        x0, x1 = np.log(doses[j]), np.log(doses[j + 1])
        found[i] = np.exp(x0 + (0.5 - share[j - 1]) / (share[j] - share[j - 1]) * (x1 - x0))
    return found
