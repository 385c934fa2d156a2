"""Every assay draws itself on the axes it is given, and says n and its unit."""

from __future__ import annotations

from functools import cache

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

import sigmapath as sp
from sigmapath.errors import UnknownNameError


@cache
def result(name: str):
    a = sp.assays
    mam, membrane = sp.load("s1r_mam"), sp.load("membrane")
    vehicle = a.Study(until="1 h", n=2)
    treated = a.Study(until="1 h", n=2, doses={"(+)-pentazocine": "1 uM"}, rest=False)
    grown = a.Study(until="72 h", n=2, doses={"NGF": 0.002})
    dosed = a.Study(until="1 h", n=2, doses={"S1R_active_pm": 0.1})
    washed = a.Study(until="1 min", n=2, doses={"capsaicin": 0.1})
    row, pulses = a.Steps(steps=[-70, -40, 0, 40]), a.Pulses(before="1 min", after="1 min")
    made = {
        "co-ip": lambda: a.co_immunoprecipitation(mam, treated),
        "fret": lambda: a.fret(mam, treated),
        "calcium": lambda: a.calcium_imaging(sp.load("calcium"), vehicle),
        "neurite": lambda: a.neurite_outgrowth(sp.load("neurotrophin"), grown),
        "ppi": lambda: a.prepulse_inhibition(sp.load("nmdar"), dosed),
        "patch": lambda: a.patch_clamp(membrane, vehicle, steps=row),
        "ramp": lambda: a.patch_ramp(membrane, vehicle, points=9),
        "wash": lambda: a.patch_wash(membrane, washed, pulses=pulses),
    }
    return made[name]()


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("co-ip", "% of vehicle"),
        ("fret", "%"),
        ("calcium", "ΔF/F"),
        ("neurite", "%"),
        ("ppi", "%"),
        ("patch", "pA"),
        ("ramp", "pA"),
        ("wash", "% of control"),
    ],
)
def test_drawn_on_given_axes(name: str, label: str) -> None:
    data = result(name)
    ax = Figure().subplots()
    before = plt.get_fignums()
    assert sp.plot.assay(data, ax=ax) is ax
    assert plt.get_fignums() == before
    assert label in ax.get_ylabel()
    words = [t.get_text() for t in ax.texts] + [ax.get_title(loc="right")]
    legend = ax.get_legend()
    words += [legend.get_title().get_text()] if legend else []
    assert any("n = 2" in text for text in words)
    ax.figure.canvas.draw()


def test_a_new_figure_and_the_blot() -> None:
    ax = sp.plot.assay(result("co-ip"))
    assert len(ax.figure.axes) == 2
    plt.close(ax.figure)
    assert sp.plot.patch_traces(result("patch"), ax=Figure().subplots()).get_title(loc="left")


def test_what_is_no_assay() -> None:
    data = sp.load("membrane").simulate("1 s")
    with pytest.raises(UnknownNameError, match="unknown assay"):
        sp.plot.assay(data)
