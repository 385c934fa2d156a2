"""Bad input at the command line: one clear message, exit code 2, nothing written, no traceback."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

RUN = ("simulate", "s1r_mam", "--until", "1h")
DOSE = ("dose", "(+)-pentazocine")
SWEEP = ("sweep", "s1r_mam", "--readout", "peak(Ca_mito)")
AGONIST = "(+)-pentazocine"

# Arguments, and what the one message must say.
REFUSED = [
    (("simulate", "s1r_mamm", "--until", "1h"), ["s1r_mamm", "s1r_mam", "sigmapath models"]),
    (("simulate", "./none.ant", "--until", "1h"), ["none.ant", "no such file"]),
    (("dose", "pentazocin"), ["pentazocin", "pentazocine", "sigmapath ligands"]),
    ((*RUN, "--dose", "haloperidl=1 uM"), ["haloperidl", "haloperidol"]),
    ((*RUN, "--set", "kon_L9=1"), ["kon_L9", "did you mean kon_L"]),
    ((*RUN, "--initial", "Ca_er_totl=1"), ["Ca_er_totl", "Ca_er_total"]),
    ((*RUN, "--initial", "Ca_cyt=1"), ["Ca_cyt", "worked out by the model"]),
    ((*RUN, "--dose", f"{AGONIST}=1 uMM"), ["unit", "uMM"]),
    ((*RUN, "--dose", f"{AGONIST}=1 kg"), ["mass", "concentration", "uM"]),
    ((*RUN, "--dose", f"{AGONIST}=-1 uM"), ["negative", "-1 uM"]),
    ((*RUN, "--dose", f"{AGONIST}=nan"), ["nan"]),
    ((*RUN, "--dose", f"{AGONIST}=inf"), ["inf"]),
    ((*RUN, "--dose", f"{AGONIST}=much"), ["not a number", "much"]),
    ((*RUN, "--dose", AGONIST), ["--dose", "name=value"]),
    ((*RUN, "--dose", f"{AGONIST}=1", "--dose", f"{AGONIST}=2"), ["twice"]),
    ((*RUN, "--observable", "Ca_mitoo"), ["Ca_mitoo", "Ca_mito"]),
    ((*RUN, "--observable", "Ca_mito / (1"), ["formula", "column"]),
    ((*RUN, "--condition", "s1r_koo"), ["unknown condition", "s1r_ko"]),
    ((*RUN, "--method", "euler"), ["euler", "rodas5p"]),
    ((*RUN, "--rtol", "0"), ["rtol"]),
    ((*RUN, "--backend", "cuda"), ["cuda", "llvm"]),
    ((*RUN, "--points", "1"), ["--points"]),
    ((*RUN, "--points", "100000000000"), ["--points"]),
    (("simulate", "s1r_mam", "--until", "1 uM"), ["concentration", "time"]),
    (("simulate", "s1r_mam", "--until", "-5"), ["negative"]),
    (("simulate", "s1r_mam", "--until", "nan"), ["nan"]),
    (("simulate", "s1r_mam"), ["--until"]),
    (("simulat",), ["simulat", "simulate"]),
    ((*RUN, "--out", "none/x.csv"), ["folder does not exist"]),
    ((*RUN, "--out", "x.xlsx"), [".xlsx", ".csv"]),
    ((*RUN, "--out", "x"), ["no suffix", ".csv"]),
    ((*RUN, "--plot", "x.gif"), [".gif", ".png"]),
    ((*RUN, "--out", "/proc/x.csv"), ["/proc/x.csv"]),
    ((*RUN, "--plot", "/proc/x.png"), ["/proc/x.png"]),
    ((*DOSE, "--out", "/proc/x"), ["/proc/x", "folder"]),
    ((*DOSE, "--doses", "1nM:10uM"), ["--doses", "start:stop:n"]),
    ((*DOSE, "--doses", "1nM,2nM"), ["four"]),
    ((*DOSE, "--doses", "0:10uM:5"), ["log", "zero"]),
    ((*DOSE, "--doses", "1kg:9kg:5"), ["mass", "concentration"]),
    ((*DOSE, "--doses", "0,1,2,3,4"), ["above 0", "vehicle"]),
    ((*DOSE, "--readout", "nothing"), ["nothing", "Ca_mito_peak"]),
    ((*DOSE, "--readout", "peak(CHOPP)"), ["CHOPP", "CHOP"]),
    ((*DOSE, "--with", "NE-10=1 uM"), ["NE-10", "NE-100"]),
    ((*DOSE, "--with", "NE-100=-1 uM"), ["negative"]),
    ((*DOSE, "--with", "NE-100=1 kg"), ["mass"]),
    ((*DOSE, "--with", f"{AGONIST}=1 uM"), ["held as well"]),
    ((*DOSE, "--condition", "s1r_k"), ["s1r_ko"]),
    ((*DOSE, "--model", "calcium"), ["calcium", "s1r_mam"]),
    ((*SWEEP, "--axis", "tunicamycin="), ["--axis"]),
    ((*SWEEP, "--axis", "tunicamycin=0:5:0"), ["points", "1 to 1000000"]),
    ((*SWEEP, "--axis", "tunicamycin=0:5:2", "--axis", "tunicamycin=1,2"), ["two axes"]),
    ((*SWEEP, "--axis", "tunicamycin=0:5:3:log"), ["log", "zero"]),
    ((*SWEEP, "--axis", "tunicamycin=0:5:3:lin"), ["start:stop:n:log"]),
    ((*SWEEP, "--axis", "tunicamycin=-1,1"), ["negative"]),
    ((*SWEEP, "--axis", "tunicamycin=1,1"), ["twice"]),
    ((*SWEEP, "--axis", "tunicamycin=1,x"), ["x", "not a number"]),
    ((*SWEEP, "--axis", "tunicamycin=0:5 h:3"), ["time", "tunicamycin"]),
    ((*SWEEP, "--axis", "tunicamycine=1,2"), ["tunicamycine", "tunicamycin"]),
    (
        (*SWEEP, "--axis", "tunicamycin=0:5:1000000", "--axis", "H2O2=0:5:1000000"),
        ["memory", "GiB"],
    ),
    (
        (*SWEEP, "--axis", "tunicamycin=1,2", "--axis", "H2O2=1,2", "--axis", "DTT=1,2")
        + ("--plot", "x.png"),
        ["one or two axes"],
    ),
    (("sweep", "s1r_mam", "--axis", "H2O2=1,2", "--readout", "peek(ROS)"), ["peek", "peak"]),
    (("sweep", "s1r_mam", "--axis", "H2O2=1,2", "--readout", "peak(ROSS)"), ["ROSS", "ROS"]),
    (("sweep", "s1r_mam", "--axis", "H2O2=1,2", "--readout", "peak(ROS"), ["not a readout"]),
    (("sweep", "s1r_mam", "--readout", "peak(ROS)"), ["--axis"]),
    (("show", "nope"), ["nope", "s1r_mam"]),
    (("check", "nope"), ["nope"]),
    (("convert", "s1r_mam", "x.foo"), [".foo", ".xml"]),
    (("convert", "s1r_mam", "none/x.xml"), ["folder does not exist"]),
    (("steady-state", "s1r_mam", "--set", "kon_L9=1"), ["kon_L9"]),
]


def assert_one_message(code: int, out: str, err: str) -> None:
    assert code == 2
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("sigmapath: ")
    assert "Traceback" not in err
    assert "defect" not in err


@pytest.mark.parametrize(("arguments", "words"), REFUSED, ids=lambda v: " ".join(map(str, v))[:70])
def test_bad_input_gives_one_message(command, arguments, words):
    code, out, err = command(*arguments)
    assert_one_message(code, out, err)
    for word in words:
        assert word in err
    assert os.listdir() == []


def test_a_fifth_ligand_is_refused(command):
    names = [AGONIST, "haloperidol", "NE-100", "cutamesine", "PRE-084"]
    doses = [word for name in names for word in ("--dose", f"{name}=1 uM")]
    code, out, err = command(*RUN, *doses)
    assert_one_message(code, out, err)
    assert "at most four ligands" in err
    assert "PRE-084" in err


BROKEN_FILES = {
    "syntax.ant": (b"model a()\n  S1 -> S2; k*S1\n  k = = 2;\nend\n", "line 3"),
    "empty.ant": (b"", "empty"),
    "noise.ant": (bytes(range(256)) * 8, "utf-8"),
    "noise.sbml": (bytes(range(256)) * 8, "utf-8"),
    "cut.xml": (b'<?xml version="1.0"?><sbml xmlns="http://www.sbml.org/sbml/level3/ver', "line"),
    "other.xml": (b"<html><body/></html>", "SBML"),
}


@pytest.mark.parametrize("name", BROKEN_FILES)
def test_a_malformed_model_file(command, tmp_path: Path, name):
    content, word = BROKEN_FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    code, out, err = command("simulate", str(path), "--until", "1")
    assert_one_message(code, out, err)
    assert name in err
    assert word.casefold() in err.casefold()


def test_a_species_without_a_value_is_named(command, tmp_path: Path):
    path = tmp_path / "open.ant"
    path.write_text("model open\n A -> B; k*A\n A = 1; k = 0.5\nend\n")
    code, _, err = command("simulate", str(path), "--until", "1", "--points", "2")
    assert code == 1
    assert "no value to start with to: B;" in err
    code, out, err = command(
        "simulate", str(path), "--until", "1", "--points", "2", "--initial", "B=0"
    )
    assert (code, err) == (0, "")
    assert "nan" not in out


def test_a_sweep_without_an_end_asks_for_one_where_time_has_no_unit(command, toy):
    code, out, err = command("sweep", toy, "--axis", "k1=1,2", "--readout", "final(B)")
    assert_one_message(code, out, err)
    assert "--until" in err


def test_a_folder_is_no_model_and_no_output(command, tmp_path: Path, toy):
    code, out, err = command("simulate", str(tmp_path), "--until", "1")
    assert_one_message(code, out, err)
    (tmp_path / "folder.csv").mkdir()
    code, out, err = command("simulate", toy, "--until", "1", "--out", str(tmp_path / "folder.csv"))
    assert_one_message(code, out, err)
    assert "folder" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission(command, tmp_path: Path, toy):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    code, out, err = command("simulate", toy, "--until", "1", "--out", str(locked / "x.csv"))
    assert_one_message(code, out, err)


def test_a_result_that_cannot_be_written_after_all_is_kept(command, toy, monkeypatch):
    from sigmapath.errors import OutputError
    from sigmapath.results import storage

    def full_disk(raw, path):
        raise OutputError("the result cannot be written", where=str(path), found="disk full")

    monkeypatch.setattr(storage, "save", full_disk)
    code, out, err = command("simulate", toy, "--until", "10", "--out", "run.csv")
    assert_one_message(code, out, err)
    kept = Path(err.rsplit("the result is in ", 1)[1].strip())
    assert kept.read_text().startswith("time")
    kept.unlink()


def test_no_traceback_from_a_fresh_process(process):
    found = subprocess.run(
        [*process["start"], "dose", "pentazocin"],
        capture_output=True,
        check=False,
        **process["options"],
    )
    assert_one_message(found.returncode, found.stdout, found.stderr)
