"""Compiled code on disk: content-addressed, private to its owner, checked before use.

Enters: a key and the bytes that belong to it. Leaves: the same bytes in a later process, or nothing
where they are absent, damaged, foreign or unsafe. Called by
whatever compiles.

Cached code is code. So the directory must belong to this user and be writable by nobody else;
otherwise it is not used at all, with a :class:`CacheWarning`. An entry carries the SHA-256 of its
key and content; an entry that does not match is never loaded, but built anew and replaced. A cache
that cannot be written (read-only, full) costs time and nothing else; :func:`cache_report` says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sigmapath.cache_folder import cache_directory, make_room, private_folder
from sigmapath.record import record

__all__ = ["CacheReport", "Entry", "cache_report", "read_entry", "write_entry", "write_file"]

_MAGIC = b"sigmapath code 1\n"
_DIGEST = hashlib.sha256().digest_size
_MOST_ENTRIES = 4000
_LENGTH = struct.Struct("<I")


@record
class Entry:
    """What is kept under one key: facts (JSON) and code."""

    facts: Mapping[str, Any]
    code: bytes


@record
class CacheReport:
    """State of the cache of compiled code.

    Parameters
    ----------
    directory : str
        Where it is, "" if the platform names no place.
    readable, writable : bool
        Whether code is taken from there and kept there.
    problem : str
        Why not, "" if all is well.
    n_entry, n_byte : int
        What is there now.
    """

    directory: str
    readable: bool
    writable: bool
    problem: str
    n_entry: int
    n_byte: int


def _digest(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\n" + content).digest()


def read_entry(key: str) -> Entry | None:
    """Return what is kept under ``key``, None where there is nothing that can be trusted."""
    folder = private_folder("objects")
    if folder is None:
        return None
    try:
        content = (folder / f"{key}.bin").read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + _DIGEST
    body = content[head:]
    if content[:head] != _MAGIC + _digest(key, body) or len(body) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack_from(body)
    facts = json.loads(body[_LENGTH.size : _LENGTH.size + length])
    return Entry(facts=facts, code=body[_LENGTH.size + length :])


def write_entry(key: str, entry: Entry) -> bool:
    """Keep an entry under ``key``; return whether that worked."""
    folder = private_folder("objects")
    if folder is None:
        return False
    facts = json.dumps(dict(entry.facts), sort_keys=True).encode()
    body = _LENGTH.pack(len(facts)) + facts + entry.code
    make_room(folder, _MOST_ENTRIES)
    return write_file(folder / f"{key}.bin", _MAGIC + _digest(key, body) + body)


def write_file(path: Path, content: bytes) -> bool:
    """Write a file in one step, so that no reader ever sees half of it; whether that worked."""
    import tempfile

    name = ""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except OSError:
        if name:
            with contextlib.suppress(OSError):
                os.unlink(name)
        return False
    return True


def cache_report() -> CacheReport:
    """Say where compiled code is cached, whether that works, and how much is there."""
    directory = cache_directory()
    if directory is None:
        return CacheReport(
            directory="",
            readable=False,
            writable=False,
            problem="there is no home directory; set SIGMAPATH_CACHE_DIR",
            n_entry=0,
            n_byte=0,
        )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        folder = private_folder("objects")
    problem = str(caught[0].message) if caught else ""
    if folder is None:
        problem = problem or f"{directory} does not exist and cannot be made"
        sizes: list[int] = []
        writable = False
    else:
        writable = _can_write(folder)
        problem = "" if writable else f"{folder} cannot be written (read-only or full)"
        sizes = [path.stat().st_size for path in folder.glob("*.bin")]
    return CacheReport(
        directory=str(directory),
        readable=folder is not None,
        writable=writable,
        problem=problem,
        n_entry=len(sizes),
        n_byte=sum(sizes),
    )


def _can_write(folder: Path) -> bool:
    probe = folder / ".probe"
    written = write_file(probe, b"x" * 4096)
    with contextlib.suppress(OSError):
        probe.unlink()
    return written
