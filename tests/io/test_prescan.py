"""What is refused before a C++ parser sees it."""

import pytest

from sigmapath.errors import ParseError
from sigmapath.io.antimony_prescan import scan
from sigmapath.io.prescan import MAX_XML_DEPTH, clean_xml, decoded

HEAD = '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">'


def test_line_numbers_survive_the_new_declaration():
    text = f'<?xml version="1.0" encoding="ISO-8859-1"?>\n{HEAD}\n<model>\n</modell>\n</sbml>'
    with pytest.raises(ParseError) as error:
        clean_xml(text, "m.xml")
    assert (error.value.file, error.value.line) == ("m.xml", 4)


def test_depth_is_bounded_where_it_says():
    inner = MAX_XML_DEPTH - 1
    clean_xml(HEAD + "<a>" * inner + "</a>" * inner + "</sbml>", "m.xml")
    with pytest.raises(ParseError, match="nested"):
        clean_xml(HEAD + "<a>" * (inner + 1) + "</a>" * (inner + 1) + "</sbml>", "m.xml")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]>' + HEAD + "</sbml>", "document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/hostname">' + HEAD + "</sbml>", "document type"),
        ("<html/>", "no SBML"),
        ('<sbml level="7" version="1"/>', "level"),
        ('<sbml level="2" version="5"/>', "namespace"),
        (HEAD.replace("version2/core", "version1/core"), "namespace"),
        (HEAD, "well formed"),
        (HEAD + "</sbml><sbml/>", "well formed"),
        ("not XML", "well formed"),
        (HEAD + f'<model id="{"a" * 1_000_001}"/></sbml>', "too long"),
    ],
)
def test_xml_that_is_refused(text, what):
    with pytest.raises(ParseError, match=what):
        clean_xml(text, "m.xml")


def test_encodings():
    assert decoded("model σ".encode(), "f") == "model σ"
    assert decoded(b"\xef\xbb\xbfx", "f") == "x"
    assert decoded("<a/>".encode("utf-16"), "f") == "<a/>"
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?><sbml name="µ"/>'
    assert decoded(latin.encode("latin-1"), "f") == latin
    with pytest.raises(ParseError) as error:
        decoded(b"x = 1\ny = 2 // \xb5M", "f.ant")
    assert (error.value.file, error.value.line) == ("f.ant", 2)
    for content in (b"", b" \n\t", b"\x7fELF\x00\x01", b'<?xml version="1.0" encoding="EBCDIC"?>'):
        with pytest.raises(ParseError):
            decoded(content, "f")


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("x = 1\ny := " + "(" * 501, 2, "nested"),
        ("x := x" + "*x/x" * 400, 1, "chained"),
        ("x := a%b%c%d%e%f%g%h", 1, "chained"),
        ("\n\nx = 1e999", 3, "range"),
        ("x = 1\n" + "a" * 10_001 + " = 2", 2, "too long"),
        ("x = 1 /* never\n closed", 1, "closed"),
        ("\nstraße = 1", 2, "letter"),
        ("x = 1 § 2", 1, "character"),
        ("\\\n" * 1001, 1001, "continued"),
    ],
)
def test_antimony_that_is_refused(text, line, what):
    with pytest.raises(ParseError, match=what) as error:
        scan(text, "m.ant")
    assert (error.value.file, error.value.line) == ("m.ant", line)


def test_what_is_fine_in_antimony():
    scan("x := " + "+".join(["a*b"] * 2000), "m")
    scan("\n".join(f"x{i} := a/b - c/d" for i in range(2000)), "m")
    scan('x is "(((((µ"; // ((((\n/* ((( */ y notes ```σ ((( ```', "m")
    found = scan('import "a.ant"\n// import "b.ant"\nmodel *m()\n  A: sub(); B: sub();\nend', "m")
    assert [(i.source, i.line) for i in found.imports] == [("a.ant", 1)]
    assert found.parts == {"m": {"sub": 2}}
    assert len(found.stars) == 1
