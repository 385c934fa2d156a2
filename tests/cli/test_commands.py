"""What commands print and write, which exit codes they have, and what Ctrl-C leaves behind."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

DECAY = """
model decay()
  S = 8; k = 0.25; S -> ; k * S;
end
"""
# dS/dt = S^k blows up in finite time for k > 1; below, it does not.
BLOW_UP = """
model blow_up()
  S = 1; k = 1; slow = 1; -> S; slow * S^k;
end
"""


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def decay(tmp_path: Path) -> str:
    (tmp_path / "decay.ant").write_text(DECAY)
    return str(tmp_path / "decay.ant")


@pytest.fixture
def blow_up(tmp_path: Path) -> str:
    (tmp_path / "blow_up.ant").write_text(BLOW_UP)
    return str(tmp_path / "blow_up.ant")


def test_no_arguments_show_the_help(command):
    code, out, err = command()
    assert (code, err) == (0, "")
    assert "Usage" in out
    assert 'sigmapath dose "(+)-pentazocine"' in out


def test_version(command):
    code, out, err = command("--version")
    assert code == 0
    assert out.startswith("sigmapath ")


def test_simulate_writes_the_closed_form_as_csv(command, decay):
    code, out, err = command("simulate", decay, "--until", "8", "--points", "5", "--rtol", "1e-9")
    assert (code, err) == (0, "")
    rows = rows_of(out)
    times = [float(row["time"]) for row in rows]
    assert times == [0, 2, 4, 6, 8]
    values = [float(row["S"]) for row in rows]
    np.testing.assert_allclose(values, 8 * np.exp(-0.25 * np.array(times)), rtol=1e-7)
    assert {row["status"] for row in rows} == {"0"}


def test_settings_reach_the_run(command, decay):
    code, out, _ = command(
        "simulate", decay, "--until", "2", "--points", "2", "--set", "k=1", "--initial", "S=3"
    )
    assert code == 0
    assert float(rows_of(out)[-1]["S"]) == pytest.approx(3 * np.exp(-2), rel=1e-5)


@pytest.mark.parametrize("suffix", ["csv", "json", "nc"])
def test_results_are_written_by_suffix(command, decay, suffix):
    name = f"run.{suffix}"
    code, out, err = command("simulate", decay, "--until", "4", "--points", "3", "--out", name)
    assert (code, out, err) == (0, "", f"wrote {name}\n")
    assert [path.name for path in Path().iterdir()] == [name]
    if suffix == "csv":
        values = [float(row["S"]) for row in rows_of(Path(name).read_text())]
    elif suffix == "json":
        values = json.loads(Path(name).read_text())["variables"]["S"]["values"]
    else:
        from sigmapath.results.storage import read_dataset

        values = read_dataset(name)["S"].values
    np.testing.assert_allclose(values, 8 * np.exp([0, -0.5, -1]), rtol=1e-5)


def test_a_failing_corner_of_a_sweep_is_status_and_exit_code_1(command, blow_up):
    code, out, err = command(
        "sweep", blow_up, "--axis", "k=0,0.5,2", "--axis", "slow=0.1,1", "--until", "5",
        "--readout", "final(S)", "--out", "out.csv", "--plot", "out.png",
    )  # fmt: skip
    assert code == 1
    rows = rows_of(Path("out.csv").read_text())
    failed = {(float(r["k"]), float(r["slow"])) for r in rows if r["status"] != "0"}
    # S' = slow S^2 from 1 blows up at 1/slow: before t = 5 for slow = 1, not for 0.1.
    assert failed == {(2.0, 1.0)}
    value = {(float(r["k"]), float(r["slow"])): float(r["final(S)"]) for r in rows}
    assert np.isnan(value[2.0, 1.0])
    assert value[0.0, 1.0] == pytest.approx(6.0, rel=1e-5)
    assert value[0.5, 1.0] == pytest.approx(3.5**2, rel=1e-4)
    assert value[2.0, 0.1] == pytest.approx(2.0, rel=1e-4)
    assert "1 of 6 runs failed" in err
    assert Path("out.png").stat().st_size > 5000


@pytest.mark.parametrize(
    "arguments",
    [
        ("simulate", "--until", "4"),
        ("sweep", "--until", "4", "--axis", "k=1,2", "--readout", "final(S)"),
    ],
)
def test_figures_alone_print_nothing_on_stdout(command, decay, arguments):
    name, *others = arguments
    code, out, err = command(name, decay, *others, "--plot", "x.png")
    assert (code, out, err) == (0, "", "wrote x.png\n")


def test_steady_state_and_convert(command, toy):
    code, out, err = command("steady-state", toy)
    assert code == 0
    # A k1 = B k2 with A + B = 10.
    values = {line.split()[0]: float(line.split()[1]) for line in out.splitlines()[2:]}
    assert values == pytest.approx({"A": 10 / 6, "B": 50 / 6}, rel=1e-5)
    assert "stable steady state" in err
    code, _, err = command("convert", toy, "toy.xml")
    assert (code, err) == (0, "wrote toy.xml\n")
    code, again, _ = command("steady-state", "toy.xml")
    assert again == out


def test_dose_writes_table_figure_and_data(command):
    code, out, err = command(
        "dose", "PTZ", "--doses", "0.01nM:100uM:15", "--readout", "S1R_released", "--out", "made"
    )
    assert code == 0
    assert sorted(path.name for path in Path("made").iterdir()) == [
        "dose_pentazocine.csv",
        "dose_pentazocine.png",
    ]
    assert max(map(len, out.splitlines())) <= 100
    assert "nM" in out
    rows = rows_of(Path("made/dose_pentazocine.csv").read_text())
    assert [float(row["dose_uM"]) for row in rows] == pytest.approx(
        [0.0, *np.geomspace(1e-5, 100, 15)]
    )
    responses = [float(row["response"]) for row in rows]
    assert responses == sorted(responses)


def test_a_reader_that_goes_away_is_no_error(process):
    started = subprocess.Popen(
        [*process["start"], "show", "s1r_mam"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **process["options"],
    )
    started.stdout.close()
    _, err = started.communicate(timeout=60)
    assert started.returncode == 0
    assert err == ""


# Predator and prey: many steps in every run, so that no machine is done before it is interrupted.
_LONG = "species A, B; A = 2; B = 1; A' = k1 * A - A * B; B' = A * B - k2 * B; k1 = 1; k2 = 1;"


def test_ctrl_c_in_a_sweep_keeps_what_is_done(process, tmp_path):
    """SIGINT after the start: the partial result is written, the exit code is 130."""
    (tmp_path / "long.ant").write_text(_LONG, encoding="utf-8")
    started = subprocess.Popen(
        [*process["start"], "sweep", "long.ant", "--axis", "k1=0.5:2:1000"]
        + ["--axis", "k2=0.5:2:900", "--readout", "final(B)", "--until", "1000"]
        + ["--rtol", "1e-10", "--out", "part.csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Whoever runs the tests in the background of a shell has all of them ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **process["options"],
    )
    time.sleep(6.0)
    started.send_signal(signal.SIGINT)
    try:
        out, err = started.communicate(timeout=90)
    finally:
        started.kill()
    assert started.returncode == 130, err
    assert "Traceback" not in err
    assert "interrupted" in err
    path = tmp_path / "part.csv"
    if "nothing was written" in err:
        assert not path.exists()
        return
    with path.open() as stream:
        status = np.array([int(row["status"]) for row in csv.DictReader(stream)])
    assert len(status) == 900_000
    done = np.count_nonzero(status == 0)
    assert 0 < done < len(status)
    assert f"{done} of {len(status)} runs are done" in err


def test_ctrl_c_after_some_runs(command, toy, monkeypatch):
    """The same without a clock: the interrupt comes when the first chunk is reported."""
    from sigmapath.simulate import crew

    waits = []

    class Interrupted(crew.Bell):
        def wait(self):
            waits.append(self)
            if len(waits) == 2:
                raise KeyboardInterrupt
            super().wait()

    monkeypatch.setattr(crew, "Bell", Interrupted)
    code, out, err = command(
        "sweep", toy, "--axis", "k1=0.1:5:200", "--axis", "k2=0.1:5:100", "--until", "100",
        "--readout", "final(B)",
    )  # fmt: skip
    assert code == 130
    rows = rows_of(out)
    assert len(rows) == 20_000
    done = [row for row in rows if row["status"] == "0"]
    assert f"interrupted: {len(done)} of 20000 runs are done" in err
    for row in done:
        k1, k2 = float(row["k1"]), float(row["k2"])
        assert float(row["final(B)"]) == pytest.approx(10 * k1 / (k1 + k2), rel=1e-3)
    assert all(row["final(B)"] == "nan" for row in rows if row["status"] != "0")
