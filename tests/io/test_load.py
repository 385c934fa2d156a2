"""Choosing a reader, and files that are no models."""

import pytest

from sigmapath.errors import ParseError
from sigmapath.io.load import load_network, network_from_antimony, network_from_sbml
from sigmapath.io.sbml.write import network_to_sbml

ANTIMONY = "model m()\n x = 1\nend\n"


@pytest.fixture
def sbml():
    return network_to_sbml(network_from_antimony(ANTIMONY))


@pytest.mark.parametrize("name", ["m.xml", "m.sbml", "m.XML", "m.model", "m"])
def test_sbml_files(tmp_path, sbml, name):
    (tmp_path / name).write_text(sbml)
    network = load_network(tmp_path / name)
    assert (network.id, network.where) == ("m", str(tmp_path / name))


@pytest.mark.parametrize("name", ["m.ant", "m.txt", "m.model", "m"])
def test_antimony_files(tmp_path, name):
    (tmp_path / name).write_text(ANTIMONY)
    network = load_network(str(tmp_path / name))
    assert (network.id, network.where) == ("m", str(tmp_path / name))


def test_a_name_that_does_not_fit_its_content(tmp_path, sbml):
    (tmp_path / "m.ant").write_text(sbml)
    with pytest.raises(ParseError, match=r"\.xml"):
        load_network(tmp_path / "m.ant")
    (tmp_path / "m.xml").write_text(ANTIMONY)
    with pytest.raises(ParseError, match="well formed"):
        load_network(tmp_path / "m.xml")


def test_missing_files_show_what_is_there(tmp_path):
    (tmp_path / "calcium.ant").write_text(ANTIMONY)
    with pytest.raises(ParseError) as error:
        load_network(tmp_path / "calcum.ant")
    assert "calcium.ant" in error.value.fix
    with pytest.raises(ParseError, match="does not exist"):
        load_network(tmp_path / "no" / "such.ant")
    with pytest.raises(ParseError, match="folder"):
        load_network(tmp_path)
    with pytest.raises(ParseError):
        load_network("bad\0name.ant")
    with pytest.raises(ParseError):
        load_network("n" * 5000 + ".ant")


@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"\x00\x01\x02", b"\xff\xfe\x00\xd8", b"\x80abc"]
)
@pytest.mark.parametrize("suffix", [".ant", ".xml", ""])
def test_files_that_are_no_text(tmp_path, content, suffix):
    file = tmp_path / f"m{suffix}"
    file.write_bytes(content)
    with pytest.raises(ParseError) as error:
        load_network(file)
    assert error.value.file == str(file)


def test_text_says_where_it_comes_from():
    with pytest.raises(ParseError) as error:
        network_from_sbml("<sbml", where="clipboard")
    assert error.value.file == "clipboard"
    assert network_from_antimony("x = 1", where="clipboard").where == "clipboard"
