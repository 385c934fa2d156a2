"""One dose-response curve: points, shape, and intervals over an ensemble.

Enters: an engine (see :class:`Engine`) and a description of the experiment. Leaves: a
:class:`DoseResponse`. Called by ``model.dose_response`` and by the dose experiment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sigmapath.analysis.hill import CurveShape, describe_curve
from sigmapath.errors import PlanError
from sigmapath.experiment.protocol import equilibrate
from sigmapath.record import record

__all__ = [
    "DoseResponse",
    "Engine",
    "curve_from_run",
    "default_doses",
    "interval",
    "run_dose_response",
]

FloatArray = NDArray[np.float64]

# Highest dose that any experiment of the package gives [uM]: 1 mM, the solubility limit of most
# S1R ligands.
HIGHEST_DOSE = 1000.0
N_DOSES = 41


class Engine(Protocol):
    """What this layer needs of a model: plan an experiment and run it."""

    def plan(self, **experiment: Any) -> Any:
        """Resolve names to arrays; returns a RunPlan."""

    def run(self, plan: Any, **options: Any) -> Any:
        """Run a plan; returns a RawResult."""


@record
class DoseResponse:
    """Points and shape of one readout against the dose of one ligand.

    Parameters
    ----------
    ligand : str
        As the user named it.
    dose_unit, unit : str
        Units of doses and responses.
    readout, long_name : str
        The readout as text, and in words for figures.
    doses, responses : ndarray, shape (n_dose,)
        Ascending positive doses; NaN where a run failed.
    vehicle : float
        Response without ligand.
    status : ndarray of int8, shape (n_dose + 1,)
        Of the runs, vehicle first.
    shape : CurveShape
        Of the nominal parameters.
    members : ndarray, shape (n_member, n_dose), or None
        Responses of an ensemble.
    member_shapes : tuple of CurveShape
        One per member.
    all_status : ndarray of int8, shape (n_run,)
        Of every run behind the curve, members included.
    """

    ligand: str
    dose_unit: str
    unit: str
    readout: str
    long_name: str
    doses: FloatArray
    responses: FloatArray
    vehicle: float
    status: NDArray[np.int8]
    shape: CurveShape
    members: FloatArray | None = None
    member_shapes: tuple[CurveShape, ...] = field(default=())
    all_status: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, dtype=np.int8))

    def band(self, share: float = 0.9) -> tuple[FloatArray, FloatArray]:
        """Central range of the members' responses at every dose, shape (n_dose,) each.

        Failed members are left out; NaN where all failed, or none were drawn.
        """
        edges = np.full((2, len(self.doses)), np.nan)
        if self.members is not None:
            known = np.any(np.isfinite(self.members), axis=0)
            half = 50.0 * (1.0 - share)
            edges[:, known] = np.nanpercentile(self.members[:, known], [half, 100.0 - half], axis=0)
        return edges[0], edges[1]

    def interval(self, quantity: str, share: float = 0.9) -> tuple[float, float]:
        """Range of "ec50", "hill", "bottom" or "top" over the members that have a fit."""
        return interval([getattr(s, quantity) for s in self.member_shapes if s.has_fit], share)

    def to_pandas(self) -> Any:
        """Table with the columns dose, response and fit; vehicle is dose 0."""
        import pandas as pd

        doses = np.append(0.0, self.doses)
        return pd.DataFrame(
            {
                f"dose [{self.dose_unit}]": doses,
                f"{self.readout} [{self.unit}]": np.append(self.vehicle, self.responses),
                "fit": self.shape.predict(doses),
                "status": self.status,
            }
        )


def interval(values: Sequence[float], share: float) -> tuple[float, float]:
    """Central range that holds ``share`` of the values; NaN if there are none."""
    if not values:
        return float("nan"), float("nan")
    edge = 50.0 * (1.0 - share)
    low, high = np.percentile(values, [edge, 100.0 - edge])
    return float(low), float(high)


def default_doses(affinity: float, n: int = N_DOSES) -> FloatArray:
    """Doses from 1e-2 to 1e4 times the affinity, log-spaced, none above 1 mM.

    Parameters
    ----------
    affinity : float
        Ki [uM].
    n : int
        Number of doses.
    """
    high = min(1e4 * affinity, HIGHEST_DOSE)
    return np.geomspace(min(1e-2 * affinity, high / 10.0), high, n)


def curve_from_run(
    raw: Any, readout: str, *, ligand: str, dose_unit: str, long_name: str = ""
) -> DoseResponse:
    """Shape the result of a sweep over [vehicle, doses...] (and members) into a curve.

    Parameters
    ----------
    raw : RawResult
        Its axis ``ligand`` starts with dose 0; an axis ``member`` may follow or precede it.
    readout : str
        Name of the readout in the result.
    ligand, dose_unit, long_name : str
        For labels.
    """
    axes = [axis.name for axis in raw.axes]
    position = axes.index(ligand)
    doses = np.asarray(raw.axes[position].coordinates, dtype=float)
    values = np.moveaxis(raw.reduced[readout], position, -1)
    status = np.moveaxis(raw.status, position, -1)
    nominal, members = (values, None) if values.ndim == 1 else (values[0], values[1:])
    return DoseResponse(
        ligand=ligand,
        dose_unit=dose_unit,
        unit=raw.units.get(readout, ""),
        readout=readout,
        long_name=long_name or readout,
        doses=doses[1:],
        responses=nominal[1:],
        vehicle=float(nominal[0]),
        status=status if status.ndim == 1 else status[0],
        shape=describe_curve(doses[1:], nominal[1:], vehicle=float(nominal[0])),
        members=None if members is None else members[:, 1:],
        member_shapes=()
        if members is None
        else tuple(describe_curve(doses[1:], m[1:], vehicle=float(m[0])) for m in members),
        all_status=status.reshape(-1),
    )


def run_dose_response(
    engine: Any,
    ligand: str,
    doses: Sequence[Any] | None,
    *,
    readout: Any,
    times: Any,
    companions: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    **experiment: Any,
) -> DoseResponse:
    """Sweep one ligand over vehicle and doses, from rest, and shape the curve.

    Parameters
    ----------
    engine : Engine
    ligand : str
        Anything that can be dosed.
    doses : sequence or None
        Positive doses as typed; None takes those of :func:`default_doses`.
    readout : Readout or str
    times : end time
    companions : mapping name -> level, optional
    options : mapping
        Of the run.
    **experiment
        parameters, initial, condition, protocol (from rest if None), ensemble, seed.

    Raises
    ------
    PlanError
        If no doses are given for something that is no ligand of the table, or they make no curve.
    """
    if doses is None:
        known = engine.ligands.find(ligand)
        if known is None:
            raise PlanError(
                f"'{ligand}' is no ligand of the table, so its doses are not known",
                where="dose_response",
                fix='give doses, for example ["10 nM", "100 nM", "1 uM", "10 uM"]',
            )
        doses = default_doses(known.Ki_uM).tolist()
    if experiment.get("protocol") is None:
        experiment["protocol"] = [equilibrate()]
    plan = engine.plan(
        times=times,
        axes={ligand: [0.0, *doses]},
        doses=dict(companions or {}),
        readouts={"response": readout},
        **experiment,
    )
    raw = engine.run(plan, **options)
    unit = next(axis.unit for axis in raw.axes if axis.name == ligand)
    return curve_from_run(
        raw, "response", ligand=ligand, dose_unit=unit, long_name=raw.long_names["response"]
    )
