"""Text of XHTML notes.

Enters: what libSBML returns of an element that has notes. Leaves: plain text. Called by the readers
of elements, where there are notes.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["plain_text"]

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
