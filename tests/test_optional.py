from __future__ import annotations

import json
import sys

import pytest

from sigmapath.errors import MissingExtraError
from sigmapath.optional import require


def test_an_installed_library_is_returned():
    assert require("json", "any") is json


def test_a_missing_library_names_its_extra():
    with pytest.raises(MissingExtraError) as caught:
        require("surely_not_installed.part", "zarr")
    assert caught.value.library == "surely_not_installed"
    assert 'pip install "sigmapath[zarr]"' in str(caught.value)


def test_an_error_inside_a_library_is_not_hidden(tmp_path, monkeypatch):
    (tmp_path / "broken_library.py").write_text("import surely_not_installed\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="surely_not_installed"):
        require("broken_library", "zarr")
    sys.modules.pop("broken_library", None)
