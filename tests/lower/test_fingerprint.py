"""The content hash: stable across processes, changed by every change, linear on shared graphs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from tests.models import enzyme, growing, parameters, reaction, with_rules

from sigmapath.expr.nodes import apply, symbol
from sigmapath.lower.fingerprint import fingerprint
from sigmapath.lower.pipeline import lower
from sigmapath.model.components import KineticLaw

ROOT = Path(__file__).parents[2]
SCRIPT = """
from tests.models import enzyme, growing, with_rules
from sigmapath.lower.pipeline import lower
print(lower(enzyme()).fingerprint, lower(growing()).fingerprint, lower(with_rules()).fingerprint)
"""


def in_another_process(seed: str) -> list[str]:
    environment = os.environ | {
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_processes_agree():
    here = [lower(model).fingerprint for model in (enzyme(), growing(), with_rules())]
    assert in_another_process("1") == in_another_process("77") == here


def test_every_change_shows_and_the_file_name_does_not():
    network = enzyme()
    changed = [
        network,
        replace(network, parameters=parameters(k1=0.5, km1=0.1, k2=0.30000000000000004)),
        replace(network, id="enzyme2"),
        replace(network, reactions=network.reactions[::-1]),
        replace(network, species=network.species[::-1]),
        replace(network, reactions=(*network.reactions, reaction("x", "S -> P", "k1"))),
    ]
    assert len({lower(item).fingerprint for item in changed}) == len(changed)
    assert lower(replace(network, where="a.xml")).fingerprint == lower(network).fingerprint


def test_it_is_recomputed_from_the_content():
    system = lower(enzyme())
    assert fingerprint(system) == system.fingerprint
    assert fingerprint(replace(system, time_unit="h")) != system.fingerprint


def test_shared_graphs_are_written_once():
    law = symbol("S")
    for _ in range(200):
        law = apply("mul", apply("add", law, law), law)
    network = enzyme()
    deep = replace(network.reactions[1], kinetic_law=KineticLaw(math=law))
    begin = time.perf_counter()
    lower(replace(network, reactions=(deep,)))
    assert time.perf_counter() - begin < 5.0
