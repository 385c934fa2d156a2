"""Content hashes of expressions, of code generation itself, and of what code rests on.

Enters: values. Leaves: hexadecimal text that is the same in every process. Called by
:mod:`sigmapath.codegen.compile`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sigmapath.expr.nodes import Expr, postorder

__all__ = ["expressions_digest", "generator_digest", "key"]


def key(*parts: object) -> str:
    """Hash of the parts, each set off by its length."""
    digest = hashlib.sha256()
    for part in parts:
        text = str(part).encode()
        digest.update(b"%d:" % len(text) + text)
    return digest.hexdigest()


def expressions_digest(expressions: Sequence[Expr]) -> str:
    """Hash of expressions; linear in their distinct nodes, however often those are shared."""
    digest = hashlib.sha256()
    position: dict[Expr, int] = {}
    for node in postorder(expressions):
        position[node] = len(position)
        arguments = ",".join(str(position[a]) for a in node.args)
        digest.update(f"{node.op}({arguments}){node.value!r}\n".encode())
    digest.update(",".join(str(position[e]) for e in expressions).encode())
    return digest.hexdigest()


@cache
def generator_digest() -> str:
    """Hash of the source of this package: other code generation, other code."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    return key(*(path.name + "\n" + path.read_text(encoding="utf-8") for path in sources))
