"""A reaction of Level 3 that does not say how much it uses is refused by name (section 4.11.3)."""

from __future__ import annotations

import pytest

import sigmapath as sp
from sigmapath.errors import ModelError

MODEL = """<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model>
<listOfCompartments><compartment id="c" size="1" spatialDimensions="3" constant="true"/>
</listOfCompartments>
<listOfSpecies><species id="A" compartment="c" initialConcentration="1" constant="false"
 hasOnlySubstanceUnits="false" boundaryCondition="false"/></listOfSpecies>
{assignments}
<listOfReactions><reaction id="R" reversible="false"><listOfReactants>
<speciesReference {attributes} species="A" constant="true"/></listOfReactants>
<kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><ci>A</ci></math></kineticLaw>
</reaction></listOfReactions></model></sbml>"""

ASSIGNED = """<listOfInitialAssignments><initialAssignment symbol="n">
<math xmlns="http://www.w3.org/1998/Math/MathML"><cn>2</cn></math></initialAssignment>
</listOfInitialAssignments>"""


def test_a_missing_stoichiometry_is_named():
    model = sp.from_sbml(MODEL.format(attributes="", assignments=""))
    with pytest.raises(ModelError, match=r"stoichiometry of A has no value") as caught:
        model.observables.keys()
    assert "reaction R" in str(caught.value)


@pytest.mark.parametrize(
    ("attributes", "assignments"), [('stoichiometry="1"', ""), ('id="n"', ASSIGNED)]
)
def test_one_that_is_given_or_assigned_is_taken(attributes, assignments):
    model = sp.from_sbml(MODEL.format(attributes=attributes, assignments=assignments))
    assert "A" in model.observables
