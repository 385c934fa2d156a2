"""What is looked at before a C++ parser sees a file: size, nesting, entities, encoding.

Enters: bytes or text from anywhere. Leaves: clean text, or a typed error. Called by the readers.

libSBML and libAntimony descend recursively and die of deep nesting (libSBML of about 10^4 nested
elements, libAntimony of about 3000 chained operators), and nothing in Python can catch that. All
scans here are linear.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from sigmapath.errors import ParseError

__all__ = ["MAX_BYTES", "MAX_XML_DEPTH", "clean_xml", "decoded", "looks_like_xml", "measured_xml"]

# A genome-scale model is about 10 MB; beyond this libSBML's tree would not fit a small machine.
MAX_BYTES = 256 * 1024 * 1024
# libSBML 5.21 survives 5000 nested elements in 8 MB of stack; threads may have 512 kB.
MAX_XML_DEPTH = 600
# libSBML reads a sum of n terms as n nested sums, and takes them apart by recursion.
MAX_SIBLINGS = 20_000
# No id is this long; a name of this length is a broken file, and messages quote names.
MAX_ATTRIBUTE = 1_000_000

# Level and version -> XML namespace, from the specifications of the three levels.
_NAMESPACES = {
    **{("1", v): "http://www.sbml.org/sbml/level1" for v in ("1", "2")},
    ("2", "1"): "http://www.sbml.org/sbml/level2",
    **{("2", v): f"http://www.sbml.org/sbml/level2/version{v}" for v in "2345"},
    **{("3", v): f"http://www.sbml.org/sbml/level3/version{v}/core" for v in "12"},
}

# The elements that a formula may have many of side by side.
_MATHML_ELEMENTS = ("apply", "ci", "cn", "piecewise", "piece", "csymbol", "bvar")

_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]*\?>")


def looks_like_xml(content: str) -> bool:
    """Whether text starts like XML."""
    return content.lstrip("\ufeff \t\r\n").startswith("<")


def decoded(content: bytes, file: str) -> str:
    """Return the text of a file: UTF-8, UTF-16 with a byte order mark, or what its XML declares.

    Raises
    ------
    ParseError
        If the file is too large, empty, binary, or in another encoding than it says.
    """
    if len(content) > MAX_BYTES:
        raise ParseError(
            "the file is too large",
            file=file,
            found=f"{len(content)} bytes",
            expected=f"at most {MAX_BYTES} bytes",
        )
    encoding = _encoding_of(content, file)
    try:
        text = content.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        at = getattr(error, "start", 0)
        raise ParseError(
            f"the file is not {encoding} text",
            file=file,
            line=content.count(b"\n", 0, at) + 1,
            found=repr(content[at : at + 8]),
            fix="save the model as UTF-8 text",
        ) from error
    return require_text(text, file)


def _encoding_of(content: bytes, file: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    declared = _ENCODING.match(content[:400])
    if declared is None:
        return "utf-8"
    name = declared.group(1).decode("ascii").lower()
    if name in {"utf-16", "utf16", "utf-32", "utf32"}:
        return "utf-8"  # the declaration was readable as bytes, so it is not true
    if name not in {"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252"}:
        raise ParseError(
            "the XML is in an encoding that is not read",
            file=file,
            line=1,
            found=name,
            expected="UTF-8",
            fix="save the model as UTF-8 text",
        )
    return name


def require_text(text: str, file: str) -> str:
    """Return the text unless it is empty or holds what no text file holds."""
    if not text.strip("\ufeff \t\r\n"):
        raise ParseError("the model is empty", file=file)
    if len(text) > MAX_BYTES:
        raise ParseError("the model text is too large", file=file, found=f"{len(text)} characters")
    bad = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text)
    if bad is not None:
        raise ParseError(
            "this is no text file: it holds control characters",
            file=file,
            line=text.count("\n", 0, bad.start()) + 1,
            found=repr(bad.group()),
        )
    return text


def clean_xml(text: str, file: str) -> str:
    """Return well-formed, bounded XML text declared as UTF-8; see :func:`measured_xml`."""
    return measured_xml(text, file)[0]


def measured_xml(text: str, file: str) -> tuple[str, int]:
    """Return well-formed, bounded XML text declared as UTF-8, and the size of its widest formula.

    Raises
    ------
    ParseError
        If the text is not well-formed XML, is nested too deeply, or declares a document type or
        entities (which SBML does not use, and which can blow up a parser).
    """
    body = _DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"), count=1)
    # Lines are kept, so that libSBML's line numbers are those of the file.
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    bounded = _Bounded(file)
    bounded.check((head + body).encode("utf-8"))
    return head + body, bounded.widest


class _Bounded:
    """An expat parser that stops at anything dangerous; it builds nothing."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.depth = 0
        self.widths: list[int] = []
        self.widest = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._enter
        self.parser.EndElementHandler = self._leave
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype

    def check(self, content: bytes) -> None:
        try:
            self.parser.Parse(content, True)
        except expat.ExpatError as error:
            raise ParseError(
                "the XML is not well formed",
                file=self.file,
                line=error.lineno,
                column=error.offset + 1,
                found=expat.ErrorString(error.code) or "",
                fix="export the model again, or mend it in an XML editor",
            ) from error

    def _fail(self, what: str, found: str, expected: str = "") -> None:
        line = self.parser.CurrentLineNumber
        raise ParseError(what, file=self.file, line=line, found=found, expected=expected)

    def _enter(self, name: str, attributes: dict[str, str]) -> None:
        if self.depth == 0:
            self._require_sbml(name, attributes)
        elif name.endswith(_MATHML_ELEMENTS):
            self.widths[-1] += 1
            self.widest = max(self.widest, self.widths[-1])
            if self.widths[-1] > MAX_SIBLINGS:
                self._fail("a formula is too long", f"more than {MAX_SIBLINGS} terms")
        self.widths.append(0)
        self.depth += 1
        if self.depth > MAX_XML_DEPTH:
            self._fail(
                "the XML is nested too deeply",
                f"more than {MAX_XML_DEPTH} levels at <{name[:80]}>",
                "formulas of fewer nested operations",
            )
        for key, value in attributes.items():
            if len(value) > MAX_ATTRIBUTE:
                self._fail(f"the attribute '{key[:80]}' is too long", f"{len(value)} characters")

    def _leave(self, _name: str) -> None:
        self.depth -= 1
        self.widths.pop()

    def _require_sbml(self, name: str, attributes: dict[str, str]) -> None:
        prefix, _, local = name.rpartition(":")
        if local != "sbml":
            self._fail("this XML is no SBML", f"<{name[:80]}>", "<sbml>")
        given = (attributes.get("level", ""), attributes.get("version", ""))
        expected = _NAMESPACES.get(given)
        if expected is None:
            found = f"level {given[0][:20]} version {given[1][:20]}"
            self._fail("an SBML level that is not read", found, "level 1, 2 or 3")
        # libSBML ends the process when an element's namespace belongs to another level.
        elif attributes.get(f"xmlns:{prefix}" if prefix else "xmlns") != expected:
            self._fail(
                "the XML namespace is not that of the SBML level", f"<{name[:80]}>", expected
            )

    def _refuse_doctype(self, name: str, *_rest: object) -> None:
        self._fail(
            "the XML declares a document type", f"<!DOCTYPE {name[:80]}", "plain SBML without it"
        )
