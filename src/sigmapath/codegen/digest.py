"""Content hashes of expressions and of code generation itself.

Enters: values. Leaves: hexadecimal text that is the same in every process. Called by
:mod:`sigmapath.codegen.compile`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from sigmapath.expr.nodes import Expr, postorder
from sigmapath.machine.digest import source_digest

__all__ = ["expressions_digest", "generator_digest"]


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


def generator_digest() -> str:
    """Hash of the source that makes model code: other code generation, other code."""
    here = Path(__file__).parent
    return source_digest(here, here.parent / "machine")
