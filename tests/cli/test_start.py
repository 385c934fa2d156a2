"""How a command starts and ends: what it imports, what it leaves behind."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">
  <model id="m">
    <listOfCompartments>
      <compartment id="c" size="1" spatialDimensions="3" constant="true"/>
    </listOfCompartments>
    <listOfSpecies>
      <species id="S" compartment="c" initialConcentration="{start}" constant="false"
               hasOnlySubstanceUnits="false" boundaryCondition="false"/>
    </listOfSpecies>
    <listOfParameters>
      <parameter id="k" value="0.5" constant="true"/>
    </listOfParameters>
    <listOfReactions>
      <reaction id="r" reversible="false">
        <listOfReactants>
          <speciesReference species="S" stoichiometry="1" constant="true"/>
        </listOfReactants>
        <kineticLaw>
          <math xmlns="http://www.w3.org/1998/Math/MathML">
            <apply><times/><ci> c </ci><ci> k </ci><ci> S </ci></apply>
          </math>
        </kineticLaw>
      </reaction>
    </listOfReactions>
  </model>
</sbml>
"""

# What no simulation of an SBML file needs. Half of it comes along unseen: xml.sax.saxutils imports
# Python's internet, concurrent.futures imports logging, np.unique imports numpy.ma.
NEVER = (
    *("numba", "antimony", "scipy", "xarray", "pandas", "matplotlib", "h5py", "rich"),
    *("http", "email", "ssl", "urllib.request", "logging", "concurrent.futures", "tomllib"),
    *("numpy.ma", "numpy.random", "numpy.polynomial", "numpy.fft", "importlib.metadata"),
)
# What a model that is known from before needs no more.
NOT_AGAIN = (
    *("libsbml", "html", "xml", "pyexpat"),
    *("sigmapath.io", "sigmapath.model", "sigmapath.lower.pipeline", "sigmapath.expr.parse"),
    *("sigmapath.expr.simplify", "sigmapath.codegen.assemble", "sigmapath.codegen.printer_llvm"),
)
PROGRAM = """
import sys
from sigmapath.cli.app import run
assert run(sys.argv[1:]) == 0
print(*sys.modules)
"""


def modules_after(command):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, command)],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_a_simulation_imports_what_it_needs(tmp_path):
    file, out = tmp_path / "m.xml", tmp_path / "m.csv"
    # A text that no cache knows.
    file.write_text(MODEL.format(start=1.0 + os.getpid() * 1e-9))
    command = ["simulate", file, "--until", "2", "--points", "3", "--out", out]
    unknown = modules_after(command)
    assert "libsbml" in unknown
    assert unknown.isdisjoint(NEVER)
    first = out.read_text()
    known = modules_after(command)
    assert known.isdisjoint({*NEVER, *NOT_AGAIN})
    assert out.read_text() == first
    assert float(first.splitlines()[-1].split(",")[1]) == pytest.approx(0.36788, rel=1e-4)


def run_as_user(*command, **options):
    return subprocess.run(
        [sys.executable, "-m", "sigmapath", *map(str, command)],
        text=True,
        stderr=subprocess.PIPE,
        **options,
    )


def test_everything_is_written_before_the_end(tmp_path):
    """A program that ends without taking itself to pieces flushes by itself."""
    file = tmp_path / "m.xml"
    file.write_text(MODEL.format(start=2))
    # More than a pipe and a buffer hold.
    command = ("simulate", file, "--until", "2", "--points", "20001")
    done = run_as_user(*command, stdout=subprocess.PIPE)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 20_002
    assert float(lines[-1].split(",")[1]) == pytest.approx(2 * 0.367879, rel=1e-4)


def test_the_exit_code_says_what_happened(tmp_path):
    assert run_as_user("--version", stdout=subprocess.PIPE).returncode == 0
    missing = run_as_user("simulate", tmp_path / "none.xml", "--until", "1")
    assert missing.returncode == 2
    assert "there is no such file" in missing.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device that is always full")
def test_a_full_disk_is_said_once(tmp_path):
    file = tmp_path / "m.xml"
    file.write_text(MODEL.format(start=2))
    with open("/dev/full", "w") as full:
        done = run_as_user("simulate", file, "--until", "2", stdout=full)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr
