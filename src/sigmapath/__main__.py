"""``python -m sigmapath`` and the ``sigmapath`` command."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

__all__ = ["main"]


# Objects made between two searches for cycles. Loading a program makes tens of thousands and no
# garbage: at Python's own 700 the searches take a tenth of the time of a small simulation.
_OBJECTS_PER_SEARCH = 100_000


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(_OBJECTS_PER_SEARCH, 20, 20)
    # The cores are for our own loops. numpy would start a thread on each for matrices larger than
    # any here, at a sixth of the processor time of a small simulation.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from sigmapath.cli.app import run

    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        # What cannot be written has been reported; the code says so too.
        with suppress(OSError):
            stream.flush()
    # Taking a program to pieces that is about to end anyway takes another tenth.
    os._exit(code)


if __name__ == "__main__":
    main()
