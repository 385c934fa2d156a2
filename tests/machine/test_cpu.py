"""The CPU that machine code is made for: this one, or one that the environment names."""

from __future__ import annotations

import platform
import subprocess

import pytest

from sigmapath.errors import CodegenError
from sigmapath.machine.cpu import FEATURES_VARIABLE, NAME_VARIABLE, chosen_cpu, settle_numba
from sigmapath.machine.llvm import binding

x86 = pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"), reason="names of x86"
)


@pytest.fixture
def choose(tmp_path, monkeypatch):
    """Ask with the two variables set, from an empty cache."""
    monkeypatch.setenv("SIGMAPATH_CACHE_DIR", str(tmp_path))

    def ask(name=None, features=None):
        for variable, value in ((NAME_VARIABLE, name), (FEATURES_VARIABLE, features)):
            if value is None:
                monkeypatch.delenv(variable, raising=False)
            else:
                monkeypatch.setenv(variable, value)
        llvm = binding()
        return chosen_cpu(llvm, llvm.get_process_triple(), "any")

    return ask


def _here(*features):
    host = binding().get_host_cpu_features()
    return all(host.get(feature) for feature in features)


def test_unless_told_otherwise_it_is_this_machine(choose):
    llvm = binding()
    host = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    for cpu in (choose(), choose(name="")):
        assert (cpu.name, cpu.features) == host


# From the definitions of the levels in the x86-64 psABI and of the CPUs by their makers.
@x86
@pytest.mark.parametrize(
    ("name", "features"),
    [
        ("generic", set()),
        ("x86-64", set()),
        ("x86-64-v2", set()),
        ("sandybridge", set()),
        ("haswell", {"+avx2", "+fma"}),
        ("x86-64-v3", {"+avx2", "+fma"}),
        ("x86-64-v4", {"+avx2", "+fma", "+avx512f", "+avx512dq"}),
    ],
)
def test_a_name_stands_for_what_that_cpu_has(choose, name, features):
    if not _here(*(feature[1:] for feature in features)):
        pytest.skip("this machine cannot stand in for it")
    found = choose(name)
    assert found.name == name
    assert set(filter(None, found.features.split(","))) == features


@x86
@pytest.mark.skipif(not _here("avx2", "fma"), reason="nothing to leave out")
def test_features_are_added_and_left_out(choose):
    assert choose("x86-64", "+avx2").features == "+avx2"
    without = choose("haswell", "-fma").features.split(",")
    assert "+fma" not in without
    assert {"-fma", "+avx2"} <= set(without)
    # What AVX2 is built on goes, and AVX2 with it.
    assert choose("haswell", "-avx").features == "-avx"


@pytest.mark.parametrize(
    ("given", "where", "found"),
    [
        ({"name": "no-such-cpu"}, NAME_VARIABLE, "no-such-cpu"),
        ({"features": "+no-such-feature"}, FEATURES_VARIABLE, "+no-such-feature"),
        ({"features": "avx2"}, FEATURES_VARIABLE, "avx2"),
        ({"features": "+avx2,\n"}, FEATURES_VARIABLE, "\n"),
        # It has no 64 bits: LLVM ends the process that asks.
        pytest.param({"name": "i486"}, NAME_VARIABLE, "i486", marks=x86),
    ],
)
def test_what_llvm_does_not_know_is_refused_in_one_line(choose, given, where, found, capfd):
    with pytest.raises(CodegenError) as caught:
        choose(**given)
    error = caught.value
    assert error.where == where
    assert found in error.found
    assert error.fix
    assert "\n" not in str(error)
    assert capfd.readouterr().err == ""


@x86
@pytest.mark.parametrize("given", [{"name": "bdver4"}, {"features": "+fma4"}])
def test_what_this_machine_lacks_is_refused(choose, given):
    if _here("fma4"):
        pytest.skip("this machine has it")
    with pytest.raises(CodegenError, match="lacks fma4"):
        choose(**given)


@x86
def test_the_compiler_is_asked_once_and_what_it_said_is_kept(choose, monkeypatch):
    first = choose("x86-64", "+sse3")

    def run(*_given, **_options):
        raise AssertionError("asked again")

    monkeypatch.setattr(subprocess, "run", run)
    assert choose("x86-64", "+sse3") == first


@pytest.mark.parametrize(
    ("name", "set_by_user", "expected"),
    [(None, None, None), ("x86-64", None, ""), ("x86-64", "+sse3", "+sse3")],
)
def test_numba_adds_nothing_of_this_machine_to_a_name(monkeypatch, name, set_by_user, expected):
    from numba import config

    monkeypatch.setattr(config, "CPU_FEATURES", set_by_user)
    monkeypatch.delenv(NAME_VARIABLE, raising=False)
    if name:
        monkeypatch.setenv(NAME_VARIABLE, name)
    settle_numba()
    assert expected == config.CPU_FEATURES
