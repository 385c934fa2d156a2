"""The page of one system as HTML.

Enters: a system, its excerpt of the model, claims and verdicts. Leaves: HTML text that stands
alone beside its picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

from sigmapath.docs.excerpt import Excerpt
from sigmapath.docs.start import start_values
from sigmapath.docs.systems import System
from sigmapath.docs.verdicts import Verdict
from sigmapath.evidence.claims import Claim
from sigmapath.experiment.condition import Condition
from sigmapath.expr.render import render
from sigmapath.model.components import Reaction
from sigmapath.model.describe import ParameterRecord, parameters_table, species_table
from sigmapath.model.evidence import GRADES, parse_evidence
from sigmapath.model.scheme import write_scheme

__all__ = ["STYLE", "html_page", "html_table", "parameter_rows"]

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
  color: #222; background: #fff } img { max-width: 100%; height: auto }
table { border-collapse: collapse; margin: .5rem 0 1rem } th { background: #f3f3f3 }
td, th { padding: .15rem .6rem; text-align: left; border-bottom: 1px solid #ddd;
  vertical-align: top } td { overflow-wrap: break-word }
td:first-child { min-width: 4.2em }
pre { background: #f7f7f7; padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere;
  font-size: 13px } small { color: #555 }
.holds { color: #00664b } .fails { color: #a33c00 } .other { color: #555 }
"""
_CLASSES = {"holds": "holds", "by construction": "holds", "fails": "fails"}


def html_page(
    system: System,
    part: Excerpt,
    *,
    claims: Mapping[str, Claim],
    verdicts: Mapping[str, Verdict],
    conditions: Mapping[str, Condition],
    footer: str,
) -> str:
    """Return the page of a system."""
    sections = [
        f"<p><a href='index.html'>All systems</a></p><h1>{escape(system.title)}</h1>",
        f"<p>{escape(system.about)}</p>",
        *_scheme(system, part),
        *_equations(part),
        *_tables(part),
        *_claims(system, claims, verdicts),
        *_assumed(part),
        *_conditions(system, part, conditions),
    ]
    return wrapped(system.title, sections, footer)


def wrapped(title: str, sections: Sequence[str], footer: str) -> str:
    """A whole HTML document around sections."""
    return "\n".join(
        [
            "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
            *sections,
            f"<p><small>{escape(footer)}</small></p></body></html>\n",
        ]
    )


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table; cells are escaped."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{head}</tr>\n{body}</table>"


def _scheme(system: System, part: Excerpt) -> list[str]:
    left_out = "; ".join(part.same)
    notes = (
        "Blue: species. Green: a level, gate, current or other quantity. Dashed: read from "
        "elsewhere in the model. Orange: set by the experiment. A dot is a step that several take "
        "part in or that others act on. Turnover that nothing acts on is not drawn."
    )
    return [
        f"<h2>Scheme</h2><p><img src='{system.id}.svg' alt='Scheme of {escape(system.title)}'></p>",
        f"<p><small>{escape(notes)}"
        + (f" Left out: {escape(left_out)}." if left_out else "")
        + "</small></p>",
    ]


def _equations(part: Excerpt) -> list[str]:
    blocks = {
        "Reactions (rate: amount per time)": [
            f"{r.id}: {_scheme_text(r)}; "
            + ("no kinetic law" if r.kinetic_law is None else render(r.kinetic_law.math))
            for r in part.reactions
        ],
        "Rates of change": [f"d {r.variable}/dt = {render(r.math)}" for r in part.rate_rules],
        "Quantities": [f"{r.variable} = {render(r.math)}" for r in part.assignment_rules],
        "Used above": [f"{r.variable} = {render(r.math)}" for r in part.definitions],
    }
    found = ["<h2>Equations</h2>"]
    for title, lines in blocks.items():
        if lines:
            found.append(f"<h3>{title}</h3><pre>{escape(chr(10).join(lines))}</pre>")
    return found


def _scheme_text(reaction: Reaction) -> str:
    """Antimony's "->" reads as reversible; what comes from or goes to nothing does not go back."""
    both = reaction.reactants and reaction.products
    return write_scheme(reaction if both else replace(reaction, reversible=False))


