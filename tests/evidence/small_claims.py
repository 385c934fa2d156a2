"""A model with two species and claims about it, for tests of the engine."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sigmapath import from_antimony

MODEL = """
model small()
  compartment c = 1; species A in c, B in c; A = 10; B = 0; k = 1; push = 1; grow = 0;
  A -> B; c*k*push*A; B -> ; c*0*B; -> A; c*grow;
end
"""
# A = 10 exp(-k t) and B = 10 - A, from which every expected number below follows.
CLAIMS = """
[[claims]]
id = "A-01"
module = "A"
statement = "A decays to a tenth in ln 10."
tier = "core"
readout = "A"
expected = { op = "value", value = 1.0, tol = 0.001 }
seeds = ["000"]

[[claims]]
id = "A-02"
module = "A"
statement = "Twice the rate leaves less."
tier = "inferred"
readout = "A"
expected = { op = "ratio_le", value = 0.2 }
seeds = []

[[claims]]
id = "A-03"
module = "A"
statement = "Something else."
tier = "context"
readout = "A"
expected = { op = "conserved", tol_rel = 1e-6 }
seeds = []
"""
EXPERIMENTS = """
[A-01]
requires = ["push"]
model = "small"
until = 2.302585093
runs.plain = { rest = false }
checks = [{ of = "final(A)", run = "plain" }]

[A-02]
requires = ["push"]
model = "small"
until = 2.302585093
runs.plain = { rest = false }
runs.fast = { rest = false, parameters = { k = 2 } }
checks = [{ of = "final(A)", run = "fast", vs = "plain" }]
controls = [{ of = "half_time(B)", run = "plain", op = "value", value = 0.59784, tol = 0.001 }]

[A-03]
requires = []
model = "small"
until = 1
runs.plain = { rest = false }
checks = [{ of = "A + B", run = "plain" }]
"""
LINKS = '[push]\ndescription = "the step"\nset = { push = 0 }\n'


def write_folder(
    folder: Path, *, experiments: str = EXPERIMENTS, claims: str = CLAIMS, links: str = LINKS
) -> Path:
    """Write a folder of claims."""
    for name, text in (
        ("claims.toml", claims),
        ("a.toml", experiments),
        ("links.toml", links),
        ("assays.toml", "blot = 0.1\n"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@cache
def engine_of(name: str) -> object:
    """Return the engine of the small model."""
    assert name == "small"
    return from_antimony(MODEL)._engine
