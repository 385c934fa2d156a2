"""The ligand table against the figures of its sources, written down here by hand."""

from __future__ import annotations

import pytest

from sigmapath.errors import ParseError, UnknownNameError
from sigmapath.experiment.ligands import ligand_key
from sigmapath.pathways.ligands import ligand_table, read_ligands
from sigmapath.pathways.registry import (
    find_model,
    model_conditions,
    model_descriptions,
    model_names,
    model_path,
    models_folder,
)

# Reported affinities [nM] (lowest, highest) of the source tables; None where there is no figure.
REPORTED = {
    "(+)-pentazocine": (2.9, 4.8),
    "PRE-084": (2.2, 44.0),
    "fluvoxamine": (36.0, 36.0),
    "SA4503": (4.6, 17.4),
    "citalopram": (292.0, 292.0),
    "blarcamesine": (23.4, 23.4),
    "pridopidine": (147.0, 147.0),
    "PREG-S": (175.0, 175.0),
    "haloperidol": (3.54, 5.2),
    "NE-100": (0.86, 4.16),
    "BD-1063": (4.43, 9.0),
    "progesterone": (36.0, 268.0),
    "DHEA": None,
    "DHEA-S": None,
    "SKF10047": None,
    "DMT": None,
}
TABLE = ligand_table()


def test_every_ligand_of_the_sources_is_there():
    assert set(TABLE) == set(REPORTED)


@pytest.mark.parametrize("name", REPORTED)
def test_affinities_lie_in_the_reported_range(name):
    row = TABLE[name]
    reported = REPORTED[name]
    if reported is None:
        assert row.grade == "assumed"
        assert row.Ki_high_uM / row.Ki_low_uM >= 10.0
        return
    low, high = (value / 1000.0 for value in reported)
    assert row.grade == "measured"
    assert low * (1 - 1e-9) <= row.Ki_uM <= high * (1 + 1e-9)
    assert row.Ki_low_uM <= low * (1 + 1e-9)
    assert row.Ki_high_uM >= high * (1 - 1e-9)


@pytest.mark.parametrize("name", REPORTED)
def test_efficacy_says_what_the_type_says(name):
    row = TABLE[name]
    if row.type == "agonist":
        assert 25.0 <= row.alpha <= 60.0
        assert row.alpha_high / row.alpha_low >= 10.0
    elif row.type == "antagonist":
        assert row.alpha == 1.0
    else:
        assert row.alpha < 1.0
    assert row.kon_high_per_uM_s / row.kon_low_per_uM_s >= 10.0
    assert row.source


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("(+)-Pentazocine", "(+)-pentazocine"), ("pentazocine", "(+)-pentazocine"),
        ("(\u00b1)-pentazocine", "(+)-pentazocine"), ("PRE084", "PRE-084"),
        ("pre\u2011084", "PRE-084"), ("Cutamesine", "SA4503"), ("SKF 10,047", "SKF10047"),
        ("(+)-SKF-10047", "SKF10047"), ("ANAVEX 2-73", "blarcamesine"),
        ("blarcamesine (ANAVEX2-73)", "blarcamesine"), ("Haloperidol", "haloperidol"),
        ("ne100", "NE-100"), ("BD 1063", "BD-1063"), ("Pregnenolone sulfate", "PREG-S"),
        ("dheas", "DHEA-S"), ("N,N-dimethyltryptamine", "DMT"),
    ],
)  # fmt: skip
def test_names_are_found_however_they_are_spelled(spelled, name):
    assert TABLE[spelled].name == name
    assert spelled in TABLE


def test_enantiomers_are_not_mixed_up():
    assert "(-)-pentazocine" not in TABLE
    assert "(\u2212)-pentazocine" not in TABLE
    assert ligand_key("\u03c3-ligand") == "sigmaligand"


def test_an_unknown_ligand_names_the_nearest_and_the_command():
    with pytest.raises(UnknownNameError) as caught:
        TABLE["haloperidone"]
    assert "haloperidol" in caught.value.suggestions
    assert "sigmapath ligands" in caught.value.fix


def test_the_table_has_a_data_frame():
    frame = TABLE.to_pandas()
    assert frame.loc["haloperidol", "Ki_uM"] == TABLE["haloperidol"].Ki_uM
    assert len(repr(TABLE).splitlines()) == len(TABLE) + 1


def changed(tmp_path, old, new):
    text = (models_folder() / "ligands.csv").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "ligands.csv"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("alpha_low", "alpha_min", "column"),
        ("0.0038", "-1", "positive"),
        ("0.0038", "small", "positive"),
        ("0.0038", "0.5", "outside its range"),
        ("NE-100,NE100,antagonist", "NE-100,NE100,blocker", "unknown type"),
        ("PRE084;", "haldol;", "names both"),
        ("DMT,", ",", "name"),
    ],
)
def test_a_damaged_table_says_where(tmp_path, old, new, word):
    with pytest.raises(ParseError, match=word) as caught:
        read_ligands(changed(tmp_path, old, new))
    assert "ligands.csv" in caught.value.where


def test_a_missing_table_is_a_typed_error(tmp_path):
    with pytest.raises(ParseError, match="cannot be read"):
        read_ligands(tmp_path / "none.csv")


def test_packaged_pathways_are_found_without_reading_them():
    assert "s1r_mam" in model_names()
    assert model_path("s1r_mam").is_file()
    assert list(model_descriptions()) == list(model_names())
    packaged = find_model("s1r_mam")
    assert packaged is not None
    assert packaged.path == model_path("s1r_mam")
    assert all(c.name == name for name, c in model_conditions().items())


def test_paths_are_left_to_the_readers(tmp_path, monkeypatch):
    assert find_model("folder/model.ant") is None
    assert find_model("model.xml") is None
    assert find_model(tmp_path / "model") is None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text("")
    assert find_model("mine") is None


@pytest.mark.parametrize("name", ["s1r_mom", "s1rmam", ""])
def test_an_unknown_model_names_the_nearest(name):
    with pytest.raises(UnknownNameError) as caught:
        find_model(name)
    assert caught.value.kind == "model"
    assert not name or "s1r_mam" in caught.value.suggestions


def test_published_models_are_found_by_name_and_not_listed_among_the_pathways():
    names = model_names(validation=True)
    assert "validation/biomd0000000446" in names
    assert not set(names) & set(model_names())
    assert find_model(names[0]).path == model_path(names[0])
    assert all(model_descriptions(validation=True).values())
    assert find_model("validation/missing.ant") is None
