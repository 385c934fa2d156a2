"""Keys of cached code: hashes of everything the code rests on.

Enters: values, folders of source. Leaves: hexadecimal text that is the same in every process.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

__all__ = ["key", "source_digest"]


def key(*parts: object) -> str:
    """Hash of the parts, each set off by its length."""
    digest = hashlib.sha256()
    for part in parts:
        text = str(part).encode()
        digest.update(b"%d:" % len(text) + text)
    return digest.hexdigest()


@cache
def source_digest(*folders: Path) -> str:
    """Hash of the text of every Python file below some folders.

    By content, never by time or size: reproducible installations give all files one time.
    """
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            text = path.read_bytes()
            head = f"{path.relative_to(folder).as_posix()}:{len(text)}:"
            digest.update(head.encode() + text)
    return digest.hexdigest()
