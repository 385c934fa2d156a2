"""Small models and a way to run the command line inside the test process."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

import pytest

import sigmapath.io.load
from sigmapath.cli.app import run

MODELS = Path(sigmapath.__file__).parents[2] / "models"
read_once = functools.cache(sigmapath.io.load.load_network)

TOY = """
model toy()
  compartment cell = 1; species A in cell, B in cell; A = 10; B = 0;
  k1 = 0.5; k2 = 0.1; drug = 0;
  R1: A -> B; cell * (k1 + drug) * A;
  R2: B -> A; cell * k2 * B;
end
"""


@pytest.fixture
def toy(tmp_path: Path) -> str:
    path = tmp_path / "toy.ant"
    path.write_text(TOY)
    return str(path)


@pytest.fixture(autouse=True)
def packaged_models_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks never change, so the tests may share those of packaged models."""
    read = sigmapath.io.load.load_network

    def load(path):
        return read_once(path) if Path(path).parent == MODELS else read(path)

    monkeypatch.setattr(sigmapath.io.load, "load_network", load)


@pytest.fixture
def process(tmp_path: Path):
    """Arguments for subprocess: the command in a process of its own, in an empty folder."""
    source = str(Path(sigmapath.__file__).parents[1])
    path = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH", "")]))
    return {
        "start": [sys.executable, "-m", "sigmapath"],
        "options": {"cwd": tmp_path, "env": {**os.environ, "PYTHONPATH": path}, "text": True},
    }


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run one command in an empty folder; returns exit code, stdout, stderr."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
