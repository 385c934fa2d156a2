"""Values are records: what dataclasses compile at import would delay every command."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "sigmapath"


def test_nothing_frozen_is_a_plain_dataclass():
    found = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for path in sorted(SOURCE.rglob("*.py"))
        if path.name != "record.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("dataclass")
        and any(word.arg == "frozen" for word in node.keywords)
    ]
    assert not found, f"use @record of sigmapath.record: {found}"
