"""A dose experiment as rows: the summary for the screen and the data for a file.

Enters: a :class:`sigmapath.analysis.dose_experiment.DoseExperiment`. Leaves: text rows and CSV.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from sigmapath.analysis.dose_results import ArmResult, DoseExperiment, Series
from sigmapath.analysis.dose_text import dose_text

__all__ = ["experiment_csv", "summary_rows"]

_MEANING = {
    "flat": "flat",
    "not saturating": "still changing at the highest dose",
    "starts high": "changed already at the lowest dose",
    "bell": "bell-shaped, turns back at {turning}",
    "irregular": "no Hill curve: misses it by {misfit:.0%} of its span",
    "failed": "failed runs",
}


def summary_rows(experiment: DoseExperiment) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the summary: what each curve is, and its numbers in units.

    The half-way dose of a rising curve is its EC50, of a falling one its IC50.
    """
    header = ["readout", "curve", "EC50, IC50", "Hill", "bottom", "top", "unit"]
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
    unit = series.curve.dose_unit
    fitted = [dose_text(shape.ec50, unit), f"{shape.hill:.2f}"] if shape.has_fit else ["-", "-"]
    row = [
        result.arm.id,
        series.label,
        *fitted,
        _level(shape.bottom),
        _level(shape.top),
        series.curve.unit,
    ]
    if with_intervals:
        low, high = series.curve.interval("ec50")
        found = np.isfinite(low)
        row.insert(3, f"{dose_text(low, unit)} to {dose_text(high, unit)}" if found else "-")
    row.append(_note(result, series))
    return row


def _level(value: float) -> str:
    """A response with four digits, without an exponent where that is not longer."""
    return f"{value:.0f}" if 1e4 <= abs(value) < 1e7 else f"{value:.4g}"


def _note(result: ArmResult, series: Series) -> str:
    """What the curve is without a fit, its shift with one, how many draws have one."""
    shape = series.curve.shape
    parts = []
    if shape.kind in _MEANING:
        turning = dose_text(shape.turning_dose, series.curve.dose_unit)
        parts.append(_MEANING[shape.kind].format(turning=turning, misfit=shape.misfit))
    elif shape.kind == "falling" and series.kind != "inhibition":
        parts.append("falls with dose")
    alone = result.alone.curve.shape
    if series.kind == "with" and shape.has_fit and alone.has_fit:
        parts.append(f"shifted {shape.ec50 / alone.ec50:.3g}-fold")
    shapes = series.curve.member_shapes
    if shapes:
        without = sum(not s.has_fit for s in shapes)
        parts.append(f"fit in {len(shapes) - without} of {len(shapes)} draws")
    return "; ".join(parts)


def experiment_csv(experiment: DoseExperiment) -> str:
    """All points as CSV: one row per readout, curve and dose, vehicle as dose 0.

    Columns: ``readout``, ``curve`` ("alone", or what is given with the ligand), ``ligand``,
    ``dose_uM``, ``response`` and its ``unit``, ``fit`` (empty where the curve has none),
    ``status`` (0 = ok, see :class:`sigmapath.status.Status`), and the 5th and 95th percentile of
    the draws (empty without ``--ensemble``). Numbers read back exactly.
    """
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
            low, high = (np.append(np.nan, edge) for edge in curve.band())
            for i, dose in enumerate(doses):
                writer.writerow(
                    [result.arm.id, series.label, curve.ligand, repr(float(dose))]
                    + [repr(float(responses[i])), curve.unit, _cell(fit[i]), int(curve.status[i])]
                    + [_cell(low[i]), _cell(high[i])]
                )
    return stream.getvalue()


def _cell(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))
