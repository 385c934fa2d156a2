"""How two trajectories are compared, and over which time."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.agreement import difference, horizon_of
from benchmarks.generated import network_text


def test_differences_count_relative_to_the_value_and_a_floor_of_its_peak():
    reference = np.array([[1.0, 100.0], [0.0, 200.0]])
    found = reference + np.array([[1e-6, 0.0], [1e-6, 2e-4]])
    gaps = difference(found, reference)
    assert gaps[0, 0] == pytest.approx(1e-6, rel=2e-3)
    # At zero the floor counts: a thousandth of the peak of 1.
    assert gaps[1, 0] == pytest.approx(1e-3, rel=1e-3)
    assert gaps[1, 1] == pytest.approx(1e-6, rel=2e-3)


def test_nan_agrees_with_nan_only():
    gaps = difference(np.array([[np.nan, np.nan]]), np.array([[np.nan, 1.0]]))
    assert gaps[0, 0] == 0.0
    assert np.isnan(gaps[0, 1])


def test_the_time_span_is_that_of_the_measurements(tmp_path):
    model = tmp_path / "model.xml"
    assert horizon_of(model) == 100.0
    table = "observableId\ttime\tmeasurement\na\t5\t1\na\t240\t2\na\tinf\t3\n"
    (tmp_path / "measurementData_x.tsv").write_text(table)
    assert horizon_of(model) == 240.0


def test_local_wiring_keeps_partners_near():
    text, _ = network_text(200, wiring="local")
    far = 0
    for line in text.splitlines():
        if line.strip().startswith("binding"):
            i = int(line.split(":")[0].strip().removeprefix("binding"))
            numbers = [int(s.strip(" ;S")) for s in line.split(";")[0].split(":")[1]
                       .replace("->", "+").split("+")]  # fmt: skip
            far = max(far, *(min((j - i) % 200, (i - j) % 200) for j in numbers))
    assert 5 < far < 80
