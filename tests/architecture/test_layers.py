"""The layer table of the package, enforced: imports point downwards only and no cycle exists."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "sigmapath"

# package or root module -> what it may import besides itself. Layer by layer, lowest first.
ROOT = {
    "errors",
    "status",
    "kernels",
    "opcodes",
    "names",
    "optional",
    "quantity",
    "cache_folder",
    "version",
    "record",
}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "record": set(),
    "status": set(),
    "kernels": {"record"},
    "opcodes": set(),
    "cache_folder": set(),
    "version": set(),
    "names": {"errors", "record"},
    "optional": {"errors"},
    "quantity": {"errors", "record"},
    "expr": ROOT,
    # Turns LLVM IR into code and keeps it; knows neither models nor solvers.
    "machine": {"errors", "cache_folder", "record"},
    "solvers": ROOT | {"machine"},
    "results": ROOT,
    "experiment": ROOT | {"expr"},
    "model": ROOT | {"expr"},
    "pathways": ROOT | {"expr", "experiment"},
    "io": ROOT | {"expr", "model"},
    "lower": ROOT | {"expr", "model"},
    "codegen": ROOT | {"expr", "lower", "machine"},
    # io: an experiment that is baked into a model is written with the model's own records.
    "simulate": ROOT
    | {"expr", "model", "io", "solvers", "experiment", "results", "lower", "codegen", "machine"},
    # expr, lower: which reactions account for a difference is read off the mathematics.
    "analysis": ROOT | {"expr", "lower", "simulate", "experiment", "results", "pathways"},
    # assays: virtual experiments on a prepared model, or on one with a dye or a clamp written into
    # it; evidence: claims run as experiments.
    "assays": ROOT | {"expr", "model", "simulate", "experiment", "results", "pathways", "analysis"},
    # calibration: what was fitted to what; evidence does not count its targets as tests.
    "calibration": ROOT | {"io", "simulate", "experiment", "pathways"},
    "evidence": ROOT
    | {"simulate", "experiment", "results", "pathways", "analysis", "assays", "calibration"},
    "plot": ROOT | {"results", "analysis"},
    # docs: pages made from the model files and the verdicts about them.
    "docs": ROOT
    | {
        "expr",
        "model",
        "io",
        "experiment",
        "pathways",
        "results",
        "calibration",
        "evidence",
        "plot",
    },
}
# The top layer may import anything.
TOP = {"api", "description", "cli", "conformance", "__init__", "__main__"}


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def unit_of(path: Path) -> str:
    """The row of the table a file belongs to."""
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def imported_units(path: Path) -> set[str]:
    """Rows of the table that a file imports from, wherever in the file it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import in line {node.lineno}"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "sigmapath" and len(parts) > 1:
                found.add(parts[1])
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_point_downwards(path: Path) -> None:
    unit = unit_of(path)
    if unit in TOP:
        return
    assert unit in MAY_IMPORT, f"{unit} is not in the layer table"
    upwards = imported_units(path) - MAY_IMPORT[unit] - {unit}
    assert not upwards, f"{path.relative_to(SOURCE)} imports {sorted(upwards)}"


def test_the_table_itself_has_no_cycle() -> None:
    order: list[str] = []
    while len(order) < len(MAY_IMPORT):
        ready = [
            unit
            for unit, below in MAY_IMPORT.items()
            if unit not in order and below - {unit} <= set(order)
        ]
        assert ready, f"cycle among {sorted(set(MAY_IMPORT) - set(order))}"
        order += ready


def top_level_imports(path: Path) -> set[str]:
    """Modules of sigmapath imported when the file itself is imported."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sigmapath."):
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_no_module_takes_part_in_an_import_cycle() -> None:
    name_of = {
        ".".join(("sigmapath", *p.relative_to(SOURCE).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): p
        for p in modules()
    }
    edges = {name: top_level_imports(path) & set(name_of) for name, path in name_of.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " > ".join((*trail, name))
        if name in done:
            return
        for target in sorted(edges[name] - {name}):
            visit(target, (*trail, name))
        done.add(name)

    for name in sorted(edges):
        visit(name, ())


def test_test_files_have_names_of_their_own() -> None:
    # Without packages in tests/, two files of one name cannot both be collected.
    names = [path.name for path in (SOURCE.parents[1] / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
