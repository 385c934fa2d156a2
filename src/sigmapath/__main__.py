"""``python -m sigmapath`` and the ``sigmapath`` command."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    from sigmapath.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
