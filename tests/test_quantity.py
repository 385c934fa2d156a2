import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigmapath.errors import PlanError, SigmapathError, UnitError
from sigmapath.quantity import (
    DIMENSIONLESS,
    convert_factor,
    dimension_words,
    parse_quantity,
    parse_unit,
    to_model_units,
    unit_from_sbml,
    unit_text,
)

UM = parse_unit("uM")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("amol/pL", "uM"),
        ("mol/m^3", "mM"),
        ("µM", "uM"),
        ("μM", "uM"),
        ("nanomolar", "nM"),
        ("s-1", "1/s"),
        ("s⁻¹", "1/s"),
        ("M-1 s-1", "1/(M s)"),
        ("M^-1*s^-1", "1/(M s)"),
        ("M**-1·s**(-1)", "1/(M s)"),
        ("ug per mL", "mg/L"),
        ("hours", "60 min"),
        ("day", "24 h"),
        ("Hz", "1/s"),
        ("l", "dm^3"),
        ("dimensionless", "1"),
        ("pA/mV", "nS"),
        ("millisecond", "ms"),
        ("uM/s/uM", "1/s"),
        ("C/s", "A"),
        ("J/C", "V"),
        ("F V", "C"),
    ],
)
def test_equal_units(text, same):
    assert parse_unit(text) == parse_unit(same)


def test_case_matters():
    assert not parse_unit("mM").fits(parse_unit("mm"))
    assert not parse_unit("mS").fits(parse_unit("ms"))
    assert parse_unit("m").dimensions != parse_unit("M").dimensions


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("100 nM", "uM", 0.1),
        ("1nM", "uM", 0.001),
        ("3 nM", "uM", 0.003),
        ("6 h", "s", 21600.0),
        ("1 d", "h", 24.0),
        ("1 ug/mL", "ug/mL", 1.0),
        ("1 mg/L", "ug/mL", 1.0),
        ("50 %", "1", 0.5),
        ("5 /s", "1/min", 300.0),
        ("5 1/s", "1/min", 300.0),
        ("2e-3 M", "uM", 2000.0),
        ("-5 mV", "V", -0.005),
        ("602214179000000000 molecules", "mol", 1e-6),
        ("7", "uM", 7.0),
        (" .5 ", "uM", 0.5),
        (3, "uM", 3.0),
    ],
)
def test_values_are_converted_exactly(value, unit, expected):
    assert to_model_units(value, parse_unit(unit), name="x") == expected


def test_plain_numbers_need_no_unit():
    assert to_model_units("0.25", None, name="x") == 0.25
    assert to_model_units(0.25, None, name="x") == 0.25


def test_numpy_scalars_are_numbers():
    import numpy as np

    assert to_model_units(np.float32(0.5), UM, name="x") == 0.5
    assert to_model_units(np.int64(2), UM, name="x") == 2.0
    with pytest.raises(PlanError):
        to_model_units(np.array([1.0, 2.0]), UM, name="x")


def test_wrong_dimension_shows_both_units():
    with pytest.raises(UnitError) as caught:
        to_model_units("1 ug/mL", UM, name="thapsigargin", where="doses")
    text = str(caught.value)
    for part in ("doses", "thapsigargin", "ug/mL", "mass per volume", "uM", "concentration"):
        assert part in text


def test_wrong_case_is_suggested():
    with pytest.raises(UnitError, match="did you mean nM"):
        to_model_units("100 nm", UM, name="haloperidol")


def test_unit_where_the_model_has_none():
    with pytest.raises(UnitError, match="no unit"):
        to_model_units("1 uM", None, name="k")


@pytest.mark.parametrize("text", ["1 nMol", "1 mikroM", "3 hourz", "2 foo", "1 uM/flort"])
def test_unknown_units(text):
    with pytest.raises(UnitError, match="unknown unit") as caught:
        to_model_units(text, UM, name="x")
    assert caught.value.expected


def test_near_match_is_named():
    with pytest.raises(UnitError, match=r"hour"):
        parse_unit("hourz")


@pytest.mark.parametrize(
    "bad",
    ["", "abc", "nan", "inf", "1e999", "--3", "1,5 uM", "1 000 uM", "1 h 30 min", "5 2 uM", "uM",
     math.nan, math.inf, True, None, [1], 1j, 10**400],
)  # fmt: skip
def test_not_a_number(bad):
    with pytest.raises(PlanError) as caught:
        to_model_units(bad, UM, name="dose of x")
    assert "dose of x" in str(caught.value)


