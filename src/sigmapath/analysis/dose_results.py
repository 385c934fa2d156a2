"""What a dose experiment found: curves and time courses per arm.

Enters: results of :mod:`sigmapath.analysis.dose_arm` and :mod:`sigmapath.analysis.dose_experiment`.
Leaves: frozen records, which tables and figures are made of.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sigmapath.analysis.dose_response import DoseResponse, FloatArray
from sigmapath.experiment.ligands import Ligand
from sigmapath.pathways.dose_arms import DoseArm
from sigmapath.record import record

__all__ = ["ArmResult", "DoseExperiment", "Series", "TimeCourse"]


@record
class Series:
    """One curve of an arm: the ligand's doses on top of other ligands held at fixed doses.

    ``kind`` is "alone", "with" (companions of the user) or "inhibition" (against the reference
    agonist at its EC80).
    """

    kind: str
    label: str
    companions: Mapping[str, float]
    curve: DoseResponse


@record
class TimeCourse:
    """Trajectory of an arm's observable at one combination of doses.

    ``times`` [model time unit], ``values`` [unit of the observable], ``role`` one of "vehicle",
    "middle", "saturating", "agonist" (the reference agonist alone), "with" (companions and the
    half-way dose); ``long_name`` is the observable in words; ``status`` is 0 if the run went well,
    else values are NaN.
    """

    role: str
    label: str
    times: FloatArray
    values: FloatArray
    unit: str
    long_name: str
    status: int


@record
class ArmResult:
    """Everything found in one arm; the main series is the last one for an antagonist."""

    arm: DoseArm
    series: tuple[Series, ...]
    courses: tuple[TimeCourse, ...]

    @property
    def alone(self) -> Series:
        """The ligand alone."""
        return self.series[0]


@record
class DoseExperiment:
    """The whole experiment.

    Parameters
    ----------
    ligand : Ligand
    is_antagonist : bool
        Whether the inhibition arms were run.
    arms : tuple of ArmResult
    notes : tuple of str
        Sentences for the user: the doses, what failed, what was not run.
    status : ndarray of int8, shape (n_run,)
        Outcome of every run of the curves and time courses, ensembles included; 0 is ok.
    is_complete : bool
        False after Ctrl-C: the arms that were finished are here, the others are not.
    """

    ligand: Ligand
    is_antagonist: bool
    arms: tuple[ArmResult, ...]
    notes: tuple[str, ...]
    status: NDArray[np.int8]
    is_complete: bool = True
