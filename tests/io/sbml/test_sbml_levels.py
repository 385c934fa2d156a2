"""What differs between SBML levels, packages and kinds of mathematics, read right."""

import math

import pytest

from sigmapath.errors import ModelError, ParseError, UnsupportedFeatureError
from sigmapath.expr.nodes import TIME, apply, number, symbol
from sigmapath.io.load import load_network, network_from_sbml, read_network
from sigmapath.io.sbml.check import check_sbml

MATHML = 'xmlns="http://www.w3.org/1998/Math/MathML"'
SYMBOL = (
    '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/{}"> any </csymbol>'
)


def level3(body, version=2, attributes="", after=""):
    core = f"http://www.sbml.org/sbml/level3/version{version}/core"
    return (
        f'<sbml xmlns="{core}" level="3" version="{version}" {attributes}>'
        f'<model id="m">{body}</model>{after}</sbml>'
    )


def formula(mathml):
    """The expression that a MathML fragment reads as."""
    text = level3(
        f'<listOfFunctionDefinitions><functionDefinition id="f"><math {MATHML}><lambda>'
        "<bvar><ci>x</ci></bvar><ci>x</ci></lambda></math></functionDefinition></listOfFunctionDefinitions>"
        '<listOfParameters><parameter id="p" constant="false"/><parameter id="a" constant="true"/>'
        '<parameter id="b" constant="true"/><parameter id="time" constant="true"/>'
        '</listOfParameters><listOfRules><assignmentRule variable="p">'
        f"<math {MATHML}>{mathml}</math></assignmentRule></listOfRules>"
    )
    return network_from_sbml(text).assignment_rules[0].math


A, B = symbol("a"), symbol("b")


@pytest.mark.parametrize(
    ("mathml", "expected"),
    [
        ("<cn> 0.1 </cn>", number(0.1)),
        ('<cn type="integer"> -3 </cn>', number(-3)),
        ('<cn type="rational"> 1 <sep/> 3 </cn>', number(1 / 3)),
        ('<cn type="e-notation"> 1.7 <sep/> -7 </cn>', number(1.7e-7)),
        ('<cn type="e-notation"> 3 <sep/> 22 </cn>', number(3e22)),
        ("<pi/>", number(math.pi)),
        ("<exponentiale/>", number(math.e)),
        ("<infinity/>", number(math.inf)),
        ("<apply><minus/><infinity/></apply>", number(-math.inf)),
        ("<notanumber/>", number(math.nan)),
        ("<true/>", number(1)),
        ("<false/>", number(0)),
        ("<ci> time </ci>", symbol("time")),
        (SYMBOL.format("time"), TIME),
        (SYMBOL.format("avogadro"), number(6.02214179e23)),
        ("<apply><plus/></apply>", number(0)),
        ("<apply><times/></apply>", number(1)),
        ("<apply><plus/><ci>a</ci></apply>", A),
        ("<apply><plus/><ci>a</ci><ci>b</ci><ci>p</ci></apply>", apply("add", "a", "b", "p")),
        ("<apply><times/><ci>a</ci><ci>b</ci><ci>p</ci></apply>", apply("mul", "a", "b", "p")),
        ("<apply><minus/><ci>a</ci></apply>", -A),
        ("<apply><minus/><ci>a</ci><ci>b</ci></apply>", A - B),
        ("<apply><divide/><ci>a</ci><ci>b</ci></apply>", A / B),
        ("<apply><power/><ci>a</ci><ci>b</ci></apply>", A**B),
        ("<apply><root/><ci>a</ci></apply>", apply("sqrt", A)),
        (
            "<apply><root/><degree><cn>3</cn></degree><ci>a</ci></apply>",
            apply("pow", A, apply("div", 1.0, 3.0)),
        ),
        ("<apply><log/><ci>a</ci></apply>", apply("log10", A)),
        (
            "<apply><log/><logbase><cn>2</cn></logbase><ci>a</ci></apply>",
            apply("div", apply("ln", A), apply("ln", 2.0)),
        ),
        (
            "<apply><lt/><ci>a</ci><ci>b</ci><ci>p</ci></apply>",
            apply("and", apply("lt", A, B), apply("lt", B, "p")),
        ),
        ("<apply><geq/><ci>a</ci></apply>", apply("and")),
        ("<apply><neq/><ci>a</ci><ci>b</ci></apply>", apply("ne", A, B)),
        ("<apply><and/></apply>", apply("and")),
        ("<apply><xor/><ci>a</ci><ci>b</ci><ci>p</ci></apply>", apply("xor", A, B, "p")),
        ("<apply><implies/><ci>a</ci><ci>b</ci></apply>", apply("implies", A, B)),
        ("<apply><max/><ci>a</ci><ci>b</ci></apply>", apply("max", A, B)),
        ("<apply><rem/><ci>a</ci><ci>b</ci></apply>", apply("rem", A, B)),
        ("<apply><arccsch/><ci>a</ci></apply>", apply("arccsch", A)),
        ("<apply><ci>f</ci><ci>a</ci></apply>", apply("call", A, name="f")),
        (f"<apply>{SYMBOL.format('delay')}<ci>a</ci><cn>1</cn></apply>", apply("delay", A, 1.0)),
        (f"<apply>{SYMBOL.format('rateOf')}<ci>a</ci></apply>", apply("rateof", A)),
        (
            "<piecewise><piece><ci>a</ci><true/></piece><otherwise><ci>b</ci></otherwise>"
            "</piecewise>",
            apply("piecewise", A, 1.0, B),
        ),
        (
            "<semantics><ci>a</ci><annotation>ignored</annotation></semantics>",
            A,
        ),
        ("<apply><minus/>" * 500 + "<ci>a</ci>" + "</apply>" * 500, None),
        ("<apply><plus/>" + "<ci>a</ci>" * 15000 + "</apply>", apply("add", *[A] * 15000)),
    ],
)
def test_mathematics(mathml, expected):
    found = formula(mathml)
    assert expected is None or found is expected


