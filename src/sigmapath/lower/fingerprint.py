"""Content hash of an OdeSystem: the same model gives the same text in every process.

Expressions are written as a numbered list of nodes, so shared subexpressions are written once and
the work is linear. Nothing depends on Python hashes or on the order of sets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from sigmapath.expr.nodes import Expr, postorder
from sigmapath.lower.system import OdeSystem

__all__ = ["fingerprint"]

_VERSION = "OdeSystem 1"


def _write(value: Any, lines: list[str | Expr]) -> None:
    """Append the canonical text of a field, with expressions as they are.

    Strings by repr, so that no value can imitate the structure.
    """
    if isinstance(value, Expr):
        lines.append(value)
    elif isinstance(value, tuple):
        lines.append(f"({len(value)}")
        for item in value:
            _write(item, lines)
    elif isinstance(value, str | int | float) or value is None:
        lines.append(repr(value))
    elif isinstance(value, np.ndarray):
        lines.append(repr(value.tolist()))
    elif hasattr(value, "__dataclass_fields__"):
        lines.append(type(value).__name__)
        for name in value.__dataclass_fields__:
            _write(getattr(value, name), lines)
    elif isinstance(value, Mapping):
        lines.append(f"{{{len(value)}")
        for key, item in value.items():
            lines.append(repr(key))
            _write(item, lines)
    else:
        lines.append(repr(value))


def fingerprint(system: OdeSystem) -> str:
    """Hexadecimal SHA-256 of all fields but ``where`` and ``fingerprint`` itself.

    The file a model came from does not change what it computes.
    """
    lines: list[str | Expr] = []
    for name in [field.name for field in fields(system)]:
        if name not in ("where", "fingerprint"):
            lines.append(name)
            _write(getattr(system, name), lines)
    place: dict[Expr, int] = {}
    nodes: list[str] = []
    for node in postorder([line for line in lines if isinstance(line, Expr)]):
        place[node] = len(place)
        nodes.append(f"{node.op} {node.value!r} {[place[argument] for argument in node.args]}")
    texts = [f"#{place[line]}" if isinstance(line, Expr) else line for line in lines]
    digest = hashlib.sha256(_VERSION.encode())
    for part in (nodes, texts):
        digest.update("".join([f"{line}\n" for line in part]).encode())
    return digest.hexdigest()
