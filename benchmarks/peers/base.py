"""What a program must offer to be measured, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from benchmarks.cases import Case

__all__ = ["Peer", "Prepared", "Solve", "Sweep", "TimedSolve", "Unsupported"]

FloatArray = NDArray[np.float64]
# One warm solve from the initial state: shape (n_time, n_species), in the terms of ``Case``; or, of
# programs whose ``Prepared`` has a method ``observe``, what that turns into it outside the clock.
Solve = Callable[[], Any]


class Unsupported(Exception):
    """The program cannot do this; the message says what, and the row is left out with it."""


@runtime_checkable
class TimedSolve(Protocol):
    """A solve that also tells how much of its time its own integrator took."""

    integrating: float
    """CPU time of the integrator in the last call [s]."""

    def __call__(self) -> Any:
        """As any solve."""


class Sweep(Protocol):
    """Many runs with other parameters, on all cores, all species at all times worked out."""

    least: int
    """Runs from which the program is at its best; 1 where their number does not matter."""

    def run(self, values: FloatArray) -> FloatArray:
        """Run one row of ``values`` after another; shape (n, n_time, n_species), NaN: failed.

        Shape (n, 1, n_species), the last output point alone, of programs that keep the others where
        Python is slow to fetch them.
        """

    def close(self) -> None:
        """End whatever was started."""


class Prepared(Protocol):
    """A loaded model, ready to be solved again and again."""

    def solve(self, rtol: float) -> Solve:
        """Prepare a solve at ``rtol`` and atol = 1e-3 rtol, all species at 101 times."""

    def sweep(self, rtol: float, n_cores: int) -> Sweep:
        """Prepare a sweep over ``case.swept``; raises Unsupported if there is none."""


class Peer(Protocol):
    """A program under test."""

    name: str
    how_to_install: str

    def version(self) -> str:
        """Version as shown; raises ImportError if the program is not installed."""

    def prepare(self, case: Case) -> Prepared:
        """Load a model; raises Unsupported if the program cannot."""

    def cold_command(self, case: Case, out: str) -> list[str] | None:
        """Command of a whole process: load, simulate at rtol 1e-6, write CSV to ``out``."""

    def ready_script(self) -> str | None:
        """Python source that prints three times in a warm process [s].

        Until the file is read (at once), until the first result, and of one more solve. Its
        arguments: path of a small model to warm up with, path of the model, end time.
        """
