"""sigmapath, through what its users call and nothing inside."""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.cases import N_POINTS, Case
from benchmarks.peers.base import FloatArray, Solve

__all__ = ["Sigmapath"]

# Runs from which lanes are used, whatever the size of a model.
_MANY_RUNS = 512

_READY = """
import os, sys, tempfile, time
import sigmapath as sp
warm, path, end = sys.argv[1], sys.argv[2], float(sys.argv[3])
import numpy as np
with tempfile.TemporaryDirectory() as folder:
    # A text that no cache knows: what a first model needs of Python is loaded afterwards, as it is
    # in the peer's process.
    fresh = os.path.join(folder, "warm.xml")
    with open(fresh, "w") as file:
        file.write(open(warm).read() + f"<!-- {time.time_ns()} -->")
    sp.load(fresh).simulate(np.linspace(0, 1, 3))
start = time.perf_counter()
model = sp.load(path)
print(time.perf_counter() - start, flush=True)
model.simulate(np.linspace(0, end, 101), rtol=1e-6)
first = time.perf_counter()
model.simulate(np.linspace(0, end, 101), rtol=1e-6)
print(first - start, time.perf_counter() - first)
"""


class Sigmapath:
    """The program itself."""

    name = "sigmapath"
    how_to_install = "pip install sigmapath"

    def __init__(self, method: str = "auto") -> None:
        self.method = method

    def version(self) -> str:
        import sigmapath as sp

        return str(sp.__version__)

    def prepare(self, case: Case) -> _Prepared:
        return _Prepared(case, self.method)

    def cold_command(self, case: Case, out: str) -> list[str]:
        return [
            sys.executable, "-m", "sigmapath", "simulate", str(case.path),
            "--until", f"{case.end_time:.17g}", "--points", str(N_POINTS), "--out", out,
        ]  # fmt: skip

    def ready_script(self) -> str:
        return _READY


class _Prepared:
    def __init__(self, case: Case, method: str) -> None:
        import sigmapath as sp

        self.case, self.method = case, method
        self.model = sp.load(case.path)

    def solve(self, rtol: float) -> Solve:
        return self.model.simulator(
            self.case.times, observables=self.case.species, rtol=rtol, method=self.method
        ).run

    def sweep(self, rtol: float, n_cores: int) -> _Sweep:
        return _Sweep(self, rtol, n_cores)


class _Sweep:
    """An ensemble with explicit members: the labelled Dataset, its making included."""

    def __init__(self, prepared: _Prepared, rtol: float, n_cores: int) -> None:
        self.prepared = prepared
        self.options = {"rtol": rtol, "method": prepared.method, "threads": n_cores}
        self.least = _MANY_RUNS

    def run(self, values: FloatArray) -> FloatArray:
        import sigmapath as sp

        case = self.prepared.case
        columns = dict(zip(case.swept, values.T, strict=True))
        data = self.prepared.model.simulate(
            case.times,
            observables=case.species,
            ensemble=sp.ensemble(members=columns, nominal=False),
            **self.options,
        )
        return _together([data[name].values for name in case.species])

    def close(self) -> None:
        """Nothing was started."""


def _together(columns: list[FloatArray]) -> FloatArray:
    """Variables of a Dataset as one array, species last: as they lie in memory, if they do.

    What users get is the Dataset; a copy into another order would be time of the benchmark's own.
    """
    first, item = columns[0], columns[0].itemsize
    begin = first.__array_interface__["data"][0]
    for k, column in enumerate(columns):
        is_next = column.__array_interface__["data"][0] == begin + k * item
        if not is_next or column.strides != first.strides:
            return np.stack(columns, axis=-1)
    shape, strides = (*first.shape, len(columns)), (*first.strides, item)
    return np.lib.stride_tricks.as_strided(first, shape, strides, writeable=False)