@pytest.mark.parametrize(
    ("mathml", "error"),
    [
        ("<apply><divide/><ci>a</ci></apply>", ModelError),
        ("<apply><sin/><ci>a</ci><ci>b</ci></apply>", ModelError),
        ("<piecewise/>", ModelError),
        ("", ModelError),
        ("<apply/>", ModelError),
        ("<cn> abc </cn>", ParseError),
        ("<apply><int/><ci>a</ci></apply>", ParseError),
        ('<csymbol encoding="text" definitionURL="http://x"> q </csymbol>', ParseError),
        ("<lambda><bvar><ci>x</ci></bvar><ci>x</ci></lambda>", UnsupportedFeatureError),
    ],
)
def test_bad_mathematics(mathml, error):
    with pytest.raises(error):
        formula(mathml)


LEVEL1 = """<sbml xmlns="http://www.sbml.org/sbml/level1" level="1" version="2"><model name="m">
<listOfCompartments><compartment name="c"/></listOfCompartments>
<listOfSpecies><species name="A" compartment="c" initialAmount="3"/>
<species name="B" compartment="c" initialAmount="0" boundaryCondition="true"/></listOfSpecies>
<listOfParameters><parameter name="k" value="2" units="second"/><parameter name="q" value="2"/>
</listOfParameters>
<listOfRules><parameterRule name="q" formula="log(k) + sqr(k)"/>
<speciesConcentrationRule species="B" formula="2*k" type="rate"/></listOfRules>
<listOfReactions><reaction name="R"><listOfReactants>
<speciesReference species="A" stoichiometry="3" denominator="2"/></listOfReactants>
<kineticLaw formula="k*A^2"><listOfParameters><parameter name="k" value="5"/></listOfParameters>
</kineticLaw></reaction></listOfReactions></model></sbml>"""


def test_level_1():
    network = network_from_sbml(LEVEL1)
    assert (network.level, network.version, network.id) == (1, 2, "m")
    assert network.compartments[0].size == 1.0
    assert not network.species[0].has_only_substance_units
    assert {p.id: p.constant for p in network.parameters} == {"k": True, "q": False}
    # log is the natural logarithm in Level 1.
    square = apply("pow", "k", 2.0)
    assert network.assignment_rules[0].math is apply("ln", "k") + square
    assert network.rate_rules[0].variable == "B"
    (reaction,) = network.reactions
    assert reaction.reactants[0].stoichiometry == 1.5
    assert reaction.kinetic_law.math is symbol("k") * apply("pow", "A", 2.0)
    assert reaction.kinetic_law.local_parameters[0].value == 5.0
    assert network.units.substance == "substance"
    units = {u.id: u.units for u in network.unit_definitions}
    assert units["substance"][0].kind == "mole"
    assert units["area"][0].exponent == 2.0


