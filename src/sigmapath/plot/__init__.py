"""Figures from results; never runs a simulation.

``sp.plot.time_course(data)``, ``sp.plot.dose_response(curve)``, ``sp.plot.heat_map(data)``,
``sp.plot.sweep_lines(data, readout)`` take ``ax=``; ``sp.plot.time_course_panels(data)`` and
``sp.plot.dose_figure(experiment)`` make whole figures. ``sp.plot.assay(data)`` draws the Dataset of
any virtual assay as a paper would show it, ``sp.plot.reasons(explanation)`` what ``sp.explain``
found.
"""

from sigmapath.plot.assay_bars import co_immunoprecipitation, fret, score
from sigmapath.plot.assay_courses import (
    assay,
    calcium_imaging,
    current_voltage,
    patch_traces,
    wash,
)
from sigmapath.plot.assay_reasons import reasons
from sigmapath.plot.dose_figure import dose_figure
from sigmapath.plot.dose_response import dose_response
from sigmapath.plot.heat_map import heat_map
from sigmapath.plot.lines import sweep_lines
from sigmapath.plot.panels import time_course_panels
from sigmapath.plot.time_course import time_course

__all__ = [
    "assay",
    "calcium_imaging",
    "co_immunoprecipitation",
    "current_voltage",
    "dose_figure",
    "dose_response",
    "fret",
    "heat_map",
    "patch_traces",
    "reasons",
    "score",
    "sweep_lines",
    "time_course",
    "time_course_panels",
    "wash",
]
