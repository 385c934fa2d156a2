"""``sigmapath why``: a sentence and a table, one message for bad input."""

from __future__ import annotations

from pathlib import Path

import pytest

from sigmapath.cli.app import run

TOY = """
model toy()
  compartment cell = 1; species A in cell; A = 0; drug = 0; stress = 0;
  one: -> A; cell * (1 + 2 * drug + stress); two: -> A; cell * (1 + drug); loss: A -> ; cell * A;
end
"""


@pytest.fixture
def why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "toy.ant").write_text(TOY)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(("why", "toy.ant", *arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_sentence_table_and_file(why, tmp_path: Path) -> None:
    code, out, _ = why(
        "--readout", "max(A)", "--dose", "drug=1", "--hold", "stress=2", "--until", "30",
        "--no-rest", "--out", "why.csv", "--plot", "why.png",
    )  # fmt: skip
    assert code == 0
    sentence, _, *table = out.splitlines()
    assert sentence.startswith("peak(A) is 7 with drug 1.0 against 4 with vehicle (+3, +75 %)")
    assert "one (+2, 67 %) and two (+1, 33 %)" in sentence
    assert [line.split()[0] for line in table[2:4]] == ["one", "two"]
    assert table[-1].split()[:2] == ["(difference)", "3"]
    rows = (tmp_path / "why.csv").read_text().splitlines()
    assert rows[0] == "process,contribution,percent,driver,scheme"
    assert len(rows) == 5
    assert (tmp_path / "why.png").read_bytes()[:4] == b"\x89PNG"


def test_against_other_doses_and_pulses(why) -> None:
    """A pulse of drug at 2 for 1, against one of the stress: 3 and 1 per time, each faded."""
    code, out, _ = why(
        "--readout", "final(A)", "--dose", "drug=1", "--against", "stress=1", "--until", "30",
        "--pulse", "stress=5@2:1",
    )  # fmt: skip
    assert code == 0
    assert out.startswith("final(A) is 5 with drug 1.0 against 3 with stress 1.0")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--dose", "drug=1"), ["--readout"]),
        (("--readout", "max(A)"), ["same", "--dose"]),
        (("--readout", "max(B)", "--dose", "drug=1", "--until", "9"), ["B"]),
        (("--readout", "time_to_peak(A)", "--dose", "drug=1"), ["cannot be split", "auc"]),
        (("--readout", "largest(A)", "--dose", "drug=1"), ["largest"]),
        (("--readout", "max(A)", "--dose", "drugg=1", "--until", "9"), ["drugg", "drug"]),
        (("--readout", "max(A)", "--dose", "drug=1", "--hold", "drug=1"), ["twice"]),
        (("--readout", "max(A)", "--against", "@nowhere"), ["nowhere"]),
        (("--readout", "max(A)", "--dose", "drug=1", "--pulse", "stress=1"), ["--pulse", "@"]),
        (("--readout", "max(A)", "--dose", "drug=1", "--until", "0"), ["0"]),
        (("--readout", "max(A)", "--dose", "drug=1", "--out", "x.nc"), ["x.nc", ".csv"]),
    ],
)
def test_bad_input_is_one_message(
    why, tmp_path: Path, arguments: tuple[str, ...], said: list[str]
) -> None:
    code, out, err = why(*arguments)
    assert (code, out) == (2, ""), err
    assert len(err.strip().splitlines()) == 1
    assert all(word in err for word in said), err
    assert [path.name for path in tmp_path.iterdir()] == ["toy.ant"]
