"""Say once why the first run ever takes long: the solvers are being compiled.

Enters: numba's own events. Leaves: one message to the logger "sigmapath", which Python prints on
stderr unless told otherwise. Nothing happens where the machine code comes from numba's cache.
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

__all__ = ["SOLVERS_MESSAGE", "announce_compilation"]

SOLVERS_MESSAGE = "compiling the solvers for this machine: once, about a minute"


@cache
def announce_compilation() -> None:
    """From now on, announce the first real compilation of a solver in this process."""
    from numba.core import event

    class FirstCompilation(event.Listener):  # type: ignore[misc]
        told = False

        def on_start(self, occasion: Any) -> None:
            function = occasion.data["dispatcher"].py_func
            if not self.told and function.__module__.startswith("sigmapath.solvers"):
                self.told = True
                logging.getLogger("sigmapath").warning(SOLVERS_MESSAGE)

        def on_end(self, occasion: Any) -> None:
            """Nothing to say."""

    event.register("numba:compile", FirstCompilation())  # type: ignore[no-untyped-call]
