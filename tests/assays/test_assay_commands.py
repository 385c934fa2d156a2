"""The commands of the assays: a table, whole files, and one message for bad input."""

from __future__ import annotations

from pathlib import Path

import pytest

import sigmapath as sp
from sigmapath.cli.app import run


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(("assay", *arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_table_data_and_figure(command, tmp_path: Path) -> None:
    agonist = "(+)-pentazocine=1 uM"
    code, out, _ = command("co-ip", "--dose", agonist, "--seed", "3", "--plot", "blot.png")
    assert code == 0
    header, vehicle, treated = out.splitlines()
    assert header.startswith("arm,percent_mean [%],percent_sd [%],percent_sem [%]")
    assert vehicle.startswith("vehicle,100,")
    assert treated.startswith("(+)-pentazocine")
    assert (tmp_path / "blot.png").read_bytes()[:4] == b"\x89PNG"
    assert command("co-ip", "--dose", agonist, "--seed", "3")[1] == out
    code, out, _ = command("fret", "--dose", agonist, "--out", "fret.nc")
    assert (code, out) == (0, "")
    import xarray as xr

    with xr.open_dataset(tmp_path / "fret.nc") as data:
        assert data.attrs["assay"] == "fret"
        assert data.sizes["arm"] == 3


def test_arms_by_name_and_proxies_are_labelled(command) -> None:
    code, out, err = command(
        "neurite-outgrowth", "--model", "neurotrophin", "--arm", "vehicle:", "--arm",
        "NGF: NGF=0.0019",
    )  # fmt: skip
    assert code == 0
    assert [line.split(",")[0] for line in out.splitlines()[1:]] == ["vehicle", "NGF"]
    assert "proxy" in err


def test_list_and_help(command) -> None:
    names = ("competition", "calcium-imaging", "patch-wash", "co-ip", "fret", "ppi")
    code, out, _ = command("--list")
    assert code == 0
    assert all(name in out for name in names)
    assert "sp." not in command("--help")[1]
    assert all(name in command("--help")[1] for name in names)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nonsense",), ["nonsense"]),
        (("fret", "--dose", "pentazocin=1 uM"), ["pentazocin", "pentazocine"]),
        (("fret", "--condition", "s1r_koo"), ["s1r_ko"]),
        (("fret", "--n", "1"), ["replicates", "1"]),
        (("fret", "nothing"), ["nothing"]),
        (("fret", "--model", "no_such"), ["no_such"]),
        (("calcium-imaging", "--dye", "-3"), ["dye", "-3"]),
        (("calcium-imaging", "--incubation", "0"), ["incubation", "0"]),
        (("patch-clamp", "--model", "membrane", "--steps=-80:220:4"), ["amplifier", "220"]),
        (("patch-clamp", "--model", "membrane", "--isolate", "Cl"), ["Cl", "HVA"]),
        (("patch-clamp", "--model", "membrane", "--compensation", "1"), ["compensation"]),
        (("patch-ramp", "--model", "membrane", "--stop", "300"), ["amplifier", "300"]),
        (("patch-wash", "--model", "membrane"), ["drug"]),
        (("co-ip", "--dose", "PRE-084=1 uM", "--arm", "x:"), ["--dose", "--arm"]),
        (("co-ip", "--arm", ": PRE-084=1 uM"), ["name"]),
        (("co-ip", "--out", "x.json"), ["JSON", ".csv"]),
        (("co-ip", "--washes", "-1"), ["washes", "-1"]),
        (("ppi", "--out", "nowhere/x.csv"), ["folder"]),
        (("competition", "haloperidol", "--minutes", "0"), ["incubation", "0"]),
    ],
)
def test_bad_input_is_one_message(
    command, tmp_path: Path, arguments: tuple[str, ...], said: list[str]
) -> None:
    code, out, err = command(*arguments, "--plot", "x.png")
    assert (code, out) == (2, "")
    assert len(err.strip().splitlines()) == 1
    assert all(word in err for word in said), err
    assert list(tmp_path.iterdir()) == []


def test_the_facade_names_the_assays() -> None:
    assert {"calcium_imaging", "co_immunoprecipitation", "fret", "patch_clamp"} <= set(
        sp.assays.__all__
    )