LEVEL2 = """<sbml xmlns="http://www.sbml.org/sbml/level2/version{v}" level="2" version="{v}">
<model id="m"><listOfUnitDefinitions><unitDefinition id="substance"><listOfUnits>
<unit kind="item"/></listOfUnits></unitDefinition></listOfUnitDefinitions>
<listOfCompartments><compartment id="c"/><compartment id="s" spatialDimensions="2" size="3"/>
</listOfCompartments>
<listOfSpecies><species id="A" compartment="c" initialConcentration="3"/></listOfSpecies>
<listOfParameters><parameter id="n" value="2"/></listOfParameters>
<listOfReactions><reaction id="R" fast="true"><listOfReactants><speciesReference species="A"/>
</listOfReactants><listOfProducts><speciesReference species="A"><stoichiometryMath><math {m}>
<apply><times/><cn>2</cn><ci>n</ci></apply></math></stoichiometryMath></speciesReference>
</listOfProducts></reaction></listOfReactions>
<listOfEvents><event id="E"><trigger><math {m}><apply><gt/><ci>A</ci><cn>1</cn></apply></math>
</trigger><delay><math {m}><cn>1</cn></math></delay><listOfEventAssignments>
<eventAssignment variable="A"><math {m}><cn>1</cn></math></eventAssignment>
</listOfEventAssignments></event></listOfEvents></model></sbml>"""


@pytest.mark.parametrize("version", [3, 4])
def test_level_2(version):
    network = network_from_sbml(LEVEL2.format(v=version, m=MATHML))
    assert (network.level, network.version) == (2, version)
    assert [c.size for c in network.compartments] == [None, 3.0]
    assert [c.spatial_dimensions for c in network.compartments] == [3.0, 2.0]
    assert network.compartments[0].constant
    assert {u.id: u.units[0].kind for u in network.unit_definitions}["substance"] == "item"
    (reaction,) = network.reactions
    assert reaction.fast
    assert reaction.reversible
    assert reaction.reactants[0].stoichiometry == 1.0
    (product,) = reaction.products
    assert (product.stoichiometry, product.constant) == (None, False)
    assert product.stoichiometry_math is number(2) * symbol("n")
    (event,) = network.events
    assert event.trigger.initial_value
    assert event.trigger.persistent
    assert event.use_values_from_trigger_time


def test_level_3_says_what_is_not_given():
    text = level3(
        '<listOfCompartments><compartment id="c" constant="true"/></listOfCompartments>'
        '<listOfSpecies><species id="A" compartment="c" hasOnlySubstanceUnits="false" '
        'boundaryCondition="false" constant="false"/></listOfSpecies><listOfReactions>'
        '<reaction id="R" reversible="false"><listOfReactants><speciesReference species="A" '
        'constant="false" id="sA"/></listOfReactants></reaction></listOfReactions>'
    )
    network = network_from_sbml(text)
    assert (network.compartments[0].size, network.compartments[0].spatial_dimensions) == (None,) * 2
    assert network.species[0].initial_amount is network.species[0].initial_concentration is None
    assert network.reactions[0].reactants[0].stoichiometry is None
    assert network.units.substance == ""


def test_elements_without_mathematics_say_nothing():
    text = level3(
        '<listOfParameters><parameter id="p" value="1" constant="false"/></listOfParameters>'
        '<listOfInitialAssignments><initialAssignment symbol="p"/></listOfInitialAssignments>'
        '<listOfRules><assignmentRule variable="p"/></listOfRules>'
    )
    network = network_from_sbml(text)
    assert network.assignment_rules == network.initial_assignments == ()


def package(name, body="", required="true", version="version1"):
    uri = f"http://www.sbml.org/sbml/level3/version1/{name}/{version}"
    return level3(body, 1, f'xmlns:{name}="{uri}" {name}:required="{required}"')


@pytest.mark.parametrize("name", ["multi", "spatial", "qual"])
def test_packages_that_change_the_mathematics_are_refused_by_name(name):
    with pytest.raises(UnsupportedFeatureError, match=f"'{name}'"):
        network_from_sbml(package(name))


def test_unknown_packages():
    with pytest.raises(UnsupportedFeatureError, match="'nonsense'"):
        network_from_sbml(package("nonsense"))
    assert network_from_sbml(package("nonsense", required="false")).id == "m"


def test_flux_bounds_are_left_aside_and_the_report_says_so(tmp_path):
    file = tmp_path / "m.xml"
    text = package("fbc", required="false", version="version2")
    file.write_text(text.replace("<model ", '<model fbc:strict="false" '))
    (note,) = read_network(file).notes
    assert "fbc" in note


COMP = 'xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1" comp:required="true"'
SUBMODEL = (
    '<comp:listOfSubmodels xmlns:comp="http://www.sbml.org/sbml/level3/version1/comp/version1">'
    '<comp:submodel comp:id="a" comp:modelRef="d"/></comp:listOfSubmodels>'
)


