"""Tasks for worker processes that behave badly on purpose; the folder's name says how."""

from __future__ import annotations

import os
import time
from pathlib import Path

from sigmapath.conformance.judge import Outcome


def misbehave(folder: Path) -> Outcome:
    if folder.name == "00002":
        os._exit(3)
    if folder.name == "00003":
        time.sleep(600.0)
    return Outcome(number=folder.name, verdict="pass")
