"""Antimony text and files to networks."""

from dataclasses import replace

import pytest

from sigmapath.errors import ParseError, UnsupportedFeatureError
from sigmapath.expr.nodes import TIME, apply, number, symbol
from sigmapath.io.antimony_write import network_to_antimony
from sigmapath.io.load import load_network, network_from_antimony, network_from_sbml, read_network
from sigmapath.io.sbml.compare import differences
from sigmapath.io.sbml.write import network_to_sbml

SUB = """
model {name}()
  unit uM = 1e-6 mole / litre;
  compartment c = 1; species A in c = 1; species B in c = {b};
  k = {k}; k has uM; k is "a constant"; k notes "Meaning. source: assumed";
  R: A -> B; c*k*A;
end
"""


def test_a_plain_model():
    network = network_from_antimony(
        """
    function half(x) x/2 end
    model m()
      compartment c = 2; species A in c = 1, $F in c = 3;
      k = 0.1; J: 2 A => F; k*half(A)
      at (time > 3): A = 1
      w := 3*k; q' = -q; q = 1
    end""".replace(" x/2 end", "\n x/2\nend")
    )
    assert network.id == "m"
    assert [(s.id, s.initial_concentration, s.boundary_condition) for s in network.species] == [
        ("A", 1.0, False),
        ("F", 3.0, True),
    ]
    (reaction,) = network.reactions
    assert (reaction.id, reaction.reversible) == ("J", False)
    assert reaction.reactants[0].stoichiometry == 2.0
    assert reaction.kinetic_law.math is symbol("k") * apply("call", "A", name="half")
    assert network.function_definitions[0].arguments == ("x",)
    assert network.events[0].trigger.math is apply("gt", TIME, 3.0)
    assert network.assignment_rules[0].math is number(3.0) * symbol("k")
    assert network.rate_rules[0].variable == "q"


def test_submodels_get_plain_ids_where_these_are_unique():
    text = SUB.format(name="one", b=2, k=1) + SUB.format(name="two", b=3, k=4).replace("B", "D")
    text += "model *m()\n a: one(); b: two(); c is a.c; b.c is c; A is a.A; b.A is A;\nend"
    network = network_from_antimony(text)
    assert [c.id for c in network.compartments] == ["c"]
    assert [s.id for s in network.species] == ["A", "B", "D"]
    assert {p.id: p.value for p in network.parameters} == {"a__k": 1.0, "b__k": 4.0}
    assert {r.id: r.kinetic_law.math for r in network.reactions} == {
        "a__R": apply("mul", "c", "a__k", "A"),
        "b__R": apply("mul", "c", "b__k", "A"),
    }
    # The same unit of both submodels is one unit.
    assert [u.id for u in network.unit_definitions] == ["uM"]
    assert {p.units for p in network.parameters} == {"uM"}


def test_unit_definitions_that_differ_stay_apart():
    text = SUB.format(name="one", b=2, k=1)
    text += SUB.format(name="two", b=3, k=4).replace("1e-6", "1e-3")
    network = network_from_antimony(text + "model *m()\n a: one(); b: two();\nend")
    assert [u.id for u in network.unit_definitions] == ["a__uM", "b__uM"]


def test_notes_and_names_survive_the_hierarchy():
    network = network_from_antimony(
        SUB.format(name="one", b=2, k=1) + "model *m()\n a: one();\nend"
    )
    (k,) = network.parameters
    assert (k.id, k.name, k.meta.notes) == ("k", "a constant", "Meaning. source: assumed")


def test_a_lost_connection_is_an_error():
    text = SUB.format(name="one", b=2, k=1)
    with pytest.raises(ParseError, match="connection") as error:
        network_from_antimony(text + "model *m()\n a: one(); b: one(); b.c is a.c;\nend")
    assert "b.x is x" not in error.value.found.lower()
    assert "A.x" in error.value.fix


def test_syntax_errors_name_file_and_line(tmp_path):
    (tmp_path / "part.ant").write_text("model part()\n  x = 1\n  y = = 2\nend\n")
    (tmp_path / "whole.ant").write_text('import "part.ant"\nmodel whole()\n  p: part()\nend\n')
    with pytest.raises(ParseError) as error:
        load_network(tmp_path / "whole.ant")
    assert (error.value.file, error.value.line) == ("part.ant", 3)
    with pytest.raises(ParseError) as error:
        network_from_antimony("x = 1\ny = = 2", where="my text")
    assert (error.value.file, error.value.line) == ("my text", 2)


