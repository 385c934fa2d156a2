"""Content hash of an OdeSystem: the same model gives the same text in every process.

Expressions are written as a numbered list of nodes, so shared subexpressions are written once and
the work is linear. Nothing depends on Python hashes or on the order of sets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from sigmapath.expr.nodes import Expr, postorder
from sigmapath.lower.system import OdeSystem

__all__ = ["fingerprint"]

_VERSION = "OdeSystem 1"


def _expressions(value: Any) -> Iterator[Expr]:
    if isinstance(value, Expr):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _expressions(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _expressions(item)
    elif hasattr(value, "__dataclass_fields__"):
        for field in fields(value):
            yield from _expressions(getattr(value, field.name))


def _lines(value: Any, place: Mapping[Expr, int]) -> Iterator[str]:
    """Canonical text of a field: strings by repr, so that no value can imitate the structure."""
    if isinstance(value, Expr):
        yield f"#{place[value]}"
    elif isinstance(value, np.ndarray):
        yield repr(value.tolist())
    elif isinstance(value, tuple):
        yield f"({len(value)}"
        for item in value:
            yield from _lines(item, place)
    elif isinstance(value, Mapping):
        yield f"{{{len(value)}"
        for key, item in value.items():
            yield repr(key)
            yield from _lines(item, place)
    elif hasattr(value, "__dataclass_fields__"):
        yield type(value).__name__
        for field in fields(value):
            yield from _lines(getattr(value, field.name), place)
    else:
        yield repr(value)


def _nodes(roots: Iterable[Expr], place: dict[Expr, int]) -> Iterator[str]:
    for node in postorder(roots):
        place[node] = len(place)
        yield f"{node.op} {node.value!r} {[place[argument] for argument in node.args]}"


def fingerprint(system: OdeSystem) -> str:
    """Hexadecimal SHA-256 of all fields but ``where`` and ``fingerprint`` itself.

    The file a model came from does not change what it computes.
    """
    digest = hashlib.sha256(_VERSION.encode())
    place: dict[Expr, int] = {}
    kept = [f.name for f in fields(system) if f.name not in ("where", "fingerprint")]
    roots = [root for name in kept for root in _expressions(getattr(system, name))]
    for line in _nodes(roots, place):
        digest.update(line.encode() + b"\n")
    for name in kept:
        digest.update(f"{name}\n".encode())
        for line in _lines(getattr(system, name), place):
            digest.update(line.encode() + b"\n")
    return digest.hexdigest()
