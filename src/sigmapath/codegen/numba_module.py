"""Generated numba source to addresses.

Enters: the text of :mod:`sigmapath.codegen.source`. Leaves: addresses of its kernels. Called by
:mod:`sigmapath.codegen.compile`.

The text is written to a file of its own and imported from there: tracebacks and debuggers show real
lines, and numba keeps its machine code beside the file. The file lies in the private cache
directory, or in a temporary folder where there is none.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import pickle
import shutil
import sys
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from sigmapath.cache_folder import make_room, private_folder
from sigmapath.errors import CodegenError
from sigmapath.machine.cpu import settle_numba
from sigmapath.machine.store import write_file
from sigmapath.record import record

__all__ = ["LoadedModule", "load_module", "numba_versions"]

_MOST_MODULES = 400

# What reading numba's own cache raises where its files are damaged.
_DAMAGED = (pickle.UnpicklingError, EOFError, ValueError, KeyError, IndexError, AttributeError)


@record
class LoadedModule:
    """An imported module of kernels; the addresses hold as long as this object lives."""

    addresses: dict[str, int]
    module: ModuleType
    folder: Any


class _SourceOnly(importlib.machinery.SourceFileLoader):
    """Compiles the source it is given and neither reads nor writes bytecode files."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def numba_versions() -> str:
    """Versions that numba's machine code depends on."""
    import llvmlite
    import numba

    return f"numba {numba.__version__}, llvmlite {llvmlite.__version__}"


class _PassingFolder:
    """A temporary folder that goes, without a word, when nothing needs it any more."""

    def __init__(self) -> None:
        self.name = tempfile.mkdtemp(prefix="sigmapath-")
        weakref.finalize(self, shutil.rmtree, self.name, ignore_errors=True)


def load_module(text: str, identity: str, names: Iterable[str]) -> LoadedModule:
    """Import generated source and return the addresses of its kernels ``names``.

    Parameters
    ----------
    text : str
        Source of the module.
    identity : str
        Key of the code, hexadecimal; names the file.
    names : iterable of str
        Kernels of the module.

    Raises
    ------
    CodegenError
        If the source cannot be kept anywhere, or numba cannot compile it.
    """
    name = f"sigmapath_model_{identity[:32]}"
    place, folder = _written(text, name)
    try:
        module = _imported(name, place)
    except _DAMAGED:
        # Most likely numba's cache files: without them numba compiles again. A real defect of the
        # source shows again, and then it is not hidden.
        shutil.rmtree(place.parent / "__pycache__", ignore_errors=True)
        module = _imported(name, place)
    addresses = {kernel: int(getattr(module, kernel).address) for kernel in names}
    return LoadedModule(addresses=addresses, module=module, folder=folder)


def _written(text: str, name: str) -> tuple[Path, Any]:
    """Where the source is, and what must live as long as it is needed there."""
    content = text.encode("ascii")
    cache = private_folder("numba")
    if cache is not None:
        place = cache / name / f"{name}.py"
        try:
            if not place.parent.is_dir():
                make_room(cache, _MOST_MODULES)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            # numba's cache follows the time of the file, so what is right is left alone.
            if place.is_file() and place.read_bytes() == content:
                return place, None
        except OSError:
            pass
        if write_file(place, content):
            return place, None
    try:
        folder = _PassingFolder()
    except OSError as error:
        raise CodegenError(
            "there is no place to write generated source to",
            found=str(error),
            fix="set SIGMAPATH_CACHE_DIR or TMPDIR to a folder you can write to",
        ) from error
    place = Path(folder.name) / f"{name}.py"
    place.write_bytes(content)
    return place, folder


def _imported(name: str, place: Path) -> ModuleType:
    from numba.core.errors import NumbaError

    settle_numba()
    loader = _SourceOnly(name, str(place))
    spec = importlib.util.spec_from_file_location(name, place, loader=loader)
    if spec is None:
        raise CodegenError("generated source cannot be imported", where=str(place))
    module = importlib.util.module_from_spec(spec)
    # numba looks the module of a cached function up by its name.
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except NumbaError as error:
        raise CodegenError(
            "numba refuses the generated code", where=str(place), found=str(error)
        ) from error
    finally:
        sys.modules.pop(name, None)
    return module
