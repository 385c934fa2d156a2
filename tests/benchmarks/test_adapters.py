"""Every program is asked for the same thing: adapters agree with one another on small models."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass

import numpy as np
import pytest
from benchmarks.cases import Case, cases_of_folder, generated_case, s1r_mam_case, small_case
from benchmarks.compare import Effort, compare_case, integrator_alone, sweep_error
from benchmarks.generated import network_text
from benchmarks.peers.base import Unsupported
from benchmarks.peers.ours import Sigmapath
from benchmarks.peers.registry import installed_peers
from benchmarks.peers.workers import FastestSweep
from benchmarks.report import Point, Row, work_precision, write_csv
from benchmarks.statistics import Spread, scaled_rms_error
from benchmarks.throughput import batch_size, runs_per_second

from benchmarks import processes

PEERS, ABSENT = installed_peers()
# What peers' own code generators are warned of is theirs to mend.
_theirs = pytest.mark.filterwarnings("ignore::DeprecationWarning")
EVERY_PEER = [
    *(pytest.param(peer, id=peer.name, marks=_theirs) for peer in PEERS),
    *(
        pytest.param(None, id=line.partition(":")[0], marks=pytest.mark.skip(reason=line))
        for line in ABSENT
    ),
]


@pytest.fixture(scope="module")
def case(tmp_path_factory) -> Case:
    return generated_case(8, tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def amounts(tmp_path_factory) -> Case:
    """Species that count as amounts in a small compartment: a unit mixed up is off 1e12-fold."""
    import antimony

    folder = tmp_path_factory.mktemp("amounts")
    antimony.clearPreviousLoads()
    antimony.loadAntimonyString(
        "model amounts\ncompartment c = 1e-12; substanceOnly species A in c, B in c;\n"
        "start = 2; A = start; B = 0; rate = 0.3; A -> B; rate * A;\nend"
    )
    (folder / "amounts.xml").write_text(antimony.getSBMLString("amounts"))
    (folder / "models.tsv").write_text(
        "model\tend_time\tsweep_parameters\namounts\t5\trate start\n"
    )
    return cases_of_folder(folder)[0]


def test_generated_networks_are_the_same_for_the_same_seed():
    assert network_text(20, 1) == network_text(20, 1)
    assert network_text(20, 1) != network_text(20, 2)
    with pytest.raises(ValueError, match="three species"):
        network_text(2)


def test_generated_networks_grow_with_their_size():
    for n in (8, 40):
        text, swept = network_text(n)
        assert len(re.findall(r"->", text)) == n + n // 2 + n // 4
        assert len(swept) == 10


def test_a_case_comes_from_its_file_alone(tmp_path):
    small = small_case(tmp_path)
    assert small.species == ("A", "B", "C")
    assert (small.swept, small.nominal) == (("k1",), (0.04,))
    draws = small.draws(1000, seed=3)
    assert draws.shape == (1000, 1)
    factors = draws / 0.04
    assert factors.min() >= 10**-0.5
    assert factors.max() <= 10**0.5
    np.testing.assert_array_equal(draws, small.draws(1000, seed=3))


def test_s1r_mam_is_measured_while_everything_moves(tmp_path):
    case = s1r_mam_case(tmp_path)
    assert len(case.swept) == 6
    found = Sigmapath().prepare(case).solve(1e-6)()
    column = {name: found[:, i] for i, name in enumerate(case.species)}
    for name in ("O_L1_mam", "Ca_mito_total", "XBP1s", "ROS"):
        assert np.ptp(column[name]) > 0.1 * column[name].max() > 0.0


def test_a_folder_of_models_is_read_by_its_table(tmp_path):
    small_case(tmp_path)
    (tmp_path / "models.tsv").write_text(
        "model\tend_time\tsweep_parameters\nwarm_up\t40.0\tk1 k2 absent\n"
    )
    (found,) = cases_of_folder(tmp_path)
    assert (found.name, found.end_time, found.swept) == ("warm_up", 40.0, ("k1", "k2"))
    assert cases_of_folder(tmp_path, {"other"}) == []
    with pytest.raises(SystemExit, match=re.escape("models.tsv")):
        cases_of_folder(tmp_path / "nowhere")


def test_an_unknown_peer_is_refused_and_absent_ones_are_named():
    with pytest.raises(SystemExit, match="unknown peer"):
        installed_peers(["nobody"])
    assert all("not installed (pip install" in line for line in ABSENT)
    assert {peer.name for peer in PEERS}.isdisjoint(line.partition(":")[0] for line in ABSENT)


def test_an_absent_program_is_told_how_to_get(monkeypatch):
    # None in sys.modules makes an import fail as for a package that is not there.
    for name in ("amici", "amici.sim", "amici.sim.sundials", "diffrax"):
        monkeypatch.setitem(sys.modules, name, None)
    found, absent = installed_peers(["amici", "amici-documented", "lsoda", "diffrax"])
    assert [peer.name for peer in found] == ["SciPy LSODA"]
    names = [line.partition(":")[0] for line in absent]
    assert names == ["AMICI", "AMICI, as documented", "diffrax Kvaerno5"]
    assert all("pip install" in line for line in absent)


@pytest.mark.parametrize("peer", EVERY_PEER)
def test_adapters_agree(peer, case):
    ours = Sigmapath(method="rodas5p").prepare(case).solve(1e-10)()
    prepared = peer.prepare(case)
    found = prepared.solve(1e-10)()
    found = prepared.observe(found) if hasattr(prepared, "observe") else found
    # Multistep codes at rtol 1e-10 reach about 1e-9 globally; a wrong unit or column is above 1e-2.
    assert scaled_rms_error(found, ours) < 1e-6


@pytest.mark.parametrize("peer", [pytest.param(Sigmapath(), id="sigmapath"), *EVERY_PEER])
def test_amounts_are_compared_as_amounts(peer, amounts):
    prepared = peer.prepare(amounts)
    found = prepared.solve(1e-8)()
    found = prepared.observe(found) if hasattr(prepared, "observe") else found
    left = 2.0 * np.exp(-0.3 * amounts.times)
    np.testing.assert_allclose(found, np.column_stack([left, 2.0 - left]), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("peer", EVERY_PEER)
def test_a_sweep_follows_start_values_that_depend_on_parameters(peer, amounts):
    try:
        sweep = peer.prepare(amounts).sweep(1e-8, 1)
    except Unsupported as reason:
        pytest.skip(str(reason))
    draws = amounts.draws(3, seed=5)
    try:
        found = sweep.run(draws)
    finally:
        sweep.close()
    rate, start = draws.T
    left = start[:, None] * np.exp(-rate[:, None] * amounts.times)
    wanted = np.stack([left, start[:, None] - left], axis=-1)[:, -found.shape[1] :]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


@pytest.fixture(scope="module")
def own_sweep(case) -> np.ndarray:
    """Five runs with drawn parameters, shape (5, n_time, n_species)."""
    import sigmapath as sp

    columns = dict(zip(case.swept, case.draws(5, seed=11).T, strict=True))
    data = sp.load(case.path).simulate(
        case.times,
        observables=case.species,
        ensemble=sp.ensemble(members=columns, nominal=False),
        rtol=1e-9,
    )
    return np.stack([data[name].values for name in case.species], axis=-1)


@pytest.mark.parametrize("peer", EVERY_PEER)
def test_sweeps_agree_run_by_run(peer, case, own_sweep):
    """Every run has its own parameters: a row or a column mixed up is off by tens of per cent."""
    try:
        sweep = peer.prepare(case).sweep(1e-7, 2)
    except Unsupported as reason:
        pytest.skip(str(reason))
    try:
        found = sweep.run(case.draws(5, seed=11))
    finally:
        sweep.close()
    n_time = found.shape[1]
    assert n_time in (1, len(case.times))
    assert found.shape == (5, n_time, len(case.species))
    for one, own in zip(found, own_sweep[:, -n_time:], strict=True):
        assert scaled_rms_error(one, own) < 1e-4


@dataclass
class _TimedSweep:
    """A sweep of which every run takes as long as it says; its values are its name."""

    seconds: float
    name: float
    least: int = 1
    is_closed: bool = False

    def run(self, values: np.ndarray) -> np.ndarray:
        time.sleep(self.seconds * len(values))
        return np.full((len(values), 1, 1), self.name)

    def close(self) -> None:
        self.is_closed = True


def test_of_several_ways_to_sweep_the_fastest_is_taken(case):
    slow, fast = _TimedSweep(4e-3, 1.0), _TimedSweep(1e-3, 2.0)
    chosen = FastestSweep({"slow": slow, "fast": fast}, case, seconds=0.02)
    assert chosen.how.startswith("fast (rates: slow 0.")
    assert chosen.run(case.draws(3, 0)).tolist() == [[[2.0]]] * 3
    assert (slow.is_closed, fast.is_closed) == (True, False)
    chosen.close()
    assert fast.is_closed


@dataclass
class _Script:
    """A program whose process prints what it is told to."""

    script: str
    name: str = "script"

    def ready_script(self) -> str:
        return self.script


def test_a_load_is_told_from_a_solve_and_an_endless_solve_from_a_load(case, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "fresh_cache", lambda folder, name: folder)
    quick = processes.ready_seconds(_Script("print(1.5); print(3.0, 0.5)"), case, tmp_path, 60.0)
    assert (quick.loaded, quick.first, quick.ready) == (1.5, 3.0, 2.5)
    endless = _Script("import time; print(1.5, flush=True); time.sleep(60)")
    stopped = processes.ready_seconds(endless, case, tmp_path, 1.0)
    assert (stopped.loaded, stopped.first, stopped.ready) == (1.5, np.inf, np.inf)


@dataclass
class _SlowSweep:
    """A sweep of which every batch takes 20 ms, whatever its size."""

    least: int

    def run(self, values: np.ndarray) -> np.ndarray:
        time.sleep(0.02)
        return np.zeros((len(values), 1, 1))

    def close(self) -> None:
        """Nothing was started."""


@pytest.mark.parametrize(("least", "lowest"), [(1, 2), (256, 256)])
def test_a_batch_is_no_smaller_than_a_program_wants(case, least, lowest):
    # 16 runs in 20 ms: by their rate alone, one run would be enough for a thousandth of a second.
    assert batch_size(_SlowSweep(least), case, 1e-3, 2) == lowest


@dataclass
class _Half:
    """A solve that says that half of its time went into its integrator."""

    integrating: float = 0.0

    def __call__(self) -> np.ndarray:
        start = time.thread_time()
        while time.thread_time() - start < 1e-3:
            pass
        self.integrating = 0.5 * (time.thread_time() - start)
        return np.zeros((1, 1))


def test_the_time_of_an_integrator_is_its_share_of_the_whole():
    five = Spread(median=5.0, low=4.0, high=6.0, n=3)
    row = Row(case="c", what="warm solve", peer="p", unit="s", ours=1.0, theirs=5.0, ratio=five)
    found = integrator_alone(row, _Half())
    assert found.what == "warm solve, solver only"
    assert found.theirs == pytest.approx(2.5, rel=0.1)
    share = found.theirs / row.theirs
    assert [found.ratio.low, found.ratio.median, found.ratio.high] == pytest.approx(
        [4.0 * share, 5.0 * share, 6.0 * share]
    )


def test_a_comparison_gives_rows_points_and_files(case, tmp_path):
    lsoda = [peer for peer in PEERS if peer.name == "SciPy LSODA"]
    effort = Effort(rounds=2, seconds=0.1, what=frozenset({"solve", "sweep"}))
    found = list(compare_case(case, lsoda, effort, tmp_path))
    rows = [one for one in found if isinstance(one, Row)]
    points = [one for one in found if isinstance(one, Point)]
    assert [row.what for row in rows] == [f"warm solve, rtol {t:g}" for t in (1e-4, 1e-6, 1e-8)]
    for row in rows:
        assert row.ratio.median > 0
        assert row.our_error <= row.their_error
    assert {point.program for point in points} == {"sigmapath", "SciPy LSODA"}
    write_csv(tmp_path / "rows.csv", rows)
    assert len((tmp_path / "rows.csv").read_text().splitlines()) == 1 + len(rows)
    work_precision(tmp_path / "curves.png", points)
    assert (tmp_path / "curves.png").stat().st_size > 5000


@dataclass
class _Elsewhere:
    """A sweep whose runs are done by other processes, half a second each."""

    least: int = 1
    elsewhere: float = 0.0

    def run(self, values: np.ndarray) -> np.ndarray:
        self.elsewhere += 0.5 * len(values)
        return np.zeros((len(values), 1, 1))

    def close(self) -> None:
        """Nothing was started."""


def test_by_the_clock_of_the_cpu_other_processes_count(case):
    rate, failed = runs_per_second(_Elsewhere(), case.draws(4, 0), clock="cpu", n_cores=2)
    assert rate == pytest.approx(4.0, rel=0.05)
    assert failed == 0


@dataclass
class _Rough:
    """A sweep that is off by a hundredth in large batches only; the second run of each fails."""

    least: int = 10

    def run(self, values: np.ndarray) -> np.ndarray:
        found = np.repeat(values[:, None, :1], 3, axis=1) * (1.01 if len(values) >= 10 else 1.0)
        found[1] = np.nan
        return found

    def close(self) -> None:
        """Nothing was started."""


def test_the_error_of_a_sweep_is_that_of_large_batches_and_of_runs_that_end_well():
    draws = np.array([[1e3], [2e3], [4e3]])
    wanted = np.repeat(draws[:, None, :], 3, axis=1)
    assert sweep_error(_Rough(), draws, wanted) == pytest.approx(0.01, rel=1e-3)
    assert sweep_error(_Rough(), draws, wanted[:, -1:]) == pytest.approx(0.01, rel=1e-3)


def test_sweeps_are_compared_at_the_error_of_the_peer(case, tmp_path):
    peer = [peer for peer in PEERS if peer.name == "libRoadRunner"]
    if not peer:
        pytest.skip("libRoadRunner is not installed")
    effort = Effort(sweep_rounds=2, sweep_seconds=0.02, what=frozenset({"sweep"}), cores=1)
    found = compare_case(case, peer, effort, tmp_path)
    (row,) = [one for one in found if isinstance(one, Row)]
    assert row.what.startswith("sweep")
    assert 0.0 < row.our_error <= row.their_error < 1e-3
    assert row.ratio.median > 0.0
