from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sigmapath.errors import MissingExtraError, OutputError
from sigmapath.results.dataset import add_attributes, to_dataset, unfinished_dataset
from sigmapath.results.provenance import provenance
from sigmapath.results.raw import RawAxis, RawResult
from sigmapath.results.storage import (
    check_writable,
    csv_text,
    json_text,
    read_dataset,
    save,
    save_dataset,
    write_text,
)
from sigmapath.status import STAT_NAMES, Status


@dataclass
class Named:
    name: str
    unit: str = ""
    text: str = ""
    long_name: str = ""
    coordinates: np.ndarray = field(default_factory=lambda: np.zeros(0))


@dataclass
class Plan:
    """A sweep of three doses of a ligand and two values of k."""

    model: str = "small"
    time_unit: str = "s"
    times: np.ndarray = field(default_factory=lambda: np.array([0.0, 0.1, 30.0]))
    seed: int | None = 4
    axes: tuple[Named, ...] = (
        Named("(+)-pentazocine", "uM", coordinates=np.array([0.0, 0.1, 1.0])),
        Named("k", "1/s", coordinates=np.array([1.0, 2.0])),
    )
    recorded: tuple[Named, ...] = (
        Named("Ca_cyt", "uM", long_name="free cytosolic Ca2+"),
        Named("a / b", "1", long_name="a / b"),
    )
    readouts: tuple[Named, ...] = (Named("ca_peak", "uM", "peak(Ca_cyt)"),)
    ligands: tuple[tuple[str, str], ...] = (("L1", "(+)-pentazocine"),)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(len(axis.coordinates) for axis in self.axes)

    def combine(self, reduced: np.ndarray) -> np.ndarray:
        return reduced * 2.0


@dataclass
class Batch:
    trajectories: np.ndarray | None
    reduced: np.ndarray
    status: np.ndarray
    stats: np.ndarray
    t_stop: np.ndarray


def batch(n: int, n_time: int = 3, n_out: int = 2, n_red: int = 1) -> Batch:
    values = np.arange(n * n_time * n_out, dtype=float).reshape(n, n_time, n_out)
    return Batch(
        trajectories=values + 0.1,
        reduced=np.arange(n, dtype=float)[:, None] * np.ones((1, n_red)),
        status=np.zeros(n, dtype=np.int8),
        stats=np.ones((n, len(STAT_NAMES)), dtype=np.int64),
        t_stop=np.full(n, 30.0),
    )


_OPTIONS = {"rtol": 1e-6, "atol": np.array([1e-9]), "method": "auto"}


def made(plan: Plan | None = None, output: Batch | None = None) -> RawResult:
    plan = plan or Plan()
    n = int(np.prod(plan.shape))
    return RawResult.from_run(
        plan,
        output or batch(n, n_red=len(plan.readouts)),
        fingerprint="f00",
        options=_OPTIONS,
    )


def single() -> RawResult:
    return made(Plan(axes=(), readouts=(), ligands=(), seed=None))


def failing() -> RawResult:
    output = batch(6)
    output.status[4] = Status.TOO_MANY_STEPS
    return made(output=output)


def test_runs_count_through_the_axes_the_last_one_fastest():
    raw = made()
    assert raw.shape == (3, 2)
    assert raw.trajectories["Ca_cyt"].shape == (3, 2, 3)
    # Run 3 is the second ligand dose and the second k.
    assert raw.trajectories["Ca_cyt"][1, 1].tolist() == [18.1, 20.1, 22.1]
    assert raw.reduced["ca_peak"][1, 1] == 6.0
    assert raw.units == {"Ca_cyt": "uM", "a / b": "1", "ca_peak": "uM"}


def test_a_failed_run_is_nan_and_harms_nobody():
    raw = failing()
    assert np.isnan(raw.trajectories["Ca_cyt"][2, 0]).all()
    assert np.isnan(raw.reduced["ca_peak"][2, 0])
    assert np.isnan(raw.reduced["ca_peak"]).sum() == 1
    assert raw.status[2, 0] == Status.TOO_MANY_STEPS