@pytest.mark.parametrize(
    "bad", ["", "(", ")", "uM)", "(uM", "uM^", "uM^x", "uM/", "s^999", "uM^(2", "0 s", "*", "-",
            "(" * 90 + "s" + ")" * 90, "s" * 500, "1e999 s", "uM $", "5 -s"],
)  # fmt: skip
def test_malformed_units(bad):
    with pytest.raises(UnitError):
        parse_unit(bad)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    for read in (parse_unit, parse_quantity):
        with suppress(SigmapathError):
            read(text)


@pytest.mark.parametrize(
    "text",
    ["uM", "nM", "s", "h", "1/s", "1/(uM s)", "amol", "pL", "ug/mL", "1", "%", "uM/s", "amol/s",
     "pL/s", "1/uM", "mV", "pA", "pS", "um^2", "um/s", "uM^2", "1/h", "1/min", "mL/min", "item",
     "1/uM^2"],
)  # fmt: skip
def test_preferred_names(text):
    assert unit_text(parse_unit(text)) == text


def test_preferred_name_of_other_spellings():
    assert unit_text(parse_unit("amol/pL")) == "uM"
    assert unit_text(parse_unit("amol/pL/s")) == "uM/s"
    assert unit_text(parse_unit("pL/(amol s)")) == "1/(uM s)"
    assert unit_text(parse_unit("g/m^3")) == "ug/mL"


_FACTORS = st.sampled_from(
    ["uM", "s", "h", "pL", "amol", "mV", "pA", "g", "um", "item", "K", "mol"]
)


@given(st.lists(st.tuples(_FACTORS, st.integers(-2, 2)), max_size=3))
def test_text_is_read_back(factors):
    unit = DIMENSIONLESS
    for name, power in factors:
        unit = unit * parse_unit(name) ** power
    again = parse_unit(unit_text(unit))
    assert again.fits(unit)
    assert convert_factor(again, unit) == pytest.approx(1.0, rel=1e-14)


def test_sbml_units():
    micromolar = unit_from_sbml([("mole", 1, -6, 1.0), ("litre", -1, 0, 1.0)])
    assert micromolar == UM
    assert unit_text(micromolar) == "uM"
    assert unit_from_sbml([("second", 1, 0, 60.0)]) == parse_unit("min")
    assert unit_from_sbml([("second", -1, 0, 3600.0)]) == parse_unit("1/h")
    assert unit_from_sbml([("kilogram", 1, 0, 1.0)]) == parse_unit("kg")
    assert unit_from_sbml([("metre", 3, -1, 1.0)]) == parse_unit("L")
    assert unit_from_sbml([]) == DIMENSIONLESS
    assert unit_from_sbml([("avogadro", 1, 0, 1.0), ("item", 1, 0, 1.0)]) == parse_unit("mol")
    assert unit_from_sbml([("mole", 0.5, 0, 1.0)]) ** 2 == parse_unit("mol")


@pytest.mark.parametrize(
    "unit",
    [("celsius", 1, 0, 1.0), ("foo", 1, 0, 1.0), ("mole", 1, 0, 0.0), ("mole", 1, 10**9, 1.0),
     ("mole", 1e9, 0, 1.0), ("mole", math.nan, 0, 1.0), ("second", 24, 90, 1.0)],
)  # fmt: skip
def test_sbml_units_out_of_range(unit):
    with pytest.raises(UnitError):
        unit_from_sbml([unit])


def test_all_sbml_kinds_are_known():
    import libsbml

    for code in range(libsbml.UNIT_KIND_INVALID):
        kind = libsbml.UnitKind_toString(code)
        if kind != "Celsius":
            unit_from_sbml([(kind, 1, 0, 1.0)])


@pytest.mark.parametrize(
    "name",
    ["uM", "ms", "h", "pL", "mV", "pS", "nF", "J", "W", "ohm", "Pa", "kcal/mol", "kDa", "S",
     "Wb", "T", "H"],
)  # fmt: skip
def test_agreement_with_pint(name):
    pint = pytest.importorskip("pint", reason="the extra units is not installed")
    registry = pint.UnitRegistry()
    theirs = registry.Quantity(1.0, {"H": "henry", "uM": "micromolar"}.get(name, name))
    dimensions = theirs.dimensionality
    ours = parse_unit(name)
    order = ["[substance]", "[length]", "[time]", "[mass]", "[current]", "[temperature]"]
    assert [float(e) for e in ours.dimensions[:6]] == [dimensions.get(d, 0) for d in order]
    assert ours.factor == pytest.approx(
        theirs.to_base_units().magnitude
        * (1e-3 ** dimensions.get("[mass]", 0) if registry.default_system != "mks" else 1.0),
        rel=1e-9,
    )


def test_dimension_words():
    assert dimension_words(UM) == "concentration"
    assert dimension_words(parse_unit("h")) == "time"
    assert dimension_words(DIMENSIONLESS) == "dimensionless"
