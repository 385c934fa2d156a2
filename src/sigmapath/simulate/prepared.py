"""What an engine needs of a model, kept between processes: a known file is not read again.

Enters: a network, or the path of a file that was read before. Leaves: a :class:`Prepared`. Called
by the public ``load``. Reading needs libSBML, and lowering takes its time; both are spared where
file and program are the same as before.

A record is kept under the hash of the file's text and of the program's own source, in the private
folder of compiled code, and lists the hashes of the files that the model imports. Expressions are
written as a numbered list of nodes; reading back makes records of a model and nothing else.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sigmapath.experiment.ensemble import ParameterRange
from sigmapath.expr.nodes import Expr, apply, number, postorder, symbol
from sigmapath.lower.system import OdeSystem
from sigmapath.machine.digest import key, source_digest
from sigmapath.machine.store import Entry, read_entry, write_entry
from sigmapath.record import record

if TYPE_CHECKING:
    from sigmapath.model.network import ReactionNetwork

__all__ = ["Origin", "Prepared", "known", "origin_of", "prepare", "remember"]

# What a record rests on beside the model: everything between its text and its mathematics.
_SOURCES = ("expr", "experiment", "io", "lower", "model", "simulate")


@record
class Prepared:
    """A lowered model with what its notes mean to an experiment.

    Parameters
    ----------
    id : str
        Of the model.
    system : OdeSystem
    ranges, inputs, default_observables, long_names
        As :class:`sigmapath.simulate.engine.Engine` takes them.
    """

    id: str
    system: OdeSystem
    ranges: tuple[ParameterRange, ...]
    inputs: tuple[str, ...]
    default_observables: tuple[str, ...]
    long_names: Mapping[str, str]


@record
class Origin:
    """A model file as it was when it was loaded: its path and the key of its record."""

    path: Path
    identity: str


def prepare(network: ReactionNetwork) -> Prepared:
    """Lower a network and read its notes."""
    from sigmapath.lower.pipeline import lower
    from sigmapath.simulate import evidence

    system = lower(network)
    return Prepared(
        id=network.id,
        system=system,
        ranges=evidence.parameter_ranges(network),
        inputs=evidence.input_ids(network),
        default_observables=evidence.default_observables(network, system),
        long_names=evidence.long_names(network),
    )


def origin_of(path: str | os.PathLike[str]) -> Origin | None:
    """Return the origin of a file; None where it cannot be read, which its reader explains."""
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError):
        return None
    package = Path(__file__).parents[1]
    ours = source_digest(*(package / name for name in _SOURCES))
    # The name stands in messages.
    identity = key("prepared", ours, str(path), hashlib.sha256(content).hexdigest())
    return Origin(path=Path(path), identity=identity)


def known(origin: Origin) -> Prepared | None:
    """Return the record of a file that was read before, None if it was not, or has changed."""
    entry = read_entry(origin.identity)
    if entry is None:
        return None
    folder = origin.path.parent
    for name, digest in entry.facts["imports"].items():
        if _digest_of(folder / name) != digest:
            return None
    try:
        return _loads(entry.code)
    except (pickle.UnpicklingError, ValueError, TypeError, AttributeError, ImportError):
        # Intact, yet of no use to this Python: made anew.
        return None


def remember(origin: Origin, prepared: Prepared) -> None:
    """Keep the record of a file that was read just now."""
    imports = _imports(origin.path)
    if imports is not None:
        write_entry(origin.identity, Entry(facts={"imports": imports}, code=_dumps(prepared)))


def _digest_of(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _imports(path: Path) -> dict[str, str] | None:
    """Files that a model imports, with their digests; None where they cannot be told."""
    from sigmapath.io.prescan import decoded, looks_like_xml

    text = decoded(path.read_bytes(), str(path))
    if looks_like_xml(text):
        return None if "externalModelDefinition" in text else {}
    from sigmapath.io.antimony_imports import imported_files

    folder = path.parent
    files = imported_files(text, str(path), path)
    return {os.path.relpath(file, folder): _digest_of(file) for file in files}


class _Pickler(pickle.Pickler):
    """Writes a number in the place of every expression."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.roots: dict[Expr, int] = {}

    def persistent_id(self, value: Any) -> int | None:
        return self.roots.setdefault(value, len(self.roots)) if type(value) is Expr else None

    def reducer_override(self, value: Any) -> Any:
        if type(value) is MappingProxyType:
            return dict, (dict(value),)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    """Puts the expressions back; makes records of this package and arrays, nothing else."""

    def __init__(self, file: io.BytesIO, roots: list[Expr]) -> None:
        super().__init__(file)
        self._roots = roots

    def persistent_load(self, place: Any) -> Expr:
        return self._roots[int(place)]

    def find_class(self, module: str, name: str) -> Any:
        is_ours = module.startswith("sigmapath.") and "." not in name
        is_array = module.split(".")[0] == "numpy" and name in _OF_ARRAYS
        if is_ours or is_array or (module, name) == ("builtins", "dict"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in the record of a model")


_OF_ARRAYS = frozenset({"ndarray", "dtype", "_reconstruct", "_frombuffer", "scalar"})


def _dumps(prepared: Prepared) -> bytes:
    body = io.BytesIO()
    pickler = _Pickler(body)
    pickler.dump(prepared)
    place: dict[Expr, int] = {}
    nodes: list[tuple[str, tuple[int, ...], float | str | None]] = []
    for node in postorder(pickler.roots):
        place[node] = len(nodes)
        nodes.append((node.op, tuple([place[a] for a in node.args]), node.value))
    return pickle.dumps((nodes, [place[r] for r in pickler.roots], body.getvalue()), protocol=5)


def _loads(content: bytes) -> Prepared:
    nodes, roots, body = _Unpickler(io.BytesIO(content), []).load()
    made: list[Expr] = []
    for op, arguments, value in nodes:
        if op == "num":
            made.append(number(value))
        elif op == "sym":
            made.append(symbol(value))
        else:
            made.append(apply(op, *[made[a] for a in arguments], name=value))
    prepared = _Unpickler(io.BytesIO(body), [made[r] for r in roots]).load()
    if not isinstance(prepared, Prepared):
        raise pickle.UnpicklingError("this is not the record of a model")
    return prepared