def test_imports_are_read_beside_the_file_and_nowhere_else(tmp_path, monkeypatch):
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    (home / "part.ant").write_text("model *part()\n  x = 1\nend\n")
    (elsewhere / "part.ant").write_text("model part()\n  x = 2\nend\n")
    (home / "whole.ant").write_text('import "part.ant"\nmodel whole()\n  p: part(); y = 3\nend\n')
    # libAntimony itself would look in the working directory first.
    monkeypatch.chdir(elsewhere)
    network = load_network(home / "whole.ant")
    assert network.id == "whole"
    assert {p.id: p.value for p in network.parameters} == {"x": 1.0, "y": 3.0}
    (home / "whole.ant").write_text('import "../elsewhere/part.ant"\nmodel whole()\n y = 3\nend\n')
    with pytest.raises(UnsupportedFeatureError, match="outside"):
        load_network(home / "whole.ant")
    (home / "whole.ant").write_text('import "gone.ant"\nmodel whole()\n y = 3\nend\n')
    with pytest.raises(ParseError, match="imported file"):
        load_network(home / "whole.ant")
    (home / "part.ant").write_text("<sbml/>")
    (home / "whole.ant").write_text('import "part.ant"\nmodel whole()\n y = 3\nend\n')
    with pytest.raises(UnsupportedFeatureError, match="SBML"):
        load_network(home / "whole.ant")
    with pytest.raises(UnsupportedFeatureError, match="import"):
        network_from_antimony('import "part.ant"\nx = 1')


def test_modules_that_multiply_are_refused():
    text = "model m0()\n x=1\nend\n"
    text += "".join(f"model m{i + 1}()\n a: m{i}(); b: m{i}();\nend\n" for i in range(40))
    with pytest.raises(UnsupportedFeatureError, match="submodels"):
        network_from_antimony(text)
    with pytest.raises(ParseError, match="build each other"):
        network_from_antimony("model a()\n x: b();\nend\nmodel b()\n x: a();\nend\n")


def test_loading_leaves_nothing_behind():
    network_from_antimony("model first()\n x = 1\nend")
    second = network_from_antimony("y = 2")
    assert [p.id for p in second.parameters] == ["y"]
    with pytest.raises(ParseError):
        network_from_antimony("x = = 1")
    assert network_from_antimony("y = 2") == second


def test_reports_carry_the_readers_notes(tmp_path):
    file = tmp_path / "m.txt"
    file.write_text("x = 1")
    assert read_network(file).network.parameters[0].id == "x"


def test_written_antimony_means_the_same():
    network = network_from_antimony(SUB.format(name="m", b=2, k=1 / 3))
    back = network_from_antimony(network_to_antimony(network))
    assert differences(network, back) == []


def test_what_antimony_cannot_say_is_refused():
    text = network_to_sbml(network_from_antimony(SUB.format(name="m", b=2, k=1)))
    renamed = network_from_sbml(
        text.replace('"c"', '"compartment"').replace(" c ", " compartment ")
    )
    with pytest.raises(UnsupportedFeatureError, match="'compartment' is a word"):
        network_to_antimony(renamed)
    point = text.replace('spatialDimensions="3"', 'spatialDimensions="0"').replace('size="1" ', "")
    with pytest.raises(UnsupportedFeatureError, match="compartment c"):
        network_to_antimony(network_from_sbml(point))
    fast = network_from_sbml(text)
    fast = replace(fast, reactions=(replace(fast.reactions[0], fast=True),))
    with pytest.raises(UnsupportedFeatureError, match="fast"):
        network_to_antimony(fast)


def test_differences_are_found():
    a = network_from_antimony(SUB.format(name="m", b=2, k=1))
    for change in ("k*A*2", "k*B", "k*A + 1e-6"):
        b = network_from_antimony(SUB.format(name="m", b=2, k=1).replace("k*A", change))
        assert differences(a, b) == ["kinetic law of R changed"]
    b = network_from_antimony(SUB.format(name="m", b=2, k=1).replace("c*k*A", "A*c*k"))
    assert differences(a, b) == []
    b = network_from_antimony(SUB.format(name="m", b=2, k=1.5))
    assert differences(a, b) == ["parameter k: (1.0) became (1.5)"]
