"""Models compiled by AMICI, once each: lean for its best figures, or as its documentation does.

Enters: an SBML file. Leaves: the module of the compiled model. Called by the two adapters. With the
environment variable ``AMICI_MODELS_ROOT``, where AMICI itself looks for models, what was compiled
is kept there for the next process.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.peers.base import Unsupported

__all__ = ["LEAN", "compiled", "positions"]

# Left out: what costs time and is not asked for.
LEAN = {"observation_model": [], "generate_sensitivity_code": False, "simplify": None}


def compiled(path: Path, *, is_lean: bool) -> Any:
    """Module of a model; without ``is_lean`` with all that AMICI adds unless told otherwise."""
    return _compiled(path, hashlib.sha256(path.read_bytes()).hexdigest()[:16], is_lean)


@cache
def _compiled(path: Path, digest: str, is_lean: bool) -> Any:
    """As above; ``digest`` is that of the file, so that what is loaded is what it says."""
    import amici.sim.sundials  # without it, what was compiled cannot be loaded

    name = f"{path.stem}_{digest}" + ("" if is_lean else "_documented")
    folder = amici.get_model_dir(name) if "AMICI_MODELS_ROOT" in os.environ else _scratch() / name
    if not (folder / "finished").exists():
        os.environ.setdefault("AMICI_PARALLEL_COMPILE", "")  # all cores
        amici.SbmlImporter(str(path)).sbml2amici(name, folder, **(LEAN if is_lean else {}))
        (folder / "finished").touch()
    return amici.import_model_module(name, folder)


@cache
def _scratch() -> Path:
    """A folder for this process, removed at its end."""
    folder = tempfile.mkdtemp(prefix="benchmarks-amici-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def positions(wanted: Sequence[str], given: Sequence[str], what: str) -> list[int]:
    """Where the ids stand; raises Unsupported if one does not."""
    places = {name: i for i, name in enumerate(given)}
    absent = [name for name in wanted if name not in places]
    if absent:
        raise Unsupported(f"its {what} lack {', '.join(absent[:3])}")
    return [places[name] for name in wanted]
