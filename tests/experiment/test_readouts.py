from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigmapath.errors import PlanError, UnknownNameError
from sigmapath.experiment.readouts import (
    Readout,
    as_readout,
    at,
    auc,
    final,
    fold,
    mean,
    parse_readout,
    peak,
    threshold_time,
    time_to_peak,
    trough,
)
from sigmapath.opcodes import ReducerOp


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("final(Ca_mito)", final("Ca_mito")),
        ("peak(Ca_mito, after=12 h, until=13 h)", peak("Ca_mito", after="12 h", until="13 h")),
        ("time_to_peak( XBP1s )", time_to_peak("XBP1s")),
        ("trough(Ca_er,until=60)", trough("Ca_er", until="60")),
        ("auc(XBP1s, after = 1 h)", auc("XBP1s", after="1 h")),
        ("mean(a/b)", mean("a/b")),
        ("at(S1R_released, 24 h)", at("S1R_released", "24 h")),
        ("at(S1R_released, time=24 h)", at("S1R_released", "24 h")),
        ("threshold_time(CHOP, 2 uM)", threshold_time("CHOP", "2 uM")),
        ("threshold_time(CHOP, level=-2)", threshold_time("CHOP", "-2")),
        ("fold(auc(XBP1s))", fold(auc("XBP1s"))),
        ("fold(at(x, 3))", fold("at(x, 3)")),
        ("peak(max(a, b), after=1)", peak("max(a, b)", after="1")),
        ("peak([Ca_cyt])", peak("[Ca_cyt]")),
        ("peak(piecewise(a, a >= b, b))", peak("piecewise(a, a >= b, b)")),
        ("peak(a == b)", peak("a == b")),
    ],
)
def test_text_means_what_python_means(text, made):
    assert parse_readout(text) == made


_OBSERVABLES = st.sampled_from(["x", "[S]", "amount(S)", "a / b", "max(a, b)"])
_TIMES = st.none() | st.sampled_from(["1 h", "0.5", "3 min"])


@given(
    op=st.sampled_from([final, peak, time_to_peak, trough, auc, mean]),
    observable=_OBSERVABLES, after=_TIMES, until=_TIMES,
)  # fmt: skip
def test_a_readout_reads_its_own_text_back(op, observable, after, until):
    readout = op(observable, after=after, until=until)
    assert parse_readout(readout.text) == readout
    assert str(readout) == readout.text


def test_numbers_may_stay_numbers():
    assert at("x", 3.0).until == 3.0
    assert at("x", 3.0).text == "at(x, 3.0)"
    assert threshold_time("V", -60.0).level == -60.0
    assert threshold_time("V", -60.0).op is ReducerOp.THRESHOLD_TIME


@pytest.mark.parametrize("text", ["peek(Ca)", "aucc(x)", "Peak(x)", "time_to_paek(x)"])
def test_an_unknown_readout_names_the_nearest(text):
    with pytest.raises(UnknownNameError) as caught:
        parse_readout(text)
    assert caught.value.kind == "readout"
    assert caught.value.suggestions


def test_an_unknown_option_names_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        parse_readout("peak(x, aftr=1)")
    assert caught.value.suggestions == ("after",)


@pytest.mark.parametrize(
    "text",
    [
        "", "peak", "peak x", "peak()", "peak(x", "peak(x))", "peak(x, after=)", "at(x)",
        "threshold_time(x)", "peak(x, 3)", "at(x, 3, 4)", "at(x, 3, time=4)",
        "peak(x, after=1, after=2)", "fold(x)", "peak(x)/peak(y)", "x" * 20_000,
    ],
)  # fmt: skip
def test_text_that_is_no_readout_is_refused(text):
    with pytest.raises(PlanError):
        parse_readout(text)


@pytest.mark.parametrize("inner", [time_to_peak("x"), threshold_time("x", 1), fold(peak("x"))])
def test_fold_of_a_time_or_a_fold_is_refused(inner):
    with pytest.raises(PlanError, match="fold"):
        fold(inner)


@pytest.mark.parametrize(
    "make",
    [
        lambda: peak(""), lambda: peak(3), lambda: peak("x", after=-1), lambda: at("x", -1),
        lambda: peak("x", until=float("nan")), lambda: threshold_time("x", float("nan")),
        lambda: threshold_time("x", None), lambda: as_readout(3),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(make):
    with pytest.raises(PlanError):
        make()


def test_readouts_are_values():
    assert hash(peak("x")) == hash(peak("x"))
    assert isinstance(as_readout(peak("x")), Readout)
