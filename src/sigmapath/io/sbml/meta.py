"""Notes, annotations and other things every element carries.

Enters: a libSBML element. Leaves: a :class:`~sigmapath.model.components.Meta`. Called by
:mod:`sigmapath.io.sbml.read`. Notes become plain text, annotations keep their XML.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any
from xml.sax.saxutils import quoteattr

from sigmapath.model.components import Meta

__all__ = ["namespaces_of", "plain_text", "read_meta"]

_BLOCKS = frozenset(
    [
        "body",
        "html",
        "p",
        "div",
        "br",
        "li",
        "ul",
        "ol",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "tr",
        "pre",
        "blockquote",
        "dt",
        "dd",
        "hr",
        "notes",
    ]
)
_EMPTY = Meta()


class _TextCollector(HTMLParser):
    """Text of XHTML, one line per block; spaces collapse outside ``pre`` as a browser does."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.pending: list[str] = []
        self.preformatted = 0

    def flush(self) -> None:
        text = "".join(self.pending)
        self.pending.clear()
        if self.preformatted or (text := " ".join(re.split(r"[ \t\r\n]+", text)).strip(" ")):
            self.lines.append(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = tag.rpartition(":")[2]
        if name in _BLOCKS and not self.preformatted:
            self.flush()
        if name == "pre":
            self.preformatted += 1

    def handle_endtag(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "pre" and self.preformatted:
            self.flush()
            self.preformatted -= 1
        elif name in _BLOCKS and not self.preformatted:
            self.flush()

    def handle_data(self, data: str) -> None:
        self.pending.append(data)


def plain_text(xhtml: str) -> str:
    """Return the text of XHTML notes, one line per paragraph."""
    collector = _TextCollector()
    collector.feed(xhtml)
    collector.close()
    collector.flush()
    return "\n".join(collector.lines)


def namespaces_of(*elements: Any) -> dict[str, str]:
    """Prefixes that elements of a document declare: an annotation below may lean on them."""
    declared: dict[str, str] = {}
    for element in elements:
        spaces = element.getNamespaces()
        if spaces is not None:
            for i in range(spaces.getLength()):
                declared[spaces.getPrefix(i)] = spaces.getURI(i)
    return declared


def _standing_alone(annotation: str, outer: Mapping[str, str]) -> str:
    """Annotation XML with the prefixes declared further up declared on itself."""
    missing = [
        prefix
        for prefix in outer
        if prefix
        and f"xmlns:{prefix}=" not in annotation
        and re.search(rf"[<\s/]{re.escape(prefix)}:", annotation)
    ]
    if not missing:
        return annotation
    declarations = "".join(f" xmlns:{prefix}={quoteattr(outer[prefix])}" for prefix in missing)
    return annotation.replace("<annotation", "<annotation" + declarations, 1)


def read_meta(element: Any, outer: Mapping[str, str]) -> Meta:
    """Return notes, annotation, SBO term and metaid of an element.

    Parameters
    ----------
    element : libsbml.SBase
        Any element.
    outer : mapping
        Namespace prefixes declared on the enclosing elements.
    """
    notes = plain_text(element.getNotesString()) if element.isSetNotes() else ""
    annotation = ""
    if element.isSetAnnotation():
        annotation = _standing_alone(element.getAnnotationString().strip(), outer)
    sbo_term = element.getSBOTerm() if element.isSetSBOTerm() else None
    metaid = element.getMetaId()
    if not (notes or annotation or metaid) and sbo_term is None:
        return _EMPTY
    return Meta(notes=notes, annotation=annotation, sbo_term=sbo_term, metaid=metaid)
