"""Keys of cached code follow the content of source files, never their time."""

from __future__ import annotations

import os

from sigmapath.machine.digest import key, source_digest


def test_a_change_in_any_file_is_seen_although_size_and_time_stay(tmp_path):
    for name, text in (("a.py", "x = 1\n"), ("b.py", "y = 1\n")):
        (tmp_path / name).write_text(text)
        os.utime(tmp_path / name, (0, 0))
    before = source_digest(tmp_path)
    (tmp_path / "b.py").write_text("y = 2\n")
    os.utime(tmp_path / "b.py", (0, 0))
    source_digest.cache_clear()
    assert source_digest(tmp_path) != before


def test_the_place_of_a_package_does_not_matter(tmp_path):
    for folder in ("one", "two"):
        (tmp_path / folder / "inner").mkdir(parents=True)
        (tmp_path / folder / "inner" / "a.py").write_text("x = 1\n")
    assert source_digest(tmp_path / "one") == source_digest(tmp_path / "two")


def test_parts_of_a_key_do_not_run_into_each_other():
    assert key("ab", "c") != key("a", "bc")
