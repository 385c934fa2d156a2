"""``sigmapath check``: constructs with their support, what is wrong, and the exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
CORE = "http://www.sbml.org/sbml/level3/version{}/core"
PACKAGE = "http://www.sbml.org/sbml/level3/version1/{0}/version1"
MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'

MODEL = """
  <listOfCompartments>
    <compartment id="C" size="2" spatialDimensions="3" constant="true"/>
  </listOfCompartments>
  <listOfSpecies>
    <species id="S" compartment="C" initialAmount="3" hasOnlySubstanceUnits="true"
      boundaryCondition="false" constant="{constant}"/>
  </listOfSpecies>
  <listOfParameters><parameter id="k" value="0.5" constant="true"/></listOfParameters>
  <listOfReactions>
    <reaction id="J" reversible="false" fast="false">
      <listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/>
      </listOfReactants>
      <kineticLaw>{law}</kineticLaw>
    </reaction>
  </listOfReactions>
"""
LAW = MATH.format("<apply><times/><ci>k</ci><ci>S</ci></apply>")


def sbml(body: str, *, version: int = 1, attributes: str = "") -> str:
    return (
        f'{HEAD}<sbml xmlns="{CORE.format(version)}" level="3" version="{version}" {attributes}>'
        f'<model id="m">{body}</model></sbml>'
    )


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, name: str = "model.xml") -> str:
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def rows(out: str) -> dict[str, str]:
    """First column of the first table -> the rest of the row."""
    lines = out.split("\n\n")[0].splitlines()[2:]
    pairs = (line.partition("  ") for line in lines if not line.startswith(" "))
    return {name: " ".join(rest.split()) for name, _, rest in pairs}


def test_constructs_of_a_good_file_are_supported_and_the_exit_code_is_0(command, written):
    code, out, err = command("check", written(sbml(MODEL.format(constant="false", law=LAW))))
    assert code == 0
    found = rows(out)
    assert found["species in amounts (hasOnlySubstanceUnits)"] == "1 supported S"
    assert found["reactions"] == "1 supported J"
    assert err.startswith("0 errors")


def test_libsbml_errors_are_listed_with_their_line_and_clause(command, written):
    code, out, _ = command("check", written(sbml(MODEL.format(constant="true", law=LAW))))
    assert code == 1
    assert "error     line " in out
    assert "cannot have 'boundaryCondition'" in out
    assert "L3V1 Section 4.6.6" in " ".join(out.split())


def test_units_that_do_not_fit_are_found(command, written):
    text = sbml(
        '<listOfParameters><parameter id="a" value="1" units="second" constant="true"/>'
        '<parameter id="b" units="metre" constant="false"/></listOfParameters>'
        '<listOfRules><assignmentRule variable="b">'
        f"{MATH.format('<ci>a</ci>')}</assignmentRule></listOfRules>"
    )
    code, out, _ = command("check", written(text))
    assert code == 0
    assert "metre" in out
    assert "second" in out


def test_elements_of_refused_packages_are_listed_by_id(command, written):
    name = PACKAGE.format("qual")
    text = sbml(
        '<qual:listOfQualitativeSpecies><qual:qualitativeSpecies qual:id="gene_a" '
        'qual:compartment="C" qual:constant="false"/><qual:qualitativeSpecies '
        'qual:id="gene_b" qual:compartment="C" qual:constant="false"/>'
        "</qual:listOfQualitativeSpecies>",
        attributes=f'xmlns:qual="{name}" qual:required="true"',
    )
    code, out, err = command("check", written(text))
    assert code == 1
    row = rows(out)["elements of the package qual"]
    assert row.startswith("2 refused qualitativeSpecies gene_a, qualitativeSpecies gene_b")
    assert "refused: the package qual" in err


def test_what_only_lowering_refuses_is_an_error_too(command, written):
    text = sbml(
        '<listOfParameters><parameter id="x" value="1" constant="true"/></listOfParameters>'
        f"<listOfRules><algebraicRule>{MATH.format('<ci>x</ci>')}</algebraicRule></listOfRules>"
    )
    code, out, _ = command("check", written(text))
    assert code == 1
    assert "algebraic rule 1" in out
    assert "determines no variable" in out


def test_random_draws_are_for_stochastic_runs_only(command, written):
    draw = (
        '<apply><csymbol encoding="text" '
        'definitionURL="http://www.sbml.org/sbml/symbols/distrib/uniform"> uniform </csymbol>'
        "<cn>0</cn><cn>1</cn></apply>"
    )
    text = sbml(
        '<listOfParameters><parameter id="p" constant="true"/></listOfParameters>'
        f'<listOfInitialAssignments><initialAssignment symbol="p">{MATH.format(draw)}'
        "</initialAssignment></listOfInitialAssignments>",
        attributes=f'xmlns:distrib="{PACKAGE.format("distrib")}" distrib:required="true"',
    )
    code, out, _ = command("check", written(text))
    assert code == 0
    expected = "1 stochastic runs only initialAssignment p (simulate with"
    assert rows(out)["random draws (package distrib)"] == expected


def test_antimony_is_looked_at_too(command, written):
    text = "model m()\n compartment C; species S in C; S = 1; J: S -> ; k*S; k = 1;\n"
    text += " at time > 1, priority = 2: S = 2;\nend\n"
    code, out, _ = command("check", written(text, "model.ant"))
    assert code == 0
    found = rows(out)
    assert found["priorities of events"].startswith("1 supported")
    assert found["the csymbol time"].startswith("1 supported")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("broken.xml", "<sbml"),
        ("text.xml", "no XML"),
        ("other.xml", "<html/>"),
        ("cut.xml", sbml(MODEL.format(constant="false", law=LAW))[:-30]),
        ("bad.ant", "model m()\n S -> ; ; ;;"),
        ("lost.xml", sbml("<listOfSpecies><speciess/></listOfSpecies>")),
    ],
)
def test_what_cannot_be_read_has_exit_code_2(command, written, name, text):
    code, out, err = command("check", written(text, name))
    assert code == 2
    assert out or err
    assert "Traceback" not in out + err


def test_no_such_file(command, tmp_path):
    code, _, err = command("check", str(tmp_path / "none.xml"))
    assert code == 2
    assert "there is no such file" in err


def test_packaged_models_are_checked_by_name(command):
    code, out, _ = command("check", "s1r")
    assert code == 0
    assert "reactions" in rows(out)


def test_many_findings_of_one_kind_are_cut(command, written):
    many = "".join(f'<parameter id="p{k}" value="1" constant="true"/>' for k in range(50))
    code, out, err = command("check", written(sbml(f"<listOfParameters>{many}</listOfParameters>")))
    assert code == 0
    assert len(out.splitlines()) < 20
    assert "50 warnings" in err or "100 warnings" in err
