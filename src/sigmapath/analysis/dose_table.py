"""A dose experiment as rows: the summary for the screen and the data for a file.

Enters: a :class:`sigmapath.analysis.dose_experiment.DoseExperiment`. Leaves: text rows and CSV.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from sigmapath.analysis.dose_experiment import ArmResult, DoseExperiment, Series

__all__ = ["experiment_csv", "summary_rows"]

_MEANING = {
    "flat": "flat: it moves by less than 1 %",
    "not saturating": "still changing at the highest dose: no EC50",
    "starts high": "already changed at the lowest dose: no EC50",
    "bell": "turns back at {turning}: no EC50",
    "irregular": "no Hill curve: misses it by {misfit:.0%} of the span",
    "failed": "some runs failed: no fit",
}


def summary_rows(experiment: DoseExperiment) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the summary: what each curve is, and its numbers in units."""
    header = ["readout", "curve", "EC50 or IC50 [uM]", "Hill slope", "bottom", "top", "unit"]
    with_intervals = any(s.curve.member_shapes for r in experiment.arms for s in r.series)
    if with_intervals:
        header.insert(3, "90 % of draws")
    header.append("note")
    rows = [
        _row(result, series, with_intervals=with_intervals)
        for result in experiment.arms
        for series in result.series
    ]
    return header, rows


def _row(result: ArmResult, series: Series, *, with_intervals: bool) -> list[str]:
    shape = series.curve.shape
    fitted = [f"{shape.ec50:.4g}", f"{shape.hill:.3g}"] if shape.has_fit else ["", ""]
    row = [
        result.arm.id,
        series.label,
        *fitted,
        f"{shape.bottom:.4g}",
        f"{shape.top:.4g}",
        series.curve.unit,
    ]
    if with_intervals:
        low, high = series.curve.interval("ec50")
        row.insert(3, f"{low:.3g} to {high:.3g}" if np.isfinite(low) else "")
    row.append(_note(result, series))
    return row


def _note(result: ArmResult, series: Series) -> str:
    """What the curve is without a fit, its shift with one, how many draws have one."""
    shape = series.curve.shape
    parts = []
    if shape.kind in _MEANING:
        turning = f"{shape.turning_dose:.3g} {series.curve.dose_unit}"
        parts.append(_MEANING[shape.kind].format(turning=turning, misfit=shape.misfit))
    elif shape.kind == "falling":
        parts.append("falls with dose")
    alone = result.alone.curve.shape
    if series.kind == "with" and shape.has_fit and alone.has_fit:
        parts.append(f"EC50 shifted {shape.ec50 / alone.ec50:.3g}-fold")
    shapes = series.curve.member_shapes
    if shapes:
        without = sum(not s.has_fit for s in shapes)
        parts.append(f"{len(shapes) - without} of {len(shapes)} draws have a fit")
    return "; ".join(parts)


def experiment_csv(experiment: DoseExperiment) -> str:
    """All points as CSV: one row per readout, curve and dose, vehicle as dose 0."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        ["readout", "curve", "ligand", "dose_uM", "response", "unit", "fit", "status"]
        + ["draws_5_percent", "draws_95_percent"]
    )
    for result in experiment.arms:
        for series in result.series:
            curve = series.curve
            doses = np.append(0.0, curve.doses)
            responses = np.append(curve.vehicle, curve.responses)
            fit = curve.shape.predict(doses)
            low, high = _band(series)
            for i, dose in enumerate(doses):
                writer.writerow(
                    [result.arm.id, series.label, curve.ligand, repr(float(dose))]
                    + [repr(float(responses[i])), curve.unit, _cell(fit[i]), int(curve.status[i])]
                    + [_cell(low[i]), _cell(high[i])]
                )
    return stream.getvalue()


def _band(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """5th and 95th percentile of the draws at every dose; NaN for vehicle and without draws."""
    curve = series.curve
    if curve.members is None:
        nothing = np.full(len(curve.doses) + 1, np.nan)
        return nothing, nothing
    low, high = np.nanpercentile(curve.members, [5.0, 95.0], axis=0)
    return np.append(np.nan, low), np.append(np.nan, high)


def _cell(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))
