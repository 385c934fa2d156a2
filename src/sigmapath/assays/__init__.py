"""Virtual assays: what an experimenter would have measured, with the errors of the method.

``competition`` and ``saturation`` are radioligand binding on washed membranes, run on the packaged
model ``binding_assay``.
"""

from __future__ import annotations

from sigmapath.assays.binding import Competition, Saturation, competition, saturation

__all__ = ["Competition", "Saturation", "competition", "saturation"]
