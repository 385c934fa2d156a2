"""Submodels keep the meaning they have alone: conversion factors, rates, calls of functions."""

from __future__ import annotations

import numpy as np
import pytest

from sigmapath.api import from_sbml, load
from sigmapath.errors import UnsupportedFeatureError

COMP = "http://www.sbml.org/sbml/level3/version1/comp/version1"
MATHML = "http://www.w3.org/1998/Math/MathML"
RATE_OF = (
    '<apply><csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/rateOf"> '
    "rateOf </csymbol><ci>{}</ci></apply>"
)
INNER = """
<listOfFunctionDefinitions>
  <functionDefinition id="twice">{twice}</functionDefinition>
  <functionDefinition id="four_times">{four}</functionDefinition>
</listOfFunctionDefinitions>
<listOfCompartments>
  <compartment id="C" size="1" spatialDimensions="3" constant="true"/>
</listOfCompartments>
<listOfSpecies>
  <species id="S" compartment="C" initialAmount="8" hasOnlySubstanceUnits="true"
    boundaryCondition="false" constant="false"/>
  <species id="P" compartment="C" initialAmount="0" hasOnlySubstanceUnits="true"
    boundaryCondition="false" constant="false" conversionFactor="three"/>
</listOfSpecies>
<listOfParameters>
  <parameter id="half" value="0.5" constant="true"/>
  <parameter id="three" value="3" constant="true"/>
  <parameter id="r" value="0" constant="false"/>
</listOfParameters>
<listOfRules><assignmentRule variable="r">{rate}</assignmentRule></listOfRules>
<listOfReactions>
  <reaction id="J" reversible="false" fast="false">
    <listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/>
    </listOfReactants>
    <listOfProducts><speciesReference species="P" stoichiometry="1" constant="true"/>
    </listOfProducts>
    <kineticLaw>{law}</kineticLaw>
  </reaction>
</listOfReactions>
"""


def math(content: str) -> str:
    return f'<math xmlns="{MATHML}">{content}</math>'


def function(argument: str, body: str) -> str:
    return math(f"<lambda><bvar><ci>{argument}</ci></bvar>{body}</lambda>")


BODY = INNER.format(
    twice=function("x", "<apply><times/><cn>2</cn><ci>x</ci></apply>"),
    four=function("x", "<apply><ci>twice</ci><apply><ci>twice</ci><ci>x</ci></apply></apply>"),
    rate=math(RATE_OF.format("S")),
    # 4 S / 40
    law=math("<apply><divide/><apply><ci>four_times</ci><ci>S</ci></apply><cn>40</cn></apply>"),
)


def document(main: str, definitions: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1" '
        f'xmlns:comp="{COMP}" comp:required="true">{main}'
        f"<comp:listOfModelDefinitions>{definitions}</comp:listOfModelDefinitions></sbml>"
    )


def submodel(attributes: str = "") -> str:
    inner = f'<comp:modelDefinition id="inner" conversionFactor="half">{BODY}'
    parameters = '<listOfParameters><parameter id="slow" value="5" constant="true"/>'
    parameters += "</listOfParameters>"
    part = f'<comp:submodel comp:id="A" comp:modelRef="inner" {attributes}/>'
    main = f'<model id="m">{parameters}<comp:listOfSubmodels>{part}</comp:listOfSubmodels></model>'
    return document(main, f"{inner}</comp:modelDefinition>")


@pytest.mark.parametrize(
    ("attributes", "slower"), [("", 1.0), ('comp:timeConversionFactor="slow"', 5.0)]
)
def test_a_submodel_does_what_its_model_does_alone(attributes, slower):
    times = slower * np.linspace(0.0, 4.0, 5)
    result = from_sbml(submodel(attributes)).run(
        times=times, observables=["A__S", "A__P", "A__r"], rtol=1e-10, atol=1e-12
    )
    # dS/dt = -0.5 * 0.1 S with the conversion factor of the model; P has its own, 3.
    s = 8.0 * np.exp(-0.05 * times / slower)
    np.testing.assert_allclose(result.trajectories["A__S"], s, rtol=1e-8)
    np.testing.assert_allclose(result.trajectories["A__P"], 6.0 * (8.0 - s), rtol=1e-7, atol=1e-9)
    # As the submodel sees it: per its own unit of time.
    np.testing.assert_allclose(result.trajectories["A__r"], -0.05 * s, rtol=1e-8)


def test_the_factor_of_the_outer_model_is_not_that_of_its_submodels():
    text = submodel().replace('<model id="m">', '<model id="m" conversionFactor="slow">')
    text = text.replace('id="inner" conversionFactor="half"', 'id="inner"')
    result = from_sbml(text).run(times=[0.0, 1.0], observables=["A__S"], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(result.trajectories["A__S"][1], 8.0 * np.exp(-0.1), rtol=1e-8)


def test_the_rate_of_a_replaced_element_is_converted():
    # x of the submodel is the parameter X of the model, counted in halves: X = 2 x.
    inner = (
        '<comp:modelDefinition id="inner"><listOfParameters>'
        '<parameter id="x" value="1" constant="false"/>'
        '<parameter id="r" value="0" constant="false"/></listOfParameters>'
        f'<listOfRules><assignmentRule variable="r">{math(RATE_OF.format("x"))}</assignmentRule>'
        "</listOfRules></comp:modelDefinition>"
    )
    main = (
        '<model id="m"><listOfParameters><parameter id="two" value="2" constant="true"/>'
        '<parameter id="X" value="1" constant="false"><comp:listOfReplacedElements>'
        '<comp:replacedElement comp:submodelRef="A" comp:idRef="x" '
        'comp:conversionFactor="two"/></comp:listOfReplacedElements></parameter>'
        f'</listOfParameters><listOfRules><rateRule variable="X">{math("<cn>6</cn>")}</rateRule>'
        '</listOfRules><comp:listOfSubmodels><comp:submodel comp:id="A" comp:modelRef="inner"/>'
        "</comp:listOfSubmodels></model>"
    )
    model = from_sbml(document(main, inner))
    result = model.run(times=[0.0, 1.0], observables=["X", "A__r"])
    np.testing.assert_allclose(result.trajectories["X"], [1.0, 7.0], rtol=1e-9)
    np.testing.assert_allclose(result.trajectories["A__r"], 3.0, rtol=1e-12)


def test_what_flattening_would_lose_of_other_files_is_refused(tmp_path):
    external = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1">'
        f'<model id="inner" conversionFactor="half">{BODY}</model></sbml>'
    )
    (tmp_path / "inner.xml").write_text(external)
    text = submodel()
    start, end = text.index("<comp:listOfModelDefinitions>"), text.index("</sbml>")
    text = (
        text[:start]
        + '<comp:listOfExternalModelDefinitions><comp:externalModelDefinition comp:id="inner" '
        'comp:source="inner.xml"/></comp:listOfExternalModelDefinitions>' + text[end:]
    )
    (tmp_path / "outer.xml").write_text(text)
    with pytest.raises(UnsupportedFeatureError, match="conversion factor"):
        load(tmp_path / "outer.xml")