def test_the_dataset_has_the_axes_then_time():
    data = to_dataset(made())
    assert data["Ca_cyt"].dims == ("(+)-pentazocine", "k", "time")
    assert data["ca_peak"].dims == ("(+)-pentazocine", "k")
    assert list(data.data_vars) == ["Ca_cyt", "a / b", "ca_peak", "status"]
    assert data["Ca_cyt"].attrs == {"units": "uM", "long_name": "free cytosolic Ca2+"}
    assert data["(+)-pentazocine"].attrs == {"units": "uM", "long_name": "(+)-pentazocine"}
    assert data["time"].attrs["units"] == "s"
    assert data["ca_peak"].attrs["long_name"] == "peak(Ca_cyt)"
    assert data["Ca_cyt"].sel({"(+)-pentazocine": 0.1, "k": 2.0, "time": 30.0}) == 22.1
    assert data.attrs["model"] == "small"
    assert data.attrs["model_fingerprint"] == "f00"
    assert data.attrs["seed"] == 4
    assert data.attrs["n_steps"] == 6
    assert json.loads(data.attrs["options"])["atol"] == [1e-9]
    assert json.loads(data.attrs["ligands"]) == {"L1": "(+)-pentazocine"}


def test_a_dataset_made_before_the_runs_have_ended_is_the_one_made_after():
    plan = Plan()
    output = batch(6)
    values = {name: getattr(output, name).copy() for name in ("trajectories", "reduced", "status")}
    output.trajectories[:], output.reduced[:], output.status[:] = 7.0, 8.0, Status.NOT_RUN
    raw = RawResult.of_arrays(plan, output, fingerprint="f00", options=_OPTIONS)
    data = unfinished_dataset(raw)
    for name, array in values.items():
        getattr(output, name)[:] = array
    output.status[4] = Status.TOO_MANY_STEPS
    raw.fill(plan, output)
    add_attributes(data, raw)
    xr.testing.assert_identical(data, to_dataset(failing()))


def test_status_follows_cf():
    status = to_dataset(failing())["status"]
    assert status.dtype == np.int8
    assert status.attrs["flag_values"].dtype == np.int8
    meanings = status.attrs["flag_meanings"].split()
    assert meanings[0] == "ok"
    assert len(meanings) == len(status.attrs["flag_values"]) == len(Status)
    assert meanings[int(status[2, 0])] == "too_many_steps"


def test_a_single_run_has_time_only():
    data = to_dataset(single())
    assert data["Ca_cyt"].dims == ("time",)
    assert data["status"].dims == ()
    assert "seed" not in data.attrs


def test_names_that_clash_are_marked():
    plan = Plan(
        axes=(Named("time", "s", coordinates=np.array([1.0])), Named("k", coordinates=np.ones(1))),
        recorded=(Named("k"), Named("status")),
        readouts=(),
    )
    data = to_dataset(made(plan))
    assert data["id(k)"].dims == ("id(time)", "k", "time")
    assert data["id(status)"].dims == ("id(time)", "k", "time")
    assert data["status"].dtype == np.int8


def test_members_are_counted():
    plan = Plan(axes=(Named("member", coordinates=np.arange(3.0)),))
    assert to_dataset(made(plan))["member"].dtype == np.int64
    assert csv_text(made(plan)).splitlines()[1].startswith("0,0.0,")


def test_csv_of_a_single_run():
    assert csv_text(single()).splitlines() == [
        "time [s],Ca_cyt [uM],a / b [1],status",
        "0.0,0.1,1.1,0",
        "0.1,2.1,3.1,0",
        "30.0,4.1,5.1,0",
    ]


def test_csv_of_a_sweep_of_readouts():
    output = batch(6)
    output.trajectories = None
    output.status[1] = 2
    rows = list(csv.reader(io.StringIO(csv_text(made(output=output)))))
    assert rows[0] == ["(+)-pentazocine [uM]", "k [1/s]", "ca_peak [uM]", "status"]
    assert rows[2] == ["0.0", "2.0", "nan", "2"]
    assert rows[6] == ["1.0", "2.0", "10.0", "0"]


def test_csv_numbers_read_back_exactly():
    output = batch(1)
    output.trajectories = np.random.default_rng(0).lognormal(0, 20, (1, 3, 2))
    raw = made(Plan(axes=(), readouts=()), output)
    rows = list(csv.reader(io.StringIO(csv_text(raw))))[1:]
    assert np.array_equal([[float(v) for v in row[1:3]] for row in rows], output.trajectories[0])


def test_json_has_null_for_nan(tmp_path):
    content = json.loads(json_text(failing()))
    assert content["variables"]["ca_peak"]["values"][2] == [None, 10.0]
    assert content["variables"]["Ca_cyt"]["dims"] == ["(+)-pentazocine", "k", "time"]
    assert content["coords"]["k"] == {"dims": ["k"], "units": "1/s", "values": [1.0, 2.0]}
    save(failing(), tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text()) == content


