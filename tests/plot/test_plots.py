"""What figures show: labels with units, vehicle apart, EC50 marked, failures visible."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import sigmapath as sp
from sigmapath.analysis.dose_response import DoseResponse
from sigmapath.analysis.dose_text import dose_text
from sigmapath.analysis.hill import describe_curve, hill_curve
from sigmapath.errors import PlanError, UnknownNameError

mpl.use("Agg")
DOSES = np.geomspace(1e-4, 1e1, 26)


@pytest.fixture
def ax():
    return Figure(layout="constrained").subplots()


def curve_of(responses, vehicle=1.0, members=None):
    return DoseResponse(
        ligand="PRE-084",
        dose_unit="uM",
        unit="uM",
        readout="peak(X)",
        long_name="Peak of X",
        doses=DOSES,
        responses=responses,
        vehicle=vehicle,
        status=np.zeros(len(DOSES) + 1, dtype=np.int8),
        shape=describe_curve(DOSES, responses, vehicle=vehicle),
        members=members,
        member_shapes=()
        if members is None
        else tuple(describe_curve(DOSES, m, vehicle=vehicle) for m in members),
    )


def test_a_dose_response_shows_points_fit_ec50_and_vehicle_apart(ax):
    curve = curve_of(hill_curve(DOSES, ec50=0.02, hill=1.0, bottom=1.0, top=5.0))
    assert sp.plot.dose_response(curve, ax=ax) is ax
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "PRE-084 [µM]"
    assert ax.get_ylabel() == "Peak of X [µM]"
    assert "vehicle" in [label.get_text() for label in ax.get_xticklabels()]
    lines = {tuple(np.shape(line.get_xdata())): line for line in ax.get_lines()}
    np.testing.assert_allclose(lines[(26,)].get_ydata(), curve.responses)
    places = [line for line in ax.get_lines() if len(line.get_xdata()) == 1]
    vehicle = next(line for line in places if line.get_ydata()[0] == 1.0)
    assert vehicle.get_xdata()[0] < DOSES[0] / 3
    diamond = next(line for line in places if line.get_marker() == "D")
    assert diamond.get_xdata()[0] == pytest.approx(0.02, rel=1e-3)
    assert diamond.get_ydata()[0] == pytest.approx(3.0, rel=1e-3)


def test_a_curve_without_fit_marks_no_ec50(ax):
    curve = curve_of(1.0 + DOSES)
    sp.plot.dose_response(curve, ax=ax)
    assert not any(line.get_marker() == "D" for line in ax.get_lines())


def test_an_ensemble_shows_band_and_interval(ax):
    members = np.array([hill_curve(DOSES, ec50=e, hill=1, bottom=1, top=5) for e in (0.01, 0.04)])
    members = np.vstack([members, np.full((1, len(DOSES)), np.nan)])
    curve = curve_of(hill_curve(DOSES, ec50=0.02, hill=1, bottom=1, top=5), members=members)
    sp.plot.dose_response(curve, ax=ax)
    assert len(ax.collections) == 1
    low, high = curve.interval("ec50")
    assert 0.0099 < low < high < 0.0401
    bar = next(line for line in ax.get_lines() if line.get_linewidth() == 5.0)
    assert tuple(bar.get_xdata()) == (low, high)


def sweep_data(status):
    values = np.where(status == 0, np.arange(status.size).reshape(status.shape), np.nan)
    attrs = {"units": "uM", "long_name": "peak(X)"}
    return xr.Dataset(
        {"peak(X)": (("stress", "drug"), values, attrs), "status": (("stress", "drug"), status)},
        coords={
            "stress": ("stress", [0.0, 1.0, 2.0], {"units": "ug/mL"}),
            "drug": ("drug", [0.01, 0.1, 1.0, 10.0], {"units": "uM"}),
        },
    )


def test_a_heat_map_has_the_first_axis_upright_and_log_axes_where_they_are(ax):
    sp.plot.heat_map(sweep_data(np.zeros((3, 4), dtype=np.int8)), ax=ax)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("drug [µM]", "stress [µg/mL]")
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert ax.get_legend() is None
    assert ax.figure.axes[1].get_ylabel() == "peak(X) [µM]"


def test_a_failed_corner_is_hatched_and_counted(ax):
    status = np.zeros((3, 4), dtype=np.int8)
    status[2, 2:] = 1
    sp.plot.heat_map(sweep_data(status), ax=ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["2 of 12 runs failed"]
    assert any(collection.get_hatch() for collection in ax.collections)


@pytest.mark.parametrize("largest", [1e200, 1e300, 1e308])
def test_a_heat_map_survives_absurd_axes(ax, largest, tmp_path):
    data = sweep_data(np.zeros((3, 4), dtype=np.int8))
    data = data.assign_coords(drug=np.geomspace(1.0, largest, 4))
    sp.plot.heat_map(data, ax=ax)
    ax.figure.savefig(tmp_path / "x.png")
    assert ax.get_xticklabels()[-1].get_text() == f"{largest:.3g}"


def test_a_heat_map_refuses_other_shapes(ax):
    data = sweep_data(np.zeros((3, 4), dtype=np.int8))
    with pytest.raises(UnknownNameError):
        sp.plot.heat_map(data, "peak(Y)", ax=ax)
    with pytest.raises(PlanError, match="two axes"):
        sp.plot.heat_map(data.isel(stress=0), ax=ax)
    with pytest.raises(PlanError, match="one axis"):
        sp.plot.sweep_lines(data, "peak(X)", ax=ax)


def courses(count, n_run=0):
    times = np.linspace(0, 86400, 11)
    shape, dims = ((n_run, 11), ("k", "time")) if n_run else ((11,), ("time",))
    rng = np.random.default_rng(1)
    attrs = {"units": "uM", "long_name": "Protein in words"}
    return xr.Dataset(
        {f"X{i}": (dims, (i + 1) * rng.random(shape), attrs) for i in range(count)},
        coords={"time": ("time", times, {"units": "s"})},
    )


def test_a_time_course_reads_in_hours_or_days(ax):
    sp.plot.time_course(courses(1), ax=ax)
    assert ax.get_xlabel() == "time [h]"
    assert ax.get_ylabel() == "Protein in words [µM]"
    assert ax.get_lines()[0].get_xdata()[-1] == 24.0


def test_several_observables_have_a_legend_many_are_refused(ax):
    sp.plot.time_course(courses(3), ax=ax)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["X0", "X1", "X2"]
    with pytest.raises(PlanError, match="too many"):
        sp.plot.time_course(courses(15), ax=ax)
    with pytest.raises(UnknownNameError):
        sp.plot.time_course(courses(2), "X7", ax=ax)


def test_many_runs_become_a_band(ax):
    sp.plot.time_course(courses(1, n_run=40), ax=ax)
    assert len(ax.get_lines()) == 1
    assert "40" in ax.get_legend().get_texts()[0].get_text()


def test_panels_choose_what_moves_and_say_so():
    data = courses(20)
    for i in range(8):
        data[f"X{i}"] = data[f"X{i}"] * 0 + 5.0
    figure = sp.plot.time_course_panels(data)
    labels = [ax.get_ylabel() for ax in figure.axes]
    assert labels == [f"X{i} [µM]" for i in range(8, 20)]
    assert "12 of 20" in figure.get_supxlabel()


@pytest.mark.parametrize(
    ("dose", "text"),
    [(0.01634, "16.3 nM"), (2.5e-5, "25 pM"), (1.0, "1 uM"), (0.9996, "1000 nM"), (2e3, "2 mM")],
)
def test_doses_as_people_say_them(dose, text):
    assert dose_text(dose, "uM") == text


def test_figures_leave_the_style_of_the_user_alone(ax):
    before = dict(mpl.rcParams)
    sp.plot.time_course(courses(2), ax=ax)
    assert dict(mpl.rcParams) == before
