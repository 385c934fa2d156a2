"""The generated text of a three-reaction model, as a reviewer reads it.

After a wanted change: SIGMAPATH_REGENERATE=1 pytest tests/codegen/test_golden.py, then read the
difference.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hand_systems import three_reactions

from sigmapath.codegen.assemble import assemble
from sigmapath.codegen.compile import source_text

FOLDER = Path(__file__).parents[1] / "golden"


def _normalised(text):
    """Without hashes, which change with versions and machines."""
    text = re.sub(r"\b[0-9a-f]{64}\b", "HASH", text)
    return re.sub(r"@m[0-9a-f]{16}_", "@model_", text)


def _texts():
    system = three_reactions()
    return {
        "three_reactions_block.txt": "\n\n".join(map(str, assemble(system).functions)) + "\n",
        "three_reactions_numba.txt": source_text(system, "numba"),
        "three_reactions_llvm.txt": source_text(system, "llvm").replace("double*", "ptr"),
    }


@pytest.mark.parametrize("name", sorted(_texts()))
def test_generated_text_is_as_reviewed(name):
    text, path = _normalised(_texts()[name]), FOLDER / name
    if os.environ.get("SIGMAPATH_REGENERATE"):
        path.write_text(text, encoding="ascii")
    assert text == path.read_text(encoding="ascii")