def test_netcdf_reads_back_as_it_was(tmp_path):
    plan = Plan(recorded=(Named("[S]", "uM"), Named("a / b", "1")), ligands=())
    data = to_dataset(made(plan, failing_batch()))
    before = data.copy(deep=True)
    save_dataset(data, tmp_path / "r.nc")
    back = read_dataset(tmp_path / "r.nc")
    assert data.identical(before)
    assert list(back.data_vars) == list(data.data_vars)
    for name in data.variables:
        assert np.array_equal(back[name], data[name], equal_nan=True)
        assert back[name].dims == data[name].dims
        assert back[name].attrs["long_name"] == data[name].attrs["long_name"]
    assert back["status"].dtype == np.int8
    assert back.attrs["options"] == data.attrs["options"]
    assert back.attrs["n_steps"] == data.attrs["n_steps"]


def failing_batch() -> Batch:
    output = batch(6)
    output.status[4] = 3
    return output


@pytest.mark.parametrize("suffix", [".csv", ".nc", ".json"])
def test_files_appear_whole_and_are_replaced(tmp_path, suffix):
    path = tmp_path / f"r{suffix}"
    path.write_text("old")
    save(made(), path)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.stat().st_size > 10


def test_the_same_result_gives_the_same_bytes(tmp_path):
    for suffix in (".csv", ".json"):
        save(made(), tmp_path / f"a{suffix}")
        save(made(), tmp_path / f"b{suffix}")
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("r.xlsx", "unknown kind"),
        ("r", "unknown kind"),
        ("missing/r.csv", "folder does not exist"),
        ("file.txt/r.csv", "no folder"),
        ("folder.csv", "is a folder"),
    ],
)
def test_paths_that_cannot_be_written_are_refused_beforehand(tmp_path, path, word):
    (tmp_path / "file.txt").write_text("")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(OutputError, match=word) as caught:
        check_writable(tmp_path / path)
    assert path in caught.value.where
    with pytest.raises(OutputError):
        save(made(), tmp_path / path)


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    # Asked of os.access, because tests may run as root, whom nothing is refused.
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(OutputError, match="may be written"):
        check_writable(tmp_path / "r.csv")
    (tmp_path / "old.csv").write_text("")
    with pytest.raises(OutputError, match="may not be changed"):
        check_writable(tmp_path / "old.csv")


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "r.csv"
    path.write_text("old")

    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sigmapath.results.storage._write_csv", no_space)
    with pytest.raises(OutputError, match="cannot be written") as caught:
        save(made(), path)
    assert "No space left" in caught.value.found
    assert path.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_other_suffixes_may_be_asked_for(tmp_path):
    check_writable(tmp_path / "f.png", suffixes=(".png", ".pdf"))
    write_text(tmp_path / "t.csv", "µ\n")
    assert (tmp_path / "t.csv").read_bytes() == "µ\n".encode()


def test_zarr_without_its_library_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "zarr", None)
    with pytest.raises(MissingExtraError) as caught:
        check_writable(tmp_path / "r.zarr")
    assert caught.value.extra == "zarr"


def test_zarr_reads_back(tmp_path):
    pytest.importorskip("zarr", reason="the extra zarr is not installed")
    data = to_dataset(made())
    save_dataset(data, tmp_path / "r.zarr")
    assert np.array_equal(read_dataset(tmp_path / "r.zarr")["a / b"], data["a / b"])


def test_csv_needs_neither_xarray_nor_pandas():
    code = (
        "import sys; import sigmapath.results.storage, sigmapath.results.raw; "
        "print([m for m in ('xarray', 'pandas', 'h5netcdf', 'numba') if m in sys.modules])"
    )
    source = Path(__file__).parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(source)},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_provenance_is_plain():
    found = provenance(model="m", fingerprint="f", options={"a": np.float64(1.0), "b": None})
    assert json.loads(str(found["options"])) == {"a": 1.0, "b": None}
    assert set(found) == {"model", "model_fingerprint", "options", "sigmapath_version"}


def test_raw_records_are_frozen():
    with pytest.raises(AttributeError):
        made().times = np.zeros(1)
    assert replace(RawAxis(name="a", unit="", coordinates=np.ones(1)), unit="s").unit == "s"
