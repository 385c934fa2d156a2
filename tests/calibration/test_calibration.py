"""Calibrations can be repeated, say all that is fitted, and keep their targets out of the tests."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.calibration.__main__ import main, repeat, report
from sigmapath.calibration.fitting import Objective, fit
from sigmapath.calibration.specs import (
    Calibration,
    calibrated_claims,
    calibration_names,
    find_calibration,
    read_calibration,
)
from sigmapath.errors import ParseError, UnknownNameError
from sigmapath.evidence.claims import claims_folder, read_claims
from sigmapath.evidence.evidence import gather
from sigmapath.evidence.specs import read_experiments

DECAY = """
model decay()
  unit time_unit = second; compartment c = 1; species A in c; A = 10; k = 2; v = 3;
  S: -> A; c * v; R: A -> ; c * k * A;
end
"""
TOY = """
title = "turnover"
model = "decay"
prior = 1000
[runs]
one = {{ until = "1 s" }}
[[targets]]
run = "one"
readout = "final(A)"
value = {value}
within = 1.1
figure = "the balance at rest"
[free]
k = 0.4
"""


@cache
def engine(name: str) -> object:
    return sp.load(name)._engine


def toy(tmp_path: Path, text: str) -> Calibration:
    path = tmp_path / "toy.toml"
    path.write_text(text, encoding="utf-8")
    return read_calibration(path)


def at_committed(name: str) -> tuple[Calibration, np.ndarray]:
    """What the targets of a calibration read at the values of the model file."""
    calibration = find_calibration(name)
    parameters = sp.load(calibration.model).parameters
    x = np.log([[parameters[p].value for p in calibration.free]])
    return calibration, Objective(calibration, engine(calibration.model)).measured(x)[:, 0]


def test_everything_that_is_graded_fitted_is_free_in_a_calibration() -> None:
    fitted = {
        p.id
        for name in sp.models()
        for p in sp.load(name).parameters.values()
        if p.grade == "fitted" and p.value is not None
    }
    free = [p for name in calibration_names() for p in find_calibration(name).free]
    assert len(free) == len(set(free))
    assert set(free) == fitted


def test_edges_of_targets_are_those_of_their_claims_or_of_the_assay_that_showed_it() -> None:
    """What an assay has shown is at least as large as what it resolves."""
    claims = read_claims(claims_folder() / "claims.toml")
    experiments = read_experiments(claims_folder(), claims)
    for name in calibration_names():
        for target in find_calibration(name).targets:
            edge = target.at_least or target.at_most
            if target.claim and edge is not None:
                value = claims[target.claim].expected["value"]
                size = experiments[target.claim].resolution
                resolved = [] if size is None else [1.0 + size, 1.0 - size]
                assert edge in (value, *(pytest.approx(x) for x in resolved)), target
                assert abs(edge - 1.0) >= abs(value - 1.0) - 1e-12, target
            elif target.claim:
                percent = claims[target.claim].expected["value"]
                assert target.value in (percent / 100, pytest.approx(1 + percent / 100)), target


def test_a_target_is_no_test() -> None:
    targets = calibrated_claims()
    assert {"UPR-04", "UPR-06", "UPR-07", "UPR-09", "UPR-10", "CH-07"} <= set(targets)
    (judged,) = gather(engine, claims=["UPR-04"], courses=False).judgements
    assert judged.verdict == "by construction"
    assert "calibration 'upr'" in judged.reason


def test_amplitudes_in_thapsigargin_are_within_a_factor_of_two_and_hours_in_order() -> None:
    """Fold over rest at the peak in 2.5 and 10 nM, against the fibroblasts of Diedrichs 2018."""
    calibration, measured = at_committed("upr")
    hours: dict[str, list[tuple[float, float]]] = {}
    for target, value in zip(calibration.targets, measured, strict=True):
        if target.readout.startswith("fold("):
            assert abs(math.log(value / target.value)) < math.log(2.0), (target, value)
        elif target.readout.startswith("time_to_peak("):
            hours.setdefault(target.run, []).append((target.value, value))
        else:
            assert target.at_least is None or value >= target.at_least, (target, value)
            assert target.at_most is None or value <= target.at_most, (target, value)
    for run, pairs in hours.items():
        for wanted, found in pairs:
            for other, later in pairs:
                # An order is one where the figures are a factor of two apart.
                assert other < 2.0 * wanted or later > found, (run, wanted, other)


def test_a_known_rate_constant_is_found(tmp_path: Path) -> None:
    """At rest A = v / k: A of 0.5 is k = 6, and A known to a factor of 1.1 gives k to the same."""
    known = 6.0
    calibration = toy(tmp_path, TOY.format(value=0.5))
    found = fit(Objective(calibration, sp.from_antimony(DECAY)._engine), {"k": known})
    assert found.values["k"] == pytest.approx(known, rel=1e-3)
    assert found.factor["k"] == pytest.approx(1.1, rel=1e-3)
    assert found.reproduces
    assert "lie within" in report(calibration, found)
    off = fit(Objective(calibration, sp.from_antimony(DECAY)._engine), {"k": 1.0})
    assert not off.reproduces
    assert "DO NOT" in report(calibration, off)


@pytest.mark.parametrize("name", ["nmdar", "neurotrophin", "potassium"])
def test_repeating_a_fit_gives_the_values_of_the_model(name: str) -> None:
    found = repeat(find_calibration(name), quiet=True)
    assert found.reproduces, report(find_calibration(name), found)


@pytest.mark.slow
def test_repeating_the_fit_of_the_unfolded_protein_response() -> None:
    found = repeat(find_calibration("upr"), quiet=True)
    assert found.reproduces, report(find_calibration("upr"), found)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (("[free]\nk = 0.4", "[free]\nk = -1"), ParseError),
        (("prior = 1000", "prior = 1"), ParseError),
        (("within = 1.1\n", ""), ParseError),
        (("figure = ", "comment = "), UnknownNameError),
        (('run = "one"', 'run = "two"'), UnknownNameError),
        (("until", "unto"), UnknownNameError),
        (("title", "name"), ParseError),
        (("[free]", "[priors]\nq = 2\n[free]"), UnknownNameError),
        (('figure = "the balance at rest"\n', ""), ParseError),
        (("[[targets]]", "[[targets]"), ParseError),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, change: tuple[str, str], error: type) -> None:
    text = TOY.format(value=1.0).replace(*change)
    with pytest.raises(error):
        toy(tmp_path, text)


def test_command_lists_and_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    listed = capsys.readouterr().out
    for name in calibration_names():
        assert f"{name}: " in listed
    assert "claims used as targets: UPR-04" in listed
    assert main(["uprr"]) == 2
    assert "upr" in capsys.readouterr().err
