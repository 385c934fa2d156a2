"""The cache of compiled code: what is damaged, foreign or unsafe is never executed."""

from __future__ import annotations

import os
import stat
import sys
import tempfile

import numpy as np
import pytest
from calls import call, start
from hand_systems import three_reactions

from sigmapath.cache_folder import CacheWarning, cache_directory, private_folder
from sigmapath.codegen import compile as compiler
from sigmapath.codegen import numba_module
from sigmapath.codegen.compile import compile_model
from sigmapath.codegen.shared import make_shared
from sigmapath.machine import llvm as machine
from sigmapath.machine import store as cache
from sigmapath.machine.store import Entry, cache_report, read_entry, write_entry

posix = pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty cache, and no memory of earlier compilations."""
    if machine.host_target().has_fma:
        # Made once per machine, and nothing that these tests count.
        make_shared()
    place = tmp_path / "cache"
    monkeypatch.setenv("SIGMAPATH_CACHE_DIR", str(place))
    compiler._libraries.clear()
    return place


@pytest.fixture
def compilations(monkeypatch):
    """Texts that LLVM was given to compile."""
    texts = []
    compile_object = machine.compile_object

    def counted(text, tier):
        texts.append(text)
        return compile_object(text, tier)

    monkeypatch.setattr(machine, "compile_object", counted)
    return texts


def _compiled_anew():
    compiler._libraries.clear()
    written = three_reactions()
    kernels = compile_model(written)
    p, y = start(kernels, written)
    np.testing.assert_allclose(call(kernels, "rhs", y, p, 3)[1], -0.55, rtol=1e-12)
    return kernels


def test_second_process_compiles_nothing(folder, compilations):
    first, second = _compiled_anew(), _compiled_anew()
    assert len(compilations) == 1
    assert first.fingerprint == second.fingerprint
    assert first.n_p == second.n_p


def test_memory_is_used_before_the_disk(folder, compilations):
    written = three_reactions()
    first, second = compile_model(written), compile_model(written)
    assert first.addresses.tolist() == second.addresses.tolist()
    assert len(compilations) == 1


@pytest.mark.parametrize("place", [0, 20, 60, 200, -1])
def test_flipped_byte_is_rebuilt_and_replaced(folder, compilations, place):
    _compiled_anew()
    (path,) = (folder / "objects").glob("*.bin")
    intact = path.read_bytes()
    damaged = bytearray(intact)
    damaged[place] ^= 0x40
    path.write_bytes(damaged)
    assert read_entry(path.stem) is None
    _compiled_anew()
    assert len(compilations) == 2
    assert path.read_bytes() == intact


@pytest.mark.parametrize("content", [b"", b"sigmapath code 1\n", b"not ours at all" * 20])
def test_short_or_foreign_content_is_rebuilt(folder, compilations, content):
    _compiled_anew()
    (path,) = (folder / "objects").glob("*.bin")
    path.write_bytes(content)
    _compiled_anew()
    assert len(compilations) == 2


def test_entry_under_another_key_is_refused(folder):
    assert write_entry("a" * 64, Entry(facts={"n": 1}, code=b"code"))
    os.rename(folder / "objects" / f"{'a' * 64}.bin", folder / "objects" / f"{'b' * 64}.bin")
    assert read_entry("b" * 64) is None


def test_entry_comes_back_as_it_was(folder):
    entry = Entry(facts={"n_derived": 3, "names": ["rhs"]}, code=bytes(range(256)))
    assert write_entry("c" * 64, entry)
    assert read_entry("c" * 64) == entry


def test_intact_entry_that_cannot_be_linked_is_rebuilt(folder, compilations):
    kernels = _compiled_anew()
    facts = {"n_derived": 0, "names": ["rhs", "nonsense"]}
    other = read_entry(kernels.fingerprint)
    write_entry(kernels.fingerprint, Entry(facts=facts, code=other.code))
    _compiled_anew()
    assert len(compilations) == 2


@posix
@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
def test_folder_that_others_can_write_is_not_used(folder, compilations, mode):
    _compiled_anew()
    os.chmod(folder / "objects", mode)
    with pytest.warns(CacheWarning, match="others can write"):
        _compiled_anew()
    assert len(compilations) == 2
    report = cache_report()
    assert not report.readable
    assert "others can write" in report.problem


@posix
def test_folder_of_someone_else_is_not_used(folder, compilations, monkeypatch):
    _compiled_anew()
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(folder).st_uid + 1)
    with pytest.warns(CacheWarning, match="belongs to another user"):
        _compiled_anew()
    assert len(compilations) == 2


@posix
def test_folder_is_private(folder):
    _compiled_anew()
    for place in (folder, folder / "objects"):
        assert stat.S_IMODE(place.stat().st_mode) == 0o700


def test_disk_that_cannot_be_written_costs_time_only(folder, compilations, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    _compiled_anew()
    _compiled_anew()
    assert len(compilations) == 2
    report = cache_report()
    assert not report.writable
    assert "cannot be written" in report.problem


def test_disk_that_fills_up_while_writing_leaves_nothing(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "replace", full)
    _compiled_anew()
    assert list((folder / "objects").iterdir()) == []


def test_folder_that_cannot_be_made_costs_time_only(tmp_path, monkeypatch, compilations):
    file = tmp_path / "file"
    file.write_text("in the way")
    monkeypatch.setenv("SIGMAPATH_CACHE_DIR", str(file / "cache"))
    _compiled_anew()
    assert len(compilations) == 1
    assert "cannot be made" in cache_report().problem


def test_report_counts_entries(folder):
    assert cache_report().n_entry == 0
    _compiled_anew()
    report = cache_report()
    assert report.problem == ""
    assert report.readable
    assert report.writable
    assert report.n_entry == 1
    assert report.n_byte > 500
    assert report.directory == str(folder)


def test_old_entries_make_room(folder, monkeypatch):
    monkeypatch.setattr(cache, "_MOST_ENTRIES", 10)
    for k in range(15):
        assert write_entry(f"{k:064d}", Entry(facts={}, code=b"x"))
    assert cache_report().n_entry <= 10
    assert read_entry(f"{14:064d}") is not None


def test_the_largest_entries_stay(folder, monkeypatch):
    """The compiled solvers are older than the models that ran with them, and dearer than these."""
    monkeypatch.setattr(cache, "_MOST_ENTRIES", 200)
    assert write_entry("0" * 64, Entry(facts={}, code=b"x" * 10_000))
    for k in range(1, 500):
        assert write_entry(f"{k:064d}", Entry(facts={}, code=b"x"))
    assert cache_report().n_entry <= 200
    assert read_entry("0" * 64) is not None


def test_old_modules_make_room(folder, monkeypatch):
    monkeypatch.setattr(numba_module, "_MOST_MODULES", 3)
    place = private_folder("numba")
    for k in range(4):
        (place / f"old_{k}").mkdir()
        os.utime(place / f"old_{k}", (k, k))
    compile_model(three_reactions(), backend="numba")
    names = {path.name for path in place.iterdir()}
    assert {"old_0", "old_1"}.isdisjoint(names)
    assert {"old_2", "old_3"} <= names


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/c"}, "/c/sigmapath"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "/home/u/.cache/sigmapath"),
        ("linux", {}, "/home/u/.cache/sigmapath"),
        ("darwin", {}, "/home/u/Library/Caches/sigmapath"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/sigmapath/Cache"),
        ("linux", {"SIGMAPATH_CACHE_DIR": "/elsewhere"}, "/elsewhere"),
    ],
)
@posix
def test_directory_follows_the_platform(platform, environment, expected, monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "SIGMAPATH_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/u")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert str(cache_directory()) == expected


def test_numba_source_that_was_changed_is_written_anew(folder):
    written = three_reactions()
    compile_model(written, backend="numba")
    (path,) = folder.glob("numba/*/*.py")
    intact = path.read_text()
    path.write_text(intact.replace("kon * A * B", "kon * A * A"))
    compiler._libraries.clear()
    kernels = compile_model(written, backend="numba")
    p, y = start(kernels, written)
    np.testing.assert_allclose(call(kernels, "rhs", y, p, 3)[1], -0.55, rtol=1e-12)
    assert path.read_text() == intact


def test_damaged_numba_cache_is_rebuilt(folder):
    written = three_reactions()
    compile_model(written, backend="numba")
    for path in folder.glob("numba/*/__pycache__/*.nb?"):
        path.write_bytes(path.read_bytes()[:40])
    compiler._libraries.clear()
    kernels = compile_model(written, backend="numba")
    p, y = start(kernels, written)
    np.testing.assert_allclose(call(kernels, "rhs", y, p, 3)[1], -0.55, rtol=1e-12)


def test_numba_works_without_a_cache(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("in the way")
    monkeypatch.setenv("SIGMAPATH_CACHE_DIR", str(file / "cache"))
    compiler._libraries.clear()
    written = three_reactions()
    kernels = compile_model(written, backend="numba")
    p, y = start(kernels, written)
    np.testing.assert_allclose(call(kernels, "rhs", y, p, 3)[1], -0.55, rtol=1e-12)
