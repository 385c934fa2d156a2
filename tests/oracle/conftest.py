"""Let the oracle tests use the hand-written kernels of the solver tests."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "solvers"))