def parameter_rows(part: Excerpt) -> list[ParameterRecord]:
    """Constants on the page, those of rules left out: their formulas are among the equations."""
    table = parameters_table(part.network)
    return [table[name] for name in part.parameters if not table[name].role.endswith("rule")]


def _tables(part: Excerpt) -> list[str]:
    values = start_values(part.network)
    species = species_table(part.network)
    rows = [
        [s.id, _number(values.get(s.id)), s.unit, s.meaning, s.compartment]
        for s in (species[name] for name in part.species)
    ]
    listed = parameters_table(part.network)
    rows += [
        [v.id, _number(values.get(v.id)), v.unit, v.meaning, ""]
        for v in (listed[name] for name in part.parameters)
        if v.role.endswith("rule")
    ]
    constants = [
        [
            p.id,
            _number(values.get(p.id)),
            p.unit,
            p.meaning + (f"; {p.formula.removeprefix('start ')}" if p.formula else ""),
            p.source,
            p.grade.replace("_", " "),
            "" if p.low is None or p.high is None else f"{p.low:g} to {p.high:g}",
        ]
        for p in parameter_rows(part)
    ]
    header = ["id", "value", "unit", "meaning", "source", "grade", "range"]
    return [
        "<h2>Species and quantities</h2>",
        html_table(["id", "at the start", "unit", "meaning", "place"], rows),
        "<h2>Parameters</h2>",
        html_table(header, constants),
    ]


def _number(value: float | None) -> str:
    # Adding 0 turns -0 into 0.
    return "" if value is None else f"{value + 0.0:.4g}"


def _claims(
    system: System, claims: Mapping[str, Claim], verdicts: Mapping[str, Verdict]
) -> list[str]:
    found = ["<h2>Claims and verdicts</h2>"]
    if not verdicts:
        found.append("<p>These pages were made without an evidence run.</p>")
    rows = []
    for name in system.claims:
        claim, verdict = claims[name], verdicts.get(name)
        word = "" if verdict is None else verdict.verdict
        seen = "" if verdict is None else "<br>".join(escape(line) for line in verdict.seen)
        rows.append(
            f"<tr><td>{escape(name)}</td><td>{escape(claim.statement)}</td>"
            f"<td>{escape(claim.tier)}</td><td>{escape(claim.source)}</td>"
            f"<td class='{_CLASSES.get(word, 'other')}'>{escape(word)}</td><td>{seen}</td></tr>"
        )
    header = ("claim", "statement", "tier", "source", "verdict", "what was seen")
    head = "".join(f"<th>{cell}</th>" for cell in header)
    return [*found, f"<table><tr>{head}</tr>\n" + "\n".join(rows) + "</table>"]


def _assumed(part: Excerpt) -> list[str]:
    rows = parameter_rows(part)
    counts = Counter(row.grade for row in rows)
    found = [
        "<h2>What is assumed</h2>",
        html_table(
            ["grade", "constants", "what it means"],
            [[grade, str(counts[grade]), words] for grade, words in GRADES.items()],
        ),
    ]
    for grade, said in (
        ("assumed", "No source gives these; they are varied over at least ten-fold"),
        ("fitted", "These were adjusted to data (models/NOTES.md says which)"),
    ):
        names = ", ".join(row.id for row in rows if row.grade == grade)
        if names:
            found.append(f"<p>{said}: {escape(names)}.</p>")
    return found


def _conditions(system: System, part: Excerpt, conditions: Mapping[str, Condition]) -> list[str]:
    """Named conditions: all of them on the page that is about them, else those of this page."""
    inputs = {
        p.id
        for p in part.network.parameters
        if p.id in part.parameters or parse_evidence(p.meta.notes).grade == "input"
    } & set(part.parameters)
    rows = [
        [
            name,
            c.description,
            ", ".join(f"{k} = {v}" for k, v in c.parameters.items()),
            c.source,
            ", ".join(f"{k}: {low:g} to {high:g}" for k, (low, high) in c.ranges.items()),
        ]
        for name, c in conditions.items()
        if system.conditions or set(c.parameters) & inputs
    ]
    if not rows:
        return []
    header = ["condition", "what it is", "sets", "source", "range of what is assumed"]
    return ["<h2>Named conditions</h2>", html_table(header, rows)]
