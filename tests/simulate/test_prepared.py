"""A known model file is not read again; a changed one, or a changed import, is."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import sigmapath as sp
from sigmapath.errors import ParseError, SolverError
from sigmapath.io import load as reader
from sigmapath.simulate import prepared

MODEL = "model m\n  S = {start}; k = 0.5;\n  S -> ; k * S;\nend\n"


@pytest.fixture
def reads(monkeypatch, tmp_path):
    """Paths that the reader was asked for, with an empty cache."""
    monkeypatch.setenv("SIGMAPATH_CACHE_DIR", str(tmp_path / "cache"))
    seen = []
    load_network = reader.load_network
    monkeypatch.setattr(
        reader, "load_network", lambda path: seen.append(path) or load_network(path)
    )
    return seen


def final(path):
    """S at t = 1, by the mathematics that the loaded model holds."""
    system = sp.load(path)._engine.system
    return system.states[0].value * np.exp(-system.parameters[0].value)


def test_the_second_load_reads_nothing(tmp_path, reads):
    file = tmp_path / "m.ant"
    file.write_text(MODEL.format(start=2))
    first = sp.load(file)
    system = first._engine.system
    again = sp.load(file)
    assert again._engine.system.fingerprint == system.fingerprint
    # Expressions are shared objects, so these are the very same.
    assert again._engine.system.derivatives == system.derivatives
    assert len(reads) == 1
    assert list(again.species) == ["S"]
    assert len(reads) == 2


def test_a_changed_file_is_read(tmp_path, reads):
    file = tmp_path / "m.ant"
    file.write_text(MODEL.format(start=2))
    assert final(file) == pytest.approx(2 * np.exp(-0.5))
    file.write_text(MODEL.format(start=3))
    assert final(file) == pytest.approx(3 * np.exp(-0.5))
    assert len(reads) == 2


def test_a_changed_import_is_read(tmp_path, reads):
    inner, outer = tmp_path / "inner.ant", tmp_path / "outer.ant"
    inner.write_text(MODEL.format(start=2))
    outer.write_text('import "inner.ant"\nmodel outer\n  A: m();\nend\n')
    assert final(outer) == pytest.approx(2 * np.exp(-0.5))
    assert final(outer) == pytest.approx(2 * np.exp(-0.5))
    assert len(reads) == 1
    inner.write_text(MODEL.format(start=5))
    assert final(outer) == pytest.approx(5 * np.exp(-0.5))


def test_a_file_that_changes_behind_a_loaded_model_is_refused(tmp_path, reads):
    file = tmp_path / "m.ant"
    file.write_text(MODEL.format(start=2))
    assert final(file) > 0.0
    known = sp.load(file)
    file.write_text(MODEL.format(start=3))
    with pytest.raises(ParseError, match="has changed"):
        _ = known.network


def test_a_record_makes_nothing_but_models():
    import pickle

    with pytest.raises(pickle.UnpicklingError, match="no place"):
        prepared._loads(pickle.dumps(subprocess.run))


def test_a_known_model_runs_without_readers_and_compilers(tmp_path):
    """The second process imports neither numba nor libSBML, nor what labels and draws results."""
    file = tmp_path / "m.ant"
    file.write_text(MODEL.format(start=2))
    program = (
        "import sys, sigmapath as sp\n"
        f"y = sp.load({str(file)!r}).simulator([0.0, 1.0]).run()\n"
        "assert abs(y[1, 0] - 2 * 2.718281828459045 ** -0.5) < 1e-6, y\n"
        "heavy = ('numba', 'libsbml', 'antimony', 'scipy', 'xarray', 'pandas', 'matplotlib')\n"
        "print(*[name for name in heavy if name in sys.modules])\n"
    )
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
    assert done.stdout.strip() == ""


def test_a_simulator_names_what_has_no_value():
    model = sp.from_antimony("model open\n A -> B; k*A\n A = 1; k = 0.5\nend")
    with pytest.raises(SolverError, match="no value is given for B"):
        model.simulator(10.0).run()
    assert model.simulator(10.0).run({"B": 0.0})[-1, 1] == pytest.approx(1 - np.exp(-5), rel=1e-5)
