"""All pages of the systems, made from the packaged models.

Enters: a folder and verdicts. Leaves: ``index.html``, a page and a picture per system; the same
bytes every time. Called by ``sigmapath docs``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from pathlib import Path

from sigmapath.calibration.specs import Calibration, calibration_names, find_calibration
from sigmapath.docs.excerpt import excerpt
from sigmapath.docs.influences import diagram
from sigmapath.docs.page import html_page, html_table, wrapped
from sigmapath.docs.scheme import scheme_svg
from sigmapath.docs.systems import System, read_systems
from sigmapath.docs.verdicts import Verdict
from sigmapath.evidence.claims import Claim, claims_folder, read_claims
from sigmapath.io.load import load_network
from sigmapath.model.network import ReactionNetwork
from sigmapath.pathways.registry import (
    model_conditions,
    model_descriptions,
    model_names,
    model_path,
    models_folder,
)
from sigmapath.results.storage import check_writable, write_text
from sigmapath.version import __version__

__all__ = ["packaged_systems", "write_site"]

_SUFFIXES = (".html", ".svg")


def packaged_systems() -> dict[str, System]:
    """Systems of the packaged models, in the order of the index page."""
    claims = read_claims(claims_folder() / "claims.toml")
    return read_systems(models_folder() / "systems.toml", models=model_names(), claims=claims)


def write_site(
    folder: Path,
    verdicts: Mapping[str, Verdict],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write the index and a page and a picture per system into an existing folder.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    systems = packaged_systems()
    claims = read_claims(claims_folder() / "claims.toml")
    pages = [folder / "index.html"]
    pages += [folder / f"{name}{suffix}" for name in systems for suffix in (".svg", ".html")]
    for path in pages:
        check_writable(path, suffixes=_SUFFIXES)
    footer = f"Made by sigmapath {__version__} from the model files; not kept by hand."
    network = cache(_network)
    for done, system in enumerate(systems.values(), 1):
        part = excerpt(network(system.model), system)
        write_text(folder / f"{system.id}.svg", scheme_svg(diagram(part)))
        page = html_page(
            system,
            part,
            claims=claims,
            verdicts=verdicts,
            conditions=model_conditions(),
            footer=footer,
        )
        write_text(folder / f"{system.id}.html", page)
        if progress is not None:
            progress(done, len(systems))
    write_text(folder / "index.html", _index(systems, claims, verdicts, footer))
    return pages


def _network(name: str) -> ReactionNetwork:
    return load_network(model_path(name))


def _index(
    systems: Mapping[str, System],
    claims: Mapping[str, Claim],
    verdicts: Mapping[str, Verdict],
    footer: str,
) -> str:
    kinds = ["holds", "by construction", "context only", "fails", "not testable"]
    rows = []
    for system in systems.values():
        counts = Counter(verdicts[name].verdict for name in system.claims if name in verdicts)
        cells = "".join(f"<td>{counts[kind] or ''}</td>" for kind in kinds)
        rows.append(
            f"<tr><td><a href='{system.id}.html'>{escape(system.title)}</a></td>"
            f"<td>{escape(system.model)}</td><td>{len(system.claims)}</td>{cells}</tr>"
        )
    head = "".join(f"<th>{cell}</th>" for cell in ("system", "model", "claims", *kinds))
    counted = Counter(verdict.verdict for verdict in verdicts.values())
    said = ", ".join(f"{counted[kind]} {kind}" for kind in kinds if counted[kind])
    sections = [
        "<h1>The systems of the sigma-1 receptor</h1>",
        f"<p>{len(systems)} systems, {len(claims)} claims"
        + (f": {escape(said)}" if said else "")
        + ".</p>",
        f"<table><tr>{head}</tr>\n" + "\n".join(rows) + "</table>",
        "<h2>Calibrations</h2>",
        "<p>What is fitted, to what. Claims that a fit uses hold by construction and are no tests. "
        "<code>python -m sigmapath.calibration NAME</code> repeats a fit.</p>",
        html_table(
            ["calibration", "what", "figures", "free constants", "claims used as targets"],
            [_calibration_row(find_calibration(name)) for name in calibration_names()],
        ),
        "<h2>Published models kept for validation</h2>",
        html_table(["model", "what it is"], list(model_descriptions(validation=True).items())),
    ]
    return wrapped("The systems of the sigma-1 receptor", sections, footer)


def _calibration_row(entry: Calibration) -> list[str]:
    figures = dict.fromkeys(t.figure.partition(",")[0] for t in entry.targets if t.figure)
    return [
        entry.name,
        f"{entry.title} ({len(entry.targets)} targets)",
        ", ".join(figures) or "none",
        ", ".join(entry.free),
        ", ".join(entry.claims),
    ]
