"""Where a result comes from: version, model, options, seed.

Enters: fingerprints and options. Leaves: plain attributes that every file format can hold. No clock
and no host name: the same inputs give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sigmapath.version import __version__

__all__ = ["missing_values", "provenance"]


def provenance(
    *,
    model: str,
    fingerprint: str,
    options: Mapping[str, Any],
    seed: int | None = None,
    ligands: Mapping[str, str] | None = None,
) -> dict[str, str | int]:
    """Return attributes that say where a result comes from.

    Parameters
    ----------
    model : str
        Id of the model.
    fingerprint : str
        Of the compiled model, its code, versions and options.
    options : mapping
        Of the solver.
    seed : int, optional
        Of the ensemble.
    ligands : mapping slot -> ligand, optional
        Which slot stands for which ligand.

    Returns
    -------
    dict of str or int
        ``options`` and ``ligands`` as JSON.
    """
    found: dict[str, str | int] = {
        "model": model,
        "model_fingerprint": fingerprint,
        "options": json.dumps(options, default=_plain, sort_keys=True),
        "sigmapath_version": __version__,
    }
    if ligands:
        found["ligands"] = json.dumps(dict(ligands), ensure_ascii=False)
    if seed is not None:
        found["seed"] = int(seed)
    return found


def missing_values(names: Sequence[str]) -> dict[str, str]:
    """Return the attribute that names ids without a value at the start; none for no such ids."""
    return {"missing_values": " ".join(names)} if names else {}


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return str(value)
