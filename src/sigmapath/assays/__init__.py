"""Virtual assays: what an experimenter would have measured, with the errors of the method.

``competition`` and ``saturation`` are radioligand binding on washed membranes, run on the packaged
model ``binding_assay``. The others take a model and a :class:`Study` (treatments, replicates, seed)
and return a Dataset with replicates, their mean, sd and sem, drawn by ``sp.plot.assay(data)``:
``calcium_imaging``, ``patch_clamp``, ``patch_ramp``, ``patch_wash``, ``co_immunoprecipitation``,
``fret``, ``neurite_outgrowth``, ``prepulse_inhibition``.
"""

from __future__ import annotations

from sigmapath.assays.binding import Competition, Saturation, competition, saturation
from sigmapath.assays.calcium_imaging import Camera, DyeLoad, Film, calcium_imaging
from sigmapath.assays.chelator import BAPTA, FLUO4, Chelator
from sigmapath.assays.clamp_circuit import Dendrite, Pipette
from sigmapath.assays.coip import PullDown, co_immunoprecipitation
from sigmapath.assays.fret import FretOptics, FretPair, fret
from sigmapath.assays.membranes import Incubation
from sigmapath.assays.patch_clamp import Steps, patch_clamp
from sigmapath.assays.patch_ramp import patch_ramp
from sigmapath.assays.patch_rig import Clamp
from sigmapath.assays.patch_wash import Pulses, patch_wash
from sigmapath.assays.scores import neurite_outgrowth, prepulse_inhibition
from sigmapath.assays.study import Arm, Study

__all__ = [
    "BAPTA",
    "FLUO4",
    "Arm",
    "Camera",
    "Chelator",
    "Clamp",
    "Competition",
    "Dendrite",
    "DyeLoad",
    "Film",
    "FretOptics",
    "FretPair",
    "Incubation",
    "Pipette",
    "PullDown",
    "Pulses",
    "Saturation",
    "Steps",
    "Study",
    "calcium_imaging",
    "co_immunoprecipitation",
    "competition",
    "fret",
    "neurite_outgrowth",
    "patch_clamp",
    "patch_ramp",
    "patch_wash",
    "prepulse_inhibition",
    "saturation",
]