def external(source):
    return level3(
        SUBMODEL,
        1,
        COMP,
        '<comp:listOfExternalModelDefinitions><comp:externalModelDefinition comp:id="d" '
        f'comp:source="{source}"/></comp:listOfExternalModelDefinitions>',
    )


def test_external_models_lie_in_the_folder(tmp_path):
    part = level3(
        '<listOfParameters><parameter id="p" value="7" constant="true"/></listOfParameters>'
    )
    (tmp_path / "models").mkdir()
    (tmp_path / "outside.xml").write_text(part)
    (tmp_path / "models" / "part.xml").write_text(
        part.replace("version2", "version1").replace('version="2"', 'version="1"')
    )
    file = tmp_path / "models" / "whole.xml"
    file.write_text(external("part.xml"))
    assert [(p.id, p.value) for p in load_network(file).parameters] == [("a__p", 7.0)]
    for source in ("../outside.xml", str(tmp_path / "outside.xml"), "http://example.org/x.xml"):
        file.write_text(external(source))
        with pytest.raises(UnsupportedFeatureError, match="outside"):
            load_network(file)
    file.write_text(external("gone.xml"))
    with pytest.raises(ParseError, match="refers to"):
        load_network(file)
    (tmp_path / "models" / "bomb.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><sbml/>')
    file.write_text(external("bomb.xml"))
    with pytest.raises(ParseError, match="document type"):
        load_network(file)
    with pytest.raises(UnsupportedFeatureError, match="another file"):
        network_from_sbml(external("part.xml"))


def test_hierarchies_that_multiply_or_contain_themselves_are_refused():
    def definitions(count, inner):
        parts = "".join(
            f'<comp:modelDefinition id="d{i}"><comp:listOfSubmodels>{inner(i)}'
            "</comp:listOfSubmodels></comp:modelDefinition>"
            for i in range(count)
        )
        return f"<comp:listOfModelDefinitions>{parts}</comp:listOfModelDefinitions>"

    def two(i):
        return "".join(
            f'<comp:submodel comp:id="{s}" comp:modelRef="d{i + 1}"/>' for s in ("x", "y")
        )

    top = SUBMODEL.replace('"d"', '"d0"')
    with pytest.raises(UnsupportedFeatureError, match="submodels"):
        network_from_sbml(level3(top, 1, COMP, definitions(40, two)))
    with pytest.raises(ParseError, match="contain each other"):
        network_from_sbml(level3(top, 1, COMP, definitions(1, lambda i: two(-1))))


def test_annotations_keep_their_namespaces():
    text = level3(
        '<annotation><q:x q:y="1">z</q:x></annotation>', attributes='xmlns:q="http://example.org/q"'
    )
    assert 'xmlns:q="http://example.org/q"' in network_from_sbml(text).meta.annotation


def test_check_reports_lines_and_refusals():
    text = level3('<listOfParameters>\n<parameter id="p"/>\n</listOfParameters>')
    issues = check_sbml(text, where="m.xml")
    assert any(i.severity == "error" and "line 2" in i.where for i in issues)
    assert any(i.code == "refused" for i in check_sbml(package("multi")))
    assert check_sbml(level3("")) == []


def test_check_does_not_hang_on_long_sums_or_nested_functions():
    rule = (
        '<listOfParameters><parameter id="p" constant="false"/></listOfParameters><listOfRules>'
        f"<algebraicRule><math {MATHML}>{{}}</math></algebraicRule></listOfRules>"
    )
    long = level3(rule.format("<apply><plus/>" + "<ci>p</ci>" * 3000 + "</apply>"))
    assert any(i.code == "not_checked" for i in check_sbml(long))
    bodies = "".join(
        f'<functionDefinition id="f{i}"><math {MATHML}><lambda><bvar><ci>y</ci></bvar>'
        "<apply><plus/>"
        f"<apply><ci>f{i - 1}</ci><ci>y</ci></apply><apply><ci>f{i - 1}</ci><ci>y</ci></apply>"
        "</apply></lambda></math></functionDefinition>"
        for i in range(1, 40)
    )
    first = (
        f'<functionDefinition id="f0"><math {MATHML}><lambda><bvar><ci>y</ci></bvar><ci>y</ci>'
        "</lambda></math></functionDefinition>"
    )
    functions = f"<listOfFunctionDefinitions>{first}{bodies}</listOfFunctionDefinitions>"
    nested = level3(functions + rule.format("<apply><ci>f39</ci><ci>p</ci></apply>"))
    assert any(i.code == "not_checked" for i in check_sbml(nested))
