"""Optional libraries: one way to import them, one message when they are missing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from sigmapath.errors import MissingExtraError

__all__ = ["require"]


def require(module: str, extra: str) -> ModuleType:
    """Return an optional module.

    Parameters
    ----------
    module : str
        Import name, for example "zarr".
    extra : str
        The extra of sigmapath that brings it.

    Raises
    ------
    MissingExtraError
        If the library is not installed. An error inside an installed library is not hidden.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing != module.split(".")[0]:
            raise
        raise MissingExtraError(missing, extra) from error
