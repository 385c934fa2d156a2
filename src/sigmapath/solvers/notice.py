"""Say once why the first run ever takes long: the solvers are being compiled.

Enters: the compilation itself. Leaves: one message to the logger "sigmapath", which Python prints
on stderr unless told otherwise. Nothing happens where the machine code is there already.
"""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["SOLVERS_MESSAGE", "announce", "announce_compilation"]

SOLVERS_MESSAGE = "compiling the solvers for this machine: once, about a minute"


@cache
def announce() -> None:
    """Say it, the first time in this process."""
    import logging

    logging.getLogger("sigmapath").warning(SOLVERS_MESSAGE)


@cache
def announce_compilation() -> None:
    """From now on, announce the first real compilation of a solver by numba in this process."""
    from numba.core import event

    class FirstCompilation(event.Listener):  # type: ignore[misc]
        def on_start(self, occasion: Any) -> None:
            if occasion.data["dispatcher"].py_func.__module__.startswith("sigmapath.solvers"):
                announce()

        def on_end(self, occasion: Any) -> None:
            """Nothing to say."""

    event.register("numba:compile", FirstCompilation())  # type: ignore[no-untyped-call]
