"""The public Model: labelled results, statelessness, everything at once equal to single runs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.errors import PlanError, SolverError, UnknownNameError, UnsupportedFeatureError

TOY = """
model toy()
  unit uM = 1e-6 mole / litre; unit s = second; unit pL = 1e-12 litre; unit amol = 1e-18 mole;
  unit substance = amol; unit time_unit = s; unit volume = pL; unit extent = amol;
  compartment cell = 2; cell has pL;
  species A in cell, B in cell; A = 10; B = 0;
  A has amol; B has amol;
  k1 = 0.5; k2 = 0.1; drug = 0; k1_half := k1 / 2;
  A notes "Closed channel, scaled: to nothing"; B notes "Open channel";
  drug notes "A drug. grade: input";
  k1 notes "Opening. source: assumed ; grade: assumed ; range: 0.05 to 5";
  R1: A -> B; cell * (k1 + drug) * A;
  R2: B -> A; cell * k2 * B;
end
"""


@pytest.fixture(scope="module")
def model():
    return sp.from_antimony(TOY)


def closed_form(t, *, k1=0.5, k2=0.1, drug=0.0, a=10.0, b=0.0):
    """B(t) of A <-> B."""
    rate, total = k1 + drug + k2, a + b
    rest = total * (k1 + drug) / rate
    return rest + (b - rest) * np.exp(-rate * t)


def test_the_dataset_contract(model):
    data = model.sweep(
        {"drug": [0.0, 1.0, 2.0], "k2": [0.1, 0.2]},
        [0.0, 1.0, 4.0],
        observables=["B", "A + B", "R1"],
        readouts={"most": sp.peak("B")},
    )
    assert data["B"].dims == ("drug", "k2", "time")
    assert data["most"].dims == data["status"].dims == ("drug", "k2")
    assert data["B"].dtype == np.float64
    assert data["status"].dtype == np.int8
    assert not data["status"].any()
    assert data["drug"].values.tolist() == [0.0, 1.0, 2.0]
    for name in [*data.data_vars, *data.coords]:
        if name != "status":
            assert {"units", "long_name"} <= set(data[name].attrs), name
    assert data["B"].attrs["long_name"] == "Open channel"
    values = data["status"].attrs["flag_values"]
    assert values.dtype == np.int8
    assert values.tolist() == [int(code) for code in sp.Status]
    assert len(data["status"].attrs["flag_meanings"].split()) == len(values)
    assert data["status"].attrs["flag_meanings"].split()[0] == "ok"
    assert {"model", "model_fingerprint", "options", "sigmapath_version"} <= set(data.attrs)


def test_ids_that_are_words_of_the_result():
    model = sp.from_antimony("model m()\n  status = 2; x = 1; x' = -x * status;\nend")
    data = model.simulate([0.0, 1.0], observables=["x", "status"])
    assert data["id(status)"].values.tolist() == [2.0, 2.0]
    assert data["status"].shape == ()
    swept = model.sweep({"status": [1.0, 2.0]}, 1.0, readouts={"end": "final(x)"})
    assert swept["end"].dims == ("id(status)",)
    np.testing.assert_allclose(swept["end"], np.exp([-1, -2]), rtol=1e-5)


def test_everything_together_equals_single_runs_and_the_closed_form(model):
    axes = {"k1": [0.3, 0.6], "drug": [0.0, 1.5], "A": [5.0, 8.0]}
    protocol = [sp.phase(2.0), sp.phase(3.0, doses={"k2": 0.4}), sp.phase(5.0)]
    options = {"protocol": protocol, "observables": ["B"], "rtol": 1e-9, "atol": 1e-12}
    times = np.array([0.0, 1.0, 2.0, 4.0, 5.0, 9.0])
    swept = model.sweep(axes, times, **options)
    for k1, drug, a in itertools.product(*axes.values()):
        values = swept["B"].sel(k1=k1, drug=drug, A=a).values
        single = model.simulate(
            times, parameters={"k1": k1}, doses={"drug": drug}, initial={"A": a}, **options
        )
        assert values.tobytes() == single["B"].values.tobytes()
        rates = {"k1": k1, "drug": drug}
        b2 = closed_form(2.0, a=a, **rates)
        b5 = closed_form(3.0, a=a - b2, b=b2, k2=0.4, **rates)
        expected = [
            *closed_form(times[:3], a=a, **rates),
            closed_form(2.0, a=a - b2, b=b2, k2=0.4, **rates),
            b5,
            closed_form(4.0, a=a - b5, b=b5, **rates),
        ]
        np.testing.assert_allclose(values, expected, rtol=1e-7, atol=1e-9)


def test_the_same_inputs_give_the_same_bytes(model):
    axes = {"k1": np.linspace(0.1, 2.0, 37), "k2": np.linspace(0.1, 1.0, 11)}

    def run(**options):
        data = model.sweep(axes, 10.0, readouts={"end": "final(B)", "area": "auc(B)"}, **options)
        return data["end"].values.tobytes() + data["area"].values.tobytes()

    first = run(threads=1)
    model.simulate(100.0, parameters={"k1": 3.0}, doses={"drug": 1.0})
    model.steady_state(parameters={"k2": 5.0})
    assert run(threads=1) == first
    assert run(threads=3) == first
    backwards = model.sweep(
        {name: values[::-1] for name, values in axes.items()}, 10.0, readouts={"end": "final(B)"}
    )
    forwards = model.sweep(axes, 10.0, readouts={"end": "final(B)"})
    assert backwards["end"].values[::-1, ::-1].tobytes() == forwards["end"].values.tobytes()


@pytest.mark.parametrize("lanes", [1, 4])
def test_chunks_do_not_show(model, monkeypatch, lanes):
    from sigmapath.simulate import batch

    axes = {"k1": np.linspace(0.1, 2.0, 101)}
    whole = model.sweep(axes, 10.0, observables=["B"], lanes=lanes)["B"].values.tobytes()
    monkeypatch.setattr(batch, "_LARGEST_CHUNK", 3)
    monkeypatch.setattr(batch, "_LARGEST_LANE_CHUNK", 3)
    again = model.sweep(axes, 10.0, observables=["B"], lanes=lanes)
    assert again["B"].values.tobytes() == whole


@pytest.mark.parametrize("shared", [True, False])
def test_an_equilibration_is_the_same_shared_or_own(model, monkeypatch, shared):
    from sigmapath.simulate import batch

    if not shared:
        monkeypatch.setattr(batch, "_MOST_SHARED", 0)
    drugs = [0.0, 0.5, 1.0, 2.0]
    data = model.sweep(
        {"drug": drugs},
        [0.0, 3.0],
        protocol=[sp.equilibrate()],
        observables=["B"],
        rtol=1e-9,
        atol=1e-12,
    )
    rest = 10 * 0.5 / 0.6
    np.testing.assert_allclose(data["B"].values[:, 0], rest, rtol=1e-7)
    expected = [closed_form(3.0, a=10 - rest, b=rest, drug=drug) for drug in drugs]
    np.testing.assert_allclose(data["B"].values[:, 1], expected, rtol=1e-7)


def test_members_of_an_ensemble_are_a_dimension(model):
    data = model.sweep({"drug": [0.0, 1.0]}, 2.0, observables=["B"], ensemble=3, seed=4)
    assert data["B"].dims == ("member", "drug", "time")
    assert data["member"].values.tolist() == [0, 1, 2, 3]
    assert data.attrs["seed"] == 4
    nominal = model.sweep({"drug": [0.0, 1.0]}, 2.0, observables=["B"])
    assert data["B"].values[0].tobytes() == nominal["B"].values.tobytes()
    assert len({values.tobytes() for values in data["B"].values}) == 4
    again = model.sweep({"drug": [0.0, 1.0]}, 2.0, observables=["B"], ensemble=3, seed=4)
    assert again["B"].values.tobytes() == data["B"].values.tobytes()


def test_the_simulator_is_the_same_run_without_labels(model):
    sim = model.simulator([0.0, 1.0, 5.0], observables=["B", "A"], rtol=1e-9, atol=1e-12)
    assert sim.observables == ("B", "A")
    assert {"k1", "k2", "drug", "cell", "A", "B"} <= set(sim.parameter_ids)
    nominal = sim.run()
    assert nominal.shape == (3, 2)
    assert nominal.dtype == np.float64
    labelled = model.simulate([0.0, 1.0, 5.0], observables=["B", "A"], rtol=1e-9, atol=1e-12)
    assert nominal[:, 0].tobytes() == labelled["B"].values.tobytes()
    changed = sim.run({"k1": 0.9, "A": 4.0})
    np.testing.assert_allclose(
        changed[:, 0], closed_form(np.array([0.0, 1.0, 5.0]), k1=0.9, a=4.0), rtol=1e-7, atol=1e-9
    )
    values = {"k1": 0.9, "k2": 0.1, "drug": 0.0, "cell": 2.0, "A": 4.0, "B": 0.0}
    array = np.array([values[name] for name in sim.parameter_ids])
    assert sim.run(array).tobytes() == changed.tobytes()
    assert sim.run().tobytes() == nominal.tobytes()
    changed[:] = -1.0
    assert sim.run().tobytes() == nominal.tobytes()


def test_the_simulator_refuses_what_it_cannot_mean(model):
    sim = model.simulator([0.0, 1.0], doses={"drug": 1.0})
    with pytest.raises(UnknownNameError, match="k1"):
        sim.run({"k11": 1.0})
    with pytest.raises(PlanError, match="shape"):
        sim.run([1.0, 2.0])
    with pytest.raises(PlanError, match="drug"):
        sim.run({"drug": 2.0})
    broken = sp.from_antimony("model m()\n  S = 1; k = 1; -> S; k * S^2;\nend").simulator(
        [0.0, 3.0]
    )
    with pytest.raises(SolverError) as failure:
        broken.run()
    assert failure.value.time == pytest.approx(1.0, rel=1e-3)


def test_a_failed_run_is_nan_with_a_status_and_costs_no_other():
    model = sp.from_antimony("model m()\n  S = 1; k = 1; -> S; k * S^2;\nend")
    data = model.sweep({"k": [0.1, 1.0]}, [0.0, 2.0], observables=["S"])
    assert data["status"].values[0] == 0
    assert data["status"].values[1] != 0
    np.testing.assert_allclose(data["S"].values[0], [1.0, 1.25], rtol=1e-5)
    assert np.isnan(data["S"].values[1]).all()


def test_the_steady_state_is_a_mapping(model):
    found = model.steady_state(parameters={"k2": 0.5})
    assert found.success
    assert found.is_stable
    assert found["B"] == pytest.approx(5.0, rel=1e-8)
    assert found.eigenvalues[0].real == pytest.approx(-1.0, rel=1e-6)
    with pytest.raises(UnknownNameError):
        found["C"]


def test_unknown_options_are_refused(model):
    for options in ({"rtoll": 1e-3}, {"backend": "cuda"}, {"threads": 0}, {"tier": "slow"}):
        with pytest.raises((PlanError, TypeError)):
            model.simulate(1.0, **options)
    with pytest.raises(PlanError, match="memory"):
        model.sweep(
            {"k1": np.arange(1.0, 1e6), "k2": np.arange(1.0, 1e6)}, 1.0, readouts=["final(B)"]
        )
    with pytest.raises(PlanError, match="axis"):
        model.sweep({}, 1.0)


def test_a_simple_binding_curve_has_the_ec50_of_its_formula(model):
    # At rest B = 10 (k1 + d) / (k1 + d + k2): from k1 = 0, half of it at d = k2.
    curve = model.dose_response(
        "drug",
        np.geomspace(1e-4, 1e3, 36),
        readout="final(B)",
        times=1e6,
        parameters={"k1": 0.0},
        rtol=1e-9,
    )
    assert curve.shape.kind == "sigmoid"
    assert curve.shape.ec50 == pytest.approx(0.1, rel=1e-4)
    assert curve.shape.hill == pytest.approx(1.0, rel=1e-4)
    assert curve.vehicle == pytest.approx(0.0, abs=1e-6)
    table = curve.to_pandas()
    assert len(table) == 37
    assert table.iloc[0, 0] == 0.0


def test_exported_sbml_carries_the_experiment(model):
    experiment = {
        "parameters": {"k1": 0.3},
        "initial": {"A": 6.0},
        "doses": [{"drug": 0.2}, sp.dose("B", 2.0, time=1.0), sp.dose("A", 4.0, time=3.0, dur=2.0)],
        "protocol": [sp.phase(2.0), sp.phase(2.0, doses={"k2": 0.7}), sp.phase(2.0)],
    }
    times = np.array([0.0, 0.5, 1.5, 2.5, 3.5, 4.5, 6.0])
    baked = sp.from_sbml(model.to_sbml(**experiment))
    ours = model.simulate(times, observables=["A", "B"], rtol=1e-10, atol=1e-13, **experiment)
    theirs = baked.simulate(times, observables=["A", "B"], rtol=1e-10, atol=1e-13)
    for name in "AB":
        np.testing.assert_allclose(theirs[name], ours[name], rtol=1e-7, atol=1e-9)
    assert np.ptp(ours["A"].values) > 1.0


def test_antimony_text_reads_back_as_the_same_model(model):
    text = model.to_antimony()
    back = sp.from_antimony(text)
    data = back.simulate([0.0, 1.0, 4.0], observables=["B"])
    expected = [closed_form(t) for t in (0.0, 1.0, 4.0)]
    np.testing.assert_allclose(data["B"].values, expected, rtol=1e-5)
    fast = sp.from_antimony(text).simulate([1.0], parameters={"k1": 2.0}, observables=["B"])
    np.testing.assert_allclose(fast["B"].values, [closed_form(1.0, k1=2.0)], rtol=1e-5)


DRAWN = """
model drawn()
  species S; S = 10; k := 0.1; J: S -> ; k*S;
  start := 1; p = 1; E: at time > 1: S = poisson(5);
end
"""


def test_models_with_random_draws_can_be_looked_at():
    model = sp.from_antimony(DRAWN)
    assert {"S", "J", "k"} <= set(model.observables)
    assert not any("#" in name for name in model.observables)
    assert not any(issue.severity == "error" for issue in model.check())


def test_a_draw_in_a_rule_is_an_error_of_the_check_and_not_a_crash():
    model = sp.from_antimony(DRAWN.replace("k := 0.1", "k := uniform(0, 1)"))
    (issue,) = [issue for issue in model.check() if issue.severity == "error"]
    assert issue.code == "refused"
    assert "rule of k" in issue.where
    with pytest.raises(UnsupportedFeatureError, match="random draw"):
        _ = model.observables
