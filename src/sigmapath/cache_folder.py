"""Where compiled code is kept between processes: one private folder per user.

Enters: the environment. Leaves: folders that only their owner can write to. Called by the code
generator and by the solvers, which keep machine code there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import warnings
from pathlib import Path

__all__ = ["CacheWarning", "cache_directory", "make_room", "private_folder"]

# Files that are never dropped for room: the largest so many.
_KEPT = 32


class CacheWarning(UserWarning):
    """The cache directory is not safe to take code from, so it is not used."""


def cache_directory() -> Path | None:
    """Directory of the cache: ``SIGMAPATH_CACHE_DIR``, or the platform's place for caches.

    None if the platform names none (no home directory). It need not exist.
    """
    chosen = os.environ.get("SIGMAPATH_CACHE_DIR")
    if chosen:
        return Path(chosen).absolute()
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else home / "AppData" / "Local") / "sigmapath" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "sigmapath"
    # Relative values are to be ignored, says the XDG base directory specification.
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else home / ".cache") / "sigmapath"


def private_folder(name: str) -> Path | None:
    """Folder ``name`` of the cache, made if need be; None where it is absent or unsafe.

    Warns
    -----
    CacheWarning
        If the directory belongs to someone else or others may write to it.
    """
    directory = cache_directory()
    if directory is None:
        return None
    folder = directory / name
    for place in (directory, folder):
        with contextlib.suppress(OSError):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        problem = _unsafe(place)
        if problem:
            message = f"{problem}; compiled code is not cached. Set SIGMAPATH_CACHE_DIR to a folder"
            warnings.warn(CacheWarning(f"{message} that only you can write to"), stacklevel=2)
            return None
    return folder if folder.is_dir() else None


def _unsafe(place: Path) -> str:
    """Why code in this folder cannot be trusted, "" if it can or if the folder is not there."""
    if sys.platform == "win32":
        # Profile folders are private through access lists, which st_mode does not show.
        return ""
    try:
        status = os.stat(place)
    except OSError:
        return ""
    if status.st_uid != os.geteuid():
        return f"the cache folder {place} belongs to another user"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others can write to the cache folder {place}"
    return ""


def make_room(folder: Path, most: int) -> None:
    """Drop the older half of what is in ``folder`` where that is ``most`` things or more.

    The largest files stay: they take longest to make again, and the compiled solvers, which every
    model needs, are among them. Code that is loaded needs its file no more, so nothing that runs
    is disturbed.
    """
    with contextlib.suppress(OSError):
        # Asked at every write: names are enough where there is room.
        names = [name for name in os.listdir(folder) if not name.startswith(".")]
        if len(names) < most:
            return
        things = [folder / name for name in names]
        if len(things) > 4 * _KEPT:
            things.sort(key=lambda path: path.stat().st_size)
            del things[-_KEPT:]
        things.sort(key=lambda path: path.stat().st_mtime)
        for path in things[: len(things) // 2]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
