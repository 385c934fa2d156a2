"""sigmapath: the sigma-1 receptor and everything it drives, simulated.

>>> import sigmapath as sp
>>> model = sp.load("s1r_mam")                                          # doctest: +SKIP
>>> data = model.simulate("6 h", doses={"(+)-pentazocine": "1 uM"})     # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sigmapath.version import __version__

# Where each public name lives; imported when first used, so that ``import sigmapath`` stays light.
_HOMES = {
    "Model": "api",
    "load": "api",
    "from_antimony": "api",
    "from_network": "api",
    "from_sbml": "api",
    "models": "api",
    "ligands": "api",
    "Run": "analysis.explain",
    "explain": "analysis.explain",
    "ModelBuilder": "model.builder",
    "rate_laws": "model",
    "Condition": "experiment.condition",
    "dose": "experiment.dosing",
    "ensemble": "experiment.ensemble",
    "equilibrate": "experiment.protocol",
    "phase": "experiment.protocol",
    "washout": "experiment.protocol",
    "at": "experiment.readouts",
    "auc": "experiment.readouts",
    "final": "experiment.readouts",
    "fold": "experiment.readouts",
    "mean": "experiment.readouts",
    "peak": "experiment.readouts",
    "threshold_time": "experiment.readouts",
    "time_to_peak": "experiment.readouts",
    "trough": "experiment.readouts",
    "Status": "status",
    "SigmapathError": "errors",
    "assays": "",
    "errors": "",
    "plot": "",
}

__all__ = [
    "Condition",
    "Model",
    "ModelBuilder",
    "Run",
    "SigmapathError",
    "Status",
    "assays",
    "at",
    "auc",
    "dose",
    "ensemble",
    "equilibrate",
    "errors",
    "explain",
    "final",
    "fold",
    "from_antimony",
    "from_network",
    "from_sbml",
    "ligands",
    "load",
    "mean",
    "models",
    "peak",
    "phase",
    "plot",
    "rate_laws",
    "threshold_time",
    "time_to_peak",
    "trough",
    "washout",
    "__version__",
]

if TYPE_CHECKING:
    from sigmapath import assays, errors, plot
    from sigmapath.analysis.explain import Run, explain
    from sigmapath.api import (
        Model,
        from_antimony,
        from_network,
        from_sbml,
        ligands,
        load,
        models,
    )
    from sigmapath.errors import SigmapathError
    from sigmapath.experiment.condition import Condition
    from sigmapath.experiment.dosing import dose
    from sigmapath.experiment.ensemble import ensemble
    from sigmapath.experiment.protocol import equilibrate, phase, washout
    from sigmapath.experiment.readouts import (
        at,
        auc,
        final,
        fold,
        mean,
        peak,
        threshold_time,
        time_to_peak,
        trough,
    )
    from sigmapath.model import rate_laws
    from sigmapath.model.builder import ModelBuilder
    from sigmapath.status import Status


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sigmapath' has no attribute '{name}'")
    home = _HOMES[name]
    if not home:
        return import_module(f"sigmapath.{name}")
    module = import_module(f"sigmapath.{home}")
    found = getattr(module, name, None)
    return found if found is not None else import_module(f"sigmapath.{home}.{name}")


def __dir__() -> list[str]:
    return sorted(__all__)
