"""Keys of cached code: hashes of everything the code rests on.

Enters: values, folders of source. Leaves: hexadecimal text that is the same in every process.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
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
        for name in sorted(_sources(str(folder), "")):
            with open(f"{folder}/{name}", "rb", buffering=0) as file:
                text = file.read()
            digest.update(f"{name}:{len(text)}:".encode() + text)
    return digest.hexdigest()


def _sources(folder: str, prefix: str) -> Iterator[str]:
    """Python files below a folder, each as "folder/name.py" whatever the platform.

    This runs at every start: pathlib would take three times as long.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                yield prefix + entry.name
            elif entry.is_dir():
                yield from _sources(entry.path, f"{prefix}{entry.name}/")
