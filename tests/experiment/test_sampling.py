from __future__ import annotations

import numpy as np
import pytest

from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.experiment.ensemble import ParameterRange, draw, ensemble
from sigmapath.experiment.sampling import unit_samples

RATE = ParameterRange(id="k", nominal=1.0, low=0.1, high=10.0, grade="assumed")
VOLTAGE = ParameterRange(id="V", nominal=-60.0, low=-70.0, high=-50.0)


@pytest.mark.parametrize("design", ["random", "latin", "sobol"])
def test_samples_are_reproducible_and_inside(design):
    one = unit_samples(["a", "b"], 33, seed=1, design=design)
    assert one.shape == (33, 2)
    assert np.array_equal(one, unit_samples(["a", "b"], 33, seed=1, design=design))
    assert not np.array_equal(one, unit_samples(["a", "b"], 33, seed=2, design=design))
    assert np.all((one > 0.0) & (one < 1.0))
    assert len(np.unique(one)) == one.size


def test_a_latin_hypercube_hits_every_stratum_once():
    points = unit_samples(["a", "b", "c"], 50, seed=3, design="latin")
    for column in points.T:
        assert sorted(np.floor(column * 50).astype(int)) == list(range(50))


@pytest.mark.parametrize("design", ["random", "latin"])
def test_draws_of_a_parameter_do_not_depend_on_the_others(design):
    together = unit_samples(["a", "b"], 10, seed=5, design=design)
    alone = unit_samples(["b"], 10, seed=5, design=design)
    assert np.array_equal(together[:, 1], alone[:, 0])


def test_dimensions_are_not_copies_of_each_other():
    points = unit_samples([f"p{i}" for i in range(20)], 400, seed=0)
    correlation = np.corrcoef(points.T) - np.eye(20)
    # 190 pairs: |r| stays below 4.5 standard errors of 1/sqrt(400).
    assert np.abs(correlation).max() < 4.5 / 20.0


@pytest.mark.parametrize(
    ("n", "seed", "design", "error"),
    [
        (0, 0, "random", PlanError), (2.5, 0, "random", PlanError), (True, 0, "random", PlanError),
        (3, -1, "random", PlanError), (3, 1.5, "random", PlanError),
        (3, 0, "halton", UnknownNameError),
    ],
)  # fmt: skip
def test_bad_sampling_is_refused(n, seed, design, error):
    with pytest.raises(error):
        unit_samples(["a"], n, seed=seed, design=design)


def test_positive_ranges_are_log_uniform_others_uniform():
    columns = draw(ensemble(4000, ranges=[RATE, VOLTAGE]), fixed=frozenset())
    logs = np.log10(columns["k"])
    # Mean and spread of a uniform variable on [-1, 1], within 4 standard errors.
    assert abs(logs.mean()) < 4 * np.sqrt(1 / 3) / np.sqrt(4000)
    assert abs(logs.std() - np.sqrt(1 / 3)) < 0.03
    assert logs.min() >= -1.0
    assert logs.max() <= 1.0
    assert abs(columns["V"].mean() + 60.0) < 4 * (20 / np.sqrt(12)) / np.sqrt(4000)


def test_shares_are_uniform_in_their_log_odds():
    share = ParameterRange(id="f", nominal=0.75, low=0.1, high=0.98, is_share=True)
    column = draw(ensemble(4000, ranges=[share]), fixed=frozenset())["f"]
    odds = np.log(column / (1.0 - column))
    low, high = np.log(0.1 / 0.9), np.log(0.98 / 0.02)
    assert column.min() >= 0.1
    assert column.max() <= 0.98
    # Mean and spread of a uniform variable, within 4 standard errors.
    spread = (high - low) / np.sqrt(12)
    assert abs(odds.mean() - (low + high) / 2) < 4 * spread / np.sqrt(4000)
    assert abs(odds.std() - spread) < 0.03 * spread


def test_fixed_ids_are_not_drawn_and_ligand_ranges_replace():
    described = ensemble(5, ranges=[RATE, VOLTAGE])
    own = ParameterRange(id="k", nominal=2.0, low=2.0, high=2.0)
    columns = draw(described, replaced=[own], fixed=frozenset({"V"}))
    assert list(columns) == ["k"]
    assert np.allclose(columns["k"], 2.0)


def test_draws_within_a_factor_leave_what_was_measured_and_stay_in_the_range():
    made = dict(low=0.1, high=10.0, grade="assumed")
    ranges = [
        ParameterRange(id="k", nominal=1.0, **made),
        ParameterRange(id="edge", nominal=8.0, **made),
        ParameterRange(id="known", nominal=1.0, low=0.1, high=10.0, grade="measured"),
        ParameterRange(
            id="V", nominal=-60.0, low=-90.0, high=0.0, grade="fitted", is_potential=True
        ),
        ParameterRange(id="f", nominal=0.5, low=0.1, high=0.9, grade="assumed", is_share=True),
    ]
    columns = draw(ensemble(4000, ranges=ranges, factor=2.0), fixed=frozenset())
    edges = {name: (column.min(), column.max()) for name, column in columns.items()}
    assert list(edges) == ["k", "edge", "V", "f"]
    assert edges["k"] == pytest.approx((0.5, 2.0), rel=1e-2)
    assert edges["edge"] == pytest.approx((4.0, 10.0), rel=1e-2)
    assert edges["V"] == pytest.approx((-70.0, -50.0), rel=1e-2)
    # Odds of 1, halved and doubled.
    assert edges["f"] == pytest.approx((1 / 3, 2 / 3), rel=1e-2)


def test_explicit_members_are_taken_as_they_are():
    described = ensemble(members={"k": [1.0, 2.0], "V": np.array([-50.0, -55.0])})
    assert described.n == 2
    columns = draw(described, fixed=frozenset())
    assert columns["V"].tolist() == [-50.0, -55.0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ensemble(),
        lambda: ensemble(3, members={"k": [1.0]}),
        lambda: ensemble(0, ranges=[RATE]),
        lambda: ensemble(3, ranges=[RATE], factor=1.0),
        lambda: ensemble(3),
        lambda: ensemble(3, ranges=[RATE, RATE]),
        lambda: ensemble(3, ranges=[ParameterRange(id="k", nominal=1, low=2.0, high=1.0)]),
        lambda: ensemble(3, ranges=[ParameterRange(id="k", nominal=1, low=0, high=float("inf"))]),
        lambda: ensemble(members={"k": [1.0], "V": [1.0, 2.0]}),
        lambda: ensemble(members={"k": [float("nan")]}),
        lambda: ensemble(members={"k": ["fast"]}),
        lambda: ensemble(members={}),
    ],
)
def test_bad_ensembles_are_refused(make):
    with pytest.raises(PlanError):
        make()
