"""Every notebook runs in a fresh kernel, is stored clean, and shows what its text says."""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NAMES = ("01_dose", "02_stress_sweep", "03_dynamics")
# Longest time for one cell [s]: the first one on a fresh machine compiles the solvers.
_PATIENCE = 300

# What the text of each notebook claims, in terms of its own variables; run after its last cell.
_CLAIMS = {
    "01_dose": """
assert agonist.shape.kind == "sigmoid" and agonist.shape.top > 1.5 * agonist.shape.vehicle
assert antagonist.shape.kind == "flat"
assert opposite.responses[-1] < 0.99 * opposite.vehicle
ec50 = [curves[level].shape.ec50 for level in levels]
assert ec50[0] < ec50[1] < ec50[2]
tops = [curves[level].shape.top for level in levels]
assert max(tops) < 1.05 * min(tops)
assert 0 < low < sure.shape.ec50 < high and fitted >= 15
""",
    "02_stress_sweep": """
assert int(data["status"].max()) == 0
for name in ("XBP1s, integral", "CHOP, peak", "misfolded protein, peak"):
    by_stress = data[name].isel({"(+)-pentazocine": 0}).values
    assert by_stress[-1] > by_stress[0]
    assert by_stress[10] - by_stress[0] > by_stress[20] - by_stress[10]
assert float(change["XBP1s, integral"]) > 1.0
assert float(change["CHOP, peak"]) < 1.0 and float(change["misfolded protein, peak"]) < 1.0
at_tenth = stressed.sel({"(+)-pentazocine": 0.1}, method="nearest")
lowest, highest = (stressed.isel({"(+)-pentazocine": i}) for i in (0, -1))
for name in ("XBP1s, integral", "CHOP, peak"):
    share = (at_tenth[name] - lowest[name]) / (highest[name] - lowest[name])
    assert float(share) > 0.75
failed = int((scarce["status"] != 0).sum())
assert 0 < failed < scarce["status"].size / 2 and same
assert bool((scarce["XBP1s, integral"].isnull() == (scarce["status"] != 0)).all())
""",
    "03_dynamics": """
for result in (washed, calcium, oxidised, *runs.values()):
    assert int(result["status"].max()) == 0
for name in ("S1R_released", "S1R_pm"):
    dosed = float(washed[name].sel(time=14 * 3600.0, method="nearest"))
    assert dosed > 1.5 * float(washed[name][0])
    assert float(washed[name][-1]) < 0.5 * dosed

def time_to_half(series, start):
    times, late = series["time"].values, series.values
    below = (times > start) & (late < 0.5 * (late[times >= start][0] + late[0]))
    return times[below][0]

off = 14 * 3600.0
assert time_to_half(washed["S1R_pm"], off) > time_to_half(washed["S1R_released"], off)
by_expression = peaks["Ca_mito"].values
assert by_expression[0] < by_expression[1] < by_expression[2]
ip3 = calcium["IP3"]
assert float(abs(ip3 - ip3.isel(S1R_expression=0)).max()) < 1e-4
assert (calcium["Ca_er"].min("time") < calcium["Ca_er"].isel(time=0)).all()
alone, with_agonist = (oxidised.isel({"(+)-pentazocine": i}) for i in (0, 1))
for hour in (1, 5, 24):
    moment = dict(time=3600.0 * hour, method="nearest")
    assert float(with_agonist["NRF2_nuc"].sel(**moment)) > float(alone["NRF2_nuc"].sel(**moment))
for name in ("NRF2_nuc", "HMOX1"):
    assert float(with_agonist[name].max()) > float(alone[name].max())
assert float(alone["HMOX1"].idxmax("time")) > 7 * 3600.0
peak_at = float(alone["NRF2_nuc"].idxmax("time"))
assert 4 * 3600.0 < peak_at < 5.2 * 3600.0
wild, knocked = (float(run["NRF2_nuc"].max()) for run in runs.values())
rest = float(runs["S1R knock-out"]["NRF2_nuc"][0])
assert rest < knocked < wild
""",
}


def _source(cell: dict) -> str:
    return "".join(cell["source"])


@pytest.mark.parametrize("name", NAMES)
def test_notebook_is_stored_clean(name):
    document = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    assert document["metadata"]["kernelspec"]["name"] == "python3"
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            assert len(cell["source"]) <= 30, "cells are short"


def test_every_notebook_is_listed():
    assert sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb")) == list(NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_and_shows_what_it_says(name, tmp_path, monkeypatch):
    with warnings.catch_warnings():
        # Jupyter's own packages warn about one another; the kernel below has rules of its own.
        warnings.simplefilter("ignore")
        why = "the extra notebooks is not installed"
        nbformat = pytest.importorskip("nbformat", reason=why)
        nbclient = pytest.importorskip("nbclient", reason=why)
        pytest.importorskip("ipykernel", reason=why)
        document = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        nbformat.validate(document)
        strict = nbformat.v4.new_code_cell(
            "import warnings\nwarnings.filterwarnings('error', module='sigmapath')"
        )
        document.cells = [strict, *document.cells, nbformat.v4.new_code_cell(_CLAIMS[name])]
        monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
        monkeypatch.setenv("MPLCONFIGDIR", os.environ.get("MPLCONFIGDIR", str(tmp_path / "mpl")))
        monkeypatch.delenv("MPLBACKEND", raising=False)
        client = nbclient.NotebookClient(
            document,
            timeout=_PATIENCE,
            kernel_name="python3",
            resources={"metadata": {"path": str(tmp_path)}},
        )
        client.execute()
    figures = [
        output
        for cell in document.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    n_plots = sum("sp.plot." in cell.source or "ax.plot(" in cell.source for cell in document.cells)
    assert len(figures) >= min(n_plots, 4)
    errors = [
        output.text
        for cell in document.cells
        for output in cell.get("outputs", [])
        # On a machine that has not compiled the solvers yet, this is said once, and rightly.
        if output.get("name") == "stderr" and not output.text.startswith("compiling the solvers")
    ]
    assert errors == []
    if folder := os.environ.get("SIGMAPATH_NOTEBOOK_FIGURES"):
        _save(figures, Path(folder), name)


def _save(figures: list, folder: Path, name: str) -> None:
    """Write the figures out to be looked at."""
    import base64

    for i, figure in enumerate(figures):
        content = base64.b64decode(figure["data"]["image/png"])
        (folder / f"{name}_{i}.png").write_bytes(content)
