"""Where two runs are compared: a mesh of times, and the weights that make a readout of a course.

Enters: plans of both runs and the readout. Leaves: arrays. Called by
:mod:`sigmapath.analysis.explain`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sigmapath.experiment.plan import RunPlan
from sigmapath.experiment.readouts import Readout
from sigmapath.opcodes import ReducerOp

__all__ = ["mesh_of", "weights_of"]

FloatArray = NDArray[np.float64]
# Points of the mesh: even ones, and denser and denser ones behind each breakpoint.
_EVEN, _BEHIND, _SHORTEST = 240, 120, 1e-9


def mesh_of(plans: Sequence[RunPlan], asked: Readout, peaks: Sequence[float]) -> FloatArray:
    """Times, dense behind breakpoints and where the readout looks.

    Parameters
    ----------
    plans : sequence of RunPlan
        Of both runs, with the readout as their only one.
    asked : Readout
    peaks : sequence of float
        Times of the peaks, if the readout is one.
    """
    end = plans[0].t_end
    row = plans[0].reducers
    after, until = float(row.after[0]), float(row.until[0])
    marks = list(peaks)
    if asked.op in (ReducerOp.FINAL, ReducerOp.AT):
        marks.append(until)
    breaks = {0.0, after, until, *marks, *(float(t) for p in plans for t in p.jumps.time)}
    edges = sorted(t for t in breaks if 0.0 <= t <= end)
    tiny = _SHORTEST * max(end, 1e-300)
    points = [np.linspace(0.0, end, _EVEN), np.array(edges)]
    for edge in edges:
        following = min((t for t in (*edges, end) if t > edge), default=end)
        if following > edge:
            points.append(edge + (following - edge) * np.geomspace(1e-7, 1.0, _BEHIND))
        if edge > tiny:
            points.append(np.array([edge - tiny]))
    mesh: FloatArray = np.unique(np.clip(np.concatenate(points), 0.0, end))
    apart: FloatArray = mesh[np.concatenate([[True], np.diff(mesh) > 0.25 * tiny])]
    return apart


def weights_of(
    asked: Readout,
    plan: RunPlan,
    mesh: FloatArray,
    observable: FloatArray,
    difference: float,
) -> FloatArray:
    """What makes the readout of the course of the observable on the mesh.

    A peak (or trough) is read at the time of that of run A, of run B, or half at each, whichever
    leaves least of the difference to the time shift.
    """
    after, until = float(plan.reducers.after[0]), float(plan.reducers.until[0])
    weights = np.zeros(len(mesh))
    if asked.op in (ReducerOp.FINAL, ReducerOp.AT):
        weights[np.abs(mesh - until).argmin()] = 1.0
        return weights
    inside = (mesh >= after) & (mesh <= until)
    if asked.op in (ReducerOp.AUC, ReducerOp.MEAN):
        steps = np.where(inside[1:] & inside[:-1], np.diff(mesh), 0.0)
        weights[1:] += 0.5 * steps
        weights[:-1] += 0.5 * steps
        return weights / (until - after) if asked.op is ReducerOp.MEAN else weights
    sign = 1.0 if asked.op is ReducerOp.PEAK else -1.0
    places = [int(np.where(inside, sign * row, -np.inf).argmax()) for row in observable]
    change = observable[1] - observable[0]
    choices = [{places[1]: 1.0}, {places[0]: 1.0}, {p: 0.5 for p in places}]
    best = min(choices, key=lambda c: abs(difference - sum(w * change[k] for k, w in c.items())))
    for k, weight in best.items():
        weights[k] += weight
    return weights
